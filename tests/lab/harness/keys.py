"""Makes the key files of a scenario, sound or damaged.

A recipe: type (ed25519, ecdsa, rsa; ed25519-sk: its security key is nowhere), bits, container (openssh, pem: PKCS#1 or SEC1, pkcs8),
passphrase, mode ("0400"), shape (what is done to the file, see SHAPES), name (of the file),
certified (a certificate of an authority of its own lies beside it: true, or the words of ssh-keygen
that say what it is for instead of "-n" and this user).
"""

import base64
import hashlib
import os
import pwd
import re
import shutil
import struct

from .cloud import run_quietly


def _strings(*values):
    return b"".join(struct.pack(">I", len(value)) + value for value in values)


def _make_security_key(path):
    """PROTOCOL.u2f and PROTOCOL.key: made from an Ed25519 key; what would sign is not there."""
    with open(path + ".pub", encoding="ascii") as source:
        point = base64.b64decode(source.read().split()[1])[-32:]
    public = _strings(b"sk-ssh-ed25519@openssh.com", point, b"ssh:")
    private = struct.pack(">II", 7, 7) + public + b"\x01" + _strings(b"handle" * 8, b"", b"lab")
    private += bytes(range(1, 1 + -len(private) % 8))
    container = b"openssh-key-v1\0" + _strings(b"none", b"none", b"") + struct.pack(">I", 1) + \
        _strings(public, private)
    for name, text in ((path, "-----BEGIN OPENSSH PRIVATE KEY-----\n%s-----END OPENSSH PRIVATE KEY-----\n" %
                        base64.encodebytes(container).decode()),
                       (path + ".pub", "sk-ssh-ed25519@openssh.com %s lab\n" %
                        base64.b64encode(public).decode())):
        with open(name, "w", encoding="ascii") as out:
            out.write(text)


def _generate(path, recipe):
    kind = recipe.get("type", "ed25519")
    if kind == "ed25519-sk":
        _generate(path, {**recipe, "type": "ed25519"})
        _make_security_key(path)
        return
    bits = ["-b", str(recipe["bits"])] if "bits" in recipe else []
    if kind == "rsa" and not bits:
        bits = ["-b", "2048"]
    passphrase = recipe.get("passphrase", "")
    container = recipe.get("container", "openssh")
    run_quietly("ssh-keygen", "-q", "-t", kind, *bits, "-N", passphrase, "-C", "lab", "-f", path)
    if container in ("pem", "pkcs8"):
        form = {"pem": "PEM", "pkcs8": "PKCS8"}[container]
        run_quietly("ssh-keygen", "-q", "-p", "-m", form, "-P", passphrase, "-N", passphrase,
                    "-f", path)


def _edit(change):
    def shape(path, _recipe):
        with open(path, "rb") as source:
            data = source.read()
        with open(path, "wb") as out:
            out.write(change(data))
    return shape


def _public(path, _recipe):
    os.replace(path + ".pub", path)


def _ppk(version):
    def shape(path, recipe):
        words = path + ".words"
        with open(words, "w", encoding="utf-8") as out:
            out.write(recipe.get("passphrase", "") + "\n")
        # little memory for Argon2: what is tested is the format
        param = "version=%d" % version + (",memory=256,passes=2" if version == 3 else "")
        run_quietly("puttygen", path, "-O", "private", "-o", path + ".ppk", "--ppk-param", param,
                    "--old-passphrase", words, "--new-passphrase", words)
        os.unlink(words)
        os.replace(path + ".ppk", path)
    return shape


def _ppk_certified(path, recipe):
    """The certificate beside it goes into the PPK, as PuTTY has it since 0.78."""
    run_quietly("puttygen", path, "--certificate", path + "-cert.pub", "-O", "private", "-o", path + ".ppk",
                "--ppk-param", "memory=256,passes=2")
    os.unlink(path + "-cert.pub")
    os.replace(path + ".ppk", path)


def _slow(path, _recipe):
    """The header claims as many rounds of key derivation as we are willing to do: seconds; CR LF as well."""
    with open(path, encoding="ascii") as source:
        lines = source.read().splitlines()
    data = bytearray(base64.b64decode("".join(lines[1:-1])))
    at = data.index(b"bcrypt") + 6 + 4 + 4 + 16  # lengths of options and salt, salt
    data[at:at + 4] = (1000).to_bytes(4, "big")
    text = [lines[0], base64.b64encode(data).decode(), lines[-1], ""]
    with open(path, "w", encoding="ascii", newline="") as out:
        out.write("\r\n".join(text))


def _foreign_pub(path, _recipe):
    run_quietly("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path + ".foreign")
    os.unlink(path + ".foreign")
    os.replace(path + ".foreign.pub", path + ".pub")


def _pkcs8(path, _recipe):
    """Ed25519 as openssl writes it, the same key: its seed put into the fixed frame of RFC 8410."""
    with open(path, encoding="ascii") as source:
        data = base64.b64decode("".join(source.read().splitlines()[1:-1]))
    private = data.rindex(b"\0\0\0\x0bssh-ed25519") + 4 + 11 + 4 + 32 + 4
    seed = data[private:private + 32]
    frame = bytes.fromhex("302e020100300506032b657004220420") + seed
    with open(path, "w", encoding="ascii") as out:
        out.write("-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n" %
                  base64.b64encode(frame).decode())


def _certify(path, words=None):
    """Makes KEY-cert.pub; returns the public line of its authority."""
    run_quietly("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path + ".ca")
    run_quietly("ssh-keygen", "-q", "-s", path + ".ca", "-I", "lab",
                *(words or ["-n", pwd.getpwuid(os.getuid()).pw_name]), path + ".pub")
    with open(path + ".ca.pub", encoding="ascii") as source:
        return source.read().strip()


def _certificate(path, _recipe):
    _certify(path)
    os.replace(path + "-cert.pub", path)


def _replace(make):
    def shape(path, _recipe):
        os.unlink(path)
        make(path)
    return shape


def _sparse(path):
    with open(path, "wb") as out:
        out.truncate(5 << 30)


SHAPES = {
    "crlf": _edit(lambda d: d.replace(b"\n", b"\r\n")),
    "slow": _slow,
    "truncated": _edit(lambda d: d[:len(d) // 2]),
    "text": _edit(lambda _: b"This is not the file you are looking for.\n"),
    "empty": _edit(lambda _: b""),
    "public": _public,
    "certificate": _certificate,
    "ppk": _ppk(3),
    "ppk2": _ppk(2),
    "ppk-certified": _ppk_certified,
    "ppk4": lambda path, recipe: (_ppk(3)(path, recipe), SHAPES["version4"](path, recipe)),
    "version4": _edit(lambda d: d.replace(b"User-Key-File-3", b"User-Key-File-4", 1)),
    "foreign-pub": _foreign_pub,
    "pkcs8-ed25519": _pkcs8,
    "one-line": _edit(lambda d: d.replace(b"\n", b" ")),
    "indented": _edit(lambda d: b"".join(b"    " + l + b"\n" for l in d.splitlines())),
    "missing": _replace(lambda path: None),
    "directory": _replace(os.mkdir),
    "fifo": _replace(os.mkfifo),
    "device": _replace(lambda path: os.symlink("/dev/zero", path)),
    "sparse": _replace(_sparse),
}


class Key:
    """path of the private key file, its public line, fingerprints, and its secret lines."""

    def __init__(self, folder, name, recipe):
        self.path = os.path.join(folder, recipe.get("name", name))
        _generate(self.path, recipe)
        with open(self.path + ".pub", encoding="ascii") as source:
            self.public = source.read().strip()
        with open(self.path, "rb") as source:
            text = source.read()
        self.secrets = [line for line in text.decode("ascii").splitlines()
                        if re.fullmatch(r"[A-Za-z0-9+/=]{40,}", line)]
        # The first lines of an OpenSSH container hold no secret, only names and the public key.
        self.secrets = [line for line in self.secrets[len(self.secrets) // 2:]
                        if line not in self.public]  # the private key repeats the public one
        if recipe.get("passphrase"):
            self.secrets.append(recipe["passphrase"])
        blob = base64.b64decode(self.public.split()[1])
        digest = hashlib.md5(blob).hexdigest()
        self.md5 = ":".join(digest[i:i + 2] for i in range(0, 32, 2))
        self.sha256 = "SHA256:" + base64.b64encode(
            hashlib.sha256(blob).digest()).decode().rstrip("=")
        self.text, self.passphrase = text, recipe.get("passphrase", "")
        certified = recipe.get("certified")
        inside = recipe.get("shape") == "ppk-certified"
        self.authority = _certify(self.path) if inside else None
        if "shape" in recipe:
            SHAPES[recipe["shape"]](self.path, recipe)
        if certified:
            self.authority = _certify(self.path, certified if isinstance(certified, list) else None)
        keep_pub = recipe.get("keep_pub") or recipe.get("shape") == "foreign-pub"
        if not keep_pub and os.path.exists(self.path + ".pub"):
            os.unlink(self.path + ".pub")
        if os.path.isfile(self.path) and not os.path.islink(self.path):
            os.chmod(self.path, int(recipe.get("mode", "0400"), 8))

    def load_into(self, agent, path, certificate=None):
        """ssh-add, from a copy without passphrase at path that is gone afterwards; ssh-add takes a certificate
        beside it as well (True), which then may stay alone ("only")."""
        env = {**os.environ, "SSH_AUTH_SOCK": agent}
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(self.text)
        try:
            if self.passphrase:
                run_quietly("ssh-keygen", "-q", "-p", "-P", self.passphrase, "-N", "", "-f", path)
            if certificate:
                shutil.copy(self.path + "-cert.pub", path + "-cert.pub")
            run_quietly("ssh-add", "-q", path, env=env)
            if certificate == "only":
                with open(path + ".pub", "w", encoding="ascii") as out:
                    out.write(self.public + "\n")
                os.unlink(path + "-cert.pub")
                run_quietly("ssh-add", "-q", "-d", path + ".pub", env=env)
        finally:
            for name in filter(os.path.exists, (path, path + ".pub", path + "-cert.pub")):
                os.unlink(name)
