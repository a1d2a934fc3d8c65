#!/bin/sh
# po/template.sh [FILE]: writes the template of all texts that are translated (po/sshpreflight.pot, or
# FILE). Then `msgmerge -U -N --no-wrap --backup=none po/zh_CN.po po/sshpreflight.pot` adds the new ones to
# the translation, where they are written. Needs a C compiler and gettext.
set -eu
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/.."
to=${1:-po/sshpreflight.pot}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
${CC:-cc} -E -P -Isrc po/catalogue.c -o "$folder/catalogue.c"
common="--language=C --from-code=UTF-8 --no-wrap --no-location --sort-output"
# It warns of msgids that are not ASCII, which are meant.
extract() {
    # shellcheck disable=SC2086
    xgettext $common "$@" 2>"$folder/said" || {
        cat "$folder/said" >&2
        exit 1
    }
}
extract -k -kTEXT -o "$folder/catalogue.pot" "$folder/catalogue.c"
# shellcheck disable=SC2046
extract -k -kspf_say:2 -kspf_usage:1 -kspf_command_refuse:2 -kspf_command_remark:2 -k_ -kN_ \
    --flag=spf_say:2:c-format --flag=spf_usage:1:c-format --flag=spf_command_refuse:2:c-format \
    --flag=spf_command_remark:2:c-format -o "$folder/source.pot" \
    $(find src include -name '*.[ch]' | sort)
{
    printf 'msgid ""\nmsgstr ""\n'
    printf '"Project-Id-Version: sshpreflight\\n"\n"Language: \\n"\n"MIME-Version: 1.0\\n"\n'
    printf '"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
} > "$folder/header.pot"
sed -i s/charset=CHARSET/charset=UTF-8/ "$folder"/*.pot
msgcat --no-wrap --sort-output --use-first -o "$to" \
    "$folder/header.pot" "$folder/catalogue.pot" "$folder/source.pot"
