#!/bin/sh
# An EC key as `openssl ecparam -genkey` writes it is read by ssh-keygen, AsyncSSH and sshpk, and refused by puttygen,
# Paramiko, Conch and npm's ssh2, though the key in it is the usual one.
#
# Without -noout the command puts a block "EC PARAMETERS" in front. ssh-keygen leaves the file to OpenSSL, which looks for
# the key; the others take the first block for it. One would also guess that the forms of the key itself which RFC 5915
# allows (the curve given by its numbers, a compressed point, no public key) are read by all who read EC keys, or by none.
# It is another choice for each, and ssh alone takes them all: so "ssh logs in, the program does not" is often the file.
#
# Seen with openssl 3.0.22-1~deb12u2, openssh-client 1:9.2p1-2+deb12u10, putty-tools 0.78-2+deb12u2, python3-paramiko
# 2.12.0-2, python3-asyncssh 2.10.1-2+deb12u2, python3-twisted 22.4.0-4+deb12u1, with python3-cryptography
# 38.0.4-3+deb12u1, ssh2 1.17.0 and sshpk 1.18.0, 30 November 2026, curve P-256:
#   usual: ssh-keygen puttygen asyncssh conch paramiko ssh2 sshpk
#   parameters in front: ssh-keygen asyncssh sshpk
#   curve by numbers: ssh-keygen asyncssh sshpk
#   compressed point: ssh-keygen asyncssh conch paramiko ssh2
#   no public key: ssh-keygen asyncssh conch paramiko ssh2
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download openssl=3.0.22-1~deb12u2 libssl3=3.0.22-1~deb12u2 \
    openssh-client=1:9.2p1-2+deb12u10 putty-tools=0.78-2+deb12u2 python3-paramiko=2.12.0-2 \
    python3-asyncssh=2.10.1-2+deb12u2 python3-twisted=22.4.0-4+deb12u1 python3-cryptography=38.0.4-3+deb12u1
for package in *.deb; do dpkg -x "$package" root; done
npm install --silent --no-audit --no-fund --ignore-scripts ssh2@1.17.0 sshpk@1.18.0 >/dev/null
LD_LIBRARY_PATH=$(dirname "$(find "$dir/root" -name libcrypto.so.3)")
export LD_LIBRARY_PATH OPENSSL_CONF=/dev/null
PATH=$dir/root/usr/bin:$PATH
openssl ecparam -name prime256v1 -genkey -out 'parameters in front'
openssl ec -in 'parameters in front' -out usual 2>/dev/null
openssl ec -in usual -param_enc explicit -out 'curve by numbers' 2>/dev/null
openssl ec -in usual -conv_form compressed -out 'compressed point' 2>/dev/null
openssl ec -in usual -no_public -out 'no public key' 2>/dev/null
chmod 600 usual ./*' '*
cat >try.py <<'END'
import sys, warnings
warnings.simplefilter("ignore")
import asyncssh, paramiko
from twisted.conch.ssh import keys
for name, read in (("asyncssh", asyncssh.read_private_key), ("conch", keys.Key.fromFile),
                   ("paramiko", paramiko.ECDSAKey.from_private_key_file)):
    try:
        read(sys.argv[1])
        print(name)
    except Exception as error:
        print(f"{name}: {error}", file=sys.stderr)
END
cat >try.js <<'END'
const text = require('fs').readFileSync(process.argv[2]);
const key = require('ssh2').utils.parseKey(text);
if (key instanceof Error) {
    console.error(`ssh2: ${key.message}`);
} else {
    console.log('ssh2');
}
try {
    require('sshpk').parsePrivateKey(text, 'auto');
    console.log('sshpk');
} catch (error) {
    console.error(`sshpk: ${error.message}`);
}
END
for form in usual 'parameters in front' 'curve by numbers' 'compressed point' 'no public key'; do
    {
        ! ssh-keygen -y -f "$form" >public || echo ssh-keygen
        ! puttygen "$form" -L >public || echo puttygen
        PYTHONPATH=root/usr/lib/python3/dist-packages /usr/bin/python3 try.py "$form"
        node try.js "$form"
    } 2>>log | paste -sd' ' | sed "s/^/$form: /"
done | tee seen
cmp - seen <<'END'
usual: ssh-keygen puttygen asyncssh conch paramiko ssh2 sshpk
parameters in front: ssh-keygen asyncssh sshpk
curve by numbers: ssh-keygen asyncssh sshpk
compressed point: ssh-keygen asyncssh conch paramiko ssh2
no public key: ssh-keygen asyncssh conch paramiko ssh2
END
