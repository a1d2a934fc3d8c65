#!/usr/bin/env python3
"""The shell function preflight, and sshpreflight !!, typed into real interactive shells:
shells.py BINARY SHELL-FOLDER

A program named sshpreflight writes down its words; what the shell gave it is then given to BINARY, which
must have understood it. The command before is an ssh that cannot connect.
"""
import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time

HANGS = 200
BINARY, FOLDER = sys.argv[1:]
LINE = "ssh -p 1 -o 'ConnectTimeout 3' -i \"$HOME/my key\" nobody@127.0.0.1 'touch ran' 2>&1 | cat; true"
WANTED = "nobody@127.0.0.1"
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "preflight.sh", ["preflight --only net", "sshpreflight !!"]),
    "zsh": (["zsh", "-f", "-i"], "preflight.sh", ["preflight --only net", "sshpreflight !!"]),
    "fish": (["fish", "--no-config", "-i"], "preflight.fish", ["preflight --only net"]),
}
RECORDER = """#!/bin/sh
for word do printf '%s\\0' "$word"; done >"$HOME/words.new"
mv "$HOME/words.new" "$HOME/words"
"""


class Terminal:
    """A shell on a pseudo-terminal, to which lines are typed."""

    def __init__(self, words, home):
        self.home, self.seen = home, b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            os.execvpe(words[0], words, {"HOME": home, "TERM": "dumb", "PATH": home + "/bin:" + os.environ["PATH"]})

    def read(self, seconds):
        if select.select([self.fd], [], [], seconds)[0]:
            try:
                self.seen += os.read(self.fd, 65536)
            except OSError:
                return

    def type(self, line, done):
        """Types, and waits until done() or, for the shell's own answer, a mark is seen."""
        os.write(self.fd, line.encode() + b"\r")
        end = time.monotonic() + HANGS
        while not done():
            if time.monotonic() > end:
                raise RuntimeError("nothing came of %r:\n%s" % (line, self.seen.decode(errors="replace")))
            self.read(0.1)

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def try_shell(name, words, file, asked):
    wrong = []
    with tempfile.TemporaryDirectory(prefix="spf-shells-") as home:
        os.mkdir(home + "/bin")
        with open(home + "/bin/sshpreflight", "w", encoding="ascii") as out:
            out.write(RECORDER)
        os.chmod(home + "/bin/sshpreflight", 0o755)
        shell = Terminal(words, home)
        ready = home + "/ready"
        shell.type("source '%s/%s'; touch ready" % (FOLDER, file), lambda: os.path.exists(ready))
        for line in asked:
            os.remove(ready)
            shell.type(LINE, lambda: b"onnection refused" in shell.seen)
            shell.seen = b""
            shell.type(line, lambda: os.path.exists(home + "/words"))
            with open(home + "/words", "rb") as got:
                given = got.read().decode().split("\0")[:-1]
            os.remove(home + "/words")
            own = [] if "--only" in given else ["--only", "net"]
            run = subprocess.run([BINARY, *own, *given], check=False, stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True, env={**os.environ, "HOME": home})
            if "port 1 [port-refused]" not in run.stdout:
                wrong.append("%s: %s gave %r:\n%s%s" % (name, line, given, run.stdout, run.stderr))
            if os.path.exists(home + "/ran"):
                wrong.append("%s: %s ran the command" % (name, line))
            shell.type("touch ready", lambda: os.path.exists(ready))
        shell.close()
    return wrong


def main():
    wrong, tried = [], 0
    for name, how in SHELLS.items():
        if not shutil.which(name):
            print("%s is not installed: not tried" % name)
            continue
        wrong += try_shell(name, *how)
        tried += 1
    print("\n".join(wrong) or "%d shells" % tried)
    return 1 if wrong else 0 if tried else 77


sys.exit(main())
