#!/bin/sh
# Twisted Conch announces the types of its own host keys as the signature algorithms it takes.
#
# Tried with python3-twisted 22.4.0-4+deb12u1 and openssh-client 1:9.2p1 of Debian 12.
#
# A Conch server with an Ed25519 host key alone sends server-sig-algs=<ssh-ed25519> (RFC 8308, section 3.1,
# which is about the algorithms of *user* keys). So an RSA key that is in its key database cannot log in with
# ssh, whatever PubkeyAcceptedAlgorithms says: no mutual signature algorithm. It needs an RSA *host* key
# beside the other one. PuTTY signs all the same, and logs in.
#
# Seen:
#   debug1: kex_input_ext_info: server-sig-algs=<ssh-ed25519>
#   debug1: send_pubkey_test: no mutual signature algorithm
# and with an RSA host key beside it:
#   debug1: kex_input_ext_info: server-sig-algs=<ssh-ed25519,rsa-sha2-512,rsa-sha2-256,ssh-rsa>
set -eu
folder=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server" 2>/dev/null || :; rm -rf "$folder"' EXIT
cd "$folder"
apt-get -qq -o APT::Sandbox::User=root download python3-twisted=22.4.0-4+deb12u1
dpkg-deb -x python3-twisted_*.deb twisted
ssh-keygen -q -t ed25519 -N '' -f host_ed25519
ssh-keygen -q -t rsa -b 2048 -N '' -f host_rsa
ssh-keygen -q -t rsa -b 2048 -N '' -f user
cat >server.py <<'EOF'
import sys, warnings
warnings.simplefilter("ignore")
from twisted.conch import avatar
from twisted.conch.checkers import InMemorySSHKeyDB, SSHPublicKeyChecker
from twisted.conch.ssh import factory, keys
from twisted.cred.portal import Portal
from twisted.internet import reactor

class Realm:
    def requestAvatar(self, who, mind, *interfaces):
        return interfaces[0], avatar.ConchUser(), lambda: None

class Factory(factory.SSHFactory):
    def __init__(self, paths):
        known = {b"lab": [keys.Key.fromFile("user.pub")]}
        self.portal = Portal(Realm(), [SSHPublicKeyChecker(InMemorySSHKeyDB(known))])
        pairs = [keys.Key.fromFile(path) for path in paths]
        self.privateKeys = {key.sshType(): key for key in pairs}
        self.publicKeys = {key.sshType(): key.public() for key in pairs}

port = reactor.listenTCP(0, Factory(sys.argv[1:]), interface="127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
EOF
try_login() { # host keys
    mkfifo port
    PYTHONPATH=$folder/twisted/usr/lib/python3/dist-packages /usr/bin/python3 server.py "$@" >port 2>log &
    server=$!
    read -r number <port
    ssh -v -F none -o BatchMode=yes -o IdentityAgent=none -o IdentitiesOnly=yes -o ConnectTimeout=20 \
        -o HostKeyAlgorithms=ssh-ed25519 -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=/dev/null \
        -o PubkeyAcceptedAlgorithms=+ssh-rsa -i user -p "$number" -N -o ExitOnForwardFailure=yes \
        -R 1:127.0.0.1:1 lab@127.0.0.1 </dev/null >said 2>&1 || :
    kill "$server"
    wait "$server" 2>/dev/null || :
    server=
    rm port
    grep -E 'server-sig-algs|no mutual|Authenticated to' said
}
try_login host_ed25519 >first
cat first
grep -q 'server-sig-algs=<ssh-ed25519>' first
grep -q 'no mutual signature' first
try_login host_ed25519 host_rsa >second
cat second
grep -q 'rsa-sha2-512' second
grep -q 'Authenticated to' second
