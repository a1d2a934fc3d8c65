"""The real clients as referees: does ssh log in, and what do ssh and plink say if not?"""

import base64
import functools
import os
import re
import shutil
import signal
import subprocess

REFEREE = ["-F", "none", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
           "-o", "PreferredAuthentications=publickey", "-o", "BatchMode=yes",
           "-o", "StrictHostKeyChecking=accept-new", "-o", "GlobalKnownHostsFile=/dev/null",
           "-o", "ControlPath=none"]
PATIENCE = 60  # seconds for a connection and a banner; a client that stays on is ended after twice that
SHORT = 5  # the same where the server is one that leaves its clients waiting


@functools.lru_cache(maxsize=None)
def openssh_version(program):
    """(9, 2) of OpenSSH 9.2"""
    shown = subprocess.run([program, "-V"], check=False, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()
    return tuple(int(part) for part in re.search(r"OpenSSH_(\d+)\.(\d+)", shown).groups())


def ssh_version():
    return openssh_version("ssh")


@functools.lru_cache(maxsize=None)
def libssh_version():
    """(0, 10, 6) of the library that the program was built with."""
    shown = subprocess.run(["pkg-config", "--modversion", "libssh"], check=True, stdout=subprocess.PIPE)
    return tuple(int(part) for part in shown.stdout.decode().split("."))


class Outcome:
    """logged_in is None where the client had to be ended."""

    def __init__(self, logged_in, text):
        self.logged_in, self.text = logged_in, text

    def less(self, *debug):
        """What ssh prints with fewer -v: the same without the lines of "debug2" or "debug3"."""
        lines = [line for line in self.text.splitlines(True) if not line.startswith(debug)]
        return Outcome(self.logged_in, "".join(lines))

    def last_line(self):
        lines = [line for line in self.text.splitlines() if line.strip()]
        return lines[-1] if lines else ""


def _run(words, home, patience, who=None, **more):
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True, **(who or {}),
                               env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": home,
                                    **more})
    try:
        text, _ = process.communicate(timeout=2 * patience)
        return Outcome(process.returncode == 0, text.decode("utf-8", "replace"))
    except subprocess.TimeoutExpired:
        # With the ssh of its ProxyCommand, which would hold the pipe: since 10.0 ssh has no timeout
        # for an identification that comes a byte at a time.
        os.killpg(process.pid, signal.SIGKILL)
        text, _ = process.communicate()
        return Outcome(None, text.decode("utf-8", "replace"))


def _identity(path):
    """ssh expands % in a file of -i, but looks for it unexpanded: only IdentityFile works."""
    if "%" in path:
        return ["-o", 'IdentityFile="%s"' % path.replace("%", "%%")]
    return ["-i", path]


def ssh(home, key_path, known_hosts, user, port, more=(), agent=None,
        patience=PATIENCE, who=None):
    """known_hosts is copied, so that what ssh accepts now does not count later. agent: a socket.

    who: subprocess.Popen's words for another user.
    """
    first = ["-o", "IdentityAgent=" + agent] if agent else []
    trusted = known_hosts + ".ssh"
    shutil.copy(known_hosts, trusted)
    return _run(["ssh", *first, *REFEREE, "-o", "UserKnownHostsFile=" + trusted,
                 "-o", "ConnectTimeout=%d" % patience, *_identity(key_path), *more,
                 "-p", str(port), "%s@127.0.0.1" % user, "true"], home, patience, who)


def configured_ssh(home, file, name, words=(), agent=None, patience=PATIENCE):
    """As the user's ssh with a configuration file: keys, ways and trust come from there.

    words: more of its command line.
    """
    written = ""
    if os.path.exists(file):
        with open(file, encoding="utf-8") as source:
            written = source.read()
    usual = [word for option, value in (("PreferredAuthentications", "publickey"),
                                        ("StrictHostKeyChecking", "accept-new"))
             if option not in written for word in ("-o", option + "=" + value)]
    return _run(["ssh", "-F", file, "-o", "BatchMode=yes", *usual, "-o", "UpdateHostKeys=no",
                 "-o", "ConnectTimeout=%d" % patience, *words, name, "true"], home, patience,
                **({"SSH_AUTH_SOCK": agent} if agent else {}))


def has_key_type(name):
    """Does the ssh here have keys of this type?"""
    return name in subprocess.run(["ssh", "-Q", "key"], stdout=subprocess.PIPE, check=True,
                                  universal_newlines=True).stdout.split()


def putty_line(public_key, port):
    """How PuTTY keeps an Ed25519 host key of 127.0.0.1: the point's x and y (RFC 8032, 5.1.3)."""
    p = 2**255 - 19
    d = -121665 * pow(121666, p - 2, p)
    y = int.from_bytes(base64.b64decode(public_key.split()[1])[-32:], "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(d * y * y + 1, p - 2, p) % p
    x = pow(square, (p + 3) // 8, p)
    if (x * x - square) % p:
        x = x * pow(2, (p - 1) // 4, p) % p
    if x & 1 != sign:
        x = p - x
    return "ssh-ed25519@%d:127.0.0.1 0x%x,0x%x" % (port, x, y)


def plink(home, key_path, fingerprint, user, port, patience=PATIENCE):
    """None: there is no plink here, or no .ppk could be made of the key."""
    ppk = os.path.join(home, "referee.ppk")
    if not shutil.which("plink") or not shutil.which("puttygen"):
        return None
    if not os.path.exists(ppk) and subprocess.run(
            ["puttygen", key_path, "-O", "private", "-o", ppk], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
        return None
    trust = ["-hostkey", fingerprint] if fingerprint else []
    return _run(["plink", "-batch", "-v", *trust, "-i", ppk, "-P", str(port),
                 "%s@127.0.0.1" % user, "true"], home, patience)
