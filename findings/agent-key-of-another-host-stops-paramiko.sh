#!/bin/sh
# A key that was added for another host (`ssh-add -h`) is listed for every program and does not sign; Paramiko and AsyncSSH
# then give up instead of trying the agent's next key, while ssh2 of npm and plink go on.
#
# One would guess that the agent hides the key, as it does from ssh at a host that it is not for, or that a client which
# gets "failure" from the agent takes the next key, as after a server's refusal. But the agent cannot tell where a client
# connects that does not say so, as ssh does; it lists the key, and refuses when the server has taken it and a signature is
# asked for. So one such key in front of the others locks these programs out; Paramiko even blames the session.
#
# Seen with openssh-client 1:9.2p1-2+deb12u10, python3-paramiko 2.12.0-2, python3-asyncssh 2.10.1-2+deb12u2,
# putty-tools 0.78-2+deb12u2 and ssh2 1.17.0 against sshd 1:9.2p1-2+deb12u10, 30 November 2026; the server takes both keys,
# the first was added for another host:
#   ssh logs in
#   plink logs in
#   ssh2 logs in
#   asyncssh ValueError: Unable to sign with requested key
#   paramiko SSHException: No existing session
# and with the second key alone:
#   asyncssh logs in
#   paramiko logs in
set -eu
dir=$(mktemp -d)
server=
agent=
# shellcheck disable=SC2154  # the loop's own
trap 'for pid in $server $agent; do kill "$pid"; done; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download python3-paramiko=2.12.0-2 python3-asyncssh=2.10.1-2+deb12u2 \
    openssh-client=1:9.2p1-2+deb12u10 openssh-server=1:9.2p1-2+deb12u10 putty-tools=0.78-2+deb12u2
for package in *.deb; do dpkg -x "$package" root; done
npm install --silent --no-audit --no-fund --ignore-scripts ssh2@1.17.0 >/dev/null
for name in host elsewhere first second; do root/usr/bin/ssh-keygen -q -t ed25519 -N '' -f "$name"; done
cat first.pub second.pub >authorized
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
"$dir/root/usr/sbin/sshd" -D -e -f /dev/null -p "$port" -o ListenAddress=127.0.0.1 -o HostKey="$dir/host" \
    -o PidFile=none -o AuthorizedKeysFile="$dir/authorized" -o StrictModes=no -o UsePAM=no 2>log &
server=$!
until ssh-keyscan -p "$port" 127.0.0.1 2>/dev/null | grep -q .; do kill -0 "$server"; done
SSH_AUTH_SOCK=$dir/agent
export SSH_AUTH_SOCK
root/usr/bin/ssh-agent -D -a "$SSH_AUTH_SOCK" >agent.log 2>&1 &
agent=$!
until [ -S "$SSH_AUTH_SOCK" ]; do kill -0 "$agent"; done
echo "elsewhere.lab $(cut -d' ' -f1,2 elsewhere.pub)" >known
root/usr/bin/ssh-add -q -H known -h elsewhere.lab first
root/usr/bin/ssh-add -q second
[ "$(root/usr/bin/ssh-add -L | wc -l)" -eq 2 ]
cat >try.py <<'END'
import asyncio, getpass, logging, sys, warnings
warnings.simplefilter("ignore")
logging.disable()
import asyncssh, paramiko
port, user = int(sys.argv[1]), getpass.getuser()

async def with_asyncssh():
    async with asyncssh.connect("127.0.0.1", port=port, username=user, known_hosts=None, config=None):
        pass

def with_paramiko():
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    try:
        client.connect("127.0.0.1", port=port, username=user, look_for_keys=False)
    finally:
        client.close()

for name, attempt in ("asyncssh", lambda: asyncio.run(with_asyncssh())), ("paramiko", with_paramiko):
    try:
        attempt()
        print(name, "logs in")
    except Exception as error:
        print(f"{name} {type(error).__name__}: {error}")
END
cat >try.js <<'END'
const { Client } = require('ssh2');
const client = new Client();
let settled = false;
client.on('ready', () => {
    settled = true;
    console.log('ssh2 logs in');
    client.end();
}).on('error', error => { // of each key that is skipped as well: the level is "agent"
    if (error.level !== 'agent' && !settled) {
        console.log('ssh2 ' + error.message);
    }
}).connect({ host: '127.0.0.1', port: Number(process.argv[2]), username: process.argv[3], agent: process.env.SSH_AUTH_SOCK });
END
try_python() {
    HOME=$dir PYTHONPATH=root/usr/lib/python3/dist-packages /usr/bin/python3 try.py "$port" 2>/dev/null
}
{
    root/usr/bin/ssh -n -F none -o BatchMode=yes -o LogLevel=QUIET -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null -p "$port" "$(id -un)@127.0.0.1" echo ssh logs in
    HOME=$dir root/usr/bin/plink -batch -agent -P "$port" \
        -hostkey "$(root/usr/bin/ssh-keygen -lf host.pub | cut -d' ' -f2)" "$(id -un)@127.0.0.1" echo plink logs in \
        </dev/null 2>plink.log
    node try.js "$port" "$(id -un)"
    try_python
    root/usr/bin/ssh-add -q -D
    root/usr/bin/ssh-add -q second
    try_python
} | tee seen
cmp - seen <<'END'
ssh logs in
plink logs in
ssh2 logs in
asyncssh ValueError: Unable to sign with requested key
paramiko SSHException: No existing session
asyncssh logs in
paramiko logs in
END
