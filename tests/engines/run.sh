#!/bin/sh
# sh tests/engines/run.sh SSHPREFLIGHT LAB-CLOUD [slurm] [parallel] [kubernetes]
#
# A fleet in ten parts on what people run them with: a Slurm job array on three nodes, GNU parallel by ssh on two hosts;
# one part is killed half-way, run again by the engine, and the merged report is that of one run. And the manifest of the
# Indexed Job, against the API's published model. Not a part of check.sh: wants Debian's slurm-wlm, munge and parallel,
# and for the last one npm. As root: all of it runs in namespaces of its own, and ends with them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 2 ] || { sed -n '2,8p' "$0" >&2; exit 64; }
binary=$(readlink -f "$1")
lab_cloud=$(readlink -f "$2")
shift 2
[ $# -gt 0 ] || set -- slurm parallel kubernetes
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' HUP INT TERM
case " $* " in *" kubernetes "*)
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work" kubernetes-types@1.30.0 typescript@5.9.3
    /usr/bin/python3 -B "$here/indexed_job.py" "$here/../../examples/kubernetes-indexed-job.yml" "$work/node_modules"
    ;;
esac
printf '127.0.0.1 localhost engine\n::1 localhost\n' >"$work/hosts"
# shellcheck disable=SC2016  # expanded inside
unshare --mount --uts --net --pid --fork --kill-child --mount-proc sh -euc '
    ip link set lo up
    ip address add 192.0.2.1/32 dev lo # getaddrinfo(3) with AI_ADDRCONFIG wants one beside 127.0.0.1
    hostname engine
    mount --bind "$0/hosts" /etc/hosts
    mount -t tmpfs -o mode=755 tmpfs /run
    exec /usr/bin/python3 -B "$@"' "$work" "$here/engines.py" "$binary" "$lab_cloud" "$work" "$@"
