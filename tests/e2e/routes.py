#!/usr/bin/env python3
"""Every way in which connect(2) ends is distinguished from the others, IPv4 and IPv6 alike.

In a network namespace of its own, with routes and a packet filter. Exit status 77: this machine gives
us none.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile

import stage  # noqa: F401  (finds the harness)
from harness import servers
from harness.keys import Key

SKIPPED = 77
ROUTES = """
link set lo up
addr add 2001:db8:1::1/128 dev lo nodad
route add local 192.0.2.0/24 dev lo
route add prohibit 198.51.100.1
route add unreachable 198.51.100.2
route add local 2001:db8:1::/64 dev lo
route add prohibit 2001:db8:2::1
route add unreachable 2001:db8:2::2
"""
# What "the network" answers to packets for these addresses.
FILTER = """
table inet net {
chain answers { type filter hook input priority 0; policy accept;
ip daddr 192.0.2.10 tcp flags & (syn | ack) == syn drop
ip daddr 192.0.2.11 tcp flags & (syn | ack) == syn reject with icmp type host-unreachable
ip daddr 192.0.2.12 tcp flags & (syn | ack) == syn reject with icmp type net-unreachable
ip daddr 192.0.2.13 tcp flags & (syn | ack) == syn reject with icmp type admin-prohibited
ip daddr 192.0.2.14 tcp flags & (syn | ack) == syn reject with tcp reset
ip daddr 192.0.2.15 tcp flags & (syn | ack) == syn reject with icmp type port-unreachable
ip6 daddr 2001:db8:1::10 tcp flags & (syn | ack) == syn drop
ip6 daddr 2001:db8:1::11 tcp flags & (syn | ack) == syn reject with icmpv6 type no-route
ip6 daddr 2001:db8:1::13 tcp flags & (syn | ack) == syn reject with icmpv6 type admin-prohibited
ip6 daddr 2001:db8:1::14 tcp flags & (syn | ack) == syn reject with tcp reset
}
chain ours { type filter hook output priority 0; policy accept;
ip daddr 192.0.2.16 tcp flags & (syn | ack) == syn reject with icmp type admin-prohibited
}
}
"""
HERE, THERE = "this machine's own routing says so", "a router or the host says so"
# host -> cause, words of the summary
CASES = {
    "192.0.2.1": (None, "192.0.2.1 port"),
    "192.0.2.2": ("port-refused", ""),
    "192.0.2.10": ("port-silent", "dropped on the way"),
    "192.0.2.11": ("port-unreachable", "ICMP from 192.0.2.11: No route to host (" + THERE),
    "192.0.2.12": ("port-unreachable", THERE),
    "192.0.2.13": ("port-unreachable", "ICMP from 192.0.2.13: administratively prohibited (a firewall"),
    "192.0.2.14": ("port-refused", ""),
    "192.0.2.15": ("port-refused", "by ICMP"),
    "192.0.2.16": ("port-unreachable", "a firewall forbids it"),
    "198.51.100.1": ("port-unreachable", HERE),
    "198.51.100.2": ("port-unreachable", HERE),
    "203.0.113.1": ("port-unreachable", HERE),
    "2001:db8:1::1": (None, "2001:db8:1::1 port"),
    "[2001:db8:1::1]": (None, "2001:db8:1::1 port"),
    "2001:db8:1::2": ("port-refused", ""),
    "2001:db8:1::10": ("port-silent", "dropped on the way"),
    # here "the network" answers from an address of this machine
    "2001:db8:1::11": ("own-firewall-rejects", "own address, 2001:db8:1::1"),
    "2001:db8:1::13": ("own-firewall-rejects", "own address, 2001:db8:1::1"),
    "2001:db8:1::14": ("port-refused", ""),
    "2001:db8:2::1": ("port-unreachable", HERE),
    "2001:db8:2::2": ("port-unreachable", HERE),
    "2001:db8:3::1": ("port-unreachable", HERE),
    "fe80::1%lo": ("port-unreachable", ""),
    "[::1%nosuch]": ("host-unresolved", ""),
}


HOSTS = """
192.0.2.1 both.example
2001:db8:1::2 both.example
2001:db8:1::1 six-first.example
192.0.2.2 six-first.example
"""
NAMES = {"both.example": ["2001:db8:1::2"], "six-first.example": []}


def given(words, text):
    """A tool that reads its orders; True: it has followed them."""
    with contextlib.suppress(FileNotFoundError):
        return subprocess.run(words, input=text.encode(), check=False).returncode == 0
    return False


class Check:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.key = Key(folder, "key.pem", {})
        self.sshd = servers.Sshd(folder + "/sshd", {
            "config": ["ListenAddress 192.0.2.1", "ListenAddress 2001:db8:1::1"]}, self.key, self.key)
        self.failed = False

    def run(self, host, **more):
        done = subprocess.run([self.binary, "--host", host, "-p", str(self.sshd.port), "--key",
                               self.key.path, "--timeout", "5", "--known-hosts", "/dev/null",
                               "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              timeout=300, check=False, env={"HOME": self.folder}, **more)
        return json.loads(done.stdout)["targets"][0]

    def note(self, right, *what):
        print("" if right else "FAILED:", *what)
        self.failed |= not right

    def addresses(self):
        for host, (cause, words) in CASES.items():
            target = self.run(host)
            port = next(c for c in target["checks"] if c["id"] == "net.port")
            self.note(port["cause"] == cause and words in port["summary"] and
                      (cause or target["verdict"] == "pass"), host, port["cause"], port["summary"])

    def names(self):
        """A name with two addresses: in getaddrinfo's order, as ssh, and both are reported."""
        for name, before in NAMES.items():
            target = self.run(name)
            port = next(c for c in target["checks"] if c["id"] == "net.port")
            self.note(target["verdict"] == "pass" and
                      [a["address"] for a in port["evidence"]["tried_before"]] == before,
                      name, port["evidence"]["tried_before"], port["summary"])


def main():
    if sys.argv[-1] != "--here":
        words = ["unshare", "-m", "-n"] + ([] if os.getuid() == 0 else ["-r"])
        if subprocess.run(words + ["true"], stderr=subprocess.DEVNULL, check=False).returncode:
            print("skipped: no namespaces here")
            return SKIPPED
        os.execvp("unshare", words + [sys.executable, "-B", *sys.argv, "--here"])
    if not given(["ip", "-batch", "-"], ROUTES) or not given(["nft", "-f", "-"], FILTER):
        print("skipped: no routes or no packet filter here")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="spf-routes-") as folder:
        with open(folder + "/hosts", "w", encoding="ascii") as out:
            out.write(HOSTS)
        check = Check(sys.argv[1], folder)
        try:
            check.addresses()
            if given(["mount", "--bind", out.name, "/etc/hosts"], ""):
                check.names()
        finally:
            check.sshd.stop()
        return int(check.failed)


if __name__ == "__main__":
    sys.exit(main())
