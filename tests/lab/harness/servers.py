"""SSH servers for scenarios: the real sshd, and small ones that misbehave. All on loopback."""

import os
import pwd
import socket
import struct
import subprocess
import threading
import time

from .cloud import run_quietly

SSHD = "/usr/sbin/sshd"


def login_user():
    return pwd.getpwuid(os.getuid()).pw_name


def free_port():
    """A port that was free a moment ago; whoever takes it must be ready to try another."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sshd:
    """sshd with a generated configuration.

    recipe: config (lines put first, so they win), host_keys (types), authorized (list of
    {options, key: "client" or "other"}; default: the client's key), strict (modes are checked).
    """

    def __init__(self, folder, recipe, client_key, other_key):
        os.makedirs(folder, exist_ok=True)
        if os.getuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        self.host_keys = []
        for kind in recipe.get("host_keys", ["ed25519"]):
            path = os.path.join(folder, "host_" + kind)
            size = ["-b", "2048"] if kind == "rsa" else []
            run_quietly("ssh-keygen", "-q", "-t", kind, *size, "-N", "", "-C", "", "-f", path)
            self.host_keys.append(path)
        authorized = os.path.join(folder, "authorized_keys")
        keys = {"client": client_key, "other": other_key}
        with open(authorized, "w", encoding="ascii") as out:
            for entry in recipe.get("authorized", [{"key": "client"}]):
                line = keys[entry.get("key", "client")].public
                out.write((entry["options"] + " " if "options" in entry else "") + line + "\n")
        os.chmod(authorized, 0o600)
        self.lines = list(recipe.get("config", [])) + [
            "ListenAddress 127.0.0.1",
            "PidFile none",
            "UsePAM no",
            "StrictModes " + ("yes" if recipe.get("strict") else "no"),
            "AuthorizedKeysFile " + authorized,
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PrintMotd no",
            "PrintLastLog no",
            "LogLevel VERBOSE",
        ] + ["HostKey " + path for path in self.host_keys]
        self.folder = folder
        self.log = []
        for _ in range(20):
            if self._start(free_port()):
                return
        raise RuntimeError("sshd did not start:\n" + "".join(self.log))

    def _start(self, port):
        config = os.path.join(self.folder, "sshd_config")
        with open(config, "w", encoding="utf-8") as out:
            out.write("\n".join(["Port %d" % port] + self.lines) + "\n")
        self.process = subprocess.Popen([SSHD, "-D", "-e", "-f", config], text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, errors="replace")
        self.port = port
        listening = threading.Event()
        self._ended = False
        threading.Thread(target=self._read_log, args=(self.process, listening),
                         daemon=True).start()
        listening.wait(30)
        if self._ended:
            self.process.wait()
        return not self._ended

    def _read_log(self, process, listening):
        for line in process.stderr:
            self.log.append(line)
            if line.startswith("Server listening on"):
                listening.set()
        if not listening.is_set():
            self._ended = True
            listening.set()

    def known_hosts(self):
        lines = []
        for path in self.host_keys:
            with open(path + ".pub", encoding="ascii") as source:
                lines.append("[127.0.0.1]:%d %s" % (self.port, source.read().strip()))
        return lines

    def fingerprint(self):
        """Of the first host key, as ssh-keygen prints it."""
        return run_quietly("ssh-keygen", "-l", "-f", self.host_keys[0]).decode().split()[1]

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Fake:
    """A listener that treats every connection in one bad way; see the methods named do_*."""

    host_keys = ()

    def __init__(self, kind):
        self.log = []
        self.kind = kind
        self.port = 0
        self._done = threading.Event()
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._filler = None
        if kind == "closed-port":
            return  # bound and not listening: refused, and nobody else gets the port
        if kind == "silent-port":
            # One connection fills the queue of a listener with backlog 0; Linux then ignores SYNs.
            self._socket.listen(0)
            self._filler = socket.create_connection(("127.0.0.1", self.port))
            return
        self._socket.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        act = getattr(self, "do_" + self.kind.replace("-", "_"))
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            self.log.append("connection\n")
            threading.Thread(target=self._serve, args=(act, peer), daemon=True).start()

    def _serve(self, act, peer):
        try:
            act(peer)
        except OSError:
            pass
        finally:
            peer.close()

    def _hold(self, peer):
        """Reads on, saying nothing, until the peer is gone."""
        while peer.recv(4096):
            pass

    def do_silence(self, peer):
        self._hold(peer)

    def do_close(self, peer):
        pass

    def do_reset(self, peer):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def do_http(self, peer):
        peer.recv(4096)
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Type: text/html\r\n"
                     b"Connection: close\r\n\r\n<html><h1>400 Bad Request</h1></html>\r\n")

    def do_endless_lines(self, peer):
        while not self._done.is_set():
            peer.sendall(b"Welcome to \x1b[31mthe machine\x07 \xff\r\n" * 100)

    def do_one_endless_line(self, peer):
        while not self._done.is_set():
            peer.sendall(b"x" * 4096)

    def do_busy(self, peer):
        peer.sendall(b"Exceeded MaxStartups\r\n")

    def do_penalised(self, peer):
        peer.sendall(b"Not allowed at this time\r\n")

    def do_old(self, peer):
        peer.sendall(b"SSH-1.5-OpenSSH_2.3\r\n")
        self._hold(peer)

    def do_bad_banner(self, peer):
        peer.sendall(b"SSH-banana\r\n")
        self._hold(peer)

    def do_stalled_handshake(self, peer):
        peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        self._hold(peer)

    def do_broken_handshake(self, peer):
        peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        peer.recv(4096)
        peer.sendall(b"\x7f\xff\xff\xff this is no packet" * 10)

    def known_hosts(self):
        return []

    def fingerprint(self):
        return ""

    def stop(self):
        self._done.set()
        if self._filler:
            self._filler.close()
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()


def start(folder, recipe, client_key, other_key):
    if "fake" in recipe:
        return Fake(recipe["fake"])
    return Sshd(folder, recipe, client_key, other_key)


def wait_until(condition, seconds):
    """Polls; for conditions that nothing announces. True if it came to hold."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
