#!/bin/sh
# From a fresh machine to a converged one: a private venv from the pinned requirements, then bootstrap.yml in it.
# .venv/bin/ansible-playbook is a copy of this file: the line that starts with here= names its checkout and venv.
set -eu

# Root runs no program before it is known whose it is, ...
offered=${PATH:-/usr/bin:/bin}
PATH=$offered
export PATH
[ "$(PATH=/usr/bin:/bin:$offered id -u)" != 0 ] || PATH=/usr/bin:/bin:/usr/sbin:/sbin
here=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd -P) venv=
program=${0##*/}
copy=$venv
venv=${venv:-$here/.venv}

refuse() {
    [ -n "$1" ] || return 0
    why="as root it trusts only what root alone can change, and others can change $1"
    if [ -n "${SUDO_UID:-}" ] && [ -n "$(find "$1" -prune -user "$SUDO_UID")" ]; then
        why="$1 belongs to ${SUDO_USER:-you}, who is served without root: run it again without sudo"
    fi
    echo "$program: $why" >&2
    exit 1
}

if [ ! -f "$here/starter/__main__.py" ]; then
    echo "$program: the checkout $here is gone: start bootstrap.sh where it is now" >&2
    exit 1
fi
# ... and reads no line of a checkout that somebody else can change, here or behind a link. The files of a venv that root made are
# closed; its folders and programs are looked at again.
if [ "$(id -u)" = 0 ]; then
    closed() { find "$@" \( ! -user 0 -o ! -type l \( -perm -020 -o -perm -002 \) \) -print 2>/dev/null | head -n 1; }
    refuse "$(closed -L "$here" -path "$here/.venv" -prune -o)"
    [ ! -e "$here/.venv" ] || refuse "$(closed "$here/.venv" \( ! -type f -o -path "$here/.venv/bin/*" \))"
fi
. "$here/requirements/venv.sh"
! root || . "$here/requirements/root.sh"

start() { exec "$venv/bin/python" -I -X utf8 "$here/starter/__main__.py" "$program" "$@"; }

[ -z "$copy" ] || start "$@"
case ${1:-} in
-h | --help)
    cat <<END
./bootstrap.sh [ARGUMENTS of ansible-playbook]

Makes a private venv once, then brings the machines of an inventory to their declaration and validates it.

  --check --diff      show what it would do, write nothing
  -i INVENTORY        instead of \$LATCHKEY_INVENTORY, ~/.config/latchkey/inventory or inventory/local
  --limit MACHINE     only these machines
  -e user=NAME        only this member
  -v                  what Ansible itself shows
  LATCHKEY_REPORT=FILE ./bootstrap.sh    keep what was found as JSON

Exit status: 0 nothing to act on, 2 something failed, 4 some machine was not seen, 64 usage or declaration error.
All arguments of ansible-playbook: $venv/bin/ansible-playbook --help
END
    exit
    ;;
esac
make_venv run
start "$here/bootstrap.yml" "$@"
