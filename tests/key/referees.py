#!/usr/bin/env python3
"""Holds the key reader against ssh-keygen and puttygen.

Makes keys of every kind and container with ssh-keygen, openssl and puttygen, damages them in every
way that is known from failed logins, and asks all three what they make of each file:

  ssh-keygen -y    loads it as `ssh -i` would     must agree with openssh_accepts, and on the key
  puttygen         loads a PPK as PuTTY would     must agree with putty_accepts, and on the key
  key_tell         our reader; its login key and its repaired copy are given to ssh-keygen again

    referees.py KEY_TELL [--table FILE]

--table writes what everyone said, a line for each kind of damage, as Markdown. Exit status 0: no
disagreement that EXPLAINED does not explain.
"""
import base64
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PASSPHRASE = "CanaryPass-7f3a"

# Where we knowingly differ from a referee, and why: (who, base's pattern, damage's pattern, reason).
EXPLAINED = [
    ("ssh-keygen", "rsa-pem-encrypted", "one character changed early|line before the last missing",
     "in the old encrypted PEM, changed ciphertext can't be told from a wrong passphrase"),
    ("puttygen", "(rsa|ed|ec256)-ppk[23]-encrypted", "one character changed late",
     "nor can it in an encrypted PPK, whose MAC is keyed with the passphrase"),
    ("puttygen", "(rsa|ed|ec256)-ssh-certificate", "none",
     "of a certificate we show the fingerprint of its key, as ssh-keygen -l does"),
    ("recovery", "rsa-pem-encrypted", "BEGIN and END missing",
     "nothing is left that says which kind of key the ciphertext is"),
]


def run(*argv, cwd=None, data=None, timeout=600):
    return subprocess.run(argv, cwd=cwd, input=data, capture_output=True, timeout=timeout,
                          env={**os.environ, "SSH_ASKPASS_REQUIRE": "never", "LC_ALL": "C"})


def must(*argv, cwd=None, data=None):
    done = run(*argv, cwd=cwd, data=data)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(argv)}: {done.stderr.decode(errors='replace')}")
    return done.stdout


# --- the keys -----------------------------------------------------------------------------------

def make_keys(d):
    """name -> bytes; all private keys, whole."""
    keys = {}

    def keygen(name, *options, passphrase=""):
        must("ssh-keygen", "-q", "-C", "me@home", "-N", passphrase, "-f", name, *options, cwd=d)
        keys[name] = (d / name).read_bytes()
        (d / (name + ".pub")).unlink()

    def openssl(name, *options, data=None):
        must("openssl", *options, "-out", name, cwd=d, data=data)
        keys[name] = (d / name).read_bytes()

    def putty(name, source, *options):
        must("puttygen", source, "-O", "private", "-o", name, *options, cwd=d)
        keys[name] = (d / name).read_bytes()

    (d / "pw").write_text(PASSPHRASE)
    # OpenSSH has no DSA since 10.0
    dsa = {"dsa": ("-t", "dsa")} if b"ssh-dss" in must("ssh", "-Q", "key") else {}
    for kind, options in {"rsa": ("-t", "rsa", "-b", "2048"), "rsa1024": ("-t", "rsa", "-b", "1024"),
                          "rsa4096": ("-t", "rsa", "-b", "4096"),
                          "ec256": ("-t", "ecdsa", "-b", "256"), "ec384": ("-t", "ecdsa", "-b", "384"),
                          "ec521": ("-t", "ecdsa", "-b", "521"), "ed": ("-t", "ed25519",),
                          **dsa}.items():
        keygen(f"{kind}-openssh", *options)
        if kind != "ed":
            keygen(f"{kind}-pem", *options, "-m", "PEM")
            keygen(f"{kind}-pkcs8", *options, "-m", "PKCS8")
        putty(f"{kind}-ppk3", f"{kind}-openssh")
        putty(f"{kind}-ppk2", f"{kind}-openssh", "--ppk-param", "version=2")
    for cipher in ("aes256-ctr", "aes256-cbc", "aes192-ctr", "aes128-cbc", "3des-cbc",
                   "aes128-gcm@openssh.com", "aes256-gcm@openssh.com",
                   "chacha20-poly1305@openssh.com"):
        keygen(f"ed-openssh-{cipher.split('@')[0]}", "-t", "ed25519", "-a", "1", "-Z", cipher,
               passphrase=PASSPHRASE)
    keygen("rsa-openssh-encrypted", "-t", "rsa", "-b", "2048", "-a", "2", passphrase=PASSPHRASE)
    keygen("rsa-pem-encrypted", "-t", "rsa", "-b", "2048", "-m", "PEM", passphrase=PASSPHRASE)
    keygen("ec256-pem-encrypted", "-t", "ecdsa", "-m", "PEM", passphrase=PASSPHRASE)
    keygen("rsa-pkcs8-encrypted", "-t", "rsa", "-b", "2048", "-m", "PKCS8", passphrase=PASSPHRASE)
    password = "pass:" + PASSPHRASE
    openssl("rsa-pem-3des", "rsa", "-in", "rsa-pem", "-des3", "-traditional", "-passout", password)
    openssl("rsa-pkcs8-scrypt", "pkcs8", "-topk8", "-in", "rsa-pem", "-scrypt", "-scrypt_N", "1024",
            "-passout", password)
    openssl("rsa-pkcs8-3des", "pkcs8", "-topk8", "-in", "rsa-pem", "-v2", "des3", "-passout", password)
    openssl("rsa-pkcs8-sha1des", "pkcs8", "-topk8", "-in", "rsa-pem", "-v1", "PBE-SHA1-3DES",
            "-passout", password)
    openssl("ed-pkcs8", "genpkey", "-algorithm", "ed25519")
    openssl("ed-pkcs8-encrypted", "pkcs8", "-topk8", "-in", "ed-pkcs8", "-passout", password)
    openssl("ed448-pkcs8", "genpkey", "-algorithm", "ed448")
    openssl("x25519-pkcs8", "genpkey", "-algorithm", "x25519")
    openssl("rsapss-pkcs8", "genpkey", "-algorithm", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048")
    openssl("rsa768-pkcs8", "genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:768")
    openssl("rsa512-pkcs8", "genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:512")
    openssl("secp256k1-pem", "ecparam", "-genkey", "-noout", "-name", "secp256k1")
    openssl("brainpool-pkcs8", "genpkey", "-algorithm", "ec", "-pkeyopt",
            "ec_paramgen_curve:brainpoolP256r1")
    openssl("ec256-with-parameters", "ecparam", "-genkey", "-name", "prime256v1")
    openssl("ec256-explicit", "ecparam", "-genkey", "-noout", "-name", "prime256v1", "-param_enc",
            "explicit")
    openssl("ec256-compressed", "ec", "-in", "ec256-pem", "-conv_form", "compressed")
    for kind in ("rsa", "ed", "ec256"):
        putty(f"{kind}-ppk3-encrypted", f"{kind}-openssh", "--new-passphrase", "pw", "--ppk-param",
              "memory=1024,passes=2")
        putty(f"{kind}-ppk2-encrypted", f"{kind}-openssh", "--new-passphrase", "pw", "--ppk-param",
              "version=2")
    putty("ed-ppk3-argon2i", "ed-openssh", "--new-passphrase", "pw", "--ppk-param",
          "memory=256,passes=1,kdf=argon2i")
    putty("ed-ppk3-argon2d", "ed-openssh", "--new-passphrase", "pw", "--ppk-param",
          "memory=256,passes=1,kdf=argon2d,parallelism=2")
    return keys


def make_others(d, keys):
    """name -> bytes; what people also give as a private key."""
    others = {}

    def of(name, data):
        others[name] = data

    for kind in ("rsa", "ed", "ec256"):
        source = d / f"{kind}-openssh"
        public = must("ssh-keygen", "-y", "-f", str(source))
        (d / "x.pub").write_bytes(public)
        of(f"{kind}-public-line", public)
        of(f"{kind}-public-rfc4716", must("ssh-keygen", "-e", "-f", "x.pub", cwd=d))
        if kind != "ed":
            of(f"{kind}-public-pkcs8", must("ssh-keygen", "-e", "-m", "PKCS8", "-f", "x.pub", cwd=d))
            of(f"{kind}-public-pem", must("ssh-keygen", "-e", "-m", "PEM", "-f", "x.pub", cwd=d))
        must("ssh-keygen", "-q", "-s", "ec521-openssh", "-I", "me", "x.pub", cwd=d)
        of(f"{kind}-ssh-certificate", (d / "x-cert.pub").read_bytes())
    der = {"rsa-der-pkcs1": ("rsa", "-in", "rsa-pem", "-traditional"),
           "rsa-der-pkcs8": ("pkcs8", "-topk8", "-nocrypt", "-in", "rsa-pem"),
           "ec256-der-sec1": ("ec", "-in", "ec256-pem"),
           "ed-der-pkcs8": ("pkcs8", "-topk8", "-nocrypt", "-in", "ed-pkcs8"),
           "rsa-der-encrypted": ("pkcs8", "-topk8", "-in", "rsa-pem", "-passout", "pass:" + PASSPHRASE),
           "rsa-der-public": ("rsa", "-in", "rsa-pem", "-pubout")}
    for name, options in der.items():
        must("openssl", *options, "-outform", "DER", "-out", "x", cwd=d)
        of(name, (d / "x").read_bytes())
    for form in ("PEM", "DER"):
        must("openssl", "req", "-x509", "-key", "rsa-pem", "-subj", "/CN=x", "-days", "1", "-outform",
             form, "-out", "x.crt", cwd=d)
        of("x509-certificate-" + form.lower(), (d / "x.crt").read_bytes())
        must("openssl", "req", "-new", "-key", "rsa-pem", "-subj", "/CN=x", "-outform", form, "-out",
             "x", cwd=d)
        of("csr-" + form.lower(), (d / "x").read_bytes())
    must("openssl", "req", "-x509", "-key", "rsa-pem", "-subj", "/CN=x", "-days", "1", "-out", "x.crt",
         cwd=d)
    must("openssl", "pkcs12", "-export", "-inkey", "rsa-pem", "-in", "x.crt", "-passout", "pass:x",
         "-out", "x.pfx", cwd=d)
    of("pfx", (d / "x.pfx").read_bytes())
    of("bundle-certificate-first", (d / "x.crt").read_bytes() + keys["rsa-pem"])
    of("bundle-key-first", keys["rsa-pem"] + (d / "x.crt").read_bytes())
    must("openssl", "pkcs12", "-in", "x.pfx", "-passin", "pass:x", "-nodes", "-nocerts", "-out", "x",
         cwd=d)
    of("pkcs12-with-bag-attributes", (d / "x").read_bytes())
    must("puttygen", "rsa-openssh", "-O", "private-sshcom", "-o", "x.sshcom", cwd=d)
    of("ssh.com", (d / "x.sshcom").read_bytes())
    done = run("puttygen", "-t", "rsa1", "-b", "1024", "-q", "--new-passphrase", "/dev/null", "-o",
               "x.ssh1", cwd=d)
    if done.returncode == 0:
        of("ssh-1", (d / "x.ssh1").read_bytes())
    for name, data in {"text": b"hello\n", "html": b"<!DOCTYPE html><html></html>\n",
                       "json": b'{"error": "no"}\n', "nul-bytes": b"\0" * 600,
                       "zip": b"PK\x03\x04" + b"x" * 100, "random": bytes(range(256)) * 4,
                       "begin-only": b"-----BEGIN RSA PRIVATE KEY-----\n",
                       "empty-key": b"-----BEGIN RSA PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----\n",
                       "one-newline": b"\n", "fingerprint": b"SHA256:abc\n",
                       "known-hosts": b"host " + others["ed-public-line"]}.items():
        of(name, data)
    return others


# --- the damages --------------------------------------------------------------------------------

def lines_of(data):
    return data.decode("latin-1").split("\n")[:-1]


def joined(lines, end="\n"):
    return (end.join(lines) + end).encode("latin-1")


def wrap(data, width):
    out = []
    for line in lines_of(data):
        if "-----" in line or ":" in line:
            out.append(line)
        else:
            out += [line[i:i + width] for i in range(0, len(line), width)]
    return joined(out)


def rewrap(data, width):
    """The body in lines of another width."""
    lines = lines_of(data)
    if any(":" in line for line in lines):
        return None
    body = "".join(lines[1:-1])
    return joined([lines[0]] + [body[i:i + width] for i in range(0, len(body), width)] + [lines[-1]])


def without_line(data, number):
    lines = lines_of(data)
    if len(lines) <= abs(number) + 2:
        return None
    del lines[number]
    return joined(lines)


def flip(data, at, what=None):
    """One base64 character of the body changed."""
    lines = lines_of(data)
    body = [i for i, line in enumerate(lines) if len(line) > 20 and "-----" not in line
            and ":" not in line]
    if len(body) < 3:
        return None
    i = body[at]
    line = lines[i]
    c = what if what is not None else ("A" if line[10] != "A" else "B")
    lines[i] = line[:10] + c + line[11:]
    return joined(lines)


def in_marks(data, old, new):
    """Replaces in the BEGIN and END lines alone."""
    return joined([line.replace(old, new) if "-----" in line else line for line in lines_of(data)])


DAMAGES = {
    "none": lambda b: b,
    "CRLF": lambda b: b.replace(b"\n", b"\r\n"),
    "CRLF, no final newline": lambda b: b.replace(b"\n", b"\r\n")[:-2],
    "CR alone": lambda b: b.replace(b"\n", b"\r"),
    "CRLF in the body only": lambda b: joined([l + ("\r" if i else "") for i, l in
                                               enumerate(lines_of(b)[:-1])]) + b.split(b"\n")[-2] + b"\n",
    "CR CR LF": lambda b: b.replace(b"\n", b"\r\r\n"),
    "final newline missing": lambda b: b[:-1],
    "blank lines after": lambda b: b + b"\n\n",
    "text after": lambda b: b + b"-- \nme\n",
    "blank line before": lambda b: b"\n" + b,
    "blank before": lambda b: b" " + b,
    "text before": lambda b: b"here is the key:\n" + b,
    "BOM": lambda b: b"\xef\xbb\xbf" + b,
    "BOM and CRLF": lambda b: b"\xef\xbb\xbf" + b.replace(b"\n", b"\r\n"),
    "UTF-16 LE with BOM": lambda b: b"\xff\xfe" + b.decode().encode("utf-16-le"),
    "UTF-16 BE with BOM": lambda b: b"\xfe\xff" + b.decode().encode("utf-16-be"),
    "UTF-16 LE without BOM": lambda b: b.decode().encode("utf-16-le"),
    "UTF-16 and CRLF": lambda b: b"\xff\xfe" + b.decode().replace("\n", "\r\n").encode("utf-16-le"),
    "indented": lambda b: joined(["  " + l for l in lines_of(b)]),
    "indented by a tab": lambda b: joined(["\t" + l for l in lines_of(b)]),
    "indented but the first": lambda b: joined([("  " if i else "") + l for i, l in
                                               enumerate(lines_of(b))]),
    "quoted in a mail": lambda b: joined(["> " + l for l in lines_of(b)]),
    "blanks at line ends": lambda b: joined([l + " " for l in lines_of(b)]),
    "blank after BEGIN": lambda b: joined([l + (" " if i == 0 else "") for i, l in
                                          enumerate(lines_of(b))]),
    "one line, blanks": lambda b: b.replace(b"\n", b" ").strip() + b"\n",
    "one line, nothing between": lambda b: b.replace(b"\n", b"") + b"\n",
    "body on one line": lambda b: rewrap(b, 100000),
    "body in lines of 76": lambda b: rewrap(b, 76),
    "body in lines of 40": lambda b: rewrap(b, 40),
    "body in lines of 300": lambda b: rewrap(b, 300),
    "lines broken at 50": lambda b: wrap(b, 50),
    "empty lines between": lambda b: b.replace(b"\n", b"\n\n"),
    "empty line after BEGIN": lambda b: b.replace(b"\n", b"\n\n", 1),
    "empty line in the middle": lambda b: joined(lines_of(b)[:4] + [""] + lines_of(b)[4:]),
    "JSON": lambda b: b'"' + b.replace(b"\n", b"\\n").replace(b"/", b"\\/") + b'"\n',
    "JSON without quotes": lambda b: b.replace(b"\n", b"\\n"),
    "JSON, escaped twice": lambda b: b.replace(b"\n", b"\\\\n"),
    "JSON object": lambda b: b'{"key": "' + b.replace(b"\n", b"\\n") + b'"}\n',
    "\\r\\n": lambda b: b.replace(b"\n", b"\\r\\n"),
    "double quotes": lambda b: b'"' + b.rstrip() + b'"\n',
    "single quotes": lambda b: b"'" + b.rstrip() + b"'\n",
    "YAML block": lambda b: b"key: |\n" + joined(["    " + l for l in lines_of(b)]),
    "HTML line breaks": lambda b: b.replace(b"\n", b"<br>\n"),
    "HTML escapes": lambda b: b.replace(b"+", b"&#43;").replace(b"/", b"&#x2F;").replace(b"=", b"&#61;"),
    "HTML page": lambda b: b"<html><pre>" + b + b"</pre></html>\n",
    "URL escapes": lambda b: b.replace(b"+", b"%2B").replace(b"/", b"%2F").replace(b"=", b"%3D")
                              .replace(b"\n", b"%0A").replace(b" ", b"%20"),
    "quoted-printable": lambda b: b.replace(b"=", b"=3D"),
    "base64 of the file": lambda b: base64.encodebytes(b),
    "base64 of the file, one line": lambda b: base64.b64encode(b) + b"\n",
    "base64 of the CRLF file": lambda b: base64.b64encode(b.replace(b"\n", b"\r\n")),
    "four dashes": lambda b: in_marks(b, "-----", "----"),
    "six dashes": lambda b: in_marks(b, "-----", "------"),
    "long dashes": lambda b: b.replace(b"-----", "\u2014\u2014-".encode()),
    "no dashes": lambda b: in_marks(b, "-----", ""),
    "small letters": lambda b: in_marks(in_marks(b, "BEGIN", "begin"), "END", "end"),
    "blanks in the dashes": lambda b: in_marks(b, "-----", "- - - - -"),
    "BEGIN line missing": lambda b: joined(lines_of(b)[1:]),
    "END line missing": lambda b: joined(lines_of(b)[:-1]),
    "BEGIN and END missing": lambda b: joined(lines_of(b)[1:-1]),
    "BEGIN broken in two": lambda b: b.replace(b"BEGIN ", b"BEGIN\n", 1),
    "END broken in two": lambda b: b.replace(b" KEY-----\n", b"\nKEY-----\n") if
        b.count(b" KEY-----\n") == 2 else None,
    "END of another type": lambda b: re.sub(rb"-----END [A-Z ]*-----", b"-----END PRIVATE THING-----", b),
    "no-break spaces": lambda b: b.replace(b" ", "\u00a0".encode()),
    "zero-width space": lambda b: b.replace(b"\n", "\u200b\n".encode()),
    "cut in the middle": lambda b: b[:len(b) // 2],
    "cut after the first line": lambda b: b[:b.index(b"\n") + 1],
    "cut within END": lambda b: b[:-12],
    "NULs at the end": lambda b: b + b"\0" * 100,
    "NUL in the middle": lambda b: b[:len(b) // 2] + b"\0" + b[len(b) // 2 + 1:],
    "second line missing": lambda b: without_line(b, 2),
    "line before the last missing": lambda b: without_line(b, -3),
    "a line twice": lambda b: joined(lines_of(b)[:3] + lines_of(b)[2:]),
    "lines swapped": lambda b: joined(lines_of(b)[:2] + [lines_of(b)[3], lines_of(b)[2]] +
                                      lines_of(b)[4:]) if len(lines_of(b)) > 6 else None,
    "one character changed early": lambda b: flip(b, 0),
    "one character changed late": lambda b: flip(b, -2),
    "strange character": lambda b: flip(b, 1, "\xe9"),
    "character lost": lambda b: flip(b, 1, ""),
    "star in the body": lambda b: flip(b, 1, "*"),
    "padding lost": lambda b: b.replace(b"=\n", b"\n").replace(b"=\n", b"\n") if b"=\n" in b else None,
    "twice the same key": lambda b: b + b,
}
PPK_DAMAGES = ("none", "CRLF", "CR alone", "CR CR LF", "final newline missing", "blank lines after",
               "text after", "blank line before", "text before", "BOM", "BOM and CRLF",
               "UTF-16 LE with BOM", "UTF-16 LE without BOM", "UTF-16 BE with BOM", "indented",
               "blanks at line ends", "one line, blanks", "empty lines between", "JSON", "double quotes",
               "JSON without quotes", "base64 of the file", "HTML escapes", "cut in the middle",
               "cut after the first line", "NULs at the end", "NUL in the middle", "a line twice",
               "one character changed early", "one character changed late", "strange character",
               "character lost", "second line missing")
# These bases take every damage; the others are only read as they are, and with the commonest three.
THOROUGH = ("rsa-pem", "rsa-pkcs8", "ec256-pem", "rsa-openssh", "ed-openssh", "ec521-openssh",
            "rsa-pem-encrypted", "rsa-pkcs8-encrypted", "ed-openssh-aes256-ctr", "ed-pkcs8",
            "ed-ppk3", "rsa-ppk2", "rsa-ppk3-encrypted")
COMMON = ("none", "CRLF", "final newline missing", "one line, blanks")
# Damages that lose nothing: the key must be recovered whole.
LOSSLESS = set(DAMAGES) - {
    "END line missing", "cut in the middle", "cut after the first line", "cut within END",
    "NUL in the middle", "second line missing", "line before the last missing", "a line twice",
    "lines swapped", "one character changed early", "one character changed late", "strange character",
    "character lost", "star in the body"}


def damaged_files(keys, others):
    """(base, damage, bytes)"""
    for base, data in keys.items():
        ppk = "ppk" in base
        for damage, how in DAMAGES.items():
            if ppk and damage not in PPK_DAMAGES:
                continue
            if base not in THOROUGH and damage not in COMMON:
                continue
            made = how(data)
            if made is not None and (made != data or damage == "none"):
                yield base, damage, made
    for name, data in others.items():
        yield name, "none", data


# --- asking -------------------------------------------------------------------------------------

def fingerprint(public_line):
    blob = base64.b64decode(public_line.split()[1] + b"==")
    import hashlib
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def ask_ssh_keygen(path, passphrase):
    done = run("ssh-keygen", "-y", "-P", passphrase, "-f", str(path))
    return fingerprint(done.stdout) if done.returncode == 0 and done.stdout else None


def ask_puttygen(path, pw):
    if path.read_bytes().startswith(b"PuTTY-User-Key-File-"):  # loaded whole only for this
        done = run("puttygen", str(path), "-O", "private-openssh", "--old-passphrase", str(pw), "-o",
                   str(path) + ".converted")
        if done.returncode != 0:
            return None
    if b"-----BEGIN " in path.read_bytes() and \
            not re.search(rb"^-----END [^\n]*PRIVATE KEY-----\r?$", path.read_bytes(), re.M):
        return None  # not every puttygen comes to an end without that line
    done = run("puttygen", str(path), "-O", "public-openssh", "--old-passphrase", str(pw))
    if done.returncode != 0 or not done.stdout:
        return None
    try:
        return fingerprint(done.stdout)
    except (IndexError, ValueError):
        return None


def ask_us(key_tell, paths, out, passphrase):
    answers = []
    argv = [key_tell, "-l", str(out)] + (["-p", passphrase] if passphrase else [])
    done = run(*argv, *map(str, paths))
    if done.returncode != 0:
        raise SystemExit(f"key_tell: {done.returncode} {done.stderr.decode(errors='replace')}")
    for line in done.stdout.splitlines():
        answers.append(json.loads(line))
    return answers


class Court:
    def __init__(self, key_tell, d):
        self.key_tell, self.d = key_tell, d
        self.wrong, self.rows = [], []
        self.asked = 0

    def complain(self, who, base, damage, what):
        for whom, base_pattern, damage_pattern, _ in EXPLAINED:
            if who == whom and re.fullmatch(base_pattern, base) and re.fullmatch(damage_pattern, damage):
                return
        self.wrong.append(f"{base} / {damage}: {who}: {what}")

    def try_all(self, cases, truth):
        files = self.d / "files"
        out = self.d / "out"
        files.mkdir()
        out.mkdir()
        paths = []
        for i, (_, _, data) in enumerate(cases):
            path = files / f"{i:04d}"
            path.write_bytes(data)
            path.chmod(0o400)
            paths.append(path)
        ours = ask_us(self.key_tell, paths, out, PASSPHRASE)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            sshs = pool.map(lambda path: ask_ssh_keygen(path, PASSPHRASE), paths)
            puttys = pool.map(lambda path: ask_puttygen(path, self.d / "pw"), paths)
            agains = pool.map(lambda i: {kind: self.ask_again(out / f"{i}.{kind}")
                                         for kind in ("login", "repaired")}, range(len(paths)))
            for case, our, ssh, putty, again in zip(cases, ours, sshs, puttys, agains):
                self.compare(*case, our, ssh, putty, again, truth.get(case[0]))

    def ask_again(self, made):
        if not made.exists():
            return ()
        if made.read_bytes().startswith(b"PuTTY"):
            return (ask_puttygen(made, self.d / "pw"),)
        return (ask_ssh_keygen(made, PASSPHRASE),)

    def compare(self, base, damage, data, our, ssh, putty, again, truth):
        ppk = data[:20] == b"PuTTY-User-Key-File-"
        self.asked += 1
        if bool(ssh) != bool(our.get("openssh_accepts")):
            self.complain("ssh-keygen", base, damage, f"accepts: {bool(ssh)}, we say "
                          f"{bool(our.get('openssh_accepts'))} ({our.get('damage')}, {our.get('detail')})")
        if ssh and ssh != our.get("sha256"):
            self.complain("ssh-keygen", base, damage, f"{ssh}, we say {our.get('sha256')}")
        if bool(putty and ppk) != bool(our.get("putty_accepts")):
            self.complain("puttygen", base, damage, f"accepts: {bool(putty and ppk)}, we say "
                          f"{bool(our.get('putty_accepts'))} ({our.get('damage')}, {our.get('detail')})")
        if putty and our.get("sha256") and putty != our.get("sha256"):
            self.complain("puttygen", base, damage, f"{putty}, we say {our.get('sha256')}")
        for kind, answers in again.items():
            for answer in answers:
                if not answer or answer != (our.get("sha256") or answer):
                    self.complain(kind, base, damage, f"{answer}, we say {our.get('sha256')}")
                if truth and answer != truth:
                    self.complain(kind, base, damage, f"is another key: {answer}")
        if truth and damage in LOSSLESS and not our.get("usable"):
            self.complain("recovery", base, damage, f"lost: {our.get('damage')}, {our.get('detail')}")
        if not our.get("damage") and not (ssh or our.get("putty_accepts")):
            self.complain("silence", base, damage, "nobody takes it, and we name no cause")
        if our["ms"] > 2000:
            self.complain("time", base, damage, f"{our['ms']} ms")
        self.rows.append((damage, base, our.get("damage") or "in order", bool(our.get("openssh_accepts")),
                          bool(ssh), bool(our.get("putty_accepts")), bool(putty),
                          bool(our.get("usable"))))

    def table(self):
        """A line for each damage and family of containers; what differs within a family, by name."""
        def family(base):
            if "ppk" in base:
                return "PPK"
            if "openssh" in base:
                return "OpenSSH format"
            if any(k in base for k in ("pem", "pkcs8", "explicit", "compressed", "parameters")):
                return "PEM"
            return base
        groups = collections.OrderedDict()
        for damage, base, cause, ssh_we, ssh, putty_we, putty, usable in self.rows:
            groups.setdefault((damage, family(base), cause, ssh_we, ssh, putty_we, putty, usable),
                              []).append(base)
        yes = {True: "yes", False: "no"}
        lines = ["| damage | container | files | our cause | ssh takes it: we | ssh-keygen | "
                 "PuTTY takes it: we | puttygen loads | login with it |",
                 "|---|---|---|---|---|---|---|---|---|"]
        for (damage, kind, cause, ssh_we, ssh, putty_we, putty, usable), bases in groups.items():
            names = bases[0] if len(bases) == 1 else f"{len(bases)}"
            lines.append(f"| {damage} | {kind} | {names} | {cause} | {yes[ssh_we]} | {yes[ssh]} | "
                         f"{yes[putty_we]} | {yes[putty]} | {yes[usable]} |")
        return "\n".join(lines) + "\n"


def main():
    key_tell = os.path.abspath(sys.argv[1])
    d = pathlib.Path(tempfile.mkdtemp(prefix="spf-referees-"))
    try:
        keys = make_keys(d)
        others = make_others(d, keys)
        truth = {}
        for base in keys:
            (d / base).chmod(0o400)
            truth[base] = ask_puttygen(d / base, d / "pw") if "ppk" in base else \
                ask_ssh_keygen(d / base, PASSPHRASE)
        for weak in [b for b in truth if b.startswith(("dsa", "rsa768", "rsa512"))]:
            truth[weak] = None
        court = Court(key_tell, d)
        court.try_all(list(damaged_files(keys, others)), truth)
        if "--table" in sys.argv:
            pathlib.Path(sys.argv[sys.argv.index("--table") + 1]).write_text(court.table())
        for wrong in court.wrong:
            print(wrong)
        print(f"{court.asked} files, {len(court.wrong)} disagreements")
        return 1 if court.wrong else 0
    finally:
        shutil.rmtree(d, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
