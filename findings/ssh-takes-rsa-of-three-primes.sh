#!/bin/sh
# OpenSSH 9.2p1 signs with an RSA key of three primes, though its own key format can't hold one.
#
# OpenSSH's container and the agent protocol have room for two factors, so one would guess that a multi-prime
# key (RFC 8017, version 1) is refused. It loads from PEM and signs, for it stays libcrypto's key. Rewritten in
# OpenSSH's container it has two of its three factors, p * q != n, and signs all the same: OpenSSL notices that
# its short cut fails and uses the private exponent. PuTTYgen 0.78 refuses the PEM file. Seen with
# openssh-client 1:9.2p1-2+deb12u10, libssl3 3.0.22-1~deb12u2, putty-tools 0.78-2+deb12u2:
#
#   three.pem: signs, verifies; puttygen: version number mismatch
#   three.openssh: signs, verifies
set -eu
d=$(mktemp -d)
trap 'rm -rf "$d"' EXIT
cd "$d"
apt-get -qq download openssh-client=1:9.2p1-2+deb12u10 openssl=3.0.22-1~deb12u2 libssl3=3.0.22-1~deb12u2 \
    putty-tools=0.78-2+deb12u2
for package in ./*.deb; do dpkg-deb -x "$package" root; done
LD_LIBRARY_PATH=$(dirname "$(find "$d/root" -name libcrypto.so.3)")
export LD_LIBRARY_PATH OPENSSL_CONF=/dev/null
openssl="$d/root/usr/bin/openssl" keygen="$d/root/usr/bin/ssh-keygen"
"$openssl" genrsa -traditional -primes 3 -out three.pem 3072 2>/dev/null
"$openssl" asn1parse -in three.pem | sed -n 2p | grep -q 'INTEGER *:01' # version 1: multi-prime
cp three.pem three.openssh
chmod 600 three.pem three.openssh
"$keygen" -q -p -N '' -f three.openssh >/dev/null
head -n 1 three.openssh | grep -q 'BEGIN OPENSSH PRIVATE KEY'
echo message >m
for file in three.pem three.openssh; do
    "$keygen" -y -f "$file" >"$file.pub"
    rm -f m.sig
    "$keygen" -q -Y sign -n file -f "$file" m
    "$keygen" -q -Y check-novalidate -n file -s m.sig <m >/dev/null
done
cmp three.pem.pub three.openssh.pub
if root/usr/bin/puttygen three.pem -L >out 2>&1; then
    exit 1
fi
grep -q 'version number mismatch' out
echo "three.pem: signs, verifies; puttygen: version number mismatch"
echo "three.openssh: signs, verifies"
