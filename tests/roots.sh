# shellcheck shell=sh disable=SC2154
# Sourced: bare roots of Debian's releases, and what runs inside. The caller sets $suite, $root, $log (a file for what
# nobody reads unless it fails) and $mirror, and has the signals end in stop:
#
#     trap 'stop 129' HUP; trap 'stop 130' INT; trap 'stop 143' TERM

make_root() {
    [ -n "$mirror" ] || {
        echo "apt has no http mirror of its own release here; give one: MIRROR=URL sh tests/..." >&2
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
