#!/usr/bin/env bash
# The command line: every command, exit statuses, JSON, and the repository that the first backup
# makes.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/common.bash"

# json NAME COMMAND...: ok when the command succeeds and prints one JSON document on one line.
json() {
  local name=$1
  shift
  if "$@" --json >"$scratch/document" 2>"$scratch/output" &&
    python3 -m json.tool "$scratch/document" >/dev/null 2>>"$scratch/output" &&
    [[ $(wc -l <"$scratch/document") == 1 ]]; then
    ok "$name prints JSON"
  else
    failed "$name prints JSON"
    head -c 1000 "$scratch/document" "$scratch/output" | sed 's/^/    /'
  fi
}

# shows TEXT NAME COMMAND...: ok when the command's output holds TEXT.
shows() {
  local text=$1 name=$2
  shift 2
  "$@" >"$scratch/output" 2>&1
  if grep -qF -- "$text" "$scratch/output"; then
    ok "$name"
  else
    failed "$name (no '$text')"
    sed 's/^/    /' "$scratch/output" | head -20
  fi
}

# without_settings COMMAND...: in an environment that names no repository and no password.
# shellcheck disable=SC2317
without_settings() {
  env -u CAIRN_REPOSITORY -u CAIRN_PASSWORD -u CAIRN_CACHE_DIR "$@"
}

# test_status N: ends with status N.
# shellcheck disable=SC2317
test_status() { return "$1"; }

source=$scratch/source
mkdir -p "$source/sub"
echo one >"$source/one"
seq 1 20000 >"$source/sub/numbers"
touch "$source/sub/name"$'\xff'

check "version" "$CAIRN" version
check "--version" "$CAIRN" --version
check "--help" "$CAIRN" --help
check "help of a command" "$CAIRN" backup --help
json "version" "$CAIRN" version
for shell in bash zsh fish; do
  check "completions for $shell" "$CAIRN" --generate-completion-script "$shell"
done

status 2 "an unknown command is a usage error" "$CAIRN" bogus
status 2 "an unknown option is a usage error" "$CAIRN" snapshots --bogus
status 2 "a store of the future is a usage error" "$CAIRN" snapshots --repo s3://bucket
status 10 "no repository there" "$CAIRN" snapshots
status 10 "no repository named" without_settings "$CAIRN" snapshots

json "init" "$CAIRN" init --compression 1
status 1 "a second init is refused" "$CAIRN" init
mkdir "$scratch/full" && touch "$scratch/full/something"
status 1 "a folder with other things is refused" "$CAIRN" init --repo "$scratch/full"
status 12 "a wrong password" env CAIRN_PASSWORD=wrong "$CAIRN" snapshots
status 2 "no password and no terminal" setsid env -u CAIRN_PASSWORD "$CAIRN" snapshots
json "snapshots of none" "$CAIRN" snapshots

check "backup" "$CAIRN" backup "$source" --tag first
json "backup" "$CAIRN" backup "$source"
json "a dry run" "$CAIRN" backup --dry-run "$source"
status 1 "a misspelled path makes no snapshot" "$CAIRN" backup "$scratch/nowhere"
status 3 "a path that can't be read is told" "$CAIRN" backup "$source" "$scratch/nowhere"
echo streamed | "$CAIRN" backup --stdin --stdin-filename stream >"$scratch/output" 2>&1
status 0 "a stream comes back" bash -c "[[ \$('$CAIRN' dump latest:/stream) == streamed ]]"
check "a path that isn't UTF-8" "$CAIRN" backup "$source/sub/name"$'\xff'
check "options before the command" "$CAIRN" --repo "$CAIRN_REPOSITORY" --json snapshots
shows "first" "the list of snapshots has the tag" "$CAIRN" snapshots
json "snapshots" "$CAIRN" snapshots --tag first

id=$("$CAIRN" snapshots --tag first --json |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["snapshots"][0]["id"])')
shows "$source/sub/numbers" "ls goes into folders" "$CAIRN" ls -R "$id"
shows "-rw" "ls -l shows modes" "$CAIRN" ls -l "$id:$source"
json "ls" "$CAIRN" ls -R "$id"
shows "$source/sub/numbers" "find finds by name" "$CAIRN" find 'num*'
json "find" "$CAIRN" find 'num*'
json "restore, dry" "$CAIRN" restore "$id" --target "$scratch/none" --dry-run
check "a dry restore writes nothing" test ! -e "$scratch/none"
json "restore" "$CAIRN" restore "$id:$source" --target "$scratch/back"
check "what is restored is the same" same_tree "$source" "$scratch/back"
check "restore of what matches" \
  "$CAIRN" restore "$id" --target "$scratch/part" --include numbers
check "which is there" cmp "$source/sub/numbers" "$scratch/part$source/sub/numbers"
check "and nothing else" test ! -e "$scratch/part$source/one"
"$CAIRN" dump "$id:$source/sub/numbers" >"$scratch/dumped" 2>"$scratch/output"
check "dump" cmp "$source/sub/numbers" "$scratch/dumped"
status 1 "dump of what isn't there" "$CAIRN" dump "$id:/nowhere"
status 2 "dump without a path" "$CAIRN" dump "$id"

echo two >"$source/two"
echo more >>"$source/one"
check "backup of changes" "$CAIRN" backup "$source"
shows "+  $source/two" "diff shows what is new" "$CAIRN" diff "$id" latest
shows "M  $source/one" "diff shows what changed" "$CAIRN" diff "$id" latest
json "diff" "$CAIRN" diff "$id" latest
json "stats" "$CAIRN" stats
check "stats" "$CAIRN" stats
json "verify" "$CAIRN" verify --read-data

echo other >"$scratch/other-password"
check "key add" "$CAIRN" key add --new-password-file "$scratch/other-password" --label other
json "key list" "$CAIRN" key list
shows "other" "the new key is listed" "$CAIRN" key list
check "the new password opens" \
  env -u CAIRN_PASSWORD "$CAIRN" snapshots --password-file "$scratch/other-password"
check "a password command opens" \
  env -u CAIRN_PASSWORD "$CAIRN" snapshots --password-command "cat '$scratch/other-password'"
slot() {
  "$CAIRN" key list --json | python3 -c "
import json, sys
print([s['id'] for s in json.load(sys.stdin)['slots'] if s['isCurrent'] is $1][0])"
}
status 2 "the key in use is not removed" "$CAIRN" key remove "$(slot True)"
check "another key is" "$CAIRN" key remove "$(slot False)"
status 2 "the last key is not" "$CAIRN" key remove "$(slot True)"
status 12 "the removed key doesn't open" \
  env -u CAIRN_PASSWORD "$CAIRN" snapshots --password-file "$scratch/other-password"
check "key passwd" "$CAIRN" key passwd --new-password-file "$scratch/other-password"
status 12 "the old password doesn't open" "$CAIRN" snapshots
export CAIRN_PASSWORD=other
check "the new one does" "$CAIRN" snapshots

status 2 "forget without rules" "$CAIRN" forget
json "forget, dry" "$CAIRN" forget --keep-last 1 --dry-run
check "forget of one" "$CAIRN" forget "$id"
status 1 "what was forgotten is gone" "$CAIRN" ls "$id"
json "forget by rules" "$CAIRN" forget --keep-last 1 --group-by none
status 2 "--max-unused without --prune" "$CAIRN" forget --keep-last 1 --max-unused 0%
json "forget and prune, dry" "$CAIRN" forget --keep-last 1 --prune --dry-run
json "forget and prune" "$CAIRN" forget --keep-last 1 --prune --max-unused 0%
json "prune, dry" "$CAIRN" prune --dry-run
json "prune" "$CAIRN" prune --max-unused 0%
check "verify after prune" "$CAIRN" verify --read-data
shows '"status":2' "errors are JSON, too" "$CAIRN" snapshots --json --bogus

# A source without an end, so that the signal always comes in time.
"$CAIRN" backup --stdin </dev/zero >"$scratch/output" 2>&1 &
process=$!
sleep 1
kill -INT "$process"
wait "$process"
status 130 "an interrupted backup ends with 130" test_status $?
check "the next run works" "$CAIRN" backup "$source"
status 0 "output that cannot be written is told" bash -c "'$CAIRN' ls -R latest 2>&1 >/dev/full | grep -q 'cannot write'"

for pack in "$CAIRN_REPOSITORY"/packs/*/*; do
  printf X | dd of="$pack" bs=1 seek=200 conv=notrunc status=none
  break
done
status 13 "damage is found" "$CAIRN" verify --read-data

check "the first backup makes a repository" without_settings "$CAIRN" backup "$source"
check "later commands find it" without_settings "$CAIRN" snapshots
check "its key is the user's alone" test "$(stat -c %a "$HOME/.config/cairn/password")" = 600
before=$(sha256sum "$HOME/.config/cairn/password")
rm "$HOME/.config/cairn/config"
check "a lost configuration file is written again" without_settings "$CAIRN" backup "$source"
check "the key stays as it is" test "$before" = "$(sha256sum "$HOME/.config/cairn/password")"
rm "$HOME/.config/cairn/config" "$HOME/.config/cairn/password"
status 1 "a lost key is told" without_settings "$CAIRN" backup "$source"
finish
