#!/usr/bin/env python3
"""Drives the whole program against an SSH server whose bytes are damaged on the way.

A proxy in front of a real sshd flips, drops, repeats, inserts or withholds bytes of what the
server says; each run has a seed. Whatever comes, the program must end in time, with a status of its
own and a report that is JSON. Best with a binary built with AddressSanitizer.

    mutating_server.py [--seconds N] [--seed N] [--jobs N] [--inside libmutating_cipher.so
                       [--libssh path/to/lab-libssh]] path/to/sshpreflight

With --inside the damage is done before it is encrypted (mutating_cipher.c), to sshd's words or to
those of a server on libssh.
"""

import argparse
import concurrent.futures
import itertools
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
from harness import servers  # noqa: E402

TIMEOUT = 1  # seconds, each step of the program's


def damage(chance, data):
    """One piece of the server's words, perhaps no longer what it was. None: say nothing more."""
    kind = chance.choice(["none", "none", "flip", "drop", "repeat", "insert", "cut", "silence", "close"])
    at = chance.randrange(len(data))
    if kind == "flip":
        return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1:]
    if kind == "drop":
        return data[:at] + data[at + chance.randrange(1, 9):]
    if kind == "repeat":
        return data[:at] + data[at:at + 64] * 2 + data[at + 64:]
    if kind == "insert":
        return data[:at] + chance.randbytes(chance.choice([1, 4, 300, 40000])) + data[at:]
    if kind == "cut":
        return data[:at]
    if kind in ("silence", "close"):
        return None if kind == "silence" else b""
    return data


def pump(chance, client, server):
    """Copies both ways; the server's pieces from a chosen one on are damaged."""
    def ask():
        try:
            while data := client.recv(65536):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    threading.Thread(target=ask, daemon=True).start()
    first = chance.randrange(4)
    try:
        for number in range(1000000):
            data = server.recv(65536)
            if not data:
                break
            if number >= first:
                data = damage(chance, data)
                if data is None:
                    time.sleep(TIMEOUT + 1)
                    break
                if not data:
                    break
            client.sendall(data)
    except OSError:
        pass
    for end in (client, server):
        end.close()


def start_sshd(folder, inside):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for name in ("host", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/{name}"], check=True)
    shutil.copy(f"{folder}/key.pub", f"{folder}/authorized_keys")
    os.chmod(f"{folder}/key", 0o400)
    with open(f"{folder}/config", "w", encoding="ascii") as config:
        config.write(f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\n"
                     f"AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nUsePAM no\n"
                     "PermitRootLogin yes\nMaxStartups 100\n" +
                     ("PerSourcePenalties no\n" if servers.sshd_version() >= (9, 8) else "") +
                     ("Ciphers aes256-gcm@openssh.com\n" if inside else ""))
    os.makedirs("/run/sshd", exist_ok=True)
    process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-E", f"{folder}/log", "-f", f"{folder}/config"])
    if servers.wait_until(lambda: servers.listens(port), servers.HANGS):
        return process, port
    raise SystemExit("sshd does not come up")


def serve_inside(options, folder, client, seed):
    """One connection with a server that damages its own words; whatever becomes of that server."""
    words = ["/usr/sbin/sshd", "-i", "-E", f"{folder}/log", "-f", f"{folder}/config"]
    if options.libssh:
        words = [options.libssh, "--host-key", f"{folder}/host", "--authorized", f"{folder}/key.pub",
                 "--cipher", "aes256-gcm@openssh.com"]
    with client, open(f"{folder}/log", "ab") as log:
        subprocess.run(words, stdin=client, stdout=client, stderr=log, check=False,
                       env={"PATH": os.environ["PATH"], "LD_PRELOAD": options.inside,
                            "SPF_MUTATE": str(seed)})


def attack(options, folder, port, seed):
    """One run of the program; the reason why it is not as it should be, or None."""
    listener = socket.create_server(("127.0.0.1", 0))
    chance = random.Random(seed)

    def serve():
        client, _ = listener.accept()
        if options.inside:
            serve_inside(options, folder, client, seed)
            return
        pump(chance, client, socket.create_connection(("127.0.0.1", port)))

    threading.Thread(target=serve, daemon=True).start()
    command = [options.program, "--host", "127.0.0.1", "-p", str(listener.getsockname()[1]), "--key",
               f"{folder}/key", "--known-hosts", "/dev/null", "--timeout", str(TIMEOUT), "--deadline", "15",
               "--json"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=40, check=False)
    except subprocess.TimeoutExpired:
        return "it does not end", "?"
    finally:
        listener.close()
    if done.returncode not in (0, 1, 2):
        return f"status {done.returncode}: {done.stderr.decode(errors='replace')[:2000]}", "?"
    try:
        target = json.loads(done.stdout)["targets"][0]
    except (ValueError, KeyError) as error:
        return f"no report: {error}", "?"
    return None, target["cause"] or target["verdict"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--inside")
    parser.add_argument("--libssh")
    options = parser.parse_args()
    seen, seeds, end = {}, itertools.count(options.seed), time.monotonic() + options.seconds

    def work():
        while time.monotonic() < end:
            seed = next(seeds)
            trouble, cause = attack(options, folder, port, seed)
            if trouble:
                return f"seed {seed}: {trouble}"
            seen[cause] = seen.get(cause, 0) + 1
        return None

    with tempfile.TemporaryDirectory() as folder:
        server, port = start_sshd(folder, options.inside)
        try:
            with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
                troubles = [job.result() for job in [pool.submit(work) for _ in range(options.jobs)]]
        finally:
            server.terminate()
            server.wait()
    for trouble in filter(None, troubles):
        print(trouble)
    print(f"{sum(seen.values())} runs:", ", ".join(f"{name} {count}" for name, count in sorted(seen.items())))
    sys.exit(any(troubles))


if __name__ == "__main__":
    main()
