#!/bin/sh
# Runs the tests, setting up what they need at the first run: sh packaging/test.sh [PYTEST ARGUMENTS]
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
python=$(sh "$root/packaging/setup.sh")
cd "$root"
export PYTHONPATH="$root" QT_QPA_PLATFORM=offscreen
exec "$python" -m pytest "$@"
