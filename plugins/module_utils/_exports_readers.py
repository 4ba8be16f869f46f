# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The readers of exports.sh, before its tools are filled in: each finds a value in one kind of place."""

from __future__ import annotations

__all__ = ["READERS"]

READERS = r"""_latchkey_newline='
'

# PATH: exactly what is in it
_latchkey_kept() {
  _latchkey_value= _latchkey_why="cannot be read: there is no $1"
  [ -e "$1" ] || return 1
  _latchkey_why="cannot be read: $1"
  [ -f "$1" ] && [ -r "$1" ] || return 2
  if [ -n "${ZSH_VERSION-}" ] && zmodload zsh/mapfile 2>/dev/null; then
    _latchkey_value=${mapfile[$1]}
    printf -v _latchkey_byte '\0'
    case $_latchkey_value in *"$_latchkey_byte"*) _latchkey_nul; return ;; esac
  else
    case $(command tr -dc '\000' <"$1" | command wc -c) in *[1-9]*) _latchkey_nul; return ;; esac
    _latchkey_value=$(command cat <"$1" && printf x)
    _latchkey_value=${_latchkey_value%x}
  fi
  _latchkey_why="is empty: $1"
}

_latchkey_nul() {
  _latchkey_value= _latchkey_why='has a NUL byte, which no variable can have'
  return 2
}

# PATH: what is in it, one newline at the end left out
_latchkey_file() {
  _latchkey_kept "$1" || return
  case $_latchkey_value in
    *"$_latchkey_newline") _latchkey_value=${_latchkey_value%"$_latchkey_newline"} ;;
    *) return 0 ;;
  esac
  _latchkey_value=${_latchkey_value%"$(printf '\r')"}
}

# PATH KEY: the last entry of this key
_latchkey_dotenv() {
  _latchkey_kept "$1" || return
  _latchkey_text=$(printf '%s\n' "$_latchkey_value" | LC_ALL=C command awk -v key="$2" '
    { sub(/\r$/, ""); line[NR] = $0 }
    END {
      sub(/^\357\273\277/, "", line[1])
      for (n = 1; n <= NR; n = after) {
        after = n + 1
        if (!match(line[n], /^[ \t]*(export[ \t]+)?[A-Za-z_][A-Za-z0-9_.-]*[ \t]*=/)) continue
        name = substr(line[n], 1, RLENGTH - 1)
        sub(/[ \t]+$/, "", name); sub(/^[ \t]+/, "", name); sub(/^export[ \t]+/, "", name)
        value = substr(line[n], RLENGTH + 1)
        rest = value; sub(/^[ \t]+/, "", rest)
        quote = substr(rest, 1, 1)
        if (quote == "\"" || quote == "\047") fine = quoted(n)
        else { sub(/[ \t]#.*/, "", value); sub(/^[ \t]+/, "", value); sub(/[ \t]+$/, "", value); fine = 1 }
        if (name == key) { last = value; code = fine ? 0 : 2; seen = 1 }
      }
      if (!seen) exit 1
      if (code) exit code
      printf "%s", last
    }
    function quoted(at,    i, c, next_one) {
      value = ""
      for (i = 2; (c = substr(rest, i, 1)) != quote; i++) {
        if (c == "" && at == NR) return 0
        if (c == "") { value = value "\n"; rest = line[++at]; i = 0; continue }
        if (c == "\\" && quote == "\"" && (next_one = substr(rest, i + 1, 1)) != "") {
          i++
          if (next_one == "n") c = "\n"
          else if (next_one == "r") c = "\r"
          else if (next_one == "t") c = "\t"
          else c = index("\\\"\047$`", next_one) ? next_one : c next_one
        }
        value = value c
      }
      if (substr(rest, i + 1) !~ /^[ \t]*(#.*)?$/) return 0
      after = at + 1
      return 1
    }'; printf 'x%d' "$?")
  _latchkey_code=${_latchkey_text##*x} _latchkey_value=${_latchkey_text%x*}
  case $_latchkey_code in
    1) _latchkey_why="cannot be read: $1 has no $2" ;;
    2) _latchkey_why="cannot be read: the value of $2 in $1 has a quote that does not end it" ;;
  esac
  return "$_latchkey_code"
}

# SERVICE ACCOUNT: an item of the macOS Keychain. Not by -w, which prints some values as hex and does not say so.
_latchkey_keychain() {
  _latchkey_why='cannot be read: the Keychain is locked or does not allow it'
  _latchkey_ask _latchkey_security "$1" "$2"
  case $? in
    0) ;;
    44) _latchkey_why='is not in the Keychain'; return 1 ;;
    *) _latchkey_refused=yes; return 2 ;;
  esac
  case $_latchkey_text in
    'password: '*) _latchkey_text=${_latchkey_text#password: } ;;
    *) _latchkey_text=${_latchkey_text#*"$_latchkey_newline"password: } ;;
  esac
  _latchkey_text=${_latchkey_text%%"$_latchkey_newline"*}
  case $_latchkey_text in
    '"'*) _latchkey_text=${_latchkey_text#\"} _latchkey_value=${_latchkey_text%\"} ;;
    0x*) _latchkey_unhex "${_latchkey_text#0x}" ;;
    *) return 1 ;;
  esac
}

_latchkey_security() {
  exec @security@ find-generic-password -s "$1" -a "$2" -g 2>&1 >/dev/null
}

# HEX and what follows it after a space: the bytes
_latchkey_unhex() {
  _latchkey_hex=${1%% *} _latchkey_octal=
  while [ -n "$_latchkey_hex" ]; do
    _latchkey_byte=${_latchkey_hex%"${_latchkey_hex#??}"} _latchkey_hex=${_latchkey_hex#??}
    [ "$_latchkey_byte" != 00 ] || { _latchkey_nul; return; }
    _latchkey_byte=$((0x$_latchkey_byte))
    _latchkey_octal="$_latchkey_octal\\$((_latchkey_byte / 64))$((_latchkey_byte / 8 % 8))$((_latchkey_byte % 8))"
  done
  _latchkey_value=$(printf "${_latchkey_octal}x")
  _latchkey_value=${_latchkey_value%x}
}

# SERVICE ACCOUNT: an item of the Secret Service. A locked one is not looked up: that would ask somebody to unlock it.
_latchkey_secret_service() {
  _latchkey_why='cannot be read: there is no session bus'
  _latchkey_bus=${DBUS_SESSION_BUS_ADDRESS-}
  if [ -z "$_latchkey_bus" ]; then
    _latchkey_bus=/run/user/$(command id -u)/bus
    [ -S "$_latchkey_bus" ] || return 2
    _latchkey_bus=unix:path=$_latchkey_bus
  fi
  _latchkey_why='cannot be read: the Secret Service is locked or does not answer'
  if [ "${_latchkey_unlocked-}" != yes ]; then
    _latchkey_ask env DBUS_SESSION_BUS_ADDRESS="$_latchkey_bus" @dbus_send@ --session --print-reply \
      --dest=org.freedesktop.secrets /org/freedesktop/secrets/aliases/default \
      org.freedesktop.DBus.Properties.Get string:org.freedesktop.Secret.Collection string:Locked
    case $_latchkey_text in
      *'boolean false'*) _latchkey_unlocked=yes ;;
      *) _latchkey_refused=yes; return 2 ;;
    esac
  fi
  _latchkey_ask env DBUS_SESSION_BUS_ADDRESS="$_latchkey_bus" @secret_tool@ lookup -- service "$1" account "$2"
  case $? in
    0) _latchkey_value=$_latchkey_text ;;
    1) _latchkey_why='is not in the Secret Service'; return 1 ;;
    *) _latchkey_refused=yes; return 2 ;;
  esac
}

# COMMAND...: what it says to _latchkey_text. A store that did not answer once is not asked again in the same go.
_latchkey_ask() {
  _latchkey_text=
  [ -z "$_latchkey_refused" ] || return 2
  _latchkey_text=$(_latchkey_within "$@" 2>/dev/null; printf 'x%d' "$?")
  _latchkey_code=${_latchkey_text##*x} _latchkey_text=${_latchkey_text%x*}
  return "$_latchkey_code"
}

# COMMAND...: run it, for five seconds at most
_latchkey_within() {
  "$@" </dev/null &
  _latchkey_pid=$!
  {
    trap 'kill "$_latchkey_nap"; wait "$_latchkey_nap"; exit' TERM
    sleep 5 &
    _latchkey_nap=$!
    wait "$_latchkey_nap" && kill -KILL "$_latchkey_pid"
  } </dev/null >/dev/null 2>&1 &
  wait "$_latchkey_pid"
  set -- "$?"
  kill "$!"
  wait "$!"
  return "$1"
}
"""
