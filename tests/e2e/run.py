#!/usr/bin/env python3
"""Runs one scenario through the real program: scenario.json in a folder, see README.md.

Exit status: 0 it came out as expected, 1 it did not, 77 it cannot run here (and why).
"""

import argparse
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

from harness import clients, judge, servers, teller, tunnel, world  # noqa: E402
from harness.cloud import Authority, Cloud  # noqa: E402
from harness.keys import Key  # noqa: E402

SKIPPED = 77
NOBODY = 65534

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
    "--timeout": "5",
}


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


class Scenario:
    def __init__(self, folder, tools, stack):
        self.tools, self.stack = tools, stack
        self.name = os.path.basename(os.path.abspath(folder))
        with open(os.path.join(folder, "scenario.json"), encoding="utf-8") as source:
            self.data = json.load(source)
        self.expect = self.data["expect"]
        self.complaints, self.runs = [], []
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
            self.bastion = servers.start(self._make("bastion"), self.data["bastion"], self.key,
                                         self.other)
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
            authority = self.authority
            if self.data["teller"].get("tls") == "other-ca":
                authority = Authority(self._make("teller"))
            self.teller = teller.Teller(self.data["teller"], authority)
            stack.callback(self.teller.stop)
            if self.tunnel and "name" in self.data["teller"]:
                self.tunnel.others[self.data["teller"]["name"]] = self.teller.port
        self.programs = self._make("programs")
        self.known_hosts = os.path.join(self.folder, "known_hosts")
        self._write_known_hosts()
        self.places = {
            "host": "127.0.0.1", "port": self.server.port, "user": servers.login_user(),
            "key": self.key.path, "other_key": self.other.path, "home": self.home,
            "folder": self.folder, "programs": self.programs, "known_hosts": self.known_hosts, "ca": self.ca,
            "instance": world.INSTANCE, "public_key": self.key.public, "key_md5": self.key.md5,
            "key_sha256": self.key.sha256, "other_public_key": self.other.public,
            "other_key_md5": self.other.md5, "other_key_text": self.other.text.decode("ascii"),
            "record": os.path.join(self.folder, "record.json"),
            "host_key_sha256": self.server.fingerprint(),
            "jump_port": self.bastion.port if self.bastion else 0,
            "endpoint": "https://127.0.0.1:1", "free_port": servers.free_port(),
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
        if "ipv6" in needs and not teller.has_ipv6():
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

    def _make(self, name):
        path = os.path.join(self.folder, name)
        os.mkdir(path, 0o700)
        return path

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
        """programs: name -> text, in a folder that stands first in PATH."""
        for name, text in self.data.get("programs", {}).items():
            path = os.path.join(self.programs, name)
            with open(path, "w", encoding="utf-8") as out:
                out.write(world.fill(text, self.places))
            os.chmod(path, 0o700)

    def _start_agent(self):
        """agent: keys ("client", "other") and how many strangers' keys come before them."""
        self.agent = None
        if "agent" not in self.data:
            return
        folder = self._make("agent")
        self.agent = os.path.join(folder, "socket")
        self.places["agent"] = self.agent
        process = subprocess.Popen(["ssh-agent", "-D", "-a", self.agent],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.stack.callback(process.wait)
        self.stack.callback(process.terminate)
        if not servers.wait_until(self._agent_listens, 20):
            raise RuntimeError("ssh-agent did not start")
        held = [Key(folder, "stranger%d" % number, {})
                for number in range(self.data["agent"].get("strangers", 0))]
        held += [{"client": self.key, "other": self.other}[name]
                 for name in self.data["agent"].get("keys", ["client"])]
        for key in held:
            key.load_into(self.agent, os.path.join(folder, "loading"))

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
        if not servers.wait_until(lambda: os.path.exists(path), 20):
            raise RuntimeError("ssh -M did not start")

    def _agent_listens(self):
        """Its socket is there a moment before it can be connected to."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.agent) == 0

    def secrets(self):
        found = list(self.key.secrets) + list(self.other.secrets)
        found += ["LabCanarySecret", "LabCanaryToken", "CanaryPass"]
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
        shown = world.build(self.data.get("world"), self.places,
                            self.data.get("region", world.HOME_REGION))
        plain = how.get("tls") == "none"
        with Cloud(self.tools.lab_cloud, os.path.join(self.folder, "cloud"), shown,
                   self.authority, plain) as cloud:
            scheme = "http" if how.get("scheme") == "http" else "https"
            self.places["endpoint"] = "%s://127.0.0.1:%d" % (scheme, cloud.port)
            if self.tunnel:
                self.tunnel.target = cloud.port
            yield cloud

    def library_words(self):
        """The command line as library_client takes it: long options with their values."""
        words = [self.tools.library_client]
        for word in self.command():
            if word.startswith("-"):
                words.append({"-p": "port", "-l": "user"}.get(word, word.lstrip("-")))
            else:
                words[-1] += "=" + word
        return words

    def run(self, extra, without_cloud=False, command=None, library=False):
        """Runs the program and waits for it. Complains about a hang."""
        with contextlib.ExitStack() as stack:
            cloud = None if without_cloud else stack.enter_context(self.cloud())
            words = self.library_words() if library else \
                [self.tools.binary] + (command or self.command()) + extra
            stdin = subprocess.DEVNULL
            if self.data.get("stdin") == "key":
                stdin = stack.enter_context(open(self.key.path, "rb"))
            if self.data.get("stdin") == "endless":
                stdin, writer = os.pipe()  # nothing comes, and no end
                stack.callback(os.close, stdin)
                stack.callback(os.close, writer)
            start = time.monotonic()
            process = subprocess.Popen(words, stdin=stdin, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=self.environment(),
                                       cwd=self.home, start_new_session=True,
                                       preexec_fn=self._become())
            if "interrupt" in self.data:
                self._interrupt(process, cloud)
            limit = self.expect.get("max_seconds", 40)
            try:
                out, err = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGABRT)
                out, err = process.communicate()
                self.complaints.append("it still ran after %s s" % limit)
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
        if subprocess.run([self.tools.binary, "--version"], preexec_fn=become, check=False,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          cwd="/").returncode:
            raise Skip("another user cannot run the program where it was built")
        return become

    def _interrupt(self, process, cloud):
        """Sends the signal once so many calls have reached the cloud or the server."""
        when = self.data["interrupt"]

        def reached():
            return process.poll() is not None or (
                len(cloud.calls()) >= when.get("after_calls", 0) and
                len(self.server.log) >= when.get("after_connections", 0))
        if not servers.wait_until(reached, 20):
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

    def check_json(self):
        run = self.run(["--json"])
        self.complaints += judge.streams({"standard output": run.out, "standard error": run.err},
                                         self.secrets())
        status = self.expect["exit_status"]
        if run.status != status:
            self.complaints.append("exit status %s, should be %s" % (run.status, status))
        self.complaints += judge.calls(run.calls, self.expect)
        for part in self.expect.get("error", []):
            if part not in run.err.decode("utf-8", "replace"):
                self.complaints.append("standard error lacks %r" % part)
        if run.calls:
            self.check_policy(run.calls)
        self.check_traces()
        if self.expect.get("usage"):
            if run.out:
                self.complaints.append("standard output is not empty")
            self.complaints += judge.text(run.err.decode("utf-8", "replace"), self.expect)
            return None
        report = self.parse(run)
        if report:
            expect = world.fill({k: v for k, v in self.expect.items()}, self.places)
            self.complaints += judge.report(report, expect)
            if report["exit_status"] != run.status:
                self.complaints.append("exit_status in the report is %s" % report["exit_status"])
        return report

    def check_policy(self, calls):
        """No call but those that --print-policy lists for the same checks; sts needs no grant."""
        done = subprocess.run([self.tools.binary] + self.command() + ["--print-policy"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False,
                              env=self.environment())
        listed = {action for part in json.loads(done.stdout)["Statement"]
                  for action in part["Action"]}
        for call in calls:
            name = "%s:%s" % (call["product"], call["action"])
            if call["product"] != "sts" and name not in listed:
                self.complaints.append("%s is called, and not in the policy" % name)

    def check_text(self):
        run = self.run([])
        shown = run.out.decode("utf-8", "replace")
        self.complaints += judge.streams({"text report": run.out, "standard error": run.err},
                                         self.secrets())
        self.complaints += judge.text(shown, world.fill(self.expect, self.places))
        if run.status != self.expect["exit_status"]:
            self.complaints.append("text: exit status %s, should be %s" %
                                   (run.status, self.expect["exit_status"]))

    def check_traces(self):
        """What must not have happened, seen from the server's side."""
        for part in self.expect.get("log_lacks", []):
            if part in "".join(self.server.log):
                self.complaints.append("the server's log has %r" % part)
        if self.tunnel and sorted(set(self.tunnel.hosts)) != sorted(self.expect["hosts"]):
            self.complaints.append("hosts that were called: %s" % sorted(set(self.tunnel.hosts)))
        if self.teller and len(self.teller.requests) > self.expect.get("lookups", 1):
            self.complaints.append("the address was asked for %d times" %
                                   len(self.teller.requests))
        for part, count in self.expect.get("log_counts", {}).items():
            counts = count if isinstance(count, list) else [count]
            servers.wait_until(lambda: "".join(self.server.log).count(part) >= counts[0], 5)
            seen = "".join(self.server.log).count(part)
            if seen not in counts:
                self.complaints.append("the server's log has %r %d times, should be %s" %
                                       (part, seen, count))
        for path, mode in world.fill(self.expect.get("made_files", {}), self.places).items():
            found = "%04o" % (os.stat(path).st_mode & 0o7777) if os.path.isfile(path) else "none"
            if found != mode:
                self.complaints.append("%s: mode %s, should be %s" % (path, found, mode))
        for path in world.fill(self.expect.get("absent_files", []), self.places):
            if os.path.lexists(path):
                self.complaints.append("%s exists" % path)

    def check_connect(self, report):
        """Pastes the report's lines into a shell; only what to trust is added to them."""
        folder = self._make("bin")
        trusted = {
            "ssh": "-F none -o BatchMode=yes -o UserKnownHostsFile=%s "
                   "-o GlobalKnownHostsFile=/dev/null" % shlex.quote(self.known_hosts),
            "plink": "-batch -hostkey " + self.server.fingerprint(),
        }
        for tool, options in trusted.items():
            with open(os.path.join(folder, tool), "w", encoding="utf-8") as out:
                out.write('#!/bin/sh\nexec %s %s "$@" echo in\n' % (shutil.which(tool), options))
            os.chmod(os.path.join(folder, tool), 0o755)
        connect = report["targets"][0]["connect"]
        lines = [" && ".join(filter(None, (connect["putty_prepare"], connect["putty"])))]
        lines = [connect["openssh"]] + [line for line in lines if line]
        for line in lines:
            done = subprocess.run(["sh", "-c", line], cwd=self.home, check=False, timeout=60,
                                  env={"PATH": folder + ":" + ENVIRONMENT["PATH"],
                                       "HOME": self.home,
                                       **({"SSH_AUTH_SOCK": self.agent} if self.agent else {})},
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            if done.stdout.split()[-1:] != [b"in"]:
                self.complaints.append("%s: %s" % (line, done.stdout.decode("utf-8", "replace")))

    def check_ssh(self, report):
        """Where ssh logs in the verdict is pass; where it does not it is anything else."""
        if self.data.get("ssh", "real") != "real" or not report:
            return
        user = self.data.get("options", {}).get("-l") or servers.login_user()
        how = (self.home, self.key.path, self.known_hosts, user, self.server.port)
        if "ssh_config" in self.data:
            self._check_configured_ssh(report)
            return
        jump = self._jump_words()
        said = clients.ssh(*how, more=jump, agent=self.agent)
        self.note(report, said)
        if bool(said.logged_in) != (report["verdict"] == "pass"):
            self.complaints.append("ssh %s, the verdict is %s; ssh said: %s" % (
                "logs in" if said.logged_in else "does not log in", report["verdict"], said.text))
        if said.logged_in is not False:
            return
        self.check_explained("ssh", said, report)
        self.check_explained(
            "ssh -vvv", clients.ssh(*how, more=jump + ["-vvv"], agent=self.agent), report)
        if not self.data.get("key") and not jump:
            self.check_explained("plink", clients.plink(
                self.home, self.key.path, self.server.fingerprint(), user, self.server.port),
                report)

    def _check_configured_ssh(self, report):
        """The same with the user's configuration: ssh_config has the file and the name."""
        how = world.fill(self.data["ssh_config"], self.places)
        said = clients.configured_ssh(self.home, how["file"], how["name"], agent=self.agent)
        self.note(report, said)
        if bool(said.logged_in) != (report["verdict"] == "pass"):
            self.complaints.append("ssh -F %s, the verdict is %s; ssh said: %s" % (
                "logs in" if said.logged_in else "does not log in", report["verdict"], said.text))

    def _jump_words(self):
        """What ssh -J does (ssh.c), with the lab's known_hosts for the jump host, too."""
        if not self.bastion:
            return []
        return ["-o", "ProxyCommand=ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=accept-new"
                " -o UserKnownHostsFile=%s -o GlobalKnownHostsFile=/dev/null -o IdentityAgent=%s"
                " -o ConnectTimeout=4 -W %%h:%%p -p %d %s@127.0.0.1" % (
                    self.known_hosts + ".ssh", self.agent, self.bastion.port,
                    servers.login_user())]

    def note(self, report, said):
        """A line of the table of scenarios, where somebody collects it."""
        if os.environ.get("SPF_E2E_TABLE"):
            target = report["targets"][0]
            row = {"scenario": self.name, "ssh_logs_in": said.logged_in,
                   "ssh_says": said.last_line(), "verdict": report["verdict"],
                   "cause": target["cause"], "duration_ms": report["duration_ms"]}
            with open(os.environ["SPF_E2E_TABLE"], "a", encoding="utf-8") as out:
                out.write(json.dumps(row) + "\n")

    def check_explained(self, client, said, report):
        """explain - must name, of what the client said, a cause of the report."""
        if said is None or said.logged_in is not False or not said.text.strip():
            return
        run = subprocess.run([self.tools.binary, "explain", "-"], check=False, timeout=20,
                             input=said.text.encode(), stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, env=self.environment())
        named = re.findall(r"^(?:  \? )?([a-z0-9]+(?:-[a-z0-9]+)+)  ", run.stdout.decode(), re.M)
        target = report["targets"][0]
        causes = {c["cause"] for c in target["checks"] if c["cause"]} | {target["cause"]}
        causes |= {c["cause"] for c in target["candidates"]}
        causes |= {c["evidence"].get("jump_cause") for c in target["checks"]}
        known = self.data.get("explained", {}).get(client, sorted(causes - {None}))
        if not known:
            return  # its words say nothing
        if not set(known) & set(named):
            self.complaints.append("explain names %s of what %s said, the report %s: %s" % (
                named, client, known, said.text))

    def check_replay(self, report):
        record = self.places["record"]
        first = self.run(["--json", "--record", record])
        again = self.run([], without_cloud=True, command=["--replay", record, "--json"])
        with open(record, "rb") as source:
            self.complaints += judge.streams(
                {"record": source.read(), "replay": again.out + again.err}, self.secrets())
        if os.stat(record).st_mode & 0o077:
            self.complaints.append("others may read the record")
        self.compare("recorded run", first, report)
        self.compare("replay", again, report)

    def check_library(self, report):
        self.compare("library", self.run([], library=True), report)

    def compare(self, what, run, report):
        """A run by other means must have found the same."""
        found = self.parse(run)
        if not found:
            return
        if run.status != self.expect["exit_status"]:
            self.complaints.append("%s: exit status %s" % (what, run.status))
        for member in ("verdict", "cause", "further_causes"):
            is_, should = found["targets"][0][member], report["targets"][0][member]
            if is_ != should:
                self.complaints.append("%s: %s is %s, was %s" % (what, member, is_, should))
        words = [[(c["id"], judge.check_words(c)) for c in r["targets"][0]["checks"]]
                 for r in (found, report)]
        if words[0] != words[1]:
            self.complaints.append("%s: checks differ: %s" % (
                what, [pair for pair in zip(*words) if pair[0] != pair[1]]))

    def check_repair(self, report):
        """Runs the remedy's command as a user would paste it, and sees the cause go."""
        repair = self.data["repair"]
        cause = repair.get("cause", report["targets"][0]["cause"])
        remedies = [r["command"] for r in self._remedies(report)
                    if r["command"] and repair["has"] in r["command"]]
        if not remedies:
            self.complaints.append("no remedy has a command with %r" % repair["has"])
            return
        if "rerun" in repair:
            self._check_rerun(remedies[0], repair["rerun"])
            return
        environment = dict(self.environment(), PATH=os.path.dirname(self.tools.binary) + ":" +
                           ENVIRONMENT["PATH"])
        done = subprocess.run(["sh", "-c", remedies[0]], cwd=self.home, env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, timeout=60)
        if done.returncode != 0:
            self.complaints.append("the remedy %r failed: %s" % (remedies[0], done.stdout))
            return
        after = self.parse(self.run(["--json"]))
        if not after:
            return
        target = after["targets"][0]
        left = [c["id"] for c in target["checks"] if c["cause"] == cause]
        if left:
            self.complaints.append("%s is still there after %r" % (cause, remedies[0]))
        if "verdict" in repair and target["verdict"] != repair["verdict"]:
            self.complaints.append("after %r the verdict is %s" % (remedies[0], target["verdict"]))

    def _check_rerun(self, line, status):
        """Pastes a line that runs the program again, on the same cloud at another port."""
        with self.cloud():
            line = re.sub(r"https://127\.0\.0\.1:\d+", self.places["endpoint"], line)
            done = subprocess.run(["sh", "-c", line], cwd=self.home, check=False, timeout=60,
                                  env=dict(self.environment(),
                                           PATH=os.path.dirname(self.tools.binary) + ":" +
                                           ENVIRONMENT["PATH"]),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        if done.returncode != status:
            self.complaints.append("%r: exit status %s, should be %s:\n%s" % (
                line, done.returncode, status, done.stdout.decode("utf-8", "replace")))

    @staticmethod
    def _remedies(report):
        target = report["targets"][0]
        return target["remedies"] + [r for c in target["checks"] for r in c["remedies"]]

    def check(self):
        report = self.check_json()
        if self.expect.get("usage"):
            return
        self.check_ssh(report)
        if "interrupt" not in self.data:
            self.check_text()
        if report and self.data.get("replay"):
            self.check_replay(report)
        if report and self.data.get("library"):
            self.check_library(report)
        if report and self.data.get("connect"):
            self.check_connect(report)
        if report and self.data.get("repair"):
            self.check_repair(report)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--lab-cloud", required=True)
    parser.add_argument("--library-client", required=True)
    parser.add_argument("--schema", required=True)
    parser.add_argument("--keep", action="store_true", help="keep the scenario's files")
    parser.add_argument("--show", action="store_true", help="show the runs also on success")
    parser.add_argument("scenario", help="folder of the scenario")
    tools = parser.parse_args()
    with contextlib.ExitStack() as stack:
        try:
            scenario = Scenario(tools.scenario, tools, stack)
            scenario.check()
        except Skip as reason:
            print("skipped: %s" % reason)
            return SKIPPED
        if scenario.complaints or tools.show:
            print(scenario.data["about"])
            for run in scenario.runs:
                print(run)
            for call in scenario.runs[0].calls if scenario.runs else []:
                print("call:", json.dumps(call))
            print("server:", "".join(scenario.server.log))
        for complaint in scenario.complaints:
            print("FAILED: %s" % complaint)
        return 1 if scenario.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
