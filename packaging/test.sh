#!/bin/sh
# Runs the tests in two processes, setting up what they need at the first run: sh packaging/test.sh [PYTEST ARGUMENTS]
#
# -n 0 runs them in one, which a debugger needs.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
python=$(sh "$root/packaging/setup.sh")
cd "$root"
# One thread for linear algebra in each: more would take turns on the same cores.
export PYTHONPATH="$root" QT_QPA_PLATFORM=offscreen OPENBLAS_NUM_THREADS=1
exec "$python" -m pytest -n 2 --dist worksteal "$@"
