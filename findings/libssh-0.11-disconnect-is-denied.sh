#!/bin/sh
# A server that disconnects instead of answering an authentication request (sshd with MaxAuthTries 1 does so to a key it
# does not take) makes ssh_userauth_try_publickey of libssh 0.11 return SSH_AUTH_DENIED (1), as if the server had
# refused and the session could go on; the connection is gone. 0.10 returns SSH_AUTH_AGAIN (4) for the same, for ever
# in non-blocking mode. Only ssh_is_connected() tells in both.
#
# Seen with libssh-4 0.10.6-0+deb12u3 and 0.11.5-0+deb13u1 (run with trixie's C library) against sshd 9.2 on Debian 12,
# 29 November 2026:
#   returned 4, connected 0: Received SSH_MSG_DISCONNECT: 2:Too many authentication failures
#   returned 1, connected 0: Received SSH_MSG_DISCONNECT: 2:Too many authentication failures
set -eu
# The mirror that this machine's apt uses has the other release, too.
# shellcheck disable=SC2016  # expanded by apt
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Identifier: Packages' | awk '$2 == "bookworm" {print $1; exit}')
dir=$(mktemp -d)
sshd=
trap '[ -z "$sshd" ] || kill "$sshd"; rm -rf "$dir"' EXIT
cd "$dir"
mkdir -p apt/lists/partial apt/cache/archives/partial old new
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >apt/sources.list
touch apt/status
other_apt() {
    apt-get -qq -o Dir::Etc::SourceList="$dir/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State="$dir/apt" -o Dir::State::status="$dir/apt/status" -o Dir::Cache="$dir/apt/cache" \
        -o APT::Sandbox::User=root "$@"
}
other_apt update
other_apt download libssh-4=0.11.5-0+deb13u1 libc6=2.41-12+deb13u5 libssl3t64=3.5.9-1~deb13u1 \
    zlib1g=1:1.3.dfsg+really1.3.1-1+deb13u1 libgssapi-krb5-2=1.21.3-5+deb13u1 libkrb5-3=1.21.3-5+deb13u1 \
    libk5crypto3=1.21.3-5+deb13u1 libkrb5support0=1.21.3-5+deb13u1 libcom-err2=1.47.2-3+b12 \
    libkeyutils1=1.6.3-6 libzstd1=1.5.7+dfsg-1
for package in *.deb; do dpkg -x "$package" new; done
rm -f ./*.deb
apt-get -qq -o APT::Sandbox::User=root download libssh-4=0.10.6-0+deb12u3 libssh-dev=0.10.6-0+deb12u3
for package in *.deb; do dpkg -x "$package" old; done

cat >try.c <<'END'
#include <libssh/libssh.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    unsigned port = argc == 3 ? (unsigned)atoi(argv[1]) : 0;
    ssh_session session = ssh_new();
    ssh_key key = NULL;
    int no = 0, returned;

    ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &no);
    ssh_options_set(session, SSH_OPTIONS_HOST, "127.0.0.1");
    ssh_options_set(session, SSH_OPTIONS_PORT, &port);
    if (ssh_connect(session) != SSH_OK || ssh_pki_import_pubkey_file(argv[2], &key) != SSH_OK)
        return 1;
    ssh_set_blocking(session, 0);
    do {
        (void)poll(NULL, 0, 10);
        returned = ssh_userauth_try_publickey(session, "root", key);
    } while (returned == SSH_AUTH_AGAIN && ssh_is_connected(session));
    printf("returned %d, connected %d: %s\n", returned, ssh_is_connected(session),
           ssh_get_error(session));
    return 0;
}
END
old=$(dirname "$(find old -name libssh.so.4)")
new=$(dirname "$(find new -name libssh.so.4)")
gcc -o try -I old/usr/include try.c -Wl,--allow-shlib-undefined "$old/libssh.so.4"

for name in host key; do ssh-keygen -q -t ed25519 -N '' -f "$name"; done
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
/usr/sbin/sshd -D -e -f /dev/null -p "$port" -o ListenAddress=127.0.0.1 -o HostKey="$dir/host" -o PidFile=none \
    -o AuthorizedKeysFile="$dir/none" -o UsePAM=no -o MaxAuthTries=1 -o LogLevel=QUIET &
sshd=$!
until ssh-keyscan -p "$port" 127.0.0.1 2>/dev/null | grep -q .; do kill -0 "$sshd"; done
{
    LD_LIBRARY_PATH=$old ./try "$port" key.pub
    "$(find new -name ld-linux-x86-64.so.2 -type f)" --library-path "$new" ./try "$port" key.pub
} | tee seen
text='connected 0: Received SSH_MSG_DISCONNECT: 2:Too many authentication failures'
printf 'returned 4, %s\nreturned 1, %s\n' "$text" "$text" | cmp - seen
