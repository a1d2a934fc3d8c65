#!/usr/bin/env python3
"""A shortage while a key is read is said to be one: never a verdict on the key, and no crash.

    shortages.py KEY_TELL

Every file of tests/data/keys, the seeds of the key fuzzers, and keys with a public key and a
certificate beside them are read again and again. In each reading one call fails that the reader
makes to a library: each function at its first call, its second, fourth, eighth and so on. The report
must be that of a reading in which nothing fails, unless it says that the reading is no good.

SPF_SHORTAGE_EVERY: of so many failures one is tried (1: all); each file has its own selection.
"""
import concurrent.futures
import json
import os
import pathlib
import platform
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "e2e"))
import shortage  # noqa: E402

PASSPHRASE = "CanaryPass-7f3a"
VERSION = "OpenSSH_9.2p1, OpenSSL 3.0.19"
EX_TEMPFAIL, SKIPPED, HANGS = 75, 77, 300
VARYING = {"ms", "peak_kib"}


def make_certified(folder):
    """A key as ssh-keygen makes it, its .pub and its certificate beside it."""
    key, authority = folder / "certified", folder / "authority"
    for path, passphrase in (authority, ""), (key, PASSPHRASE):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", path], check=True)
    subprocess.run(["ssh-keygen", "-q", "-s", authority, "-I", "me", "-n", "root", key.with_suffix(".pub")],
                   check=True)
    return key


def copies(folder):
    """Keys with the mode that a key has; the seeds have none that says so."""
    seeds = sorted(p for p in TESTS.glob("fuzz/corpus/key*/*") if p.stat().st_size < 1 << 15)
    files = [p for p in sorted(TESTS.glob("data/keys/*")) if p.name != "README"] + seeds
    for number, path in enumerate(files):
        copy = folder / ("%d-%s" % (number, path.name))
        shutil.copyfile(path, copy)
        copy.chmod(0o400)
        yield copy
    yield make_certified(folder)


class Reader:
    """Reads keys while libraries fail."""

    def __init__(self, key_tell, folder):
        self.key_tell, self.folder = os.path.abspath(key_tell), folder
        self.functions = shortage.functions_of(key_tell)
        self.library = shortage.build(str(folder), self.functions)

    def read(self, path, number=-1, call=0):
        """(status, report, calls of each function)"""
        with tempfile.NamedTemporaryFile(dir=self.folder) as order:
            order.write(struct.pack("=ii", number, call) + bytes(4 * len(self.functions)))
            order.flush()
            env = {**os.environ, "LD_PRELOAD": self.library, "SPF_SHORTAGE": order.name}
            done = subprocess.run([self.key_tell, "-s", VERSION, "-p", PASSPHRASE, path], env=env, check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  timeout=HANGS)
            order.seek(8)
            calls = struct.unpack("=%dI" % len(self.functions), order.read())
        told = json.loads(done.stdout) if done.returncode == 0 else None
        return done.returncode, told, calls


def wrong_with(usual, status, told):
    """What one failed call made of the report that it must not; None."""
    if status == EX_TEMPFAIL:
        return None
    if status != 0:
        return "it crashed: status %d" % status
    if not told["good"]:
        return None
    differing = [name for name in sorted(usual.keys() | told.keys())
                 if name not in VARYING and usual.get(name) != told.get(name)]
    return "; ".join("%s %r, it was %r" % (name, told.get(name), usual.get(name)) for name in differing) or None


def sweep(reader, path, every):
    """Tries the failures of one file. Returns complaints, how many were tried, and of how many it was said."""
    status, usual, calls = reader.read(path)
    if status != 0 or not usual["good"]:
        return ["%s: not read though nothing failed: status %d" % (path.name, status)], 0, 0
    wrong, tried, said = [], 0, 0
    for number, count in enumerate(calls):
        call = 1
        while call <= count:
            where = "%s %s %d" % (path.name, reader.functions[number][0], call)
            if zlib.crc32(where.encode()) % every == 0:
                status, told, _ = reader.read(path, number, call)
                trouble = wrong_with(usual, status, told)
                wrong += ["%s: %s" % (where, trouble)] if trouble else []
                said += told is not None and not told["good"]
                tried += 1
            call *= 2
    return wrong, tried, said


def main():
    if platform.machine() != "x86_64" or os.environ.get("SPF_SANITIZED") == "yes":
        print("skipped: its trampolines are for x86-64, without sanitizers")
        return SKIPPED
    every = int(os.environ.get("SPF_SHORTAGE_EVERY", "4"))
    with tempfile.TemporaryDirectory(prefix="spf-shortages-") as folder, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        folder = pathlib.Path(folder)
        reader = Reader(sys.argv[1], folder)
        results = list(pool.map(lambda path: sweep(reader, path, every), copies(folder)))
    wrong = [line for lines, _, _ in results for line in lines]
    for line in wrong:
        print("FAILED:", line)
    tried, said = sum(r[1] for r in results), sum(r[2] for r in results)
    print("%d files, %d failures of %d functions tried, %d said to be a shortage, %d wrong"
          % (len(results), tried, len(reader.functions), said, len(wrong)))
    return int(bool(wrong) or said == 0)


if __name__ == "__main__":
    sys.exit(main())
