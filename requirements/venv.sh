# shellcheck shell=sh
# Sourced by bootstrap.sh and test.sh, which set $here (the checkout) and $venv: finds a Python, with which starter/venv.py
# makes the venv when it is not there yet.

: "${here:?}" "${venv:?}"
unset PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONUSERBASE PYTHONINSPECT PYTHONOPTIMIZE VIRTUAL_ENV
unset UV_PYTHON UV_SYSTEM_PYTHON

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

root() { [ "$(id -u)" = 0 ]; }

# Prints what others than root can change of $1 and of the way to it, link by link. In a sticky folder, like /tmp, nobody
# replaces what is root's.
changeable() (
    at='' ahead=$1
    set -- /
    while [ -n "$ahead" ]; do
        at=$at/${ahead%%/*}
        case $ahead in */*) ahead=${ahead#*/} ;; *) ahead='' ;; esac
        case ${at##*/} in
        '' | .) at=${at%/*} ;;
        ..) at=${at%/*} at=${at%/*} ;;
        *) set -- "$@" "$at" ;;
        esac
        [ -L "$at" ] && [ -e "$at" ] || continue
        link=$(readlink "$at")
        case $link in /*) at='' ;; *) at=${at%/*} ;; esac
        ahead=$link/$ahead
    done
    {
        find "$@" -prune \( ! -user 0 -o ! -type l ! -perm -1000 \( -perm -020 -o -perm -002 \) \) -print
        find "$at" -prune ! -type l \( -perm -020 -o -perm -002 \) -print
    } 2>/dev/null | head -n 1
)

# For root only a program that nobody else can change.
own() { ! root || [ -z "$(changeable "$1")" ]; }

# True for the python3 of a Mac without Command Line Tools, which is no Python: it opens a dialog that installs them.
opens_dialog() {
    case $1 in
    /usr/bin/python3*) [ "$(uname)" = Darwin ] && ! xcode-select -p >/dev/null 2>&1 ;;
    *) false ;;
    esac
}

# One line per set of requirements; a finished venv holds the lines of those it was made from.
stamp() { echo "$1 $(cksum <"$here/requirements/$1.txt") $venv"; }
ready() { [ -x "$venv/bin/python" ] && grep -qsxF "$(stamp "$1")" "$venv/.latchkey"; }

# Prints the interpreter behind shims and venvs. For root only one that is root's and that other users can read as well.
probe='
import os, sys
if not (3, 11) <= sys.version_info[:2] <= (3, 14):
    sys.exit(1)
for name in sys.argv[1:]:
    __import__(name)
python = sys._base_executable
for path in (python, os.path.realpath(python), os.path.realpath(os.__file__)) if os.getuid() == 0 else ():
    while path != "/":
        path = os.path.dirname(path)
        if os.stat(path).st_uid or os.stat(path).st_mode & 7 != 5:
            sys.exit(1)
print(python)
'
find_python() (
    set -f
    folders=$PATH:/opt/homebrew/bin
    IFS=:
    for name in python3.14 python3.13 python3.12 python3.11 python3; do
        for folder in $folders; do
            python=$folder/$name
            [ -x "$python" ] && own "$python" && ! opens_dialog "$python" && "$python" -I -c "$probe" "$@" 2>/dev/null && exit
        done
    done
    exit 1
)

# For root below /opt/latchkey, because a member cannot read root's home.
fetch_python() {
    ! root || export UV_PYTHON_INSTALL_DIR=/opt/latchkey/python
    echo "${0##*/}: fetching Python 3.13 with uv" >&2
    "$uv" python install 3.13 && "$uv" python find --managed-python 3.13
}

fetch_uv() {
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    uv=$scratch/bin/uv python=$(command -v python3)
    own "$python" && ! opens_dialog "$python" && "$python" -I -m pip install --quiet --disable-pip-version-check --no-user \
        --target "$scratch" --require-hashes --only-binary :all: -r "$here/requirements/uv.txt" >/dev/null 2>&1
}

find_or_fetch_python() {
    python=$(find_python || fetch_python) || die "no Python 3.11 to 3.14 here, and uv could not fetch one (see above)"
}

choose_python() {
    if uv=$(command -v uv) && own "$uv" && "$uv" --version >/dev/null 2>&1; then
        find_or_fetch_python
    elif python=$(find_python venv ensurepip); then
        uv=
    elif fetch_uv; then
        find_or_fetch_python
    elif python=$(find_python); then
        die "$python cannot make a venv: install python3-venv (Debian: apt install python3-venv) or uv"
    elif opens_dialog /usr/bin/python3; then
        die "no Python 3.11 to 3.14 here: run xcode-select --install, or brew install python3"
    else
        die "no Python 3.11 to 3.14 here: install one, or uv, which fetches one"
    fi
}

make_venv() {
    trap 'exit 130' INT # the program that was interrupted has shown a line
    if ! ready "$1"; then
        choose_python
        "$python" -I "$here/starter/venv.py" "${0##*/}" "$venv" "$1" "$uv" || exit $?
    elif ! grep -qsxF "launcher $(cksum <"$here/bootstrap.sh") $here" "$venv/.latchkey"; then
        "$venv/bin/python" -I "$here/starter/venv.py" "${0##*/}" "$venv" "$1"
    fi
    trap - INT
}
