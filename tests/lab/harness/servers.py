"""SSH servers for scenarios: the real sshd, and small ones that misbehave. All on loopback."""

import contextlib
import itertools
import os
import pwd
import signal
import socket
import struct
import subprocess
import threading

from .clients import openssh_version
from .cloud import run_quietly
from .others import Other
from .sockets import HANGS, free_port, listens, start_agent, wait_until  # noqa: F401  (for whoever uses servers)

SSHD = "/usr/sbin/sshd"


def login_user():
    return pwd.getpwuid(os.getuid()).pw_name


def has_ipv6():
    """Is there an IPv6 loopback to listen on?"""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def sshd_version():
    """(9, 2) of OpenSSH 9.2; before 9.3 it is only in the usage that an unknown option brings."""
    return openssh_version(SSHD)


class Sshd:
    """sshd with a generated configuration.

    recipe: config (lines put first, so they win), host_keys (types), authorized (list of
    {options, key: "client", "other" or "authority"}; default: the client's key), strict (modes are checked),
    host_authority (path of the private key that signs certificates for the host keys of the types `certified`),
    within (words before the command, as those of ip netns exec or nsenter).
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
        certified = [path for path in self.host_keys
                     if path.rsplit("_", 1)[1] in recipe.get("certified", [])]
        for path in certified:
            run_quietly("ssh-keygen", "-q", "-s", recipe["host_authority"], "-I", "host", "-h",
                        "-n", "127.0.0.1", path + ".pub")
        authorized = os.path.join(folder, "authorized_keys")
        keys = {"client": client_key.public, "other": other_key.public,
                "authority": client_key.authority}
        with open(authorized, "w", encoding="ascii") as out:
            for entry in recipe.get("authorized", [{"key": "client"}]):
                line = keys[entry.get("key", "client")]
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
            # With this SHLVL bash reads no start-up file for a remote command: the user's own may take
            # seconds, or a lock, and none of it is what a test is about.
            "SetEnv SHLVL=2",
        ] + ["HostKey " + path for path in self.host_keys] + [
            "HostCertificate %s-cert.pub" % path for path in certified]
        if sshd_version() >= (9, 8):  # loopback is not exempt, and tests refuse many a login
            self.lines.append("PerSourcePenalties no")
        self.folder = folder
        self.within = recipe.get("within", [])
        self.log = []
        for _ in range(20):
            if self._start(free_port()):
                return
        raise RuntimeError("sshd did not start:\n" + "".join(self.log))

    def _start(self, port):
        config = os.path.join(self.folder, "sshd_config")
        with open(config, "w", encoding="utf-8") as out:
            out.write("\n".join(["Port %d" % port] + self.lines) + "\n")
        self.process = subprocess.Popen([*self.within, SSHD, "-D", "-e", "-f", config], text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, errors="replace")
        self.port = port
        listening = threading.Event()
        self._ended = False
        threading.Thread(target=self._read_log, args=(self.process, listening),
                         daemon=True).start()
        listening.wait(HANGS)
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
        """With its connections: a delayed link may be gone before one has noticed its end."""
        serving = []
        with contextlib.suppress(OSError):  # where there is no /proc
            with open("/proc/{0}/task/{0}/children".format(self.process.pid),
                      encoding="ascii") as children:
                serving = children.read().split()
        self.process.terminate()
        self.process.wait()
        for pid in serving:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGTERM)


class Alternating:
    """An address with two sshd behind it, each with a host key of its own, as a load balancer that takes turns:
    connections are relayed to the second, the first, the second, ... The first one's key is the known one.
    """

    def __init__(self, folder, recipe, client_key, other_key):
        self._servers = [Sshd(os.path.join(folder, name), recipe, client_key, other_key)
                         for name in ("first", "second")]
        self.host_keys = self._servers[0].host_keys
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        for number in itertools.count(1):
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(
                ("127.0.0.1", self._servers[number % 2].port))
            for source, sink in ((peer, server), (server, peer)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    @property
    def log(self):
        return [line for server in self._servers for line in server.log]

    def known_hosts(self):
        own = "[127.0.0.1]:%d " % self._servers[0].port
        return [line.replace(own, "[127.0.0.1]:%d " % self.port)
                for line in self._servers[0].known_hosts()]

    def fingerprint(self):
        return self._servers[0].fingerprint()

    def stop(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for server in self._servers:
            server.stop()


def packet(payload):
    """An unencrypted SSH packet (RFC 4253 section 6)."""
    padding = 8 - (5 + len(payload)) % 8
    padding += 8 if padding < 4 else 0
    return struct.pack(">IB", 1 + len(payload) + padding, padding) + payload + bytes(padding)


def kexinit(cipher=b"aes128-ctr", kex=b"curve25519-sha256"):
    """A server's SSH_MSG_KEXINIT that has something in common with everybody (section 7.1)."""
    lists = [kex, b"ssh-ed25519", cipher, cipher, b"hmac-sha2-256",
             b"hmac-sha2-256", b"none", b"none", b"", b""]
    body = b"".join(struct.pack(">I", len(names)) + names for names in lists)
    return packet(b"\x14" + bytes(16) + body + b"\x00" + bytes(4))


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
            with contextlib.suppress(TimeoutError):  # a stranger's fills it as well
                self._filler = socket.create_connection(("127.0.0.1", self.port), timeout=5)
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

    def do_closed_after_identification(self, peer):
        """As libssh's servers do with an identification of more than 127 bytes."""
        peer.sendall(b"SSH-2.0-libssh_0.10.6\r\n")
        heard = b""
        while b"\n" not in heard:
            heard += peer.recv(1)

    def do_broken_handshake(self, peer):
        peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        peer.recv(4096)
        peer.sendall(b"\x7f\xff\xff\xff this is no packet" * 10)

    def do_junk_after_banner(self, peer):
        """Its first four bytes are the length of a packet that does not fill blocks of eight, and that never comes whole."""
        peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" + b"\x00\x00\x09\xff" + b"junk" * 600)
        self._hold(peer)

    def _drip(self, peer, data, seconds=0.5):
        """A byte at a time, for as long as somebody listens; then silence."""
        for byte in data:
            peer.sendall(bytes([byte]))
            if self._done.wait(seconds):
                return
        self._hold(peer)

    def do_dripped_banner(self, peer):
        self._drip(peer, b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n" * 50)

    def do_dripped_text(self, peer):
        self._drip(peer, b"Welcome to the tarpit. " * 50)

    def do_dripped_lines(self, peer):
        """A whole line now and then, never an identification (endlessh)."""
        for number in range(1000):
            peer.sendall(b"%x\r\n" % (number * 2654435761))
            if self._done.wait(0.3):
                return

    def do_dripped_kexinit(self, peer):
        peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        self._drip(peer, kexinit())

    def do_stalled_kexinit(self, peer):
        peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" + kexinit())
        self._hold(peer)

    def do_no_ciphers(self, peer):
        peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" + kexinit(cipher=b""))
        self._hold(peer)

    def do_mlkem_alone(self, peer):
        peer.sendall(b"SSH-2.0-OpenSSH_10.6\r\n" + kexinit(kex=b"mlkem768x25519-sha256"))
        self._hold(peer)

    def do_endless_ignores(self, peer):
        peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" + kexinit())
        while not self._done.wait(0.01):
            peer.sendall(packet(b"\x02" + struct.pack(">I", 20) + b"x" * 20))

    def do_disconnecting(self, peer):
        peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        text = b"Your address is on a list \x1b[31mof mine"
        peer.sendall(packet(b"\x01" + struct.pack(">I", 2) + struct.pack(">I", len(text)) + text +
                            struct.pack(">I", 0)))
        self._hold(peer)

    def do_smtp(self, peer):
        peer.sendall(b"220 mail.example ESMTP Postfix\r\n")
        self._hold(peer)

    def do_ftp(self, peer):
        peer.sendall(b"220 (vsFTPd 3.0.5)\r\n")
        self._hold(peer)

    def do_tls(self, peer):
        peer.recv(4096)
        peer.sendall(b"\x15\x03\x01\x00\x02\x02\x46")

    def do_rdp(self, peer):
        peer.recv(4096)
        peer.sendall(b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x124\x00\x02\x0f\x08\x00\x02\x00\x00\x00")

    def do_proxy_error(self, peer):
        peer.recv(4096)
        peer.sendall(b"HTTP/1.0 503 Service Unavailable\r\nVia: 1.1 squid\r\n\r\n")

    def do_wrappers(self, peer):
        peer.sendall(b"sshd: connection refused by tcp wrapper\r\n")

    def do_junk(self, peer):
        peer.sendall(bytes((7 * i * i + 13) % 256 for i in range(4096)))
        self._hold(peer)

    def do_overlong_banner(self, peer):
        peer.sendall(b"SSH-2.0-" + b"x" * 9000 + b"\r\n")
        self._hold(peer)

    def do_half_banner(self, peer):
        peer.sendall(b"SSH-2.0-Open")

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


def start(folder, recipe, client_key, other_key, tools=None):
    """tools: the directory of what tests/lab builds, for the servers of others.py."""
    if "fake" in recipe:
        return Fake(recipe["fake"])
    if "program" in recipe:
        return Other(folder, recipe, client_key, other_key, tools)
    if recipe.get("alternating"):
        return Alternating(folder, recipe, client_key, other_key)
    return Sshd(folder, recipe, client_key, other_key)
