#!/usr/bin/env python3
"""Several targets behind one jump host: one connection to it serves them all, and each gets the answer that it would get
alone."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading

import fleet
import stage  # noqa: F401  (finds the harness)
from fleet import HANGS, expect
from harness import servers

FEW = ["MaxStartups 2:100:3", "MaxSessions 0"]


class Gate:
    """Leads to a server, but lets nothing through until it is opened."""

    def __init__(self, port):
        self.target, self.waiting, self.opened = port, 0, threading.Event()
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._lead, args=(self.socket.accept()[0],), daemon=True).start()

    def _lead(self, peer):
        self.waiting += 1
        self.opened.wait(HANGS)
        with peer, contextlib.suppress(OSError), socket.create_connection(("127.0.0.2", self.target)) as there:
            threading.Thread(target=self._pump, args=(there, peer), daemon=True).start()
            self._pump(peer, there)

    @staticmethod
    def _pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def stop(self):
        self.opened.set()
        self.socket.close()


class Bastion:
    """A jump host, for as long as a test needs it."""

    def __init__(self, scene, name, config, key=None, known=True):
        self.scene = scene
        self.sshd = servers.Sshd(os.path.join(scene.folder, name), {"config": config}, key or scene.key, scene.other)
        self.jump = ["-J", "%s@127.0.0.1:%d" % (servers.login_user(), self.sshd.port)]
        key_of = self.sshd.known_hosts()[0].split(" ", 1)[1] if known else scene.other.public
        with open(scene.known_hosts, "r+", encoding="ascii") as out:
            self.before = out.read()
            out.seek(0)
            out.write("[127.0.0.1]:%d %s\n" % (self.sshd.port, key_of) + self.before.replace(
                "[127.0.0.*]:*", "![127.0.0.1]:%d,[127.0.0.*]:*" % self.sshd.port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sshd.stop()
        with open(self.scene.known_hosts, "w", encoding="ascii") as out:
            out.write(self.before)

    def count(self, words):
        return sum(words in line for line in self.sshd.log)

    def logins(self):
        return self.count("Accepted publickey")

    def connections(self):
        """Not those of tests that try every port."""
        lines = [line for line in self.sshd.log if "Accepted publickey" in line or "[preauth]" in line]
        return len({port for line in lines for port in re.findall(r"port (\d+)", line)}) + self.count("drop connection")


def prepare(scene):
    """An agent with the key of the jump host, and a directory of its own for what the runs put aside."""
    agent = os.path.join(scene.folder, "agent")
    servers.start_agent(scene.stack, agent)
    scene.key.load_into(agent, os.path.join(scene.folder, "loading"))
    roomy = ["ListenAddress 127.0.0.%d" % i for i in range(2, 10)] + ["MaxStartups 100"]
    scene.sshd.stop()
    scene.sshd = servers.Sshd(scene.folder + "/roomy", {"config": roomy}, scene.key, scene.other)
    scene.stack.callback(scene.sshd.stop)
    with open(scene.known_hosts, "w", encoding="ascii") as out:
        out.write("[127.0.0.*]:* %s\n" % scene.sshd.known_hosts()[0].split(" ", 1)[1])
    scene.aside = os.path.join(scene.folder, "aside")
    os.mkdir(scene.aside)
    scene.environment.update(SSH_AUTH_SOCK=agent, TMPDIR=scene.aside)


def seen(target):
    """What the report says of a target, without the times."""
    port = next(check for check in target["checks"] if check["id"] == "net.port")
    kept = {name: value for name, value in port["evidence"].items() if not name.endswith("_ms")}
    return [target["target"]["host"], target["target"]["port"], target["target"]["user"], target["verdict"],
            target["cause"], port["status"], port["cause"], kept]


def alone(scene, target, *words):
    """What a run for that one target says."""
    path = scene.list("one", [target])
    out, err = scene.run("--json", "--hosts-file", path, *words, status=None)
    if not out:
        raise AssertionError((target, err))
    return seen(json.loads(out)["targets"][0])


def twelve(scene):
    users = [servers.login_user()] * 8 + ["nobody"] * 4
    return ["%s@127.0.0.%d" % (user, i % 8 + 2) for i, user in enumerate(users)]


def one_connection_serves_all(scene):
    with Bastion(scene, "few", FEW) as bastion:
        path = scene.list("twelve", twelve(scene))
        report, _ = scene.report("--hosts-file", path, *bastion.jump, status=1)
        expect("causes", [one["cause"] for one in report["targets"]], [None] * 8 + ["auth-key-refused"] * 4)
        if os.environ.get("SHOW"):
            print("".join(bastion.sshd.log))
        expect("connections to the jump host", bastion.connections(), 1)
        expect("left behind", os.listdir(scene.aside), [])


def each_gets_its_own_answer(scene):
    """What the jump host says of each target is what a run for that one alone says."""
    targets = ["127.0.0.2", "127.0.0.3:%d" % scene.closed, "no-such-host.invalid", "nobody@127.0.0.4",
               "127.0.0.5"]
    with Bastion(scene, "answers", []) as bastion:
        wanted = [alone(scene, target, *bastion.jump) for target in targets]
        if not servers.wait_until(lambda: bastion.logins() == len(targets), HANGS):
            raise AssertionError("%d logins of runs for one" % bastion.logins())
        report, _ = scene.report(*bastion.jump, "--hosts-file", scene.list("answers.list", targets), status=1)
        expect("answers", [seen(one) for one in report["targets"]], wanted)
        expect("logins of the run for all", bastion.logins() - len(targets), 1)
        expect("reached", [one["cause"] for one in report["targets"]],
               [None, "port-refused", "host-unresolved", "auth-key-refused", None])


def refused_alike(scene, name, causes, config=(), **how):
    with Bastion(scene, name, list(config), **how) as bastion:
        wanted = [alone(scene, host, *bastion.jump) for host in scene.hosts(3)]
        if not servers.wait_until(lambda: bastion.connections() == 3, HANGS):  # its log comes later
            raise AssertionError("%d connections of runs for one" % bastion.connections())
        report, _ = scene.report(*bastion.jump, "--hosts-file", scene.list(name + ".list", scene.hosts(3)), status=None)
        expect(name, [seen(one) for one in report["targets"]], wanted)
        expect(name + ": cause", {(one[4], one[7].get("jump_cause")) for one in wanted}, causes)
        return bastion.connections() - 3


def a_jump_host_that_refuses(scene):
    """Its answer to one login is its answer to all, and nobody asks twice."""
    expect("more connections", refused_alike(scene, "refusing", {("jump-failed", "auth-key-refused")}, key=scene.other), 1)
    refused_alike(scene, "changed", {("jump-failed", "host-key-changed")}, known=False)


def a_jump_host_that_is_down(scene):
    jump = ["-J", "127.0.0.1:%d" % scene.closed]
    wanted = [alone(scene, host, *jump) for host in scene.hosts(3)]
    report, _ = scene.report(*jump, "--hosts-file", scene.list("down", scene.hosts(3)), status=1)
    expect("answers", [seen(one) for one in report["targets"]], wanted)
    expect("cause", wanted[0][7]["jump_cause"], "port-refused")


def forwarding_is_not_allowed(scene):
    refused_alike(scene, "forbidding", {("jump-forwarding-refused", None)}, ["AllowTcpForwarding no"])


def sessions_of(bastion):
    """The processes of the jump host's sshd that hold a connection: since OpenSSH 9.8 more than its children."""
    rows = subprocess.run(["ps", "-eo", "pid=,ppid="], stdout=subprocess.PIPE, check=True, text=True).stdout.split("\n")
    pairs = [[int(word) for word in row.split()] for row in rows if row]
    found = [bastion.sshd.process.pid]
    for parent in found:
        found += [pid for pid, its in pairs if its == parent]
    return found[1:]


def held(scene, bastion, gate, *words):
    """A run whose targets all stand before the gate."""
    path = scene.list("held", ["%s@127.0.0.1:%d" % (user, gate.port) for user in (servers.login_user(), "nobody")])
    process = scene.start("--json", "--hosts-file", path, *bastion.jump, *words)
    if not servers.wait_until(lambda: gate.waiting >= 2, HANGS):
        raise AssertionError("the targets were not reached")
    return process


def a_connection_that_ends_proves_nothing(scene):
    """The jump host cuts it with all targets half-way: each goes on by a connection of its own."""
    gate = Gate(scene.sshd.port)
    scene.stack.callback(gate.stop)
    with Bastion(scene, "cut", []) as bastion:
        process = held(scene, bastion, gate)
        expect("logins", bastion.logins(), 1)
        for pid in sessions_of(bastion):
            with contextlib.suppress(ProcessLookupError):  # it may end with its parent
                os.kill(pid, signal.SIGKILL)
        gate.opened.set()
        out, _ = process.communicate(timeout=HANGS)
        report = json.loads(out)
        expect("causes", [one["cause"] for one in report["targets"]], [None, "auth-key-refused"])
        expect("logins", bastion.logins(), 3)


def a_master_that_is_killed(scene):
    gate = Gate(scene.sshd.port)
    scene.stack.callback(gate.stop)
    with Bastion(scene, "master", []) as bastion:
        process = held(scene, bastion, gate)
        for pid in masters_of(process.pid):
            os.kill(pid, signal.SIGKILL)
        gate.opened.set()
        out, _ = process.communicate(timeout=HANGS)
        expect("causes", [one["cause"] for one in json.loads(out)["targets"]], [None, "auth-key-refused"])
        expect("left behind", os.listdir(scene.aside), [])


def masters_of(pid):
    words = ["ps", "-o", "pid=,comm=", "--ppid", str(pid)]
    rows = subprocess.run(words, stdout=subprocess.PIPE, check=False, text=True).stdout.split("\n")
    found = [int(row.split()[0]) for row in rows if row.split()[1:] == ["ssh"]]
    expect("an ssh of ours", len(found), 1)
    return found


def it_ends_with_the_run(scene):
    """However that ends."""
    for how in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        gate = Gate(scene.sshd.port)
        scene.stack.callback(gate.stop)
        with Bastion(scene, "ends-%d" % how, []) as bastion:
            process = held(scene, bastion, gate)
            process.send_signal(how)
            process.communicate(timeout=HANGS)
            if not servers.wait_until(lambda bastion=bastion: not sessions_of(bastion), HANGS):
                raise AssertionError("signal %d: the connection outlives us" % how)
            if how != signal.SIGKILL:
                expect("left behind", os.listdir(scene.aside), [])


TESTS = [one_connection_serves_all, each_gets_its_own_answer, a_jump_host_that_refuses, a_jump_host_that_is_down,
         forwarding_is_not_allowed, a_connection_that_ends_proves_nothing, a_master_that_is_killed,
         it_ends_with_the_run]


if __name__ == "__main__":
    sys.exit(fleet.main(TESTS, prepare))
