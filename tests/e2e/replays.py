#!/usr/bin/env python3
"""--replay takes a record from a file, a pipe and standard input alike; one that ends early, never
comes or is too long is refused, with its reason, in bounded time and memory."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile

BOUND = 64 << 20  # more than any record may have
POLL = ("7", "73", "271", "232", "281")  # poll, ppoll, epoll_wait
OPEN = ("2", "257", "56")  # open, openat


def replay(binary, home, *arguments, **more):
    return subprocess.run([binary, "--json", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=300, check=False, env={"HOME": home}, **more)


def timeless(run):
    """The report without the milliseconds that this very run took."""
    return json.loads(run.stdout, object_hook=lambda each: {**each, "duration_ms": 0})


def same_from_everywhere(binary, home, record):
    with open(record, "rb") as source:
        text = source.read()
    plain = replay(binary, home, "--replay", record, stdin=subprocess.DEVNULL)
    assert json.loads(plain.stdout)["replayed_from"], plain.stderr
    fifo = os.path.join(home, "fifo")
    os.mkfifo(fifo)
    for _ in range(20):  # its writer, who waits in open(2) for the first reader, is gone with it
        with subprocess.Popen(["sh", "-c", 'exec cat "$1" >"$2"', "sh", record, fifo],
                              stderr=subprocess.DEVNULL) as writer:
            while not sleeps_in(writer.pid, OPEN):
                assert writer.poll() is None
            from_fifo = replay(binary, home, "--replay", fifo, stdin=subprocess.DEVNULL)
            writer.kill()
        assert from_fifo.returncode == plain.returncode, from_fifo.stderr
    ways = {
        "-": replay(binary, home, "--replay", "-", input=text),
        "/dev/stdin": replay(binary, home, "--replay", "/dev/stdin", input=text),
        "a FIFO": from_fifo,
        "blanks around it": replay(binary, home, "--replay", "-", input=b"\n \n" + text + b"\n\n"),
    }
    for name, run in ways.items():
        assert timeless(run) == timeless(plain) and run.returncode == plain.returncode, (name, run.stdout, run.stderr)


def refused(binary, home, record):
    with open(record, "rb") as source:
        text = source.read()
    cases = {
        "nothing": b"", "half": text[:len(text) // 2], "without its last byte": text.rstrip()[:-1],
        "twice": text + text, "not JSON": b"it works for me\n", "no record": b"{}",
        "too long": text.rstrip()[:-1] + b" " * BOUND + b"}",
    }
    for name, broken in cases.items():
        run = replay(binary, home, "--replay", "-", input=broken)
        assert run.returncode == 64 and run.stdout == b"" and run.stderr.startswith(b"sshpreflight: "), \
            (name, run.returncode, run.stderr)


def never_comes(binary, home):
    """A pipe that nobody writes to ends at the deadline, and at Ctrl-C."""
    ends = os.pipe()
    try:
        run = replay(binary, home, "--replay", "-", "--deadline", "1", stdin=ends[0])
        assert run.returncode == 64 and run.stderr, (run.returncode, run.stderr)
        with subprocess.Popen([binary, "--replay", "-"], stdin=ends[0], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env={"HOME": home},
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as waiting:
            while not sleeps_in(waiting.pid, POLL):
                assert waiting.poll() is None
            waiting.send_signal(signal.SIGINT)
            waiting.communicate(timeout=300)
            assert waiting.returncode == 128 + signal.SIGINT, waiting.returncode
    finally:
        os.close(ends[0])
        os.close(ends[1])


def sleeps_in(pid, calls):
    with open("/proc/%d/syscall" % pid, encoding="ascii") as source:
        return source.read().split()[0] in calls


def main():
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="spf-replays-") as home, socket.create_server(("127.0.0.1", 0)) as server:
        key, record = os.path.join(home, "key"), os.path.join(home, "run.json")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        port = server.getsockname()[1]
        server.close()
        done = replay(binary, home, "--host", "127.0.0.1", "-p", str(port), "--key", key, "--record", record,
                      stdin=subprocess.DEVNULL)
        assert done.returncode == 1, done.stderr
        same_from_everywhere(binary, home, record)
        refused(binary, home, record)
        never_comes(binary, home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
