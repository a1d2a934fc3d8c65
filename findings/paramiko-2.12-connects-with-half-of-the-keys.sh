#!/bin/sh
# connect() of Paramiko 2.12 returns as after a login where the server wants a second key, and nobody is logged in.
#
# With "AuthenticationMethods publickey,publickey" sshd answers the first key with partial success. ssh, plink and npm's
# ssh2 go on with the next key; one would guess that Paramiko does so, too, or that connect() raises an exception, as it does
# when the server refuses. It has the second key at hand, from the agent or key_filename. But it goes on after a partial
# success only for a password or keyboard-interactive, and returns from connect() otherwise. The error comes
# later, from the first channel, and is about the channel. transport.is_authenticated() tells.
#
# Seen with python3-paramiko 2.12.0-2, openssh-client 1:9.2p1-2+deb12u10, putty-tools 0.78-2+deb12u2 and ssh2 1.17.0 against
# openssh-server 1:9.2p1-2+deb12u10, 30 November 2026; both keys are in authorized_keys and in the agent:
#   ssh logs in
#   plink logs in
#   ssh2 logs in
#   paramiko, agent: connect() returns, is_authenticated() is False
#   paramiko, key_filename: connect() returns, is_authenticated() is False
#   paramiko, a server that wants one key: connect() returns, is_authenticated() is True
set -eu
dir=$(mktemp -d)
pids=
# shellcheck disable=SC2154  # the loop's own
trap 'for pid in $pids; do kill "$pid"; done; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download python3-paramiko=2.12.0-2 openssh-client=1:9.2p1-2+deb12u10 \
    openssh-server=1:9.2p1-2+deb12u10 putty-tools=0.78-2+deb12u2
for package in *.deb; do dpkg -x "$package" root; done
npm install --silent --no-audit --no-fund --ignore-scripts ssh2@1.17.0 >/dev/null
PATH=$dir/root/usr/bin:$PATH
for name in host first second; do ssh-keygen -q -t ed25519 -N '' -f "$name"; done
cat first.pub second.pub >authorized
user=$(id -un)
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
serve() { # AuthenticationMethods; sets port
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    "$dir/root/usr/sbin/sshd" -D -e -f /dev/null -p "$port" -o ListenAddress=127.0.0.1 -o HostKey="$dir/host" \
        -o PidFile=none -o AuthorizedKeysFile="$dir/authorized" -o StrictModes=no -o UsePAM=no \
        -o AuthenticationMethods="$1" 2>>log &
    pids="$pids $!"
    until ssh-keyscan -p "$port" 127.0.0.1 2>/dev/null | grep -q .; do kill -0 "$!"; done
}
SSH_AUTH_SOCK=$dir/agent
export SSH_AUTH_SOCK
ssh-agent -D -a "$SSH_AUTH_SOCK" >agent.log 2>&1 &
pids=$!
until [ -S "$SSH_AUTH_SOCK" ]; do kill -0 "$pids"; done
ssh-add -q first second
cat >try.py <<'END'
import sys, warnings
warnings.simplefilter("ignore")
import paramiko

what, port, user = sys.argv[1], int(sys.argv[2]), sys.argv[3]
keys = {"allow_agent": False, "key_filename": sys.argv[4:]} if sys.argv[4:] else {}
client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
try:
    client.connect("127.0.0.1", port, user, look_for_keys=False, **keys)
    print(f"paramiko, {what}: connect() returns, is_authenticated() is {client.get_transport().is_authenticated()}")
except Exception as error:
    print(f"paramiko, {what}: {type(error).__name__}: {error}")
client.close()
END
cat >try.js <<'END'
const { Client } = require('ssh2');
const client = new Client();
client.on('ready', () => {
    console.log('ssh2 logs in');
    client.end();
}).on('error', error => console.log(`ssh2 ${error.message}`))
    .connect({ host: '127.0.0.1', port: Number(process.argv[2]), username: process.argv[3],
        agent: process.env.SSH_AUTH_SOCK });
END
with_paramiko() {
    PYTHONPATH=root/usr/lib/python3/dist-packages /usr/bin/python3 try.py "$@"
}
serve publickey,publickey
two=$port
serve publickey
one=$port
{
    ssh -n -F none -o BatchMode=yes -o LogLevel=QUIET -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        -p "$two" "$user@127.0.0.1" echo ssh logs in
    HOME=$dir plink -batch -agent -P "$two" -hostkey "$(ssh-keygen -lf host.pub | cut -d' ' -f2)" "$user@127.0.0.1" \
        echo plink logs in </dev/null 2>plink.log
    node try.js "$two" "$user"
    with_paramiko agent "$two" "$user"
    with_paramiko key_filename "$two" "$user" first second
    with_paramiko 'a server that wants one key' "$one" "$user"
} | tee seen
cmp - seen <<'END'
ssh logs in
plink logs in
ssh2 logs in
paramiko, agent: connect() returns, is_authenticated() is False
paramiko, key_filename: connect() returns, is_authenticated() is False
paramiko, a server that wants one key: connect() returns, is_authenticated() is True
END
