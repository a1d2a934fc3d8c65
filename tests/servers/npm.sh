#!/bin/sh
# Installs the servers of npm that tests/servers tries, pinned, below build/npm. Nothing of them is run by it.
set -eu
cd "$(dirname "$0")/../.."
for package in ssh2@1.17.0 ssh2@0.8.9 @microsoft/dev-tunnels-ssh@3.12.42; do
    npm install --silent --no-audit --no-fund --ignore-scripts --omit=optional \
        --prefix "build/npm/$package" "$package"
done
