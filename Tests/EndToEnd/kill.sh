#!/usr/bin/env bash
# SIGKILL at random moments of backup, forget and prune: earlier snapshots restore, the repository
# verifies, and nothing has to be unlocked.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/common.bash"

rounds=${CAIRN_TEST_KILL_ROUNDS:-8}
seed=${CAIRN_TEST_SEED:-$RANDOM}
RANDOM=$seed
echo "# CAIRN_TEST_SEED=$seed"

python3 - "$scratch/source" "$seed" <<'PYTHON'
import os, random, sys

random.seed(int(sys.argv[2]))
for folder in range(20):
    os.makedirs(f"{sys.argv[1]}/{folder}")
    for number in range(100):
        with open(f"{sys.argv[1]}/{folder}/{number}", "wb") as file:
            file.write(random.randbytes(random.randrange(20_000)))
for number in range(4):
    with open(f"{sys.argv[1]}/large{number}", "wb") as file:
        file.write(random.randbytes(30_000_000))
PYTHON

check "init" "$CAIRN" init
check "first backup" "$CAIRN" backup "$scratch/source" --tag first
cp -a "$scratch/source" "$scratch/original"

# killed COMMAND...: runs it and kills it after a random part of a second.
killed() {
  local delay
  delay=0.$(printf '%03d' $((RANDOM % 600)))
  "$@" >"$scratch/output" 2>&1 &
  local process=$!
  sleep "$delay"
  kill -9 "$process" 2>/dev/null
  wait "$process" 2>/dev/null
}

change() {
  dd if=/dev/urandom of="$scratch/source/large$((RANDOM % 4))" bs=1M count=$((RANDOM % 12 + 1)) \
    seek=$((RANDOM % 16)) conv=notrunc status=none
  rm -f "$scratch/source/$((RANDOM % 20))/$((RANDOM % 100))"
  head -c 5000 /dev/urandom >"$scratch/source/$((RANDOM % 20))/new$RANDOM"
}

first=$("$CAIRN" snapshots --json | python3 -c '
import json, sys
document = json.load(sys.stdin)
print((document["snapshots"] if isinstance(document, dict) else document)[0]["id"])')

for ((round = 1; round <= rounds; round++)); do
  change
  killed "$CAIRN" backup "$scratch/source"
  check "round $round: verify after a killed backup" "$CAIRN" verify
  check "round $round: the next backup runs" "$CAIRN" backup "$scratch/source"
  killed "$CAIRN" forget --keep-last 1 --keep-tag first
  check "round $round: verify after a killed forget" "$CAIRN" verify
  "$CAIRN" forget --keep-last 1 --keep-tag first >"$scratch/output" 2>&1
  killed "$CAIRN" prune --max-unused 0%
  check "round $round: verify after a killed prune" "$CAIRN" verify --read-data
done
check "prune runs to its end" "$CAIRN" prune --max-unused 0%
check "verify after prune" "$CAIRN" verify --read-data
check "restore of the last" "$CAIRN" restore "latest:$scratch/source" --target "$scratch/last"
check "the last differs in nothing" same_tree "$scratch/source" "$scratch/last"
check "restore of the first" "$CAIRN" restore "$first:$scratch/source" --target "$scratch/first"
check "the first differs in nothing" same_tree "$scratch/original" "$scratch/first"
rm -rf "$CAIRN_CACHE_DIR"
check "verify without a cache" "$CAIRN" verify
finish
