#!/bin/sh
# sh tests/windows.sh [build|e2e]...
#
# Windows' program from this checkout, and how far it holds: on a bare Debian 12 installs the cross compiler and wine,
# builds the libraries static from Debian's source packages (once: build/windows/libraries), then sshpreflight.exe and
# a .zip of it with the manual as HTML, and runs the end-to-end scenarios (SCENARIOS: a pattern of their names) under
# wine. What cannot hold there is in tests/windows/exceptions.txt, with why. Without an argument: both parts.
#
# wine is not Windows: TLS by its store, ACLs that are inherited, the console and timing want a look on a real one.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/packages.sh
. tests/packages.sh

out=$PWD/build/windows
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
export SPF_WINE="$out/wine" SPF_WINDOWS_LIBRARIES="$out/libraries"

part_build() {
    sh tests/windows/libraries.sh "$SPF_WINDOWS_LIBRARIES"
    cmake -G Ninja -B "$out/program" --toolchain tests/windows/toolchain.cmake -DCMAKE_BUILD_TYPE=Release \
        -DBUILD_TESTING=OFF -DCMAKE_CROSSCOMPILING_EMULATOR="sh;$PWD/tests/windows/wine.sh" >"$out/cmake.log"
    cmake --build "$out/program" -j "$jobs"
    x86_64-w64-mingw32-strip -o "$out/sshpreflight.exe" "$out/program/src/cli/sshpreflight.exe"
    rm -rf "$out/zip" "$out/sshpreflight-windows.zip"
    mkdir -p "$out/zip/sshpreflight"
    cp "$out/sshpreflight.exe" LICENSE "$out/zip/sshpreflight/"
    for page in man/sshpreflight.1 man/sshpreflight-json.5 "$out/program/man/sshpreflight-causes.7"; do
        tr -d '\r' <"$page" | mandoc -T html >"$out/zip/sshpreflight/$(basename "${page%.*}").html"
    done
    (cd "$out/zip" && zip -qr "$out/sshpreflight-windows.zip" sshpreflight)
    ls -l "$out/sshpreflight.exe" "$out/sshpreflight-windows.zip"
}

# excepted KIND NAME. They are run as well: one that holds may be taken off the list.
excepted() {
    while read -r pattern why; do
        # shellcheck disable=SC2254  # a pattern
        case $2 in $pattern) [ -z "$why" ] || return 0 ;; esac
    done <<END
$(grep "^$1\." tests/windows/exceptions.txt)
END
    return 1
}

# run KIND NAME COMMAND...: under a limit, its output kept; counts.
run() {
    kind=$1 name=$2
    shift 2
    mkdir -p "$out/logs"
    status=0
    timeout 300 "$@" >"$out/logs/$name.log" 2>&1 </dev/null || status=$?
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
    elif [ "$status" -eq 77 ]; then
        skipped=$((skipped + 1))
    elif excepted "$kind" "$name"; then
        except=$((except + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name (exit status $status)"
        tail -n 8 "$out/logs/$name.log" | sed 's/^/    /'
    fi
}

part_e2e() {
    cmake --preset dev -DSPF_WERROR=OFF >"$out/cmake-native.log"
    cmake --build --preset dev --target lab-cloud library_client >>"$out/cmake-native.log"
    mkdir -p "$out/bin"
    printf '#!/bin/sh\nexport SPF_WINE="%s"\nexec sh "%s/tests/windows/wine.sh" "%s" "$@"\n' \
        "$SPF_WINE" "$PWD" "$out/sshpreflight.exe" >"$out/bin/sshpreflight"
    chmod 755 "$out/bin/sshpreflight"
    for scenario in tests/e2e/scenarios/${SCENARIOS:-*}/; do
        name=e2e.$(basename "$scenario")
        SPF_E2E_CLIENTS=no SPF_E2E_MODES=no run e2e "$name" python3 -B tests/e2e/run.py --binary "$out/bin/sshpreflight" \
            --lab-cloud build/dev/tests/lab/lab-cloud --library-client build/dev/tests/e2e/library_client \
            --schema src/report/report.schema.json "$scenario"
    done
}

packages="$packages gcc-mingw-w64-x86-64-posix g++-mingw-w64-x86-64-posix mingw-w64-tools wine wine64 zip"
install_missing
mkdir -p "$out" "$SPF_WINE"
passed=0 failed=0 skipped=0 except=0
[ $# -gt 0 ] || set -- build e2e
for part in "$@"; do
    start=$(date +%s)
    case $part in
    build) part_build ;;
    e2e) part_e2e ;;
    *)
        echo "usage: sh tests/windows.sh [build|e2e]..." >&2
        exit 64
        ;;
    esac
    echo "$part: $(($(date +%s) - start)) s"
done
WINEPREFIX="$SPF_WINE/prefix" wineserver -k 2>/dev/null || true
echo "excepted: $except"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
