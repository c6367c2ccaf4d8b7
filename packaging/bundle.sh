#!/bin/sh
# Makes a folder with the program, its Python and all that it needs, and tries it: sh packaging/bundle.sh [FOLDER]
#
# FOLDER (dist by default) then holds cryoimport-gui/, which can be copied to any Linux with a C library as new as
# this machine's.  The trial starts it elsewhere, with an empty environment.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
mkdir -p "${1:-$root/dist}"
out=$(CDPATH='' cd -- "${1:-$root/dist}" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/cryoimport-bundle-XXXXXX")
trap 'rm -rf "$work"' EXIT

say() { printf 'cryoimport-gui bundle: %s\n' "$*" >&2; }

python=$(sh "$root/packaging/setup.sh")
say "making an environment with the runtime packages and PyInstaller"
"$python" -m venv "$work/environment"
sed '/^# tests/,$d' "$root/packaging/requirements.txt" >"$work/runtime.txt"
"$work/environment/bin/python" -m pip --quiet --disable-pip-version-check install \
    -r "$work/runtime.txt" -r "$root/packaging/requirements-bundle.txt"

say "bundling"
rm -rf "$out/cryoimport-gui"
(cd "$root" && "$work/environment/bin/python" -m PyInstaller --log-level ERROR --noconfirm \
    --distpath "$out" --workpath "$work/build" packaging/cryoimport-gui.spec)

say "trying it"
sh "$root/packaging/try.sh" "$out/cryoimport-gui/cryoimport-gui"
say "made $out/cryoimport-gui ($(du -sh "$out/cryoimport-gui" | cut -f 1))"
