#!/usr/bin/env python3
"""--wait in real time: an instance that comes up in stages, and ones that never will.

The cloud's world and the server change as soon as the program has said what it saw; nothing waits for
a clock but the program itself. In a mount namespace of its own, for pam_nologin(8) is one of the
stages, and a network namespace, where nobody else connects to its ports. Exit status 77: not root, or this machine gives us no namespace.
"""

import contextlib
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import accounts
import stage  # noqa: F401  (finds the harness)
from harness import servers, world
from harness.cloud import Authority, Cloud
from harness.keys import Key

HANGS = 300  # seconds
ACCESS = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tLabCanaryId0001",
          "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "LabCanarySecretAk000000000001x",
          "ALIBABA_CLOUD_REGION_ID": "cn-hangzhou",
          "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}


class Switch:
    """A port that refuses, is silent, closes, or leads to another port; it can be changed at any time."""

    def __init__(self, act="refuse"):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.times, self.peers, self.act = [], [], "refuse"
        self.change(act)

    def change(self, act):
        listening = self.act != "refuse"
        self.act = act
        for peer in self.peers:  # a connection that is kept would lead to what was before
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
        self.peers.clear()
        if act != "refuse" and not listening:
            self.socket.listen(16)
            threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            self.times.append(time.monotonic())
            self.peers.append(peer)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        with peer:
            if self.act == "silence":
                while peer.recv(4096):
                    pass
            elif isinstance(self.act, int):
                with socket.create_connection(("127.0.0.1", self.act)) as other:
                    self.peers.append(other)
                    back = threading.Thread(target=self._copy, args=(other, peer), daemon=True)
                    back.start()
                    self._copy(peer, other)
                    back.join(HANGS)

    @staticmethod
    def _copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def stop(self):
        self.socket.close()


class Scene:
    def __init__(self, binary, lab_cloud, folder):
        self.binary, self.lab_cloud, self.folder = binary, lab_cloud, folder
        self.key = Key(folder, "key.pem", {})
        self.other = Key(folder, "other.pem", {})
        self.stranger = Key(folder, "stranger.pem", {})
        self.authority = Authority(folder + "/authority")
        self.authorized = folder + "/authorized"
        accounts.write(self.authorized, 0o644, self.other.public + "\n")
        config = ["UsePAM yes", "AuthorizedKeysFile " + self.authorized]
        self.sshd = servers.Sshd(folder + "/sshd", {"config": config}, self.key, self.key)
        self.ssh, self.api = Switch(), Switch("silence")
        self.clouds = []
        self.show({})

    def show(self, changes):
        """Another world; the calls so far are kept."""
        places = {"public_key": self.key.public, "key_md5": self.key.md5,
                  "other_public_key": self.other.public, "port": self.ssh.port}
        patch = {"regions": {"cn-hangzhou": {"Instances": {world.INSTANCE: changes}}}}
        folder = "%s/cloud-%d" % (self.folder, len(self.clouds))
        os.mkdir(folder)
        cloud = Cloud(self.lab_cloud, folder, world.build(patch, places), self.authority)
        self.clouds.append(cloud)
        self.api.change(cloud.port)

    def calls(self):
        return [call["action"] for cloud in self.clouds for call in cloud.calls()]

    def start(self, *words, instance=True, keys=None):
        """keys: files that a configuration names, in place of --key."""
        lines = ["[127.0.0.1]:%d %s\n" % (self.ssh.port, line.split(" ", 1)[1])
                 for line in self.sshd.known_hosts()]
        accounts.write(self.folder + "/known", 0o600, "".join(lines))
        command = [self.binary, "-l", "fine", "-p", str(self.ssh.port),
                   "--known-hosts", self.folder + "/known", "--json", *words]
        if keys:
            accounts.write(self.folder + "/config", 0o600, "".join("IdentityFile %s\n" % path for path in keys))
            command += ["-F", self.folder + "/config"]
        else:
            command += ["--key", self.key.path]
        command += (["--instance", world.INSTANCE, "--source-ip", "198.51.100.7", "--endpoint",
                     "https://127.0.0.1:%d" % self.api.port, "--ca-file", self.authority.ca]
                    if instance else ["--host", "127.0.0.1"])
        self.began = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env={"HOME": self.folder, "PATH": os.environ["PATH"], **ACCESS})
        self.lines = queue.Queue()
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()

    def _read(self, process):
        for line in process.stderr:
            self.lines.put(line)
        self.lines.put(None)

    def line(self):
        """The next change that the program says; None once it has ended."""
        return self.lines.get(timeout=HANGS)

    def finish(self):
        out = self.process.stdout.read()
        self.process.wait(HANGS)
        while self.lines.get(timeout=HANGS) is not None:
            pass
        return self.process.returncode, json.loads(out)

    def stop(self):
        self.ssh.stop()
        self.api.stop()
        self.sshd.stop()
        for cloud in self.clouds:
            cloud.stop()


def comes_up(scene):
    """Each stage begins when the one before it has been seen."""
    now = time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime())
    changes = [
        ("instance-starting", lambda: scene.show({"StartTime": now})),
        ("port-refused", lambda: scene.ssh.change("close")),
        ("ssh-closed-early", lambda: scene.ssh.change(scene.sshd.port)),
        ("key-refused-though-bound", lambda: accounts.write(scene.authorized, 0o644,
                                                           scene.key.public + "\n")),
        ("auth-not-yet", lambda: os.unlink("/run/nologin")),
    ]
    accounts.write("/run/nologin", 0o644, accounts.BOOTING)
    scene.show({"Status": "Starting", "StartTime": now})
    scene.start("--wait=5m")
    for cause, act in changes:
        line = scene.line()
        print("%6.1f s  %s" % (time.monotonic() - scene.began, (line or "ended").strip()))
        if line is None or cause not in line:
            scene.process.terminate()
            return ["%s is not said, but %s" % (cause, line)]
        act()
    status, report = scene.finish()
    print("%6.1f s  status %d" % (time.monotonic() - scene.began, status))
    wrong = []
    if status != 0 or report["verdict"] != "pass":
        wrong.append("status %d: %s" % (status, report["targets"][0]["summary"]))
    # sshd writes of the end after the client has left
    servers.wait_until(lambda: any("Starting session" in line for line in scene.sshd.log), HANGS)
    log = "".join(scene.sshd.log)
    tried = scene.ssh.times[-3:]
    if any(later - earlier < 15 for earlier, later in zip(tried, tried[1:])):
        wrong.append("authentication was tried again too soon: %s" % tried)
    if len(re.findall(r"Starting session: command", log)) != 1:
        wrong.append("the echo did not run once:\n" + log)
    if "GetCallerIdentity" in scene.calls():
        wrong.append("calls: %s" % scene.calls())
    print("         connections %d, calls of the API %d" % (len(scene.ssh.times), len(scene.calls())))
    return wrong


def several_keys(scene):
    """None of the keys that ssh would offer is known yet, and then one is."""
    accounts.write(scene.authorized, 0o644, scene.stranger.public + "\n")
    scene.show({"StartTime": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime())})
    scene.start("--wait=5m", keys=[scene.other.path, scene.key.path])
    line = scene.line()
    print("%6.1f s  %s" % (time.monotonic() - scene.began, (line or "ended").strip()))
    accounts.write(scene.authorized, 0o644, scene.other.public + "\n")
    status, report = scene.finish()
    target = report["targets"][0]
    print("%6.1f s  status %d" % (time.monotonic() - scene.began, status))
    auth = next(check for check in target["checks"] if check["id"] == "ssh.auth")
    answers = {key["file"]: key["answer"] for key in auth["evidence"]["keys"]}
    if "key-refused-though-bound" not in (line or "") or status != 0 or \
            answers != {scene.key.path: "refused", scene.other.path: "accepted"}:
        return ["several keys: %s, status %d, %s, %s" % (line, status, answers, target["summary"])]
    return []


def never(scene, about, changes, words, expected, status, instance=True):
    """It gives up by itself, soon enough, and says why."""
    scene.show(changes)
    scene.start(*words, instance=instance)
    got, report = scene.finish()
    seconds = time.monotonic() - scene.began
    print("%6.1f s  status %d, %s: %s" % (seconds, got, about, report["targets"][0]["cause"]))
    if got != status or report["exit_status"] != status or \
            report["targets"][0]["cause"] != expected or seconds > HANGS:
        return ["%s: status %d, %s after %.1f s" % (about, got, report["targets"][0]["cause"], seconds)]
    return []


def is_ended(scene):
    """A signal ends the pause at once; the report is the last round's."""
    scene.ssh = Switch()
    scene.show({})
    scene.start("--wait=5m", instance=False)
    line = scene.line()
    began = time.monotonic()
    scene.process.send_signal(signal.SIGTERM)
    status, report = scene.finish()
    if status != 128 + signal.SIGTERM or "port-refused" not in line or \
            report["exit_status"] != status or time.monotonic() - began > 20:
        return ["SIGTERM: status %d, %s" % (status, report["targets"][0]["summary"])]
    return []


def run(scene):
    wrong = comes_up(scene)
    wrong += several_keys(scene)
    accounts.write(scene.authorized, 0o644, scene.other.public + "\n")
    old = {"StartTime": "2026-01-01T00:00Z"}
    wrong += never(scene, "the key is refused, long after the start", old, ["--wait=30m"],
                   "key-refused-though-bound", 1)
    wrong += never(scene, "a login shell that is none", old, ["--wait=30m", "-l", "nologin"],
                   "key-refused-though-bound", 1)
    wrong += never(scene, "no address of its own", {
        "EipAddress": {"IpAddress": "", "AllocationId": "", "Bandwidth": 0}}, ["--wait=30m", "--address",
        "public"], "address-none", 1)
    wrong += never(scene, "stopped", {"Status": "Stopped"}, ["--wait=30m"], "instance-stopped", 1)
    wrong += is_ended(scene)
    wrong += never(scene, "a port that stays refused", {}, ["--wait=8"], "port-refused", 75, instance=False)
    return wrong


def main():
    if os.getuid() != 0 or subprocess.run(["unshare", "-m", "-n", "true"], check=False).returncode:
        print("skipped: not root, or no namespaces here")
        return accounts.SKIPPED
    if sys.argv[-1] != "--here":
        os.execvp("unshare", ["unshare", "-m", "-n", sys.executable, "-B", *sys.argv, "--here"])
    with tempfile.TemporaryDirectory(prefix="spf-wait-") as folder:
        os.chmod(folder, 0o755)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        if not accounts.with_accounts(folder):
            print("skipped: nothing can be mounted here")
            return accounts.SKIPPED
        scene = Scene(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), folder)
        try:
            wrong = run(scene)
        finally:
            scene.stop()
    for text in wrong:
        print("FAILED: " + text)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
