#!/usr/bin/env bash
# Builds a container image without a Docker engine (`make images` builds all): classic and fast for the steps of a toolchain, ingest
# for what brings data in. .build/images/IMAGE.oci.tar, from Debian packages and uv.lock. The same sources and the same mirror give the same layer.
#
#   KOSHA_DEBIAN_MIRROR   another mirror of Debian, for example a day of snapshot.debian.org
#
# Exit codes: 0 the image is there, 1 it could not be built, 2 wrong usage.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/pipelines/images
image=${1:-}
mirror=${KOSHA_DEBIAN_MIRROR:-http://deb.debian.org/debian}
suite=trixie
id=10001

say() { printf 'image: %s\n' "$*"; }

case $image in
  classic | fast) group=pipelines ;;
  ingest) group=ingest ;;
  *)
    printf 'usage: pipelines/images/build.sh classic|fast|ingest\n' >&2
    exit 2
    ;;
esac
cd "$root"
if [[ $(id -u) != 0 ]]; then
  printf 'image: building needs root (a file system with its owners is made): run it with sudo\n' >&2
  exit 1
fi
KOSHA_DEBIAN_PACKAGES=$here/builder-packages.txt scripts/install_tools.sh
uv=$(scripts/setup.sh uv | tail -n 1)

place=$root/.build/images
work=$(mktemp -d "${TMPDIR:-/tmp}/kosha-image.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$place" "$work/kosha" "$work/store"
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || stat -c %Y uv.lock)
export SOURCE_DATE_EPOCH

say "$image: Kosha and its environment from uv.lock"
tar --create --exclude=__pycache__ --exclude=tests catalog pipelines scripts pyproject.toml | tar --extract --directory "$work/kosha"
"$uv" export --quiet --locked --no-dev --group "$group" --no-emit-project --output-file "$work/requirements.txt" >/dev/null
"$uv" pip install --quiet --python .venv/bin/python --python-version 3.13 --python-platform x86_64-manylinux_2_40 --no-deps \
  --target "$work/kosha/.venv/lib/python3.13/site-packages" --require-hashes --requirements "$work/requirements.txt"
mkdir -p "$work/kosha/.venv/bin"
for name in python python3 python3.13; do ln -s /usr/bin/python3.13 "$work/kosha/.venv/bin/$name"; done
printf 'home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.13\n' >"$work/kosha/.venv/pyvenv.cfg"

say "$image: Debian $suite from $mirror"
packages=$(awk -v image="$image" '($1 == "all" || ($1 == "both" && image != "ingest") || $1 == image) && NF == 2 {print $2}' "$here/packages.txt" | paste -s -d ,)
folders=()
while read -r package folder; do
  folders+=(--customize-hook="chroot \"\$1\" sh -euc 'cd /tmp && apt-get download -qq $package && dpkg-deb -x ./${package}_*.deb x && mkdir -p ${folder%/*} && cp -r x$folder ${folder%/*}/'")
done < <(awk -v image="$image" '$1 == image && NF == 3 {print $2, $3}' "$here/packages.txt")
# The licences of what is in the image stay; manuals and translations do not. Compiling here saves it to every pod.
# shellcheck disable=SC2016 # $1 is the file system; mmdebstrap runs the hooks in shells of their own
mmdebstrap --quiet --variant=minbase --include="$packages" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --essential-hook='mkdir -p "$1/usr/share/man/man1"' \
  "${folders[@]}" \
  --customize-hook="copy-in '$work/kosha' /opt" \
  --customize-hook='chown -R 0:0 "$1/opt/kosha"' \
  --customize-hook='chroot "$1" /opt/kosha/.venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/kosha' \
  --customize-hook="echo 'kosha:x:$id:$id::/tmp:/usr/sbin/nologin' >>\"\$1/etc/passwd\"; echo 'kosha:x:$id:' >>\"\$1/etc/group\"" \
  --customize-hook='rm -rf "$1"/var/log/* "$1"/var/cache/* "$1"/var/lib/apt/lists/* "$1"/tmp/*' \
  "$suite" "$work/rootfs.tar" "$mirror"

say "$image: packing"
buildah=(buildah --storage-driver vfs --root "$work/store" --runroot "$work/run")
"${buildah[@]}" build --quiet --isolation chroot --timestamp "$SOURCE_DATE_EPOCH" --build-arg IMAGE="$image" \
  --file "$here/Containerfile" --tag "kosha-$image" "$work" >/dev/null
rm -f "$place/$image.oci.tar.part"
"${buildah[@]}" push --quiet "kosha-$image" "oci-archive:$place/$image.oci.tar.part:kosha-$image"
mv "$place/$image.oci.tar.part" "$place/$image.oci.tar"
say "$image: $place/$image.oci.tar, $(du -h "$place/$image.oci.tar" | cut -f1)"
