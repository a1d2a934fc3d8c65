#!/bin/sh
# Paramiko 2.12 does not try the key where it finds a certificate beside it: an old KEY-cert.pub shuts out a key that is in
# authorized_keys.
#
# ssh, too, takes KEY-cert.pub unasked, and when the server refuses the certificate it goes on with the bare key; AsyncSSH
# does so, and one would guess that of all of them. Paramiko puts the certificate in place of the key. So a program that
# logged in for years fails once somebody leaves a certificate there that this server does not trust, with nothing but
# "Authentication failed", while ssh with the same file logs in.
#
# Seen with python3-paramiko 2.12.0-2, python3-asyncssh 2.10.1-2+deb12u2 and openssh-client 1:9.2p1-2+deb12u10 against
# openssh-server of the same version, 30 November 2026, the key in authorized_keys, the CA unknown to the server:
#   without a certificate: ssh logs in, asyncssh logs in, paramiko logs in
#   with user-cert.pub: ssh logs in, asyncssh logs in, paramiko AuthenticationException: Authentication failed.
set -eu
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download python3-paramiko=2.12.0-2 python3-asyncssh=2.10.1-2+deb12u2 \
    openssh-client=1:9.2p1-2+deb12u10 openssh-server=1:9.2p1-2+deb12u10
for package in *.deb; do dpkg -x "$package" root; done
for name in ca host user; do root/usr/bin/ssh-keygen -q -t ed25519 -N '' -f "$name"; done
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
"$dir/root/usr/sbin/sshd" -D -e -f /dev/null -p "$port" -o ListenAddress=127.0.0.1 -o HostKey="$dir/host" \
    -o PidFile=none -o AuthorizedKeysFile="$dir/user.pub" -o StrictModes=no -o UsePAM=no 2>log &
server=$!
until ssh-keyscan -p "$port" 127.0.0.1 2>/dev/null | grep -q .; do kill -0 "$server"; done
cat >try.py <<'END'
import asyncio, getpass, sys, warnings
warnings.simplefilter("ignore")
import asyncssh, paramiko
port, user = int(sys.argv[1]), getpass.getuser()

async def with_asyncssh():
    async with asyncssh.connect("127.0.0.1", port=port, username=user, client_keys=["user"], known_hosts=None,
                                agent_path=None, config=None):
        return "logs in"

def with_paramiko():
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    try:
        client.connect("127.0.0.1", port=port, username=user, key_filename="user", allow_agent=False, look_for_keys=False)
        return "logs in"
    except paramiko.AuthenticationException as error:
        return f"{type(error).__name__}: {error}"
    finally:
        client.close()

print(f"asyncssh {asyncio.run(with_asyncssh())}, paramiko {with_paramiko()}")
END
attempt() {
    root/usr/bin/ssh -n -F none -o BatchMode=yes -o IdentityAgent=none -o IdentitiesOnly=yes -o LogLevel=QUIET \
        -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i user -p "$port" "$(id -un)@127.0.0.1" true
    echo "$1: ssh logs in, $(PYTHONPATH=root/usr/lib/python3/dist-packages /usr/bin/python3 try.py "$port")"
}
{
    attempt 'without a certificate'
    root/usr/bin/ssh-keygen -q -s ca -I lab -n "$(id -un)" user.pub
    attempt 'with user-cert.pub'
} | tee seen
cmp - seen <<'END'
without a certificate: ssh logs in, asyncssh logs in, paramiko logs in
with user-cert.pub: ssh logs in, asyncssh logs in, paramiko AuthenticationException: Authentication failed.
END
