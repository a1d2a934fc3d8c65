#!/bin/sh
# Dropbear's client reads the known_hosts of ssh and understands only its plainest lines: one name, as typed, without a port.
#
# It keeps its host keys in ~/.ssh/known_hosts as ssh does, so one would guess that what ssh knows is known to it. But a
# list of names, a pattern, a hashed name and "[host]:port" mean nothing to it. And since it looks for the name without
# the port, two servers behind one address (a container, a gateway that forwards ports) are one host: with the key of the
# one known, the other is refused for a key that does not match. For ssh the other is a host that it does not know.
#
# Seen with dropbear-bin 2022.83-1+deb12u3 and openssh-client 1:9.2p1-2+deb12u10 against openssh-server of that version,
# 30 November 2026; the name in known_hosts that precedes the key:
#   [127.0.0.1]:PORT: ssh logs in, dbclient does not know the host
#   [127.0.0.1]:PORT,web.lab: ssh logs in, dbclient does not know the host
#   [127.0.0.*]:*: ssh logs in, dbclient does not know the host
#   |1|...: ssh logs in, dbclient does not know the host
#   127.0.0.1: ssh logs in, dbclient logs in
#   127.0.0.1 and another server's key: ssh does not know the host, dbclient host key mismatch
set -eu
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download dropbear-bin=2022.83-1+deb12u3 openssh-client=1:9.2p1-2+deb12u10 \
    openssh-server=1:9.2p1-2+deb12u10
for package in *.deb; do dpkg -x "$package" root; done
for name in host other user; do root/usr/bin/ssh-keygen -q -t ed25519 -N '' -f "$name"; done
root/usr/bin/dropbearconvert openssh dropbear user user.dropbear 2>/dev/null
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
"$dir/root/usr/sbin/sshd" -D -e -f /dev/null -p "$port" -o ListenAddress=127.0.0.1 -o HostKey="$dir/host" \
    -o PidFile=none -o AuthorizedKeysFile="$dir/user.pub" -o StrictModes=no -o UsePAM=no 2>log &
server=$!
until ssh-keyscan -p "$port" 127.0.0.1 2>/dev/null | grep -q .; do kill -0 "$server"; done
mkdir -p home/.ssh
verdict() {
    if grep -q 'logged in' said; then
        echo 'logs in'
    elif grep -q 'key mismatch' said; then
        echo 'host key mismatch'
    else
        grep -q 'Do you want to continue connecting\|host key is known for' said
        echo 'does not know the host'
    fi
}
attempt() { # what is tried
    root/usr/bin/ssh -n -F none -o BatchMode=yes -o IdentityAgent=none -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes \
        -o GlobalKnownHostsFile=none -o UserKnownHostsFile=home/.ssh/known_hosts -i user -p "$port" \
        "$(id -un)@127.0.0.1" echo logged in >said 2>&1 || :
    ssh=$(verdict)
    # It asks the system for the home, not HOME: so it gets one of its own. "n" is the answer if it asks about the key.
    # shellcheck disable=SC2016  # expanded by the inner shell
    echo n | setsid -w unshare --user --map-root-user --mount \
        sh -c 'mount --bind home "$(getent passwd root | cut -d: -f6)" && exec "$@"' sh \
        root/usr/bin/dbclient -i user.dropbear -p "$port" "$(id -un)@127.0.0.1" echo logged in >said 2>&1 || :
    echo "$1: ssh $ssh, dbclient $(verdict)"
}
{
    key=$(cut -d' ' -f1,2 host.pub)
    for hosts in "[127.0.0.1]:$port" "[127.0.0.1]:$port,web.lab" '[127.0.0.*]:*'; do
        echo "$hosts $key" >home/.ssh/known_hosts
        attempt "$hosts"
    done
    echo "[127.0.0.1]:$port $key" >home/.ssh/known_hosts
    root/usr/bin/ssh-keygen -q -H -f home/.ssh/known_hosts >/dev/null 2>&1
    attempt '|1|...'
    echo "127.0.0.1 $key" >home/.ssh/known_hosts
    attempt 127.0.0.1
    echo "127.0.0.1 $(cut -d' ' -f1,2 other.pub)" >home/.ssh/known_hosts
    attempt "127.0.0.1 and another server's key"
} | sed "s/$port/PORT/" | tee seen
cmp - seen <<'END'
[127.0.0.1]:PORT: ssh logs in, dbclient does not know the host
[127.0.0.1]:PORT,web.lab: ssh logs in, dbclient does not know the host
[127.0.0.*]:*: ssh logs in, dbclient does not know the host
|1|...: ssh logs in, dbclient does not know the host
127.0.0.1: ssh logs in, dbclient logs in
127.0.0.1 and another server's key: ssh does not know the host, dbclient host key mismatch
END
