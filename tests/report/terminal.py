#!/usr/bin/env python3
"""The line of live progress, on terminals: it never wraps, scrolls or flickers, and nothing of it stays.

terminal.py BINARY LAB-CLOUD: real runs on pseudo-terminals whose output goes through a terminal emulator
(Debian's python3-pyte) byte by byte, at five widths, in English and Chinese, and while the width changes; then
in tmux, which wraps lines again when it is resized, as most terminals do. Exit status 77: no python3-pyte.
"""

import argparse
import contextlib
import fcntl
import os
import pathlib
import pty
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from stage import Stage  # noqa: E402
from harness import servers  # noqa: E402
from harness.keys import Key  # noqa: E402

try:
    import pyte
except ImportError:
    print("skipped: python3-pyte is not installed")
    sys.exit(77)

ROWS = 8
LIMIT = 60  # seconds; only a failure takes so long
WIDTHS = (40, 60, 80, 132, 200)
BEFORE = ["$ line %d before" % i for i in range(1, ROWS)] + ["$ sshpreflight ..."]


def width(char):
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


class Screen(pyte.Screen):
    """Counts what must not happen: a line that goes on in the next row."""

    wraps = 0

    def text(self, y):
        """A row; pyte's own display fails where half of a wide character has been written over."""
        cells = [self.buffer[y][x].data for x in range(self.columns)]
        return "".join(cell or (" " if not x or len(cells[x - 1]) != 1 or width(cells[x - 1]) < 2 else "")
                       for x, cell in enumerate(cells)).rstrip()

    def rows(self):
        return [self.text(y) for y in range(self.lines)]

    def draw(self, data):
        for char in data:
            self.wraps += self.cursor.x + width(char) > self.columns
            super().draw(char)


class Terminal:
    """A program on a terminal whose cursor is in the last row, as after some work in a shell."""

    def __init__(self, columns, words, env, report=False):
        self.screen = Screen(columns, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.stream.feed("\r\n".join(BEFORE).encode())
        self.stream.feed(b"\r\n")
        self.master, slave = pty.openpty()
        self.resize(columns)
        self.frames, self.blank_after, self.bytes, self.started = [], 0, b"", False
        self.out = b""
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=slave, env=env,
                                        stdout=slave if report else subprocess.PIPE)
        os.close(slave)

    def resize(self, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
        self.screen.resize(ROWS, columns)

    def row(self):
        return self.screen.text(self.screen.cursor.y)

    def take(self):
        """What has come, byte by byte; False at the end."""
        try:
            read = os.read(self.master, 65536)
        except OSError:
            read = b""
        for byte in read:
            self.stream.feed(bytes([byte]))
            text = self.row()
            if self.started and not text:
                self.blank_after += 1  # the last wipe leaves it blank for the rest of its bytes
            self.started |= bool(text)
            if text and self.screen.cursor.x == 0 and (not self.frames or self.frames[-1] != text):
                self.frames.append(text)
        self.bytes += read
        return bool(read)

    def until(self, true, what):
        end = time.monotonic() + LIMIT
        while not true():
            if not select.select([self.master], [], [], max(0, end - time.monotonic()))[0] or not self.take():
                raise AssertionError("no %s in %r" % (what, self.bytes))

    def finish(self):
        with contextlib.suppress(OSError):
            while self.take():
                pass
        os.close(self.master)
        if self.process.stdout:
            self.out = self.process.stdout.read()
            self.process.stdout.close()
        self.process.wait()
        return self


class Door:
    """A port whose connections are answered when the test says so, by a line that is not SSH's."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def open(self):
        self.socket.settimeout(LIMIT)
        peer = self.socket.accept()[0]
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        peer.close()


def check_frames(terminal, where, least, blank=len("\x1b[K\r")):
    """Between the program's start and its end; terminal.out or the screen has the report."""
    wrong = []
    if len(terminal.frames) < least:
        wrong.append("%d frames, %d at least: %r" % (len(terminal.frames), least, terminal.frames))
    if terminal.screen.wraps:
        wrong.append("%d wraps: %r" % (terminal.screen.wraps, terminal.bytes))
    if b"\n" in terminal.bytes:
        wrong.append("a line feed: %r" % terminal.bytes)
    if terminal.blank_after > blank:
        wrong.append("blank for %d bytes: it flickers: %r" % (terminal.blank_after, terminal.bytes))
    shown = terminal.screen.rows()
    if shown != [line[:terminal.screen.columns] for line in BEFORE[1:]] + [""]:
        wrong.append("the screen is %r" % shown)
    return ["%s: %s" % (where, text) for text in wrong]


def check_widths(args, scene, words):
    wrong = []
    env = {**scene.environment(), "TERM": "xterm-256color"}
    for columns in WIDTHS:
        for lang in ("en", "zh"):
            with scene.cloud():
                terminal = Terminal(columns, words() + ["--lang", lang], env).finish()
            where = "%d columns, %s" % (columns, lang)
            wrong += check_frames(terminal, where, 2)
            if ("等待" if lang == "zh" else "waiting for") not in "".join(terminal.frames):
                wrong.append("%s: %r" % (where, terminal.frames))
            if b"\x1b[" in terminal.out or terminal.process.returncode != 0:
                wrong.append("%s: %d %r" % (where, terminal.process.returncode, terminal.out))
    return wrong


def check_report_after(scene, words):
    """Report and progress on one terminal: the report begins where the progress was. With -v the calls of the
    API are printed in between, each on a row of its own."""
    wrong = []
    env = {**scene.environment(), "TERM": "xterm", "NO_COLOR": "1"}
    for lang in ("en", "zh"):
        with scene.cloud():
            terminal = Terminal(80, words() + ["--lang", lang, "-v"], env, report=True)
            terminal.screen.resize(200, 80)
            terminal.finish()
        shown = terminal.screen.rows()
        calls = [line for line in shown if "Describe" in line and "200" in line]
        rest = [line for line in shown if "checks" in line and "waiting" in line or "；等待" in line]
        if b"\x1b[3" in terminal.bytes or rest or len(calls) < 3:
            wrong.append("%s: %r %r %r" % (lang, rest, calls, shown))
        if not any("root@" in line or "can log in" in line or "登录" in line for line in shown):
            wrong.append("%s: no report in %r" % (lang, shown))
    return wrong


def check_silence(scene, words):
    """No terminal, or one that cannot move its cursor: not a byte."""
    wrong = []
    for term in ("dumb", None):
        env = {name: value for name, value in scene.environment().items() if name != "TERM"}
        with scene.cloud():
            terminal = Terminal(80, words(), {**env, "TERM": term} if term else env).finish()
        if terminal.bytes:
            wrong.append("TERM=%s: %r" % (term, terminal.bytes))
    with scene.cloud():
        done = subprocess.run(words(), env={**scene.environment(), "TERM": "xterm"}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.stderr or b"\x1b" in done.stdout:
        wrong.append("no terminal: %r" % done.stderr)
    with scene.cloud():
        terminal = Terminal(60, words(), {**scene.environment(), "TERM": "xterm", "LC_ALL": "C"}).finish()
    wrong += check_frames(terminal, "without UTF-8", 2)
    if max(terminal.bytes) > 126:
        wrong.append("without UTF-8: %r" % terminal.bytes)
    return wrong


def host_words(args, folder, *hosts):
    return [args.binary, "--key", os.path.join(folder, "key.pem"), "--known-hosts", os.path.join(folder, "none"), "-l", servers.login_user(),
            "--timeout", str(LIMIT), *hosts]


def check_resize(args, folder):
    """Narrower, and wider again, while a port is waited for."""
    wrong = []
    door, env = Door(), {"PATH": os.environ["PATH"], "HOME": folder, "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    for lang, waits in (("en", "waiting for the server's identification"), ("zh", "等待：服务器标识")):  # nothing else
        terminal = Terminal(100, host_words(args, folder, "-p", str(door.port), "127.0.0.1", "--lang", lang), env)
        terminal.until(lambda: any(waits in frame for frame in terminal.frames), waits)
        terminal.resize(30)
        seen = len(terminal.frames)
        door.open()
        terminal.finish()
        wrong += check_frames(terminal, "narrower, " + lang, seen, blank=20)  # once, where nothing was wrapped
    return wrong


def check_fleet(args, folder):
    """Some targets at once, answered one after the other."""
    wrong = []
    door, env = Door(), {"PATH": os.environ["PATH"], "HOME": folder, "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    listed = os.path.join(folder, "hosts")
    pathlib.Path(listed).write_text("".join("user%d@127.0.0.1:%d\n" % (i, door.port) for i in range(12)), "ascii")
    for columns, lang, counted in ((40, "en", "of 12 targets"), (40, "zh", "/12"), (80, "zh", "/12")):
        terminal = Terminal(columns, host_words(args, folder, "--hosts-file", listed, "--lang", lang, "--jobs", "4"),
                            env)
        for _ in range(12):
            door.open()
        terminal.finish()
        wrong += check_frames(terminal, "fleet, %d columns, %s" % (columns, lang), 1)
        if counted not in "".join(terminal.frames):
            wrong.append("fleet: %r" % terminal.frames)
    return wrong


class Tmux:
    def __init__(self, folder, columns):
        self.words = ["tmux", "-S", os.path.join(folder, "tmux"), "-f", "/dev/null", "-u"]
        env = {"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C.UTF-8", "TERM": "xterm"}
        subprocess.run(self.words + ["new-session", "-d", "-x", str(columns), "-y", "100", "sh"],
                       env=env, check=True, stdout=subprocess.PIPE)

    def __call__(self, *words):
        return subprocess.run(self.words + list(words), check=True, stdout=subprocess.PIPE).stdout.decode()

    def until(self, true, what):
        end = time.monotonic() + LIMIT
        while not true(shown := self("capture-pane", "-p")):
            if time.monotonic() > end:
                raise AssertionError("no %s in %s" % (what, shown))
            time.sleep(0.05)
        return shown


def check_reflow(args, folder):
    """tmux wraps the line when it is made narrower; all its rows are gone afterwards, from its history too."""
    wrong = []
    if not shutil.which("tmux"):
        print("skipped in part: tmux is not installed")
        return wrong
    door = Door()
    words = host_words(args, folder, "-p", str(door.port), "127.0.0.1", "--lang", "zh")
    tmux = Tmux(folder, 100)
    try:
        tmux("send-keys", "PS1='> '; clear; echo first; %s; echo status $?" % " ".join(words), "Enter")
        tmux.until(lambda shown: "服务器标识" in shown, "progress")
        tmux("resize-window", "-x", "24")
        tmux.until(lambda shown: "服务器标识" not in shown and "等待" in shown, "a wrapped line")
        door.open()
        shown = tmux.until(lambda shown: "status" in shown and shown.rstrip().endswith(">"), "the end")
        shown = tmux("capture-pane", "-p", "-S", "-")
        if not shown.startswith("first\n") or "等待" in shown or "检查 " in shown:
            wrong.append("reflow: %s" % shown)
    finally:
        tmux("kill-server")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("binary", "lab-cloud"):
        parser.add_argument("--" + name, required=True)
    args = parser.parse_args()
    args.keep, args.schema = False, None
    with tempfile.TemporaryDirectory(prefix="spf-terminal-") as folder, contextlib.ExitStack() as stack:
        Key(folder, "key.pem", {})
        scene = Stage(str(HERE.parent / "e2e" / "scenarios" / "healthy"), args, stack)

        def words():  # the cloud's address is another each time
            return [args.binary] + scene.command()

        wrong = check_widths(args, scene, words) + check_report_after(scene, words) + check_silence(scene, words) + \
            check_resize(args, folder) + check_fleet(args, folder) + check_reflow(args, folder)
    for text in wrong:
        print(text)
    print("%d widths, two languages: %d wrong" % (len(WIDTHS), len(wrong)))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
