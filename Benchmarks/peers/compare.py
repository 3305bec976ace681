#!/usr/bin/env python3
"""Measures cairn, restic and Borg on the same data, phase by phase and in turn.

    compare.py PATH… [--generate small-files 100000] [--rounds 3] [--cold] [--json raw.json]

The Markdown table goes to standard output, progress to standard error. Every round starts with
fresh repositories; within a round each phase is run by all tools before the next phase begins, so
that a change in the machine's mood touches all of them, and the order rotates from round to round.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import corpora
import report
import tools

HERE = os.path.dirname(os.path.abspath(__file__))
PHASES = ["backup", "unchanged", "restore", "verify", "changed", "prune"]
# A phase that is another command's second run.
COMMAND_OF_PHASE = {"unchanged": "backup", "changed": "backup"}


def arguments():
    cache = os.environ.get("CAIRN_BENCH_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "cairn-bench"
    )
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("paths", nargs="*", metavar="PATH", help="a folder to back up")
    parser.add_argument(
        "--generate", nargs=2, action="append", default=[], metavar=("KIND", "AMOUNT"),
        help="small-files COUNT, incompressible SIZE or disk-image SIZE; may be repeated",
    )
    parser.add_argument("--tools", default=",".join(tools.NAMES), help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    parser.add_argument(
        "--phases", default="backup,unchanged,restore,verify",
        help="of " + ",".join(PHASES) + "; the last two work on a changed copy of the corpus",
    )
    parser.add_argument("--cold", action="store_true", help="drop the page cache (needs root)")
    parser.add_argument("--no-check", action="store_true", help="do not compare restored trees")
    parser.add_argument("--cairn", default=os.path.join(HERE, "../../.build/release/cairn"))
    parser.add_argument("--cache", default=cache, help="where setup.sh put the peers")
    parser.add_argument("--work", help="where repositories are made (default: the cache folder)")
    parser.add_argument("--json", metavar="FILE", help="write every single measurement here")
    chosen = parser.parse_args()
    chosen.phases = [phase for phase in PHASES if phase in chosen.phases.split(",")]
    if not chosen.paths and not chosen.generate:
        parser.error("name a folder or --generate one")
    if "prune" in chosen.phases and "changed" not in chosen.phases:
        parser.error("prune needs the phase changed: without it there is nothing to remove")
    if "backup" not in chosen.phases:
        parser.error("every other phase needs the phase backup")
    if chosen.rounds < 1:
        parser.error("at least one round")
    if chosen.cold and os.geteuid() != 0:
        parser.error("--cold needs root")
    return chosen


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(command, environment, folder, log):
    """Runs one command to its end; wall and CPU seconds and peak memory, children included."""
    launcher = [sys.executable, "-I", "-S", os.path.join(HERE, "measure.py"), log]
    done = subprocess.run(
        [*launcher, *command], env=environment, cwd=folder, stdout=subprocess.PIPE, check=True
    )
    measured = json.loads(done.stdout)
    if measured["exit_code"] != 0:
        with open(log, encoding="utf-8", errors="replace") as output:
            tail = "".join(output.readlines()[-20:])
        raise SystemExit(
            f"compare: {' '.join(command)} ended with {measured['exit_code']}:\n{tail}"
        )
    return measured


class Contest:
    """One corpus, all tools, all rounds."""

    def __init__(self, chosen, found, name, source, folder):
        self.chosen, self.tools, self.name = chosen, found, name
        self.source, self.folder = source, folder
        self.runs, self.command_lines = [], []

    def hold(self):
        if "changed" in self.chosen.phases:
            copy = os.path.join(self.folder, "corpus", os.path.basename(self.source))
            os.makedirs(os.path.dirname(copy))
            subprocess.run(["cp", "-a", "--", self.source, copy], check=True)
            self.source = copy
        for number in range(self.chosen.rounds):
            order = self.tools[number % len(self.tools) :] + self.tools[: number % len(self.tools)]
            for tool in order:
                os.makedirs(self._place(tool, "private"))
                self._command(tool, "init", "init", None)
            for phase in self.chosen.phases:
                if phase == "changed":
                    corpora.change(self.source, seed=number)
                for tool in order:
                    self._phase(number, tool, phase)
            for tool in order:
                shutil.rmtree(self._place(tool))

    def _place(self, tool, *parts):
        return os.path.join(self.folder, tool.name, *parts)

    def _command(self, tool, phase, command, target):
        environment = tool.environment(
            self._place(tool, "repository"), self._place(tool, "private")
        )
        total = {"wall_seconds": 0.0, "cpu_seconds": 0.0, "rss_bytes_max": 0}
        for line in tool.commands(command, self.source, target):
            shown = " ".join([tool.name, *line[1:]])
            shown = shown.replace(self.source, "PATH").replace(target or "\0", "DIR")
            shown = re.sub(r"::archive-\d+", "::ARCHIVE", shown)
            if shown not in self.command_lines:
                self.command_lines.append(shown)
            log = self._place(tool, f"{phase}.log")
            measured = run(line, environment, target or self.folder, log)
            total["wall_seconds"] += measured["wall_seconds"]
            total["cpu_seconds"] += measured["cpu_seconds"]
            total["rss_bytes_max"] = max(total["rss_bytes_max"], measured["rss_bytes_max"])
        return total

    def _phase(self, number, tool, phase):
        target = None
        if phase == "restore":
            target = self._place(tool, "restored")
            os.mkdir(target)
        command = COMMAND_OF_PHASE.get(phase, phase)
        self._settle(self.source if command == "backup" else self._place(tool, "repository"))
        measured = self._command(tool, phase, command, target)
        measured["repository_bytes"] = corpora.measure(self._place(tool, "repository"))[1]
        measured["cache_bytes"] = corpora.measure(self._place(tool, "private"))[1]
        if target:
            self._check(number, tool, target)
            shutil.rmtree(target)
        self.runs.append(
            {"corpus": self.name, "round": number, "phase": phase, "tool": tool.name, **measured}
        )
        say(
            f"{self.name}, round {number + 1}: {phase:9} {tool.name:6} "
            f"{measured['wall_seconds']:8.2f} s wall {measured['cpu_seconds']:8.2f} s CPU "
            f"{measured['rss_bytes_max'] / 1e6:6.0f} MB memory "
            f"{measured['repository_bytes'] / 1e6:9.1f} MB stored"
        )

    def _settle(self, needed):
        """What was written before is on disk, and what is read now is cached, or is not."""
        os.sync()
        if self.chosen.cold:
            with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
                file.write("3\n")
        else:
            corpora.warm(needed)

    def _check(self, number, tool, target):
        if self.chosen.no_check or number > 0:
            return
        wrong = corpora.differences(self.source, corpora.restored_root(target, self.source))
        if wrong:
            listed = "\n".join(wrong[:10])
            raise SystemExit(
                f"compare: {tool.name} restored {len(wrong)} things wrongly:\n{listed}"
            )


def main():
    chosen = arguments()
    found = tools.find(chosen.tools.split(","), os.path.realpath(chosen.cairn), chosen.cache)
    os.makedirs(chosen.cache, exist_ok=True)
    sources = [(os.path.basename(os.path.realpath(p)), os.path.realpath(p)) for p in chosen.paths]
    for kind, amount in chosen.generate:
        path = corpora.generate(kind, amount, os.path.join(chosen.cache, "corpora"))
        sources.append((f"{kind} {amount}", path))
    work = chosen.work or chosen.cache
    result = {
        "machine": report.machine(work),
        "versions": {name: next(t for t in found if t.name == name).version()
                     for name in chosen.tools.split(",")},
        "rounds": chosen.rounds,
        "cold": chosen.cold,
        "phases": chosen.phases,
        "corpora": [],
        "runs": [],
        "command_lines": [],
    }
    for name, path in sources:
        if not os.path.isdir(path):
            raise SystemExit(f"compare: {path} is not a folder")
        files, total = corpora.measure(path)
        needed = total * (len(found) + 2)
        if shutil.disk_usage(work).free < needed:
            raise SystemExit(f"compare: {work} has less than the {needed / 1e9:.0f} GB needed")
        result["corpora"].append({"name": name, "files": files, "bytes": total})
        with tempfile.TemporaryDirectory(prefix="run-", dir=work) as folder:
            contest = Contest(chosen, found, name, path, folder)
            contest.hold()
        result["runs"] += contest.runs
        result["command_lines"] += [
            line for line in contest.command_lines if line not in result["command_lines"]
        ]
    if chosen.json:
        with open(chosen.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
    print(report.markdown(result))


if __name__ == "__main__":
    main()
