#!/usr/bin/env python3
"""What becomes of a name: name servers that are silent, dead, broken or unwilling, search domains, a
hosts file, and names with two addresses. And a word that is not a host name may be an instance's.

In namespaces of its own, where 127.0.0.N port 53 are the name servers. Each condition of a host's name is
shown to the real ssh as well. Exit status 77: this machine gives us none.
"""

import contextlib
import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import stage  # it finds the harness
from harness import servers, world
from harness.cloud import Authority, Cloud
from harness.keys import Key

SKIPPED = 77
CLOUD = {"ALIBABA_CLOUD_REGION_ID": "cn-hangzhou", "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tLab",
         "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "x", "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}
API = ["--instance", "i-bp1lab0000000000web1", "--endpoint", "https://api.example"]
LIMIT = 60  # seconds; the resolver would ask for 90
SERVFAIL, NXDOMAIN, REFUSED = 2, 3, 5
LIVING, SILENT, BROKEN, UNWILLING = "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"
DEAD = "127.0.0.6"  # nothing listens there
SLOW = "options timeout:30 attempts:3\n"
BRISK = "options timeout:1 attempts:1\n"
A, AAAA = 1, 28
# what the living one knows; no packet comes back from 192.0.2.7 or 2001:db8::7, 127.0.0.9 refuses
ZONE = {"web.example": {A: ["127.0.0.1"]}, "host.corp.example": {A: ["127.0.0.1"]},
        "both.example": {A: ["127.0.0.1"], AAAA: ["2001:db8::7"]},
        "two.example": {A: ["192.0.2.7"]}, "blocked.example": {A: ["0.0.0.0"]},
        "proxied.example": {A: ["198.18.0.7"]}, "long.example": {A: ["127.0.0.9"]}}


def conf(*names, search="", options=BRISK):
    return "".join("nameserver %s\n" % name for name in names) + \
        ("search %s\n" % search if search else "") + options


class Case:
    """resolv: the file; causes: check -> cause; words: of net.port's summary; ssh: of its standard error, or
    True: it gets in; verdict: of ours, where it matters"""

    def __init__(self, host, resolv, cause, words=(), ssh=None, **more):
        self.options = more.pop("options", ["--host", host, "--timeout", "60"])
        self.host, self.resolv, self.words, self.ssh = host, resolv, words, ssh
        self.causes = more.pop("causes", {"net.port": cause})
        self.verdict, self.hosts = more.pop("verdict", None), more.pop("hosts", "")
        self.evidence, self.candidate = more.pop("evidence", {}), more.pop("candidate", None)
        assert not more, more


GONE = "Temporary failure in name resolution"
CASES = [
    Case("nosuch.example", conf(SILENT, options=SLOW), "deadline-exceeded",
         options=["--host", "nosuch.example", "--deadline", "4"]),
    Case(None, conf(SILENT, options=SLOW), None, options=[*API, "--deadline", "4"],
         causes={"cloud.access": "deadline-exceeded"}),
    Case("nosuch.example", conf(SILENT, options=SLOW), None,
         options=["--host", "nosuch.example", *API, "--deadline", "4"],
         causes={"cloud.access": "deadline-exceeded", "net.port": "deadline-exceeded"}),
    Case("web.example", conf(SILENT), "resolver-silent", ["web.example", SILENT + ": no answer"], GONE,
         verdict="unknown", options=["--host", "web.example", "--timeout", "1"]),
    Case("web.example", conf(BROKEN), "resolver-failed", ["web.example", BROKEN, "SERVFAIL"], GONE),
    Case("web.example", conf(UNWILLING), "resolver-refused", ["web.example", UNWILLING, "REFUSED"], GONE),
    Case("web.example", conf(DEAD), "resolver-unreachable", ["web.example", DEAD, "refused"], GONE),
    Case("nosuch.example", conf(LIVING, search="corp.example lab.example"), "host-unresolved",
         ["nosuch.example", "asked " + LIVING, "corp.example, lab.example"], "not known"),
    Case("web..example", conf(LIVING), "host-unresolved", ["web..example"], "not known",
         evidence={"name_servers": None}),  # no name of DNS: nobody is asked, and nobody said to be
    # the system waits for the first and asks the second, and so do we
    Case("web.example", conf(SILENT, LIVING, options="options timeout:11 attempts:1\n"), None, ssh=True,
         verdict="pass", options=["--host", "web.example", "--timeout", "10"]),
    Case("host", conf(LIVING, search="corp.example"), None, ssh=True, verdict="pass"),
    Case("both.example", conf(LIVING), "first-address-fails", ["2001:db8::7 does not answer", "127.0.0.1"],
         verdict="pass", options=["--host", "both.example", "--timeout", "8"]),
    Case("blocked.example", conf(LIVING), "address-placeholder", ["0.0.0.0", "itself"], verdict="pass"),
    Case("proxied.example", conf(LIVING), "address-placeholder", ["198.18.0.7", "proxy"]),
    Case("shadow.example", conf(LIVING), "port-refused", [], "refused", hosts="127.0.0.9 x shadow.example\n",
         evidence={"hosts_line": "/etc/hosts:2"}),
    # one line, however long: no part of it is another's beginning, and none is out of sight
    Case("long.example", conf(LIVING), "port-refused", [], "refused", evidence={"hosts_line": None},
         hosts="#" + "x" * 1022 + "127.0.0.9 long.example\n"),
    Case("shadow.example", conf(LIVING), "port-refused", [], "refused", evidence={"hosts_line": "/etc/hosts:2"},
         hosts="127.0.0.9 " + "x " * 600 + "shadow.example\n"),
    Case("far.example", conf(LIVING), "port-silent", [], hosts="192.0.2.7 far.example\n",
         candidate="hosts-file-shadows", options=["--host", "far.example", "--timeout", "5"]),
]


def answer(question, code):
    """The reply to one question of RFC 1035, with what the zone has."""
    at, labels = 12, []
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode())
        at += question[at] + 1
    kind = struct.unpack(">H", question[at + 1:at + 3])[0]
    known = ZONE.get(".".join(labels).lower())
    records = (known or {}).get(kind, []) if code == 0 else []
    code = code or (NXDOMAIN if known is None else 0)
    family = socket.AF_INET if kind == A else socket.AF_INET6
    data = [socket.inet_pton(family, record) for record in records]
    return question[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(data), 0, 0) + question[12:at + 5] + \
        b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(d)) + d for d in data)


class NameServers(threading.Thread):
    """The living, the broken and the unwilling one answer; the silent one only listens."""

    CODES = {LIVING: 0, BROKEN: SERVFAIL, UNWILLING: REFUSED}

    def __init__(self):
        super().__init__(daemon=True)
        self.sockets = {}
        for address in (*self.CODES, SILENT):
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            server.bind((address, 53))
            self.sockets[server] = address
        self.start()

    def run(self):
        while True:
            ready, _, _ = select.select(list(self.sockets), [], [])
            for server in ready:
                question, asker = server.recvfrom(4096)
                if self.sockets[server] != SILENT:
                    server.sendto(answer(question, self.CODES[self.sockets[server]]), asker)


def make_network(folder):
    """False: nothing can be mounted, or no address given, here."""
    with socket.socket() as any_socket:
        up = struct.pack("16sh14x", b"lo", 0x41)
        fcntl.ioctl(any_socket, 0x8914, up)  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING
    batch = """link add silent0 type veth peer name silent1
link set silent1 up
link set silent0 up
addr add 192.0.2.1/24 dev silent0
neigh add 192.0.2.7 lladdr 02:00:00:00:00:07 dev silent0
addr add 2001:db8::1/64 dev silent0 nodad
neigh add 2001:db8::7 lladdr 02:00:00:00:00:07 dev silent0
addr add 198.18.0.7/32 dev lo
"""
    with contextlib.suppress(FileNotFoundError):
        made = subprocess.run(["ip", "-batch", "-"], input=batch.encode(), check=False).returncode == 0
        for name in ("resolv.conf", "hosts"):
            with open(os.path.join(folder, name), "w", encoding="ascii"):
                pass
            made = made and subprocess.run(["mount", "--bind", os.path.join(folder, name), "/etc/" + name],
                                           check=False).returncode == 0
        return made
    return False


class Sweep:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.key = Key(folder, "key.pem", {})
        self.sshd = servers.Sshd(folder + "/sshd", {"config": ["ListenAddress 0.0.0.0"]},
                                 self.key, self.key)
        self.known = folder + "/known_hosts"
        with open(self.known, "w", encoding="ascii") as out:
            for line in self.sshd.known_hosts():
                for case in CASES:
                    out.write(line.replace("127.0.0.1", case.host or "none") + "\n")

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="ascii") as out:
            out.write(text)

    def ours(self, case):
        done = subprocess.run([self.binary, "--key", self.key.path, "--json", "-p", str(self.sshd.port),
                               "--known-hosts", self.known, *case.options],
                              check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=300,
                              env={"HOME": self.folder, **CLOUD, "TSAN_OPTIONS": "atexit_sleep_ms=0"})
        return json.loads(done.stdout)["targets"][0]

    def theirs(self, case):
        """What is wrong with what ssh makes of it."""
        done = subprocess.run(
            ["ssh", "-F", "none", "-i", self.key.path, "-p", str(self.sshd.port), "-o", "BatchMode=yes", "-o",
             "UserKnownHostsFile=" + self.known, "-o", "ConnectTimeout=60",
             "%s@%s" % (servers.login_user(), case.host), "true"], stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE, timeout=300, check=False, text=True)
        if case.ssh is True:
            return [] if done.returncode == 0 else ["ssh: " + done.stderr]
        return [] if done.returncode == 255 and case.ssh in done.stderr else ["ssh: " + done.stderr]

    def show(self, case):
        self.write("resolv.conf", case.resolv)
        self.write("hosts", "127.0.0.1 localhost\n" + case.hosts)
        start = time.monotonic()
        target = self.ours(case)
        seconds = time.monotonic() - start
        checks = {c["id"]: c for c in target["checks"]}
        found = {name: checks[name]["cause"] for name in case.causes}
        port = checks["net.port"]
        print("%s: %.1f s, %s %s: %s" % (" ".join(case.options), seconds, target["verdict"], found,
                                         port["summary"]))
        wrong = [] if seconds < LIMIT else ["it took %.1f s" % seconds]
        wrong += [] if found == case.causes else [str(found)]
        wrong += ["not said: " + word for word in case.words if word not in port["summary"]]
        wrong += ["%s: %s" % (name, port["evidence"].get(name)) for name, value in case.evidence.items()
                  if port["evidence"].get(name) != value]
        if case.candidate and case.candidate not in [c["cause"] for c in target["candidates"]]:
            wrong.append("candidates: %s" % target["candidates"])
        if case.verdict and target["verdict"] != case.verdict:
            wrong.append(target["verdict"])
        return wrong + (self.theirs(case) if case.ssh else [])


def check_instance_name(binary, lab_cloud, folder):
    """Without any name server, a word is looked up among the names of instances."""
    with open(folder + "/nsswitch.conf", "w", encoding="ascii") as out:
        out.write("hosts: files\n")
    subprocess.run(["mount", "--bind", out.name, "/etc/nsswitch.conf"], check=True)
    authority = Authority(folder + "/authority")
    key = Key(folder, "named.pem", {})
    places = {"public_key": key.public, "key_md5": key.md5, "other_public_key": key.public,
              "port": 1}
    failed = False
    with Cloud(lab_cloud, folder + "/cloud", world.build({}, places), authority) as cloud:
        common = [binary, "--key", key.path, "--json", "--endpoint", cloud.url, "--ca-file",
                  authority.ca, "--source-ip", "198.51.100.7", "-p", "1"]
        # words -> instance_id, host, the cause of net.port
        for words, wanted in [(["web-1"], ("i-bp1lab0000000000web1", "127.0.0.1",
                                                "port-refused")),
                              (["nosuch-1"], (None, "nosuch-1", "host-unresolved")),
                              (["web-1.example"], (None, "web-1.example", "host-unresolved")),
                              (["--host", "web-1"], (None, "web-1", "host-unresolved"))]:
            done = subprocess.run(common + words, check=False, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, timeout=300,
                                  env={**stage.ENVIRONMENT, "HOME": folder})
            target = json.loads(done.stdout)["targets"][0]
            found = (target["target"]["instance_id"], target["target"]["host"],
                     {c["id"]: c["cause"] for c in target["checks"]}["net.port"])
            print("%s: %s" % (" ".join(words), found))
            failed |= found != wanted
    return int(failed)


def main():
    here = sys.argv[-1] == "--here"
    if not here:
        words = ["unshare", "-m", "-n"] + ([] if os.getuid() == 0 else ["-r"])
        if subprocess.run(words + ["true"], stderr=subprocess.DEVNULL, check=False).returncode:
            print("skipped: no namespaces here")
            return SKIPPED
        os.execvp("unshare", words + [sys.executable, "-B", *sys.argv, "--here"])
    failed = False
    with tempfile.TemporaryDirectory(prefix="spf-names-") as folder:
        if not make_network(folder):
            print("skipped: nothing can be mounted here")
            return SKIPPED
        NameServers()
        sweep = Sweep(sys.argv[1], folder)
        try:
            for case in CASES:
                for wrong in sweep.show(case):
                    failed = True
                    print("FAILED: %s: %s" % (case.host, wrong))
        finally:
            sweep.sshd.stop()
        return int(failed) or check_instance_name(sys.argv[1], sys.argv[2], folder)


if __name__ == "__main__":
    sys.exit(main())
