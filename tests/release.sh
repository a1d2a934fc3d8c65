#!/bin/sh
# sh tests/release.sh SUITE [DIRECTORY]
#
# Does this checkout build and pass on another release of Debian (trixie, sid, ...)? Makes a bare root of it with
# debootstrap, from the mirror that this machine's apt uses, copies the checkout into it, and runs there what the
# README tells a user to run: tests/demo.sh and tests/check.sh. Needs root and a few GB.
#
# DIRECTORY keeps the root; one that is there already is used again. Otherwise it is temporary. Everything is mounted
# in a mount namespace and runs in a PID namespace of its own, so nothing is left mounted or running.
# MIRROR in the environment: another mirror.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/packages.sh
. tests/packages.sh
# shellcheck source=tests/roots.sh
. tests/roots.sh

usage() {
    echo "usage: sh tests/release.sh SUITE [DIRECTORY]" >&2
    exit 64
}

# try NAME: runs tests/NAME.sh inside; keeps how it ended for the summary.
try() {
    echo
    echo "== $suite: sh tests/$1.sh"
    start=$(date +%s)
    ended=passed
    inside sh "tests/$1.sh" || ended="FAILED (exit status $?)"
    summary="$summary
$(printf '%-10s%s in %s s' "$1.sh" "$ended" $(($(date +%s) - start)))"
    [ "$ended" = passed ] || failed=1
}

[ $# -eq 1 ] || [ $# -eq 2 ] || usage
suite=$1
case $suite in *[!a-z0-9-]* | '' | -*) usage ;; esac
[ "$(id -u)" -eq 0 ] || {
    echo "Only root can make a root and change into it." >&2
    exit 1
}
mirror=${MIRROR:-$(own_mirror)}

log=$(mktemp)
temporary=
# shellcheck disable=SC2317  # called by the trap
clean_up() {
    rm -f "$log"
    [ -z "$temporary" ] || rm -rf --one-file-system "$temporary"
}
trap clean_up EXIT
trap 'stop 129' HUP
trap 'stop 130' INT
trap 'stop 143' TERM
if [ $# -eq 2 ]; then
    mkdir -p "$2"
    root=$(cd "$2" && pwd)
else
    temporary=$(mktemp -d)
    root=$temporary/root
    mkdir -m 755 "$root"
    chmod 755 "$temporary"
fi
[ -e "$root/etc/debian_version" ] || make_root

rm -rf --one-file-system "$root/root/sshpreflight"
mkdir "$root/root/sshpreflight"
tar -c --exclude=./build --exclude=./.git --exclude=./.cache . | tar -x --no-same-owner -C "$root/root/sshpreflight"
summary=
failed=0
try demo
try check
echo
echo "== $suite, $(cat "$root/etc/debian_version"):"
# shellcheck disable=SC2016  # expanded by dpkg-query
inside dpkg-query -W -f '${source:Package} ${Version}\n' gcc cmake libssh-dev libssl-dev libcurl4-openssl-dev \
    libjson-c-dev openssh-client putty-tools || true
echo "$summary"
exit "$failed"
