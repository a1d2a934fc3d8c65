#!/usr/bin/env python3
"""The passphrase prompt on a real terminal: whatever signal comes, nothing typed is shown, and the
terminal is left as it was; after a stop the prompt comes again."""

import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time

SECRET = b"canary-of-the-terminal"
PROMPT = b"Passphrase for "
LIMIT = 200  # seconds; only a failure takes so long


def echo(fd):
    return bool(termios.tcgetattr(fd)[3] & termios.ECHO)


def shell(words, folder):
    """What a shell does with one foreground job, without a line editor that would repair the terminal."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execve(words[0], words, {"HOME": folder})
    print("PID %d." % pid, flush=True)
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED)
        os.tcsetpgrp(0, os.getpgrp())
        if not os.WIFSTOPPED(status):
            break
        print("STOPPED echo=%d." % echo(0), flush=True)
        os.tcsetpgrp(0, pid)
        os.kill(pid, signal.SIGCONT)
    ended = "signal %d" % os.WTERMSIG(status) if os.WIFSIGNALED(status) else "status %d" % os.WEXITSTATUS(status)
    print("ENDED %s echo=%d." % (ended, echo(0)), flush=True)
    os._exit(0)


class Terminal:
    def __init__(self, words, folder):
        pid, self.fd = pty.fork()
        if pid == 0:
            shell(words, folder)
        self.pid, self.said = pid, b""

    def until(self, what, times=1):
        end = time.monotonic() + LIMIT
        while self.said.count(what) < times:
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError("no %r in %r" % (what, self.said))
            try:
                self.said += os.read(self.fd, 4096)
            except OSError:
                if self.said.count(what) >= times:
                    break
                raise AssertionError("no %r in %r" % (what, self.said)) from None
        return self.said

    def silent(self):
        end = time.monotonic() + LIMIT
        while echo(self.fd):
            assert time.monotonic() < end, "echo stays on at the prompt"
            time.sleep(0.001)

    def type(self, data):
        os.write(self.fd, data)

    def end(self):
        self.until(b"ENDED ")
        said = self.until(b".\r\n", self.said.count(b".\r\n") + (not self.said.endswith(b".\r\n")))
        os.close(self.fd)
        os.waitpid(self.pid, 0)
        return said


def stopped(words, folder):
    """Ctrl-Z at the prompt, twice, and fg; then the passphrase is typed."""
    terminal = Terminal(words, folder)
    for times in (1, 2):
        terminal.until(PROMPT, times)
        terminal.silent()
        terminal.type(b"\x1a")
        terminal.until(b"STOPPED echo=1.", times)
    terminal.until(PROMPT, 3)
    terminal.silent()
    terminal.type(SECRET + b"\n")
    said = terminal.end()
    assert SECRET not in said, "what is typed after fg is shown: %r" % said
    assert b"ENDED status 1 echo=1." in said, said


def ended(words, folder, key, number):
    """A signal at the prompt, from the keyboard or from elsewhere."""
    terminal = Terminal(words, folder)
    terminal.until(PROMPT)
    terminal.silent()
    if key is not None:
        terminal.type(key)
    else:
        os.kill(int(terminal.said.split(b"PID ")[1].split(b".")[0]), number)
    said = terminal.end()
    assert b"ENDED signal %d echo=1." % number in said, said


def replaced(words, folder, key):
    """What takes the file's place while the passphrase is typed is another key: the one that was asked for is checked."""
    other = folder + "/other"
    for path in (key, other):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "another", "-C", "", "-f", path], check=True)
    first, second = (subprocess.run(["ssh-keygen", "-lf", path], check=True, capture_output=True).stdout.split()[1]
                     for path in (key, other))
    terminal = Terminal(words + ["--key", key, "--json"], folder)
    terminal.until(PROMPT)
    terminal.silent()
    os.replace(other, key)
    terminal.type(b"another\n")
    said = terminal.end()
    assert first in said and second not in said, said


def main():
    with tempfile.TemporaryDirectory(prefix="spf-prompt-") as folder:
        key = folder + "/key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "another", "-C", "", "-f", key], check=True)
        # nothing listens on port 1: the run itself is over at once, after the prompt
        words = [sys.argv[1], "--host", "127.0.0.1", "-p", "1", "--key", key]
        stopped(words, folder)
        replaced(words[:-2], folder, folder + "/replaced")
        for typed, number in ((b"\x1c", signal.SIGQUIT), (b"\x03", signal.SIGINT), (None, signal.SIGTERM),
                              (None, signal.SIGHUP)):
            ended(words, folder, typed, number)
    print("the terminal is as before in every case")
    return 0


if __name__ == "__main__":
    sys.exit(main())
