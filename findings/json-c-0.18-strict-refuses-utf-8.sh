#!/bin/sh
# json-c 0.18 in strict mode (JSON_TOKENER_STRICT) refuses every text with a character beyond ASCII, such as "é", with
# "invalid string sequence"; 0.16 and 0.19 take it. It is valid JSON (RFC 8259, section 7), and valid UTF-8. So a program
# that is strict on purpose reads no reply with a Chinese name in it on trixie, and does on the releases before and after.
#
# Seen with libjson-c5 0.18+ds-1 (trixie), run with that release's C library on Debian 12, 29 November 2026:
#   0.18, usual mode: success
#   0.18, strict mode: invalid string sequence
set -eu
# The mirror that this machine's apt uses has the other release, too.
# shellcheck disable=SC2016  # expanded by apt
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Identifier: Packages' | awk '$2 == "bookworm" {print $1; exit}')
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir -p apt/lists/partial apt/cache/archives/partial
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >apt/sources.list
touch apt/status
other_apt() {
    apt-get -qq -o Dir::Etc::SourceList="$dir/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State="$dir/apt" -o Dir::State::status="$dir/apt/status" -o Dir::Cache="$dir/apt/cache" \
        -o APT::Sandbox::User=root "$@"
}
other_apt update
other_apt download libjson-c5=0.18+ds-1 libjson-c-dev=0.18+ds-1 libc6=2.41-12+deb13u5
for package in *.deb; do dpkg -x "$package" root; done
cat >try.c <<'END'
#include <json.h>
#include <stdio.h>

int main(void)
{
    static const char text[] = "[\"\xc3\xa9\"]";

    for (int strict = 0; strict < 2; strict++) {
        struct json_tokener *tokener = json_tokener_new();

        json_tokener_set_flags(tokener, strict ? JSON_TOKENER_STRICT : 0);
        json_object_put(json_tokener_parse_ex(tokener, text, sizeof text - 1));
        printf("%s, %s mode: %s\n", json_c_version(), strict ? "strict" : "usual",
               json_tokener_error_desc(json_tokener_get_error(tokener)));
        json_tokener_free(tokener);
    }
}
END
lib=$(dirname "$(find root -name libjson-c.so.5)")
gcc -o try -I root/usr/include/json-c try.c -Wl,--allow-shlib-undefined "$lib/libjson-c.so.5"
"$(find root -name ld-linux-x86-64.so.2 -type f)" --library-path "$lib" ./try | tee seen
printf '0.18, usual mode: success\n0.18, strict mode: invalid string sequence\n' | cmp - seen
