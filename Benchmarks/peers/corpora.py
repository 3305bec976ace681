"""What is backed up: generated trees, their seeded changes, and the comparison after a restore."""

import filecmp
import os
import random
import shutil
import stat

UNITS = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def parse_size(text):
    """`4G` → 4,000,000,000. Decimal, as everywhere in cairn."""
    unit = UNITS.get(text[-1:].upper())
    try:
        return int(float(text[:-1]) * unit) if unit else int(text)
    except ValueError:
        raise SystemExit(f"compare: {text!r} is not a size such as 500M or 4G") from None


def generate(kind, amount, folder):
    """Makes a corpus once and keeps it; the same kind and amount give the same bytes."""
    makers = {
        "small-files": _small_files,
        "incompressible": _incompressible,
        "disk-image": _disk_image,
    }
    if kind not in makers:
        raise SystemExit(f"compare: no generator {kind!r}; there are {', '.join(makers)}")
    path = os.path.join(folder, f"{kind}-{amount}")
    if os.path.isdir(path):
        return path
    unfinished = path + ".unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    os.makedirs(unfinished)
    makers[kind](unfinished, parse_size(amount), random.Random(f"{kind} {amount}"))
    os.rename(unfinished, path)
    return path


def _text(rng, byte_count):
    """Words of a made-up language with a skewed distribution: compresses about as prose does."""
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    vocabulary = ["".join(rng.choices(letters, k=rng.randint(2, 10))) for _ in range(20_000)]
    weights = [1 / (rank + 1) for rank in range(len(vocabulary))]
    parts, total = [], 0
    while total < byte_count:
        part = " ".join(rng.choices(vocabulary, weights, k=200_000)).encode() + b"\n"
        parts.append(part)
        total += len(part)
    return b"".join(parts)[:byte_count]


def _small_files(path, count, rng):
    """`count` text files of 200 bytes to 64 kB, median 3 kB, 50 to a folder."""
    pool = _text(rng, 64_000_000)
    for number in range(count):
        folder = os.path.join(path, f"{number // 5000:03}", f"{number // 50:05}")
        if number % 50 == 0:
            os.makedirs(folder)
        length = min(64_000, max(200, int(rng.lognormvariate(8, 1.1))))
        start = rng.randrange(len(pool) - length)
        with open(os.path.join(folder, f"{number:07}.txt"), "wb") as file:
            file.write(b"%d\n" % number + pool[start : start + length])


def _incompressible(path, byte_count, rng):
    """Random bytes in files of 256 MB, as archives and media are."""
    number = 0
    while byte_count > 0:
        with open(os.path.join(path, f"{number:04}.bin"), "wb") as file:
            left = min(256_000_000, byte_count)
            byte_count -= left
            while left > 0:
                piece = min(left, 1 << 20)
                file.write(rng.randbytes(piece))
                left -= piece
        number += 1


def _disk_image(path, byte_count, rng):
    """One sparse image: about half holes, the rest text, random bytes and repeated extents."""
    text = _text(rng, 64_000_000)
    with open(os.path.join(path, "disk.img"), "wb") as file:
        position, written = 0, []
        while position < byte_count:
            extent = min(4096 * rng.randint(1, 4096), byte_count - position)
            kind = rng.choices(["hole", "text", "random", "repeat"], [50, 25, 17, 8])[0]
            if kind == "repeat" and not written:
                kind = "text"
            if kind != "hole":
                if kind == "text":
                    start = rng.randrange(len(text) - extent)
                    piece = text[start : start + extent]
                elif kind == "random":
                    piece = rng.randbytes(extent)
                else:
                    piece = rng.choice(written)[:extent]
                file.seek(position)
                file.write(piece)
                if len(written) < 8:
                    written.append(piece)
            position += extent
        file.truncate(byte_count)


def measure(path):
    """(files, bytes) below `path`: regular files and their lengths, links not followed."""
    files = total = 0
    for entry in _walk(path):
        if entry.is_file(follow_symlinks=False):
            files += 1
            total += entry.stat(follow_symlinks=False).st_size
    return files, total


def warm(path):
    """Reads everything below `path` once, so that a warm run finds it in the page cache."""
    buffer = bytearray(1 << 20)
    for entry in _walk(path):
        if entry.is_file(follow_symlinks=False):
            with open(entry.path, "rb", buffering=0) as file:
                while file.readinto(buffer):
                    pass


def change(path, seed, share=0.02):
    """Alters about `share` of the files: some edited in the middle, some grown, removed, added."""
    rng = random.Random(seed)
    names = sorted(e.path for e in _walk(path) if e.is_file(follow_symlinks=False))
    for name in rng.sample(names, max(1, int(len(names) * share))):
        deed = rng.choice(["edit", "edit", "grow", "remove", "add"])
        if deed == "remove" and len(names) > 20:
            os.unlink(name)
        elif deed == "add":
            with open(f"{name}.{seed}", "wb") as file:
                file.write(rng.randbytes(rng.randint(100, 100_000)))
        elif deed == "grow":
            with open(name, "ab") as file:
                file.write(rng.randbytes(rng.randint(1, 10_000)))
        else:
            with open(name, "r+b") as file:
                file.seek(rng.randrange(os.fstat(file.fileno()).st_size + 1))
                file.write(rng.randbytes(100))


def restored_root(target, source):
    """Where a tool put `source` below `target`: under its full path, its name, or at the top."""
    for candidate in (
        os.path.join(target, source.lstrip("/")),
        os.path.join(target, os.path.basename(source)),
    ):
        if os.path.isdir(candidate):
            return candidate
    return target


def differences(source, restored):
    """What a restore got wrong, as sentences: names, types, modes, times, targets, contents."""
    found = []
    originals = {os.path.relpath(e.path, source): e for e in _walk(source)}
    copies = {os.path.relpath(e.path, restored): e for e in _walk(restored)}
    found += [f"missing: {name}" for name in sorted(originals.keys() - copies.keys())]
    found += [f"not in the source: {name}" for name in sorted(copies.keys() - originals.keys())]
    for name in sorted(originals.keys() & copies.keys()):
        before = originals[name].stat(follow_symlinks=False)
        after = copies[name].stat(follow_symlinks=False)
        if before.st_mode != after.st_mode:
            found.append(f"type or mode differs: {name}")
        elif stat.S_ISLNK(before.st_mode):
            if os.readlink(originals[name].path) != os.readlink(copies[name].path):
                found.append(f"link target differs: {name}")
        elif before.st_mtime_ns // 1000 != after.st_mtime_ns // 1000:
            found.append(f"modification time differs: {name}")
        elif stat.S_ISREG(before.st_mode) and not filecmp.cmp(
            originals[name].path, copies[name].path, shallow=False
        ):
            found.append(f"content differs: {name}")
    return found


def _walk(path):
    folders = [path]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
