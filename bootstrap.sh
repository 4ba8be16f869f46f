#!/bin/sh
# From a fresh machine to a converged one: a private venv from the pinned requirements, then bootstrap.yml in it.
# Every argument goes on to ansible-playbook.
set -eu

# Root runs no program before it is known whose it is, ...
offered=${PATH:-}
[ "$(PATH=/usr/bin:/bin:$offered id -u)" != 0 ] || PATH=/usr/bin:/bin:/usr/sbin:/sbin
here=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd -P)
venv=$here/.venv

refuse() {
    [ -n "$1" ] || return 0
    why="as root it trusts only what root alone can change, and others can change $1"
    if [ -n "${SUDO_UID:-}" ] && [ -n "$(find "$1" -prune -user "$SUDO_UID")" ]; then
        why="$1 belongs to ${SUDO_USER:-you}, who is served without root: run it again without sudo"
    fi
    echo "bootstrap.sh: $why" >&2
    exit 1
}

# ... and reads no line of a checkout that somebody else can change, here or behind a link.
if [ "$(id -u)" = 0 ]; then
    refuse "$(find -L "$here" \( ! -user 0 -o ! -type l \( -perm -020 -o -perm -002 \) \) -print 2>/dev/null | head -n 1)"
fi
. "$here/requirements/venv.sh"
! root || . "$here/requirements/root.sh"
latchkey_checkout=$here
. "$here/requirements/environment.sh"
make_venv run
if root; then
    exec "$venv/bin/python" -I "$here/requirements/trust.py" "$here/bootstrap.yml" "$@"
fi
# Ansible makes it too, and ends in a traceback where it cannot.
temporary=${HOME:-}/.ansible/tmp
[ -n "${ANSIBLE_LOCAL_TEMP:-}${ANSIBLE_HOME:-}" ] ||
    (umask 077 && mkdir -p "$temporary" && [ -w "$temporary" ]) 2>/dev/null ||
    die "Ansible cannot write $temporary: ANSIBLE_LOCAL_TEMP=FOLDER names another"
exec "$venv/bin/ansible-playbook" "$here/bootstrap.yml" "$@"
