#!/bin/sh
# Each library that reads ssh_config takes other Match lines: libssh ignores some blocks, Paramiko and AsyncSSH refuse
# the whole file for one line, and ssh obeys all of them.
#
# All three say that they read ssh's configuration, Match included. One would guess that a condition which they do not know
# fails loudly everywhere, or that the block is left out everywhere. libssh knows no originalhost, and asks "user" about a
# name that was given and not about the one that it will log in with. Paramiko and AsyncSSH stop with an error that is about
# the file, also for hosts that the block is not about; "final" and "!" may stand in a system-wide file.
#
# Seen with openssh-client 1:9.2p1-2+deb12u10, libssh-4 0.10.6-0+deb12u3, python3-paramiko 2.12.0-2 and python3-asyncssh
# 2.10.1-2+deb12u2, 30 November 2026; each block says "Port 2222":
#   Match host lab: ssh 2222, libssh 2222, asyncssh 2222, paramiko 2222
#   Match originalhost lab: ssh 2222, libssh 22, asyncssh 2222, paramiko 2222
#   Match user ME: ssh 2222, libssh 22, asyncssh 2222, paramiko 2222
#   Match !host web: ssh 2222, libssh 2222, asyncssh ConfigParseError, paramiko 2222
#   Match final: ssh 2222, libssh 2222, asyncssh ConfigParseError, paramiko ConfigParseError
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download openssh-client=1:9.2p1-2+deb12u10 libssh-4=0.10.6-0+deb12u3 \
    libssh-dev=0.10.6-0+deb12u3 python3-paramiko=2.12.0-2 python3-asyncssh=2.10.1-2+deb12u2
for package in *.deb; do dpkg -x "$package" root; done
cat >try.c <<'END'
#include <libssh/libssh.h>
#include <stdio.h>

int main(void)
{
    ssh_session session = ssh_new();
    unsigned port = 0;

    if (ssh_options_set(session, SSH_OPTIONS_HOST, "lab") != SSH_OK
        || ssh_options_parse_config(session, "config") != SSH_OK
        || ssh_options_get_port(session, &port) != SSH_OK) {
        return 1;
    }
    printf("libssh %u, ", port);
    return 0;
}
END
library=$(dirname "$(find root -name libssh.so.4)")
gcc -o try -I root/usr/include try.c "$library/libssh.so.4"
cat >try.py <<'END'
import warnings
warnings.simplefilter("ignore")
import asyncssh, paramiko

def of(name, port):
    try:
        return f"{name} {port()}"
    except Exception as error:
        return f"{name} {type(error).__name__}"

print(of("asyncssh", lambda: asyncssh.SSHClientConnectionOptions(config=["config"], host="lab").port),
      of("paramiko", lambda: paramiko.SSHConfig.from_path("config").lookup("lab").get("port", 22)), sep=", ")
END
for condition in 'host lab' 'originalhost lab' "user $(id -un)" '!host web' final; do
    printf 'Match %s\n    Port 2222\n' "$condition" >config
    {
        printf 'Match %s: ' "$condition"
        root/usr/bin/ssh -G -F config lab | sed -n 's/^port \(.*\)/ssh \1, /p' | tr -d '\n'
        LD_LIBRARY_PATH=$library ./try
        PYTHONPATH=root/usr/lib/python3/dist-packages /usr/bin/python3 try.py
    } | sed "s/^Match user $(id -un):/Match user ME:/"
done | tee seen
cmp - seen <<'END'
Match host lab: ssh 2222, libssh 2222, asyncssh 2222, paramiko 2222
Match originalhost lab: ssh 2222, libssh 22, asyncssh 2222, paramiko 2222
Match user ME: ssh 2222, libssh 22, asyncssh 2222, paramiko 2222
Match !host web: ssh 2222, libssh 2222, asyncssh ConfigParseError, paramiko 2222
Match final: ssh 2222, libssh 2222, asyncssh ConfigParseError, paramiko ConfigParseError
END
