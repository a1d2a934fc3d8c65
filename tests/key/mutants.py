#!/usr/bin/env python3
"""Keys with one field spoiled, in each form of key file, held against ssh-keygen and puttygen.

    mutants.py KEY_TELL [KIND...]

Real keys are taken apart, and put together again with a field that is missing, too short or too
long, zero, negative, even, another key's, or of another type; with lengths that lie, wrong padding,
unknown ciphers and key derivations. Of each:

  - the reader comes to an end with an answer;
  - a private key that `ssh-keygen -y` loads is one that ssh loads to us, and the same key; one that it
    refuses is none;
  - what ssh-keygen loads and can't sign with is not usable, and what we would log in with is a key that
    ssh-keygen signs with;
  - puttygen and we agree on PuTTY's files;
  - ssh-keygen -l and we agree on the fingerprint of public keys and certificates.

KNOWN says where we differ, and why.

SPF_MUTANTS_EVERY: of so many files one is shown to ssh-keygen and puttygen as well (1: all); the reader
reads them all.
"""
import base64
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zlib

import forms
import mutations

PASSPHRASE = mutations.PASSPHRASE
HANGS = 600
# (pattern of names, what is not compared, why)
KNOWN = [
    (r"ppk / ed / PPK (private field 0 an octet more|public field 1 .*)", "puttygen",
     "PuTTY overlooks needless octets of Ed25519's numbers, and takes any point of the curve"),
    (r"ppk / dsa / PPK public field 2 empty", "puttygen", "of DSA we say that it is switched off everywhere"),
    (r"ppk / ssh-ed448 / PPK", "puttygen", "of Ed448 we know no more than the name"),
    (r"public / rsa / line, field 2 .*|public / rsa / line, fields in another order", "ssh-keygen -l",
     "it shows no RSA key below 1024 bits; a login with such a key has failed before"),
    (r"public / .* / .*RFC 4716, one line", "ssh-keygen -l", "it wants a newline at the end"),
]


def run(*argv, data=None):
    return subprocess.run(argv, input=data, stdin=None if data else subprocess.DEVNULL, capture_output=True,
                          timeout=HANGS, check=False,
                          env={**os.environ, "SSH_ASKPASS_REQUIRE": "never", "LC_ALL": "C"})


def print_of(blob):
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def loads(path):
    """The fingerprint of the private key that ssh-keygen loads; None."""
    done = run("ssh-keygen", "-y", "-P", PASSPHRASE if is_sealed(path) else "", "-f", str(path))
    return print_of(base64.b64decode(done.stdout.split()[1])) if done.returncode == 0 and done.stdout else None


def is_sealed(path):
    """Does it say that it is encrypted, so that ssh-keygen wants a passphrase?"""
    text = path.read_bytes()
    body = forms.ARMOUR.search(text)
    try:
        head = base64.b64decode(body.group(1))[:100] if body else b""
    except ValueError:
        head = b""
    return b"ENCRYPTED" in text or b"bcrypt" in head


def signs(path):
    with tempfile.TemporaryDirectory() as folder:
        key, text = pathlib.Path(folder, "k"), pathlib.Path(folder, "m")
        shutil.copy(path, key)
        text.write_text("m\n")
        done = run("ssh-keygen", "-q", "-Y", "sign", "-n", "x", "-f", str(key), str(text))
        if done.returncode != 0:
            return False
        return run("ssh-keygen", "-q", "-Y", "check-novalidate", "-n", "x", "-s", str(text) + ".sig",
                   data=b"m\n").returncode == 0


def listed(path):
    """The fingerprint that ssh-keygen shows of a public key; None."""
    if path.read_bytes().startswith(b"----"):
        done = run("ssh-keygen", "-i", "-f", str(path))
        done = run("ssh-keygen", "-l", "-f", "-", data=done.stdout or b"\n")
    else:
        done = run("ssh-keygen", "-l", "-f", str(path))
    return done.stdout.split()[1].decode() if done.returncode == 0 else None


class Court:
    """Compares what everybody says."""

    def __init__(self, key_tell, folder):
        self.key_tell, self.folder, self.wrong, self.known = key_tell, folder, [], set()
        self.every = int(os.environ.get("SPF_MUTANTS_EVERY", "4"))
        self.secret = folder / "passphrase"
        self.secret.write_text(PASSPHRASE)

    def complain(self, who, name, what):
        for number, (pattern, whom, _) in enumerate(KNOWN):
            if whom == who and re.fullmatch(pattern, name):
                self.known.add(number)
                return
        self.wrong.append("%s: %s: %s" % (name, who, what))

    def tell(self, paths, out):
        out.mkdir()
        done = run(self.key_tell, "-p", PASSPHRASE, "-l", str(out), *map(str, paths))
        if done.returncode != 0:
            raise SystemExit("key_tell: %d %s" % (done.returncode, done.stderr.decode(errors="replace")))
        return [collections.defaultdict(str, json.loads(line)) for line in done.stdout.splitlines()]

    def hear(self, kind, cases):
        folder = self.folder / kind
        folder.mkdir()
        names, paths = [], []
        for number, (key, how, data) in enumerate(cases):
            path = folder / ("%d" % number)
            path.write_bytes(data)
            path.chmod(0o400)
            names.append("%s / %s / %s" % (kind, key, how))
            paths.append(path)
        ours = self.tell(paths, folder / "out")
        if len(ours) != len(paths):
            raise SystemExit("key_tell answered %d of %d files" % (len(ours), len(paths)))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            shown = [i for i, name in enumerate(names) if zlib.crc32(name.encode()) % self.every == 0]
            list(pool.map(lambda i: self.compare(kind, names[i], paths[i], ours[i], i), shown))
        return len(paths), len(shown)

    def compare(self, kind, name, path, our, number):
        if not our["good"]:
            self.complain("key_tell", name, "is no good")
        elif kind == "public":
            self.compare_public(name, path, our)
        elif kind == "ppk":
            self.compare_ppk(name, path, our)
        else:
            self.compare_private(name, path, our)
        login = path.parent / "out" / ("%d.login" % number)
        if login.exists() != bool(our["usable"]):
            self.complain("login", name, "usable: %s" % our["usable"])
        if login.exists() and (loads(login) != our["sha256"] or not signs(login)):
            self.complain("login", name, "what we log in with signs nothing, or is another key")

    def said(self, our):
        return "%s, %s" % (our["damage"], our["detail"])

    def compare_private(self, name, path, our):
        theirs = loads(path)
        sealed = our["damage"] in ("key-passphrase-wrong", "key-kdf-too-costly") and not theirs
        agreed = bool(theirs) == bool(our["openssh_accepts"]) and (not theirs or our["sha256"] == theirs)
        if sealed or agreed and (our["usable"] or not theirs):
            return
        works = bool(theirs) and signs(path)
        if not agreed and (works or not theirs):
            self.complain("ssh-keygen", name, "loads: %s, signs: %s, we say %s" % (theirs, works, self.said(our)))
        if works and not our["usable"] and our["algorithm"] != "ssh-dss":
            self.complain("signing", name, "ssh-keygen signs with it: %s" % self.said(our))

    def compare_ppk(self, name, path, our):
        made = path.with_suffix(".openssh")
        if not shutil.which("puttygen"):
            return
        theirs = run("puttygen", str(path), "-O", "private-openssh", "--old-passphrase", str(self.secret), "-o",
                     str(made)).returncode == 0
        if theirs == bool(our["putty_accepts"]):
            return
        if theirs and signs(made) or not theirs and our["damage"] not in ("key-passphrase-wrong", "key-kdf-too-costly"):
            self.complain("puttygen", name, "loads: %s, we say %s" % (theirs, self.said(our)))

    def compare_public(self, name, path, our):
        theirs = listed(path)
        if theirs and our["sha256"] != theirs:
            self.complain("ssh-keygen -l", name, "%s, we say %s (%s)" % (theirs, our["sha256"], self.said(our)))
        if not theirs and our["sha256"] and our["damage"] != "key-is-certificate":
            self.complain("ssh-keygen -l", name, "refuses it, we say %s (%s)" % (our["sha256"], self.said(our)))


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="spf-mutants-"))
    try:
        made = folder / "keys"
        made.mkdir()
        kinds = {"rsa": ("-t", "rsa", "-b", "1024"), "ed": ("-t", "ed25519"), "ec256": ("-t", "ecdsa", "-b", "256"),
                 "ec521": ("-t", "ecdsa", "-b", "521")}
        if b"ssh-dss" in run("ssh", "-Q", "key").stdout:  # OpenSSH has none since 10.0
            kinds["dsa"] = ("-t", "dsa")
        keys = [forms.Key(made, name, *options) for name, options in kinds.items()]
        another = forms.Key(made, "another", "-t", "ed25519")
        another_rsa = forms.Key(made, "another-rsa", "-t", "rsa", "-b", "1024")
        court = Court(os.path.abspath(sys.argv[1]), folder)
        kinds = {"openssh": mutations.openssh_files(keys, another), "envelope": mutations.envelope_files(made),
                 "token": mutations.token_files(), "ppk": mutations.ppk_files(keys, another, made),
                 "pem": mutations.pem_files(keys, another_rsa),
                 "public": mutations.public_files(keys, another, made)}
        counts = [court.hear(kind, cases) for kind, cases in kinds.items()
                  if len(sys.argv) < 3 or kind in sys.argv[2:]]
        for line in court.wrong:
            print("FAILED:", line)
        print("%d mutants, %d of them shown to the referees, %d disagreements"
              % (sum(made for made, _ in counts), sum(shown for _, shown in counts), len(court.wrong)))
        return int(bool(court.wrong))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
