#!/bin/sh
# sh tests/windows.sh [build|unit|e2e]...
#
# Windows' program from this checkout, and how far it holds: on a bare Debian 12 installs the cross compiler and wine,
# builds the libraries static from Debian's source packages (once: build/windows/libraries), then sshpreflight.exe and
# a .zip of it with the manual as HTML, and runs the unit tests and the end-to-end scenarios (SCENARIOS: a pattern of
# their names; WORKERS: how many at once) under wine. What cannot hold there is in tests/windows/exceptions.txt, with
# why; it fails if something else does not hold, or something on that list does. Without an argument: all parts.
#
# wine is not Windows: TLS by its store, ACLs that are inherited, the console and timing want a look on a real one.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/packages.sh
. tests/packages.sh

out=$PWD/build/windows
limit=300 # seconds, of one test
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
    cp -r "$SPF_WINDOWS_LIBRARIES/licences" "$out/zip/sshpreflight/" # of what is linked into it
    rm -f "$out/zip/sshpreflight/licences"/check-*                   # the unit tests alone use it
    for page in man/sshpreflight.1 man/sshpreflight-json.5 "$out/program/man/sshpreflight-causes.7"; do
        tr -d '\r' <"$page" | mandoc -T html >"$out/zip/sshpreflight/$(basename "${page%.*}").html"
    done
    (cd "$out/zip" && zip -qr "$out/sshpreflight-windows.zip" sshpreflight)
    ls -l "$out/sshpreflight.exe" "$out/sshpreflight-windows.zip"
}

# listed KIND NAME. They are run as well: one that holds there is to be taken off the list.
listed() {
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
    started=$(date +%s)
    # what a shell starts in the background ignores a Ctrl-C, and a scenario sends one
    env --default-signal=INT timeout -k 10 "$limit" "$@" >"$out/logs/$name.log" 2>&1 </dev/null 9<&- &
    tested=$!
    wait "$tested" || status=$?
    tested=
    result=failed
    if [ "$status" -eq 77 ]; then
        result=skipped
    elif listed "$kind" "$name"; then
        [ "$status" -eq 0 ] || result=listed
    elif [ "$status" -eq 0 ]; then
        result=passed
    fi
    if [ "$result" = failed ] && [ "$status" -eq 0 ]; then
        echo "HOLDS, and is on the list: $name"
    elif [ "$result" = failed ]; then
        echo "FAILED: $name (exit status $status)"
        tail -n 8 "$out/logs/$name.log" | sed 's/^/    /'
    fi
    echo "$result $name $(($(date +%s) - started)) s" >>"$out/results.$kind"
}

# shellcheck disable=SC2317  # called by the traps
end_test() {
    [ -z "$tested" ] || kill "$tested" 2>/dev/null || true
}

# Windows starts once, not with every program: one of its own waits for input. It ends with who opened the input.
windows_starts() {
    [ -p "$own/waits" ] || mkfifo "$own/waits"
    exec 9<>"$own/waits"
    HOME=$out/home SPF_WINE=$own sh tests/windows/wine.sh cmd <"$own/waits" >/dev/null 2>&1 9<&- &
}

windows_ends() {
    exec 9<&-
    WINEPREFIX="$own/prefix" wineserver -k 2>/dev/null || true
    WINEPREFIX="$own/prefix" wineserver -w 2>/dev/null || true
}

# The unit tests, but those that tests/unit/CMakeLists.txt leaves out there.
part_unit() {
    cmake -B "$out/program" -DBUILD_TESTING=ON >>"$out/cmake.log"
    cmake --build "$out/program" -j "$jobs"
    mkdir -p "$out/home/Temp" # %TEMP%
    sh tests/windows/wine.sh cmd /c exit
    own=$SPF_WINE
    windows_starts
    for test in "$out/program/tests/unit/"test_*.exe; do
        HOME=$out/home CK_FORK=no run unit "unit.$(basename "$test" .exe)" sh tests/windows/wine.sh "$test"
    done
    windows_ends
}

scenario() {
    SPF_E2E_CLIENTS=no SPF_E2E_MODES=no run e2e "e2e.$(basename "$1")" python3 -B tests/e2e/run.py \
        --binary "$2/sshpreflight" --lab-cloud "$PWD/build/dev/tests/lab/lab-cloud" \
        --library-client "$PWD/build/dev/tests/e2e/library_client" --schema src/report/report.schema.json "$1"
}

# One scenario after the other that no other worker has, in a prefix of its own: the user's profile in it is the
# scenario's home. What a scenario that had to be ended has left ends with that Windows.
work() {
    own=$SPF_WINE.$1 bin=$out/bin/$1
    if [ ! -e "$own/made" ]; then
        rm -rf "$own"
        cp -a "$SPF_WINE" "$own"
        sed -i "s|^$SPF_WINE/|$own/|" "$own/made"
    fi
    mkdir -p "$bin"
    cat >"$bin/sshpreflight" <<END
#!/bin/sh
export SPF_WINE="$own"
exec \${SSH_AUTH_SOCK:+python3 -B "$PWD/tests/windows/agent.py" "$out/agent_pipe.exe"} \\
    sh "$PWD/tests/windows/wine.sh" "$out/sshpreflight.exe" "\$@"
END
    chmod 755 "$bin/sshpreflight"
    trap windows_ends EXIT
    trap 'end_test; exit 143' TERM
    windows_starts
    for scenario in tests/e2e/scenarios/${SCENARIOS:-*}/; do
        mkdir "$out/taken/$(basename "$scenario")" 2>/dev/null || continue
        scenario "$scenario" "$bin"
        case $status in
        124 | 137)
            windows_ends
            windows_starts
            ;;
        esac
    done
}

part_e2e() {
    [ -e build/dev/build.ninja ] || cmake --preset dev -DSPF_WERROR=OFF >"$out/cmake-native.log"
    cmake --build --preset dev --target lab-cloud lab-libssh lab-home library_client \
        parses >>"$out/cmake-native.log"
    mkdir -p "$out/unix"
    x86_64-w64-mingw32-gcc-posix -O2 -Wall -static -o "$out/unix/ssh.exe" tests/windows/unix_program.c -lws2_32
    x86_64-w64-mingw32-gcc-posix -O2 -Wall -static -o "$out/agent_pipe.exe" tests/windows/agent_pipe.c \
        -lws2_32 -lcrypt32 -lbcrypt
    sh tests/windows/wine.sh cmd /c exit
    WINEPREFIX="$SPF_WINE/prefix" wineserver -w 2>/dev/null || true
    rm -rf "$out/taken"
    mkdir "$out/taken"
    worker=0
    while [ "$worker" -lt "${WORKERS:-$jobs}" ]; do
        work "$worker" &
        working="$working $!"
        worker=$((worker + 1))
    done
    wait
    working=
}

# sum KIND: how it came out.
sum() {
    line="$1:"
    for result in passed listed skipped failed; do
        line="$line $(grep -c "^$result " "$out/results.$1" || true) $result,"
    done
    echo "${line%,}"
}

# shellcheck disable=SC2317  # called by the traps
stop() {
    trap '' INT TERM
    # shellcheck disable=SC2086  # a list of words
    [ -z "$working" ] || kill $working 2>/dev/null || true
    end_test
    wait
    WINEPREFIX="$SPF_WINE/prefix" wineserver -k 2>/dev/null || true
    exit "$1"
}

packages="$packages gcc-mingw-w64-x86-64-posix g++-mingw-w64-x86-64-posix mingw-w64-tools wine wine64 zip"
install_missing
mkdir -p "$out/logs" "$SPF_WINE"
working=''
tested=''
trap 'stop 130' INT
trap 'stop 143' TERM
[ $# -gt 0 ] || set -- build unit e2e
failed=0
for part in "$@"; do
    start=$(date +%s)
    : >"$out/results.$part"
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
    [ "$part" = build ] || sum "$part"
    ! grep -q '^failed ' "$out/results.$part" || failed=1
done
WINEPREFIX="$SPF_WINE/prefix" wineserver -k 2>/dev/null || true
exit "$failed"
