"""SSH servers beside OpenSSH's. Some are started as an inetd would, a process for each connection;
others stand, and print "ready PORT"."""

import atexit
import contextlib
import glob
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading

from .cloud import run_quietly
from .sockets import HANGS, free_port, listens, wait_until

PYTHON = "/usr/bin/python3"  # which has Debian's modules; the first in PATH may be another
GO = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""}  # Debian's libraries
MINA = sorted(path for part in ("common", "core", "sftp")
              for path in glob.glob("/usr/share/java/sshd-%s-[0-9]*.jar" % part)) + \
    ["/usr/share/java/slf4j-api.jar", "/usr/share/java/slf4j-nop.jar"]
SERVERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "servers")


class Dropbear:
    """Knows authorized_keys in a user's home only, so it is shown another home (servers/home.c)."""

    tool, home = "dropbear", None
    cannot = ("password only", "sftp only")

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
    cannot = ("password only", "sftp only", "forced command")

    def __init__(self, folder, recipe, tools):
        keys = os.path.join(folder, "keys")
        run_quietly("tinysshd-makekey", "-q", keys)
        self.words = ["tinysshd", "-v"] + recipe.get("arguments", []) + [keys]
        # It wants no directory above a home to be writable by others, as /tmp is.
        above = "/run" if os.getuid() == 0 else os.path.expanduser("~")
        self.home = tempfile.mkdtemp(prefix="spf-tinyssh-", dir=above)
        shutil.copytree(os.path.join(folder, ".ssh"), os.path.join(self.home, ".ssh"))
        self.environment = {"LD_PRELOAD": os.path.join(tools, "liblab-home.so"),
                            "LAB_HOME": self.home}
        self.public = run_quietly("tinysshd-printkey", keys).decode().splitlines()[:1]


class Libssh:
    """servers/libssh.c"""

    tool, home = "true", None
    cannot = ("password only", "sftp only", "forced command")

    @classmethod
    def program(cls, tools):
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
    """../../servers/asyncssh_server.py, and others in Python with the same options."""

    tool, stands, source = "python3:asyncssh", True, "asyncssh_server.py"
    cannot = ()

    def __init__(self, folder, recipe, tools):
        super().__init__(folder, recipe, tools)
        self.words += [word for member, word in (("password_only", "--password-only"),
                                                 ("sftp_only", "--sftp-only"))
                       if recipe.get(member)]

    @classmethod
    def program(cls, tools):
        return [PYTHON, "-B", os.path.join(SERVERS, cls.source)]


class Paramiko(AsyncSsh):
    tool, source = "python3:paramiko", "paramiko_server.py"
    cannot = ("forced command",)


class Conch(AsyncSsh):
    tool, source = "python3:twisted.conch", "conch_server.py"
    cannot = ("forced command",)

    def __init__(self, folder, recipe, tools):
        super().__init__(folder, recipe, tools)
        self.environment = {"LAB_USER": pwd.getpwuid(os.getuid()).pw_name}


class Go(AsyncSsh):
    """../../servers/go_server.go, on x/crypto; built once for all of a run."""

    tool, stands, feeds = "go:golang.org/x/crypto/ssh", True, True
    cannot = ("forced command",)
    _built = None

    @classmethod
    def program(cls, tools):
        if Go._built is None:
            folder = tempfile.mkdtemp(prefix="spf-go-")
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            run_quietly("go", "build", "-o", os.path.join(folder, "server"),
                        os.path.join(SERVERS, "go_server.go"),
                        env={**os.environ, **GO, "GOCACHE": os.path.join(folder, "cache")})
            Go._built = os.path.join(folder, "server")
        return [Go._built]


class Wish(Go):
    """What wish, on that library, calls itself."""

    is_sshd = True  # so it is taken for one

    def __init__(self, folder, recipe, tools):
        super().__init__(folder, recipe, tools)
        self.words += ["--version", "OpenSSH_7.6p1"]


class Erlang(AsyncSsh):
    tool, stands = "erlang:ssh", True
    cannot = ("sftp only", "forced command")

    def __init__(self, folder, recipe, tools):
        super().__init__(folder, recipe, tools)
        os.rename(os.path.join(folder, "host_ed25519"),
                  os.path.join(folder, "ssh_host_ed25519_key"))
        methods = "password" if recipe.get("password_only") else "publickey"
        self.environment = {"HOME": folder}
        self.words = ["erl", "-noshell", "-noinput", "-eval", """
            {ok, _} = application:ensure_all_started(ssh),
            Run = {direct, fun(Command) -> {ok, os:cmd(Command)} end},
            {ok, Daemon} = ssh:daemon({127,0,0,1}, 0, [
                {system_dir, "%s"}, {user_dir, "%s"}, {auth_methods, "%s"}, {exec, Run}]),
            {ok, Info} = ssh:daemon_info(Daemon),
            io:format("ready ~p~n", [proplists:get_value(port, Info)]).
        """ % (folder, os.path.join(folder, ".ssh"), methods)]


class Ssh2(AsyncSsh):
    """../../servers/ssh2_server.js, on npm's package of this version (../../servers/npm.sh installs it)."""

    feeds, package, source = True, "ssh2@1.17.0", "ssh2_server.js"
    cannot = ("forced command",)

    @classmethod
    def modules(cls):
        return os.path.join(SERVERS, "..", "..", "build", "npm", cls.package, "node_modules")

    @classmethod
    def lacks(cls):
        if not is_installed("node"):
            return "node"
        return None if os.path.isdir(cls.modules()) else \
            "npm's %s (sh tests/servers/npm.sh)" % cls.package

    @classmethod
    def program(cls, tools):
        return ["node", os.path.join(SERVERS, cls.source)]

    def __init__(self, folder, recipe, tools):
        super().__init__(folder, recipe, tools)
        self.environment = {"NODE_PATH": self.modules()}


class OldSsh2(Ssh2):
    package = "ssh2@0.8.9"


class DevTunnels(Ssh2):
    """../../servers/dev_tunnels_server.js; it makes its own host key, and knows no Ed25519."""

    package, source = "@microsoft/dev-tunnels-ssh@3.12.42", "dev_tunnels_server.js"
    cannot = ("password only", "sftp only", "forced command")

    def __init__(self, folder, recipe, tools):
        super().__init__(folder, recipe, tools)
        self._host_key = os.path.join(folder, "host_ed25519.pub")

    def started(self):
        with open(self._host_key, encoding="ascii") as source:
            self.public = source.read().splitlines()


class Mina(AsyncSsh):
    """../../servers/MinaServer.java; compiled once for all of a run."""

    tool, feeds = "java:sshd-core", True
    cannot = ("forced command",)
    _built = None

    @classmethod
    def program(cls, tools):
        if Mina._built is None:
            Mina._built = tempfile.mkdtemp(prefix="spf-mina-")
            atexit.register(shutil.rmtree, Mina._built, ignore_errors=True)
            run_quietly("javac", "-cp", ":".join(MINA), "-d", Mina._built,
                        os.path.join(SERVERS, "MinaServer.java"))
        return ["java", "-cp", ":".join([Mina._built, *MINA]), "MinaServer"]


class Rclone(AsyncSsh):
    """Serves a directory; it answers a few commands as a shell would, and takes any user's name."""

    tool, waits = "rclone", True
    cannot = ("password only", "forced command")

    def __init__(self, folder, recipe, tools):
        super().__init__(folder, recipe, tools)
        self.port = free_port()
        self.environment = {"HOME": folder}
        self.words = ["rclone", "serve", "sftp", folder, "--addr", "127.0.0.1:%d" % self.port,
                      "--key", os.path.join(folder, "host_ed25519"),
                      "--authorized-keys", os.path.join(folder, ".ssh", "authorized_keys")]


class Lsh(AsyncSsh):
    """It has RSA keys and SHA-1 only, so the handshake fails before anything else could."""

    tool, home, waits = "lshd", None, True
    cannot = ("ed25519", "ecdsa", "ppk", "wrong key", "wrong user", "password only", "encrypted",
              "encrypted, wrong", "sftp only", "forced command")

    def __init__(self, folder, recipe, tools):
        key, lsh = os.path.join(folder, "host"), os.path.join(folder, ".lsh")
        seed = os.path.join(folder, "seed")
        self.environment = {"LD_PRELOAD": os.path.join(tools, "liblab-home.so"), "LAB_HOME": folder,
                            "LSH_YARROW_SEED_FILE": seed, "HOME": folder}
        environment = {**os.environ, "LSH_YARROW_SEED_FILE": seed, "HOME": folder}
        run_quietly("lsh-make-seed", "--sloppy", "-q", "-o", seed)
        run_quietly("sh", "-c", "lsh-keygen -a rsa -l 2048 | lsh-writekey -c none -o " + key,
                    env=environment)
        run_quietly("sh", "-c", """mkdir -m 700 %s && while read -r line; do
            echo "$line" | ssh-conv >%s/line && lsh-authorize %s/line
            done <%s/.ssh/authorized_keys; true # a key of a type that it does not know
            """ % (lsh, folder, folder, folder), env=environment)
        self.public = run_quietly("sh", "-c", "lsh-export-key --openssh <%s.pub" % key,
                                  env=environment).decode().splitlines()[:1]
        self.port = free_port()
        self.words = ["lshd", "-p", str(self.port), "--interface", "127.0.0.1", "-h", key,
                      "--no-password", "--root-login", "--no-tcpip-forward", "--no-syslog",
                      "--no-tcpwrappers"]


class ProFtpd(AsyncSsh):
    """mod_sftp: file transfer only; keys in RFC 4716's format."""

    tool, stands, waits = "/usr/lib/proftpd/mod_sftp.so", True, True
    cannot = ("forced command",)

    def __init__(self, folder, recipe, tools):
        super().__init__(folder, recipe, tools)
        keys = os.path.join(folder, "keys")
        with open(keys, "wb") as out:
            out.write(run_quietly("ssh-keygen", "-e", "-f",
                                  os.path.join(folder, ".ssh", "authorized_keys")))
        os.chmod(keys, 0o600)
        self.port = free_port()
        user = pwd.getpwuid(os.getuid())
        lines = [
            "ServerType standalone", "Port %d" % self.port, "DefaultAddress 127.0.0.1",
            "UseIPv6 off", "User %s" % user.pw_name, "Group %s" % grp.getgrgid(user.pw_gid).gr_name,
            "RootLogin on", "RequireValidShell off", "UseFtpUsers off", "UseReverseDNS off",
            "DelayEngine off", "ModulePath /usr/lib/proftpd", "LoadModule mod_sftp.c",
            "PidFile %s/pid" % folder, "ScoreboardFile %s/score" % folder, "WtmpLog off",
            "TransferLog none", "SystemLog %s/system" % folder, "SFTPEngine on",
            "SFTPLog %s/sftp" % folder, "SFTPHostKey %s/host_ed25519" % folder,
            "SFTPAuthorizedUserKeys file:" + keys,
            "SFTPAuthMethods " + ("password" if recipe.get("password_only") else "publickey")]
        with open(os.path.join(folder, "conf"), "w", encoding="ascii") as out:
            out.write("".join(line + "\n" for line in lines))
        self.words = ["proftpd", "-n", "-c", os.path.join(folder, "conf")]


PROGRAMS = {"dropbear": Dropbear, "tinyssh": TinySsh, "libssh": Libssh, "asyncssh": AsyncSsh,
            "paramiko": Paramiko, "conch": Conch, "go": Go, "wish": Wish, "erlang": Erlang,
            "proftpd": ProFtpd, "mina": Mina, "ssh2": Ssh2, "ssh2-0.8": OldSsh2, "dev-tunnels": DevTunnels, "rclone": Rclone,
            "lsh": Lsh}


def is_installed(tool):
    """A program, a file, or a module: "python3:NAME" of the system's Python, "go:NAME", "erlang:NAME", "java:JAR"."""
    if tool.startswith("java:"):
        return shutil.which("javac") is not None and \
            bool(glob.glob("/usr/share/java/%s-[0-9]*.jar" % tool[5:]))
    if tool.startswith("go:"):
        return shutil.which("go") is not None and subprocess.run(
            ["go", "list", tool[3:]], check=False, env={**os.environ, **GO},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    if tool.startswith("erlang:"):
        return shutil.which("erl") is not None and \
            bool(glob.glob("/usr/lib/erlang/lib/%s-*" % tool[7:]))
    if tool.startswith("/"):
        return os.path.exists(tool)
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
        feeds = getattr(self._program, "feeds", False)  # it ends when its input does
        process = subprocess.Popen(self._program.words, text=True, stdout=subprocess.PIPE,
                                   stdin=subprocess.PIPE if feeds else subprocess.DEVNULL,
                                   stderr=self._log, env=environment)
        self._running.append(process)
        if getattr(self._program, "waits", False):
            self.port = self._program.port
            self._wait(process)
            return
        words = process.stdout.readline().split()
        if words[:1] != ["ready"]:
            self.stop()
            raise RuntimeError("%s did not start:\n%s" % (self._program.words, "".join(self.log)))
        self.port = int(words[1])
        if hasattr(self._program, "started"):
            self._program.started()

    @staticmethod
    def lacks(recipe):
        """The tool that is not installed here, or None."""
        program = PROGRAMS[recipe["program"]]
        if hasattr(program, "lacks"):
            return program.lacks()
        tool = program.tool
        return None if is_installed(tool) else tool

    def _wait(self, process):
        """For one that does not say when it listens."""
        wait_until(lambda: process.poll() is not None or listens(self.port), HANGS)
        if process.poll() is None:
            return
        self.stop()
        raise RuntimeError("%s does not listen:\n%s" % (self._program.words, "".join(self.log)))

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
            for stream in (process.stdin, process.stdout):
                if stream:
                    stream.close()
        self._log.close()
        if self._program.home:
            shutil.rmtree(self._program.home, ignore_errors=True)
