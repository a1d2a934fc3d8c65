#!/bin/sh
# "ProxyJump none" makes Ruby's Net::SSH connect through a jump host called "none"; "ProxyCommand none" makes it connect
# directly, as both do in ssh.
#
# "none" exempts the jump host itself from a "Host *" that sends everything through it. Net::SSH knows the word, so one
# would guess that it knows it for both. For ProxyJump it takes it for a name and starts ssh to go there: the result is
# that ssh's error about resolving "none", or, where the search domain has a wildcard, a connection to some other machine.
# ssh with the same file connects to the host. "ProxyCommand none" instead works with both.
#
# Seen with ruby-net-ssh 1:7.0.1-1, ruby3.1 3.1.7+really3.1.2-0+deb12u1 and openssh-client 1:9.2p1-2+deb12u10,
# 30 November 2026, for "gate", before a block "Host *" with "ProxyJump gate":
#   ProxyJump none: ssh directly, net-ssh by ssh -W %h:%p none
#   ProxyCommand none: ssh directly, net-ssh directly
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download ruby-net-ssh=1:7.0.1-1 ruby3.1=3.1.7+really3.1.2-0+deb12u1 \
    libruby3.1=3.1.7+really3.1.2-0+deb12u1 openssh-client=1:9.2p1-2+deb12u10
for package in *.deb; do dpkg -x "$package" root; done
cat >try.rb <<'END'
require "net/ssh"
proxy = Net::SSH::Config.for("gate", ["config"])[:proxy]
proxy&.build_proxy_command_equivalent
puts proxy ? "by #{proxy.command_line_template}" : "directly"
END
library=$(dirname "$(find "$dir/root" -name libruby-3.1.so.3.1)")
RUBYLIB=$(find "$dir/root" -type d \( -path '*/gems/net-ssh-7.0.1/lib' -o -path '*/ruby/3.1.0' \) | paste -sd:)
export RUBYLIB
with_ssh() {
    jump=$(root/usr/bin/ssh -T -F config -G gate | sed -n 's/^proxyjump //p')
    echo "${jump:+by $jump}" | sed 's/^$/directly/'
}
with_net_ssh() {
    LD_LIBRARY_PATH=$library root/usr/bin/ruby3.1 try.rb
}
for line in 'ProxyJump none' 'ProxyCommand none'; do
    printf 'Host gate\n%s\nHost *\nProxyJump gate\n' "$line" >config
    echo "$line: ssh $(with_ssh), net-ssh $(with_net_ssh)"
done | tee seen
cmp - seen <<'END'
ProxyJump none: ssh directly, net-ssh by ssh -W %h:%p none
ProxyCommand none: ssh directly, net-ssh directly
END
