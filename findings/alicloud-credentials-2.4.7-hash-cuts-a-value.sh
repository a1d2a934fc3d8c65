#!/bin/sh
# The Node SDK's credentials file (~/.alibabacloud/credentials) is read with ini 1.3.8, in which "#" and ";" begin a
# comment anywhere in a value that has no quotes, also in the middle of a word: a secret "abc#def" becomes "abc" without a
# word. The SDK for Go (ini.v1) begins a comment only after a blank, and has "abc#def". And a value in quotes with a comment
# behind it keeps its quotes, for they are taken off only where the quote is the last character of the line. Quotes around
# the whole value help against both.
#
# Seen with @alicloud/credentials 2.4.7, Node 20, 29 November 2026:
#   access_key_secret = abc#def              -> abc
#   access_key_secret = "abc#def"            -> abc#def
#   access_key_secret = "abc" ; the new one  -> "abc"
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --ignore-scripts @alicloud/credentials@2.4.7 ini@1.3.8 >/dev/null
mkdir -p home/.alibabacloud
cat >try.js <<'END'
const Credential = require('@alicloud/credentials');
new Credential.default().getCredential().then(c => console.log(c.accessKeySecret));
END
seen() {
    printf '[default]\ntype = access_key\naccess_key_id = id\naccess_key_secret = %s\n' "$1" >home/.alibabacloud/credentials
    env -i PATH="$PATH" HOME="$dir/home" ALIBABA_CLOUD_ECS_METADATA_DISABLED=true node try.js
}
failed=0
check() {
    got=$(seen "$1")
    echo "access_key_secret = $1 -> $got"
    [ "$got" = "$2" ] || failed=1
}
check 'abc#def' 'abc'
check '"abc#def"' 'abc#def'
check '"abc" ; the new one' '"abc"'
exit $failed
