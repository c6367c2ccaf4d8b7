#!/bin/sh
# Tries an installed cryoimport-gui in an empty environment: version, demo import, window.  sh packaging/try.sh COMMAND
set -eu

command=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/cryoimport-try-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
set -- env -i HOME="$work" PATH=/usr/bin:/bin LANG=C.UTF-8 QT_QPA_PLATFORM=offscreen "$command"

"$@" --version
"$@" --headless --demo demo --project demo/CS-demo --output demo/CS-demo/J3 --log-level error
for name in imported_particles.cs imported_particles.csg import.json import.log montage.png particles.star; do
    [ -s "demo/CS-demo/J3/$name" ] || {
        echo "$name is missing or empty" >&2
        exit 1
    }
done

# The window closes on an interrupt, which it may not understand before it is there: it is asked again and again.
"$@" demo/relion/Refine3D/job010/run_data.star >window.log 2>&1 &
window=$!
sleep 3
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    kill -INT "$window" 2>/dev/null || break
    sleep 1
done
kill -KILL "$window" 2>/dev/null || true
status=0
wait "$window" || status=$?
if [ "$status" -ne 0 ] || grep -q Traceback window.log || ! [ -s .config/cryoimport-gui/settings.json ]; then
    cat window.log >&2
    echo "the window did not open and close (exit status $status)" >&2
    exit 1
fi
echo "the window opened and closed"
