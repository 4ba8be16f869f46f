# shellcheck shell=sh
# Sourced with latchkey_checkout set, by bootstrap.sh, test.sh and the venv's activate: which configuration and inventory
# ansible-playbook takes unless -i says otherwise, and the UTF-8 that Ansible insists on.

: "${latchkey_checkout:?}"
export ANSIBLE_CONFIG="$latchkey_checkout/ansible.cfg"
# Ansible fills it in when it runs, so that a prepared shell can choose another. What was found here, and not given, is
# looked for anew each time.
# shellcheck disable=SC2016
export ANSIBLE_INVENTORY='$LATCHKEY_INVENTORY'
if [ "${LATCHKEY_INVENTORY:-}" = "${LATCHKEY_INVENTORY_FOUND:-}" ]; then
    LATCHKEY_INVENTORY=${HOME:-}/.config/latchkey/inventory
    [ -e "$LATCHKEY_INVENTORY" ] || LATCHKEY_INVENTORY=$latchkey_checkout/inventory/local
    LATCHKEY_INVENTORY_FOUND=$LATCHKEY_INVENTORY
    export LATCHKEY_INVENTORY LATCHKEY_INVENTORY_FOUND
fi

if [ -n "${ANSIBLE_COLLECTIONS_PATH:-}" ]; then
    case $ANSIBLE_COLLECTIONS_PATH in
    "$latchkey_checkout/.collections"*) ;;
    *) export ANSIBLE_COLLECTIONS_PATH="$latchkey_checkout/.collections:$ANSIBLE_COLLECTIONS_PATH" ;;
    esac
fi

if [ "$(locale charmap 2>/dev/null)" != UTF-8 ]; then
    for latchkey_locale in C.UTF-8 en_US.UTF-8; do
        [ "$(LC_ALL=$latchkey_locale locale charmap 2>/dev/null)" != UTF-8 ] || export LC_ALL="$latchkey_locale"
    done
    unset latchkey_locale
fi
