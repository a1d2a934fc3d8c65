#!/bin/sh
# Installs what is missing, builds with warnings as errors, and runs all tests in parallel.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/packages.sh
. tests/packages.sh

install_missing
cmake --preset dev
cmake --build --preset dev
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# Most tests wait for timeouts rather than compute, so more of them than processors run at once.
exec ctest --preset dev --parallel $((jobs * 2))
