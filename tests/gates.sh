#!/bin/sh
# All that a release must pass: tests/check.sh, and beside it what looks at the same code with other
# eyes: clang's warnings, clang-format, clang-tidy, shellcheck, and the sanitizers under the unit and
# end-to-end tests. Failing logs are shown; all of them are in build/gates/. Ends with the sum of all
# tests, of which a look without tests of its own counts as one.
#
#     sh tests/gates.sh            everything
#     sh tests/gates.sh NAME...    of these only: format shell check clang tidy asan sweeps, or asan-short,
#                                  which is asan without the tests that take long
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/packages.sh
. tests/packages.sh

logs=build/gates
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

# What follows is called where "set -e" does not reach: each says itself when it ends.
# Every file that is ours, whether or not git is here.
ours() {
    find src include tests -type f -name "$1"
}

gate_format() {
    ours '*.[ch]' | xargs clang-format --dry-run --Werror
}

gate_shell() {
    { echo .ci/run; ours '*.sh'; } | xargs shellcheck
}

# The product's code; what a test may do, the analyzer would not let it.
gate_tidy() {
    cmake --preset clang &&
        ours '*.c' | grep '^src/' | grep -v '^src/platform/windows/' | xargs -n 4 -P "$jobs" clang-tidy -p build/clang --quiet
}

gate_clang() {
    cmake --preset clang && cmake --build --preset clang
}

# The real clients need not try each scenario twice: check.sh has them.
gate_asan() {
    cmake --preset asan && cmake --build --preset asan &&
        ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 \
            SPF_E2E_CLIENTS=no sh tests/suite.sh asan --label-regex '^(unit|e2e|fuzz)$' "$@"
}

gate_asan_short() {
    gate_asan --label-exclude '^long$'
}

gate_check() {
    sh tests/check.sh
}

# Of what check.sh tries a sample of: every failure of every call, and every spoiled key.
gate_sweeps() {
    cmake --preset dev && cmake --build --preset dev &&
        SPF_SHORTAGE_EVERY=1 SPF_MUTANTS_EVERY=1 \
            sh tests/suite.sh dev --tests-regex '^(e2e[.]shortage|key[.](shortages|mutants)|unit[.]test_login_shortage)$'
}

passed=0 failed=0 skipped=0

# Runs one, and adds what came of it.
gate() {
    start=$(date +%s)
    status=0
    case $1 in
    check | sweeps) counts=build/dev/counts ;;
    asan*) counts=build/asan/counts ;;
    *) counts=$logs/none ;;
    esac
    rm -f "$counts"
    "gate_$(echo "$1" | tr - _)" >"$logs/$1.log" 2>&1 </dev/null || status=$?
    if [ -e "$counts" ]; then
        # shellcheck disable=SC2046  # three numbers
        set -- "$1" $(cat "$counts")
    elif [ "$status" -eq 0 ]; then
        set -- "$1" 1 0 0
    else # also where it came to no test: a build that failed
        set -- "$1" 0 1 0
    fi
    passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
    printf '%-8s %4d passed, %d failed, %d skipped, %d s\n' "$@" $(($(date +%s) - start))
    grep -e '^passed only when alone: ' -e '^SKIPPED: ' "$logs/$1.log" || true
    [ "$3" -eq 0 ] || tail -n 200 "$logs/$1.log"
}

if [ $# -eq 0 ]; then
    set -- format shell check clang tidy asan sweeps
fi
mkdir -p "$logs"
for name; do
    packages="$packages $(gate_packages "$name")"
done
install_missing
for name; do
    gate "$name"
done
echo "tests: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
