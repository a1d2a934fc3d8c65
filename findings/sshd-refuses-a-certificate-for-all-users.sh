#!/bin/sh
# A user certificate without principals is refused where sshd knows the CA from TrustedUserCAKeys, and taken where it
# knows the same CA from a cert-authority line of authorized_keys.
#
# ssh-keygen(1) says of -s without -n: "By default, generated certificates are valid for all users or hosts", so one
# would guess that such a certificate logs in anywhere. But for TrustedUserCAKeys sshd wants a list of principals, and
# logs "Certificate lacks principal list"; the client gets only "Permission denied". As host certificate the empty list
# is good for every host.
#
# Seen with openssh-server 1:9.2p1-2+deb12u10 and ssh of the same release, 30 November 2026:
#   TrustedUserCAKeys, without principals: refused: Certificate lacks principal list
#   TrustedUserCAKeys, with the user as principal: logs in
#   cert-authority in authorized_keys, without principals: logs in
set -eu
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download openssh-server=1:9.2p1-2+deb12u10
dpkg -x openssh-server_*.deb root
for name in ca host user; do ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$name"; done
ssh-keygen -q -s ca -h -I host host.pub # no principals: any host
echo "@cert-authority * $(cat ca.pub)" >known
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
cat >config <<END
ListenAddress 127.0.0.1:$port
HostKey $dir/host
HostCertificate $dir/host-cert.pub
PidFile none
StrictModes no
UsePAM no
END
attempt() { # what is tried; the options of sshd
    tried=$1
    shift
    "$dir/root/usr/sbin/sshd" -D -e -f config "$@" 2>log &
    server=$!
    until ssh-keyscan -p "$port" 127.0.0.1 2>/dev/null | grep -q .; do kill -0 "$server"; done
    if ssh -n -F none -o BatchMode=yes -o IdentityAgent=none -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes \
        -o GlobalKnownHostsFile=none -o UserKnownHostsFile=known -i user -p "$port" "$(id -un)@127.0.0.1" true \
        2>said; then
        echo "$tried: logs in"
    else
        grep -q 'Permission denied' said
        echo "$tried: refused: $(grep -o -m 1 'Certificate lacks principal list' log)"
    fi
    kill "$server"
    wait "$server" || :
    server=
}
{
    ssh-keygen -q -s ca -I user user.pub
    attempt 'TrustedUserCAKeys, without principals' -o TrustedUserCAKeys="$dir/ca.pub" -o AuthorizedKeysFile=none
    ssh-keygen -q -s ca -I user -n "$(id -un)" user.pub
    attempt 'TrustedUserCAKeys, with the user as principal' -o TrustedUserCAKeys="$dir/ca.pub" -o AuthorizedKeysFile=none
    ssh-keygen -q -s ca -I user user.pub
    echo "cert-authority $(cat ca.pub)" >authorized
    attempt 'cert-authority in authorized_keys, without principals' -o AuthorizedKeysFile="$dir/authorized"
} | tee seen
cmp - seen <<'END'
TrustedUserCAKeys, without principals: refused: Certificate lacks principal list
TrustedUserCAKeys, with the user as principal: logs in
cert-authority in authorized_keys, without principals: logs in
END
