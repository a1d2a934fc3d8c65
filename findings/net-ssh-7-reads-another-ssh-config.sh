#!/bin/sh
# Ruby's Net::SSH lets a Host block override what precedes the first Host in ssh_config, where ssh has made up its mind, and
# obeys a Match block whose "user" or "exec" does not apply.
#
# "The first obtained value will be used", says ssh_config(5), and Net::SSH, which reads the file for Capistrano, Puppet
# and others, does so from block to block. So one would guess that it does so everywhere, or nowhere. But lines in front of
# the first Host are its defaults: the block wins over them. Of a Match line it knows "host" and "all"; a line
# without them never matches, and beside "host" all other conditions are dropped, so that a block meant for one user sets
# the port of everybody. A comment after a value is part of the value. Moving the first lines to "Host *" at the end of
# the file, without the values that a block has too, makes both programs agree.
#
# Seen with ruby-net-ssh 1:7.0.1-1, ruby3.1 3.1.7+really3.1.2-0+deb12u1 and openssh-client 1:9.2p1-2+deb12u10,
# 30 November 2026:
#   before the first Host, and in the block: ssh first 2200, net-ssh block 2201
#   two blocks that match: ssh one 2201, net-ssh one 2201
#   Match host lab: ssh block 2201, net-ssh block 2201
#   Match host lab user deploy: ssh other 22, net-ssh block 2201
#   Match host lab exec false: ssh other 22, net-ssh block 2201
#   Match exec true: ssh block 2201, net-ssh other 22
#   User other # comment: ssh other 22, net-ssh other # comment 22
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download ruby-net-ssh=1:7.0.1-1 ruby3.1=3.1.7+really3.1.2-0+deb12u1 \
    libruby3.1=3.1.7+really3.1.2-0+deb12u1 openssh-client=1:9.2p1-2+deb12u10
for package in *.deb; do dpkg -x "$package" root; done
cat >try.rb <<'END'
require "net/ssh"
found = Net::SSH::Config.for("lab", ["config"])
puts "#{found[:user]} #{found[:port] || 22}"
END
library=$(dirname "$(find "$dir/root" -name libruby-3.1.so.3.1)")
RUBYLIB=$(find "$dir/root" -type d \( -path '*/gems/net-ssh-7.0.1/lib' -o -path '*/ruby/3.1.0' \) | paste -sd:)
export RUBYLIB
with_ssh() {
    root/usr/bin/ssh -T -F config -G lab | sed -n 's/^user //p; s/^port //p' | paste -sd' '
}
with_net_ssh() {
    LD_LIBRARY_PATH=$library root/usr/bin/ruby3.1 try.rb
}
show() {
    cat >config
    echo "$1: ssh $(with_ssh), net-ssh $(with_net_ssh)"
}
block='User block\nPort 2201\n'
other='Host *\nUser other\n'
{
    printf '%b' "User first\nPort 2200\nHost lab\n$block" | show 'before the first Host, and in the block'
    printf '%b' "Host lab\nUser one\nPort 2201\nHost l*\n$block" | show 'two blocks that match'
    printf '%b' "Match host lab\n$block$other" | show 'Match host lab'
    printf '%b' "Match host lab user deploy\n$block$other" | show 'Match host lab user deploy'
    printf '%b' "Match host lab exec false\n$block$other" | show 'Match host lab exec false'
    printf '%b' "Match exec true\n$block$other" | show 'Match exec true'
    printf '%b' "Host *\nUser other # comment\n" | show 'User other # comment'
} | tee seen
cmp - seen <<'END'
before the first Host, and in the block: ssh first 2200, net-ssh block 2201
two blocks that match: ssh one 2201, net-ssh one 2201
Match host lab: ssh block 2201, net-ssh block 2201
Match host lab user deploy: ssh other 22, net-ssh block 2201
Match host lab exec false: ssh other 22, net-ssh block 2201
Match exec true: ssh block 2201, net-ssh other 22
User other # comment: ssh other 22, net-ssh other # comment 22
END
