#!/bin/sh
# OpenSSH 9.2p1 (OpenSSL 3.0) loads an RSA key of which a prime factor was changed, and its signatures verify.
#
# One would guess that p * q != n makes the key useless. But OpenSSL checks the result of its short cut with
# the factors (CRT) and falls back on the private exponent. So ssh logs in with a file that PuTTYgen 0.78 and
# others refuse ("unable to create key data structure"). The other way round, a wrong private exponent does no
# harm in PEM, where dp and dq are in the file, but breaks the same key in OpenSSH's own container, where they
# are computed from it. Seen with openssh-client 1:9.2p1-2+deb12u10, libssl3 3.0.22-1~deb12u2,
# putty-tools 0.78-2+deb12u2:
#
#   wrong factor, PEM: ssh-keygen signs, the signature verifies; puttygen refuses
#   wrong exponent, PEM: ssh-keygen signs, the signature verifies; puttygen refuses
set -eu
d=$(mktemp -d)
trap 'rm -rf "$d"' EXIT
cd "$d"
apt-get -qq download openssh-client=1:9.2p1-2+deb12u10 openssl=3.0.22-1~deb12u2 libssl3=3.0.22-1~deb12u2 \
    putty-tools=0.78-2+deb12u2
for package in ./*.deb; do dpkg-deb -x "$package" root; done
LD_LIBRARY_PATH=$(dirname "$(find "$d/root" -name libcrypto.so.3)")
export LD_LIBRARY_PATH OPENSSL_CONF=/dev/null
openssl="$d/root/usr/bin/openssl" keygen="$d/root/usr/bin/ssh-keygen" puttygen="$d/root/usr/bin/puttygen"
"$openssl" genrsa -traditional -out good.pem 2048 2>/dev/null
# The numbers of RFC 8017's RSAPrivateKey in order, one of them changed in its last hex digits (bit 8).
change() { # LINE OUT
    {
        echo 'asn1=SEQUENCE:key'
        echo '[key]'
        "$openssl" asn1parse -in good.pem | sed -n 's/.*INTEGER *:\(.*\)/0x\1/p' |
            awk -v line="$1" '{ if (NR == line) { c = substr($0, length($0) - 2, 1)
                $0 = substr($0, 1, length($0) - 3) (c == "0" ? "1" : "0") substr($0, length($0) - 1) }
                print "n" NR "=INTEGER:" $0 }'
    } >numbers
    "$openssl" asn1parse -genconf numbers -noout -out der
    { echo '-----BEGIN RSA PRIVATE KEY-----'; "$openssl" base64 -in der; echo '-----END RSA PRIVATE KEY-----'; } >"$2"
    chmod 600 "$2"
}
echo message >m
for what in "5 factor" "4 exponent"; do
    file=wrong-${what#* }
    change "${what% *}" "$file"
    "$keygen" -y -f "$file" >"$file.pub"
    rm -f m.sig
    "$keygen" -q -Y sign -n file -f "$file" m
    "$keygen" -q -Y check-novalidate -n file -s m.sig <m >/dev/null
    if "$puttygen" "$file" -L >out 2>&1; then
        exit 1
    fi
    grep -q 'unable to create key data structure' out
    echo "wrong ${what#* }, PEM: ssh-keygen signs, the signature verifies; puttygen refuses"
done
