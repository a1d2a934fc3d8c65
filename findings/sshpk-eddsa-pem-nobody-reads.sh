#!/bin/sh
# npm's sshpk 1.18.0 writes Ed25519 private keys in two PEM forms that OpenSSH 9.2 refuses.
#
# toString('pem') gives "BEGIN EdDSA PRIVATE KEY", the form of RFC 5915 with an Ed25519 OID, a label that no
# other program knows: OpenSSL 3.0 and ssh-keygen 9.2 refuse it. toString('pkcs8') is PKCS#8 of version 2 (RFC
# 5958, the public key appended), which OpenSSL before 3.5 does not parse, so that not even `openssl pkey`
# takes it. Only toString('openssh') loads. Seen with sshpk 1.18.0, openssh-client 1:9.2p1-2+deb12u10,
# libssl3 3.0.22-1~deb12u2:
#
#   pem: -----BEGIN EdDSA PRIVATE KEY-----: ssh-keygen refuses, openssl refuses
#   pkcs8: -----BEGIN PRIVATE KEY-----: ssh-keygen refuses, openssl refuses
#   openssh: -----BEGIN OPENSSH PRIVATE KEY-----: ssh-keygen loads
set -eu
d=$(mktemp -d)
trap 'rm -rf "$d"' EXIT
cd "$d"
npm install --silent --no-save --prefix . sshpk@1.18.0 >/dev/null
apt-get -qq download openssh-client=1:9.2p1-2+deb12u10 openssl=3.0.22-1~deb12u2 libssl3=3.0.22-1~deb12u2
for package in ./*.deb; do dpkg-deb -x "$package" root; done
node -e '
const key = require("sshpk").generatePrivateKey("ed25519");
for (const form of ["pem", "pkcs8", "openssh"])
    require("fs").writeFileSync(form, key.toString(form), {mode: 0o600});'
LD_LIBRARY_PATH=$(dirname "$(find "$d/root" -name libcrypto.so.3)")
export LD_LIBRARY_PATH OPENSSL_CONF=/dev/null
openssl="$d/root/usr/bin/openssl" keygen="$d/root/usr/bin/ssh-keygen"
for form in pem pkcs8; do
    if "$keygen" -y -f "$form" >/dev/null 2>&1 || "$openssl" pkey -in "$form" -noout 2>/dev/null; then
        exit 1
    fi
    echo "$form: $(head -n 1 "$form"): ssh-keygen refuses, openssl refuses"
done
head -n 1 pem | grep -q 'BEGIN EdDSA PRIVATE KEY'
"$openssl" asn1parse -in pkcs8 | sed -n 2p | grep -q 'INTEGER *:01' # version 2 is encoded as 1
"$keygen" -y -f openssh >/dev/null
echo "openssh: $(head -n 1 openssh): ssh-keygen loads"
