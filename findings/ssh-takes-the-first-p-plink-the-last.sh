#!/bin/sh
# `ssh -p 1 -p 2` connects to port 1, and `ssh -l one two@host` logs in as one: the first value wins, as in ssh_config.
#
# Nearly every program lets a later option override an earlier one, so that "ssh $OPTIONS -p 2" is a common way to
# override what a wrapper or an alias brings along; plink does it so. ssh obeys the first for -p, -l, user@, the port of
# a URI and -o alike, but the last for -c.
#
# Seen with openssh-client 1:9.2p1-2+deb12u10, putty-tools 0.78-2+deb12u2, 30 November 2026:
#   ssh -p 1 -p 2 host: port 1
#   ssh -p 1 ssh://host:2: port 1
#   ssh -o Port=1 -p 2 host: port 1
#   ssh -l one two@host: user one
#   ssh two@host -l one: user two
#   ssh -c aes128-ctr -c aes256-ctr host: ciphers aes256-ctr
#   plink -P 1 -P 2 127.0.0.1: Connecting to 127.0.0.1 port 2
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download openssh-client=1:9.2p1-2+deb12u10 putty-tools=0.78-2+deb12u2
for package in *.deb; do dpkg -x "$package" root; done
ssh_uses() { # member of `ssh -G`, arguments
    member=$1
    shift
    echo "ssh $*: $(root/usr/bin/ssh -F none -G "$@" </dev/null 2>/dev/null | grep "^$member ")"
}
{
    ssh_uses port -p 1 -p 2 host
    ssh_uses port -p 1 ssh://host:2
    ssh_uses port -o Port=1 -p 2 host
    ssh_uses user -l one two@host
    ssh_uses user two@host -l one
    ssh_uses ciphers -c aes128-ctr -c aes256-ctr host
    # Nobody has to listen there: what plink is about to do is on its log.
    HOME=$dir root/usr/bin/plink -batch -v -ssh -P 1 -P 2 127.0.0.1 </dev/null >log 2>&1 || :
    echo "plink -P 1 -P 2 127.0.0.1: $(grep '^Connecting to' log)"
} | tee seen
cmp - seen <<'END'
ssh -p 1 -p 2 host: port 1
ssh -p 1 ssh://host:2: port 1
ssh -o Port=1 -p 2 host: port 1
ssh -l one two@host: user one
ssh two@host -l one: user two
ssh -c aes128-ctr -c aes256-ctr host: ciphers aes256-ctr
plink -P 1 -P 2 127.0.0.1: Connecting to 127.0.0.1 port 2
END
