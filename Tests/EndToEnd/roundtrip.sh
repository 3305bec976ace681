#!/usr/bin/env bash
# Every kind of file, backed up and restored, differs in nothing; an unchanged second backup adds
# next to nothing and opens no file.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/common.bash"

python3 - "$scratch/source" <<'PYTHON'
import os, random, socket, struct, sys

top = sys.argv[1].encode()
random.seed(7)
os.makedirs(top)


def path(name):
    return os.path.join(top, name)


def write(name, data, mode=0o644):
    with open(path(name), "wb") as file:
        file.write(data)
    os.chmod(path(name), mode)


write(b"plain", b"text")
write(b"empty", b"")
write(b"setuid", b"#!/bin/sh\n", 0o4755)
write(b"name \xff\xfe not utf-8\n", b"raw")
write(b"large", random.randbytes(9_000_000))
write(b"zeros", bytes(3_000_000))
os.link(path(b"plain"), path(b"another name of plain"))
os.symlink(b"plain", path(b"link"))
os.symlink(b"/nowhere/\xff", path(b"dangling"))
os.mkfifo(path(b"pipe"), 0o640)
server = socket.socket(socket.AF_UNIX)
server.bind(path(b"socket"))
with open(path(b"sparse"), "wb") as file:
    file.truncate(64 << 20)
    for offset in (0, 10 << 20, (64 << 20) - 4096):
        file.seek(offset)
        file.write(random.randbytes(4096))
with open(path(b"only a hole"), "wb") as file:
    file.truncate(1 << 20)
os.makedirs(path(b"deep/er/and/deeper"))
write(b"deep/er/and/deeper/file", b"down here")
os.makedirs(path(b"sticky"))
os.chmod(path(b"sticky"), 0o1777)
os.makedirs(path(b"empty directory"))
os.makedirs(path(b"many"))
for number in range(3500):
    write(b"many/file %d" % number, b"content of file %d\n" % number * (number % 40))
try:
    os.setxattr(path(b"plain"), b"user.note", b"a note \x00\xff")
    os.setxattr(path(b"deep"), b"user.kind", b"directory")
    # POSIX ACL: user::rw- user:1:r-- group::r-- mask::r-- other::r--
    acl = struct.pack("<I", 2)
    for tag, permissions, who in ((1, 6, -1), (2, 4, 1), (4, 4, -1), (16, 4, -1), (32, 4, -1)):
        acl += struct.pack("<HHi", tag, permissions, who)
    os.setxattr(path(b"empty"), b"system.posix_acl_access", acl)
except OSError as error:
    print("skipped attributes:", error)
if os.geteuid() == 0:
    os.chown(path(b"plain"), 1, 2)
    os.lchown(path(b"link"), 3, 4)
    try:
        os.mknod(path(b"null"), 0o666 | 0o020000, os.makedev(1, 3))
        os.mknod(path(b"loop"), 0o660 | 0o060000, os.makedev(7, 250))
    except OSError as error:
        print("skipped devices:", error)
for folder, folders, files in os.walk(top, topdown=False):
    for name in files + folders:
        moment = random.randrange(10**18, 17 * 10**17)
        os.utime(os.path.join(folder, name), ns=(moment, moment), follow_symlinks=False)
os.utime(path(b"empty"), ns=(-5_000_000_123, -5_000_000_123))
PYTHON

check "init" "$CAIRN" init
check "first backup" "$CAIRN" backup "$scratch/source"
mkdir "$scratch/back"
check "restore of a sub-path" "$CAIRN" restore "latest:$scratch/source" --target "$scratch/back/path"
check "the sub-path differs in nothing" same_tree "$scratch/source" "$scratch/back/path"
check "restore of everything" "$CAIRN" restore latest --target "$scratch/back/all"
check "everything differs in nothing" same_tree "$scratch/source" "$scratch/back/all$scratch/source"

before=$(du -sb --apparent-size "$CAIRN_REPOSITORY" | cut -f1)
if command -v strace >/dev/null; then
  strace -f -qq -e trace=openat,openat2,open -o "$scratch/trace" \
    "$CAIRN" backup "$scratch/source" >"$scratch/output" 2>&1
  if grep -F "many" "$scratch/trace" | grep -q 'file '; then
    failed "an unchanged backup opens no unchanged file"
  else
    ok "an unchanged backup opens no unchanged file"
  fi
else
  echo "skipped opening of unchanged files: strace is not installed"
  "$CAIRN" backup "$scratch/source" >"$scratch/output" 2>&1
fi
after=$(du -sb --apparent-size "$CAIRN_REPOSITORY" | cut -f1)
check "an unchanged backup adds less than 100 kB ($((after - before)) bytes)" \
  test $((after - before)) -lt 100000

# In place: only what differs is written, and --delete takes the rest away.
echo changed >"$scratch/back/path/plain"
rm -rf "$scratch/back/path/deep" "$scratch/back/path/link"
ln -s /etc/passwd "$scratch/back/path/link"
mkdir "$scratch/back/path/extra" && touch "$scratch/back/path/extra/file"
printf x | dd of="$scratch/back/path/large" bs=1 seek=5000000 conv=notrunc status=none
passwd_before=$(sha256sum /etc/passwd)
check "restore in place" \
  "$CAIRN" restore "latest:$scratch/source" --target "$scratch/back/path" --delete
check "in place differs in nothing" same_tree "$scratch/source" "$scratch/back/path"
check "nothing outside the target was touched" test "$passwd_before" = "$(sha256sum /etc/passwd)"
check "full verify" "$CAIRN" verify --read-data

# A changed tree: what changed is found, what did not is not read again.
echo more >>"$scratch/source/plain"
rm "$scratch/source/many/file 7"
check "backup after changes" "$CAIRN" backup "$scratch/source"
check "restore after changes" "$CAIRN" restore "latest:$scratch/source" --target "$scratch/back/new"
check "changes differ in nothing" same_tree "$scratch/source" "$scratch/back/new"
check "the older snapshot is as it was" \
  "$CAIRN" restore "latest~1:$scratch/source/many" --target "$scratch/back/many"
check "with the deleted file" test -e "$scratch/back/many/file 7"
"$CAIRN" dump "latest:$scratch/source/large" >"$scratch/dumped" 2>"$scratch/output"
check "dump gives the file" cmp "$scratch/source/large" "$scratch/dumped"
finish
