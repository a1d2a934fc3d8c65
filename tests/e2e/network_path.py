#!/usr/bin/env python3
"""What the network path does to a login, and what ssh makes of it: packets that are too large, lost or refused.

Through a router in namespaces of their own (../lab/router). Each condition is shown to the real ssh as
well: where it does not get in, we must not say that one can. Exit status 77: this machine gives us no
namespaces.
"""

import concurrent.futures
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

import stage  # noqa: F401  (finds the harness)
import router
from harness import clients, servers
from harness.keys import Key
from router import HERE, ROUTER, SERVER, SERVER6, chain

TO_THERE = "ip daddr %s tcp dport != 1" % SERVER
STALLS = 6   # seconds of ssh in which nothing comes of it
PARTS = 6    # that run at once
HANGS = 120  # where it gets in, on a machine under load
TOO_LATE = "the drop counters were read too late to tell"
FROM_US, TO_US = "ip saddr %s" % HERE, "ip daddr %s" % HERE


BANNER = " @th,256,32 0x5353482d "
# drops the first flow that has carried so many bytes, from then on, and no later one
# How much more goes up until the handshake is done where the library has ML-KEM: its key.
MLKEM = 1184 if clients.libssh_version() >= (0, 12) else 0
FORGETS = """table inet path_forward {
set forgotten { type inet_service; flags dynamic; }
chain c { type filter hook forward priority 0; policy accept;
tcp sport @forgotten drop
tcp dport @forgotten drop
ct original bytes > %s limit rate 1/hour burst 1 packets add @forgotten { tcp sport } drop
}
}
"""


def oversized(size, *directions):
    """A router on whose far side packets of more than `size` bytes vanish without an ICMP message."""
    return chain("forward", *("%s meta length > %d drop" % (way, size) for way in directions))


class Case:
    """A condition and what must be said of it.

    rules, here: filters of the router, and of this machine; limit: above which the router sends ICMP;
    words: of the summary of the check that has the cause; ssh: does the real one get in; options: of ours;
    there: filter of the server; strict: rp_filter, and answers by another interface; ports: all are in use;
    hangs: sshd does, with so many connections in its queue;
    answers: ICMP type and code that a router answers SYNs with; hops: the TTL of our packets;
    judge: (target, check) -> what is wrong; repairs: the first command of the remedies lets us in
    """

    def __init__(self, name, verdict, cause, rules="", **more):
        self.name, self.verdict, self.cause, self.rules = name, verdict, cause, rules
        self.words, self.ssh = more.pop("words", []), more.pop("ssh", verdict == "pass")
        self.options = more.pop("options", [])
        self.here, self.judge = more.pop("here", ""), more.pop("judge", None)
        self.host, self.limit = more.pop("host", SERVER), more.pop("limit", None)
        self.repairs, self.there = more.pop("repairs", False), more.pop("there", "")
        self.strict, self.ports = more.pop("strict", False), more.pop("ports", False)
        self.hangs, self.queue = more.pop("hangs", False), more.pop("queue", 0)
        self.answers, self.hops = more.pop("answers", None), more.pop("hops", 64)
        assert not more, more


def bounds(low, high):
    """The size that passes was found between these, and what does not is larger."""
    def judge(_, check):
        path = check["evidence"]["path_mtu"]
        passes, fails = path["passes"], path["fails"]
        return [] if low <= passes <= high < fails else ["passes %d, fails %d" % (passes, fails)]
    return judge


def untried(target, _):
    """Unless one came: the keys of ML-KEM fill one."""
    check = next(c for c in target["checks"] if c["id"] == "ssh.auth")
    came = check["evidence"]["tcp"]["largest_packet_in"] == 1500
    said = "full-size packets to us were not tried" in check["summary"]
    return [] if said != came else [check["summary"], str(check["evidence"]["tcp"])]


def full(target, _):
    """A full-size packet went each way."""
    flow = next(c["evidence"]["tcp"] for c in target["checks"] if c["id"] == "ssh.session")
    return [] if flow["largest_packet_out"] == flow["largest_packet_in"] == 1500 else [str(flow)]


def cut(target, check):
    return [] if check["evidence"]["cut_after"] < 9000 else ["cut after %s" % check["evidence"]]


def candidate(cause):
    def judge(target, _):
        causes = [c["cause"] for c in target["candidates"]]
        return [] if cause in causes else [str(causes)]
    return judge


def icmp(kind, code):
    def judge(_, check):
        seen = check["evidence"]["icmp_type"], check["evidence"]["icmp_code"]
        return [] if seen == (kind, code) else [str(seen)]
    return judge


CASES = [
    Case("nothing in the way", "pass", None, judge=full),
    Case("nothing in the way, no session", "pass", None, options=["--no-session"], judge=untried),
    Case("nothing in the way, IPv6", "pass", None, host=SERVER6, judge=full),
    # With ML-KEM the first that is too large may be the server's answer, and what comes is measured roughly.
    *(Case("over %d bytes vanish, both ways" % size, "fail", "path-mtu",
           oversized(size, FROM_US, TO_US), words=[] if MLKEM else ["%d bytes do not pass" % size],
           judge=bounds(500 if MLKEM else size - 8, size),
           repairs=size in (600, 1400)) for size in (600, 1000, 1200, 1400, 1480)),
    *(Case("over %d bytes vanish, from us" % size, "fail", "path-mtu", oversized(size, FROM_US),
           judge=bounds(size - 8, size)) for size in (1280, 1480)),
    *(Case("over %d bytes vanish, to us" % size, "fail", "path-mtu", oversized(size, TO_US),
           judge=bounds(500, size), repairs=True) for size in (700, 1280, 1480)),
    Case("over 1300 bytes vanish, IPv6", "fail", "path-mtu",
         oversized(1300, "meta nfproto ipv6"), host=SERVER6, judge=bounds(1292, 1300), repairs=True),
    Case("over 1300 bytes vanish, no session", "fail", "path-mtu",
         oversized(1300, FROM_US, TO_US), options=["--no-session"],
         judge=bounds(500 if MLKEM else 1292, 1300)),
    Case("over 1300 bytes are answered by ICMP", "pass", None, limit=1300),
    Case("our own filter rejects", "fail", "own-firewall-rejects",
         here=chain("output", TO_THERE + " reject with icmpx type admin-prohibited")),
    Case("our own filter drops", "fail", "own-firewall-drops", here=chain("output", TO_THERE + " drop")),
    Case("strict reverse path", "fail", "own-firewall-drops", strict=True, words=["rp_filter"],
         here=chain("output", "ip daddr %s meta mark set 1" % SERVER, kind="route")),
    Case("our own filter drops the answers", "fail", "own-firewall-drops", words=["answers of"],
         here=chain("input", "ip saddr %s tcp sport != 1 drop" % SERVER)),
    Case("our own filter drops the answers, IPv6", "fail", "own-firewall-drops", host=SERVER6,
         here=chain("input", "ip6 saddr %s tcp sport != 1 drop" % SERVER6)),
    *(Case("the router rejects: " + kind, "fail", "port-unreachable",
           chain("forward", "%s reject with icmp type %s" % (TO_THERE, kind)),
           words=[ROUTER, "prohibited"], judge=icmp(3, code)) for kind, code in
      (("net-prohibited", 9), ("host-prohibited", 10), ("admin-prohibited", 13))),
    *(Case("a router answers by ICMP, code %d" % code, "fail", "port-unreachable",
           chain("forward", TO_THERE + " drop"), answers=(3, code), words=["prohibited"],
           judge=icmp(3, code)) for code in (14, 15)),
    Case("a routing loop", "fail", "port-unreachable", hops=1, words=["routing loop", "traceroute"],
         judge=icmp(11, 0)),
    Case("the router drops", "fail", "port-silent", chain("forward", TO_THERE + " drop")),
    Case("the router rejects, as a port would", "fail", "port-unreachable",
         chain("forward", TO_THERE + " reject with icmpx type port-unreachable"), words=[ROUTER]),
    Case("the server refuses by ICMP", "fail", "port-refused",
         there=chain("input", TO_THERE + " reject with icmpx type port-unreachable")),
    Case("the server rejects by its policy", "fail", "port-unreachable",
         there=chain("input", TO_THERE + " reject with icmpx type admin-prohibited"), words=[SERVER]),
    Case("no local port is left", "fail", "no-local-port", ports=True),
    # the line "SSH-2.0-..." follows 32 bytes of TCP header
    Case("our identification is dropped", "unknown", "handshake-timeout",
         chain("forward", FROM_US + BANNER + "drop"), words=["are not acknowledged (sent"],
         judge=candidate("flow-filtered")),
    Case("the server's identification is dropped", "fail", "ssh-silent", chain("forward", TO_US + BANNER + "drop"),
         words=["acknowledged all"], judge=candidate("flow-filtered")),
    # the server says nothing, lest its identification comes first
    Case("our identification is answered by a reset", "fail", "ssh-closed-early", hangs=True,
         rules=chain("forward", FROM_US + BANNER + "reject with tcp reset"), judge=candidate("flow-filtered")),
    # whether the reset comes before or after our next look is a race, and must not matter
    *(Case("a reset right after connecting, run %d" % run, "fail", "ssh-closed-early",
           chain("forward", TO_THERE + " ct original packets > 1 reject with tcp reset"),
           judge=candidate("flow-filtered")) for run in range(1, 7)),
    Case("sshd hangs", "fail", "ssh-silent", hangs=True, words=["acknowledged all"],
         judge=candidate("accept-queue-full")),
    Case("sshd hangs, and its queue is full", "fail", "port-silent", hangs=True, queue=140,
         judge=candidate("accept-queue-full")),
    Case("a firewall forgets the connection", "unknown", "auth-timeout", FORGETS % str(2000 + MLKEM),
         words=["forgotten"], ssh=None),
    Case("a firewall forgets the connection later", "unknown", "auth-timeout", FORGETS % str(3600 + MLKEM),
         words=["are not acknowledged (sent"], ssh=None),
    Case("a router answers by ICMP in mid-flow", "unknown", "auth-timeout",
         chain("forward", "ct original bytes > %d reject with icmp type host-unreachable" % (2500 + MLKEM)),
         words=["by ICMP: No route to host"]),
    *(Case("nothing after %d bytes" % size, "fail", "flow-cut",
           chain("forward", "ct original bytes > %d drop" % size), judge=cut) for size in (2500, 4500 + MLKEM)),
]


class Sweep:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.network = router.Network()
        self.key = Key(folder, "key.pem", {})
        self.sshd = servers.Sshd(folder + "/sshd", {
            "config": ["ListenAddress " + SERVER, "ListenAddress " + SERVER6,
                       "UseDNS no", "MaxStartups 500"],
            "within": self.network.server.within}, self.key, self.key)
        self.known = folder + "/known_hosts"
        with open(self.known, "w", encoding="ascii") as out:
            out.write("".join(line.replace("127.0.0.1", host) + "\n" for host in (SERVER, SERVER6)
                              for line in self.sshd.known_hosts()))
        self.network.router.write("netfilter/nf_conntrack_acct", 1)
        self.failed = False

    def ours(self, host, stalls, *options):
        """The report's target, and how long it took. What stalls is not waited for as long as what answers."""
        start = time.monotonic()
        done = subprocess.run([self.binary, "--host", host, "-p", str(self.sshd.port), "--key",
                               self.key.path, "--timeout", "4" if stalls else "60", "--known-hosts",
                               self.known, "--json", *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              timeout=300, check=False, env={"HOME": self.folder})
        return json.loads(done.stdout)["targets"][0], time.monotonic() - start

    def theirs(self, host, seconds):
        """Does ssh get in? It has no limit of its own once it is connected: the seconds are ours."""
        words = ["ssh", "-F", "none", "-i", self.key.path, "-p", str(self.sshd.port), "-o",
                 "BatchMode=yes", "-o", "UserKnownHostsFile=" + self.known, "-o", "ConnectTimeout=%d" % seconds,
                 "%s@%s" % (servers.login_user(), host), "head -c 20000 /dev/zero | wc -c; head -c "
                 "20000 /dev/zero"]
        with contextlib.suppress(subprocess.TimeoutExpired):
            return subprocess.run(words, input=bytes(20000), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, timeout=seconds, check=False).returncode == 0
        return False

    def show(self, case):
        if not (self.network.clear() and self.network.router.rules(case.rules) and
                self.network.here.rules(case.here) and self.network.server.rules(case.there) and
                self.network.strict(case.strict) and
                self.network.here.write("ipv4/ip_default_ttl", case.hops) and
                (case.limit is None or self.network.limit(case.limit))):
            return ["the filter was not taken"]
        with self.no_ports_left() if case.ports else contextlib.nullcontext(), \
                self.network.answering(*case.answers) if case.answers else contextlib.nullcontext(), \
                self.hanging(case.queue) if case.hangs else contextlib.nullcontext():
            return self.compare(case)

    @contextlib.contextmanager
    def hanging(self, queue):
        """sshd is stopped, while others wait for it."""
        os.kill(self.sshd.process.pid, signal.SIGSTOP)
        with contextlib.ExitStack() as stack:
            stack.callback(os.kill, self.sshd.process.pid, signal.SIGCONT)
            for _ in range(queue):
                other = stack.enter_context(socket.socket())
                other.setblocking(False)
                other.connect_ex((SERVER, self.sshd.port))
            yield

    @contextlib.contextmanager
    def no_ports_left(self):
        """One port is ours to use, and it is in use."""
        here, name = self.network.here, "ipv4/ip_local_port_range"
        with open("/proc/sys/net/" + name, encoding="ascii") as source:
            before = source.read().strip()
        here.write(name, "50000 50000")
        try:
            with socket.create_connection((SERVER, self.sshd.port)):
                yield
        finally:
            here.write(name, before)

    def compare(self, case):
        target, seconds = self.ours(case.host, case.verdict != "pass", *case.options)
        for _ in range(9):  # on a busy machine it may not see enough to tell, and says so
            if not any(TOO_LATE in check["summary"] for check in target["checks"]):
                break
            target, seconds = self.ours(case.host, case.verdict != "pass", *case.options)
        wrong = []
        check = next((c for c in target["checks"] if c["cause"] == case.cause), None)
        if (target["verdict"], target["cause"]) != (case.verdict, case.cause) or \
                (case.cause and check is None):
            wrong.append("%s %s: %s" % (target["verdict"], target["cause"],
                                        [c["summary"] for c in target["checks"] if c["cause"]]))
        else:
            wrong += ["not in %r: %s" % (check["summary"], word) for word in case.words
                      if word not in check["summary"]]
            wrong += case.judge(target, check) if case.judge else []
        theirs = self.theirs(case.host, HANGS if case.ssh else STALLS)
        if case.ssh is not None and theirs != case.ssh:
            wrong.append("ssh gets in: %s" % theirs)
        if case.repairs and not wrong:
            wrong += self.repair(case, target)
        print("%s: %.1f s, %s %s (ssh gets in: %s): %s" % (
            case.name, seconds, target["verdict"], target["cause"], theirs,
            check["summary"] if check else ""))
        return wrong

    def repair(self, case, target):
        command = target["remedies"][0]["command"]
        if not command or subprocess.run(command.replace("sudo ", ""), shell=True, check=False).returncode:
            return ["the remedy does not run: %s" % command]
        if self.ours(case.host, False)[0]["verdict"] != "pass" or not self.theirs(case.host, HANGS):
            return ["not repaired by: " + command]
        return []


def in_parts():
    """All parts at once, for they wait most of the time; each has a network of its own."""
    def one(part):
        return subprocess.run([sys.executable, "-B", __file__, sys.argv[1], "--part=%d" % part], check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    with concurrent.futures.ThreadPoolExecutor(PARTS) as pool:
        done = list(pool.map(one, range(PARTS)))
    for part in done:
        print(part.stdout, end="")
    statuses = {part.returncode for part in done}
    return router.SKIPPED if statuses == {router.SKIPPED} else int(statuses != {0})


def chosen():
    """--part=NUMBER, or words of names."""
    if sys.argv[2].startswith("--part="):
        return CASES[int(sys.argv[2].split("=")[1])::PARTS]
    return [case for case in CASES if any(word in case.name for word in sys.argv[2:])]


def main():
    if len(sys.argv) == 2:
        return in_parts()
    router.enter()
    with tempfile.TemporaryDirectory(prefix="spf-network-path-") as folder:
        try:
            sweep = Sweep(sys.argv[1], folder)
        except OSError as error:
            print("skipped:", error)
            return router.SKIPPED
        failed = False
        try:
            for case in chosen():
                for wrong in sweep.show(case):
                    failed = True
                    print("FAILED: %s: %s" % (case.name, wrong))
        finally:
            sweep.sshd.stop()
            sweep.network.stop()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
