#!/bin/sh
# Clients on libssh2 1.10 (curl) and Go's knownhosts (rclone) fail at a server whose host key is in known_hosts, depending
# on which of its keys is known and, for libssh2, on the order of the lines.
#
# A client that knows one key of a host has to ask for a key of that type, as ssh does. One would guess that of all that
# read known_hosts. rclone does not: it asks by its own list, gets the ECDSA key, and says that the key does not match where
# Ed25519 or RSA is known. curl does, but looks at the first line only, and for RSA it asks for the signature with SHA-1,
# which sshd since 8.8 does not offer: "Unable to exchange encryption keys", though a line with another key follows. So a
# correct line that ssh has written can be the reason, while the messages blame the server.
#
# Seen with curl and libcurl4 7.88.1-10+deb12u15, libssh2-1 1.10.0-3+deb12u1, rclone 1.60.1+dfsg-2+b5 and openssh-client
# 1:9.2p1-2+deb12u10 against openssh-server of that version with three host keys, 30 November 2026; known is:
#   ed25519: ssh logs in, curl logs in, rclone "key mismatch"
#   ecdsa: ssh logs in, curl logs in, rclone logs in
#   rsa: ssh logs in, curl "Unable to exchange encryption keys", rclone "key mismatch"
#   ed25519 rsa: ssh logs in, curl logs in, rclone "key mismatch"
#   rsa ed25519: ssh logs in, curl "Unable to exchange encryption keys", rclone "key mismatch"
#   rsa ecdsa: ssh logs in, curl "Unable to exchange encryption keys", rclone logs in
set -eu
dir=$(mktemp -d)
server=
# shellcheck disable=SC2154  # the loop's own
trap 'for pid in $server; do kill "$pid"; done; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download curl=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15 \
    libssh2-1=1.10.0-3+deb12u1 rclone=1.60.1+dfsg-2+b5 openssh-client=1:9.2p1-2+deb12u10 \
    openssh-server=1:9.2p1-2+deb12u10
for package in *.deb; do dpkg -x "$package" root; done
library=$(dirname "$(find "$dir/root" -name libcurl.so.4)")
PATH=$dir/root/usr/bin:$PATH
for type in ed25519 ecdsa rsa; do ssh-keygen -q -t "$type" -N '' -f "$type"; done
ssh-keygen -q -t ed25519 -N '' -f user
user=$(id -un)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
"$dir/root/usr/sbin/sshd" -D -e -f /dev/null -p "$port" -o ListenAddress=127.0.0.1 -o HostKey="$dir/ed25519" \
    -o HostKey="$dir/ecdsa" -o HostKey="$dir/rsa" -o PidFile=none -o AuthorizedKeysFile="$dir/user.pub" \
    -o StrictModes=no -o UsePAM=no -o Subsystem='sftp internal-sftp' 2>log &
server=$!
until ssh-keyscan -p "$port" 127.0.0.1 2>/dev/null | grep -q .; do kill -0 "$server"; done
mkdir -p home/.ssh
known=$dir/home/.ssh/known_hosts
with_ssh() {
    ssh -n -F none -o BatchMode=yes -o IdentityAgent=none -i user -o UserKnownHostsFile="$known" \
        -o GlobalKnownHostsFile=none -o StrictHostKeyChecking=yes -p "$port" "$user@127.0.0.1" true
}
with_curl() {
    HOME=$dir/home LD_LIBRARY_PATH=$library curl --silent --show-error --output /dev/null --max-time 60 --key user \
        --pubkey user.pub --user "$user:" "sftp://127.0.0.1:$port/etc/passwd"
}
with_rclone() {
    HOME=$dir/home rclone --config /dev/null --retries 1 --low-level-retries 1 lsf \
        ":sftp,host=127.0.0.1,port=$port,user=$user,key_file=$dir/user,known_hosts_file=$known:$dir/home"
}
result() {
    if "with_$1" >said 2>&1; then
        echo "$1 logs in"
    else
        echo "$1 \"$(sed -n '$s/.*\(key mismatch\|Unable to exchange encryption keys\).*/\1/p' said)\""
    fi
}
for types in ed25519 ecdsa rsa 'ed25519 rsa' 'rsa ed25519' 'rsa ecdsa'; do
    for type in $types; do
        echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 "$type.pub")"
    done >"$known"
    echo "$types: $(result ssh), $(result curl), $(result rclone)"
done | tee seen
cmp - seen <<'END'
ed25519: ssh logs in, curl logs in, rclone "key mismatch"
ecdsa: ssh logs in, curl logs in, rclone logs in
rsa: ssh logs in, curl "Unable to exchange encryption keys", rclone "key mismatch"
ed25519 rsa: ssh logs in, curl logs in, rclone "key mismatch"
rsa ed25519: ssh logs in, curl "Unable to exchange encryption keys", rclone "key mismatch"
rsa ecdsa: ssh logs in, curl "Unable to exchange encryption keys", rclone logs in
END
