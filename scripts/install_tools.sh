#!/usr/bin/env bash
# Brings the sequencing tools onto a Debian or Ubuntu machine (`make tools`). What is there already is left alone, and
# then it takes some milliseconds.
#
#   scripts/install_tools.sh            install what is missing
#   scripts/install_tools.sh --check    only say what is missing (exit 1 if anything is)
#
# Exit codes: 0 everything is there, 1 something is missing and could not be brought, 2 wrong usage.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
list=${KOSHA_DEBIAN_PACKAGES:-$root/scripts/debian-packages.txt}
examples=${KOSHA_EXAMPLES:-$root/.build/examples}
apt_options=(-o "DPkg::Lock::Timeout=300" -o "Acquire::Retries=3")

say() { printf 'tools: %s\n' "$*"; }

fail() {
  printf 'tools: %s\n' "$@" >&2
  exit 1
}

# is_there KIND PROBE
is_there() {
  if [[ $1 == unpack ]]; then
    [[ -s $examples/$2 ]]
  elif [[ $2 == /* ]]; then
    [[ -s $2 ]]
  else
    command -v "$2" >/dev/null
  fi
}

# Fills missing_install and missing_unpack from the list.
find_missing() {
  missing_install=()
  missing_unpack=()
  known=0
  local kind package probe
  while read -r kind package probe; do
    [[ -z $kind || $kind == \#* ]] && continue
    [[ $kind == install || $kind == unpack ]] || fail "$list: '$kind $package': the first word must be install or unpack"
    known=$((known + 1))
    is_there "$kind" "$probe" && continue
    if [[ $kind == install ]]; then missing_install+=("$package"); else missing_unpack+=("$package"); fi
  done <"$list"
}

# The command words that give root, or nothing when this is root already.
find_root_rights() {
  as_root=()
  [[ $(id -u) == 0 ]] && return 0
  if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
    as_root=(sudo)
    return 0
  fi
  return 1
}

how_to() {
  [[ ${#missing_install[@]} == 0 ]] || printf 'as root: apt-get update && apt-get install --no-install-recommends %s' "${missing_install[*]}"
  [[ ${#missing_unpack[@]} == 0 ]] || printf '%safterwards: make tools (fetches %s)' "${missing_install:+; }" "${missing_unpack[*]}"
}

# apt knows a version of every package that is missing; if not, its lists are absent or old.
apt_knows_all() {
  local package
  for package in "${missing_install[@]}" "${missing_unpack[@]}"; do
    apt-cache show "$package" >/dev/null 2>&1 || return 1
  done
}

update_lists() {
  find_root_rights || fail "apt has no current package lists, and there is neither root nor sudo to fetch them; $(how_to)"
  say "fetching the package lists (apt-get update)"
  "${as_root[@]}" apt-get "${apt_options[@]}" -q update || fail "apt-get update failed: is a package mirror reachable?"
  updated=1
}

install_packages() {
  find_root_rights || fail "missing: ${missing_install[*]}" "there is neither root nor sudo to install them; $(how_to)"
  say "installing ${missing_install[*]} (about 80 MB without Java)"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "${apt_options[@]}" -q -y install \
    --no-install-recommends "${missing_install[@]}"
}

unpack_packages() {
  local package work
  mkdir -p "$examples"
  for package in "${missing_unpack[@]}"; do
    say "downloading $package and unpacking it below ${examples#"$root"/}"
    work=$(mktemp -d "$examples/.download.XXXXXX")
    # As root apt would hand the download to the user _apt, who need not be able to write here.
    (cd "$work" && apt-get "${apt_options[@]}" -o APT::Sandbox::User=root -q download "$package") || { rm -rf "$work"; return 1; }
    dpkg-deb -x "$work"/"$package"_*.deb "$work/tree" || { rm -rf "$work"; return 1; }
    cp -a "$work/tree/." "$examples/"
    rm -rf "$work"
  done
}

# Runs one of the two above; when it fails, once more after fresh package lists (a version named in old lists is gone
# from the mirror).
with_fresh_lists() {
  "$1" && return 0
  [[ $updated == 0 ]] || return 1
  update_lists
  "$1"
}

main() {
  local check_only=0
  updated=0
  case "${1:-}" in
    "") ;;
    --check) check_only=1 ;;
    *)
      printf 'usage: %s [--check]\n' "$0" >&2
      exit 2
      ;;
  esac
  find_missing
  if [[ ${#missing_install[@]} == 0 && ${#missing_unpack[@]} == 0 ]]; then
    say "all $known packages are there"
    return 0
  fi
  [[ $check_only == 0 ]] || fail "missing: ${missing_install[*]} ${missing_unpack[*]}" "run: make tools"
  command -v apt-get >/dev/null || fail "missing: ${missing_install[*]} ${missing_unpack[*]}" \
    "this machine has no apt-get; install these tools (the names are Debian's) in another way, so that the commands are on the PATH"
  apt_knows_all || update_lists
  [[ ${#missing_install[@]} == 0 ]] || with_fresh_lists install_packages || fail "could not install ${missing_install[*]}; $(how_to)"
  [[ ${#missing_unpack[@]} == 0 ]] || with_fresh_lists unpack_packages || fail "could not fetch ${missing_unpack[*]}; is a package mirror reachable?"
  find_missing
  [[ ${#missing_install[@]} == 0 && ${#missing_unpack[@]} == 0 ]] || fail "still missing after the installation: ${missing_install[*]} ${missing_unpack[*]}"
  say "all $known packages are there"
}

main "$@"
