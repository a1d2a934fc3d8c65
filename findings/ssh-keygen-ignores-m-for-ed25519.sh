#!/bin/sh
# ssh-keygen 9.2p1: -m PEM and -m PKCS8 are ignored for Ed25519, without a word and with status 0.
#
# For RSA and ECDSA both write PEM. For Ed25519 the file comes in OpenSSH's own container whatever was asked
# for; converting with -p -m PKCS8 does not change it either. (The same option of OpenSSH 10 does write
# "BEGIN PRIVATE KEY", which 9.2 then can't load.) Seen with openssh-client 1:9.2p1-2+deb12u10:
#
#   -t rsa -m PKCS8: -----BEGIN PRIVATE KEY-----
#   -t ed25519 -m PKCS8: -----BEGIN OPENSSH PRIVATE KEY-----
#   -t ed25519 -m PEM: -----BEGIN OPENSSH PRIVATE KEY-----
set -eu
d=$(mktemp -d)
trap 'rm -rf "$d"' EXIT
cd "$d"
apt-get -qq download openssh-client=1:9.2p1-2+deb12u10
dpkg-deb -x ./*.deb root
for options in "rsa PKCS8" "ed25519 PKCS8" "ed25519 PEM"; do
    type=${options% *} form=${options#* }
    root/usr/bin/ssh-keygen -q -t "$type" -m "$form" -N '' -f "$type-$form" 2>messages
    test ! -s messages
    echo "-t $type -m $form: $(head -n 1 "$type-$form")"
done
head -n 1 rsa-PKCS8 | grep -q 'BEGIN PRIVATE KEY'
head -n 1 ed25519-PKCS8 | grep -q 'BEGIN OPENSSH PRIVATE KEY'
head -n 1 ed25519-PEM | grep -q 'BEGIN OPENSSH PRIVATE KEY'
root/usr/bin/ssh-keygen -q -p -N '' -m PKCS8 -f ed25519-PEM >messages
head -n 1 ed25519-PEM | grep -q 'BEGIN OPENSSH PRIVATE KEY'
