# shellcheck shell=sh
# Sourced by bootstrap.sh for root, with $here and $offered, the PATH it was given: leaves nothing in the environment by which
# root would run, read or write what somebody else can change.

: "${here:?}" "${offered?}"

own_folders() (
    set -f
    IFS=:
    for folder in $offered; do
        case $folder in
        /*) [ ! -d "$folder" ] || [ -n "$(changeable "$folder")" ] || printf '%s:' "$folder" ;;
        esac
    done
)
PATH=$(own_folders)$PATH
export PATH HOME=~root

word='[A-Za-z0-9_]*'
powerful="_?ANSIBLE_$word|(PYTHON|LD_|DYLD_|OPENSSL_|PIP_|UV_)$word|XDG_$word(HOME|DIRS)|GCONV_PATH|ENV|BASH_ENV|TE?MP(DIR)?"
harmless="ANSIBLE_(FORCE_COLOR|NOCOLOR|STDOUT_CALLBACK|CALLBACK_RESULT_FORMAT|DISPLAY_$word|VERBOSITY|DEBUG|FORKS|TIMEOUT)"
indexes="(PIP|UV)_$word(INDEX|INDEX_URL|INDEX_${word}_(USERNAME|PASSWORD)|HOST|LINKS|CERT|CERTS|TLS|PROXY|TIMEOUT|RETRIES)"
for name in $(env | cut -d= -f1 | grep -xE "$powerful" | grep -vxE "$harmless|$indexes|UV_(OFFLINE|PYTHON_DOWNLOADS)"); do
    unset "$name"
done

[ -n "${copy:-}" ] || venv=/opt/latchkey/venv
for name in "$here" "$HOME" "$venv"; do
    refuse "$(changeable "$name")"
done
