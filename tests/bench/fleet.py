#!/usr/bin/env python3
"""What a fleet takes: time, CPU and memory, beside ssh-keyscan and a process for each target.

    cmake --preset release && cmake --build --preset release
    python3 -B tests/bench/fleet.py [--baseline OLD_BINARY] [PART...]   (root, /dev/net/tun)

All targets are addresses of one real server across a link that delays every packet (delayed.c), so the
server's CPU is on the same machine, and elapsed times are an upper bound. CPU is user and system time
of the program and of what it runs. Parts: peers crypto floor memory flight growth mixed.
"""

import argparse
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lab"))
from harness import servers  # noqa: E402
from harness.keys import Key  # noqa: E402

NEAR, TARPIT, PARTS = "10.99.0.1", 2222, ("peers", "crypto", "floor", "memory", "flight", "growth", "mixed")
TIMEOUT = 5  # seconds, of the mixed fleet


def address(number, network=50):
    return "10.%d.%d.%d" % (network, number // 250, number % 250 + 1)


class QuickServer:
    """One that takes little CPU (quick_server.c)."""

    def __init__(self, folder, key, program):
        self.port, host_key, authorized = 2200, os.path.join(folder, "host_key"), os.path.join(folder, "authorized")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", host_key], check=True)
        with open(host_key + ".pub", encoding="ascii") as line:
            self.public = line.read().strip()
        with open(authorized, "w", encoding="ascii") as out:
            out.write(key.public + "\n")
        self.process = subprocess.Popen([program, NEAR, str(self.port), host_key, authorized], stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"ready\n":
            raise RuntimeError("the server did not start")

    def known_hosts(self):
        return ["host " + self.public]

    def stop(self):
        self.process.kill()
        self.process.wait()


class Scene:
    def __init__(self, folder, tools):
        self.folder, self.tools = folder, tools
        self.key = Key(folder, "key.pem", {})
        if tools.server == "quick":
            self.sshd = QuickServer(folder, self.key, tools.quick)
        else:
            self.sshd = servers.Sshd(os.path.join(folder, "sshd"), {"config": [
                "ListenAddress " + NEAR, "MaxStartups 20000", "LogLevel INFO"]}, self.key, Key(folder, "o.pem", {}))
        public = self.sshd.known_hosts()[0].split(" ", 1)[1]
        with open(self.path("known_hosts"), "w", encoding="ascii") as out:
            out.writelines("[%s]:%d %s\n" % (address(i), self.sshd.port, public) for i in range(10000))
        self.env = {"PATH": os.environ["PATH"], "HOME": folder}
        self.words = ["--key", self.key.path, "-l", servers.login_user(), "-p", str(self.sshd.port),
                      "--known-hosts", self.path("known_hosts"), "--only", "ssh.auth", "--format", "ndjson"]

    def path(self, name):
        return os.path.join(self.folder, name)

    def list(self, lines):
        with open(self.path("hosts"), "w", encoding="ascii") as out:
            out.writelines(line + "\n" for line in lines)
        return self.path("hosts")

    def run(self, command):
        """Elapsed and CPU seconds, KiB of memory at most, and the output. The memory that wait4 gives is at least that
        of who began the program; time(1) is small."""
        command = ["time", "--quiet", "--format", "%M", "--output", self.path("memory"), *command]
        with tempfile.TemporaryFile() as out:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            started = time.monotonic()
            child = subprocess.Popen(command, env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out,
                                     stderr=subprocess.DEVNULL)
            child.wait()
            elapsed = time.monotonic() - started
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            out.seek(0)
            text = out.read().decode()
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        with open(self.path("memory"), encoding="ascii") as used:
            memory = int(used.read())
        return {"elapsed": elapsed, "cpu": cpu, "memory": memory, "text": text}

    def fleet(self, lines, jobs, *more):
        result = self.run([self.tools.binary, "--hosts-file", self.list(lines), *self.words, "--jobs", str(jobs), *more])
        verdicts = [json.loads(line).get("verdict") for line in result["text"].splitlines()]
        result["passed"] = verdicts.count("pass")
        return result


def peers(scene):
    """200 hosts, each peer in turn."""
    count = 200
    hosts = [address(i) for i in range(count)]
    scan = scene.run(["ssh-keyscan", "-t", "ed25519", "-p", str(scene.sshd.port), "-f", scene.list(hosts)])
    scan["passed"] = len(scan["text"].splitlines())
    one = " ".join([scene.tools.baseline, "--host", "{}", *scene.words]).replace("--format ndjson", "--json")
    each = scene.run(["sh", "-c", "xargs -P 64 -I{} %s < %s" % (one, scene.list(hosts))])
    each["passed"] = each["text"].count('"verdict":"pass"') // 2 or each["text"].count('"verdict":"pass"')
    each["passed"] = min(each["passed"], count)
    fleet = scene.fleet(hosts, count)
    return {name: {**{k: v for k, v in result.items() if k != "text"}, "cpu_each": result["cpu"] / count}
            for name, result in (("ssh-keyscan -f", scan), ("xargs -P 64", each), ("one run", fleet))}


def crypto(scene):
    done = subprocess.run([scene.tools.crypto], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def bare(scene, hosts, jobs):
    """The same logins by nothing but libssh."""
    result = scene.run([scene.tools.floor, scene.list(hosts), str(scene.sshd.port), servers.login_user(), scene.key.path,
                        str(jobs)])
    return json.loads(result["text"])


def floor(scene):
    """CPU of a login, without what a run takes anyway; libssh's is counted so by itself."""
    few, many = 100, 1100
    runs = [scene.fleet([address(i) for i in range(count)], 64) for count in (few, many)]
    return {"ours": (runs[1]["cpu"] - runs[0]["cpu"]) / (many - few) * 1e6, "passed": runs[1]["passed"],
            "libssh": bare(scene, [address(i) for i in range(many - few)], 64)}


def memory(scene):
    """Of those in flight: all of them are, where the round trip is long against what the logins take. KiB each."""
    few, many = 100, 600
    runs = [scene.fleet([address(i) for i in range(count)], count, "--timeout", "100") for count in (few, many)]
    floors = [bare(scene, [address(i) for i in range(count)], count)["memory"] for count in (few, many)]
    return {"ours": (runs[1]["memory"] - runs[0]["memory"]) / (many - few), "passed": runs[1]["passed"],
            "libssh": (floors[1] - floors[0]) / (many - few)}


def flight(scene):
    """All of them in flight at once, and a few for the memory that a run takes anyway."""
    hosts = [address(i) for i in range(scene.tools.flight)]
    patient = ["--timeout", "100"]  # so many logins keep the server's two cores busy for longer than usual
    many = scene.fleet(hosts, len(hosts), *patient)
    few = scene.fleet(hosts[:8], 8, *patient)
    return {"elapsed": many["elapsed"], "passed": many["passed"], "cpu_each": many["cpu"] / len(hosts),
            "memory_each": (many["memory"] - few["memory"]) / (len(hosts) - 8)}


def growth(scene):
    results = {}
    for count in (1000, 10000):
        result = scene.fleet([address(i) for i in range(count)], 128)
        results[count] = {k: v for k, v in result.items() if k != "text"}
    return results


def hold(listener):
    """A tarpit: connections are taken and nothing is ever said."""
    kept = []
    while True:
        kept.append(listener.accept()[0])


def mixed(scene):
    """A tenth filtered, a twentieth tarpits, against the rest alone."""
    listener = socket.create_server((NEAR, TARPIT), backlog=1024)
    pid = os.fork()
    if pid == 0:
        hold(listener)
    count, timeout = 200, ["--timeout", str(TIMEOUT)]
    rest = [address(i) for i in range(count * 85 // 100)]
    lines = rest + [address(i, 51) for i in range(count // 10)] + \
        ["%s:%d" % (address(i), TARPIT) for i in range(count - len(rest) - count // 10)]
    alone = scene.fleet(rest, count, *timeout)
    both = scene.fleet(lines, count, *timeout)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return {"alone": alone["elapsed"], "mixed": both["elapsed"], "passed": both["passed"], "timeout": TIMEOUT}


def measure_here(tools):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory(prefix="spf-bench-") as folder:
        scene = Scene(folder, tools)
        try:
            json.dump({part: globals()[part](scene) for part in tools.parts}, sys.stdout)
        finally:
            scene.sshd.stop()


def across(tools, rtt, parts):
    done = subprocess.run(
        [tools.delayed, str(rtt), sys.executable, "-B", __file__, "--here", "--binary", tools.binary, "--baseline",
         tools.baseline, "--server", tools.server, "--quick", tools.quick, "--crypto", tools.crypto, "--floor", tools.floor, "--flight", str(tools.flight), *parts],
        stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def show(tools, near, far):
    if "peers" in far:
        for name, one in far["peers"].items():
            print("200 hosts at %d ms, %-15s %6.1f s elapsed  %6.2f ms CPU each  %4d answered" % (
                tools.rtt, name, one["elapsed"], one["cpu_each"] * 1000, one["passed"]))
        scan, each, fleet = far["peers"].values()
        print("  elapsed: 1/%.1f of ssh-keyscan; CPU: 1/%.1f of a process each" % (
            scan["elapsed"] / fleet["elapsed"], each["cpu_each"] / fleet["cpu_each"]))
    if "crypto" in far:
        total = sum(far["crypto"].values())
        print("cryptography of a login: %.0f us (%s)" % (total, ", ".join(
            "%s %.0f" % item for item in far["crypto"].items())))
        if "peers" in far:
            print("  CPU of a login: %.2f times that" % (far["peers"]["one run"]["cpu_each"] * 1e6 / total))
    if "floor" in far:
        one = far["floor"]
        print("CPU of a login: %.0f us, %.0f by libssh alone: %.2f times; %d and %d passed" % (
            one["ours"], one["libssh"]["cpu"], one["ours"] / one["libssh"]["cpu"], one["passed"], one["libssh"]["passed"]))
        if "crypto" in far:
            print("  over its cryptography: %.2f, libssh alone %.2f" % (one["ours"] / total, one["libssh"]["cpu"] / total))
    if "memory" in far:
        print("memory of a login in flight: %(ours).1f KiB, %(libssh).1f by libssh alone; %(passed)d passed" % far["memory"])
    if "flight" in far:
        one = far["flight"]
        print("%d in flight: %.2f s at %d ms, %.2f s at 0 ms: %.1f round trips; %.0f KiB each, %.2f ms CPU each, "
              "%d passed" % (tools.flight, one["elapsed"], tools.rtt, near["flight"]["elapsed"],
                             (one["elapsed"] - near["flight"]["elapsed"]) / (tools.rtt / 1000), one["memory_each"],
                             one["cpu_each"] * 1000, one["passed"]))
    if "growth" in far:
        small, large = far["growth"]["1000"], far["growth"]["10000"]
        print("10,000 against 1,000: %.1f s and %.1f s (%.2f times as long each), %.1f and %.1f MB, %d and %d passed" % (
            large["elapsed"], small["elapsed"], large["elapsed"] / small["elapsed"] / 10, large["memory"] / 1024,
            small["memory"] / 1024, large["passed"], small["passed"]))
    if "mixed" in far:
        one = far["mixed"]
        print("10 %% filtered, 5 %% tarpits: %.1f s; the rest alone %.1f s, timeout %d s: bound %.1f s; %d passed" % (
            one["mixed"], one["alone"], one["timeout"], one["timeout"] + 1.3 * one["alone"], one["passed"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    build = os.path.join(ROOT, "build", "release")
    parser.add_argument("--binary", default=os.path.join(build, "src/cli/sshpreflight"))
    parser.add_argument("--baseline", help="the build that is run once for each target (the same)")
    parser.add_argument("--delayed", default=os.path.join(build, "tests/bench/delayed"))
    parser.add_argument("--crypto", default=os.path.join(build, "tests/bench/login_crypto"))
    parser.add_argument("--floor", default=os.path.join(build, "tests/bench/libssh_login"))
    parser.add_argument("--quick", default=os.path.join(build, "tests/bench/quick_server"))
    parser.add_argument("--server", choices=("sshd", "quick"), default="sshd", help="quick takes a fraction of the CPU")
    parser.add_argument("--rtt", type=int, default=100)
    parser.add_argument("--flight", type=int, default=2000)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("parts", nargs="*")
    tools = parser.parse_args()
    tools.parts = tools.parts or list(PARTS)
    tools.baseline = tools.baseline or tools.binary
    if set(tools.parts) - set(PARTS):
        parser.error("parts are " + " ".join(PARTS))
    if tools.here:
        return measure_here(tools)
    far = across(tools, tools.rtt, tools.parts)
    near = across(tools, 0, ["flight"]) if "flight" in tools.parts else {}
    print("load average %.1f" % os.getloadavg()[0])
    show(tools, near, far)
    return 0


if __name__ == "__main__":
    sys.exit(main())
