#!/bin/sh
# sh tests/windows.sh [build|unit|e2e]...
#
# Windows' program from this checkout, and how far it holds: on a bare Debian 12 installs the cross compiler and wine,
# builds the libraries static from Debian's source packages (once: build/windows/libraries), then sshpreflight.exe and
# a .zip of it with the manual as HTML, and runs the unit tests and the end-to-end scenarios (SCENARIOS: a pattern of
# their names; WORKERS: how many at once) under wine. What cannot hold there is in tests/windows/exceptions.txt, with
# why. Without an argument: all parts.
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

# run KIND NAME COMMAND...: under a limit, its output kept; one line of the result, which is counted at the end.
run() {
    kind=$1 name=$2
    shift 2
    status=0
    timeout 300 "$@" >"$out/logs/$name.log" 2>&1 </dev/null || status=$?
    if [ "$status" -eq 0 ]; then
        result=passed
    elif [ "$status" -eq 77 ]; then
        result=skipped
    elif excepted "$kind" "$name"; then
        result=excepted
    else
        result=failed
        echo "FAILED: $name (exit status $status)"
        tail -n 8 "$out/logs/$name.log" | sed 's/^/    /'
    fi
    echo "$result $name" >>"$out/results.$kind"
}

# The unit tests, but those that tests/unit/CMakeLists.txt leaves out there.
part_unit() {
    cmake -B "$out/program" -DBUILD_TESTING=ON >>"$out/cmake.log"
    cmake --build "$out/program" -j "$jobs"
    mkdir -p "$out/home/Temp" # %TEMP%
    for test in "$out/program/tests/unit/"test_*.exe; do
        HOME=$out/home CK_FORK=no run unit "unit.$(basename "$test" .exe)" sh tests/windows/wine.sh "$test"
    done
}

scenario() {
    SPF_E2E_CLIENTS=no SPF_E2E_MODES=no run e2e "e2e.$(basename "$1")" python3 -B tests/e2e/run.py \
        --binary "$2/sshpreflight" --lab-cloud "$PWD/build/dev/tests/lab/lab-cloud" \
        --library-client "$PWD/build/dev/tests/e2e/library_client" --schema src/report/report.schema.json "$1"
}

# Every so many-th scenario, in a prefix of its own: the user's profile in it is the scenario's home.
work() {
    own=$SPF_WINE.$1 bin=$out/bin/$1 number=0
    if [ ! -e "$own/made" ]; then
        rm -rf "$own"
        cp -a "$SPF_WINE" "$own"
        sed -i "s|^$SPF_WINE/|$own/|" "$own/made"
    fi
    mkdir -p "$bin"
    # A program of its own that waits for input: Windows starts once, not with every program.
    [ -p "$own/waits" ] || mkfifo "$own/waits"
    exec 9<>"$own/waits"
    HOME=$out/home SPF_WINE=$own sh tests/windows/wine.sh cmd <"$own/waits" >/dev/null 2>&1 9<&- &
    printf '#!/bin/sh\nexport SPF_WINE="%s"\nexec sh "%s/tests/windows/wine.sh" "%s" "$@"\n' \
        "$own" "$PWD" "$out/sshpreflight.exe" >"$bin/sshpreflight"
    chmod 755 "$bin/sshpreflight"
    for scenario in tests/e2e/scenarios/${SCENARIOS:-*}/; do
        number=$((number + 1))
        [ $((number % workers)) -ne "$1" ] || scenario "$scenario" "$bin"
    done
    WINEPREFIX="$own/prefix" wineserver -k 2>/dev/null || true
}

part_e2e() {
    [ -e build/dev/build.ninja ] || cmake --preset dev -DSPF_WERROR=OFF >"$out/cmake-native.log"
    cmake --build --preset dev --target lab-cloud lab-libssh lab-home library_client \
        parses >>"$out/cmake-native.log"
    mkdir -p "$out/unix"
    x86_64-w64-mingw32-gcc-posix -O2 -Wall -static -o "$out/unix/ssh.exe" tests/windows/unix_program.c -lws2_32
    sh tests/windows/wine.sh cmd /c exit
    WINEPREFIX="$SPF_WINE/prefix" wineserver -w 2>/dev/null || true
    workers=${WORKERS:-$jobs} worker=0
    while [ "$worker" -lt "$workers" ]; do
        work "$worker" &
        worker=$((worker + 1))
    done
    wait
}

count() {
    # shellcheck disable=SC2086  # a list of files
    cat $results | grep -c "^$1 " || true
}

packages="$packages gcc-mingw-w64-x86-64-posix g++-mingw-w64-x86-64-posix mingw-w64-tools wine wine64 zip"
install_missing
mkdir -p "$out/logs" "$SPF_WINE"
[ $# -gt 0 ] || set -- build unit e2e
results=/dev/null
for part in "$@"; do
    start=$(date +%s)
    : >"$out/results.$part"
    results="$results $out/results.$part"
    case $part in
    build) part_build ;;
    unit) part_unit ;;
    e2e) part_e2e ;;
    *)
        echo "usage: sh tests/windows.sh [build|unit|e2e]..." >&2
        exit 64
        ;;
    esac
    echo "$part: $(($(date +%s) - start)) s"
done
WINEPREFIX="$SPF_WINE/prefix" wineserver -k 2>/dev/null || true
echo "excepted: $(count excepted)"
echo "$(count passed) passed, $(count failed) failed, $(count skipped) skipped"
[ "$(count failed)" -eq 0 ]
