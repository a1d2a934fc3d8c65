#!/bin/sh
# A key that `ssh-keygen -Z` has encrypted with another cipher than the usual one is taken for a broken key by most other
# programs that read OpenSSH's format.
#
# The option takes every cipher of ssh, and the file has the cipher's name in clear; so one would guess that the others read
# such a key, or say which cipher they miss. puttygen says at least that it misses one, also for aes128-ctr. Paramiko and
# sshpk do not get as far as the cipher, though sshpk has AES-GCM on its list: the tag, which follows the key, is too many
# bytes for them. ssh2, which has ChaCha20 for connections, trips over its nonce. The passphrase is right and ssh logs in.
# `ssh-keygen -p -Z aes256-ctr` makes of it a key for all of them.
#
# Seen with openssh-client 1:9.2p1-2+deb12u10, putty-tools 0.78-2+deb12u2, python3-paramiko 2.12.0-2, python3-cryptography
# 38.0.4-3+deb12u1, ssh2 1.17.0 and sshpk 1.18.0, 30 November 2026, Ed25519:
#   aes256-ctr: all read it
#   aes128-ctr: puttygen: unrecognised cipher name; the others read it
#   aes256-gcm@openssh.com: puttygen: unrecognised cipher name; paramiko: Invalid key; sshpk: excess bytes left after key
#   chacha20-poly1305@openssh.com: the same three, and ssh2: Invalid initialization vector
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download openssh-client=1:9.2p1-2+deb12u10 putty-tools=0.78-2+deb12u2 \
    python3-paramiko=2.12.0-2 python3-cryptography=38.0.4-3+deb12u1
for package in *.deb; do dpkg -x "$package" root; done
npm install --silent --no-audit --no-fund --ignore-scripts ssh2@1.17.0 sshpk@1.18.0 >/dev/null
cat >try.py <<'END'
import sys, warnings
warnings.simplefilter("ignore")
import paramiko
try:
    paramiko.Ed25519Key.from_private_key_file(sys.argv[1], "passphrase")
    print("paramiko: read")
except Exception as error:
    print("paramiko:", error)
END
cat >try.js <<'END'
const text = require('fs').readFileSync(process.argv[2]);
const key = require('ssh2').utils.parseKey(text, 'passphrase');
console.log('ssh2: ' + (key instanceof Error ? key.message : 'read'));
try {
    require('sshpk').parsePrivateKey(text, 'auto', { passphrase: 'passphrase' });
    console.log('sshpk: read');
} catch (error) {
    console.log('sshpk: ' + error.innerErr.message);
}
END
echo passphrase >passphrase
for cipher in aes256-ctr aes128-ctr aes256-gcm@openssh.com chacha20-poly1305@openssh.com; do
    root/usr/bin/ssh-keygen -q -t ed25519 -a 1 -N passphrase -Z "$cipher" -f "$cipher"
    root/usr/bin/ssh-keygen -y -P passphrase -f "$cipher" >public
    echo "$cipher"
    if root/usr/bin/puttygen "$cipher" --old-passphrase passphrase -L >public 2>said; then
        echo 'puttygen: read'
    else
        sed -n 's/.*: /puttygen: /p' said
    fi
    PYTHONPATH=root/usr/lib/python3/dist-packages /usr/bin/python3 try.py "$cipher"
    node try.js "$cipher"
done | sed '/: /s/^/  /' | tee seen
cmp - seen <<'END'
aes256-ctr
  puttygen: read
  paramiko: read
  ssh2: read
  sshpk: read
aes128-ctr
  puttygen: unrecognised cipher name
  paramiko: read
  ssh2: read
  sshpk: read
aes256-gcm@openssh.com
  puttygen: unrecognised cipher name
  paramiko: Invalid key
  ssh2: read
  sshpk: excess bytes left after key
chacha20-poly1305@openssh.com
  puttygen: unrecognised cipher name
  paramiko: Invalid key
  ssh2: Invalid initialization vector
  sshpk: excess bytes left after key
END
