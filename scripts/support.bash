# shellcheck shell=bash
# Sourced by the scripts beside it: what they say, which packages they need, how cairn is built.
# Expects `root`, the repository's folder.
: "${root:?}"

# What the engine builds with.
build_packages=(libzstd-dev liblmdb-dev libargon2-dev libssl-dev pkg-config ca-certificates)

# say WORDS…: one line to standard error, so that standard output stays the program's own.
say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# binary_is_stale: no release binary, or a source (or folder, when one was removed) is newer than
# the start of the last build that succeeded.
binary_is_stale() {
  local stamp=$root/.build/cairn-release.stamp newer
  [[ -x $root/.build/release/cairn && -e $stamp ]] || return 0
  newer=$(find "$root/Sources" "$root/Package.swift" -newer "$stamp" -print -quit)
  [[ -n $newer ]]
}

# ensure_packages PACKAGE…: installs those that are missing; where it may not, one sentence.
ensure_packages() {
  local package log missing=() become=()
  # Elsewhere than on Debian the build itself tells what is missing.
  command -v dpkg-query >/dev/null || return 0
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed* ]] ||
      missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  if [[ $EUID -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
      say "please install these packages first: ${missing[*]}"
      return 1
    fi
    become=(sudo)
  fi
  say "installing ${missing[*]}"
  log=$(mktemp)
  if "${become[@]}" apt-get -qq update >"$log" 2>&1 &&
    "${become[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get -qq install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  cat "$log" >&2
  rm -f "$log"
  say "could not install these packages, please do it by hand: ${missing[*]}"
  return 1
}

# require_swift: one sentence when there is no compiler.
require_swift() {
  command -v swift >/dev/null && return 0
  say "no Swift compiler found: install Swift 6.2 or later and put its bin folder in PATH"
  return 1
}

# build_release: the release binary, up to date. Two at once wait for each other; the build's own
# output is shown when it fails, or on a terminal as soon as somebody has to wait for it.
build_release() {
  mkdir -p "$root/.build"
  (
    flock 9
    # Someone else may have built it meanwhile.
    binary_is_stale || exit 0
    require_swift && ensure_packages "${build_packages[@]}" || exit 1
    log=$root/.build/cairn-release.log
    started=$root/.build/cairn-release.started
    : >"$log"
    : >"$started"
    watcher=
    if [[ -t 2 ]]; then
      (
        sleep 5
        say "building cairn; the first time takes a few minutes"
        exec tail -n +1 -f --pid=$$ "$log" >&2
      ) 9>&- &
      watcher=$!
    fi
    status=0
    swift build --package-path "$root" -c release --static-swift-stdlib --product cairn \
      >"$log" 2>&1 </dev/null 9>&- || status=$?
    [[ -z $watcher ]] || kill "$watcher" 2>/dev/null || :
    if [[ $status -ne 0 ]]; then
      cat "$log" >&2
      say "building cairn failed"
      exit 1
    fi
    # Dated before the build: what was edited during it counts as newer.
    mv -f "$started" "$root/.build/cairn-release.stamp"
  ) 9>"$root/.build/cairn-release.lock"
}
