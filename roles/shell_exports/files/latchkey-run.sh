#!/bin/sh
# Made by latchkey.workstation: changes are lost.
# latchkey-run NAME... -- COMMAND [ARGUMENT...]: the command, with these credentials and no other that is declared
[ -r @library@ ] || { echo 'latchkey-run: there is no' @library@ >&2; exit 125; }
# shellcheck source=exports.sh
. @library@
_latchkey_run "$@"
