#!/usr/bin/env python3
"""Whatever a server does and at whichever of its packets: the run ends in time, with what is known.

A proxy before a real sshd falls silent, closes, resets or drips at each packet in turn, also within
the encrypted part. A run must end by its deadline, by the time of a step or with the server, name the
step that it was in and only causes that can be, and pass only where the answer of the session had come.
"""

import concurrent.futures
import json
import subprocess
import sys
import tempfile
import time

import stage  # noqa: F401  (finds the harness)
from harness import judge, proxy, servers
from harness.keys import Key

LIMIT = 150  # seconds; what ends a run must end it far sooner than what else would
# What ends a run: its deadline, a step's own time, or the server.
DEADLINE = ("--deadline", "8", "--timeout", "600")
STEP = ("--deadline", "600", "--timeout", "6")
SERVER = ("--deadline", "600", "--timeout", "600")

# (manner, what ends the run) -> the step it was in -> the cause that must be named
LATE = dict.fromkeys(("banner", "handshake", "auth", "session"), "deadline-exceeded")
SILENT = {"banner": "ssh-silent", "handshake": "handshake-timeout", "auth": "auth-timeout",
          "session": "session-timeout"}
ENDED = {"banner": "ssh-closed-early", "handshake": "handshake-failed",
         "auth": "auth-disconnected", "session": "session-refused"}
CAUSES = {("stall", DEADLINE): LATE, ("half", DEADLINE): LATE, ("drip", DEADLINE): LATE,
          ("stall", STEP): SILENT, ("close", SERVER): ENDED, ("reset", SERVER): ENDED}
PACKETS = 20  # of the server: 18 in all, and the last ones are not waited for
STEPS = ["banner", "handshake", "auth", "session", None]
SEEN = {0: "banner", 1: "handshake", 2: "handshake", 3: "handshake"}  # the packet -> its step


class Sweep:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.key = Key(folder, "key.pem", {})
        config = proxy.PROXIED + ["MaxStartups 500"]
        self.sshd = servers.Sshd(folder + "/sshd", {"config": config}, self.key, self.key)

    def run(self, manner, at, how):
        """The report's target, and what is wrong already."""
        between = proxy.Proxy(self.sshd.port, manner, at)
        with open(self.folder + "/known_hosts-%d" % between.port, "w", encoding="ascii") as out:
            out.write(self.sshd.known_hosts()[0].replace(str(self.sshd.port), str(between.port)))
        start = time.monotonic()
        done = subprocess.run([self.binary, "--host", "127.0.0.1", "-p", str(between.port), "--key",
                               self.key.path, "--known-hosts", out.name, "--json", *how],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=300, check=False,
                              env={"HOME": self.folder})
        seconds = time.monotonic() - start
        between.stop()
        if done.returncode not in (0, 1, 2) or done.stderr:
            return None, ["status %d: %s" % (done.returncode, done.stderr.decode())]
        wrong = ["it took %.1f s" % seconds] if seconds > LIMIT else []
        # where a step stalled, up to three more look for the size of packet that passes
        if not 1 <= between.connections <= (4 if (manner, how) == ("stall", STEP) else 1):
            wrong.append("%d connections" % between.connections)
        return json.loads(done.stdout)["targets"][0], wrong

    def attempt(self, job):
        manner, at, how = job
        target, wrong = self.run(*job)
        if target is None:
            return None, wrong
        step, more = self.judge(target, CAUSES[manner, how], SEEN.get(at))
        return step, wrong + more

    @staticmethod
    def judge(target, causes, expected):
        """The step at which it ended, and what is wrong with the report."""
        checks = {check["id"]: check for check in target["checks"]}
        path = [checks["net.port"]] + [checks["ssh." + name] for name in
                                       ("banner", "handshake", "host-key", "auth", "session")]
        stuck = next((check for check in path if check["status"] != "pass"), None)
        if stuck is None:
            return None, [] if target["verdict"] == "pass" and not expected else ["it passes"]
        step = stuck["id"].split(".")[1]
        wrong = judge.negotiated(target)
        if expected not in (step, None):
            wrong.append("ends at %s, not %s" % (step, expected))
        if target["verdict"] == "pass" or stuck["cause"] != causes.get(step):
            wrong.append("%s, %s" % (target["verdict"], stuck["cause"]))
        if target["cause"] != stuck["cause"]:
            wrong.append("the root cause is " + target["cause"])
        if any(check["status"] != "skip" for check in path[path.index(stuck) + 1:]):
            wrong.append("goes on behind " + step)
        return step, wrong


def complain(job, wrong):
    for word in wrong:
        print("FAILED: %s at packet %d, %s: %s" % (job[0], job[1], " ".join(job[2]), word))
    return bool(wrong)


def main():
    failed = False
    with tempfile.TemporaryDirectory(prefix="spf-cuts-") as folder:
        sweep = Sweep(sys.argv[1], folder)
        try:
            target, wrong = sweep.run("through", 0, SERVER)
            if wrong or target["verdict"] != "pass":
                print("FAILED: undisturbed:", wrong, target)
                return 1
            jobs = [(manner, at, how) for manner, how in CAUSES for at in range(PACKETS)]
            with concurrent.futures.ThreadPoolExecutor(20) as pool:
                done = list(pool.map(sweep.attempt, jobs))
            furthest = {}
            for job, (step, wrong) in zip(jobs, done):
                failed |= complain(job, wrong)
                before = furthest.setdefault((job[0], job[2]), 0)
                reached = STEPS.index(step)
                # What a command says and how it ends have no fixed order: 3 may follow 4.
                if not min(before, 3) <= reached <= before + 1:
                    failed = True
                    print("FAILED: %s at packet %d comes to %s" % (job[0], job[1], step))
                furthest[job[0], job[2]] = reached
            for way, reached in furthest.items():
                if reached < 3:
                    failed = True
                    print("FAILED: %s never comes to a session" % way[0])
        finally:
            sweep.sshd.stop()
    print("%d runs: %s" % (len(jobs), ", ".join(
        "%s %d" % (step or "pass", sum(s == step for s, _ in done)) for step in STEPS)))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
