#!/bin/sh
# `ssh-keygen -R web1.lab` deletes the line "*.lab ..." of known_hosts, and with it the keys of all other hosts in lab; the
# line "web1.lab,web2.lab ..." goes as a whole, too.
#
# ssh-keygen(1) says that -R "removes all keys belonging to the specified hostname", and ssh itself advises the command
# when a host key has changed, so one would guess that the other names of a line stay. ssh-keygen deletes each line that
# matches, by pattern or by name. It keeps lines with a marker (@revoked, @cert-authority): after -R a host whose key is
# revoked is as unreachable as before.
#
# Seen with openssh-client 1:9.2p1-2+deb12u10, 30 November 2026; what is left of the file, in which each line has one key:
#   before: web1.lab,web2.lab | *.lab | !web1.lab,*.lab | @revoked web1.lab | @cert-authority *.lab
#   after -R web1.lab: !web1.lab,*.lab | @revoked web1.lab | @cert-authority *.lab
#   after -R web3.lab: web1.lab,web2.lab | @revoked web1.lab | @cert-authority *.lab
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download openssh-client=1:9.2p1-2+deb12u10
dpkg -x openssh-client_*.deb root
root/usr/bin/ssh-keygen -q -t ed25519 -N '' -C '' -f key
hosts() { sed 's/ ssh-ed25519 .*//' "$1" | paste -sd'|' | sed 's/|/ | /g'; }
while read -r host; do echo "$host $(cut -d' ' -f1,2 key.pub)"; done >known_hosts <<'END'
web1.lab,web2.lab
*.lab
!web1.lab,*.lab
@revoked web1.lab
@cert-authority *.lab
END
{
    echo "before: $(hosts known_hosts)"
    for host in web1.lab web3.lab; do
        cp known_hosts copy
        root/usr/bin/ssh-keygen -R "$host" -f copy >/dev/null 2>&1
        echo "after -R $host: $(hosts copy)"
    done
} | tee seen
cmp - seen <<'END'
before: web1.lab,web2.lab | *.lab | !web1.lab,*.lab | @revoked web1.lab | @cert-authority *.lab
after -R web1.lab: !web1.lab,*.lab | @revoked web1.lab | @cert-authority *.lab
after -R web3.lab: web1.lab,web2.lab | @revoked web1.lab | @cert-authority *.lab
END
