#!/bin/sh
# The test suites by name, whole; without one, those that need neither root nor another machine, without tests marked thorough.
# What follows -- goes on to pytest: ./test.sh unit -- -k members
set -eu

here=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd -P)
venv=$here/.venv
. "$here/requirements/venv.sh"

default="unit quality frame integration canary kill"
known="$default hostile machines fleet requirements benchmarks"
usage() {
    cat <<END
./test.sh [SUITE…] [-- PYTEST ARGUMENTS]

unit         the Python of plugins/, no network, nothing outside a temporary folder
quality      ruff, mypy, yamllint, ansible-lint, ansible-test sanity, documentation, the built collection
frame        bootstrap.sh and the environment it makes
integration  the real parts: zsh, a keyring, OpenBao, moto, playbooks from end to end
canary       a secret through everything, found only where it is declared to be
kill         killed at every step and at random moments: each file is as before or as wanted
hostile      a member who takes over the own process against a run of root (root)
machines     booted Debian machines on which nothing is prepared (root)
fleet        many machines and many members at once (root)
requirements the pinned versions have wheels for every supported platform (asks the package index)
benchmarks   what a run costs, side by side with the plain ways

Without a suite: $default, without the tests marked thorough, which
are further cases of what a shorter test covers. A suite that is named runs all of its tests.
END
}

suites=
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage && exit ;;
    --) shift && break ;;
    *) suites="$suites${suites:+ }$1" ;;
    esac
    shift
done
for suite in $suites; do
    case " $known " in
    *" $suite "*) ;;
    *) die "no suite $suite: there are $known" ;;
    esac
done

choice=
[ -n "$suites" ] || choice='not thorough'
suites=${suites:-$default}

make_venv test
# Never the inventory of the person who runs the tests.
export LATCHKEY_INVENTORY="$here/inventory/local"
export PATH="$venv/bin:$PATH"
prepared() { python -I "$here/starter/environment.py" "$@"; }
cd "$here"

failed=
for suite in $suites; do
    printf '\n== %s\n' "$suite"
    case $suite in
    benchmarks) prepared python -m tests.benchmarks ;;
    # Two more than there are processors, as many unit tests wait for a deadline.
    unit) prepared python -m pytest -n "$(($(getconf _NPROCESSORS_ONLN) + 2))" --dist loadfile ${choice:+-m "$choice"} tests/unit "$@" ;;
    quality | machines) prepared python -m pytest -n auto --dist loadfile ${choice:+-m "$choice"} "tests/$suite" "$@" ;;
    frame | integration | canary | kill) prepared python -m pytest -n auto --dist worksteal ${choice:+-m "$choice"} "tests/$suite" "$@" ;;
    *) prepared python -m pytest ${choice:+-m "$choice"} "tests/$suite" "$@" ;;
    esac || failed="$failed $suite"
done
printf '\n== ran: %s; failed:%s\n' "$suites" "${failed:- none}"
[ -z "$failed" ]
