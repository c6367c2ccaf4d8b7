#!/bin/sh
# Starts cryoimport-gui from this checkout, setting up what it needs at the first run.
#
#   sh packaging/run.sh              the wizard on demo data; without a display, an import of the demo data
#   sh packaging/run.sh ARGUMENTS    cryoimport-gui with these arguments (see --help)
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
python=$(sh "$root/packaging/setup.sh")
export PYTHONPATH="$root"

# -P: modules come from the checkout and the environment, never from the folder this is started in.
if [ $# -gt 0 ]; then
    exec "$python" -P -m cryoimport_gui "$@"
fi
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    exec "$python" -P -m cryoimport_gui --demo
fi

demo=$(mktemp -d "${TMPDIR:-/tmp}/cryoimport-demo-XXXXXX")
echo "There is no display (DISPLAY and WAYLAND_DISPLAY are empty): importing the demo data without a window."
"$python" -P -m cryoimport_gui --headless --demo "$demo" --project "$demo/CS-demo" --output "$demo/CS-demo/imports/demo"
echo "Job folder:            $demo/CS-demo/imports/demo"
echo "Picture of particles:  $demo/CS-demo/imports/demo/montage.png"
echo "Report with pictures:  $demo/CS-demo/imports/demo/import.html"
