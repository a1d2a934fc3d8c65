#!/bin/sh
# sh tests/package-roots.sh [DIRECTORY]
#
# Do the packages install and run where nothing else is? On Debian 12, as root:
#
#   .deb        built by cpack, looked at by lintian, installed by apt in a bare bookworm and a bare trixie
#   RPM         built by rpmbuild, installed by rpm in the bare bookworm (without its dependencies: that is no RPM system)
#   container   built by buildah from packaging/Containerfile, on the bare bookworm for a base; its size
#
# The roots are made by debootstrap from the mirror that this machine's apt uses (MIRROR: another); DIRECTORY keeps them,
# and those that are there already are used again. What is not installed here (lintian, rpmbuild, buildah) is skipped, and
# named at the end.
# shellcheck disable=SC2317  # note calls the functions
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/packages.sh
. tests/packages.sh
# shellcheck source=tests/roots.sh
. tests/roots.sh

[ "$(id -u)" -eq 0 ] || {
    echo "Only root can make a root and change into it." >&2
    exit 1
}
mirror=${MIRROR:-$(own_mirror)}
work=$(mktemp -d)
chmod 755 "$work"
log=$work/log
clean_up() {
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT
trap 'stop 129' HUP
trap 'stop 130' INT
trap 'stop 143' TERM
roots=$work
[ $# -eq 0 ] || {
    mkdir -p "$1"
    roots=$(cd "$1" && pwd)
}
summary=
skipped=
failed=0

# note WHAT COMMAND...: runs it, keeps its output from the screen unless it fails.
note() {
    what=$1
    shift
    if "$@" >"$log" 2>&1; then
        summary="$summary
ok      $what"
    else
        echo "== $what: exit status $?"
        tail -n 60 "$log"
        summary="$summary
FAILED  $what"
        failed=1
    fi
}

has() {
    for program in "$@"; do
        command -v "$program" >/dev/null && continue
        skipped="$skipped
skipped, $program is not installed here: $program"
        return 1
    done
}

# What runs in each root, whatever installed it.
cat >"$work/look.sh" <<'LOOK'
set -eux
sshpreflight --version
sshpreflight --lang zh --help | grep 用法
sshpreflight explain sg-no-rule --json | grep '"cause":"sg-no-rule"'
ldconfig -p | grep libsshpreflight.so.0
test -s /usr/share/man/man1/sshpreflight.1.gz -o -s /usr/share/man/man1/sshpreflight.1
sshpreflight --only key --key ./key.pem --lang en | grep 'No problem found'
status=0
sshpreflight root@127.0.0.1 -p 1 --key ./key.pem --json >report || status=$?
test "$status" -eq 1
grep '"cause":"port-refused"' report
LOOK

# in_root SUITE COMMAND...: a command in the root of SUITE, which is made if it isn't there.
in_root() {
    suite=$1
    root=$roots/$suite
    shift
    if [ ! -e "$root/etc/debian_version" ]; then
        { mkdir -p "$root" && chmod 755 "$root"; } || return
        make_root
    fi
    mkdir -p "$root/root/sshpreflight" &&
        cp "$work/key.pem" "$work/look.sh" "$work/package.deb" "$root/root/sshpreflight/" && inside "$@"
}

build() {
    cmake -S . -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DSPF_HARDEN=ON -DBUILD_TESTING=OFF &&
        cmake --build "$work/build" && cpack --config "$work/build/CPackConfig.cmake" -G DEB -B "$work/deb" &&
        mv "$work"/deb/*.deb "$work/package.deb"
}

install_deb() {
    in_root "$1" sh -euc 'apt-get -q update
        DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install ./package.deb
        sh look.sh'
}

remove_deb() {
    in_root "$1" dpkg --purge sshpreflight
}

build_rpm() {
    version=$(sed -n 's/^Version: *//p' "$work/build/packaging/sshpreflight.spec")
    mkdir -p "$work/rpm/SOURCES" &&
        tar -czf "$work/rpm/SOURCES/sshpreflight-$version.tar.gz" --exclude=./build --exclude=./.git --exclude=./.cache \
            --transform "s,^\.,sshpreflight-$version," . &&
        rpmbuild --nodeps --define "_topdir $work/rpm" --define "_libdir /usr/lib/$(gcc -print-multiarch)" -ba "$work/build/packaging/sshpreflight.spec"
}

# Its libraries are those that the .deb has brought; the .deb itself is gone by now. What an earlier run left in a kept
# root would be in the way.
install_rpm() {
    rpm --root "$roots/bookworm" --dbpath /var/lib/rpm -e sshpreflight-devel sshpreflight sshpreflight-libs 2>/dev/null || true
    set -- "$work"/rpm/RPMS/*/sshpreflight-*.rpm
    rpm --root "$roots/bookworm" --dbpath /var/lib/rpm --nodeps -i "$@" &&
        in_root bookworm sh look.sh && rpm --root "$roots/bookworm" --dbpath /var/lib/rpm -V --nodeps sshpreflight &&
        rpm --root "$roots/bookworm" --dbpath /var/lib/rpm -e sshpreflight-devel sshpreflight sshpreflight-libs &&
        test ! -e "$roots/bookworm/usr/bin/sshpreflight"
}

images() {
    buildah --root "$work/images" --runroot "$work/run" --storage-driver vfs "$@"
}

# The base has the name that the recipe asks for; apt's caches are left out, as in the published one.
build_image() {
    base=debian:bookworm-slim
    container=$(images from scratch) &&
        tar -c -C "$roots/bookworm" --one-file-system --exclude=./root/sshpreflight --exclude=./var/cache/apt/\*.bin \
            --exclude=./var/cache/apt/archives/\*.deb --exclude=./var/lib/apt/lists/\*_\* --exclude=./usr/share/doc/\* \
            --exclude=./usr/share/man/\* --exclude=./usr/share/locale/\* . >"$work/base.tar" &&
        images add --quiet "$container" "$work/base.tar" / && images commit --quiet --rm "$container" "$base" &&
        images bud --isolation chroot --pull-never -f packaging/Containerfile -t sshpreflight . &&
        container=$(images from --pull-never sshpreflight) &&
        images run --isolation chroot "$container" -- sshpreflight --version &&
        images run --isolation chroot "$container" -- sshpreflight --lang zh explain sg-no-rule
}

ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/key.pem"
chmod 0400 "$work/key.pem"
note "build without tests, and its .deb" build
[ "$failed" -eq 0 ] || exit 1
if has lintian; then
    note "lintian finds no error" lintian --allow-root --fail-on error "$work/package.deb"
fi
for suite in bookworm trixie; do
    note "the .deb in a bare $suite" install_deb "$suite"
    note "the .deb removed from $suite" remove_deb "$suite"
done
if has rpmbuild rpm; then
    note "rpmbuild" build_rpm
    note "the RPM in a bare bookworm, by rpm --nodeps" install_rpm
fi
if has buildah; then
    note "the container's image runs" build_image
    images images --format '{{.Name}} {{.Size}}' | grep -v none >"$work/sizes" || true
    summary="$summary
$(cat "$work/sizes")"
fi
echo "$(wc -c <"$work/package.deb") bytes of .deb$summary$skipped"
exit "$failed"
