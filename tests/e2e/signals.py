#!/usr/bin/env python3
"""However signals were set when the program was started, it logs in, and ends as it was asked to.

A caller may have ignored or blocked any of them: nohup(1) HUP, a shell's `&` INT and QUIT, a service
manager PIPE, a program that never waits for its children CHLD. What was ignored stays ignored; the
others end it with a report. Its own children (ssh -G, a ProxyCommand, a credential program) get none
of all this.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile

import stage
from harness import servers
from harness.keys import Key

HANGS = 200  # seconds
ALL = sorted(set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP})
# What a child says of itself, in hexadecimal masks: blocked, ignored.
CHILD = """#!/bin/sh
sed -n "s/^Sig\\(Blk\\|Ign\\):/$1 \\1/p" /proc/self/status >>"{folder}/child"
"""
CONFIG = """Host web
 HostName 127.0.0.1
 Port {port}
 User {user}
 IdentityFile {key}
 UserKnownHostsFile {folder}/known_hosts
 GlobalKnownHostsFile /dev/null
 Match exec "{folder}/program match"
 ProxyCommand sh -c "{folder}/program proxy; exec {python} {folder}/relay %h %p"
"""
RELAY = """import os, socket, sys, threading
peer = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def out():
    while data := peer.recv(65536):
        os.write(1, data)
    os._exit(0)
threading.Thread(target=out, daemon=True).start()
while data := os.read(0, 65536):
    peer.sendall(data)
"""


class Scene:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.key = Key(folder, "key.pem", {})
        self.sshd = servers.Sshd(folder + "/sshd", {}, self.key, self.key)
        self.silent = servers.Fake("silence")
        known = "".join(line + "\n" for line in self.sshd.known_hosts())
        self._write("known_hosts", known)
        self._write("relay", RELAY)
        self._write("program", CHILD.format(folder=folder), 0o700)
        self._write("config", CONFIG.format(
            port=self.sshd.port, user=servers.login_user(), key=self.key.path, folder=folder,
            python=sys.executable))

    def _write(self, name, text, mode=0o600):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(out.name, mode)

    def start(self, words, ignored=(), blocked=(), stdin=subprocess.DEVNULL):
        def inherit():
            for number in ALL:
                signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        return subprocess.Popen(
            [self.binary, "--json", *words], stdin=stdin, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, preexec_fn=inherit, restore_signals=False,
            env={"HOME": self.folder, "PATH": os.environ["PATH"]})

    def logs_in(self, ignored=(), blocked=()):
        """What is wrong with a whole login with a configuration, and with its children."""
        open(self.folder + "/child", "w", encoding="ascii").close()
        process = self.start(["-F", self.folder + "/config", "--host", "web"], ignored, blocked)
        out, err = process.communicate(timeout=HANGS)
        if process.returncode != 0 or err:
            said = json.loads(out)["targets"][0]["summary"] if out else "no report"
            return ["status %d: %s %s" % (process.returncode, said, err.decode())]
        with open(self.folder + "/child", encoding="ascii") as source:
            masks = [line.split() for line in source]
        if len(masks) < 4:
            return ["its children did not run: %s" % masks]
        deaf = sum(1 << number - 1 for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
                   if number in ignored)
        # glibc's posix_spawn ignores two that are its own; ssh ignores PIPE before a Match exec.
        others = {"proxy": 3 << 31, "match": 3 << 31 | 1 << signal.SIGPIPE - 1}
        return ["%s has %s %s" % (child, name, mask) for child, name, mask in masks
                if int(mask, 16) & ~others[child] != (deaf if name == "Ign" else 0)]

    def waiting(self, ignored=()):
        """A run that waits for a server which says nothing; once it has connected."""
        before = len(self.silent.log)
        process = self.start(["--host", "127.0.0.1", "-p", str(self.silent.port), "--key",
                              self.key.path, "--timeout", "300", "--deadline", "600"], ignored)
        servers.wait_until(lambda: len(self.silent.log) > before and stage.takes_signals(process.pid), HANGS)
        return process

    def is_ended_by(self, number, ignored=()):
        process = self.waiting(ignored)
        process.send_signal(number)
        out, _ = process.communicate(timeout=HANGS)
        if process.returncode != 128 + number or json.loads(out)["exit_status"] != 128 + number:
            return ["status %d after %s" % (process.returncode, number.name)]
        return []

    def is_ended_while_it_reads(self, words, number):
        """Nothing has come from standard input yet: no report, and no word of wrong usage in its exit status."""
        process = self.start(words, stdin=subprocess.PIPE)
        servers.wait_until(lambda: stage.takes_signals(process.pid), HANGS)
        process.send_signal(number)
        process.wait(timeout=HANGS)
        out, err = process.communicate(timeout=HANGS)
        if process.returncode != 128 + number or out or err.count(b"\n") != 1:
            return ["status %d: %r %r" % (process.returncode, out[:300], err)]
        return []

    def ignores(self, number):
        """What was ignored ends nothing; another signal then does, and says that it was it."""
        other = signal.SIGTERM if number != signal.SIGTERM else signal.SIGINT
        process = self.waiting((number,))
        process.send_signal(number)
        pending = servers.wait_until(lambda: process.poll() is not None, 0.5)
        process.send_signal(other)
        process.communicate(timeout=HANGS)
        if pending or process.returncode != 128 + other:
            return ["it is ended by %s, status %d" % (number.name, process.returncode)]
        return []

    def checks(self):
        yield "usual", self.logs_in()
        for number in ALL:
            name = signal.Signals(number).name if number in list(signal.Signals) else str(number)
            if number < signal.SIGRTMIN:
                yield name + " ignored", self.logs_in(ignored=(number,))
        yield "all ignored", self.logs_in(ignored=ALL)
        yield "all blocked", self.logs_in(blocked=ALL)
        for number in stage.ENDING:
            yield number.name + " sent", self.is_ended_by(number)
            yield number.name + " sent, CHLD ignored", self.is_ended_by(number, (signal.SIGCHLD,))
            yield number.name + " ignored, and sent", self.ignores(number)
            for words in (["--key", "-", "127.0.0.1"], ["--hosts-file", "-"], ["--replay", "-"],
                          ["--transcript", "-"], ["merge", "-"],
                          ["--key", self.key.path, "--passphrase-file", "/dev/stdin", "127.0.0.1"]):
                yield "%s to %s" % (number.name, words), self.is_ended_while_it_reads(words, number)

    def stop(self):
        self.silent.stop()
        self.sshd.stop()


def main():
    count = failed = 0
    with tempfile.TemporaryDirectory(prefix="spf-signals-") as folder:
        scene = Scene(os.path.abspath(sys.argv[1]), folder)
        try:
            for name, wrong in scene.checks():
                count += 1
                failed += bool(wrong)
                for text in wrong:
                    print("FAILED: %s: %s" % (name, text))
        finally:
            scene.stop()
    print("%d cases, %d failed" % (count, failed))
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
