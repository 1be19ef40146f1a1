#!/usr/bin/env bash
# Make one of the environments of uv.lock ready, or only find uv: scripts/setup.sh project|policy|reports|localcloud|uv
#   project     .venv              scripts, functions, pipelines, tests
#   policy      .venvs/policy      checkov, parliament
#   reports     .venvs/reports     MultiQC
#   localcloud  .venvs/localcloud  LocalStack and the Lambda runtime
#   uv          its path, as the last line of standard output
# Finds Python 3.13 and uv, or gets them; says what it does; names exactly what is missing where it cannot help itself.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly python_version=3.13
readonly uv_requirement='uv>=0.8,<1'
readonly own_uv=.venvs/uv

# paint COLOUR TEXT: in colour on a terminal, plain in a log
paint() { if [ -t 2 ]; then printf '\033[%sm%s\033[0m' "$1" "$2"; else printf '%s' "$2"; fi; }
say() { printf '%s %s\n' "$(paint 36 '==>')" "$*" >&2; }
fail() {
  printf '%s %s\n' "$(paint 31 error:)" "$*" >&2
  exit 1
}

is_right_python() {
  "$1" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$python_version')" 2>/dev/null
}

# An installed Python 3.13: the one named by KOSHA_PYTHON, on PATH, or kept by pyenv or uv.
find_python() {
  if [ -n "${KOSHA_PYTHON:-}" ]; then
    is_right_python "$KOSHA_PYTHON" || fail "KOSHA_PYTHON=$KOSHA_PYTHON is not Python $python_version ($("$KOSHA_PYTHON" --version 2>&1 || true)); name one that is, or unset it"
    printf '%s\n' "$KOSHA_PYTHON"
    return
  fi
  local candidate
  for candidate in "python$python_version" python3 \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$python_version".*/bin/"python$python_version" \
    "$HOME"/.local/share/uv/python/cpython-"$python_version".*/bin/"python$python_version"; do
    if command -v "$candidate" >/dev/null && is_right_python "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else return 1; fi
}

# uv: the one named by UV, on PATH, or our own, installed from PyPI into .venvs/uv.
find_uv() {
  if [ -n "${UV:-}" ] && command -v "$UV" >/dev/null; then
    printf '%s\n' "$UV"
  elif command -v uv >/dev/null; then
    command -v uv
  else
    if [ ! -x "$own_uv/bin/uv" ]; then
      local base=${1:-python3}
      command -v "$base" >/dev/null || fail "neither uv nor any python3 was found; install uv (https://docs.astral.sh/uv/) or Python $python_version"
      say "installing uv from PyPI into $own_uv"
      if ! "$base" -m venv "$own_uv" >/dev/null 2>&1; then
        rm -rf "$own_uv"
        say "python3-venv is missing: installing the Debian package"
        as_root apt-get install -y -qq python3-venv >/dev/null || fail "cannot make a virtual environment: install python3-venv (apt-get install python3-venv) or uv"
        "$base" -m venv "$own_uv"
      fi
      "$own_uv/bin/pip" install --quiet --disable-pip-version-check "$uv_requirement" || fail "uv could not be installed from PyPI: check the network, or install uv yourself (https://docs.astral.sh/uv/)"
    fi
    printf '%s\n' "$PWD/$own_uv/bin/uv"
  fi
}

case "${1:-}" in
  project) target=.venv selection=(--group dev) ;;
  policy) target=.venvs/policy selection=(--only-group policy) ;;
  reports) target=.venvs/reports selection=(--only-group reports) ;;
  localcloud) target=.venvs/localcloud selection=(--only-group localcloud) ;;
  uv) find_uv "$(find_python)" && exit 0 ;;
  *) fail "usage: scripts/setup.sh project|policy|reports|localcloud|uv" ;;
esac

mkdir -p .venvs
python=$(find_python)
uv=$(find_uv "$python")
if [ -z "$python" ]; then
  say "no Python $python_version found: asking uv to download one"
  "$uv" python install --quiet "$python_version" || fail "Kosha needs Python $python_version and found $(python3 --version 2>&1 || echo none); uv could not download one. Install Python $python_version (apt, pyenv, uv) or set KOSHA_PYTHON to its path"
  python=$("$uv" python find "$python_version")
fi
say "environment '$1' from uv.lock into $target ($("$python" --version), $("$uv" --version))"
UV_PROJECT_ENVIRONMENT=$target UV_PYTHON=$python "$uv" sync --quiet --locked --compile-bytecode "${selection[@]}" ||
  fail "uv could not make $target: see the lines above (network, or uv.lock out of date: run '$uv lock')"
touch "$target/.ready"
