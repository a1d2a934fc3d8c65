#!/usr/bin/env python3
"""Accounts that a key opens, but not all the way: locked, expired, without shell or home.

In a mount namespace of its own, whose passwd and shadow have such accounts; sshd with PAM and without.
The real ssh is the referee. Exit status 77: not root, or this machine gives us no namespace.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import stage  # noqa: F401  (finds the harness)
from harness import clients, servers
from harness.keys import Key

SKIPPED = 77
# user -> shell, rest of the line in shadow, and what comes of a login without PAM and with it
USERS = {
    "fine": ("/bin/sh", "*:19000::::::", None, None),
    "nologin": ("/usr/sbin/nologin", "*:19000::::::", "session-no-shell", "session-no-shell"),
    "false": ("/bin/false", "*:19000::::::", "session-no-shell", "session-no-shell"),
    "shell-missing": ("/no/such/shell", "*:19000::::::", "auth-key-refused", "auth-key-refused"),
    "locked": ("/bin/sh", "!:19000::::::", "auth-key-refused", None),
    "account-expired": ("/bin/sh", "*:19000:::::1:", "auth-key-refused", "auth-login-refused"),
    "password-expired": ("/bin/sh", "*:0::::::", None, "account-password-expired"),
    "password-old": ("/bin/sh", "*:10000::30::::", None, "account-password-expired"),
    "home-missing": ("/bin/sh", "*:19000::::::", None, None),
    "empty": ("/bin/sh", ":19000::::::", None, None),
    "profile-exits": ("/bin/bash", "*:19000::::::", None, None),
    "rc-exits": ("/bin/bash", "*:19000::::::", "session-no-shell", "session-no-shell"),
    "rc-prints": ("/bin/bash", "*:19000::::::", None, None),
    "logged-in": ("/bin/sh", "*:19000::::::", None, "session-pam-denied"),
    "denied": ("/bin/sh", "*:19000::::::", None, "session-pam-denied"),
    "crowded": ("/bin/sh", "*:19000::::::", None, "session-pam-denied"),
    "barred": ("/bin/sh", "*:19000::::::", None, "auth-disconnected"),
}
# What the shell of a user reads first.
START_UP = {"profile-exits": (".bash_profile", "exit 3\n"), "rc-exits": (".bashrc", "exit 3\n"),
            "rc-prints": (".bashrc", "echo Welcome\n")}
# What the server said must be in the report.
SAID = {"nologin": "currently not available", "account-expired": "Your account has expired",
        "password-expired": "Password change required", "booting": "System is booting up",
        "logged-in": "There were too many logins for 'logged-in'",
        "crowded": "There were too many logins for 'crowded'", "denied": "status 254",
        "rc-exits": "status 3"}
# ssh prints nothing to the point.
MUTE = ["denied"]
# user -> a warning of a login that works
WARNINGS = {"rc-prints": "session-startup-prints"}
# What the report says to run inside; it must then let the user in.
REPAIRS = {"locked": "usermod -p", "account-expired": "chage -E -1", "password-expired": "chage -d", "password-old": "chage -M -1",
           "rc-exits": "mv ", "rc-prints": "sed -i", "crowded": "pkill "}
# Who may be repaired where PAM is not used as well.
WITHOUT_PAM = ["locked", "account-expired"]
# The first candidate, where the server says nothing.
FIRST = {"barred": "auth-account-denied"}
BOOTING = ("System is booting up. Unprivileged users are not permitted to log in yet. Please come back "
           "later. For technical details, see pam_nologin(8).\n")


def write(path, mode, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    os.chmod(path, mode)


def with_accounts(folder):
    """False: here nothing can be mounted."""
    with open("/etc/passwd", encoding="utf-8") as passwd, \
            open("/etc/shadow", encoding="utf-8") as shadow:
        known, secret = passwd.read(), shadow.read()
    for number, (name, (shell, rest, _, _)) in enumerate(USERS.items()):
        home = os.path.join(folder, name)
        if name != "home-missing":
            os.mkdir(home, 0o755)
            os.chown(home, 64000 + number, 65534)
        if name in START_UP:
            write(os.path.join(home, START_UP[name][0]), 0o644, START_UP[name][1])
        known += "%s:x:%d:65534::%s:%s\n" % (name, 64000 + number, home, shell)
        secret += "%s:%s\n" % (name, rest)
    etc = folder + "/etc"  # whole: chage renames a new file over the old one
    subprocess.run(["cp", "-a", "/etc", etc], check=True)
    write(etc + "/passwd", 0o644, known)
    write(etc + "/shadow", 0o600, secret)
    write(etc + "/security/limits.d/accounts.conf", 0o644, "logged-in hard maxlogins 0\ncrowded hard maxlogins 1\n")
    with open(etc + "/pam.d/sshd", "a", encoding="utf-8") as pam:
        pam.write("account required pam_succeed_if.so quiet user != barred\n"
                  "session required pam_succeed_if.so quiet user != denied\n")
    mounts = [["--bind", etc, "/etc"], ["-t", "tmpfs", "none", "/run"]]
    return all(subprocess.run(["mount", *words], check=False).returncode == 0 for words in mounts)


class Logins:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.key = Key(folder, "key.pem", {})
        write(folder + "/authorized", 0o644, self.key.public + "\n")
        self.failed, self.servers = False, 0

    def start(self, pam, more=()):
        # the harness would keep bash from its start-up files, and here they count
        config = [*more, "SetEnv SHLVL=0", "UsePAM " + pam, "AuthorizedKeysFile %s/authorized" % self.folder]
        self.servers += 1
        self.sshd = servers.Sshd("%s/sshd-%d" % (self.folder, self.servers), {"config": config}, self.key,
                                 self.key)
        write(self.folder + "/known", 0o600, "\n".join(self.sshd.known_hosts()) + "\n")

    def ask(self, *words, **more):
        return subprocess.run([self.binary, *words], stdout=subprocess.PIPE, timeout=300, check=False,
                              env={"HOME": self.folder}, **more).stdout

    def attempt(self, user, expected, said, pam, warning=None, who=None, heard=True):
        """Ours, ssh's, and what explain makes of ssh's words, all of one login."""
        known, port = self.folder + "/known", self.sshd.port
        target = json.loads(self.ask("--host", "127.0.0.1", "-p", str(port), "--key", self.key.path,
                                     "-l", user, "--known-hosts", known, "--json",
                                     stdin=subprocess.DEVNULL, **(who or {})))["targets"][0]
        ssh = clients.ssh(self.folder, self.key.path, known, user, port, who=who)
        wrong, self.target = [], target
        if target["cause"] != expected or said not in target["summary"]:
            wrong.append("%s, %s" % (target["cause"], target["summary"]))
        if warning and warning not in [check["cause"] for check in target["checks"]]:
            wrong.append("no " + warning)
        if user in FIRST and expected and [c["cause"] for c in target["candidates"]][:1] != [FIRST[user]]:
            wrong.append("candidates %s" % target["candidates"])
        if ssh.logged_in != (target["verdict"] == "pass"):
            wrong.append("ssh %s: %s" % (ssh.logged_in, ssh.text))
        causes = [target["cause"]] + [c["cause"] for c in target["candidates"]]
        if target["cause"] and ssh.text and user not in MUTE and heard:
            read = json.loads(self.ask("explain", "-", "--json", input=ssh.text.encode()))["targets"][0]
            named = [read["cause"]] + [c["cause"] for c in read["candidates"]]
            if not set(named) & set(causes):
                wrong.append("explain: %s" % named)
        print("%-7s %-18s PAM %-3s %s" % ("FAILED:" if wrong else "", user, pam, target["cause"]),
              *wrong)
        self.failed |= bool(wrong)

    def without_proof(self):
        """An empty password, and a key that is not authorised: ssh gets in by none."""
        write(self.folder + "/authorized", 0o644, "")
        self.start("no", ["PermitEmptyPasswords yes", "PasswordAuthentication yes"])
        try:
            self.attempt("empty", None, "", "no", "auth-none-accepted")
            self.attempt("fine", "auth-key-refused", "", "no")
        finally:
            self.sshd.stop()
            write(self.folder + "/authorized", 0o644, self.key.public + "\n")

    def without_entry(self):
        """A user id that the password database does not have; the printed line mends it."""
        os.chown(self.key.path, 54321, 54321)
        os.chmod(self.folder + "/known", 0o644)
        os.chmod("/etc/passwd", 0o666)  # as such images have it
        as_it = {"user": 54321, "group": 54321, "extra_groups": []}
        try:
            self.attempt("fine", "no-user-entry", "ssh refuses to run", "no", who=as_it)
            line = next(r["command"] for r in self.target["remedies"] if r["command"])
            subprocess.run(["sh", "-c", line], check=True, **as_it)
            self.attempt("fine", None, "", "no", who=as_it)
        finally:
            os.chown(self.key.path, 0, 0)

    def terminal(self, user):
        """ssh with a terminal, where the login shell reads files that no command reads."""
        ssh = subprocess.run(["ssh", "-v", "-tt", "-F", "none", "-i", self.key.path, "-p",
                              str(self.sshd.port), "-o", "UserKnownHostsFile=" + self.folder + "/known",
                              user + "@127.0.0.1"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, timeout=300, check=False)
        target = json.loads(self.ask("explain", "-", "--json", input=ssh.stdout))["targets"][0]
        named = [candidate["cause"] for candidate in target["candidates"]]
        text = self.ask("explain", "session-no-shell").decode()
        wrong = target["verdict"] == "pass" or "session-no-shell" not in named or \
            START_UP[user][0] not in text
        print("%-7s %-18s terminal %s" % ("FAILED:" if wrong else "", user, named))
        self.failed |= wrong

    @contextlib.contextmanager
    def logged_in(self, user):
        """One who is logged in already, on a terminal, so that PAM counts it (utmp)."""
        write("/run/utmp", 0o664, "")
        words = ["ssh", "-tt", "-F", "none", "-i", self.key.path, "-p", str(self.sshd.port), "-o",
                 "UserKnownHostsFile=" + self.folder + "/known", user + "@127.0.0.1"]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as other:
            other.stdin.write(b"echo in-$((40 + 2))\n")
            other.stdin.flush()
            said = b""
            for line in other.stdout:
                said += line
                if b"in-42" in line:
                    break
            else:
                print("FAILED: %s is not logged in: %s" % (user, said))
                self.failed = True
            try:
                yield
            finally:
                other.kill()

    def lines_inside(self):
        """What the last report says to run inside."""
        texts = [remedy["text"] for remedy in self.target["remedies"]]
        texts += [remedy["text"] for check in self.target["checks"] for remedy in check["remedies"]]
        texts += [candidate["tell_apart"] for candidate in self.target["candidates"]]
        return [line for text in texts for line in re.findall(r"`([^`]+)`", text)]

    def repair(self, user, pam, begins=None, leaves=None):
        """Runs what the last report says to run inside, and logs in again."""
        begins = begins or REPAIRS[user]
        lines = [line for line in self.lines_inside() if line.startswith(begins)]
        for line in lines[:1]:
            line = line.replace("sshd -T", "/usr/sbin/sshd -f %s/sshd_config -T" % self.sshd.folder)
            subprocess.run(["sh", "-c", line], check=True)
        if not lines:
            print("FAILED: no %s in %s" % (begins, self.lines_inside()))
            self.failed = True
        else:
            self.attempt(user, leaves, "", pam, heard=leaves is None)
            warned = [check["cause"] for check in self.target["checks"] if check["cause"]]
            if WARNINGS.get(user) in warned:
                print("FAILED: still %s" % warned)
                self.failed = True

    def paste(self, user, *shown):
        """The line for inside, as root: it shows what is wrong. At most three candidates precede it."""
        done = subprocess.run(["sh", "-c", self.target["inside"]], check=False, timeout=300,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        lacks = [text for text in shown if not re.search(text, done.stdout)]
        text = self.ask("--host", "127.0.0.1", "-p", str(self.sshd.port), "--key", self.key.path, "-l",
                        user, "--known-hosts", self.folder + "/known").decode()
        listed = re.findall(r"^ +(\d)\. ", text, re.M)
        print("%-7s %-18s paste, %d candidates" % ("FAILED:" if lacks or listed[3:] else "", user,
                                                 len(listed)), *lacks)
        if lacks:
            print(self.target["inside"], done.stdout)
        self.failed |= bool(lacks or listed[3:])

    def maintenance(self, pam, expected):
        """A text of somebody's own keeps all but root out, until the line that is printed ran."""
        write("/etc/nologin", 0o644, "Moving house until six\n")
        self.attempt("fine", expected, "Moving house until six", pam, heard=False)
        if "/etc/nologin" not in self.target["summary"]:
            print("FAILED: /etc/nologin is not named: " + self.target["summary"])
            self.failed = True
        self.repair("fine", pam, "rm -f /etc/nologin")
        if pam == "yes":  # else sshd -e, as the tests start it, speaks into the session
            write("/etc/nologin", 0o644, "")
            self.attempt("fine", expected, "/etc/nologin", pam, heard=False)
            self.repair("fine", pam, "rm -f /etc/nologin")

    def jailed(self, pam, jail):
        """A directory to be locked into that is the user's own, or not there."""
        if "%u" in jail:
            os.mkdir(jail.replace("%u", "fine"))
            shutil.chown(jail.replace("%u", "fine"), "fine")
        self.start(pam, ["ChrootDirectory " + jail, "ForceCommand internal-sftp"])
        try:
            self.attempt("fine", "session-refused", "", pam)
            if [c["cause"] for c in self.target["candidates"]][:1] != ["chroot-unusable"]:
                print("FAILED: candidates %s" % self.target["candidates"])
                self.failed = True
            self.repair("fine", pam, "d=$(", "session-sftp-only")
        finally:
            self.sshd.stop()

    def is_refused(self, user):
        """Does ssh itself get no further with another login?"""
        return subprocess.run(["ssh", "-F", "none", "-i", self.key.path, "-p", str(self.sshd.port), "-o", "BatchMode=yes",
                               "-o", "UserKnownHostsFile=" + self.folder + "/known", user + "@127.0.0.1", "true"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              timeout=300, check=False).returncode != 0

    def all(self):
        for number, pam in enumerate(("no", "yes")):
            self.start(pam)
            try:
                for user, row in USERS.items():
                    if user == "crowded":
                        continue
                    expected = row[2 + number]
                    said = SAID.get(user, "") if expected != "auth-key-refused" and expected else ""
                    self.attempt(user, expected, said, pam, WARNINGS.get(user))
                    if user == "locked" and pam == "no":
                        self.paste(user, r"locked:!", r"f: .*/\.ssh/authorized_keys",
                                   r"(?i)authorizedkeysfile .*/authorized")
                    if user == "account-expired" and pam == "no":
                        self.paste(user, r"account-expired:\*", r"Account expires.*: Jan 02, 1970")
                    if user in REPAIRS and (pam == "yes" or user in WITHOUT_PAM) and \
                            (self.target["verdict"] == "fail" or user in WARNINGS):
                        self.repair(user, pam)
                        if user == "account-expired" and pam == "no":
                            subprocess.run(["chage", "-E", "1", user], check=True)
                if pam == "no":
                    self.terminal("profile-exits")
                    self.without_entry()
                if pam == "yes":
                    with self.logged_in("crowded"):
                        if self.is_refused("crowded"):
                            self.attempt("crowded", "session-pam-denied", SAID["crowded"], pam)
                            self.repair("crowded", pam)
                        else:
                            print("crowded: skipped, pam_limits(8) counts no logins here (utmp(5), or logind)")
                    write("/run/nologin", 0o644, BOOTING)
                    self.attempt("fine", "auth-not-yet", SAID["booting"], pam)
                    os.unlink("/run/nologin")
                self.maintenance(pam, "auth-not-yet" if pam == "no" else "auth-account-denied")
            finally:
                self.sshd.stop()
            self.jailed(pam, "/etc/jail-of-%u" if pam == "no" else "/etc/missing")
        self.without_proof()
        return int(self.failed)


def main():
    if os.getuid() != 0 or subprocess.run(["unshare", "-mpf", "--mount-proc", "true"], check=False).returncode:
        print("skipped: not root, or no namespaces here")
        return SKIPPED
    if sys.argv[-1] != "--here":
        # with processes of its own: one remedy ends those of a user
        os.execvp("unshare", ["unshare", "-mpf", "--kill-child", "--mount-proc", sys.executable, "-B",
                              *sys.argv, "--here"])
    with tempfile.TemporaryDirectory(prefix="spf-accounts-") as folder:
        os.chmod(folder, 0o755)
        if not with_accounts(folder):
            print("skipped: nothing can be mounted here")
            return SKIPPED
        # a copy: other users cannot come to a checkout below a home that is closed to them
        return Logins(shutil.copy(sys.argv[1], folder), folder).all()


if __name__ == "__main__":
    sys.exit(main())
