"""Makes the key files of a scenario, sound or damaged.

A recipe: type (ed25519, ecdsa, rsa), bits, container (openssh, pem: PKCS#1 or SEC1, pkcs8),
passphrase, mode ("0400"), shape (what is done to the file, see SHAPES), name (of the file),
unreadable (whoever runs the program cannot open it).
"""

import base64
import hashlib
import os
import re

from .cloud import run_quietly


def _generate(path, recipe):
    kind = recipe.get("type", "ed25519")
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


def _ppk(path, _recipe):
    run_quietly("puttygen", path, "-O", "private", "-o", path + ".ppk")
    os.replace(path + ".ppk", path)


def _certificate(path, _recipe):
    run_quietly("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path + ".ca")
    run_quietly("ssh-keygen", "-q", "-s", path + ".ca", "-I", "lab", "-n", "root", path + ".pub")
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
    "truncated": _edit(lambda d: d[:len(d) // 2]),
    "text": _edit(lambda _: b"This is not the file you are looking for.\n"),
    "empty": _edit(lambda _: b""),
    "public": _public,
    "certificate": _certificate,
    "ppk": _ppk,
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
        # The first lines of an OpenSSH container hold no secret, only names and the public half.
        self.secrets = self.secrets[len(self.secrets) // 2:]
        if recipe.get("passphrase"):
            self.secrets.append(recipe["passphrase"])
        blob = base64.b64decode(self.public.split()[1])
        digest = hashlib.md5(blob).hexdigest()
        self.md5 = ":".join(digest[i:i + 2] for i in range(0, 32, 2))
        self.sha256 = "SHA256:" + base64.b64encode(
            hashlib.sha256(blob).digest()).decode().rstrip("=")
        if "shape" in recipe:
            SHAPES[recipe["shape"]](self.path, recipe)
        if not recipe.get("keep_pub") and os.path.exists(self.path + ".pub"):
            os.unlink(self.path + ".pub")
        if os.path.isfile(self.path) and not os.path.islink(self.path):
            os.chmod(self.path, int(recipe.get("mode", "0400"), 8))
