# shellcheck shell=sh
# Sourced with latchkey_checkout set, by bootstrap.sh, test.sh and the venv's activate: which configuration and inventory
# ansible-playbook takes unless -i says otherwise, and the UTF-8 that Ansible insists on.

: "${latchkey_checkout:?}"
export ANSIBLE_CONFIG="$latchkey_checkout/ansible.cfg"
if [ -n "${LATCHKEY_INVENTORY:-}" ]; then
    export ANSIBLE_INVENTORY="$LATCHKEY_INVENTORY"
elif [ -e "${HOME:-}/.config/latchkey/inventory" ]; then
    export ANSIBLE_INVENTORY="$HOME/.config/latchkey/inventory"
else
    export ANSIBLE_INVENTORY="$latchkey_checkout/inventory/local"
fi
case $ANSIBLE_INVENTORY in
/*) ;;
*) ANSIBLE_INVENTORY=$PWD/$ANSIBLE_INVENTORY ;;
esac

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
