# Shared by the end-to-end scripts: a scratch folder, a private environment, and the lines that
# scripts/test counts. Source it; $CAIRN is the binary.
# shellcheck shell=bash

set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/cairn-e2e.XXXXXX")
trap 'chmod -R u+rwX "$scratch" 2>/dev/null; rm -rf "$scratch"' EXIT

export HOME=$scratch/home
unset XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME CAIRN_PASSWORD_FILE CAIRN_PASSWORD_COMMAND
export CAIRN_REPOSITORY=$scratch/repository CAIRN_PASSWORD=secret CAIRN_CACHE_DIR=$scratch/cache
mkdir -p "$HOME"

failures=0

ok() { echo "ok $1"; }

failed() {
  echo "failed $1"
  failures=$((failures + 1))
}

# check NAME COMMAND...: ok when the command succeeds; its output is shown when it doesn't.
check() {
  local name=$1
  shift
  if "$@" >"$scratch/output" 2>&1; then
    ok "$name"
  else
    failed "$name (status $?)"
    sed 's/^/    /' "$scratch/output" | head -20
  fi
}

# status N NAME COMMAND...: ok when the command ends with exit status N.
status() {
  local want=$1 name=$2 got
  shift 2
  "$@" >"$scratch/output" 2>&1
  got=$?
  if [[ $got == "$want" ]]; then
    ok "$name"
  else
    failed "$name (status $got instead of $want)"
    sed 's/^/    /' "$scratch/output" | head -20
  fi
}

same_tree() { python3 "$here/treediff.py" "$1" "$2"; }

finish() { exit $((failures > 0)); }
