# Made by latchkey.workstation: changes are lost.
# shellcheck shell=sh disable=SC1007 # x= y= empties two variables
# No secret is in here, only where each one is kept. Any POSIX sh can read this file; zsh reads files without a fork.

# NAME COMMAND...: the command, with the variables that this credential or variable stands for
_latchkey_find() {
  _latchkey_name=$1
  shift
  case $_latchkey_name in
    # @names@
    *) _latchkey_why='is not declared here'; return 1 ;;
  esac
}

# CREDENTIAL: its value to _latchkey_value. A reader returns 1 where there is none, 2 where it cannot tell.
_latchkey_read() {
  case $1 in
    # @places@
  esac
}

# NAME...: export those that are not set yet; silent
latchkey_export() {
  _latchkey_refused=
  for _latchkey_asked in "$@"; do
    _latchkey_find "$_latchkey_asked" _latchkey_add || : # goes on under set -e
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
  # shellcheck disable=SC2163 # the names of the variables are the arguments
  _latchkey_take "$@" && export "$@"
}

# VARIABLE...: set them to what was found; not exported yet, so that no program started meanwhile is given it.
# As a reader, it returns 1 where there is nothing.
_latchkey_take() {
  unset "$@"
  _latchkey_value= _latchkey_why='is empty'
  # shellcheck disable=SC2154 # _latchkey_find sets it
  _latchkey_read "$_latchkey_credential" || [ $? -lt 2 ] || return 2
  [ -n "$_latchkey_value" ] || return 1
  _latchkey_why='is too long for an environment'
  [ "${#_latchkey_value}" -le 100000 ] || return 2
  for _latchkey_variable in "$@"; do
    eval "$_latchkey_variable=\$_latchkey_value"
  done
}

_latchkey_clean() {
  unset _latchkey_value _latchkey_text _latchkey_octal _latchkey_byte _latchkey_code _latchkey_why
  unset _latchkey_asked _latchkey_name _latchkey_credential _latchkey_variable _latchkey_action _latchkey_missed
  unset _latchkey_refused _latchkey_bus _latchkey_unlocked _latchkey_spared
  unset _latchkey_found _latchkey_holder _latchkey_keychains _latchkey_path
}

_latchkey_newline='
'

# PATH: exactly what is in it
_latchkey_kept() {
  _latchkey_value= _latchkey_why="cannot be read: there is no $1"
  [ -e "$1" ] || return 1
  _latchkey_why="cannot be read: $1"
  [ -f "$1" ] && [ -r "$1" ] || return 2
  if [ -n "${ZSH_VERSION-}" ] && zmodload zsh/mapfile 2>/dev/null; then
    # shellcheck disable=SC2154,SC3054 # zsh only
    _latchkey_value=${mapfile[$1]}
    # shellcheck disable=SC3045 # zsh only
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
      if (!is_utf8(last)) exit 3
      printf "%s", last
    }
    function is_utf8(text) {
      gsub(/[\302-\337][\200-\277]/, "u", text)
      gsub(/\340[\240-\277][\200-\277]|[\341-\354\356\357][\200-\277][\200-\277]|\355[\200-\237][\200-\277]/, "u", text)
      gsub(/\360[\220-\277][\200-\277][\200-\277]|[\361-\363][\200-\277][\200-\277][\200-\277]/, "u", text)
      gsub(/\364[\200-\217][\200-\277][\200-\277]/, "u", text)
      return text !~ /[\200-\377]/
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
    3) _latchkey_why="cannot be read: the value of $2 in $1 is not UTF-8" ;;
    [!0]*) _latchkey_why="cannot be read: awk ended with $_latchkey_code for $1" ;;
  esac
  return "$_latchkey_code"
}

# SERVICE ACCOUNT: an item of the macOS Keychain. Not by -w, which prints some values as hex without a mark.
_latchkey_keychain() {
  _latchkey_why='cannot be read: the Keychain is locked or does not allow it'
  _latchkey_ask _latchkey_security "$1" "$2"
  case $? in
    0) ;;
    44) _latchkey_why='is not in the Keychain'; return 1 ;;
    *) _latchkey_refused=yes; return 2 ;;
  esac
  _latchkey_found=$_latchkey_newline$_latchkey_text
  _latchkey_holder=${_latchkey_found#*"$_latchkey_newline"keychain: \"}
  _latchkey_single "${_latchkey_holder%%\""$_latchkey_newline"*}" "$1" "$2" || return 2
  _latchkey_found=${_latchkey_found#*"$_latchkey_newline"password: }
  _latchkey_found=${_latchkey_found%%"$_latchkey_newline"*}
  case $_latchkey_found in
    '"'*) _latchkey_found=${_latchkey_found#\"} _latchkey_value=${_latchkey_found%\"} ;;
    0x*) _latchkey_unhex "${_latchkey_found#0x}" ;;
    *) return 1 ;;
  esac
}

# Attributes are on standard output, the value is on standard error; no line of one can be taken for one of the other.
_latchkey_security() {
  exec @security@ find-generic-password -s "$1" -a "$2" -g 2>&1
}

# KEYCHAIN SERVICE ACCOUNT: true if no other keychain of the search list has such an item. The tool reads the first one.
_latchkey_single() {
  if [ -z "${_latchkey_keychains-}" ]; then
    _latchkey_ask @security@ list-keychains || { _latchkey_refused=yes; return 2; }
    _latchkey_keychains=$_latchkey_text
  fi
  _latchkey_text=$_latchkey_keychains _latchkey_holder=$1
  set -- find-generic-password -s "$2" -a "$3"
  while [ -n "$_latchkey_text" ]; do
    _latchkey_path=${_latchkey_text%%\""$_latchkey_newline"*} _latchkey_text=${_latchkey_text#*\""$_latchkey_newline"}
    _latchkey_path=${_latchkey_path#*\"}
    [ "$_latchkey_path" = "$_latchkey_holder" ] || set -- "$@" "$_latchkey_path"
  done
  [ $# -gt 5 ] || return 0
  _latchkey_ask @security@ "$@"
  case $? in
    44) return 0 ;;
    0) _latchkey_why="cannot be read: several keychains hold service $3 and account $5; keep it in one" ;;
    *) _latchkey_refused=yes ;;
  esac
  return 2
}

# HEX and what follows it after a space: the bytes. One pass of tools: a loop of the shell copies all that is left.
_latchkey_unhex() {
  _latchkey_octal=$(printf '%s\n' "${1%% *}" | command fold -w 2 | command awk '
    $0 == "00" { exit 3 }
    {
      byte = 16 * digit(substr($0, 1, 1)) + digit(substr($0, 2, 1))
      printf "\\%d%d%d", int(byte / 64), int(byte / 8) % 8, byte % 8
    }
    function digit(letter) { return index("0123456789ABCDEF", toupper(letter)) - 1 }') ||
    { [ $? -ne 3 ] || _latchkey_nul; return 2; }
  # shellcheck disable=SC2059 # a format of octal escapes
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
  _latchkey_ask _latchkey_search "$1" "$2" || { _latchkey_refused=yes; return 2; }
  _latchkey_matched "$1" "$2"
}

# Not lookup, which picks one of several items. Each item is printed at once, its attributes on standard error.
_latchkey_search() {
  exec env DBUS_SESSION_BUS_ADDRESS="$_latchkey_bus" LC_ALL=C.UTF-8 @secret_tool@ search --all -- \
    service "$1" account "$2" 2>&1
}

# SERVICE ACCOUNT: the value of the only item in _latchkey_text, if that item has these two attributes and no other
_latchkey_matched() {
  [ -n "$_latchkey_text" ] || { _latchkey_why='is not in the Secret Service'; return 1; }
  _latchkey_text=$_latchkey_newline$_latchkey_text
  case $_latchkey_text in
    *"${_latchkey_newline}attribute.service = "*"${_latchkey_newline}attribute.service = "*)
      _latchkey_why="cannot be read: several items of the Secret Service have service $1 and account $2; keep one"
      return 2
      ;;
    *"${_latchkey_newline}secret = "*"${_latchkey_newline}created = "*) ;;
    *) _latchkey_why="cannot be read: the item with service $1 and account $2 is locked; unlock its keyring"; return 2 ;;
  esac
  _latchkey_found=$_latchkey_newline${_latchkey_text##*"${_latchkey_newline}created = "}
  _latchkey_why="cannot be read: the item with service $1 and account $2 is of another program; store it anew without"
  case $_latchkey_found in
    *"${_latchkey_newline}attribute."*"${_latchkey_newline}attribute."*"${_latchkey_newline}attribute."*)
      _latchkey_why="$_latchkey_why further attributes"
      return 2
      ;;
    *"${_latchkey_newline}schema = org.freedesktop.Secret.Generic$_latchkey_newline"*) ;;
    *"${_latchkey_newline}schema = "*) _latchkey_why="$_latchkey_why a schema"; return 2 ;;
  esac
  _latchkey_why="is empty: the item with service $1 and account $2"
  _latchkey_value=${_latchkey_text#*"${_latchkey_newline}secret = "}
  _latchkey_value=${_latchkey_value%"${_latchkey_newline}created = "*}
}

# COMMAND...: what it says to _latchkey_text. A store that did not answer once is not asked again in the same go.
_latchkey_ask() {
  _latchkey_text=
  [ -z "$_latchkey_refused" ] || return 2
  _latchkey_text=$(_latchkey_within "$@" 2>/dev/null)
  _latchkey_code=${_latchkey_text##*x} _latchkey_text=${_latchkey_text%x*}
  return "$_latchkey_code"
}

# COMMAND...: run it, for five seconds at most, and print an x and its status after its output. Nothing is trapped and
# no process waits for a signal: the end of the sleep, early or late, reaches the process that would kill the command
# through the pipe, so that none is missed.
_latchkey_within() {
  {
    sleep 5 &
    printf '%s\n' "$!"
    wait "$!" && echo late
  } | (
    exec 3<&0
    "$@" </dev/null 3<&- &
    _latchkey_pid=$!
    read -r _latchkey_nap <&3
    { read -r _latchkey_late && kill -KILL "$_latchkey_pid"; } <&3 &
    _latchkey_guard=$!
    _latchkey_code=0
    wait "$_latchkey_pid" || _latchkey_code=$?
    kill -KILL "$_latchkey_nap"
    wait "$_latchkey_guard" || :
    printf 'x%d' "$_latchkey_code"
  )
}
