#!/usr/bin/env python3
"""A signal ends a run at whichever moment it comes: the status says so, and nothing crashes.

The server stops in the middle of the authentication, so that a run is still on its way when the signal
comes: 0 to 99 ms after the connection, while threads load keys and the loop shakes hands.
"""

import concurrent.futures
import signal
import subprocess
import sys
import tempfile
import time

import stage  # noqa: F401  (finds the harness)
from harness import proxy, servers
from harness.keys import Key

EACH = 10  # runs at each millisecond
STALLS_AT = 6  # the server's packet that never comes: behind the handshake


def run(job):
    """The status as a shell reports it, or what else happened."""
    binary, folder, key, sshd_port, delay_ms, number = job
    between = proxy.Proxy(sshd_port, "stall", STALLS_AT)
    try:
        with subprocess.Popen([binary, "--host", "127.0.0.1", "-p", str(between.port), "--key", key,
                               "--deadline", "30", "--timeout", "30"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={"HOME": folder}) as child:
            while not between.connections and child.poll() is None:
                time.sleep(0.0002)
            time.sleep(delay_ms / 1000)  # the moment is what is tested
            child.send_signal(number)
            stderr = child.communicate(timeout=300)[1].decode(errors="replace")
            status = 128 - child.returncode if child.returncode < 0 else child.returncode
    finally:
        between.stop()
    return status, stderr


def main():
    with tempfile.TemporaryDirectory(prefix="spf-kills-") as folder:
        keys = [Key(folder, kind + ".pem", {"type": kind, **more})
                for kind, more in (("rsa", {"bits": 4096}), ("ed25519", {}))]
        sshd = servers.Sshd(folder + "/sshd", {"config": proxy.PROXIED + ["MaxStartups 500"]}, keys[0], keys[0])
        try:
            jobs = [(sys.argv[1], folder, keys[turn % 2].path, sshd.port, delay,
                     (signal.SIGTERM, signal.SIGHUP)[turn // 2 % 2]) for delay in range(100) for turn in range(EACH)]
            with concurrent.futures.ThreadPoolExecutor(6) as pool:
                done = list(pool.map(run, jobs))
        finally:
            sshd.stop()
    wrong = [(job, got) for job, got in zip(jobs, done) if got[0] != 128 + job[5] or "ERROR" in got[1]]
    for (_, _, key, _, delay, number), (status, stderr) in wrong[:20]:
        print("FAILED: %s after %d ms with %s: status %d %s"
              % (number.name, delay, key.rsplit("/", 1)[1], status, stderr[:2000]))
    print("%d runs, %d ended in another way than by the signal" % (len(jobs), len(wrong)))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
