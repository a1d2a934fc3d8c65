#!/bin/sh
# Dropbear refuses a key whose line in authorized_keys has an option that it does not know, and it knows few: neither
# from=, expiry-time= and environment=, nor pty behind "restrict", which it does know. A blank before the key will do.
#
# One would guess that a line which sshd takes is taken by Dropbear, perhaps with some restrictions ignored. The client
# gets what it gets for a wrong key, and the reason is on the server's log alone ("Bad public key options"); of a line
# that begins with a blank not even that. sshd logs in with all of these.
#
# Seen with dropbear-bin 2022.83-1+deb12u3 and openssh-server 1:9.2p1-2+deb12u10, 30 November 2026:
#   restrict: dropbear takes, sshd takes
#   restrict,pty: dropbear refuses, sshd takes
#   from="127.0.0.1": dropbear refuses, sshd takes
#   expiry-time="20991231": dropbear refuses, sshd takes
#   environment="A=b": dropbear refuses, sshd takes
#   no-user-rc: dropbear refuses, sshd takes
#   (a blank): dropbear refuses, sshd takes
#   no-pty: dropbear takes, sshd takes
set -eu
dir=$(mktemp -d)
servers=
# shellcheck disable=SC2154  # the loop's own
trap 'for pid in $servers; do kill "$pid"; done; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download dropbear-bin=2022.83-1+deb12u3 openssh-server=1:9.2p1-2+deb12u10
for package in *.deb; do dpkg -x "$package" root; done
for name in host user; do ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$name"; done
root/usr/bin/dropbearkey -t ed25519 -f dropbear_host >/dev/null 2>&1
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
wait_for() { # port, process
    until ssh-keyscan -p "$1" 127.0.0.1 2>/dev/null | grep -q .; do kill -0 "$2"; done
}
sshd_port=$(free_port)
"$dir/root/usr/sbin/sshd" -D -e -f /dev/null -p "$sshd_port" -o ListenAddress=127.0.0.1 -o HostKey="$dir/host" \
    -o PidFile=none -o AuthorizedKeysFile="$dir/home/.ssh/authorized_keys" -o StrictModes=no -o UsePAM=no 2>sshd.log &
servers=$!
wait_for "$sshd_port" "$servers"
# Dropbear reads ~/.ssh/authorized_keys and nothing else: it gets a home of its own. In a user namespace it can check
# the key but not become the user, so what counts is its log.
mkdir -p home/.ssh
chmod 700 home home/.ssh
dropbear_port=$(free_port)
# shellcheck disable=SC2016  # expanded by the inner shell
unshare --user --map-root-user --mount sh -c 'mount --bind home "$(getent passwd root | cut -d: -f6)" && exec "$@"' sh \
    root/usr/sbin/dropbear -F -E -r dropbear_host -p "127.0.0.1:$dropbear_port" -P pid 2>dropbear.log &
servers="$servers $!"
wait_for "$dropbear_port" "$!"
says() { # port, user, log, what the log says of a key that is taken
    before=$(grep -a -c "$4" "$3" || :)
    ssh -n -F none -o BatchMode=yes -o IdentityAgent=none -o IdentitiesOnly=yes -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null -i user -p "$1" "$2@127.0.0.1" true 2>said || :
    if [ "$(grep -a -c "$4" "$3")" -gt "$before" ]; then
        echo takes
    else
        grep -q 'Permission denied' said
        echo refuses
    fi
}
for options in restrict restrict,pty 'from="127.0.0.1"' 'expiry-time="20991231"' 'environment="A=b"' no-user-rc '' no-pty; do
    echo "$options $(cat user.pub)" >home/.ssh/authorized_keys
    chmod 600 home/.ssh/authorized_keys
    dropbear=$(says "$dropbear_port" root dropbear.log 'Pubkey auth succeeded')
    echo "${options:-(a blank)}: dropbear $dropbear," \
        "sshd $(says "$sshd_port" "$(id -un)" sshd.log 'Accepted publickey')"
done | tee seen
cmp - seen <<'END'
restrict: dropbear takes, sshd takes
restrict,pty: dropbear refuses, sshd takes
from="127.0.0.1": dropbear refuses, sshd takes
expiry-time="20991231": dropbear refuses, sshd takes
environment="A=b": dropbear refuses, sshd takes
no-user-rc: dropbear refuses, sshd takes
(a blank): dropbear refuses, sshd takes
no-pty: dropbear takes, sshd takes
END
