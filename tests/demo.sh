#!/bin/sh
# Installs what is missing, builds, starts the lab (an emulated cloud and a real sshd on loopback), and
# shows what sshpreflight says about a healthy instance and about one whose rules exclude us.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/packages.sh
. tests/packages.sh

install_missing
cmake --preset release >/dev/null
cmake --build --preset release --target sshpreflight --target lab-cloud
exec python3 -B tests/lab/demo.py --binary build/release/src/cli/sshpreflight \
    --lab-cloud build/release/tests/lab/lab-cloud
