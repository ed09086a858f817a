#!/bin/sh
# Sets up all that Plugdeck needs on a Debian-like system, then runs it or its tests.
#
#   sh packaging/setup.sh run  [ARGUMENT...]   opens the window with sample plugins, or without a display does the
#                                              same job offscreen and says where the pictures are
#   sh packaging/setup.sh test [ARGUMENT...]   runs every test; arguments go to pytest
#
# Needs Python 3.11 or later with pip. Missing system packages are installed by apt-get, as root or with sudo, and
# named first. Everything else is written inside this checkout: .venv, build, out.
set -eu
unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON # they would lead elsewhere than to .venv

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
python=${PYTHON:-python3}
venv=$root/.venv
samples=$root/build/plugins
out=$root/out

# A line each: what to look for, and the Debian package that has it. A name with ".so." is a shared library, with a
# slash a file, any other a command.
window_needs='
libglib-2.0.so.0     libglib2.0-0
libGL.so.1           libgl1
libEGL.so.1          libegl1
libxkbcommon.so.0    libxkbcommon0
libfontconfig.so.1   libfontconfig1
libX11.so.6          libx11-6
libdbus-1.so.3       libdbus-1-3
bwrap                bubblewrap
'
screen_needs='
libxcb-cursor.so.0     libxcb-cursor0
libxcb-icccm.so.4      libxcb-icccm4
libxcb-keysyms.so.1    libxcb-keysyms1
libxcb-randr.so.0      libxcb-randr0
libxcb-shape.so.0      libxcb-shape0
libxcb-xkb.so.1        libxcb-xkb1
libxkbcommon-x11.so.0  libxkbcommon-x11-0
libX11-xcb.so.1        libx11-xcb1
libwayland-cursor.so.0 libwayland-cursor0
libwayland-egl.so.1    libwayland-egl1
'
test_needs='
gcc                     gcc
g++                     g++
/usr/include/stdio.h    libc6-dev
readelf                 binutils
desktop-file-validate   desktop-file-utils
appstreamcli            appstream
rustc                   rustc
'

say() { printf '%s\n' "setup: $*"; }
fail() { printf '%s\n' "setup: $*" >&2; exit 1; }

# ------------------------------------------------------------ system packages

is_there() {
    case $1 in
        *.so.*) printf '%s\n' "$libraries" | grep -qF "$1 " ;;
        /*) [ -e "$1" ] ;;
        *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

# Prints the packages of the list in $1 that are missing here.
missing_of() {
    libraries=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null || true)
    printf '%s\n' "$1" | while read -r thing package; do
        [ -z "$thing" ] || is_there "$thing" || printf '%s ' "$package"
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
    missing=$(missing_of "$1")
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null || fail "these Debian packages, or your system's equivalents, are needed first: $missing"
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
        fail "root rights or sudo are needed once, for: apt-get install --no-install-recommends $missing"
    say "installing system packages: $missing"
    # Another apt may be at work, as on a machine that has just started, and mirrors have bad moments.
    patience='-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3'
    # shellcheck disable=SC2086  # one word an option
    as_root apt-get $patience update -qq || say "apt-get update failed; going on with the package lists that are there"
    # shellcheck disable=SC2086  # one word a package
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get $patience install -qq -y --no-install-recommends $missing >/dev/null ||
        fail "apt-get could not install: $missing"
}

# ------------------------------------------------------------ Python environment

check_python() {
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        fail "Python 3.11 or later is needed; name it with PYTHON=/path/to/python3 if $python is another"
}

# Where .venv lies and what it was made from: it cannot be moved, and is filled again when the rest changes.
environment_key() {
    printf '%s\n' "$root"
    { "$venv/bin/python" -c 'import sys; print(sys.version)' && cat "$root/pyproject.toml"; } 2>/dev/null | sha256sum
}

pip() {
    PIP_CACHE_DIR=$root/build/pip-cache PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_NO_INPUT=1 \
        PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
        "$python" -m pip --python "$venv/bin/python" "$@"
}

# Fills .venv with the extras $1 ("test", or "signatures" with or without "compiler"), unless that is done already.
make_environment() {
    stamp=$venv/plugdeck-$1.stamp
    if [ "$(cat "$stamp" 2>/dev/null)" = "$(environment_key)" ]; then return 0; fi
    "$python" -m pip --version >/dev/null 2>&1 || fail "pip is needed: apt-get install python3-pip"
    is_usable || "$python" -m venv --without-pip --clear "$venv" ||
        fail "$python could not make a virtual environment"
    say "installing Python packages into .venv, with the extras $1"
    pip install --quiet --editable "${root}[$1]" ||
        fail "pip could not install Plugdeck; can it reach its package index?"
    environment_key >"$stamp"
}

# Whether the .venv that is there can be filled again: its Python runs, and it was made in this place.
is_usable() {
    "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || return 1
    for made in "$venv"/plugdeck-*.stamp; do
        [ ! -f "$made" ] || [ "$(head -n 1 "$made")" = "$root" ] || return 1
    done
}

# Signatures are checked from the start; the samples need a C compiler: the system's, or one from a Python package.
runtime_extra() {
    if [ -f "$venv/plugdeck-test.stamp" ]; then
        echo test
    elif printf '#include <stdio.h>\nint x;\n' | cc -x c -fsyntax-only - 2>/dev/null; then
        echo signatures
    else
        echo compiler,signatures
    fi
}

build_samples() {
    "$venv/bin/python" "$root/plugins/build.py" --output "$samples" || say "going on without the samples that failed"
}

# Compilers keep their caches in the checkout too.
keep_caches_here() {
    export ZIG_GLOBAL_CACHE_DIR="$root/build/zig-cache" ZIG_LOCAL_CACHE_DIR="$root/build/zig-cache"
    export GOCACHE="$root/build/go-cache" GOPATH="$root/build/go" GOTOOLCHAIN=local
}

# ------------------------------------------------------------ what to do

# The window's job without a window: the same chain over the same picture, and the window drawn into a file.
run_offscreen() {
    say "no display answers, so the samples run offscreen"
    mkdir -p "$out" "$root/build/home"
    for folder in CONFIG DATA CACHE STATE; do export "XDG_${folder}_HOME=$root/build/home"; done
    export QT_QPA_PLATFORM=offscreen
    "$venv/bin/python" -m plugdeck run "$root/resources/sample.png" -o "$out/sample-transformed.png" \
        -p "$samples/sepia.so" -p "$samples/sharpen.so" -p "$samples/vignette.so"
    "$venv/bin/python" -m plugdeck --samples --screenshot "$out/screenshot.png" --size 1280x800 "$@"
    say "the transformed picture is $out/sample-transformed.png"
    say "the window's picture is    $out/screenshot.png"
}

# Packages $1, environment with the extra $2, samples; a second set-up at the same time waits.
set_up() {
    mkdir -p "$root/build"
    exec 9>"$root/build/setup.lock"
    flock 9 2>/dev/null || true
    install_packages "$1"
    make_environment "${2-$(runtime_extra)}"
    build_samples
    exec 9>&-
}

run() {
    if "$python" "$root/packaging/has_display.py"; then
        set_up "$window_needs$screen_needs"
        exec "$venv/bin/python" -m plugdeck --samples "$@"
    fi
    set_up "$window_needs"
    run_offscreen "$@"
}

test_all() {
    set_up "$window_needs$test_needs" test
    cd "$root"
    QT_QPA_PLATFORM=offscreen exec "$venv/bin/python" -m pytest "$@"
}

usage() {
    sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

[ $# -gt 0 ] || usage
job=$1
shift
check_python
keep_caches_here
case $job in
    run) run "$@" ;;
    test) test_all "$@" ;;
    *) usage ;;
esac
