#!/usr/bin/env python3
"""The scripts that complete the command line, in the real shells: completion.py SSHPREFLIGHT

A line is typed into an interactive bash or zsh on a terminal of its own, with Tab and Return; a program
that is called sshpreflight there writes down the words that it gets. fish is asked what it would offer.
A shell that is not installed is skipped, and said so.
"""
import json
import os
import pathlib
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time

HANGS = 200  # seconds

# What is typed -> the words that the program gets.
LINES = [
    ("--stri\t", ["--strict"]),
    ("--format js\t", ["--format", "json"]),
    ("--format=js\t", ["--format=json"]),
    ("--address=priv\t", ["--address=private"]),
    ("--only cloud.sec\t", ["--only", "cloud.security-group"]),
    ("--skip key,net.p\t", ["--skip", "key,net.port"]),
    ("exp\tsg-source-ex\t", ["explain", "sg-source-excluded"]),
    ("mer\tot\trepo\t", ["merge", "other.pem", "report.xml"]),
    ("merge other.pem --format nd\t", ["merge", "other.pem", "--format", "ndjson"]),
    ("--profile nigh\t", ["--profile", "nightly"]),
    ("--region ap-s\t", ["--region", "ap-southeast-1"]),
    ("-i my\t", ["-i", "my key.pem"]),
    ("--key=ot\t", ["--key=other.pem"]),
    ("--find-key=di\t", ["--find-key=dir"]),
    ("--output juni\treport.x\t", ["--output", "junit:report.xml"]),
    ("--output repo\t", ["--output", "report.xml"]),
]
# The beginning of a line -> what fish offers for its last word, all of it or among others.
OFFERS = [
    ("--known-h", {"--known-hosts"}),
    ("--format js", {"json"}),
    ("--format=js", {"--format=json"}),
    ("--only cloud.sec", {"cloud.security-group"}),
    ("--skip key,net.p", {"key,net.port"}),
    ("exp", {"explain"}),
    ("explain sg-source-ex", {"sg-source-excluded"}),
    ("mer", {"merge"}),
    ("merge ot", {"other.pem"}),
    ("merge other.pem repo", {"report.xml"}),
    ("merge other.pem --format nd", {"ndjson"}),
    ("--profile nigh", {"nightly"}),
    ("--region ap-s", {"ap-southeast-1"}),
    ("-i oth", {"other.pem"}),
    ("--output juni", {"junit:"}),
    ("--output repo", {"report.xml"}),
]
CONFIGURATION = {"current": "default", "profiles": [
    {"name": "default", "region_id": "cn-hangzhou"}, {"name": "nightly", "region_id": "ap-southeast-1"},
    {"name": "$(touch pwned)", "region_id": "`touch pwned`"}, {"name": "two words", "region_id": "ap-southeast-1"},
    {"name": "夜间", "region_id": ""}, {"name": "x;touch pwned", "region_id": "-n"}]}


def scene(folder, binary):
    """HOME with a configuration and some files, and the program that writes down its words."""
    (folder / "home" / ".aliyun").mkdir(parents=True)
    (folder / "home" / ".aliyun" / "config.json").write_text(json.dumps(CONFIGURATION), encoding="utf-8")
    for name in ("my key.pem", "other.pem", "report.xml"):
        (folder / "home" / name).touch()
    (folder / "home" / "dir").mkdir()
    (folder / "bin").mkdir()
    stub = folder / "bin" / "sshpreflight"
    stub.write_text("#!/bin/sh\n[ \"$1\" = --completion ] && exec '%s' \"$@\"\n"
                    "printf '%%s\\0' \"$@\" >\"$WORDS.new\" && mv \"$WORDS.new\" \"$WORDS\"\n" % binary,
                    encoding="utf-8")
    stub.chmod(0o755)
    (folder / "zsh").mkdir()
    for shell, name in (("bash", "bash"), ("zsh", "zsh/_sshpreflight"), ("fish", "fish")):
        script = subprocess.run([binary, "--completion", shell], stdout=subprocess.PIPE, check=True).stdout
        (folder / name).write_bytes(script)
    (folder / "bashrc").write_text("PS1='ready> '\n. '%s/bash'\n" % folder, encoding="utf-8")
    (folder / "home" / ".zshrc").write_text(
        "PROMPT='ready> '\nfpath=('%s/zsh' $fpath)\nautoload -Uz compinit\ncompinit -u -D\nunsetopt BEEP\n" % folder,
        encoding="utf-8")
    return {"HOME": str(folder / "home"), "PATH": "%s/bin:/usr/local/bin:/usr/bin:/bin" % folder,
            "LC_ALL": "C.UTF-8", "TERM": "dumb", "WORDS": str(folder / "words"), "HISTFILE": ""}


class Terminal:
    """A shell on a terminal."""

    def __init__(self, command, env):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(env["HOME"])
            os.execvpe(command[0], command, env)

    def wait(self, done):
        """Reads what the shell writes until it is so; False after a long time."""
        until = time.monotonic() + HANGS
        while not done():
            if time.monotonic() > until:
                return False
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self.fd, 4096)
                except OSError:
                    return done()
        return True

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def typed(command, env):
    """Each line typed into a shell of its own."""
    wrong, words = [], pathlib.Path(env["WORDS"])
    for line, wanted in LINES:
        terminal = Terminal(command, env)
        if not terminal.wait(lambda terminal=terminal: b"ready> " in terminal.seen):
            return wrong + ["%s: no prompt: %r" % (command[0], terminal.seen)]
        os.write(terminal.fd, ("sshpreflight " + line + "\r").encode())
        if terminal.wait(words.exists):
            got = words.read_bytes().decode("utf-8").split("\0")[:-1]
            words.unlink()
            got[-1:] = [word.rstrip("/") for word in got[-1:]]  # zsh takes the slash back at Return
            if got != wanted:
                wrong.append("%s: %r gave %s, not %s" % (command[0], line, got, wanted))
        else:
            wrong.append("%s: %r ran nothing: %r" % (command[0], line, terminal.seen))
        terminal.close()
    return wrong


def offered(env, folder):
    """What fish offers."""
    wrong = []
    for line, wanted in OFFERS:
        done = subprocess.run(["fish", "--no-config", "-c", "source %s/fish; complete -C \"sshpreflight %s\""
                               % (folder, line)], env=env, cwd=env["HOME"], capture_output=True, text=True, check=False)
        got = {row.split("\t")[0] for row in done.stdout.splitlines()}
        if not wanted <= got or done.stderr:
            wrong.append("fish: %r offers %s, not %s%s" % (line, got, wanted, done.stderr))
    return wrong


def main():
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="spf-completion-") as name:
        folder = pathlib.Path(name)
        env = scene(folder, binary)
        wrong, tried = [], []
        for shell, judge in (
                ("bash", lambda: typed(["bash", "--rcfile", str(folder / "bashrc"), "-i"], env)),
                ("zsh", lambda: typed(["zsh", "-d", "-i"], env)), ("fish", lambda: offered(env, folder))):
            if shutil.which(shell):
                wrong += judge()
                tried.append(shell)
            else:
                print("%s is not installed: skipped" % shell)
        names = subprocess.run([binary, "--completion", "profiles"], stdout=subprocess.PIPE, env=env, check=True)
        if names.stdout.decode("utf-8").split("\n") != ["default", "nightly", "夜间", ""]:
            wrong.append("profiles: %r" % names.stdout)
        if (folder / "home" / "pwned").exists():
            wrong.append("a profile's name was executed")
    print("\n".join(wrong) or "%s: %d lines each" % (", ".join(tried), len(LINES)))
    return int(bool(wrong) or "bash" not in tried)


sys.exit(main())
