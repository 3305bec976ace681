#!/usr/bin/env bash
# Flipped bytes, truncations and removals of every object of a small repository are detected by
# `verify --read-data` (exit 13), and no restore is silently wrong.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/common.bash"

mkdir -p "$scratch/source/sub"
seq 1 3000 >"$scratch/source/numbers"
head -c 70000 /dev/urandom >"$scratch/source/sub/random"
check "init" "$CAIRN" init
check "first backup" "$CAIRN" backup "$scratch/source"
echo more >"$scratch/source/more"
check "second backup" "$CAIRN" backup "$scratch/source"
check "a sound repository verifies" "$CAIRN" verify --read-data
cp -a "$CAIRN_REPOSITORY" "$scratch/sound"

# damage OBJECT KIND: applies the damage, runs verify and a restore, and undoes it.
try() {
  local object=$1 kind=$2 got
  case $kind in
    removed) rm -f "$CAIRN_REPOSITORY/$object" ;;
    truncated) truncate -s -1 "$CAIRN_REPOSITORY/$object" ;;
    emptied) truncate -s 0 "$CAIRN_REPOSITORY/$object" ;;
    *)
      python3 - "$CAIRN_REPOSITORY/$object" "$kind" <<'PYTHON'
import os, sys

os.chmod(sys.argv[1], 0o600)
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    byte = file.read(1)
    file.seek(int(sys.argv[2]))
    file.write(bytes([byte[0] ^ 1 << (int(sys.argv[2]) % 8)]))
PYTHON
      ;;
  esac
  "$CAIRN" verify --read-data >"$scratch/output" 2>&1
  got=$?
  [[ $got == 13 ]] || echo "$object $kind: verify ended with $got" >>"$scratch/missed"
  rm -rf "$scratch/back"
  if "$CAIRN" restore "latest:$scratch/source" --target "$scratch/back" >"$scratch/output" 2>&1; then
    same_tree "$scratch/source" "$scratch/back" >"$scratch/output" 2>&1 ||
      echo "$object $kind: a restore was silently wrong" >>"$scratch/missed"
  fi
  cp -p "$scratch/sound/$object" "$CAIRN_REPOSITORY/$object"
  tried=$((tried + 1))
}

tried=0
: >"$scratch/missed"
while IFS= read -r object; do
  size=$(stat -c %s "$CAIRN_REPOSITORY/$object")
  for kind in removed truncated emptied 0 9 $((size / 2)) $((size - 1)) $((RANDOM % size)); do
    try "$object" "$kind"
  done
done < <(cd "$CAIRN_REPOSITORY" && find . -type f ! -path './tmp/*' -printf '%P\n' | sort)
if [[ -s $scratch/missed ]]; then
  failed "all of $tried damages are detected"
  sed 's/^/    /' "$scratch/missed" | head -20
else
  ok "all of $tried damages are detected and no restore is silently wrong"
fi
snapshot=$(cd "$CAIRN_REPOSITORY" && find snapshots -type f | head -1)
truncate -s -1 "$CAIRN_REPOSITORY/$snapshot"
status 13 "the list of snapshots ends with 13 when one is damaged" "$CAIRN" snapshots
cp "$scratch/output" "$scratch/told"
check "and names it" grep -q "$snapshot" "$scratch/told"
status 13 "latest is refused then" "$CAIRN" restore latest --target "$scratch/back"
status 0 "a backup goes on" "$CAIRN" backup "$scratch/source"
cp "$scratch/output" "$scratch/told"
check "and says so" grep -q "$snapshot" "$scratch/told"
rm -rf "$CAIRN_REPOSITORY"
cp -a "$scratch/sound" "$CAIRN_REPOSITORY"
check "the repository is sound again" "$CAIRN" verify --read-data
finish
