"""Runs one command and prints its exit code, wall seconds, CPU seconds and peak memory as JSON.

usage: python3 -I -S measure.py LOG COMMAND…

A program of its own because Linux counts the memory of the process that starts a command into the
command's peak: started from here the floor is some 10 MB, started from a driver that has just
generated a corpus it would be hundreds. CPU and memory include the children that were waited for.
"""

import json
import os
import sys
import time

log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
actions = [
    (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
    (os.POSIX_SPAWN_DUP2, log, 1),
    (os.POSIX_SPAWN_DUP2, log, 2),
]
start = time.monotonic()
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ, file_actions=actions)
_, status, usage = os.wait4(child, 0)
wall = time.monotonic() - start
json.dump(
    {
        "exit_code": os.waitstatus_to_exitcode(status),
        "wall_seconds": wall,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "rss_bytes_max": usage.ru_maxrss * 1024,
    },
    sys.stdout,
)
