"""Takes real keys apart into their fields, and puts fields together into each form of key file."""
import base64
import hashlib
import hmac
import pathlib
import re
import struct
import subprocess

MARK = b"openssh-key-v1\0"
RSA, DSA, ED25519 = b"ssh-rsa", b"ssh-dss", b"ssh-ed25519"
ARMOUR = re.compile(rb"-----BEGIN [^\n]*\n(.*?)-----END ", re.S)
OIDS = {RSA: "2a864886f70d010101", DSA: "2a8648ce380401", ED25519: "2b6570", b"ec": "2a8648ce3d0201",
        b"nistp256": "2a8648ce3d030107", b"nistp384": "2b81040022", b"nistp521": "2b81040023"}
PBES2, PBKDF2, SCRYPT = "2a864886f70d01050d", "2a864886f70d01050c", "2b06010401da47040b"
PBE_MD5_DES, PBE_SHA1_3DES, AES128_CBC = "2a864886f70d010503", "2a864886f70d010c0103", "60864801650304012a"


class Raw(bytes):
    """A field that stands as it is, without a length before it."""


def string(field):
    return bytes(field) if isinstance(field, Raw) else struct.pack(">I", len(field)) + field


def strings(fields):
    return b"".join(map(string, fields))


def u32(*numbers):
    return Raw(b"".join(struct.pack(">I", n) for n in numbers))


def split(data):
    """The strings that data consists of."""
    fields = []
    while data:
        size = struct.unpack(">I", data[:4])[0]
        fields.append(data[4:4 + size])
        data = data[4 + size:]
    return fields


def mpint(number):
    return number.to_bytes(number.bit_length() // 8 + 1, "big") if number else b""


def value(field):
    return int.from_bytes(field, "big")


def pem(label, data, headers=b"", width=64):
    text = base64.b64encode(data)
    body = b"".join(text[i:i + width] + b"\n" for i in range(0, len(text), width))
    return b"-----BEGIN %s-----\n%s%s-----END %s-----\n" % (label, headers, body, label)


# --- OpenSSH's own -------------------------------------------------------------------------------

class Key:
    """A private key that ssh-keygen made: the strings of its public and of its private key."""

    def __init__(self, folder, name, *options):
        path = pathlib.Path(folder, name)
        subprocess.run(["ssh-keygen", "-q", "-N", "", "-C", "me", "-f", path, *options], check=True)
        data = base64.b64decode(ARMOUR.search(path.read_bytes()).group(1))[len(MARK):]
        cipher, kdf, options, data = *split(data[:16]), b"", data[20:]
        assert (cipher, kdf) == (b"none", b"none") and not options
        public, private = split(data[4:])
        self.path, self.name, self.public = path, name, split(public)
        self.kind = self.public[0]
        count = {RSA: 7, DSA: 6, ED25519: 3}.get(self.kind, 4)
        self.private, private = [], private[8:]
        while len(self.private) < count:
            size = struct.unpack(">I", private[:4])[0]
            self.private.append(private[4:4 + size])
            private = private[4 + size:]


def section(private, comment=b"me", checks=(7, 7), padding=None, block=8):
    """What OpenSSH's container encrypts."""
    data = u32(*checks) + strings(private) + string(comment)
    return data + (bytes(range(1, 1 + -len(data) % block)) if padding is None else padding)


def openssh(public, sealed, cipher=b"none", kdf=b"none", options=b"", count=1, tail=b"", mark=MARK, size=None):
    data = mark + strings([cipher, kdf, options, u32(count), strings(public),
                           u32(len(sealed) if size is None else size)]) + sealed + tail
    return pem(b"OPENSSH PRIVATE KEY", data, width=70)


def open_envelope(text):
    """[cipher, kdf, its options], public key, the encrypted part, what follows it."""
    data = base64.b64decode(ARMOUR.search(text).group(1))[len(MARK):]
    head = []
    for _ in range(3):
        size = struct.unpack(">I", data[:4])[0]
        head.append(data[4:4 + size])
        data = data[4 + size:]
    size = struct.unpack(">I", data[4:8])[0]
    public, data = split(data[8:8 + size]), data[8 + size:]
    size = struct.unpack(">I", data[:4])[0]
    return head, public, data[4:4 + size], data[4 + size:]


# --- PuTTY's -------------------------------------------------------------------------------------

def putty_private(key):
    if key.kind == RSA:
        _, _, _, d, iqmp, p, q = key.private
        return [d, p, q, iqmp]
    if key.kind == ED25519:
        return [key.private[2][:32]]
    return [key.private[-1]]


def blob_lines(name, blob):
    text = base64.b64encode(blob).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return [f"{name}: {len(lines)}"] + lines


def ppk(public, private, version=3, kind=None, mac=None):
    """Without encryption; private are the strings of the private key, or its bytes."""
    kind = (public[0] if kind is None else kind).decode("latin-1")
    public, private = strings(public), private if isinstance(private, bytes) else strings(private)
    whole = strings([kind.encode("latin-1"), b"none", b"me", public, private])
    if version == 1:
        check = hashlib.sha1(private).hexdigest()
    elif version == 2:
        check = hmac.new(hashlib.sha1(b"putty-private-key-file-mac-key").digest(), whole, "sha1").hexdigest()
    else:
        check = hmac.new(b"", whole, "sha256").hexdigest()
    name = "Private-Hash" if version == 1 else "Private-MAC"
    lines = [f"PuTTY-User-Key-File-{version}: {kind}", "Encryption: none", "Comment: me",
             *blob_lines("Public-Lines", public), *blob_lines("Private-Lines", private),
             f"{name}: {check if mac is None else mac}"]
    return ("\n".join(lines) + "\n").encode("latin-1")


# --- DER -----------------------------------------------------------------------------------------

def der(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(body).to_bytes(size, "big") + body


def integer(number):
    return der(2, number.to_bytes((number + (number < 0)).bit_length() // 8 + 1, "big", signed=True))


def oid(hexed):
    return der(6, bytes.fromhex(hexed))


def sequence(*parts):
    return der(0x30, *parts)


def pkcs1(key):
    """The fields of RSAPrivateKey, in DER."""
    _, n, e, d, iqmp, p, q = map(value, key.private)
    return [integer(i) for i in (0, n, e, d, p, q, d % (p - 1), d % (q - 1), iqmp)]


def dsa(key):
    _, p, q, g, y, x = map(value, key.private)
    return [integer(i) for i in (0, p, q, g, y, x)]


def sec1(key):
    """The fields of ECPrivateKey."""
    curve, point, number = key.private[1:]
    width = (len(point) - 1) // 2
    return [integer(1), der(4, value(number).to_bytes(width, "big")), der(0xa0, oid(OIDS[curve])),
            der(0xa1, der(3, b"\0" + point))]


def pkcs8(key):
    """The fields of PrivateKeyInfo."""
    if key.kind == RSA:
        return [integer(0), sequence(oid(OIDS[RSA]), b"\5\0"), der(4, sequence(*pkcs1(key)))]
    if key.kind == DSA:
        _, p, q, g, _, x = map(value, key.private)
        return [integer(0), sequence(oid(OIDS[DSA]), sequence(*map(integer, (p, q, g)))), der(4, integer(x))]
    if key.kind == ED25519:
        return [integer(0), sequence(oid(OIDS[ED25519])), der(4, der(4, key.private[2][:32]))]
    fields = sec1(key)
    return [integer(0), sequence(oid(OIDS[b"ec"]), oid(OIDS[key.private[1]])),
            der(4, sequence(fields[0], fields[1], fields[3]))]


def appended(key):
    """The public key that version 2 of PKCS#8 has behind the private one."""
    return der(0x81, b"\0" + key.private[1])


def sealed_pkcs8(algorithm, data=b"x" * 64):
    return pem(b"ENCRYPTED PRIVATE KEY", sequence(algorithm, der(4, data)))


def pbes2(kdf, cipher=None):
    cipher = sequence(oid(AES128_CBC), der(4, b"i" * 16)) if cipher is None else cipher
    return sequence(oid(PBES2), sequence(kdf, cipher))


# --- certificates --------------------------------------------------------------------------------

def split_certificate(blob, numbers):
    """PROTOCOL.certkeys: type, nonce, the key's own numbers; serial, type; key ID, principals; times; the rest."""
    fields, shapes = [], [None] * (2 + numbers) + [12] + [None] * 2 + [16] + [None] * 5
    for size in shapes:
        if size is None:
            length = struct.unpack(">I", blob[:4])[0]
            fields.append(blob[4:4 + length])
            blob = blob[4 + length:]
        else:
            fields.append(Raw(blob[:size]))
            blob = blob[size:]
    assert not blob
    return fields
