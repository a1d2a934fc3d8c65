#!/bin/sh
# Paramiko 2.12 logs in as "deploy # the new one" where ssh_config has "User deploy # the new one", and ignores Include.
#
# SSHConfig hands out what the file says about a host, and one would guess that this is what `ssh -G` says, or an error. But
# a comment behind a value is a part of the value for it, and Include is one more keyword, whose value nobody asks for. So
# the login goes to the usual port as a user that does not exist, and a configuration that is kept in parts (config.d) is
# empty, without a word.
#
# Seen with openssh-client 1:9.2p1-2+deb12u10 and python3-paramiko 2.12.0-2, 30 November 2026:
#   ssh: user "deploy", port "2222"
#   paramiko: user "deploy # the new one", port "22"
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download openssh-client=1:9.2p1-2+deb12u10 python3-paramiko=2.12.0-2
for package in *.deb; do dpkg -x "$package" root; done
cat >config <<END
Include $dir/part
Host lab
    User deploy # the new one
END
printf 'Host lab\n    Port 2222\n' >part
cat >try.py <<'END'
import warnings
warnings.simplefilter("ignore")
import paramiko
found = paramiko.SSHConfig.from_path("config").lookup("lab")
print(f'paramiko: user "{found["user"]}", port "{found.get("port", 22)}"')
END
{
    root/usr/bin/ssh -G -F config lab | sed -n 's/^user \(.*\)/ssh: user "\1"/p; s/^port \(.*\)/, port "\1"/p' | tr -d '\n'
    echo
    PYTHONPATH=root/usr/lib/python3/dist-packages /usr/bin/python3 try.py
} | tee seen
printf '%s\n' 'ssh: user "deploy", port "2222"' 'paramiko: user "deploy # the new one", port "22"' | cmp - seen
