"""The keys that mutants.py holds against ssh-keygen and puttygen: each with one field spoiled.

Each function yields (key, what was done to it, the file's bytes). What a derivation is asked for stays
far below every bound: no file may hurt anybody.
"""
import base64
import pathlib
import shutil
import subprocess

import forms
from forms import der, integer, oid, pem, sequence, string, strings, u32

PASSPHRASE = "CanaryPass-7f3a"


def spoils(field):
    """(how, instead of the field); None: left out."""
    yield "left out", None
    yield "empty", b""
    yield "one octet short", field[:-1]
    yield "an octet more", field + b"\0"
    yield "zeros before", b"\0\0" + field
    yield "negative", b"\x80" + field
    yield "one", b"\1"
    yield "last bit the other", field[:-1] + bytes([field[-1] ^ 1]) if field else b"\1"
    yield "some bit the other", field[:len(field) // 2] + bytes([field[len(field) // 2] ^ 4]) + \
        field[len(field) // 2 + 1:] if field else b"\1"
    yield "ones", b"\0" + b"\xff" * max(len(field) - 1, 1)


def spoiled(fields):
    """(what was spoiled, the fields)"""
    for number, field in enumerate(fields):
        for how, instead in spoils(bytes(field)):
            if instead is not None and isinstance(field, forms.Raw):
                instead = forms.Raw(instead)
            if instead != field:
                yield "field %d %s" % (number, how), \
                    fields[:number] + ([] if instead is None else [instead]) + fields[number + 1:]
    yield "fields in another order", fields[:1] + fields[:0:-1]
    yield "cut after the first field", fields[:1]


def spoiled_der(fields):
    for number, field in enumerate(fields):
        tag = field[0]
        size = 2 if field[1] < 128 else 2 + (field[1] & 0x7f)
        for how, instead in spoils(field[size:]):
            yield "value %d %s" % (number, how), \
                fields[:number] + ([] if instead is None else [der(tag, instead)]) + fields[number + 1:]
        yield "value %d of another type" % number, fields[:number] + [der(12, field[size:])] + fields[number + 1:]
        yield "value %d an INTEGER" % number, fields[:number] + [integer(2)] + fields[number + 1:]
        yield "value %d longer than it is" % number, \
            fields[:number] + [field[:1] + b"\x84\x7f\xff\xff\xff" + field[size:]] + fields[number + 1:]
        yield "value %d without end" % number, \
            fields[:number] + [bytes([tag | 0x20, 0x80]) + field[size:]] + fields[number + 1:]
    yield "values in another order", fields[::-1]
    yield "a value more", fields + [der(5)]


def openssh_files(keys, other):
    """OpenSSH's container without encryption."""
    for key in keys:
        whole = forms.section(key.private)
        yield key.name, "whole", forms.openssh(key.public, whole)
        for how, private in spoiled(key.private):
            yield key.name, "private " + how, forms.openssh(key.public, forms.section(private))
        for how, public in spoiled(key.public):
            yield key.name, "public " + how, forms.openssh(public, whole)
        if key.kind.startswith(b"ecdsa"):
            yield key.name, "another curve", forms.openssh(
                key.public, forms.section([key.kind, b"nistp999", *key.private[2:]]))
            for how, point in points(key.private[2]):
                yield key.name, how, forms.openssh(
                    [*key.public[:2], point], forms.section([*key.private[:2], point, key.private[3]]))
        yield key.name, "another's public key", forms.openssh(other.public, whole)
        yield key.name, "check numbers differ", forms.openssh(key.public, forms.section(key.private, checks=(7, 8)))
        yield key.name, "padding wrong", forms.openssh(key.public, forms.section(key.private, padding=b"\1\3" * 4))
        yield key.name, "no padding", forms.openssh(key.public, forms.section(key.private, padding=b""))
        yield key.name, "comment cut", forms.openssh(key.public, whole[:len(whole) // 8 * 8 - 8])
        yield key.name, "something behind", forms.openssh(key.public, whole, tail=b"x")
        yield key.name, "no key", forms.openssh(key.public, whole, count=0)
        yield key.name, "two keys", forms.openssh(key.public, whole, count=2)
        yield key.name, "a cipher without derivation", forms.openssh(key.public, whole, cipher=b"aes256-ctr")
        yield key.name, "another mark", forms.openssh(key.public, whole, mark=b"openssh-key-v2\0")
        yield key.name, "length too great", forms.openssh(key.public, whole, size=len(whole) + 8)
        yield key.name, "length odd", forms.openssh(key.public, whole[:-1])
        yield key.name, "nothing private", forms.openssh(key.public, b"")
    data = base64.b64decode(forms.ARMOUR.search(forms.openssh(other.public, forms.section(other.private))).group(1))
    for size in range(0, len(data), 5):
        yield other.name, "cut after %d" % size, pem(b"OPENSSH PRIVATE KEY", data[:size], width=70)


def points(point):
    half = (len(point) - 1) // 2
    yield "point compressed", bytes([2 + (point[-1] & 1)]) + point[1:1 + half]
    yield "point at infinity", b"\0"
    yield "point of another form", b"\6" + point[1:]
    yield "point off the curve", point[:-1] + bytes([point[-1] ^ 1])
    yield "coordinate beyond the field", b"\4" + b"\xff" * (2 * half)


def envelope_files(folder):
    """OpenSSH's container with encryption: its head and its lengths. No derivation has more than two rounds."""
    for cipher in ("aes256-ctr", "chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com"):
        name = cipher.split("@")[0]
        path = pathlib.Path(folder, name)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-a", "1", "-Z", cipher, "-N", PASSPHRASE, "-C", "",
                        "-f", path], check=True)
        (cipher, kdf, options), public, sealed, tag = forms.open_envelope(path.read_bytes())
        salt = forms.split(options[:-4])[0]

        def made(cipher=cipher, kdf=kdf, options=options, public=public, sealed=sealed, tag=tag, **more):
            return forms.openssh(public, sealed, cipher, kdf, options, tail=tag, **more)

        yield name, "whole", made()
        yield name, "cipher unknown", made(cipher=b"rot13")
        yield name, "no cipher", made(cipher=b"none")
        yield name, "derivation unknown", made(kdf=b"md5")
        yield name, "no derivation", made(kdf=b"none")
        yield name, "names too long", made(cipher=b"a" * 80, kdf=b"b" * 80)
        yield name, "no rounds", made(options=string(salt) + u32(0))
        yield name, "two rounds", made(options=string(salt) + u32(2))
        yield name, "no salt", made(options=string(b"") + u32(1))
        yield name, "salt too long", made(options=string(b"s" * 1025) + u32(1))
        yield name, "rounds cut", made(options=string(salt) + b"\0\0")
        yield name, "no options", made(options=b"")
        yield name, "options longer", made(options=options + b"x")
        yield name, "sealed shorter", made(sealed=sealed[:-16])
        yield name, "sealed odd", made(sealed=sealed[:-3])
        yield name, "sealed other", made(sealed=b"\0" + sealed[1:])
        yield name, "sealed empty", made(sealed=b"")
        yield name, "sealed shorter than it says", made(sealed=sealed[:16], size=len(sealed))
        yield name, "tag shorter", made(tag=tag[:-1])
        yield name, "tag other", made(tag=tag[:-1] + b"x")
        yield name, "tag longer", made(tag=tag + b"x")
        yield name, "public key lost", made(public=[])
        yield name, "public key of one word", made(public=public[:1])
        yield name, "type unknown", made(public=[b"ssh-unknown", *public[1:]])


def token_files():
    """Keys that are in a device, and types that only others have."""
    point = b"k" * 32
    for how, application, flags, handle, reserved in (
            ("whole", b"ssh:", 1, b"h" * 64, b""), ("no handle", b"ssh:", 1, b"", b""),
            ("no application", b"", 1, b"h" * 64, b""), ("reserved used", b"ssh:", 1, b"h", b"x")):
        kind = b"sk-ssh-ed25519@openssh.com"
        public = [kind, point, application]
        private = [kind, point, application, forms.Raw(bytes([flags])), handle, reserved]
        yield "sk-ed25519", how, forms.openssh(public, forms.section(private))
        for spoil, fields in spoiled(private) if how == "whole" else ():
            yield "sk-ed25519", "private " + spoil, forms.openssh(public, forms.section(fields))
    for kind in (b"ssh-ed448", b"ssh-mldsa-65", b"ssh-mldsa44-ed25519", b"ssh-nonsense"):
        private = [kind, point, point]
        yield kind.decode(), "foreign", forms.openssh([kind, point], forms.section(private))
        yield kind.decode(), "foreign inside", forms.openssh([forms.ED25519, point], forms.section(private))
        yield kind.decode(), "foreign, nothing in it", forms.openssh([kind], forms.section(private))
        yield kind.decode(), "foreign, huge", forms.openssh([kind, b"x" * 9000], forms.section(private))


def ppk_files(keys, other, folder):
    for key in keys:
        private = forms.putty_private(key)
        for version in (1, 2, 3):
            yield key.name, "PPK %d" % version, forms.ppk(key.public, private, version)
            yield key.name, "PPK %d, MAC wrong" % version, forms.ppk(key.public, private, version, mac="00" * 20)
            yield key.name, "PPK %d, MAC empty" % version, forms.ppk(key.public, private, version, mac="")
        for how, fields in spoiled(private):
            yield key.name, "PPK private " + how, forms.ppk(key.public, fields)
        for how, fields in spoiled(key.public):
            yield key.name, "PPK public " + how, forms.ppk(fields, private)
        yield key.name, "PPK, another's public key", forms.ppk(other.public, private, kind=key.kind)
        yield key.name, "PPK, another's private key", forms.ppk(key.public, forms.putty_private(other))
        yield key.name, "PPK, another type", forms.ppk(key.public, private, kind=b"ssh-unknown")
        yield key.name, "PPK, type too long", forms.ppk(key.public, private, kind=b"x" * 80)
        yield key.name, "PPK, nothing private", forms.ppk(key.public, [])
    for kind in (b"ssh-ed448", b"sk-ssh-ed25519@openssh.com", b"ssh-nonsense"):
        yield kind.decode().split("@")[0], "PPK", forms.ppk([kind, b"k" * 32, b"ssh:"], [b"p" * 32])
    whole = forms.ppk(other.public, forms.putty_private(other))
    lines = whole.decode().splitlines()
    for number, line in enumerate(lines):
        name = line.split(":")[0]
        yield other.name, "PPK without line %d" % number, joined(lines[:number] + lines[number + 1:])
        yield other.name, "PPK, line %d empty" % number, joined(lines[:number] + [""] + lines[number + 1:])
        yield other.name, "PPK cut after line %d" % number, joined(lines[:number + 1])
        yield other.name, "PPK cut within line %d" % number, "\n".join([*lines[:number], line[:-1]]).encode()
        yield other.name, "PPK, line %d with CR LF and a blank" % number, \
            joined([*lines[:number], line + " \r", *lines[number + 1:]])
        yield other.name, "PPK, line %d longer" % number, joined([*lines[:number], line + "A" * 70, *lines[number + 1:]])
        if ":" in line:
            for instead in (name + ":", name + ": ", name + ":x", name, "x" * 50 + ": 1", name + ": -1", name + ": 99999",
                            name + ": 1x", name + ": " + "1" * 40, name + "y: 1", name + ": aes128-cbc"):
                yield other.name, "PPK, line %d is %r" % (number, instead), \
                    joined(lines[:number] + [instead] + lines[number + 1:])
        else:
            for instead in (line[:-2], line[:-1] + "*", line[:4] + "==" + line[6:], "=" + line[1:]):
                yield other.name, "PPK, line %d is %r" % (number, instead), \
                    joined(lines[:number] + [instead] + lines[number + 1:])
    if shutil.which("puttygen"):
        yield from sealed_ppk_files(other, folder)


def joined(lines):
    return ("\n".join(lines) + "\n").encode("latin-1")


def sealed_ppk_files(other, folder):
    """Encrypted: the lines of the key derivation, whose cost stays far below every bound."""
    secret = pathlib.Path(folder, "secret")
    secret.write_text(PASSPHRASE)
    made = pathlib.Path(folder, "sealed.ppk")
    for flavour in ("argon2id", "argon2i", "argon2d"):
        subprocess.run(["puttygen", other.path, "-O", "private", "-o", made, "--new-passphrase", secret,
                        "--ppk-param", "memory=64,passes=2,parallelism=1,kdf=" + flavour], check=True,
                       stdin=subprocess.DEVNULL)
        yield "sealed", flavour, made.read_bytes()
    lines = made.read_text().splitlines()
    for number, line in enumerate(lines):
        name, _, text = line.partition(": ")
        insteads = {"Key-Derivation": ("Argon2x", ""), "Argon2-Memory": ("0", "4", "x", "65536"),
                    "Argon2-Passes": ("0", "3", "x", "4294967296"), "Argon2-Parallelism": ("0", "2", "x", "17"),
                    "Argon2-Salt": ("", text[:-1], "g" + text[1:], text[:1] + "g" + text[2:], "00", "00" * 129),
                    "Private-Lines": ("0",), "Private-MAC": ("",), "Encryption": ("none", "aes256-ctr")}
        for instead in insteads.get(name, ()):
            yield "sealed", "%s is %.20r (%d)" % (name, instead, len(instead)), \
                joined([*lines[:number], name + ": " + instead, *lines[number + 1:]])
        yield "sealed", "without line %d" % number, joined(lines[:number] + lines[number + 1:])
        if name == "Private-Lines":
            yield "sealed", "a line shorter", joined([*lines[:number], name + ": 1", lines[number + 1][:-4], lines[-1]])
    subprocess.run(["puttygen", other.path, "-O", "private", "-o", made, "--new-passphrase", secret,
                    "--ppk-param", "version=2"], check=True, stdin=subprocess.DEVNULL)
    yield "sealed", "PPK 2", made.read_bytes()


def pem_files(keys, other):
    for key in keys:
        forms_of = [(b"PRIVATE KEY", "PKCS#8", forms.pkcs8(key))]
        if key.kind == forms.RSA:
            forms_of.append((b"RSA PRIVATE KEY", "PKCS#1", forms.pkcs1(key)))
        elif key.kind == forms.DSA:
            forms_of.append((b"DSA PRIVATE KEY", "DSA", forms.dsa(key)))
        elif key.kind != forms.ED25519:
            forms_of.append((b"EC PRIVATE KEY", "SEC 1", forms.sec1(key)))
        else:
            for how, fields in spoiled_der([*forms.pkcs8(key), forms.appended(key)]):
                yield key.name, "PKCS#8 version 2, " + how, pem(b"PRIVATE KEY", sequence(*fields))
        for label, name, fields in forms_of:
            data = sequence(*fields)
            yield key.name, name, pem(label, data)
            yield key.name, name + ", DER", data
            for how, mutant in spoiled_der(fields):
                yield key.name, "%s, %s" % (name, how), pem(label, sequence(*mutant))
            yield key.name, name + ", cut", pem(label, data[:-9])
            yield key.name, name + ", of one octet", pem(label, data[:1])
            yield key.name, name + ", nothing", pem(label, b"")
            yield key.name, name + ", something behind", pem(label, data + b"\0\1\2")
            yield key.name, name + ", encrypted, they say", pem(
                label, data, b"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC," + b"00" * 16 + b"\n\n")
            for info in (b"", b"NONSENSE-CBC,00", b"aes,00", b"A" * 50 + b",00", b"AES-128-CBC", b"DES-CBC," + b"0" * 16):
                yield key.name, "%s, DEK-Info: %s" % (name, info.decode()), pem(
                    label, data, b"Proc-Type: 4,ENCRYPTED\nDEK-Info: " + info + b"\n\n")
    for how, fields in spoiled_der([oid(forms.OIDS[forms.RSA]), b"\5\0"]):
        yield other.name, "PKCS#8 algorithm, " + how, pem(
            b"PRIVATE KEY", sequence(integer(0), sequence(*fields), forms.pkcs8(other)[2]))
    yield from sealed_pem_files()


def sealed_pem_files():
    """PKCS#8 with encryption: only the key derivation's figures, which stay below every bound."""
    salt, few = der(4, b"saltsalt"), integer(2)
    pbkdf2, scrypt = oid(forms.PBKDF2), oid(forms.SCRYPT)
    derivations = {
        "PBKDF2": sequence(pbkdf2, sequence(salt, few)), "PBKDF2 without figures": sequence(pbkdf2),
        "PBKDF2, NULL": sequence(pbkdf2, b"\5\0"), "PBKDF2, no rounds": sequence(pbkdf2, sequence(salt)),
        "PBKDF2, rounds below zero": sequence(pbkdf2, sequence(salt, integer(-5))),
        "PBKDF2, rounds beyond 64 bits": sequence(pbkdf2, sequence(salt, integer(1 << 70))),
        "PBKDF2, key of 5 octets": sequence(pbkdf2, sequence(salt, few, integer(5))),
        "scrypt": sequence(scrypt, sequence(salt, integer(16), integer(1), integer(1))),
        "scrypt without figures": sequence(scrypt), "scrypt, one figure": sequence(scrypt, sequence(salt, integer(16))),
        "scrypt, N of 0": sequence(scrypt, sequence(salt, integer(0), integer(1), integer(1))),
        "scrypt, N below zero": sequence(scrypt, sequence(salt, integer(-16), integer(1), integer(1))),
        "scrypt, r of 0": sequence(scrypt, sequence(salt, integer(16), integer(0), integer(1))),
        "scrypt, r below zero": sequence(scrypt, sequence(salt, integer(16), integer(-1), integer(1))),
        "scrypt, p of 0": sequence(scrypt, sequence(salt, integer(16), integer(1), integer(0))),
        "scrypt, p below zero": sequence(scrypt, sequence(salt, integer(16), integer(1), integer(-1))),
        "a derivation that nobody has": sequence(oid("2a0304"), sequence(salt, few)),
    }
    for how, kdf in derivations.items():
        yield "sealed", "PBES2, " + how, forms.sealed_pkcs8(forms.pbes2(kdf))
    yield "sealed", "PBES2, a cipher that nobody has", forms.sealed_pkcs8(
        forms.pbes2(derivations["PBKDF2"], sequence(oid("2a0304"))))
    yield "sealed", "PBES2 without figures", forms.sealed_pkcs8(sequence(oid(forms.PBES2)))
    yield "sealed", "PBES2, NULL", forms.sealed_pkcs8(sequence(oid(forms.PBES2), b"\5\0"))
    yield "sealed", "PBES2, empty", forms.sealed_pkcs8(forms.pbes2(derivations["PBKDF2"]), b"")
    yield "sealed", "PBES2, an odd length", forms.sealed_pkcs8(forms.pbes2(derivations["PBKDF2"]), b"x" * 63)
    for name, scheme in (("MD5 and DES", forms.PBE_MD5_DES), ("SHA-1 and 3DES", forms.PBE_SHA1_3DES)):
        yield "sealed", name, forms.sealed_pkcs8(sequence(oid(scheme), sequence(salt, few)))
        yield "sealed", name + ", rounds beyond 64 bits", forms.sealed_pkcs8(
            sequence(oid(scheme), sequence(salt, integer(1 << 70))))
        yield "sealed", name + ", without figures", forms.sealed_pkcs8(sequence(oid(scheme)))
        yield "sealed", name + ", NULL", forms.sealed_pkcs8(sequence(oid(scheme), b"\5\0"))
    yield "sealed", "an algorithm that nobody has", forms.sealed_pkcs8(sequence(oid("2a0304"), b"\5\0"))
    yield "sealed", "nothing in it", pem(b"ENCRYPTED PRIVATE KEY", sequence())
    yield "sealed", "a number", pem(b"ENCRYPTED PRIVATE KEY", integer(5))
    yield "sealed", "cut", pem(b"ENCRYPTED PRIVATE KEY", sequence(forms.pbes2(derivations["PBKDF2"]))[:-8])


def public_files(keys, other, folder):
    """Public keys and certificates, as lines and as RFC 4716 has them."""
    authority = other.path
    for key in keys:
        files = {"": key.public}
        line = key.path.with_suffix(".pub")
        done = subprocess.run(["ssh-keygen", "-q", "-s", authority, "-I", "me", "-n", "root,admin", "-V", "+1d", line],
                              check=False, stderr=subprocess.DEVNULL)
        if done.returncode == 0:
            text = pathlib.Path(folder, key.name + "-cert.pub").read_bytes()
            files["certificate, "] = forms.split_certificate(base64.b64decode(text.split()[1]), len(key.public) - 1)
        for name, fields in files.items():
            kind = fields[0].decode()
            yield key.name, name + "line", public_line(kind, fields)
            for how, mutant in spoiled(fields):
                yield key.name, "%sline, %s" % (name, how), public_line(kind, mutant)
            blob = base64.b64encode(strings(fields))
            text = b"".join(blob[i:i + 70] + b"\n" for i in range(0, len(blob), 70))
            for how, head in (("", b""), (", a header", b"Comment: \"me\"\n"),
                              (", a header over lines", b"Comment: \"me \\\nand \\\nyou\"\n"),
                              (", a header with CR", b"Comment: me\\\r\nyou\r\n"), (", an empty line", b"\n")):
                yield key.name, name + "RFC 4716" + how, b"---- BEGIN SSH2 PUBLIC KEY ----\n" + head + text + \
                    b"---- END SSH2 PUBLIC KEY ----\n"
            yield key.name, name + "RFC 4716 without END", b"---- BEGIN SSH2 PUBLIC KEY ----\n" + text
            yield key.name, name + "RFC 4716, one line", b"---- BEGIN SSH2 PUBLIC KEY ----\n" + blob + b"---- END"
            yield key.name, name + "RFC 4716, nothing", b"---- BEGIN SSH2 PUBLIC KEY ----\n---- END SSH2 PUBLIC KEY ----\n"
            yield key.name, name + "RFC 4716, headers alone", \
                b"---- BEGIN SSH2 PUBLIC KEY ----\nComment: x\\\n---- END SSH2 PUBLIC KEY ----\n"


def public_line(kind, fields):
    return ("%s %s me\n" % (kind, base64.b64encode(strings(fields)).decode())).encode()
