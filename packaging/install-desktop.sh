#!/bin/sh
# Puts cryoimport-gui into the menus of this user, with its icon, its man page and the type of .star files.
#
#   sh packaging/install-desktop.sh [COMMAND]    COMMAND: the program, if it is not on the PATH
#   sh packaging/install-desktop.sh --remove     takes all of it away again
#
# Needs no root: files go to ~/.local/share ($XDG_DATA_HOME).
set -eu

name=cryoimport-gui
packaging=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
share=${XDG_DATA_HOME:-$HOME/.local/share}
entry=applications/$name.desktop

stop() {
    echo "install-desktop: $*" >&2
    exit 1
}

# Each file as it is called in the menus' folder, and where it comes from.
files() {
    echo "metainfo/$name.metainfo.xml $packaging/$name.metainfo.xml"
    echo "mime/packages/$name.xml $packaging/$name.xml"
    echo "man/man1/$name.1 $packaging/$name.1"
    echo "icons/hicolor/scalable/apps/$name.svg $packaging/../resources/icons/$name.svg"
    for icon in "$packaging/hicolor"/*/apps/"$name".png; do
        echo "icons/hicolor/${icon#"$packaging"/hicolor/} $icon"
    done
}

# Desktops that keep indexes of these folders look at them again.
tell_desktop() {
    ! command -v update-desktop-database >/dev/null || update-desktop-database "$share/applications"
    ! command -v update-mime-database >/dev/null || update-mime-database "$share/mime"
    touch "$share/icons/hicolor"
}

if [ "${1:-}" = --remove ]; then
    [ -e "$share/$entry" ] || stop "nothing is installed in $share"
    files | while read -r target _; do rm -f "$share/$target"; done
    rm -f "$share/$entry"
    tell_desktop
    echo "removed from $share"
    exit
fi

if [ $# -gt 0 ]; then
    command=$1
elif [ -x "$packaging/../../$name" ]; then
    command=$packaging/../../$name # the bundle has it there
else
    command=$name
fi
found=$(command -v "$command") || stop "$command is not a command. Install it first, or say where it is."
found=$(CDPATH='' cd -- "$(dirname -- "$found")" && pwd)/${found##*/}
case $found in
*[\"\`\$\\%]*) stop "a menu cannot start $found: move it to a folder without \" \` \$ \\ % in its name" ;;
esac

files | while read -r target source; do
    mkdir -p "$share/${target%/*}"
    cp "$source" "$share/$target"
done
mkdir -p "$share/applications"
while IFS= read -r line; do
    case $line in
    Exec=*) echo "Exec=\"$found\" %f" ;;
    *) echo "$line" ;;
    esac
done <"$packaging/$name.desktop" >"$share/$entry"
tell_desktop
echo "installed in $share; the menu starts $found"
