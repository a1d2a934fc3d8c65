#!/bin/sh
# Paramiko 2.12 says that the host key does not match where known_hosts has the server's very key, if that is RSA.
#
# A client that knows one key of a host should ask for that type, and Paramiko tries to: it puts the type of the first
# line of known_hosts in front of its list. But the type of an RSA key, "ssh-rsa", is as an algorithm the signature with
# SHA-1, which OpenSSH since 8.8 does not offer. So the next one on the list, Ed25519, is negotiated, and its key is
# compared with the known RSA key. ssh, with the same known_hosts, asks for rsa-sha2-512 and logs in.
#
# Seen with python3-paramiko 2.12.0-2 against sshd 1:9.2p1-2+deb12u10 with an RSA and an Ed25519 host key,
# 30 November 2026:
#   the RSA key known: ssh logs in; paramiko refuses: BadHostKeyException, got ssh-ed25519, expected ssh-rsa
#   the Ed25519 key known: ssh logs in; paramiko logs in
set -eu
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download python3-paramiko=2.12.0-2 openssh-server=1:9.2p1-2+deb12u10
for package in *.deb; do dpkg -x "$package" root; done
ssh-keygen -q -t rsa -b 2048 -N '' -f rsa
for name in ed25519 user; do ssh-keygen -q -t ed25519 -N '' -f "$name"; done
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
"$dir/root/usr/sbin/sshd" -D -e -f /dev/null -p "$port" -o ListenAddress=127.0.0.1 -o HostKey="$dir/rsa" \
    -o HostKey="$dir/ed25519" -o PidFile=none -o AuthorizedKeysFile="$dir/user.pub" -o StrictModes=no -o UsePAM=no \
    2>log &
server=$!
until ssh-keyscan -p "$port" 127.0.0.1 2>/dev/null | grep -q .; do kill -0 "$server"; done
cat >try.py <<'END'
import sys, warnings
warnings.simplefilter("ignore")
import paramiko
client = paramiko.SSHClient()
client.load_host_keys(sys.argv[1])
try:
    client.connect("127.0.0.1", port=int(sys.argv[2]), username=sys.argv[3], key_filename="user", allow_agent=False,
                   look_for_keys=False)
    print("logs in")
except paramiko.BadHostKeyException as error:
    print(f"refuses: BadHostKeyException, got {error.key.get_name()}, expected {error.expected_key.get_name()}")
client.close()
END
seen() { # host key that is known
    echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 "$1.pub")" >known
    ssh -n -F none -o BatchMode=yes -o IdentityAgent=none -o IdentitiesOnly=yes -o UserKnownHostsFile=known \
        -o GlobalKnownHostsFile=none -o StrictHostKeyChecking=yes -i user -p "$port" "$(id -un)@127.0.0.1" \
        echo ssh logs in 2>/dev/null
    echo "paramiko $(PYTHONPATH=root/usr/lib/python3/dist-packages /usr/bin/python3 try.py known "$port" "$(id -un)")"
}
seen rsa | tee first
seen ed25519 | tee second
printf '%s\n' 'ssh logs in' 'paramiko refuses: BadHostKeyException, got ssh-ed25519, expected ssh-rsa' | cmp - first
printf '%s\n' 'ssh logs in' 'paramiko logs in' | cmp - second
