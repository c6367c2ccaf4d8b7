#!/bin/sh
# Makes a folder with the program and all that it needs, Python included, and tests it: sh packaging/bundle.sh [FOLDER]
#
# The bundle runs wherever glibc is as new as on this machine, or newer. FOLDER is dist/cryoimport-gui if not given.
set -eu

stop() {
    echo "bundle: $*" >&2
    exit 1
}

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
target=${1:-$root/dist/cryoimport-gui}
[ ! -e "$target" ] || [ -x "$target/cryoimport-gui" ] || stop "$target is there and is no bundle"

python=$(sh "$root/packaging/setup.sh" bundle)
made=$(mktemp -d "${TMPDIR:-/tmp}/cryoimport-bundle-XXXXXX")
trap 'rm -rf "$made"' EXIT
export PYTHONDONTWRITEBYTECODE=1

"$python" -m PyInstaller --log-level WARN --distpath "$made" --workpath "$made/work" \
    "$root/packaging/cryoimport-gui.spec"
bundle=$made/cryoimport-gui

sh "$root/packaging/smoke.sh" "$bundle/cryoimport-gui"

# Whether the extension is there that unpacks CryoSPARC's newer files, which CryoSPARC's own library packs here.
cat >"$made/pack.py" <<'EOF'
import sys
from cryosparc.dataset import CSDAT_FORMAT, Dataset
Dataset.load(sys.argv[1]).save(sys.argv[2], format=CSDAT_FORMAT)
EOF
"$bundle/cryoimport-gui" --headless --dry-run --demo "$made/demo" --log-level error
exposures=$(find "$made/demo" -name '*exposures.cs')
"$(sh "$root/packaging/setup.sh")" "$made/pack.py" "$exposures" "${exposures%.cs}_packed.cs"
"$bundle/cryoimport-gui" --headless --dry-run --demo "$made/demo2" --exposures "${exposures%.cs}_packed.cs" ||
    stop "a packed dataset cannot be read"

# Up to Qt 6.9 Wayland's is called libqwayland-generic.so.
for plugin in platforms/libqxcb.so 'platforms/libqwayland*.so' platforms/libqoffscreen.so iconengines/libqsvgicon.so; do
    # shellcheck disable=SC2086  # a pattern
    ls "$bundle/_internal/PySide6/Qt/plugins/"$plugin >/dev/null 2>&1 || stop "Qt's plugin $plugin is missing"
done
for path in "$root" "$made" "${python%/bin/python}"; do
    ! grep -rlF -- "$path" "$bundle" || stop "these files name $path, which is only on this machine"
done

mkdir -p "$(dirname -- "$target")"
rm -rf "$target"
mv "$bundle" "$target"
echo "bundle: $target, $(du -sh "$target" | cut -f 1)"
