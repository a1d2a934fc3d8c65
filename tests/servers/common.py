"""What the servers in Python share: options, commands, and how they begin and end."""

import argparse
import ctypes
import signal
import subprocess


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host-key", action="append", required=True)
    parser.add_argument("--authorized", required=True)
    parser.add_argument("--password-only", action="store_true")
    parser.add_argument("--sftp-only", action="store_true")
    parser.add_argument("--version", default=None)
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    return parser.parse_args()


def authorized(path):
    """The keys of authorized_keys as (type, base64), without their options."""
    with open(path, encoding="ascii") as source:
        words = [line.split() for line in source]
    kinds = ("ssh-", "ecdsa-", "sk-")
    return [tuple(line[at:at + 2]) for line in words
            for at in range(len(line) - 1) if line[at].startswith(kinds)][:100]


def run(command):
    """Its output, both streams, and its exit status."""
    done = subprocess.run(command, shell=True, stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout, done.returncode


def ready(port):
    print("ready", port, flush=True)
