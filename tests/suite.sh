#!/bin/sh
# Runs the tests of a preset's build: sh tests/suite.sh PRESET [CTEST-OPTION...]. The last line says
# what came of them, and build/PRESET/counts holds it: passed, failed, skipped.
#
# Most tests wait for timeouts rather than compute, so many more of them than processors run at once. What
# failed then runs once more, alone: it is named, and has failed only if it fails again. A machine that
# does much else at the time is no reason to refuse a change; a fault does not go by that.
set -u
cd "$(dirname "$0")/.." || exit 1
preset=$1
shift
build=build/$preset
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

# Where it can be had, the tests have a network of their own: what would leave this machine fails.
apart() {
    if [ -z "$own_network" ]; then
        "$@"
    else
        unshare --net sh -c 'ip link set lo up && exec "$@"' apart "$@"
    fi
}
own_network=""
if [ "$(id -u)" -eq 0 ] && unshare --net ip link set lo up 2>/dev/null; then
    own_network=yes
fi

rm -f "$build/tests.xml" "$build/again.xml" "$build/counts"
apart ctest --preset "$preset" "$@" --parallel $((jobs * 8)) --output-junit tests.xml
status=$?
if [ "$status" -ne 0 ] && [ -e "$build/tests.xml" ]; then
    echo "Once more, alone:"
    apart ctest --preset "$preset" --rerun-failed --parallel 1 --output-junit again.xml
    status=$?
fi
python3 - "$build" "$status" <<'PYTHON'
import os
import sys
from xml.etree import ElementTree

build, status = sys.argv[1], int(sys.argv[2])


def cases(name):
    path = os.path.join(build, name)
    return list(ElementTree.parse(path).iter("testcase")) if os.path.exists(path) else []


def results(name):
    return {case.get("name"): case.get("status") for case in cases(name)}


first, again = results("tests.xml"), results("again.xml")
for name in sorted(again):
    if again[name] == "run":
        print("passed only when alone: " + name)
    first[name] = again[name]
for case in cases("tests.xml"):
    if case.get("status") == "notrun":
        said = (case.findtext("system-out") or "").strip().splitlines()
        print("SKIPPED: %s%s" % (case.get("name"), ": " + said[-1] if said else ""))
passed = sum(found == "run" for found in first.values())
failed = sum(found == "fail" for found in first.values())
if status != 0 and failed == 0:
    failed = 1  # ctest itself
counts = (passed, failed, len(first) - passed - failed if first else 0)
with open(os.path.join(build, "counts"), "w", encoding="ascii") as out:
    out.write("%d %d %d\n" % counts)
print("tests: %d passed, %d failed, %d skipped" % counts)
sys.exit(failed > 0)
PYTHON
