#!/usr/bin/env python3
"""Servers that are not OpenSSH's, each installed one: what we say of it, beside ssh and plink.

    python3 tests/servers/run.py [--binary FILE] [--tools DIR] [SERVER ...]

Each server is started with each case, on loopback; the program, ssh and plink try to log in. Who
gets in must be the same, and the cause must be the one of CASES or, for a server that is special,
of SPECIAL. Every line of ssh with options that the report prints must log in on that very server.
Prints a table. Exit status: 0 all as expected, 1 not, 77 no server is installed.
"""

import argparse
import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
from harness import others, servers  # noqa: E402
from harness.keys import Key  # noqa: E402

MARK = "spf-was-run"
# What is expected of a server that does as most do: the status of ssh.auth and its cause, and
# that of ssh.session. None: not evaluated.
CASES = {
    "ed25519": {"key": {}, "auth": "pass", "session": "pass"},
    "rsa": {"key": {"type": "rsa", "container": "pem"}, "auth": "pass", "session": "pass"},
    "ecdsa": {"key": {"type": "ecdsa"}, "auth": "pass", "session": "pass"},
    "ppk": {"key": {"shape": "ppk"}, "auth": "pass", "session": "pass"},
    "wrong key": {"authorized": [{"key": "other"}], "auth": "fail auth-key-refused"},
    "wrong user": {"user": "no-such-user", "auth": "fail auth-key-refused"},
    "password only": {"recipe": {"password_only": True}, "auth": "fail auth-publickey-disabled"},
    "encrypted": {"key": {"passphrase": "CanaryPassphrase"}, "auth": "unknown key-encrypted",
                  "text": "the server takes this key"},
    "encrypted, wrong": {"key": {"passphrase": "CanaryPassphrase"},
                         "authorized": [{"key": "other"}], "auth": "fail auth-key-refused"},
    "sftp only": {"recipe": {"sftp_only": True}, "auth": "pass", "session": "pass"},
    "forced command": {"authorized": [{"options": 'command="touch {mark}; echo ran"'}],
                       "auth": "pass", "session": "pass"},
}
NO_TYPE = {"auth": "fail auth-algorithm-refused", "session": "skip ssh.auth"}
MAY_BE_ANY = {"auth": "unknown key-encrypted", "text": "may say yes to any key"}
SPECIAL = {
    # by RFC 8308 it announces nothing, and it knows Ed25519 alone
    "tinyssh": {"rsa": NO_TYPE, "ecdsa": NO_TYPE, "encrypted": MAY_BE_ANY,
                "encrypted, wrong": MAY_BE_ANY,
                # -batch: it would ask whether to go on with ChaCha20 and without strict key exchange
                "ppk": {"plink": "no"}},
    # our servers on them look at the key alone
    "libssh": {"wrong user": {"auth": "pass"}},
    "asyncssh": {"wrong user": {"auth": "pass"}},
    "erlang": {"wrong user": {"auth": "pass"}},
    # PK_OK to any key of a user that exists; no commands at all
    "proftpd": {"encrypted": MAY_BE_ANY, "encrypted, wrong": MAY_BE_ANY,
                **{case: {"session": "fail session-sftp-only"}
                   for case in ("ed25519", "rsa", "ecdsa", "ppk", "sftp only")}},
    # 2.12 knows no rsa-sha2
    "paramiko": {"rsa": {**NO_TYPE, "or": "pass"}},
    # without EXT_INFO, so that RSA means SHA-1
    "ssh2-0.8": {"rsa": NO_TYPE},
    # it disconnects on a type of key that it does not know, and Ed25519 is one
    "dev-tunnels": {"ed25519": NO_TYPE,
                    "ppk": {"key": {"type": "ecdsa", "shape": "ppk"}},
                    "wrong key": {"key": {"type": "ecdsa"}}, "wrong user": {"key": {"type": "ecdsa"}},
                    "encrypted": {"key": {"type": "ecdsa", "passphrase": "CanaryPassphrase"}},
                    "encrypted, wrong": {"key": {"type": "ecdsa", "passphrase": "CanaryPassphrase"}}},
    # any user's name; a few commands are answered as a shell would
    "rclone": {"wrong user": {"auth": "pass"}},
    "lsh": {"rsa": {"auth": "skip ssh.host-key", "session": None}},
    # its server-sig-algs names the types of its own host keys
    "conch": {"rsa": NO_TYPE, "encrypted": MAY_BE_ANY, "encrypted, wrong": MAY_BE_ANY},
}


class Run:
    """One server with one case."""

    def __init__(self, options, name, case, stack):
        self.options, self.name, self.case, self.stack = options, name, case, stack
        self.wrong = []
        self.folder = tempfile.mkdtemp(prefix="spf-servers-")
        stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.home = self._make("home")
        self.mark = os.path.join(self.folder, MARK)
        recipe = {"type": "ed25519", **case.get("key", {})}
        self.key = Key(self._make("keys"), "key.pem", recipe)
        self.other = Key(self._make("other"), "other.pem", {})
        lines = [{**line, **({"options": line["options"].format(mark=self.mark)}
                             if "options" in line else {})}
                 for line in case.get("authorized", [{"key": "client"}])]
        self.server = others.Other(
            self._make("server"), {"program": name, "authorized": lines, **case.get("recipe", {})},
            self.key, self.other, options.tools)
        stack.callback(self.server.stop)
        self.user = case.get("user", servers.login_user())
        self.known_hosts = os.path.join(self.folder, "known_hosts")
        with open(self.known_hosts, "w", encoding="ascii") as out:
            out.write("".join(line + "\n" for line in self.server.known_hosts()))

    def _make(self, name):
        path = os.path.join(self.folder, name)
        os.mkdir(path, 0o700)
        return path

    def _call(self, words, limit=60):
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, timeout=limit, cwd=self.home,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.home})
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def ours(self):
        # a virtual machine of Java takes its time over its first handshake
        words = [self.options.binary, "127.0.0.1", "-p", str(self.server.port), "-l", self.user,
                 "-i", self.key.path, "--known-hosts", self.known_hosts, "--timeout", "60"]
        status, text = self._call(words + ["--json"])
        self.text = text
        try:
            self.report = json.loads(text)["targets"][0]
        except ValueError:
            self.wrong.append("no report, exit status %s: %s" % (status, text[:300]))
            self.report = None
            return "-"
        self.check()
        return self.words("ssh.auth") + ("" if self.words("ssh.session").startswith("skip")
                                         else ", " + self.words("ssh.session"))

    def result(self, name):
        return next(c for c in self.report["checks"] if c["id"] == name)

    def words(self, name):
        result = self.result(name)
        detail = result["because"] if result["status"] == "skip" else result["cause"]
        return result["status"] + (" " + detail if detail else "")

    def check(self):
        for name, member in (("ssh.auth", "auth"), ("ssh.session", "session")):
            should = self.case.get(member)
            is_ = self.words(name)
            if should and is_ not in (should, self.case.get("or")):
                self.wrong.append("%s is %s, should be %s: %s; the target: %s" % (
                    name, is_, should, self.result(name)["summary"], self.report["summary"]))
        part = self.case.get("text")
        if part and part not in self.result("ssh.auth")["summary"]:
            self.wrong.append("ssh.auth lacks %r: %s" % (part, self.result("ssh.auth")["summary"]))
        if os.path.exists(self.mark):
            self.wrong.append("the forced command was run")
        if not getattr(others.PROGRAMS[self.name], "is_sshd", False):
            advice = [r["text"] for r in self.report["remedies"]] + \
                [c["text"] + c["tell_apart"] for c in self.report["candidates"]]
            self.wrong += ["advice about sshd: " + text for text in advice if "sshd" in text]
        for remedy in self.report["remedies"]:
            if remedy["command"] and remedy["command"].startswith("ssh ") and \
                    "=+" in remedy["command"]:
                self.check_line(remedy["command"])

    def _trusting(self):
        return ["-F", "none", "-o", "BatchMode=yes", "-o", "UserKnownHostsFile=" + self.known_hosts,
                "-o", "GlobalKnownHostsFile=/dev/null", "-o", "IdentityAgent=none",
                "-o", "ConnectTimeout=10"]

    def check_line(self, line):
        words = shlex.split(line)
        status, text = self._call(words[:1] + self._trusting() + ["-v"] + words[1:] + ["true"])
        if "Authenticated to" not in text:
            self.wrong.append("%s: exit status %s: %s" % (line, status, text[-600:]))

    def ssh(self):
        _, text = self._call(["ssh", *self._trusting(), "-v", "-o", "IdentitiesOnly=yes",
                              "-o", "PreferredAuthentications=publickey", "-i", self.key.path,
                              "-p", str(self.server.port), self.user + "@127.0.0.1", "true"])
        self.text += text
        return "in" if "Authenticated to" in text else "no"

    def plink(self):
        ppk = self.key.path
        if not self.case.get("key", {}).get("shape", "").startswith("ppk"):
            ppk = os.path.join(self.folder, "key.ppk")
            words = os.path.join(self.folder, "words")
            with open(words, "w", encoding="ascii") as out:
                out.write(self.case.get("key", {}).get("passphrase", "") + "\n")
            status, text = self._call(["puttygen", self.key.path, "-O", "private", "-o", ppk,
                                       "--old-passphrase", words, "--new-passphrase", words])
            if status:
                return "no .ppk"
        _, text = self._call(["plink", "-batch", "-v", "-hostkey", self.server.fingerprint(),
                              "-i", ppk, "-P", str(self.server.port), "-l", self.user, "127.0.0.1",
                              "true"])
        self.text += text
        return "in" if "Access granted" in text else "no"

    def compare(self, ours, ssh, plink):
        """Who gets in must be the same, where the key is one that this client can use."""
        if "passphrase" in self.case.get("key", {}) or not self.report:
            return
        client = ssh
        if self.case.get("key", {}).get("shape", "").startswith("ppk"):
            client = "in" if plink == self.case.get("plink") else plink
        if (self.result("ssh.auth")["status"] in ("pass", "warn")) != (client == "in"):
            self.wrong.append("we say %s, the client: %s" % (ours, client))


def main():
    build = os.path.join(HERE, "..", "..", "build", "dev")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=os.path.join(build, "src", "cli", "sshpreflight"))
    parser.add_argument("--tools", default=os.path.join(build, "tests", "lab"))
    parser.add_argument("--case")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("servers", nargs="*")
    options = parser.parse_args()
    options.binary, options.tools = map(os.path.abspath, (options.binary, options.tools))
    failed, ran = 0, 0
    for name in options.servers or others.PROGRAMS:
        lacks = others.Other.lacks({"program": name})
        if lacks:
            print("%s: skipped, %s is not installed" % (name, lacks))
            continue
        ran += 1
        for title, case in CASES.items():
            if options.case not in (None, title) or title in others.PROGRAMS[name].cannot:
                continue
            case = {**case, **SPECIAL.get(name, {}).get(title, {})}
            with contextlib.ExitStack() as stack:
                run = Run(options, name, case, stack)
                ours = run.ours()
                ssh, plink = run.ssh(), run.plink()
                run.compare(ours, ssh, plink)
                print("%-9s | %-16s | %-60s | %-3s | %s" % (name, title, ours, ssh, plink),
                      flush=True)
                for complaint in run.wrong:
                    print("    FAILED: " + complaint)
                if options.verbose:
                    print(run.text, "".join(run.server.log))
                failed += bool(run.wrong)
    if not ran:
        return 77
    print("%d failed" % failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
