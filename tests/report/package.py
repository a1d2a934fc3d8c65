#!/usr/bin/env python3
"""What is installed is whole: package.py CMAKE BUILD SOURCE CC

Installs the build into a folder, builds the example of sshpreflight(3) against that with pkg-config and
runs it; makes the .deb, unpacks it and runs what is in it. lintian looks at it where it is installed. And
the build without tests is configured with nothing but the product's own libraries in reach.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

cmake, build, source, compiler = sys.argv[1:]
LIBRARIES = ("libcurl", "json-c", "libssh", "libcrypto", "libargon2")
wrong = []


def run(*words, **more):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **more)
    if done.returncode:
        wrong.append("%s: exit status %d\n%s" % (" ".join(map(str, words[:4])), done.returncode, done.stdout[-3000:]))
    return done.stdout


def one(root, pattern):
    found = list(root.rglob(pattern))
    if len(found) != 1:
        wrong.append("%s: %s" % (pattern, found))
        sys.exit("\n".join(wrong))
    return found[0]


def check_files(root):
    """Everything that the README promises."""
    for pattern in ("bin/sshpreflight", "include/sshpreflight.h", "libsshpreflight.so", "report.schema.json",
                    "target.schema.json", "sshpreflight.pc", "completions/sshpreflight", "_sshpreflight",
                    "sshpreflight.fish", "sshpreflight.1*", "sshpreflight.3*", "sshpreflight-json.5*",
                    "sshpreflight-causes.7*"):
        one(root, pattern)
    for path in root.rglob("*"):
        if path.is_file() and str(source).encode() in path.read_bytes() and not path.name.startswith("lib") \
                and path.parent.name != "bin":
            wrong.append("%s names the place where it was built" % path)


def check_library(root, folder):
    """The manual's example, as its reader would build it."""
    page = (pathlib.Path(source) / "man" / "sshpreflight.3").read_text(encoding="utf-8")
    example = page.split(".Bd -literal\n")[1].split(".Ed\n")[0].replace("\\en", "\\n")
    example = example.replace("203.0.113.9", "127.0.0.1").replace(
        '"key.pem") == 0', '"key.pem") == 0 && spf_preflight_set(preflight, "only", "key") == 0')
    (folder / "example.c").write_text(example, encoding="utf-8")
    env = dict(os.environ, PKG_CONFIG_PATH=str(one(root, "sshpreflight.pc").parent))
    flags = run("pkg-config", "--cflags", "--libs", "sshpreflight", env=env).split()
    sanitized = re.search(r"^SPF_SANITIZE:STRING=(.+)$", (pathlib.Path(build) / "CMakeCache.txt").read_text(), re.M)
    if sanitized:
        flags.append("-fsanitize=" + sanitized.group(1))
    run(compiler, "-Wall", "-Werror", "-o", folder / "example", folder / "example.c", *flags)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key.pem")
    done = subprocess.run([folder / "example"], cwd=folder, stdout=subprocess.PIPE, check=False, env=dict(
        os.environ, LD_LIBRARY_PATH=str(one(root, "libsshpreflight.so").parent), HOME=str(folder)))
    if done.returncode != 0 or json.loads(done.stdout)["verdict"] != "pass":
        wrong.append("the example: %d %s" % (done.returncode, done.stdout[:500]))


def check_package(folder):
    """The .deb."""
    run("cpack", "-G", "DEB", "-B", folder, cwd=build)
    shutil.rmtree(folder / "_CPack_Packages")
    package = one(folder, "*.deb")
    control = run("dpkg-deb", "--field", package)
    depends = re.search(r"^Depends: (.*)$", control, re.M).group(1)
    for library in ("libcurl", "libjson-c", "libssh-", "libssl", "libargon2"):
        if library not in depends:
            wrong.append("the package does not depend on %s: %s" % (library, depends))
    run("dpkg-deb", "--extract", package, folder / "root")
    check_files(folder / "root")
    if "sshpreflight 0" not in run(folder / "root/usr/bin/sshpreflight", "--version"):
        wrong.append("the packed program does not say its version")
    if not shutil.which("lintian"):
        return "lintian is not installed: the package was not linted"
    found = subprocess.run(["lintian", "--fail-on", "error", "--allow-root", str(package)], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True, check=False)
    if found.returncode:
        wrong.append("lintian: %s" % found.stdout)
    return "lintian found no error"


def check_needs(folder):
    """-DBUILD_TESTING=OFF with pkg-config seeing the product's own libraries alone."""
    (folder / "pc").mkdir()
    path = run("pkg-config", "--variable", "pc_path", "pkg-config").strip()
    for library in LIBRARIES:
        for place in path.split(":"):
            if os.path.exists("%s/%s.pc" % (place, library)):
                (folder / "pc" / (library + ".pc")).symlink_to("%s/%s.pc" % (place, library))
                break
    run(cmake, "-S", source, "-B", folder / "without-tests", "-DBUILD_TESTING=OFF", "-DCMAKE_C_COMPILER=" + compiler,
        env=dict(os.environ, PKG_CONFIG_LIBDIR=str(folder / "pc")))
    if (folder / "without-tests" / "tests").exists():
        wrong.append("a build without tests has tests")


with tempfile.TemporaryDirectory(prefix="spf-package-") as name:
    place = pathlib.Path(name)
    run(cmake, "--install", build, "--prefix", place / "installed")
    check_files(place / "installed")
    check_library(place / "installed", place)
    check_needs(place)
    (place / "deb").mkdir()
    said = check_package(place / "deb")
print("\n".join(wrong) or "installed, packed, used; " + said)
sys.exit(1 if wrong else 0)
