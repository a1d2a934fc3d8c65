#!/bin/sh
# cloud-init writes the keys of every user to the AuthorizedKeysFile of a Match block that is not about that user.
#
# It asks sshd_config where the keys go, and one would guess that it finds what sshd finds. But it reads the file as a
# table of words and values in which the last line wins, Match blocks or not; in sshd the first one wins, and a block
# counts for those whom it matches. With a block for SFTP users that keeps their keys elsewhere, cloud-init installs
# everybody's keys there, reports success, and sshd looks for them in ~/.ssh/authorized_keys.
#
# Seen with cloud-init 22.4.2-1+deb12u4 and openssh-server 1:9.2p1-2+deb12u10,
# 30 November 2026, for a user whom the block does not match:
#   sshd reads .ssh/authorized_keys
#   cloud-init writes keys/USER
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download cloud-init=22.4.2-1+deb12u4 openssh-server=1:9.2p1-2+deb12u10 \
    python3-requests=2.28.1+dfsg-1 python3-urllib3=1.26.12-1+deb12u4 python3-idna=3.3-1+deb12u1 \
    python3-certifi=2022.9.24-1 python3-chardet=5.1.0+dfsg-2 python3-six=1.16.0-4 python3-yaml=6.0-3+b2 \
    libyaml-0-2=0.2.5-1
for package in *.deb; do dpkg -x "$package" root; done
ssh-keygen -q -t ed25519 -N '' -f host
user=$(id -un)
mkdir keys
cat >sshd_config <<END
HostKey $dir/host
StrictModes no
AuthorizedKeysFile .ssh/authorized_keys
Match User sftp-lab
    AuthorizedKeysFile $dir/keys/%u
END
cat >try.py <<'END'
import sys
from cloudinit import ssh_util
print("cloud-init writes", ssh_util.extract_authorized_keys(sys.argv[1], "sshd_config")[0])
END
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
{
    "$dir/root/usr/sbin/sshd" -T -f sshd_config -C "user=$user,host=localhost,addr=127.0.0.1" |
        sed -n 's/^authorizedkeysfile /sshd reads /p'
    LD_LIBRARY_PATH=$(dirname "$(find root -name libyaml-0.so.2)") PYTHONPATH=root/usr/lib/python3/dist-packages \
        /usr/bin/python3 try.py "$user"
} | sed "s#$dir/##; s#/$user\$#/USER#" | tee seen
printf '%s\n' 'sshd reads .ssh/authorized_keys' 'cloud-init writes keys/USER' | cmp - seen
