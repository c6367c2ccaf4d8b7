#!/bin/sh
# Whether `pip install` in a fresh environment gives a program that works: sh packaging/check_install.sh
#
# The wheel is built as pip builds it, and what it needs comes from the package registry at its newest.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
python=$(sh "$root/packaging/setup.sh")
folder=$(mktemp -d "${TMPDIR:-/tmp}/cryoimport-install-XXXXXX")
trap 'rm -rf "$folder"' EXIT
unset PYTHONPATH PYTHONHOME

"$python" -m pip --quiet --disable-pip-version-check wheel --no-deps --wheel-dir "$folder" "$root"
"$python" -m venv "$folder/environment"
"$folder/environment/bin/python" -m pip --quiet --disable-pip-version-check install "$folder"/*.whl
"$folder/environment/bin/python" -m pip --disable-pip-version-check list
"$folder/environment/bin/python" -m pip check
sh "$root/packaging/smoke.sh" "$folder/environment/bin/cryoimport-gui"
