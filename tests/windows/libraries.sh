#!/bin/sh
# sh tests/windows/libraries.sh PREFIX
#
# The libraries that sshpreflight.exe is made of, built static for Windows into PREFIX from Debian's source packages,
# of the newest stable release that this machine's mirror has in whole. What is there already is not built again: for
# newer sources remove PREFIX. PREFIX/versions says what was taken.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=tests/packages.sh
. tests/packages.sh

here=$PWD/tests/windows
mkdir -p "$1/apt/lists/partial" "$1/apt/cache/archives/partial" "$1/src" "$1/lib/pkgconfig" "$1/include" "$1/licences"
prefix=$(cd "$1" && pwd)
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
export SPF_WINDOWS_LIBRARIES="$prefix"
log=$prefix/log
# In each file that includes windows.h, half of what the compiler reads; toolchain.cmake says the same.
without_intrinsics="-D_X86INTRIN_H_INCLUDED -D_IMMINTRIN_H_INCLUDED"

# Source lists of our own: what this machine installs from stays as it is.
prepare_apt() {
    mirror=${MIRROR:-$(own_mirror)}
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    for suite in bookworm trixie; do
        echo "deb-src [signed-by=$keyring] $mirror $suite main"
    done >"$prefix/apt/sources.list"
    cat >"$prefix/apt/apt.conf" <<END
Dir::Etc::SourceList "$prefix/apt/sources.list";
Dir::Etc::SourceParts "-";
Dir::State::Lists "$prefix/apt/lists";
Dir::Cache "$prefix/apt/cache";
APT::Sandbox::User "root";
APT::Default-Release "";
END
    export APT_CONFIG="$prefix/apt/apt.conf"
    apt-get -qq update
}

# Unpacks a source package, newest version first, to src/NAME with Debian's patches; where a mirror has no version in
# whole, to what the authors released.
unpack() {
    rm -rf "$prefix/src/$1" "$prefix/src/$1.packages"
    mkdir "$prefix/src/$1.packages"
    (
        cd "$prefix/src/$1.packages"
        versions=$(apt-cache showsrc --only-source "$1" | sed -n 's/^Version: //p' | sort -rVu)
        for version in $versions; do
            if apt-get -qq source --download-only "$1=$version" 2>>"$log"; then
                dpkg-source --no-check -x ./*.dsc "../$1" >>"$log" 2>&1
                echo "$1 $version" >>"$prefix/versions"
                return
            fi
            rm -f ./*
        done
        for version in $versions; do
            if apt-get -qq source --download-only --tar-only "$1=$version" 2>>"$log"; then
                mkdir "../$1"
                tar -xf ./*.orig.tar.* -C "../$1" --strip-components=1
                echo "$1 $version (without Debian's patches)" >>"$prefix/versions"
                return
            fi
        done
        echo "The mirror has no source of $1" >&2
        exit 1
    )
}

with_cmake() { # NAME OPTIONS...
    name=$1
    shift
    cmake -G Ninja -S "$prefix/src/$name" -B "$prefix/src/$name.build" --toolchain "$here/toolchain.cmake" \
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib \
        -DCMAKE_POLICY_VERSION_MINIMUM=3.5 -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF "$@"
    cmake --build "$prefix/src/$name.build" -j "$jobs"
    cmake --install "$prefix/src/$name.build"
}

build_openssl() {
    cd "$prefix/src/openssl"
    without=
    for part in tests docs apps module legacy dso comp srp idea seed aria camellia sm2 sm3 sm4 whirlpool rc2 rc4 cms ts \
        dtls psk srtp gost ssl3 quic ml-dsa slh-dsa cmp ct ocsp ec2m bf cast md4 mdc2 rmd160 siphash siv ocb blake2 \
        rfc3779; do
        # older releases do not know the newer ones, and refuse what they do not know
        ! grep -q "\"$part\"" Configure || without="$without no-$part"
    done
    # shellcheck disable=SC2086  # a list of words
    ./Configure mingw64 --cross-compile-prefix=x86_64-w64-mingw32- --prefix="$prefix" --libdir=lib no-shared \
        $without -Os -D_WIN32_WINNT=0x0A00 -ffunction-sections -fdata-sections $without_intrinsics
    make -j "$jobs" build_libs
    make install_dev
}

build_argon2() { # its makefile knows no cross compiler
    cd "$prefix/src/argon2"
    objects=""
    for file in argon2 core encoding opt thread blake2/blake2b; do
        # shellcheck disable=SC2086  # a list of words
        x86_64-w64-mingw32-gcc-posix -O3 -std=c89 -D_WIN32_WINNT=0x0A00 $without_intrinsics -Iinclude -Isrc -c "src/$file.c" \
            -o "$(basename "$file").o"
        objects="$objects $(basename "$file").o"
    done
    # shellcheck disable=SC2086  # a list of words
    x86_64-w64-mingw32-ar rcs "$prefix/lib/libargon2.a" $objects
    cp include/argon2.h "$prefix/include/"
    cat >"$prefix/lib/pkgconfig/libargon2.pc" <<END
Name: libargon2
Description: Argon2
Version: 1
Libs: -L$prefix/lib -largon2
Cflags: -I$prefix/include
END
}

build_json_c() {
    with_cmake json-c -DBUILD_APPS=OFF -DDISABLE_WERROR=ON
}

build_libssh() {
    with_cmake libssh -DWITH_GSSAPI=OFF -DWITH_ZLIB=OFF -DWITH_SFTP=OFF -DWITH_SERVER=OFF -DWITH_PCAP=ON \
        -DWITH_EXAMPLES=OFF -DUNIT_TESTING=OFF -DWITH_NACL=OFF -DWITH_EXEC=OFF \
        -DOPENSSL_ROOT_DIR="$prefix" -DOPENSSL_USE_STATIC_LIBS=ON
    # what its file does not say of a static library
    sed -i 's/^Cflags:.*/& -DLIBSSH_STATIC/; s/^Libs:.*/& -lcrypto -liphlpapi -lws2_32/' \
        "$prefix/lib/pkgconfig/libssh.pc"
}

# For the unit tests, which are not run in processes of their own there.
build_check() {
    with_cmake check -DCHECK_ENABLE_TESTS=OFF -DCHECK_ENABLE_SUBUNIT=OFF -DENABLE_SUBUNIT=OFF -DINSTALL_CHECKMK=OFF
    sed -i 's/-lcheck_pic/-lcheck/' "$prefix/lib/pkgconfig/check.pc" # which it names, and does not make
    rm -f "$prefix/lib/libcheck.dll.a"                               # which CMake would rather link
}

# With OpenSSL, not Schannel: TLS is the same as on Linux, and CURLSSLOPT_NATIVE_CA brings Windows' own trust.
build_curl() {
    with_cmake curl -DCURL_USE_OPENSSL=ON -DOPENSSL_ROOT_DIR="$prefix" -DOPENSSL_USE_STATIC_LIBS=ON -DHTTP_ONLY=ON \
        -DCURL_ZLIB=OFF -DCURL_BROTLI=OFF -DCURL_ZSTD=OFF -DUSE_NGHTTP2=OFF -DUSE_LIBIDN2=OFF -DUSE_WIN32_IDN=ON \
        -DCURL_USE_LIBSSH2=OFF -DCURL_USE_LIBPSL=OFF -DBUILD_CURL_EXE=OFF -DBUILD_LIBCURL_DOCS=OFF \
        -DBUILD_MISC_DOCS=OFF -DENABLE_CURL_MANUAL=OFF -DPICKY_COMPILER=OFF
}

# shellcheck disable=SC2154  # status is assigned in the trap
trap 'status=$?; [ "$status" -eq 0 ] || tail -n 30 "$log" >&2; exit "$status"' EXIT
: >>"$prefix/versions"
asked=
for library in openssl argon2 json-c libssh curl check; do
    [ ! -e "$prefix/built-$library" ] || continue
    [ -n "$asked" ] || prepare_apt
    asked=yes
    start=$(date +%s)
    echo "Building $library for Windows"
    unpack "$library"
    for licence in "$prefix/src/$library"/LICENSE* "$prefix/src/$library"/COPYING*; do
        [ ! -f "$licence" ] || cp "$licence" "$prefix/licences/$library-$(basename "$licence" .txt).txt"
    done
    ("build_$(echo "$library" | tr - _)") >>"$log" 2>&1
    touch "$prefix/built-$library"
    rm -rf "$prefix/src/$library" "$prefix/src/$library".*
    echo "$library: $(($(date +%s) - start)) s"
done
sort -u "$prefix/versions"
