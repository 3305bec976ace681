#!/usr/bin/env python3
"""Compares two directory trees in everything a backup must bring back.

Content, type, mode, owner, modification time to the nanosecond, extended attributes (with ACLs),
link targets, hard-link groups, device numbers and holes. Prints one line a difference and exits 1
if there is any. Independent of the code it tests.
"""

import hashlib
import os
import stat
import sys


def holes(path, size):
    """The holes of a file as (start, end), as the file system tells them."""
    found = []
    with open(path, "rb") as file:
        offset = 0
        while offset < size:
            start = os.lseek(file.fileno(), offset, os.SEEK_HOLE)
            if start >= size:
                break
            try:
                end = os.lseek(file.fileno(), start, os.SEEK_DATA)
            except OSError:
                end = size
            found.append((start, end))
            offset = end
    return found


def digest(path):
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            sha.update(block)
    return sha.hexdigest()


def describe(path, top):
    status = os.lstat(path)
    kind = stat.S_IFMT(status.st_mode)
    entry = {
        "type": kind,
        "mode": oct(stat.S_IMODE(status.st_mode)),
        "owner": (status.st_uid, status.st_gid),
        "xattrs": sorted(
            (name, os.getxattr(path, name, follow_symlinks=False))
            for name in os.listxattr(path, follow_symlinks=False)
        ),
    }
    if path != top:
        entry["mtime"] = status.st_mtime_ns
    if stat.S_ISREG(kind):
        entry["size"] = status.st_size
        entry["content"] = digest(path)
        entry["holes"] = holes(path, status.st_size)
    if stat.S_ISLNK(kind):
        entry["target"] = os.readlink(path)
    if stat.S_ISCHR(kind) or stat.S_ISBLK(kind):
        entry["device"] = status.st_rdev
    link = (status.st_dev, status.st_ino) if status.st_nlink > 1 and not stat.S_ISDIR(kind) else None
    return entry, link


def read(top):
    entries = {}
    groups = {}
    for folder, folders, files in os.walk(top, followlinks=False):
        for name in [None] + folders + files:
            if name is None and folder != top:
                continue
            path = folder if name is None else os.path.join(folder, name)
            entry, link = describe(path, top)
            relative = os.path.relpath(path, top)
            if stat.S_ISSOCK(entry["type"]):
                continue
            entries[relative] = entry
            if link:
                groups.setdefault(link, []).append(relative)
    for members in groups.values():
        for member in members:
            if len(members) > 1:
                entries[member]["links"] = sorted(members)
    return entries


def main():
    first, second = (read(os.fsencode(path)) for path in sys.argv[1:3])
    differences = 0
    for path in sorted(set(first) | set(second)):
        a, b = first.get(path), second.get(path)
        if a == b:
            continue
        differences += 1
        if a is None or b is None:
            print(f"{path!r} is only in the {'second' if a is None else 'first'}")
            continue
        for key in sorted(set(a) | set(b)):
            if a.get(key) != b.get(key):
                print(f"{path!r}: {key}: {a.get(key)!r} != {b.get(key)!r}")
    sys.exit(1 if differences else 0)


main()
