#!/bin/sh
# Makes what run.sh and test.sh need and prints the path of the Python to use; messages go to standard error.
# `setup.sh bundle` makes what bundle.sh needs, from requirements-bundle.txt, in an environment of its own.
#
# System packages are looked up at every run, and installed if this is root on Debian. The folder of the
# virtual environment is named after the Python version and the contents of the requirements, and counts as
# made only once it holds the file "ready": new requirements or an interrupted set-up lead to a new one.
set -eu
unset PYTHONPATH PYTHONHOME

packaging=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
suffix=${1:+-$1}
requirements=$packaging/requirements$suffix.txt

# What Qt loads without a screen, then what it loads with one. Without fonts all text is empty boxes.
packages="libglib2.0-0 libgl1 libegl1 libfontconfig1 libdbus-1-3 libxkbcommon0 fonts-dejavu-core
    libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libwayland-cursor0"
say() { printf 'cryoimport-gui set-up: %s\n' "$*" >&2; }

stop() {
    say "$*"
    exit 1
}

find_python() {
    for name in python3 python3.11 python3.12 python3.13 python3.14; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
}

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

can_make_environments() { "$1" -c 'import ensurepip' 2>/dev/null; }

missing_packages() {
    command -v dpkg-query >/dev/null || return 0
    # Later releases rename packages (libglib2.0-0t64) and say that they provide the old name.
    # shellcheck disable=SC2016  # the ${...} are dpkg-query's
    installed=$(dpkg-query --show --showformat '${db:Status-Status} ${Package} ${Provides}\n' |
        sed -n 's/^installed//p' | tr ',\n' '  ')
    for package in $packages; do
        case "$installed " in
            *" $package "*) ;;
            *) printf '%s ' "$package" ;;
        esac
    done
}

install_packages() {
    command -v apt-get >/dev/null || return 0
    if [ "$(id -u)" -ne 0 ]; then
        say "system packages are missing. To install them, run as root:"
        say "apt-get update && apt-get install --yes --no-install-recommends $*"
        return
    fi
    say "installing system packages: $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >&2 || say "the package lists could not be updated; trying with those at hand."
    apt-get install -qq --yes --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" >/dev/null ||
        say "not all system packages could be installed; going on without them."
}

python=$(find_python)
if [ "$suffix" = -bundle ]; then
    packages="$packages binutils" # PyInstaller looks into libraries with objdump
    case $(command -v "${python:-python3}") in
    /usr/bin/*) packages="$packages libpython$(version_of "${python:-python3}")" ;; # it packs Python as a library
    esac
fi
missing=$(missing_packages)
if [ -z "$python" ]; then
    missing="$missing python3-venv"
elif ! can_make_environments "$python"; then
    missing="$missing $python-venv"
fi
# shellcheck disable=SC2086  # one word per package
[ -z "$missing" ] || install_packages $missing

python=$(find_python)
[ -n "$python" ] || stop "Python 3.11 to 3.14 is needed and was not found."
can_make_environments "$python" || stop "$python cannot make virtual environments: $python-venv is missing."

version=$(version_of "$python")
hash=$(cat "$packaging/requirements.txt" "$requirements" | sha256sum | cut -c 1-12)
environment=${XDG_CACHE_HOME:-$HOME/.cache}/cryoimport-gui/venv$suffix-$version-$hash

mkdir -p "${environment%/*}"
exec 9>"$environment.lock"
flock 9 # two set-ups at once: the second waits and finds everything made
if ! [ -e "$environment/ready" ] || ! [ -x "$environment/bin/python" ]; then
    say "installing Python packages in $environment; this takes a few minutes, once."
    rm -rf "$environment"
    "$python" -m venv "$environment" >&2 || stop "the virtual environment could not be made."
    "$environment/bin/python" -m pip --quiet --disable-pip-version-check install -r "$requirements" >&2 ||
        stop "the Python packages could not be installed; run the same command again to retry."
    touch "$environment/ready"
fi
echo "$environment/bin/python"
