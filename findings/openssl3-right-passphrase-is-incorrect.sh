#!/bin/sh
# OpenSSH 9.2p1 with OpenSSL 3.0 says "incorrect passphrase" to the right one.
#
# A PEM key encrypted with single DES, Blowfish or SEED (what `openssl genrsa -des` wrote for decades) is valid
# and the passphrase is right; but since 3.0 OpenSSL keeps these ciphers in its legacy provider, which ssh does
# not load. ssh-keygen 1:9.2p1-2+deb12u10 then reports a wrong passphrase, not a missing cipher:
#
#   Load key "des.pem": incorrect passphrase supplied to decrypt private key
#
# `openssl pkey -provider legacy -provider default` reads the same file with the same passphrase.
set -eu
d=$(mktemp -d)
trap 'rm -rf "$d"' EXIT
cd "$d"
apt-get -qq download openssh-client=1:9.2p1-2+deb12u10 openssl=3.0.22-1~deb12u2 libssl3=3.0.22-1~deb12u2
for package in ./*.deb; do dpkg-deb -x "$package" root; done
library=$(dirname "$(find "$d/root" -name libcrypto.so.3)")
export LD_LIBRARY_PATH="$library" OPENSSL_MODULES="$library/ossl-modules" OPENSSL_CONF=/dev/null
openssl="$d/root/usr/bin/openssl" keygen="$d/root/usr/bin/ssh-keygen"
legacy="-provider legacy -provider default"
"$openssl" genrsa -traditional -out plain.pem 2048 2>/dev/null
# shellcheck disable=SC2086
"$openssl" rsa $legacy -in plain.pem -traditional -des -passout pass:right -out des.pem 2>/dev/null
chmod 600 plain.pem des.pem
"$keygen" -y -P '' -f plain.pem >/dev/null # the key itself is fine
# shellcheck disable=SC2086
"$openssl" pkey $legacy -in des.pem -passin pass:right -noout # and so is the passphrase
if "$keygen" -y -P right -f des.pem >out 2>&1; then
    cat out
    exit 1
fi
cat out
grep -q 'incorrect passphrase supplied to decrypt private key' out
