#!/usr/bin/env python3
"""What the reading of a transcript takes, of the largest that is read: CPU of explain -.

    transcript.py [SSHPREFLIGHT]

Each text is read several times, and the fastest counts. Exit status 1: one took more than LIMIT.
"""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent.parent
SIZE = 4 << 20
LIMIT = 0.3  # seconds
RUNS = 5


def repeated(text):
    return (text * (SIZE // len(text) + 1))[:SIZE]


def texts():
    made = ROOT / "tests" / "transcript" / "made"
    yield "ssh -vvv, again and again", repeated((made / "key-refused-ssh-vvv.txt").read_bytes())
    yield "lines of 90 columns", repeated(b"x" * 20 + b" word, another word, and some more of it" +
                                          b" until the end of the line" + b"\n")
    yield "one line", repeated(b"debug1: ")
    yield "line ends", b"\n" * SIZE
    yield "prompts", repeated(b"$ ssh a\n")
    yield "JSON lines", repeated(rb'{"level":"info","msg":"ssh: connect to host a\r\n port 22"}' + b"\n")


def cpu(binary, text):
    before = os.times()
    subprocess.run([binary, "explain", "-", "--json"], input=text, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False, env={"HOME": "/nonexistent"})
    after = os.times()
    return (after.children_user - before.children_user +
            after.children_system - before.children_system)


def main():
    binary = sys.argv[1] if sys.argv[1:] else ROOT / "build/release/src/cli/sshpreflight"
    slow = False
    for name, text in texts():
        took = min(cpu(binary, text) for _ in range(RUNS))
        slow |= took > LIMIT
        print("%-28s %.2f s%s" % (name, took, "  over the limit" if took > LIMIT else ""))
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
