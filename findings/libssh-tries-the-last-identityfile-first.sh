#!/bin/sh
# libssh 0.10 tries the keys of a ssh_config in the opposite order: the last IdentityFile first.
#
# ssh_config(5) says that several IdentityFile lines are tried in sequence, and ssh does so. libssh reads the same file
# and puts each one in front of those before it (ssh_options_set, SSH_OPTIONS_ADD_IDENTITY). With a server that allows
# few attempts, a key at the head of the list that ssh logs in with is the one that libssh does not get to.
#
# Seen with libssh-4 0.10.6-0+deb12u3 and openssh-client 1:9.2p1-2+deb12u10 against sshd of the same release,
# 30 November 2026, IdentityFile one, two and three in this order, the keys that the server refused:
#   ssh: one two three
#   libssh: three two one
set -eu
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download libssh-4=0.10.6-0+deb12u3 libssh-dev=0.10.6-0+deb12u3 \
    openssh-client=1:9.2p1-2+deb12u10 openssh-server=1:9.2p1-2+deb12u10
for package in *.deb; do dpkg -x "$package" root; done
cat >try.c <<'END'
#include <libssh/libssh.h>

int main(int argc, char **argv)
{
    ssh_session session = ssh_new();

    if (argc != 3 || ssh_options_set(session, SSH_OPTIONS_HOST, "127.0.0.1") != SSH_OK
        || ssh_options_set(session, SSH_OPTIONS_PORT_STR, argv[1]) != SSH_OK
        || ssh_options_parse_config(session, argv[2]) != SSH_OK || ssh_connect(session) != SSH_OK) {
        return 1;
    }
    return ssh_userauth_publickey_auto(session, NULL, NULL) != SSH_AUTH_DENIED;
}
END
library=$(dirname "$(find root -name libssh.so.4)")
gcc -o try -I root/usr/include try.c "$library/libssh.so.4"
for name in host one two three; do ssh-keygen -q -t ed25519 -N '' -f "$name"; done
for name in one two three; do echo "IdentityFile $dir/$name"; done >config
echo 'IdentitiesOnly yes' >>config
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
"$dir/root/usr/sbin/sshd" -D -e -f /dev/null -p "$port" -o ListenAddress=127.0.0.1 -o HostKey="$dir/host" \
    -o PidFile=none -o AuthorizedKeysFile="$dir/none" -o UsePAM=no -o LogLevel=VERBOSE 2>log &
server=$!
until ssh-keyscan -p "$port" 127.0.0.1 2>/dev/null | grep -q .; do kill -0 "$server"; done
refused() { # LABEL, connections so far: the keys' names in the order of the server's log
    until [ "$(grep -a -c 'Failed publickey' log)" -eq "$2" ]; do kill -0 "$server"; done
    echo "$1:$(grep -a 'Failed publickey' log | tail -n 3 | grep -o 'SHA256:[A-Za-z0-9+/]*' | while read -r print; do
        for name in one two three; do
            if ssh-keygen -lf "$name.pub" | grep -qF "$print"; then printf ' %s' "$name"; fi
        done
    done)"
}
root/usr/bin/ssh -n -F config -o BatchMode=yes -o IdentityAgent=none -o StrictHostKeyChecking=no \
    -o UserKnownHostsFile=/dev/null -o LogLevel=QUIET -p "$port" 127.0.0.1 true || [ $? -eq 255 ]
refused ssh 3 | tee seen
env -u SSH_AUTH_SOCK LD_LIBRARY_PATH="$library" ./try "$port" config
refused libssh 6 | tee -a seen
printf 'ssh: one two three\nlibssh: three two one\n' | cmp - seen
