#!/usr/bin/env python3
"""What is installed is whole: package.py CMAKE BUILD SOURCE CC

Installs the build into a directory, builds the example of sshpreflight(3) against that with pkg-config and
runs it; makes the .deb, unpacks it and runs what is in it. lintian looks at it where it is installed. The
RPM spec, where rpmspec can read it, has a place for each file that is installed. And the build without
tests is configured with nothing but the product's own libraries in reach.
"""
import fnmatch
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

cmake, build, source, compiler = sys.argv[1:]
LIBRARIES = ("libcurl", "json-c", "libssh", "libcrypto", "libssl", "libargon2")
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
    if shutil.which("msgfmt"):
        one(root, "locale/zh_CN/LC_MESSAGES/sshpreflight.mo")
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


def check_spec(root):
    """Each installed file is in one of the spec's packages."""
    if not shutil.which("rpmspec"):
        return "rpmspec is not installed: the RPM spec was not read"
    spec = run("rpmspec", "-P", "--define", "_libdir /usr/lib", "--define", "_prefix /usr",
               pathlib.Path(build) / "packaging" / "sshpreflight.spec")
    listed = re.findall(r"^(/\S+)$", spec[spec.index("\n%files"):], re.M)
    libraries = one(root, "libsshpreflight.so").parent.relative_to(root)
    for path in root.rglob("*"):
        name = "/usr/" + str(path.relative_to(root)).replace(str(libraries), "lib", 1)
        if not path.is_dir() and not any(fnmatch.fnmatch(name, entry) or name.startswith(entry + "/")
                                         for entry in listed):
            wrong.append("the RPM spec has no %s" % name)
    return "the RPM spec has all files"


def required(text):
    """The modules that a .pc file requires, which its reader may want even for no more than its flags (pkgconf)."""
    lists = re.findall(r"^Requires(?:\.private)?:(.*)$", text, re.M)
    return re.findall(r"(?:^|[\s,])([A-Za-z][\w.+-]*)", " ".join(lists))


def check_needs(folder):
    """-DBUILD_TESTING=OFF with pkg-config seeing the product's own libraries alone, and what these require."""
    (folder / "pc").mkdir()
    path = run("pkg-config", "--variable", "pc_path", "pkg-config").strip()
    wanted = list(LIBRARIES)
    for library in wanted:  # grows on the way
        for place in map(pathlib.Path, path.split(":")):
            found = place / (library + ".pc")
            if found.exists():
                (folder / "pc" / found.name).symlink_to(found)
                wanted += [name for name in required(found.read_text(encoding="utf-8")) if name not in wanted]
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
    spec_said = check_spec(place / "installed")
    (place / "deb").mkdir()
    said = check_package(place / "deb")
print("\n".join(wrong) or "installed, packed, used; %s; %s" % (said, spec_said))
sys.exit(1 if wrong else 0)
