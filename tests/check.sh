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
command -v promtool >/dev/null || echo "not installed, so not tried: promtool (Debian: prometheus)"
exec sh tests/suite.sh dev
