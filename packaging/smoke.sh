#!/bin/sh
# Whether an installed cryoimport-gui works: sh packaging/smoke.sh COMMAND
#
# The command is started from an empty folder with an empty environment, as from a menu: it shows its version,
# imports the demo data, and opens its window, without a display, until it is interrupted.
set -eu

command=$(readlink -f -- "$1")
folder=$(mktemp -d "${TMPDIR:-/tmp}/cryoimport-smoke-XXXXXX")
pid=
clean_up() {
    [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
    rm -rf "$folder"
}
trap clean_up EXIT
mkdir "$folder/here"
cd "$folder/here"

stop() {
    echo "smoke test: $*" >&2
    [ ! -e "$folder/messages" ] || cat "$folder/messages" >&2
    exit 1
}

run() { env -i HOME="$folder" LANG=C.UTF-8 QT_QPA_PLATFORM=offscreen "$command" "$@"; }

run --version | grep -q '^cryoimport-gui [0-9]' || stop "--version shows no version"
run --help | grep -q 'exit status' || stop "--help does not show the exit status"

run --headless --demo "$folder/demo" --output "$folder/demo/CS-demo/imports/demo" >"$folder/messages" 2>&1 ||
    stop "the import of the demo data failed"
for name in imported_particles.cs imported_particles.csg import.json import.html import.log montage.png particles.star poses.png imported; do
    [ -s "$folder/demo/CS-demo/imports/demo/$name" ] || stop "the import wrote no $name"
done

log=$folder/.local/state/cryoimport-gui/cryoimport-gui.log
env -i HOME="$folder" LANG=C.UTF-8 QT_QPA_PLATFORM=offscreen "$command" --demo "$folder/other" \
    >"$folder/messages" 2>&1 &
pid=$!
tries=0
until grep -q 'the window is open' "$log" 2>/dev/null; do
    kill -0 "$pid" 2>/dev/null || stop "the window was not opened"
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || stop "the window was not opened within a minute"
    sleep 0.1
done
kill -INT "$pid"
tries=0
while kill -0 "$pid" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || stop "the window was not closed by an interrupt within half a minute"
    sleep 0.1
done
status=0
wait "$pid" || status=$?
pid=
[ "$status" -eq 0 ] || stop "the window was closed with exit status $status"
# Qt's word about the folder for sockets, which an empty environment does not name
grep -v '^QStandardPaths: XDG_RUNTIME_DIR not set' "$folder/messages" >"$folder/said" || true
[ ! -s "$folder/said" ] || stop "the window had something to say"
grep -qE 'ERROR|WARNING|Traceback' "$log" && { cat "$log" >&2; stop "the log holds errors"; }
echo "smoke test: $1 works"
