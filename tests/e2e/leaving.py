#!/usr/bin/env python3
"""No thread of ours is at work while a process runs its libraries' clean-up, and none is waited for without end.

The key derivation of a PPK is made to last. A run whose time is up, or that a signal ends, leaves it behind: the
program then ends without exit(3), and a program that uses the library may go on, end, or unload the library.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time

import stage
from harness.keys import Key

SKIPPED = 77
PASSPHRASE = "CanaryPass word"
FOR_EVER = "1000"  # seconds, a multiple of stage.HANGS
RAN_INTO_IT = 99
WAITS = 30  # seconds for which the library waits (LONGEST_S): a machine that is too busy proves nothing
# Preloaded. SPF_BEGUN: a file that is made when the derivation begins; SPF_GO: the one it waits for.
SLOW = """
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static volatile int at_work;

static void look(void)
{
    if (at_work) {
        _exit(%d);
    }
}

/* The first that is registered runs last, when the libraries have cleaned up. */
__attribute__((constructor)) static void start(void)
{
    (void)atexit(look);
}

int argon2_hash(uint32_t passes, uint32_t memory, uint32_t lanes, const void *passphrase, size_t passphrase_len,
                const void *salt, size_t salt_len, void *hash, size_t hash_len, char *encoded,
                size_t encoded_len, int type, uint32_t version)
{
    __typeof__(&argon2_hash) real =
        (__typeof__(&argon2_hash))dlsym(dlopen("libargon2.so.1", RTLD_LAZY), "argon2_hash");
    const struct timespec moment = {.tv_nsec = 10000000};
    int error;

    at_work = 1;
    (void)close(open(getenv("SPF_BEGUN"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    while (access(getenv("SPF_GO"), F_OK) != 0) {
        (void)nanosleep(&moment, NULL);
    }
    error = real(passes, memory, lanes, passphrase, passphrase_len, salt, salt_len, hash, hash_len, encoded,
                 encoded_len, type, version);
    at_work = 0;
    return error;
}
""" % RAN_INTO_IT
# A program that uses the library: what is done with it after a run whose time is up.
HOST = """
import ctypes, _ctypes, os, subprocess, sys, time
library = ctypes.CDLL(sys.argv[1])
for name, arguments, result in (("new", [], ctypes.c_void_p), ("free", [ctypes.c_void_p], None),
                                ("set", [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p], ctypes.c_int),
                                ("run", [ctypes.c_void_p], ctypes.c_int)):
    function = getattr(library, "spf_preflight_" + name)
    function.argtypes, function.restype = arguments, result
preflight = library.spf_preflight_new()
for word in sys.argv[3:]:
    option, value = word.encode().split(b"=", 1)
    assert library.spf_preflight_set(preflight, option, value) == 0
assert library.spf_preflight_run(preflight) == 2
library.spf_preflight_free(preflight)
assert len(os.listdir("/proc/self/task")) > 1, "nothing was left behind"
if sys.argv[2] == "use OpenSSL and end":  # for the first time: its clean-up is registered now
    LOAD_CRYPTO_STRINGS = 2
    ctypes.CDLL("libcrypto.so.3").OPENSSL_init_crypto(ctypes.c_uint64(LOAD_CRYPTO_STRINGS), None)
if sys.argv[2] == "unload":
    _ctypes.dlclose(library._handle)
if sys.argv[2] != "never":
    # the derivation goes on once this process waits, here or in exit(3)
    subprocess.Popen(["sh", "-c", '''
        until [ -e "$SPF_LEAVING" ] && grep -q "^State:.S" "/proc/$0/status"; do sleep 0.01; done
        : >"$SPF_GO"''', str(os.getpid())])
open(os.environ["SPF_LEAVING"], "w").close()
while sys.argv[2] in ("unload", "go on") and len(os.listdir("/proc/self/task")) > 1:
    time.sleep(0.01)
"""


class Scene:
    def __init__(self, binary, library, folder):
        self.binary, self.library, self.folder = binary, library, folder
        self.key = Key(folder, "key.ppk", {"shape": "ppk", "passphrase": PASSPHRASE}).path
        self.passphrase = os.path.join(folder, "passphrase")
        self.begun, self.go, self.leaving = (os.path.join(folder, name) for name in ("begun", "go", "leaving"))
        self.preload = os.path.join(folder, "slow.so")
        with open(self.passphrase, "w", encoding="ascii") as out:
            out.write(PASSPHRASE)
        os.chmod(self.passphrase, 0o600)
        subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-include", "stdint.h", "-o", self.preload,
                        "-x", "c", "-", "-ldl"], input=SLOW, text=True, check=True)

    def run(self, words, number=0, out=subprocess.DEVNULL):
        """(status as a shell reports it, what was said); number: sent when the derivation has begun."""
        for path in (self.begun, self.go, self.leaving):
            if os.path.exists(path):
                os.unlink(path)
        env = {"HOME": self.folder, "PATH": os.environ["PATH"], "LD_PRELOAD": self.preload,
               "SPF_BEGUN": self.begun, "SPF_GO": self.go, "SPF_LEAVING": self.leaving}
        with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, env=env) as child:
            try:
                while number != 0 and not os.path.exists(self.begun) and child.poll() is None:
                    time.sleep(0.001)
                if number != 0:
                    child.send_signal(number)
                said = child.communicate(timeout=stage.HANGS)[1].decode(errors="replace")
            except subprocess.TimeoutExpired:
                child.kill()
                return None, "it waited for the derivation"
        return 128 - child.returncode if child.returncode < 0 else child.returncode, said

    def program(self, *words, **more):
        return self.run([self.binary, "--host", "127.0.0.1", "--key", self.key, "--only", "key.format",
                         "--passphrase-file", self.passphrase, *words], **more)

    def host(self, afterwards):
        return self.run([sys.executable, "-c", HOST, self.library, afterwards, "host=127.0.0.1", "key=" + self.key,
                         "only=key.format", "passphrase-file=" + self.passphrase, "deadline=1"])


def cases(scene):
    """(what, its (status, words), the statuses that are right)"""
    yield "its time is up", scene.program("--deadline", "1"), {2}
    with open("/dev/full", "wb") as full:
        yield "nor is there room for the report", scene.program("--deadline", "1", out=full), {74}
    yield "the repair's time is up", scene.program("--deadline", "1", "--fix"), {64}
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        yield number.name, scene.program("--deadline", FOR_EVER, number=number), {128 + number}
        yield (number.name + " while it repairs",
               scene.program("--deadline", FOR_EVER, "--fix", number=number), {128 + number})
    for afterwards in ("end", "use OpenSSL and end", "go on", "unload"):
        began = time.monotonic()
        result = scene.host(afterwards)
        in_time = time.monotonic() - began < WAITS
        yield ("a program that uses the library: " + afterwards, result,
               {0} if in_time else {0, RAN_INTO_IT, 128 + signal.SIGSEGV})
    yield "a program that ends long before", scene.host("never"), {0, RAN_INTO_IT}


def main():
    if os.environ.get("SPF_SANITIZED") == "yes":
        print("skipped: a sanitizer's library must be the first that is preloaded")
        return SKIPPED
    wrong = count = 0
    with tempfile.TemporaryDirectory(prefix="spf-leaving-") as folder:
        for what, (status, said), right in cases(Scene(sys.argv[1], sys.argv[2], folder)):
            count += 1
            if status not in right:
                wrong += 1
                print("FAILED: %s: status %s%s: %s" % (
                    what, status, " (a thread ran into the clean-up)" if status == RAN_INTO_IT else "", said[-600:]))
    print("%d ends, %d wrong" % (count, wrong))
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
