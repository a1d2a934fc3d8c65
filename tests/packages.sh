# shellcheck shell=sh
# Sourced: what building and testing takes on Debian 12, and how it is installed if it is missing.

packages="
gcc libc6-dev cmake ninja-build pkg-config dpkg-dev file gettext
libcurl4-openssl-dev libjson-c-dev libssh-dev libssl-dev libargon2-dev
libmicrohttpd-dev check
openssh-client openssh-server dropbear-bin tinysshd openssl putty-tools zsh fish
python3 python3-asyncssh python3-jsonschema python3-paramiko python3-prometheus-client python3-pyte python3-twisted python3-yaml mandoc cmark-gfm libxml2-utils acl dosfstools iproute2 nftables strace tmux
"

# What each part of tests/gates.sh takes beside them; and the fuzz preset.
gate_packages() {
    case $1 in
    format) echo clang-format ;;
    shell) echo shellcheck ;;
    tidy) echo clang clang-tidy ;;
    clang) echo clang ;;
    fuzz) echo clang libclang-rt-dev ;;
    esac
}

# Installs what of $packages is missing; root only. No daemon is started by it.
install_missing() {
    # Every installer writes this file, debootstrap does not; without it "localhost" is asked of DNS.
    if [ ! -e /etc/hosts ] && [ "$(id -u)" -eq 0 ]; then
        printf '127.0.0.1 localhost\n::1 localhost ip6-localhost\n' >/etc/hosts
    fi
    missing=""
    for package in $packages; do
        case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
        installed) ;;
        *) missing="$missing $package" ;;
        esac
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "These packages are missing, and only root can install them:$missing" >&2
        return 1
    fi
    echo "Installing:$missing"
    # The package of sshd would start it; the lab starts its own, on loopback.
    policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then
        policy=
    else
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    status=0
    log=$(mktemp)
    # shellcheck disable=SC2086  # a list of words
    { apt-get -qq update &&
        DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
            -o Dpkg::Use-Pty=0 install $missing; } </dev/null >"$log" 2>&1 || status=$?
    if [ -n "$policy" ]; then
        rm -f "$policy"
    fi
    if [ "$status" -ne 0 ]; then
        cat "$log" >&2
    fi
    rm -f "$log"
    return "$status"
}

# The repository from which apt gets this machine's own release.
own_mirror() {
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    # shellcheck disable=SC2016  # expanded by apt
    apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Identifier: Packages' |
        awk -v release="$codename" '$1 == release && $2 ~ /^https?:/ {print $2; exit}'
}
