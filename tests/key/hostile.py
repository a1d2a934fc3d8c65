#!/usr/bin/env python3
"""Files that are made to hang, crash or fill the key reader.

    hostile.py KEY_TELL [--others]

Each must be answered without hanging and within 64 MiB (of which the program itself takes a part),
with the cause that is expected, and without a control byte or a byte of a private key in the answer.
The bound on time only tells an answer from a hang, whatever else the machine is doing; the times
themselves are printed.

No file may hurt anything but us: each asks for just more than our own bounds. With --others they are
given to ssh-keygen, puttygen and openssl as well, which must come to an end: run it by hand after a
change to the files.
"""
import base64
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time

PASSPHRASE = "CanaryPass-7f3a"
SANITIZED = os.environ.get("SPF_SANITIZED") == "yes"
HANG_SECONDS, KIB = 600, 1 << 20 if SANITIZED else 64 << 10


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
END = b"\n-----END RSA PRIVATE KEY-----\n"  # not every puttygen comes to an end without it
FILES = {
    "bcrypt, 1025 rounds": (openssh(1025), "key-kdf-too-costly"),
    "bcrypt, no rounds": (openssh(0), "key-corrupt"),
    "bcrypt, salt of 1025 bytes": (openssh(16, b"s" * 1025), "key-kdf-too-costly"),
    "PBKDF2, 10 000 001 rounds": (
        pbes2(der(0x30, oid(PBKDF2), der(0x30, der(4, b"salt"), integer(10000001)))),
        "key-kdf-too-costly"),
    "scrypt, 128 MiB": (pbes2(der(0x30, oid(SCRYPT), der(0x30, der(4, b"s"), integer(1 << 17), integer(8),
                                                       integer(1)))), "key-kdf-too-costly"),
    "scrypt, 17 lanes": (pbes2(der(0x30, oid(SCRYPT), der(0x30, der(4, b"s"), integer(1 << 10), integer(8),
                                                            integer(17)))), "key-kdf-too-costly"),
    "Argon2, 48 MiB and 1 KiB": (ppk(49153, 1, 1), "key-kdf-too-costly"),
    "Argon2, 513 passes over 8 MiB": (ppk(8192, 513, 1), "key-kdf-too-costly"),
    "Argon2, 17 lanes": (ppk(8192, 1, 17), "key-kdf-too-costly"),
    "Argon2, 7 KiB": (ppk(7, 1, 1), None),
    "RSA of 16384 bits": (rsa(16384), None),
    "RSA of 16 392 bits": (rsa(16392), None),
    "OpenSSH RSA of 16384 bits": (openssh_rsa(16384), None),
    "OpenSSH RSA of 16 392 bits": (openssh_rsa(16392), None),
    "a megabyte of A": (b"A" * MEGABYTE, "key-is-not-a-key"),
    "a megabyte of NUL": (b"\0" * MEGABYTE, "key-is-not-a-key"),
    "a megabyte of NUL and a letter": (b"-----BEGIN RSA PRIVATE KEY-----\n" + b"\0" * (MEGABYTE - 100) +
                                       b"A" + END, None),
    "a megabyte of backslashes": (b"\\" * MEGABYTE, "key-is-not-a-key"),
    "a megabyte of BEGIN": (b"-----BEGIN RSA PRIVATE KEY-----\n" * (MEGABYTE // 32 - 1) + END, None),
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
                               b"Public-Lines: 5461\n" + b"\n" * 900000, None),
    "deep DER": (pem("PRIVATE KEY", b"\x30\x80" * 200), None),
    "terminal escapes": (b"-----BEGIN \x1b[31m RSA PRIVATE KEY-----\n\x1b]0;evil\x07" + END, None),
    "escapes in a .pub line": (b"ssh-ed25519 \x1b[2J evil\n", None),
    "a megabyte of quotes": (b'"' * MEGABYTE, "key-is-not-a-key"),
    "a megabyte of HTML": (b"<br>" * (MEGABYTE // 4), "key-is-not-a-key"),
    "a megabyte of ssh-rsa": (b"ssh-rsa " * (MEGABYTE // 8), None),
}


def others_of(path, words):
    """The other programs that such a file could be given to."""
    yield ["ssh-keygen", "-y", "-P", PASSPHRASE, "-f", path]
    yield ["puttygen", path, "-O", "public-openssh", "--old-passphrase", words, "-o", "/dev/null"]
    yield ["openssl", "pkey", "-in", path, "-passin", "file:" + words, "-noout"]


def tell(argv):
    """A finished process, or None for one that hung."""
    try:
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              timeout=HANG_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def troubles_of_others(path, words):
    for argv in others_of(str(path), str(words)):
        if not shutil.which(argv[0]):
            continue
        start = time.monotonic()
        done = tell(argv)
        if done is None:
            yield f"{argv[0]}: no answer after {HANG_SECONDS} s"
        elif done.returncode < 0:
            yield f"{argv[0]} is ended by signal {-done.returncode}"
        print(f"{argv[0]}: {time.monotonic() - start:.1f} s")


def answer_of(done, cause):
    """The answer of key_tell (None: there is none), and what is wrong with it."""
    if done is None:
        return None, [f"no answer after {HANG_SECONDS} s"]
    if done.returncode != 0:
        return None, [f"exit status {done.returncode}: {done.stderr[-300:]}"]
    answer, trouble = json.loads(done.stdout), []
    if cause and answer.get("damage") != cause:
        trouble.append(f"{answer.get('damage')}, not {cause}")
    if not answer.get("damage"):
        trouble.append("no cause is named")
    shown = " ".join(str(answer.get(k, "")) for k in ("damage", "detail", "words", "algorithm"))
    if any(ord(c) < 32 or ord(c) == 127 for c in shown):
        trouble.append("control bytes")
    return answer, trouble


def main():
    key_tell, others = os.path.abspath(sys.argv[1]), "--others" in sys.argv
    d = pathlib.Path(tempfile.mkdtemp(prefix="spf-hostile-"))
    path, words = d / "key\x1b[31m", d / "passphrase"
    words.write_text(PASSPHRASE + "\n")
    wrong, times, peak = 0, [], 0
    try:
        for name, (data, cause) in FILES.items():
            path.unlink(missing_ok=True)
            path.write_bytes(data[:MEGABYTE])
            path.chmod(0o400)
            answer, trouble = answer_of(tell([key_tell, "-p", PASSPHRASE, str(path)]), cause)
            if answer:
                times.append((answer["ms"], name))
                peak = max(peak, answer["peak_kib"])
                if answer["peak_kib"] > KIB:
                    trouble.append(f"{answer['peak_kib']} KiB")
            for what in trouble + (list(troubles_of_others(path, words)) if others else []):
                print(f"{name}: {what}")
                wrong += 1
        times.sort(reverse=True)
        print("slowest:", "; ".join(f"{name} {ms} ms" for ms, name in times[:3]),
              f"; median {times[len(times) // 2][0]} ms")
        print(f"{len(FILES)} files, {wrong} troubles, at most {peak} KiB")
        return 1 if wrong else 0
    finally:
        shutil.rmtree(d, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
