"""The three programs: where they are, how each phase is said to them, and in what environment.

Settings are matched as far as they can be: everything is encrypted, restic compresses with its
default (`auto`), Borg with `zstd,3`, cairn with its default, and each run has a cache folder of
its own, so that no run profits from one before it.
"""

import os
import re
import subprocess

PASSWORD = "correct horse battery staple"
NAMES = ["cairn", "restic", "borg"]


class Tool:
    """A program together with the commands of each phase.

    `commands(phase, source, target)` returns the command lines that a phase consists of;
    `{…}` never remains in them. They run in `target` where there is one.
    """

    def __init__(self, name, binary):
        self.name = name
        self.binary = binary
        self.archive_count = 0

    def version(self):
        flag = "version" if self.name == "restic" else "--version"
        done = subprocess.run([self.binary, flag], capture_output=True, text=True, check=True)
        first = (done.stdout.strip() or done.stderr.strip() or "unknown").splitlines()[0]
        found = re.search(r"\d+\.\d+[^\s,]*", first)
        return found.group(0) if found else first

    def environment(self, repository, private):
        """The environment of one run: `repository` and nothing of the user's but PATH."""
        base = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": private,
            "LANG": "C.UTF-8",
            "TMPDIR": private,
        }
        cache = os.path.join(private, "cache")
        if self.name == "cairn":
            own = {
                "CAIRN_REPOSITORY": repository,
                "CAIRN_PASSWORD": PASSWORD,
                "CAIRN_CACHE_DIR": cache,
            }
        elif self.name == "restic":
            own = {
                "RESTIC_REPOSITORY": repository,
                "RESTIC_PASSWORD": PASSWORD,
                "RESTIC_CACHE_DIR": cache,
            }
        else:
            own = {
                "BORG_REPO": repository,
                "BORG_PASSPHRASE": PASSWORD,
                "BORG_BASE_DIR": private,
                "BORG_CACHE_DIR": cache,
            }
        return {**base, **own}

    def commands(self, phase, source, target):
        lines = getattr(self, f"_{self.name}")(phase, source, target)
        return [[self.binary, *line] for line in lines]

    def _cairn(self, phase, source, target):
        return {
            "init": [["init"]],
            "backup": [["backup", source]],
            "restore": [["restore", "latest", "--target", target]],
            "verify": [["verify", "--read-data"]],
            "prune": [["forget", "--keep-last", "1", "--prune"]],
        }[phase]

    def _restic(self, phase, source, target):
        return {
            "init": [["init", "--quiet"]],
            "backup": [["backup", "--quiet", source]],
            "restore": [["restore", "latest", "--quiet", "--target", target]],
            "verify": [["check", "--quiet", "--read-data"]],
            "prune": [["forget", "--quiet", "--keep-last", "1", "--prune"]],
        }[phase]

    def _borg(self, phase, source, target):
        if phase == "backup":
            self.archive_count += 1
        archive = f"::archive-{self.archive_count}"
        return {
            "init": [["init", "--encryption", "repokey-blake2"]],
            "backup": [["create", "--compression", "zstd,3", archive, source]],
            "restore": [["extract", archive]],
            "verify": [["check", "--verify-data"]],
            "prune": [["prune", "--keep-last", "1"], ["compact"]],
        }[phase]


def find(names, cairn, cache):
    """The tools of these names; a missing one ends the program with what to do about it."""
    places = {
        "cairn": (cairn, "build it with: swift build -c release --static-swift-stdlib"),
        "restic": (os.path.join(cache, "restic/usr/bin/restic"), "run setup.sh first"),
        "borg": (os.path.join(cache, "borg/bin/borg"), "run setup.sh first"),
    }
    tools = []
    for name in names:
        if name not in places:
            raise SystemExit(f"compare: no tool named {name!r}; there are {', '.join(NAMES)}")
        binary, advice = places[name]
        if not os.access(binary, os.X_OK):
            raise SystemExit(f"compare: {name} is not at {binary}: {advice}")
        tools.append(Tool(name, binary))
    return tools
