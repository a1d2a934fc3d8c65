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

usage() {
    echo "usage: sh tests/release.sh SUITE [DIRECTORY]" >&2
    exit 64
}

make_root() {
    [ -n "$mirror" ] || {
        echo "apt has no http mirror of its own release here; give one: MIRROR=URL sh tests/release.sh $suite" >&2
        exit 1
    }
    # shellcheck disable=SC2034  # read by install_missing
    packages=debootstrap
    install_missing
    # A release younger than the debootstrap here is made as sid is.
    script=/usr/share/debootstrap/scripts/$suite
    [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
    echo "Making a bare $suite in $root"
    contained debootstrap --variant=minbase "$suite" "$root" "$mirror" "$script" >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        exit 1
    }
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/throw-away" # what a crash would lose is made again
    # How this machine reaches its mirror, and what it thinks of the mirror's dates, holds there, too.
    apt-config dump | grep -E '^Acquire::(http|https|Retries|Check-[A-Za-z-]+)\b' \
        >"$root/etc/apt/apt.conf.d/90machine" || true
}

# Runs a command whose processes and mounts end with it, or with this script: unshare ignores INT and TERM, and a shell
# takes a signal only between commands, so it waits for one in the background.
running=
contained() {
    unshare --mount --propagation private --pid --fork --kill-child --mount-proc "$@" </dev/null &
    running=$!
    status=0
    wait "$running" || status=$?
    running=
    return "$status"
}

# stop STATUS: the end of the namespace's first process is that of all the others, which unshare then has waited for.
# shellcheck disable=SC2317  # called by the traps
stop() {
    trap '' HUP INT TERM
    if [ -n "$running" ]; then
        first=
        read -r first <"/proc/$running/task/$running/children" || true
        kill -KILL "${first:-$running}" || true
        wait "$running" || true
    fi
    exit "$1"
}

# Runs a command in the root, at the copy of the checkout: a user's root would have it in /root, which is closed to others.
inside() {
    # shellcheck disable=SC2016  # expanded by the shell inside
    contained sh -euc '
        mount --bind "$0" "$0" # a mount point as /, or nothing inside could make such a namespace
        mount -t proc proc "$0/proc"
        mount --rbind /sys "$0/sys"
        mount --rbind /dev "$0/dev"
        mount -t tmpfs -o mode=755 tmpfs "$0/run"
        mkdir -p "$0/run/lock"
        status=0 # not exec: this shell takes in what others leave behind
        chroot "$0" /usr/bin/env -i HOME=/root TERM="${TERM:-dumb}" LC_ALL=C.UTF-8 \
            ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            /bin/sh -euc "cd /root/sshpreflight; exec \"\$@\"" sh "$@" || status=$?
        exit "$status"' "$root" "$@"
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
