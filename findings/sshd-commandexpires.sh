#!/bin/sh
# sshd announces "commandexpires" for a key with command= and expiry-time=: two options in one word.
#
# Tried with openssh-server and openssh-client 1:9.2p1-2+deb12u10 of Debian 12.
#
# After the login sshd sends a debug message with the options of the key's line in authorized_keys, separated by
# blanks, so that a client can see that a forced command is there. "expires" is put behind what comes before it
# without a blank (auth.c, auth_log_authopts), and the option before it is "command" or "agent-forwarding": whoever
# looks for the word "command" misses it for a key that also expires.
#
# Seen:
#   debug1: Remote: .../authorized_keys:1: key options: agent-forwardingexpires port-forwarding pty user-rc ...
#   debug1: Remote: .../authorized_keys:1: key options: agent-forwarding command port-forwarding pty user-rc ...
#   debug1: Remote: .../authorized_keys:1: key options: agent-forwarding commandexpires port-forwarding pty ...
set -eu
folder=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server" 2>/dev/null || :; rm -rf "$folder"' EXIT
cd "$folder"
apt-get -qq -o APT::Sandbox::User=root download openssh-server=1:9.2p1-2+deb12u10
dpkg-deb -x openssh-server_*.deb root
mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N '' -f host
ssh-keygen -q -t ed25519 -N '' -f user
port=$((20000 + $$ % 20000))
cat >config <<EOF
Port $port
ListenAddress 127.0.0.1
HostKey $folder/host
AuthorizedKeysFile $folder/authorized_keys
StrictModes no
UsePAM no
PidFile none
EOF
"$folder/root/usr/sbin/sshd" -D -e -f "$folder/config" 2>log &
server=$!
until grep -q "Server listening" log; do
    kill -0 "$server"
    sleep 0.1
done
options_of() { # what precedes the key
    echo "$1 $(cat user.pub)" >authorized_keys
    ssh -v -F none -o BatchMode=yes -o IdentityAgent=none -o IdentitiesOnly=yes \
        -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=/dev/null -i user -p "$port" \
        "$(id -un)@127.0.0.1" true </dev/null 2>&1 | grep -m1 -o 'key options:.*'
}
options_of 'expiry-time="20991231"' | tee said
grep -q ' agent-forwardingexpires ' said
options_of 'command="true"' | tee said
grep -q ' command ' said
options_of 'command="true",expiry-time="20991231"' | tee said
grep -q ' commandexpires ' said
