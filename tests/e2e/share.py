#!/usr/bin/env python3
"""A key on a share that does not answer: the run ends within its times, and at once by Ctrl-C.

The share is a FUSE file system that is mounted and then never answers, in a namespace of its own.
"""

import ctypes
import json
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile

SKIPPED = 77
HANGS = 200
WITHOUT_HELP = 6  # MS_NOSUID | MS_NODEV


def mount(folder):
    """The descriptor that the mount lives by; None where there is no FUSE."""
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        fuse = os.open("/dev/fuse", os.O_RDWR)
    except OSError:
        return None
    options = "fd=%d,rootmode=40000,user_id=0,group_id=0" % fuse
    if libc.mount(b"share", folder.encode(), b"fuse", WITHOUT_HELP, options.encode()) != 0:
        return None
    request = os.read(fuse, 1 << 17)  # FUSE_INIT; what comes then waits to be read
    ahead, = struct.unpack_from("<I", request, 48)
    unique, = struct.unpack_from("<Q", request, 8)
    answer = struct.pack("<IIIIHHIIHHI", 7, 31, ahead, 0, 12, 10, 1 << 16, 1, 16, 0, 0) + bytes(28)
    os.write(fuse, struct.pack("<IiQ", 16 + len(answer), 0, unique) + answer)
    return fuse


def start(binary, folder, *more):
    return subprocess.Popen([binary, "--only", "key", "--key", os.path.join(folder, "key.pem"), "--json", *more],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env={"HOME": "/", "LC_ALL": "C.UTF-8"},
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))


def ends(process):
    try:
        out, err = process.communicate(timeout=HANGS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise AssertionError("it waits for the share") from None
    assert not err, err
    return json.loads(out)


def by_its_times(binary, folder, _):
    with start(binary, folder, "--timeout", "1", "--deadline", "2") as process:
        report = ends(process)
    checks = {check["id"]: check for check in report["targets"][0]["checks"]}
    assert (process.returncode, report["targets"][0]["cause"]) == (2, "deadline-exceeded"), report
    assert checks["key.file"]["status"] == "unknown", checks


def by_ctrl_c(binary, folder, fuse):
    """While it looks whether the key wants a passphrase."""
    with start(binary, folder, "--timeout", "3600", "--deadline", "3600") as process:
        while not select.select([fuse], [], [], 1)[0]:  # until the share is asked
            assert process.poll() is None, "it ended before it could be interrupted"
        process.send_signal(signal.SIGINT)
        report = ends(process)
    assert (process.returncode, report["targets"][0]["cause"]) == (130, "interrupted"), report


def main():
    if len(sys.argv) == 2:  # a mount namespace of our own, so that nothing is left mounted
        command = ["unshare", "--mount"]
        try:
            if subprocess.run([*command, "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
                raise FileNotFoundError
        except FileNotFoundError:
            print("namespaces are not allowed here")
            return SKIPPED
        os.execvp(command[0], [*command, sys.executable, "-B", *sys.argv, "inside"])
    with tempfile.TemporaryDirectory(prefix="spf-share-") as home:
        folder = os.path.join(home, "share")
        os.mkdir(folder)
        fuse = mount(folder)
        if fuse is None:
            print("there is no FUSE here")
            return SKIPPED
        try:
            for case in (by_its_times, by_ctrl_c):
                case(sys.argv[1], folder, fuse)
                print(case.__name__, "ok")
        finally:
            os.close(fuse)  # what still waits gets an error
            subprocess.run(["umount", folder], check=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
