#!/usr/bin/env bash
# Puts the newest restic (Debian sid) and Borg 1.4 (PyPI) into a cache folder of their own, so
# that compare.py measures cairn against what people run today and not against a stable
# distribution's older packages. Nothing is installed system-wide but Borg's build dependencies.
#
# usage: setup.sh [--refresh]        CAIRN_BENCH_CACHE chooses the folder (~/.cache/cairn-bench)
set -euo pipefail

cache=${CAIRN_BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cairn-bench}
build_packages=(
  gcc libacl1-dev liblz4-dev libssl-dev libxxhash-dev libzstd-dev pkg-config python3-dev
  python3-venv ca-certificates debian-archive-keyring
)

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

as_root() {
  if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

install_build_packages() {
  local package missing=()
  for package in "${build_packages[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
      missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
    fail "please install: ${missing[*]}"
  fi
  say "installing ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq install -y --no-install-recommends "${missing[@]}" >&2
}

# Prints the address of the Debian mirror that this machine's apt is set up with.
debian_mirror() {
  # shellcheck disable=SC2016 # apt expands these, not the shell
  apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 !~ /security/ && !found { print $3; found = 1 }'
}

# Asks sid for restic through an apt configuration of its own; the machine's stays as it is.
install_restic() {
  local apt=$cache/apt mirror options
  mirror=$(debian_mirror)
  [[ -n $mirror ]] || fail "apt knows no Debian mirror: run apt-get update first"
  rm -rf "$apt"
  mkdir -p "$apt"/{lists/partial,archives/partial,parts}
  : >"$apt/status"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s sid main\n' "$mirror" \
    >"$apt/sources.list"
  options=(
    -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts="$apt/parts"
    -o Dir::State="$apt" -o Dir::State::Lists="$apt/lists" -o Dir::State::Status="$apt/status"
    -o Dir::Cache="$apt" -o Dir::Cache::Archives="$apt/archives"
    -o APT::Sandbox::User=root -o APT::Update::Post-Invoke::= -o DPkg::Post-Invoke::=
  )
  say "fetching restic from sid"
  apt-get -qq "${options[@]}" update >&2
  (cd "$apt/archives" && apt-get -qq "${options[@]}" download restic >&2)
  rm -rf "$cache/restic"
  dpkg-deb -x "$apt"/archives/restic_*.deb "$cache/restic"
  rm -rf "$apt"
  "$cache/restic/usr/bin/restic" version >/dev/null || fail "the unpacked restic does not run"
}

install_borg() {
  local python=python3
  # The distribution's own Python, where there is one: a home-built one may lack modules.
  [[ ! -x /usr/bin/python3 ]] || python=/usr/bin/python3
  say "building Borg 1.4 (a minute or two)"
  rm -rf "$cache/borg"
  "$python" -m venv "$cache/borg"
  "$cache/borg/bin/pip" --quiet install --disable-pip-version-check 'borgbackup>=1.4,<1.5' >&2
  "$cache/borg/bin/borg" --version >/dev/null || fail "the installed borg does not run"
}

if [[ ${1:-} == --refresh ]]; then
  rm -rf "$cache/restic" "$cache/borg"
elif [[ $# -gt 0 ]]; then
  fail "usage: setup.sh [--refresh]"
fi
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
install_build_packages
[[ -x $cache/restic/usr/bin/restic ]] || install_restic
[[ -x $cache/borg/bin/borg ]] || install_borg
"$cache/restic/usr/bin/restic" version
"$cache/borg/bin/borg" --version
