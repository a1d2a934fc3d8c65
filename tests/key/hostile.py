#!/usr/bin/env python3
"""Files that are made to hang, crash or fill the key reader.

    hostile.py KEY_TELL

Each must be answered without hanging and within 64 MiB (of which the program itself takes a part),
with the cause that is expected, and without a control byte or a byte of a private key in the answer.
The bound on time only tells an answer from a hang, whatever else the machine is doing; the times
themselves are printed.
"""
import base64
import json
import os
import pathlib
import resource
import shutil
import struct
import subprocess
import sys
import tempfile

PASSPHRASE = "CanaryPass-7f3a"
SANITIZED = os.environ.get("SPF_SANITIZED") == "yes"
HANG_SECONDS, KIB = 60, 1 << 20 if SANITIZED else 64 << 10


def der(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(body).to_bytes(size, "big") + body


def integer(n):
    return der(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def oid(hexed):
    return der(6, bytes.fromhex(hexed))


def pem(label, data):
    return f"-----BEGIN {label}-----\n".encode() + base64.encodebytes(data) + \
        f"-----END {label}-----\n".encode()


def pbes2(kdf):
    cipher = der(0x30, oid("60864801650304012a"), der(4, b"i" * 16))
    algorithm = der(0x30, oid("2a864886f70d01050d"), der(0x30, kdf, cipher))
    return pem("ENCRYPTED PRIVATE KEY", der(0x30, algorithm, der(4, b"x" * 64)))


def string(b):
    return struct.pack(">I", len(b)) + b


def openssh(rounds, salt=b"s" * 16):
    blob = string(b"ssh-ed25519") + string(b"k" * 32)
    data = b"openssh-key-v1\0" + string(b"aes256-ctr") + string(b"bcrypt") + \
        string(string(salt) + struct.pack(">I", rounds)) + struct.pack(">I", 1) + string(blob) + \
        string(b"p" * 144)
    return pem("OPENSSH PRIVATE KEY", data)


def ppk(memory, passes, lanes):
    blob = base64.b64encode(string(b"ssh-ed25519") + string(b"k" * 32)).decode()
    return (f"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: aes256-cbc\nComment: \x1b[2Jevil\n"
            f"Public-Lines: 2\n{blob[:64]}\n{blob[64:]}\nKey-Derivation: Argon2id\n"
            f"Argon2-Memory: {memory}\nArgon2-Passes: {passes}\nArgon2-Parallelism: {lanes}\n"
            f"Argon2-Salt: 00112233445566778899aabbccddeeff\nPrivate-Lines: 1\n"
            f"{base64.b64encode(b'x' * 48).decode()}\nPrivate-MAC: 00\n").encode()


def rsa(bits):
    n = (1 << bits) - 1
    half = (1 << bits // 2) - 1
    return pem("RSA PRIVATE KEY", der(0x30, integer(0), integer(n), integer(65537), integer(n - 2),
                                      *[integer(half)] * 5))


def openssh_rsa(bits):
    number = string(b"\0" + b"\xff" * (bits // 8))
    blob = string(b"ssh-rsa") + string(b"\1\0\1") + number
    section = struct.pack(">II", 7, 7) + string(b"ssh-rsa") + number + string(b"\1\0\1") + number * 4 + \
        string(b"")
    section += bytes(range(1, 1 + -len(section) % 8))
    data = b"openssh-key-v1\0" + string(b"none") * 2 + string(b"") + struct.pack(">I", 1) + \
        string(blob) + string(section)
    return pem("OPENSSH PRIVATE KEY", data)


PBKDF2, SCRYPT = "2a864886f70d01050c", "2b06010401da47040b"
MEGABYTE = 1 << 20
FILES = {
    "bcrypt, 2 000 000 000 rounds": (openssh(2000000000), "key-kdf-too-costly"),
    "bcrypt, no rounds": (openssh(0), "key-corrupt"),
    "bcrypt, huge salt": (openssh(16, b"s" * 100000), "key-kdf-too-costly"),
    "PBKDF2, 2 000 000 000 rounds": (
        pbes2(der(0x30, oid(PBKDF2), der(0x30, der(4, b"salt"), integer(2000000000)))),
        "key-kdf-too-costly"),
    "PBKDF2, rounds of 100 octets": (
        pbes2(der(0x30, oid(PBKDF2), der(0x30, der(4, b"salt"), integer(1 << 799)))),
        "key-kdf-too-costly"),
    "scrypt, 4 TiB": (pbes2(der(0x30, oid(SCRYPT), der(0x30, der(4, b"s"), integer(1 << 32), integer(8),
                                                       integer(1)))), "key-kdf-too-costly"),
    "Argon2, 4 TiB": (ppk(4294967295, 1, 1), "key-kdf-too-costly"),
    "Argon2, many passes": (ppk(8192, 4294967295, 1), "key-kdf-too-costly"),
    "Argon2, many lanes": (ppk(32768, 1, 4000), "key-kdf-too-costly"),
    "Argon2, nothing": (ppk(0, 0, 0), None),
    "RSA of 16384 bits": (rsa(16384), None),
    "RSA of 100 000 bits": (rsa(100000), None),
    "RSA of 1 000 000 bits": (rsa(1000000), None),
    "OpenSSH RSA of 16384 bits": (openssh_rsa(16384), None),
    "OpenSSH RSA of 100 000 bits": (openssh_rsa(100000), None),
    "a megabyte of A": (b"A" * MEGABYTE, "key-is-not-a-key"),
    "a megabyte of NUL": (b"\0" * MEGABYTE, "key-is-not-a-key"),
    "a megabyte of NUL and a letter": (b"-----BEGIN RSA PRIVATE KEY-----\n" + b"\0" * (MEGABYTE - 100) +
                                       b"A", None),
    "a megabyte of backslashes": (b"\\" * MEGABYTE, "key-is-not-a-key"),
    "a megabyte of BEGIN": (b"-----BEGIN RSA PRIVATE KEY-----\n" * (MEGABYTE // 32), None),
    "a megabyte of BEGIN and blanks": (b"BEGIN PRIVATE   " * (MEGABYTE // 16), None),
    "a megabyte of dashes": (b"-" * MEGABYTE, "key-is-not-a-key"),
    "a megabyte of empty blocks": (
        b"-----BEGIN EC PARAMETERS-----\n-----END EC PARAMETERS-----\n" * (MEGABYTE // 58), None),
    "a megabyte of small blocks": (pem("EC PARAMETERS", der(6, b"*\x86H")) * (MEGABYTE // 70) +
                                   pem("PRIVATE KEY", der(0x30, integer(0))), None),
    "a megabyte of tiny keys": (pem("PRIVATE KEY", der(0x30, integer(0))) * (MEGABYTE // 70), None),
    "a megabyte of blanks in one line": (b"-----BEGIN RSA PRIVATE KEY-----" + b" " * (MEGABYTE - 100) +
                                         b"-----END RSA PRIVATE KEY-----", None),
    "a megabyte of PuTTY": (b"PuTTY-User-Key-File-2: " * (MEGABYTE // 23), None),
    "a million lines of PPK": (b"PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: x\n"
                               b"Public-Lines: 4294967295\n" + b"\n" * 900000, None),
    "deep DER": (pem("PRIVATE KEY", b"\x30\x80" * 40000), None),
    "terminal escapes": (b"-----BEGIN \x1b[31m RSA PRIVATE KEY-----\n\x1b]0;evil\x07\n", None),
    "escapes in a .pub line": (b"ssh-ed25519 \x1b[2J evil\n", None),
    "a megabyte of quotes": (b'"' * MEGABYTE, "key-is-not-a-key"),
    "a megabyte of HTML": (b"<br>" * (MEGABYTE // 4), "key-is-not-a-key"),
    "a megabyte of ssh-rsa": (b"ssh-rsa " * (MEGABYTE // 8), None),
}


def main():
    key_tell = os.path.abspath(sys.argv[1])
    d = pathlib.Path(tempfile.mkdtemp(prefix="spf-hostile-"))
    wrong, times = 0, []
    try:
        for name, (data, cause) in FILES.items():
            path = d / "key\x1b[31m"
            path.unlink(missing_ok=True)
            path.write_bytes(data[:MEGABYTE])
            path.chmod(0o400)
            child = subprocess.Popen([key_tell, "-p", PASSPHRASE, str(path)], stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE)
            try:
                out, err = child.communicate(timeout=HANG_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                print(f"{name}: no answer after {HANG_SECONDS} s")
                wrong += 1
                continue
            trouble = []
            if child.returncode != 0:
                trouble.append(f"exit status {child.returncode}: {err[-300:]}")
            else:
                answer = json.loads(out)
                times.append((answer["ms"], name))
                if cause and answer.get("damage") != cause:
                    trouble.append(f"{answer.get('damage')}, not {cause}")
                if not answer.get("damage"):
                    trouble.append("no cause is named")
                shown = " ".join(str(answer.get(k, "")) for k in ("damage", "detail", "words", "algorithm"))
                if any(ord(c) < 32 or ord(c) == 127 for c in shown):
                    trouble.append("control bytes")
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
            if peak > KIB:
                trouble.append(f"{peak} KiB")
            for what in trouble:
                print(f"{name}: {what}")
                wrong += 1
        times.sort(reverse=True)
        print("slowest:", "; ".join(f"{name} {ms} ms" for ms, name in times[:3]),
              f"; median {times[len(times) // 2][0]} ms")
        print(f"{len(FILES)} files, {wrong} troubles, at most "
              f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss} KiB")
        return 1 if wrong else 0
    finally:
        shutil.rmtree(d, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
