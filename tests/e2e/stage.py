"""The scene of a scenario, and the program run in it: scenario.json in a directory, see README.md."""

import contextlib
import json
import os
import pwd
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lab"))

from harness import clients, judge, servers, tunnel, world  # noqa: E402
from harness.cloud import Authority, Cloud  # noqa: E402
from harness.keys import Key  # noqa: E402

NOBODY = 65534
# Seconds after which a run counts as hanging. No bound of a test is near to what is bounded: a busy
# machine must not make one fail. What must end early is given much longer times by its options.
HANGS = 200

ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "LC_ALL": "C.UTF-8",
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tLabCanaryId0001",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "LabCanarySecretAk000000000001x",
    "ALIBABA_CLOUD_REGION_ID": "cn-hangzhou",
    # No test asks the address where a real instance finds its role.
    "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
}
KEPT = re.compile(r"^(ASAN|UBSAN|LSAN|TSAN)_OPTIONS$|^LLVM_PROFILE_FILE$|^GCOV_")

OPTIONS = {
    "--instance": "{instance}",
    "--key": "{key}",
    "-p": "{port}",
    "-l": "{user}",
    "--source-ip": "198.51.100.7",
    "--endpoint": "{endpoint}",
    "--ca-file": "{ca}",
    "--known-hosts": "{known_hosts}",
    "--timeout": "30",
}


ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def takes_signals(pid):
    """Does it hold those that end it, so as to report before it does? The server may count late."""
    ending = sum(1 << number - 1 for number in ENDING)
    with open("/proc/%d/status" % pid, encoding="ascii") as status:
        return any(int(line.split()[1], 16) & ending for line in status if line.startswith("SigBlk"))


class Skip(Exception):
    """The scenario cannot run here."""


class Run:
    """What one run of the program gave."""

    def __init__(self, command, status, out, err, seconds, calls):
        self.command, self.status, self.out, self.err = command, status, out, err
        self.seconds, self.calls = seconds, calls

    def __str__(self):
        return "$ %s\n[exit status %s after %.1f s]\n%s\n%s" % (
            " ".join(shlex.quote(word) for word in self.command), self.status, self.seconds,
            self.out.decode("utf-8", "backslashreplace"),
            self.err.decode("utf-8", "backslashreplace"))


def version_of(text):
    """(10, 6) of "sshd 10.6"."""
    return tuple(int(part) for part in text.split()[1].split("."))


def _of_this_release(data):
    """since: "sshd 10.0", "ssh 10.0" or "libssh 0.12" -> merge patch, for this version here and later ones."""
    for since, change in data.get("since", {}).items():
        here = {"sshd": servers.sshd_version, "ssh": clients.ssh_version,
                "libssh": clients.libssh_version}[since.split()[0]]()
        if here >= version_of(since):
            data = world.merge_patch(data, change)
    return data


class Stage:
    """The scene of a scenario: keys, servers, cloud, files; and the program, run in it."""

    def __init__(self, folder, tools, stack):
        self.tools, self.stack = tools, stack
        self.name = os.path.basename(os.path.abspath(folder))
        with open(os.path.join(folder, "scenario.json"), encoding="utf-8") as source:
            self.data = _of_this_release(json.load(source))
        self.expect = self.data["expect"]
        self.complaints, self.runs = [], []
        self.shown = None  # the world as somebody has changed it since
        self._check_needs()
        self.folder = tempfile.mkdtemp(prefix="spf-e2e-")
        if not tools.keep:
            stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.home = self._make("home")
        self.key = Key(self._make("keys"), "key.pem", self.data.get("key", {}))
        self.other = Key(self._make("other"), "other.pem", {})
        recipe = world.fill(self.data.get("server", {}), {"folder": self.folder})
        self.server = servers.start(self._make("server"), recipe, self.key, self.other,
                                    os.path.dirname(tools.lab_cloud))
        stack.callback(self.server.stop)
        self.bastion = None
        if "bastion" in self.data:
            recipe = world.fill(self.data["bastion"], {"folder": self.folder})
            self.bastion = servers.start(self._make("bastion"), recipe, self.key, self.other,
                                         os.path.dirname(tools.lab_cloud))
            stack.callback(self.bastion.stop)
        self.tunnel = None
        names = ["IP:127.0.0.1", "IP:::1", "DNS:localhost"]
        if "tunnel" in self.data:
            self.tunnel = tunnel.Tunnel(self.data["tunnel"])
            stack.callback(self.tunnel.stop)
            names += ["DNS:" + name for name in self.data["tunnel"]]
        self.authority = Authority(self._make("authority"), ",".join(names))
        self.ca = self.authority.ca
        if self.data.get("cloud", {}).get("tls") == "other-ca":
            self.ca = Authority(self._make("other-authority")).ca
        self.teller = None
        if "teller" in self.data:
            from harness import teller  # takes longer to load than all others, and few need it

            authority = self.authority
            if self.data["teller"].get("tls") == "other-ca":
                authority = Authority(self._make("teller"))
            self.teller = teller.Teller(self.data["teller"], authority)
            stack.callback(self.teller.stop)
            if self.tunnel and "name" in self.data["teller"]:
                self.tunnel.others[self.data["teller"]["name"]] = self.teller.port
        self.programs = self._make("programs")
        self.known_hosts = os.path.join(self.folder,
                                        self.data.get("known_hosts_name", "known_hosts"))
        self._write_known_hosts()
        self.places = {
            "host": "127.0.0.1", "port": self.server.port, "user": servers.login_user(),
            "key": self.key.path, "other_key": self.other.path, "home": self.home,
            "folder": self.folder, "programs": self.programs,
            "known_hosts": self.known_hosts, "ca": self.ca,
            "instance": world.INSTANCE, "public_key": self.key.public, "key_md5": self.key.md5,
            "key_sha256": self.key.sha256, "other_public_key": self.other.public,
            "other_key_md5": self.other.md5, "other_key_text": self.other.text.decode("ascii"),
            "record": os.path.join(self.folder, "record.json"),
            "host_key_sha256": self.server.fingerprint(),
            "host_public_key": "".join(self.server.known_hosts()[:1]).partition(" ")[2],
            "putty_host_key": self._putty_host_key(),
            "jump_port": self.bastion.port if self.bastion else 0,
            "endpoint": "https://127.0.0.1:1", "refusing_port": self._refusing_port(),
            "teller": self.teller.url if self.teller else "",
        }
        self._write_files()
        self._write_programs()
        self._start_agent()
        self._start_master()

    def _check_needs(self):
        needs = self.data.get("needs", [])
        if "ordinary user" in needs and os.getuid() == 0:
            raise Skip("needs an ordinary user: root may do what is refused here")
        if "ipv6" in needs and not servers.has_ipv6():
            raise Skip("needs IPv6 on loopback")
        if "root" in needs and os.getuid() != 0:
            raise Skip("needs root")
        shell = os.path.basename(pwd.getpwuid(os.getuid()).pw_shell)
        if "fake" not in self.data.get("server", {}) and shell in ("nologin", "false"):
            raise Skip("the user of the tests has no login shell")
        server = self.data.get("server", {})
        if "program" in server and servers.Other.lacks(server):
            raise Skip("needs " + servers.Other.lacks(server))
        for need in needs:
            if need.startswith("tool:") and not shutil.which(need[5:]):
                raise Skip("needs " + need[5:])
            if need.startswith("ssh key ") and not clients.has_key_type(need[8:]):
                raise Skip("needs an ssh with %s keys" % need[8:])
            if need.startswith("sshd ") and servers.sshd_version() < version_of(need):
                raise Skip("needs %s or later" % need)

    def _refusing_port(self):
        """Bound and not listening: connections are refused, and nobody else gets the port."""
        holder = self.stack.enter_context(socket.socket())
        holder.bind(("127.0.0.1", 0))
        return holder.getsockname()[1]

    def _make(self, name):
        path = os.path.join(self.folder, name)
        os.mkdir(path, 0o700)
        return path

    def _putty_host_key(self):
        public = "".join(self.server.known_hosts()[:1]).partition(" ")[2]
        is_known_to_putty = public.startswith("ssh-ed25519 ")
        return clients.putty_line(public, self.server.port) if is_known_to_putty else ""

    def _write_known_hosts(self):
        lines = self.server.known_hosts()
        kind = self.data.get("known_hosts", "true")
        if kind == "none":
            lines = []
        elif kind == "changed":
            lines = ["[127.0.0.1]:%d %s" % (self.server.port, self.other.public)]
        elif kind == "revoked":
            lines = ["@revoked * " + line.split(" ", 1)[1] for line in lines]
        if self.bastion and self.data.get("bastion_known_hosts") == "changed":
            lines.append("[127.0.0.1]:%d %s" % (self.bastion.port, self.other.public))
        elif self.bastion and self.data.get("bastion_known_hosts", "true") == "true":
            lines += self.bastion.known_hosts()
        with open(self.known_hosts, "w", encoding="ascii") as out:
            out.write("".join(line + "\n" for line in lines))

    def _write_files(self):
        """files: path under HOME -> text, or JSON to be written as such."""
        for name, content in self.data.get("files", {}).items():
            path = os.path.join(self.home, name)
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            content = world.fill(content, self.places)
            with open(path, "w", encoding="utf-8") as out:
                out.write(content if isinstance(content, str) else json.dumps(content, indent=1))
            os.chmod(path, 0o600)

    def _write_programs(self):
        """programs: name -> text, in a directory that comes first in PATH."""
        for name, text in self.data.get("programs", {}).items():
            path = os.path.join(self.programs, name)
            with open(path, "w", encoding="utf-8") as out:
                out.write(world.fill(text, self.places))
            os.chmod(path, 0o700)

    def _start_agent(self):
        """agent: keys ("client", "other"), how many strangers' keys come before them, and the client's certificate."""
        self.agent = None
        if "agent" not in self.data:
            return
        folder = self._make("agent")
        self.agent = os.path.join(folder, "socket")
        self.places["agent"] = self.agent
        servers.start_agent(self.stack, self.agent)
        held = [Key(folder, "stranger%d" % number, {})
                for number in range(self.data["agent"].get("strangers", 0))]
        held += [{"client": self.key, "other": self.other}[name]
                 for name in self.data["agent"].get("keys", ["client"])]
        for key in held:
            key.load_into(self.agent, os.path.join(folder, "loading"),
                          self.data["agent"].get("certificate") if key is self.key else None)

    def _start_master(self):
        """master: a name of the ssh configuration to which a connection is held (ControlMaster)."""
        if "master" not in self.data:
            return
        path = os.path.join(self.folder, "master")
        process = subprocess.Popen(
            ["ssh", "-F", os.path.join(self.home, "ssh_config"), "-i", self.key.path, "-N",
             "-o", "ControlMaster=yes", "-o", "ControlPath=" + path, "-o", "BatchMode=yes",
             self.data["master"]],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.stack.callback(process.wait)
        self.stack.callback(process.terminate)
        if not servers.wait_until(lambda: os.path.exists(path), HANGS):
            raise RuntimeError("ssh -M did not start")

    def secrets(self):
        found = list(self.key.secrets) + list(self.other.secrets)
        found += ["LabCanarySecret", "LabCanaryToken", "CanaryPass", "CanaryComment",
                  "CanaryProxy", "CanaryProgram"]
        return found

    def command(self):
        if "command" in self.data:
            return world.fill(self.data["command"], self.places)
        words = []
        for name, value in world.merge_patch(OPTIONS, self.data.get("options", {})).items():
            for one in value if isinstance(value, list) else [value]:
                words += [name] if one is True else [name, str(one)]
        return world.fill(words + self.data.get("arguments", []), self.places)

    def environment(self):
        env = {name: value for name, value in os.environ.items() if KEPT.match(name)}
        env = {**env, **ENVIRONMENT, "HOME": self.home}
        if self.tunnel:
            env["https_proxy"] = self.tunnel.url
        if "programs" in self.data:
            env["PATH"] = self.programs + ":" + env["PATH"]
        if self.agent:
            env["SSH_AUTH_SOCK"] = self.agent
        return world.fill(world.merge_patch(env, self.data.get("env", {})), self.places)

    @contextlib.contextmanager
    def cloud(self):
        """A fresh cloud, so that faults count from one; the endpoint becomes its address."""
        how = self.data.get("cloud", {})
        if how.get("endpoint"):  # none of ours: a port that is closed, silent, ...
            fake = servers.Fake(how["endpoint"])
            try:
                self.places["endpoint"] = "https://127.0.0.1:%d" % fake.port
                yield None
            finally:
                fake.stop()
            return
        shown = self.shown or world.build(self.data.get("world"), self.places,
                                          self.data.get("region", world.HOME_REGION))
        plain = how.get("tls") == "none"
        with Cloud(self.tools.lab_cloud, os.path.join(self.folder, "cloud"), shown,
                   self.authority, plain) as cloud:
            scheme = "http" if how.get("scheme") == "http" else "https"
            self.places["endpoint"] = "%s://127.0.0.1:%d" % (scheme, cloud.port)
            if self.tunnel:
                self.tunnel.target = cloud.port
            yield cloud

    def linked_words(self):
        """The command line as library_client takes it: long options with their values."""
        words = [self.tools.linked_client]
        for word in self.command():
            if word.startswith("-"):
                words.append({"-p": "port", "-l": "user"}.get(word, word.lstrip("-")))
            else:
                words[-1] += "=" + word
        return words

    def failed_command(self):
        """Words that stand last, so that our own options must precede them."""
        return world.fill(self.data.get("failed_command", []), self.places)

    def run(self, extra, without_cloud=False, command=None, library=False):
        """Runs the program and waits for it. Complains about a hang."""
        with contextlib.ExitStack() as stack:
            cloud = None if without_cloud else stack.enter_context(self.cloud())
            words = self.linked_words() if library else \
                [self.tools.binary] + (command + extra if command else self.command() + extra +
                                       self.failed_command())
            stdin = subprocess.DEVNULL
            if self.data.get("stdin") == "key":
                stdin = stack.enter_context(open(self.key.path, "rb"))
            if self.data.get("stdin") == "endless":
                stdin, writer = os.pipe()  # nothing comes, and no end
                stack.callback(os.close, stdin)
                stack.callback(os.close, writer)
            start = time.monotonic()
            become = self._become()
            if become:  # the checkout may be below a home that is closed to others
                words[0] = shutil.copy(words[0], self.folder)
            process = subprocess.Popen(words, stdin=stdin, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=self.environment(),
                                       cwd=self.home, start_new_session=True, preexec_fn=become)
            if "interrupt" in self.data:
                self._interrupt(process, cloud)
            try:
                out, err = process.communicate(timeout=HANGS)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGABRT)
                out, err = process.communicate()
                self.complaints.append("it still ran after %s s" % HANGS)
            result = Run(words, process.returncode, out, err, time.monotonic() - start,
                         cloud.calls() if cloud else [])
        self.runs.append(result)
        return result

    def _become(self):
        """With "as_nobody", and as root: another user, who can read neither key nor HOME."""
        if not self.data.get("as_nobody") or os.getuid() != 0:
            return None
        os.chmod(self.folder, 0o755)
        os.chmod(os.path.dirname(self.key.path), 0o755)
        os.chmod(os.path.dirname(self.ca), 0o755)
        for name in (self.ca, self.known_hosts):
            os.chmod(name, 0o644)
        os.chown(self.home, NOBODY, NOBODY)

        def become():
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        return become

    def _interrupt(self, process, cloud):
        """Sends the signal once so many calls have reached the cloud or the server."""
        when = self.data["interrupt"]

        def reached():
            return process.poll() is not None or (
                len(cloud.calls()) >= when.get("after_calls", 0) and
                len(self.server.log) >= when.get("after_connections", 0))
        if not servers.wait_until(reached, HANGS):
            self.complaints.append("it never came to where it should be interrupted")
        process.send_signal(getattr(signal, "SIG" + when.get("signal", "INT")))

    def parse(self, run):
        try:
            report = json.loads(run.out.decode("utf-8"))
        except ValueError as error:
            self.complaints.append("no JSON report: %s" % error)
            return None
        self.complaints += judge.schema(report, self.tools.schema)
        return report
