#!/bin/sh
# Installs the versions of npm's ssh2 that tests/servers tries, pinned, below build/npm. Nothing of them is run by it.
set -eu
cd "$(dirname "$0")/../.."
for version in 1.17.0 0.8.9; do
    npm install --silent --no-audit --no-fund --ignore-scripts --omit=optional \
        --prefix "build/npm/ssh2-$version" "ssh2@$version"
done
