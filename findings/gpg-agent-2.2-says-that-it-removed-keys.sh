#!/bin/sh
# `ssh-add -D` on GnuPG's agent says "All identities removed." and removes none; `ssh-add -d` does the same for one key.
#
# gpg-agent stands in for ssh-agent (enable-ssh-support), and answers both requests with success without doing anything.
# So "clear the agent and try with one key", the usual advice against "Too many authentication failures", changes
# nothing, and the agent still signs with the key. A key is removed by deleting its line in ~/.gnupg/sshcontrol.
#
# Seen with gpg, gpg-agent and gpgconf 2.2.40-1.1+deb12u2, openssh-client 1:9.2p1-2+deb12u10, 30 November 2026:
#   All identities removed.
#   keys in the agent: 1
#   Identity removed: key.pub ED25519 ((none))
#   keys in the agent: 1
set -eu
dir=$(mktemp -d)
GNUPGHOME=$dir/home
export GNUPGHOME
stop() {
    gpgconf --kill gpg-agent || :
    rm -rf "$dir"
}
trap stop EXIT
cd "$dir"
version=2.2.40-1.1+deb12u2
apt-get -qq -o APT::Sandbox::User=root download "gpg=$version" "gpg-agent=$version" "gpgconf=$version"
for package in *.deb; do dpkg -x "$package" root; done
PATH=$dir/root/usr/bin:$PATH
mkdir -m 700 home
printf 'agent-program %s/root/usr/bin/gpg-agent\n' "$dir" >home/gpg.conf
gpg-agent --version | head -n 1
gpg --batch --quiet --passphrase '' --quick-gen-key lab ed25519 auth never 2>/dev/null
gpg --list-secret-keys --with-keygrip 2>/dev/null | sed -n 's/ *Keygrip = //p' >home/sshcontrol
SSH_AUTH_SOCK=$(gpgconf --list-dirs agent-ssh-socket)
export SSH_AUTH_SOCK
ssh-add -L >key.pub
keys() { echo "keys in the agent: $(ssh-add -L | grep -c '^ssh-ed25519 ')"; }
{
    ssh-add -D 2>&1
    keys
    ssh-add -d key.pub 2>&1
    keys
} | tee seen
cmp - seen <<'END'
All identities removed.
keys in the agent: 1
Identity removed: key.pub ED25519 ((none))
keys in the agent: 1
END
ssh-add -T key.pub # the agent still signs with it
: >home/sshcontrol
if ssh-add -L >/dev/null; then
    exit 1
fi
