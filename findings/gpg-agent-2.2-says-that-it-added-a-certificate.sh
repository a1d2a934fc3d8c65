#!/bin/sh
# `ssh-add KEY` on GnuPG's agent says "Certificate added" for KEY-cert.pub, and the agent has no certificate afterwards.
#
# gpg-agent stands in for ssh-agent (enable-ssh-support), takes the key, and answers the second request, the one with the
# certificate, with success. One would guess that it lists and uses it as ssh-agent does, or that ssh-add reports an error.
# So a login that needs the certificate works with ssh-agent and not with this one, wherever there is nothing but the agent:
# through agent forwarding, in programs that are given a socket. On the machine that has KEY-cert.pub,
# "-o CertificateFile" helps: the agent signs for the key, and the certificate comes from the file.
#
# Seen with gpg-agent and gpgconf 2.2.40-1.1+deb12u2 and openssh-client 1:9.2p1-2+deb12u10 against openssh-server of that
# version, which takes nothing but certificates, 30 November 2026:
#   ssh-agent: Certificate added: key-cert.pub (lab)
#   ssh-agent lists: ssh-ed25519 ssh-ed25519-cert-v01@openssh.com
#   ssh-agent: ssh logs in
#   gpg-agent: Certificate added: key-cert.pub (lab)
#   gpg-agent lists: ssh-ed25519
#   gpg-agent: ssh is refused
#   gpg-agent and CertificateFile: ssh logs in
set -eu
dir=$(mktemp -d)
GNUPGHOME=$dir/home
export GNUPGHOME
server=
agent=
stop() {
    gpgconf --kill gpg-agent || :
    for pid in $server $agent; do kill "$pid"; done
    rm -rf "$dir"
}
trap stop EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download gpg-agent=2.2.40-1.1+deb12u2 gpgconf=2.2.40-1.1+deb12u2 \
    openssh-client=1:9.2p1-2+deb12u10 openssh-server=1:9.2p1-2+deb12u10
for package in *.deb; do dpkg -x "$package" root; done
PATH=$dir/root/usr/bin:$PATH
mkdir -m 700 home
# Answers the agent's question for a passphrase of its own.
cat >pinentry <<'END'
#!/bin/sh
echo OK ready
while read -r word rest; do
    case $word in
    GETPIN) printf 'D passphrase\nOK\n' ;;
    BYE) echo OK && exit ;;
    *) echo OK ;;
    esac
done
END
chmod +x pinentry
echo "pinentry-program $dir/pinentry" >home/gpg-agent.conf
ssh-keygen -q -t ed25519 -N '' -f ca
ssh-keygen -q -t ed25519 -N '' -f host
ssh-keygen -q -t ed25519 -N '' -C lab -f key
ssh-keygen -q -s ca -I lab -n "$(id -un)" key.pub
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
"$dir/root/usr/sbin/sshd" -D -e -f /dev/null -p "$port" -o ListenAddress=127.0.0.1 -o HostKey="$dir/host" \
    -o PidFile=none -o AuthorizedKeysFile=none -o TrustedUserCAKeys="$dir/ca.pub" -o UsePAM=no 2>log &
server=$!
until ssh-keyscan -p "$port" 127.0.0.1 2>/dev/null | grep -q .; do kill -0 "$server"; done
login() {
    if ssh -n -F none -o BatchMode=yes -o LogLevel=QUIET -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        -p "$port" "$@" 127.0.0.1 true; then
        echo "ssh logs in"
    else
        echo "ssh is refused"
    fi
}
show() {
    ssh-add key 2>&1 | sed -n "s/^Certificate/$1: &/p"
    echo "$1 lists: $(ssh-add -L | cut -d' ' -f1 | paste -sd' ')"
    echo "$1: $(login)"
}
ssh-agent -D -a "$dir/agent" >agent.log 2>&1 &
agent=$!
until [ -S agent ]; do kill -0 "$agent"; done
gpg-agent --daemon --enable-ssh-support >/dev/null 2>&1
{
    SSH_AUTH_SOCK=$dir/agent
    export SSH_AUTH_SOCK
    show ssh-agent
    SSH_AUTH_SOCK=$(gpgconf --list-dirs agent-ssh-socket)
    show gpg-agent
    echo "gpg-agent and CertificateFile: $(login -o CertificateFile=key-cert.pub)"
} | tee seen
cmp - seen <<'END'
ssh-agent: Certificate added: key-cert.pub (lab)
ssh-agent lists: ssh-ed25519 ssh-ed25519-cert-v01@openssh.com
ssh-agent: ssh logs in
gpg-agent: Certificate added: key-cert.pub (lab)
gpg-agent lists: ssh-ed25519
gpg-agent: ssh is refused
gpg-agent and CertificateFile: ssh logs in
END
