"""A network path in three network namespaces: this process's own, a router, and a server's.

    here 192.0.2.1 --- 192.0.2.254 router 198.51.100.254 --- 198.51.100.9 server
         2001:db8:1::1 --- ::fe               2001:db8:2::fe --- 2001:db8:2::9

enter() starts the program again in namespaces of its own, or says that there are none. No packet is
larger than what is on the wire (no segmentation offload), so that a filter may drop by length.
"""

import contextlib
import os
import subprocess
import sys

SKIPPED = 77
HERE, HERE6 = "192.0.2.1", "2001:db8:1::1"
ROUTER = "192.0.2.254"
SERVER, SERVER6 = "198.51.100.9", "2001:db8:2::9"
LINKS = """
link set lo up
link set dev path0 gso_max_segs 1 gso_max_size 1500 up
addr add 192.0.2.1/24 dev path0
addr add 2001:db8:1::1/64 dev path0 nodad
route add default via 192.0.2.254
route add default via 2001:db8:1::fe
"""
STRICT = """
link add path9 type veth peer name path8
link set path8 up
link set path9 up
route add 198.51.100.9/32 dev path9 src 192.0.2.1
rule add fwmark 1 table 99
route add default via 192.0.2.254 dev path0 table 99
"""
ROUTES = """
link set lo up
link set dev path1 gso_max_segs 1 gso_max_size 1500 up
link set dev path2 gso_max_segs 1 gso_max_size 1500 up
addr add 192.0.2.254/24 dev path1
addr add 198.51.100.254/24 dev path2
addr add 2001:db8:1::fe/64 dev path1 nodad
addr add 2001:db8:2::fe/64 dev path2 nodad
"""
FAR = """
link set lo up
link set dev path3 gso_max_segs 1 gso_max_size 1500 up
addr add 198.51.100.9/24 dev path3
addr add 2001:db8:2::9/64 dev path3 nodad
route add default via 198.51.100.254
route add default via 2001:db8:2::fe
"""


def enter():
    """Returns in namespaces of its own; ends the program with SKIPPED where there are none."""
    if sys.argv[-1] == "--here":
        sys.argv.pop()
        return
    words = ["unshare", "-m", "-n"] + ([] if os.getuid() == 0 else ["-r"])
    if subprocess.run(words + ["true"], stderr=subprocess.DEVNULL, check=False).returncode:
        print("skipped: no namespaces here")
        sys.exit(SKIPPED)
    os.execvp("unshare", words + [sys.executable, "-B", *sys.argv, "--here"])


def _given(words, text):
    with contextlib.suppress(FileNotFoundError):
        return subprocess.run(words, input=text.encode(), check=False).returncode == 0
    return False


class Namespace:
    """One that lives as long as a process of ours in it; None: the one we are in."""

    def __init__(self, ours=False):
        self._keeper = None
        self.within = []
        if not ours:
            self._keeper = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo in; exec cat"],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self._keeper.stdout.readline()
            self.within = ["nsenter", "-t", str(self._keeper.pid), "-n"]

    @property
    def pid(self):
        return self._keeper.pid if self._keeper else os.getpid()

    def give(self, words, text):
        return _given(self.within + words, text)

    def rules(self, text):
        """Replaces the packet filter: rules of the chains input, forward and output."""
        return self.give(["nft", "-f", "-"], "flush ruleset\n" + text)

    def write(self, name, value):
        """A sysctl, by its path below /proc/sys/net."""
        words = ["sh", "-c", 'cat >"/proc/sys/net/$0"', name]
        return self.give(words, str(value) + "\n")

    def stop(self):
        if self._keeper:
            self._keeper.stdin.close()
            self._keeper.stdout.close()
            self._keeper.wait()


class Network:
    """The three, connected; None of them filters. Raises OSError where this cannot be made."""

    def __init__(self):
        self.here, self.router, self.server = Namespace(ours=True), Namespace(), Namespace()
        self._strict = False
        made = _given(["ip", "-batch", "-"], f"""
link add path0 type veth peer name path1 netns {self.router.pid}
link add path2 netns {self.router.pid} type veth peer name path3 netns {self.server.pid}
""" + LINKS)
        made = made and self.router.give(["ip", "-batch", "-"], ROUTES)
        made = made and self.server.give(["ip", "-batch", "-"], FAR)
        made = made and self.router.write("ipv4/ip_forward", 1)
        made = made and self.router.write("ipv6/conf/all/forwarding", 1)
        if not made or not self.clear():
            self.stop()
            raise OSError("no links or no packet filter here")

    def clear(self):
        """The path as it was: nothing is filtered, no path MTU is remembered."""
        as_it_was = "link set dev path0 mtu 1500\n" + LINKS.split("up\n", 2)[2].replace(
            " add ", " replace ")
        self.limit(None)
        return self.here.give(["ip", "-batch", "-"], as_it_was) and self.here.give(
            ["ip", "route", "flush", "cache"], "") and self.here.give(
            ["ip", "-6", "route", "flush", "cache"], "") and all(
            [space.rules("") for space in (self.here, self.router, self.server)])

    def limit(self, mtu):
        """What the router lets through to the server; for larger packets it sends ICMP. None: all."""
        route = "route replace %s/32 dev path2 %s\n" % (SERVER, "mtu %d" % mtu if mtu else "")
        return self.router.give(["ip", "-batch", "-"], route)

    def strict(self, wanted):
        """Answers come by an interface that the route to the server does not have, and rp_filter is strict.
        What goes to the server needs the mark 1 then."""
        if wanted == self._strict:
            return True
        self._strict = wanted
        batch = STRICT if wanted else "link del path9\nrule del fwmark 1 table 99\n"
        return self.here.write("ipv4/conf/path0/rp_filter", int(wanted)) and self.here.give(
            ["ip", "-batch", "-"], batch)

    @contextlib.contextmanager
    def answering(self, kind, code):
        """The router answers each SYN from here by an ICMP message."""
        words = [sys.executable, "-B", os.path.join(os.path.dirname(__file__), "icmp.py"), str(kind), str(code)]
        with subprocess.Popen(self.router.within + words, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            try:
                yield
            finally:
                process.terminate()

    def stop(self):
        for space in (self.server, self.router, self.here):
            space.stop()


def chain(hook, *rules, kind="filter"):
    """A table with one base chain of the family inet, or of ip for the kind route."""
    return "table %s path_%s {\nchain c { type %s hook %s priority 0; policy accept;\n%s\n}\n}\n" % (
        "inet" if kind == "filter" else "ip", hook, kind, hook, "\n".join(rules))
