#!/bin/sh
# wine.sh PROGRAM.exe ARGUMENTS...: runs it under wine without a display, with $HOME as the user's profile.
# SPF_WINE: the directory of the prefix, which holds nothing else; unix beside it: programs that PATH then leads to.
set -eu
export WINEPREFIX="$SPF_WINE/prefix" WINEDEBUG=-all WINEDLLOVERRIDES="mscoree=;mshtml=" LC_ALL=C.UTF-8
unset DISPLAY
WINEPATH="Z:$(echo "${SPF_WINE%/*}/unix" | tr / "\\134")"
export WINEPATH
if [ ! -e "$SPF_WINE/made" ]; then
    wine wineboot --init >/dev/null 2>&1 </dev/null
    # wine makes links to what it takes for the user's own directories
    for profile in "$WINEPREFIX/drive_c/users/"*; do
        case ${profile##*/} in Public) ;; *) echo "$profile" >"$SPF_WINE/made" ;; esac
    done
    rm -rf "$(cat "$SPF_WINE/made")"
fi
ln -sfn "${HOME:-/}" "$(cat "$SPF_WINE/made")"
exec wine "$@"
