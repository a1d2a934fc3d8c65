#!/bin/sh
# Installs what is missing, builds, and runs all tests in parallel. That a newer compiler or library warns of
# something is no reason not to know whether it works: warnings are errors for who builds the dev preset by hand.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/packages.sh
. tests/packages.sh

install_missing
cmake --preset dev -DSPF_WERROR=OFF
cmake --build --preset dev
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# Most tests wait for timeouts rather than compute, so more of them than processors run at once.
status=0
rm -f build/dev/tests.xml
ctest --preset dev --parallel $((jobs * 3)) --output-junit tests.xml || status=$?
python3 - build/dev/tests.xml <<'EOF'
import sys
from xml.etree import ElementTree

suite = ElementTree.parse(sys.argv[1]).getroot()
total, failed, skipped = (int(suite.get(name)) for name in ("tests", "failures", "skipped"))
for case in suite.iter("testcase"):
    if case.get("status") == "notrun":
        said = (case.findtext("system-out") or "").strip().splitlines()
        print("SKIPPED: %s%s" % (case.get("name"), ": " + said[-1] if said else ""))
print("tests: %d passed, %d failed, %d skipped" % (total - failed - skipped, failed, skipped))
EOF
command -v promtool >/dev/null || echo "not installed, so not tried: promtool (Debian: prometheus)"
exit "$status"
