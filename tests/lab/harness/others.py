"""SSH servers beside OpenSSH's. Some are started as an inetd would, a process for each connection;
others stand, and print "ready PORT"."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading

from .cloud import run_quietly

PYTHON = "/usr/bin/python3"  # which has Debian's modules; the first in PATH may be another
SERVERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "servers")


class Dropbear:
    """Knows authorized_keys in a user's home only, so it is shown another home (servers/home.c)."""

    tool, home = "dropbear", None

    def __init__(self, folder, recipe, tools):
        self.words = ["dropbear", "-i", "-m"] + recipe.get("arguments", ["-s"])
        self.environment = {"LD_PRELOAD": os.path.join(tools, "liblab-home.so"), "LAB_HOME": folder}
        self.public = []
        for kind in recipe.get("host_keys", ["ed25519"]):
            path = os.path.join(folder, "host_" + kind)
            size = ["-s", "2048"] if kind == "rsa" else []
            run_quietly("dropbearkey", "-t", kind, *size, "-f", path)
            shown = run_quietly("dropbearkey", "-y", "-f", path).decode()
            self.public += [line for line in shown.splitlines() if " AAAA" in line]
            self.words += ["-r", path]


class TinySsh:
    """As Dropbear; it knows Ed25519 only."""

    tool = "tinysshd"

    def __init__(self, folder, recipe, tools):
        keys = os.path.join(folder, "keys")
        run_quietly("tinysshd-makekey", "-q", keys)
        self.words = ["tinysshd", "-v"] + recipe.get("arguments", []) + [keys]
        # It wants no folder above a home to be writable by others, as /tmp is.
        above = "/run" if os.getuid() == 0 else os.path.expanduser("~")
        self.home = tempfile.mkdtemp(prefix="spf-tinyssh-", dir=above)
        shutil.copytree(os.path.join(folder, ".ssh"), os.path.join(self.home, ".ssh"))
        self.environment = {"LD_PRELOAD": os.path.join(tools, "liblab-home.so"),
                            "LAB_HOME": self.home}
        self.public = run_quietly("tinysshd-printkey", keys).decode().splitlines()[:1]


class Libssh:
    """servers/libssh.c"""

    tool, home = "true", None

    @staticmethod
    def program(tools):
        return [os.path.join(tools, "lab-libssh")]

    def __init__(self, folder, recipe, tools):
        self.words = self.program(tools) + [
            "--authorized", os.path.join(folder, ".ssh", "authorized_keys")] + \
            recipe.get("arguments", [])
        self.environment = {}
        self.public = []
        for kind in recipe.get("host_keys", ["ed25519"]):
            path = os.path.join(folder, "host_" + kind)
            size = ["-b", "2048"] if kind == "rsa" else []
            run_quietly("ssh-keygen", "-q", "-t", kind, *size, "-N", "", "-C", "", "-f", path)
            with open(path + ".pub", encoding="ascii") as source:
                self.public.append(source.read().strip())
            self.words += ["--host-key", path]


class AsyncSsh(Libssh):
    """../../servers/asyncssh_server.py"""

    tool, stands = "python3:asyncssh", True

    @staticmethod
    def program(tools):
        return [PYTHON, "-B", os.path.join(SERVERS, "asyncssh_server.py")]


PROGRAMS = {"dropbear": Dropbear, "tinyssh": TinySsh, "libssh": Libssh, "asyncssh": AsyncSsh}


def is_installed(tool):
    """A program, or "python3:MODULE" of the system's Python."""
    if tool.startswith("python3:"):
        return os.path.exists(PYTHON) and subprocess.run(
            [PYTHON, "-W", "ignore", "-c", "import " + tool.split(":")[1]], check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    return shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin") is not None


class Other:
    """recipe: program (of PROGRAMS), arguments, host_keys (types), authorized as for sshd."""

    def __init__(self, folder, recipe, client_key, other_key, tools):
        os.makedirs(os.path.join(folder, ".ssh"), mode=0o700, exist_ok=True)
        keys = {"client": client_key, "other": other_key}
        with open(os.path.join(folder, ".ssh", "authorized_keys"), "w", encoding="ascii") as out:
            for entry in recipe.get("authorized", [{"key": "client"}]):
                line = keys[entry.get("key", "client")].public
                out.write((entry["options"] + " " if "options" in entry else "") + line + "\n")
        self._program = PROGRAMS[recipe["program"]](folder, recipe, tools)
        self._log_path = os.path.join(folder, "log")
        self._log = open(self._log_path, "a+", encoding="utf-8", errors="replace")
        self._running, self._socket = [], None
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **self._program.environment}
        if getattr(self._program, "stands", False):
            self._start(environment)
            return
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, args=(environment,), daemon=True).start()

    def _start(self, environment):
        process = subprocess.Popen(self._program.words, stdin=subprocess.DEVNULL, text=True,
                                   stdout=subprocess.PIPE, stderr=self._log, env=environment)
        self._running.append(process)
        words = process.stdout.readline().split()
        if words[:1] != ["ready"]:
            self.stop()
            raise RuntimeError("%s did not start:\n%s" % (self._program.words, "".join(self.log)))
        self.port = int(words[1])

    @staticmethod
    def lacks(recipe):
        """The tool that is not installed here, or None."""
        tool = PROGRAMS[recipe["program"]].tool
        return None if is_installed(tool) else tool

    def _accept(self, environment):
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            with peer:
                self._running.append(subprocess.Popen(
                    self._program.words, stdin=peer, stdout=peer, stderr=self._log,
                    env=environment))

    @property
    def log(self):
        with open(self._log_path, encoding="utf-8", errors="replace") as source:
            return source.readlines()

    def known_hosts(self):
        return ["[127.0.0.1]:%d %s" % (self.port, line) for line in self._program.public]

    def fingerprint(self):
        """Of the first host key, as ssh-keygen prints it."""
        shown = subprocess.run(["ssh-keygen", "-l", "-f", "-"], check=True, stdout=subprocess.PIPE,
                               input=self._program.public[0].encode())
        return shown.stdout.decode().split()[1]

    def stop(self):
        if self._socket:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
        for process in self._running:
            process.terminate()
            process.wait()
            if process.stdout:
                process.stdout.close()
        self._log.close()
        if self._program.home:
            shutil.rmtree(self._program.home, ignore_errors=True)
