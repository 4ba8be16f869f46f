# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What shells run, before what is declared is filled in: the commands of exports.sh, and latchkey-run."""

from __future__ import annotations

__all__ = ["COMMANDS", "RUN"]

COMMANDS = r"""@made_by@
# No secret is in here, only where each one is kept. Any POSIX sh can read this file; zsh reads files without a fork.

# NAME COMMAND...: the command, with the variables that this credential or variable stands for
_latchkey_find() {
  _latchkey_name=$1
  shift
  case $_latchkey_name in
@names@
    *) _latchkey_why='is not declared here'; return 1 ;;
  esac
}

# CREDENTIAL: its value to _latchkey_value. A reader returns 1 where there is none, 2 where it cannot tell.
_latchkey_read() {
  case $1 in
@places@
  esac
}

# NAME...: export those that are not set yet; silent
latchkey_export() {
  _latchkey_refused=
  for _latchkey_asked in "$@"; do
    _latchkey_find "$_latchkey_asked" _latchkey_add
  done
  _latchkey_clean
}

# [NAME...]: read them all anew, and say which could not be; of all, what may be absent and is goes without a word
latchkey_refresh() {
  [ $# -gt 0 ] || { _latchkey_spared=' @optional@ '; set -- @shells@; }
  _latchkey_each _latchkey_give "$@"
}

# [NAME...]: unset them all
latchkey_forget() {
  [ $# -gt 0 ] || set -- @shells@
  _latchkey_each unset "$@"
}

# COMMAND NAME...: the command for each, and a line for each that it failed for
_latchkey_each() {
  _latchkey_action=$1 _latchkey_refused= _latchkey_missed=0
  shift
  for _latchkey_asked in "$@"; do
    _latchkey_find "$_latchkey_asked" "$_latchkey_action" && continue
    case "$?${_latchkey_spared-}" in 1*" $_latchkey_asked "*) continue ;; esac
    printf 'latchkey: %s %s\n' "$_latchkey_asked" "$_latchkey_why" >&2
    _latchkey_missed=1
  done
  set -- "$_latchkey_missed"
  _latchkey_clean
  return "$1"
}

# NAME... -- COMMAND...: become the command, with these credentials and no other that is declared
_latchkey_run() {
  set -f
  _latchkey_wanted= _latchkey_refused=
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case $1 in *[!\ ]*) ;; *) _latchkey_stop 'latchkey-run: a name is empty' ;; esac
    _latchkey_wanted="$_latchkey_wanted $1"
    shift
  done
  [ $# -gt 1 ] && [ -n "$_latchkey_wanted" ] || _latchkey_stop 'usage: latchkey-run NAME... -- COMMAND [ARGUMENT...]'
  shift
  command -v "$1" >/dev/null || { printf 'latchkey-run: there is no command %s\n' "$1" >&2; exit 127; }
  unset @all@
  for _latchkey_asked in $_latchkey_wanted; do
    _latchkey_find "$_latchkey_asked" _latchkey_take || _latchkey_stop "latchkey-run: $_latchkey_asked $_latchkey_why"
  done
  for _latchkey_asked in $_latchkey_wanted; do
    _latchkey_find "$_latchkey_asked" export
  done
  _latchkey_clean
  exec "$@"
}

_latchkey_stop() {
  printf '%s\n' "$1" >&2
  exit 125
}

# VARIABLE...: export those that are not set yet
_latchkey_add() {
  for _latchkey_variable in "$@"; do
    shift
    eval "[ -n \"\${$_latchkey_variable+set}\" ]" || set -- "$@" "$_latchkey_variable"
  done
  [ $# -eq 0 ] || _latchkey_give "$@"
}

_latchkey_give() {
  _latchkey_take "$@" && export "$@"
}

# VARIABLE...: set them to what was found; not exported yet, so that no program started meanwhile is given it.
# As a reader, it returns 1 where there is nothing.
_latchkey_take() {
  unset "$@"
  _latchkey_value= _latchkey_why='is empty'
  _latchkey_read "$_latchkey_credential" || [ $? -lt 2 ] || return 2
  [ -n "$_latchkey_value" ] || return 1
  _latchkey_why='is too long for an environment'
  [ "${#_latchkey_value}" -le 100000 ] || return 2
  for _latchkey_variable in "$@"; do
    eval "$_latchkey_variable=\$_latchkey_value"
  done
}

_latchkey_clean() {
  unset _latchkey_value _latchkey_text _latchkey_hex _latchkey_octal _latchkey_byte _latchkey_code _latchkey_why
  unset _latchkey_asked _latchkey_name _latchkey_credential _latchkey_variable _latchkey_action _latchkey_missed
  unset _latchkey_refused _latchkey_bus _latchkey_unlocked _latchkey_spared
}

"""

RUN = """#!/bin/sh
@made_by@
# latchkey-run NAME... -- COMMAND [ARGUMENT...]: the command, with these credentials and no other that is declared
[ -r @library@ ] || { echo 'latchkey-run: there is no' @library@ >&2; exit 125; }
. @library@
_latchkey_run "$@"
"""
