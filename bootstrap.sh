#!/bin/sh
# From a fresh machine to a converged one: a private venv from the pinned requirements, then bootstrap.yml in it.
# Every argument goes on to ansible-playbook.
set -eu

here=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd -P)
venv=$here/.venv
. "$here/requirements/venv.sh"

# Prints what somebody other than root can change: the first thing in $1, ...
changeable_in() {
    find "$1" \( ! -user 0 -o ! -type l \( -perm -020 -o -perm -002 \) \) -print | head -n 1
}

# ... or a folder above it. In a sticky one, like /tmp, nobody replaces what is root's.
changeable_above() {
    above=$1
    while [ "$above" != / ]; do
        above=$(dirname -- "$above")
        [ ! -e "$above" ] ||
            find "$above" -prune \( ! -user 0 -o ! -type l ! -perm -1000 \( -perm -020 -o -perm -002 \) \) -print
    done | head -n 1
}

refuse() {
    [ -n "$1" ] || return 0
    if [ -n "${SUDO_UID:-}" ] && [ -n "$(find "$1" -prune -user "$SUDO_UID")" ]; then
        die "$1 belongs to ${SUDO_USER:-you}, who is served without root: run it again without sudo"
    fi
    die "as root it trusts only what root alone can change, and others can change $1"
}

trust() {
    for path in "$1" "$(readlink -f -- "$1")"; do
        refuse "$(changeable_in "$path")"
        refuse "$(changeable_above "$path")"
    done
}

# Ansible also reads the variables that lie beside an inventory.
trust_inventory() {
    case $1 in
    *,*) return 0 ;;
    /*) ;;
    *) set -- "$PWD/$1" ;;
    esac
    for read in "$1" "${1%/*}/group_vars" "${1%/*}/host_vars"; do
        [ ! -e "$read" ] || trust "$read"
    done
}

trust_inventories() {
    given=
    for argument; do
        case $given:$argument in
        next:*) trust_inventory "$argument" && given=yes ;;
        *:--i*=*) trust_inventory "${argument#*=}" && given=yes ;;
        *:-i | *:-[CDJKbhkv]*i | *:--i*) given=next ;;
        *:-[CDJKbhkv]*i*) trust_inventory "${argument#*i}" && given=yes ;;
        *:-i*) trust_inventory "${argument#-i}" && given=yes ;;
        esac
    done
    [ -z "$given" ] || return 0
    trust_inventory "$ANSIBLE_INVENTORY"
    if [ "$ANSIBLE_INVENTORY" = "$here/inventory/local" ] && ! grep -rqs '^latchkey_roster.*:' "$ANSIBLE_INVENTORY"; then
        die "root serves the people of a roster, and inventory/local has none: give an inventory with -i"
    fi
}

if root; then
    venv=/opt/latchkey/venv
    [ -z "$(find "${HOME:-/root}" -prune ! -user 0)" ] || export HOME=~root
fi
latchkey_checkout=$here
. "$here/requirements/environment.sh"
if root; then
    trust "$here"
    trust_inventories "$@"
    refuse "$(changeable_above "$venv/bin")"
fi
make_venv run
exec "$venv/bin/ansible-playbook" "$here/bootstrap.yml" "$@"
