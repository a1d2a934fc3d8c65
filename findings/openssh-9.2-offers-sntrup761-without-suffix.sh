#!/bin/sh
# Debian 12's OpenSSH 9.2 offers the key exchange sntrup761x25519-sha512 by its plain name, which OpenSSH introduced in
# 9.9 only: Debian has backported it. So what "OpenSSH 9.2" can do is not what the release notes of 9.2 say, and a
# server with nothing but the plain name can be reached from it. Ask the binary (ssh -Q kex), not a table of versions.
#
# Seen with openssh-client 1:9.2p1-2+deb12u10 on Debian 12, 29 November 2026:
#   sntrup761x25519-sha512
#   sntrup761x25519-sha512@openssh.com
set -eu
version=1:9.2p1-2+deb12u10
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download "openssh-client=$version"
dpkg -x openssh-client_*.deb .
./usr/bin/ssh -V
./usr/bin/ssh -Q kex | grep '^sntrup761' | tee offered
printf 'sntrup761x25519-sha512\nsntrup761x25519-sha512@openssh.com\n' | cmp - offered
