#!/usr/bin/env python3
"""Low limits of the process itself: an error that names the limit, never a crash, and never a finding
about the cloud or the network."""

import fcntl
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile


def run(binary, folder, port, what, soft, hard):
    def limit():
        resource.setrlimit(what, (soft, hard))
    return subprocess.run([binary, "--host", "127.0.0.1", "-p", str(port), "--key", folder + "/key", "--json",
                           "--timeout", "20"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300, check=False, preexec_fn=limit, env={"HOME": folder})


def memory_of(binary, folder, port, count):
    """KiB at most, of so many targets written as they are done. What wait4 tells is at least the memory of who
    began the program, so that it is asked while the last lines do not fit into the pipe."""
    with open(folder + "/hosts", "w", encoding="ascii") as hosts:
        hosts.writelines("127.9.%d.%d\n" % (i // 250, i % 250 + 1) for i in range(count))
    with subprocess.Popen(
            [binary, "--hosts-file", folder + "/hosts", "-p", str(port), "-l", "root", "--only", "net.port", "--jobs",
             "20", "--format", "ndjson"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            bufsize=0, env={"HOME": folder}) as child:
        lines, size = 0, 0
        while lines < count - 100:
            text = child.stdout.read(4096)
            lines += text.count(b"\n")
            size += len(text)
            if not text:
                raise RuntimeError("%d lines of %d" % (lines, count))
        if size // lines * 90 < fcntl.fcntl(child.stdout, fcntl.F_GETPIPE_SZ):
            raise RuntimeError("what is left fits into the pipe")
        with open("/proc/%d/status" % child.pid, encoding="ascii") as status:
            used = [int(line.split()[1]) for line in status if line.startswith("VmHWM")][0]
        while child.stdout.read(65536):
            pass
    return used


def left_by_a_target(binary, folder, port):
    """Bytes that a target leaves behind; None: of a sanitizer's heap nothing can be said."""
    with open(binary, "rb") as program:
        text = program.read()
    if b"__asan_init" in text or b"__tsan_init" in text:
        return None
    few, many = (memory_of(binary, folder, port, count) for count in (1000, 5000))
    return (many - few) * 1024 / 4000


def main():
    wrong = []
    with tempfile.TemporaryDirectory(prefix="spf-limits-") as folder, \
            socket.create_server(("127.0.0.1", 0)) as server:
        subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", folder + "/key"], check=True)
        closed = server.getsockname()[1]
        server.close()
        usual = run(sys.argv[1], folder, closed, resource.RLIMIT_NOFILE, 1024, 1024)
        cause = json.loads(usual.stdout)["targets"][0]["cause"]
        cases = [(resource.RLIMIT_NOFILE, b"ulimit -n", n, n, n < 64) for n in (*range(6, 20), 32, 63, 64, 100)]
        cases += [(resource.RLIMIT_STACK, b"ulimit -s", k << 10, k << 10, k < 256) for k in (64, 80, 96, 128, 255, 256)]
        # what the hard limit allows is taken
        cases += [(resource.RLIMIT_NOFILE, b"", 10, 1024, False), (resource.RLIMIT_STACK, b"", 128 << 10, 8 << 20, False)]
        for what, name, soft, hard, refused in cases:
            done = run(sys.argv[1], folder, closed, what, soft, hard)
            label = "%s %d of %d" % (name.decode(), soft, hard)
            if done.returncode < 0:
                wrong.append("%s: %s" % (label, signal.Signals(-done.returncode).name))
            elif refused and (done.returncode != 64 or name not in done.stderr):
                wrong.append("%s: status %d, %r" % (label, done.returncode, done.stderr))
            elif not refused and json.loads(done.stdout)["targets"][0]["cause"] != cause:
                wrong.append("%s: %s" % (label, done.stdout.decode()))
        left = left_by_a_target(sys.argv[1], folder, closed)
        # its name, and what it differs in from the first of the list
        if left is not None and left > 600:
            wrong.append("a target leaves %d bytes behind" % left)
    for line in wrong:
        print("FAILED:", line)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
