"""What a run costs the network: time, connections, TCP segments and SSH packets, for the main cases.

    python3 -B tests/bench/packets.py --binary build/release/src/cli/sshpreflight \
        --lab-cloud build/release/tests/lab/lab-cloud

Runs in a network namespace of its own (root, or a kernel that lets users have one), whose counters
see nothing else. Segments are those of both sides, SYN, ACK and FIN among them; SSH packets, the
identification lines among them, are counted in a second run through a proxy. Loopback does not delay, so times are the program's own.
"""

import argparse
import fcntl
import json
import os
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lab"))
from harness import proxy, servers, world  # noqa: E402
from harness.cloud import Authority, Cloud  # noqa: E402
from harness.keys import Key  # noqa: E402

SSHD = {"config": proxy.PROXIED + ["MaxStartups 500"]}
REFUSING = {**SSHD, "authorized": [{"key": "other"}]}
NO_ROOT = {**SSHD, "config": SSHD["config"] + ["PermitRootLogin no"]}
# name, server, known_hosts, options
CASES = [
    ("healthy", SSHD, "true", []),
    ("healthy, with the cloud's side", SSHD, "true", None),
    ("healthy, --no-session", SSHD, "true", ["--no-session"]),
    ("key refused", REFUSING, "true", []),
    ("login refused", NO_ROOT, "true", []),
    ("changed host key", SSHD, "changed", []),
    ("no common cipher", {"config": ["Ciphers aes128-cbc"]}, "true", []),
    ("server busy (MaxStartups)", {"fake": "busy"}, "true", []),
    ("not SSH (HTTP)", {"fake": "http"}, "true", []),
    ("port closed", {"fake": "closed-port"}, "true", []),
    ("port filtered", {"fake": "silent-port"}, "true", ["--timeout", "3"]),
]


def tcp():
    """The namespace's counters: connections begun, segments sent by anybody, also again."""
    with open("/proc/net/snmp", encoding="ascii") as source:
        names, values = [line.split() for line in source if line.startswith("Tcp:")]
    row = dict(zip(names, values))
    return int(row["ActiveOpens"]), int(row["OutSegs"]) + int(row["RetransSegs"])


def settled():
    """tcp(), once the last connections have said goodbye."""
    before = tcp()
    while True:
        time.sleep(0.1)
        now = tcp()
        if now == before:
            return now
        before = now


class Bench:
    def __init__(self, tools, folder):
        self.tools, self.folder = tools, folder
        self.key, self.other = Key(folder, "key.pem", {}), Key(folder, "other.pem", {})

    def command(self, server, port, known, options):
        hosts = os.path.join(self.folder, "known_hosts")
        lines = [line.split(" ", 1)[1] for line in server.known_hosts()]
        if known == "changed":
            lines = [self.other.public]
        with open(hosts, "w", encoding="ascii") as out:
            out.write("".join("[127.0.0.1]:%d %s\n" % (port, line) for line in lines))
        return [self.tools.binary, "--key", self.key.path, "-p", str(port), "-l",
                servers.login_user(), "--known-hosts", hosts, "--json", *options]

    def once(self, command, env):
        start = time.monotonic()
        done = subprocess.run(command, env={"PATH": "/usr/bin:/bin", "HOME": self.folder, **env},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
        return time.monotonic() - start, json.loads(done.stdout)["targets"][0]

    def measure(self, number, case):
        name, recipe, known, options = case
        folder = os.path.join(self.folder, "server%d" % number)
        os.mkdir(folder)
        server = servers.start(folder, recipe, self.key, self.other)
        cloud, env = None, {}
        if options is None:
            cloud, env, options = self.cloud()
        else:
            options = options + ["--host", "127.0.0.1"]
        command = self.command(server, server.port, known, options)
        times, counts = [], []
        for _ in range(self.tools.runs):
            opened, sent = settled()
            seconds, target = self.once(command, env)
            now = settled()
            times.append(seconds)
            counts.append((now[0] - opened, now[1] - sent))
        said = "-"
        if cloud is None and recipe.get("fake") not in ("closed-port", "silent-port"):
            between = proxy.Proxy(server.port)
            self.once(self.command(server, between.port, known, options), env)
            settled()
            said = "%d / %d" % (len(between.said["client"]), len(between.said["server"]))
            between.stop()
        server.stop()
        if cloud:
            cloud.stop()
        connections, segments = (statistics.median(c[i] for c in counts) for i in (0, 1))
        print("%-32s %-8s %-22s %6.0f ms %6d %9d   %s" % (
            name, target["verdict"], target["cause"] or "", statistics.median(times) * 1000,
            connections, segments, said), flush=True)

    def cloud(self):
        authority = Authority(self.folder)
        places = {"public_key": self.key.public, "key_md5": self.key.md5,
                  "other_public_key": self.other.public, "other_key_md5": self.other.md5}
        shown = world.build(None, places)
        cloud = Cloud(self.tools.lab_cloud, os.path.join(self.folder, "cloud"), shown, authority)
        secret = shown["access_keys"][0]
        env = {"ALIBABA_CLOUD_REGION_ID": world.HOME_REGION,
               "ALIBABA_CLOUD_ACCESS_KEY_ID": secret["AccessKeyId"],
               "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret["AccessKeySecret"]}
        return cloud, env, ["--instance", world.INSTANCE, "--source-ip", "198.51.100.7",
                            "--endpoint", cloud.url, "--ca-file", authority.ca]


def raise_loopback():
    up_and_running = struct.pack("16sh14x", b"lo", 0x1 | 0x40)
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, up_and_running)  # SIOCSIFFLAGS


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    build = os.path.join(ROOT, "build", "release")
    parser.add_argument("--binary", default=os.path.join(build, "src/cli/sshpreflight"))
    parser.add_argument("--lab-cloud", default=os.path.join(build, "tests/lab/lab-cloud"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    tools = parser.parse_args()
    if not tools.here:
        user = [] if os.getuid() == 0 else ["-r"]
        os.execvp("unshare", ["unshare", "-n", *user, sys.executable, "-B", *sys.argv, "--here"])
    raise_loopback()
    print("medians of %-21d verdict  cause                      time  conn.  segments   "
          "SSH packets: ours / server's" % tools.runs)
    with tempfile.TemporaryDirectory(prefix="spf-packets-") as folder:
        bench = Bench(tools, folder)
        for number, case in enumerate(CASES):
            bench.measure(number, case)


if __name__ == "__main__":
    main()
