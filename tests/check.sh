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
for tool in promtool:prometheus zsh:zsh fish:fish lintian:lintian; do
    command -v "${tool%:*}" >/dev/null || echo "not installed, so not tried: ${tool%:*} (Debian: ${tool#*:})"
done
exec sh tests/suite.sh dev
