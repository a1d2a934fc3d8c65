#!/usr/bin/env python3
"""A name server that never answers: neither a host's name nor the API's holds a run up. And a word
that is no host's name: an instance's may be.

In namespaces of its own, where the name server is a socket that nobody reads. Exit status 77: this
machine gives us none.
"""

import contextlib
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time

import stage  # it finds the harness
from harness import world
from harness.cloud import Authority, Cloud
from harness.keys import Key

SKIPPED = 77
CLOUD = {"ALIBABA_CLOUD_REGION_ID": "cn-hangzhou", "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tLab",
         "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "x", "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}
HOST = ["--host", "nosuch.example"]
API = ["--instance", "i-bp1lab0000000000web1", "--endpoint", "https://api.example"]
LIMIT = 60  # seconds; the resolver would ask for 90
# options -> causes
CASES = [
    (HOST + ["--deadline", "4"], {"net.port": "deadline-exceeded"}),
    (HOST + ["--timeout", "4"], {"net.port": "resolver-silent"}),
    (API + ["--deadline", "4"], {"cloud.access": "deadline-exceeded"}),
    (HOST + API + ["--deadline", "4"], {"cloud.access": "deadline-exceeded",
                                        "net.port": "deadline-exceeded"}),
]


@contextlib.contextmanager
def unanswered_names(folder):
    """The name server; None: nothing can be mounted here."""
    with socket.socket() as any_socket:
        up = struct.pack("16sh14x", b"lo", 0x41)
        fcntl.ioctl(any_socket, 0x8914, up)  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING
    with open(folder + "/resolv.conf", "w", encoding="ascii") as out:
        out.write("nameserver 127.0.0.1\noptions timeout:30 attempts:3\n")
    mounted = subprocess.run(["mount", "--bind", out.name, "/etc/resolv.conf"], check=False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))
        yield server if mounted.returncode == 0 else None


def check(binary, folder):
    failed = False
    key = Key(folder, "key.pem", {})
    for options, causes in CASES:
        start = time.monotonic()
        done = subprocess.run([binary, "--key", key.path, "--json", *options], check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=300,
                              env={"HOME": folder, **CLOUD, "TSAN_OPTIONS": "atexit_sleep_ms=0"})
        seconds = time.monotonic() - start
        checks = {c["id"]: c["cause"] for c in json.loads(done.stdout)["targets"][0]["checks"]}
        found = {name: checks[name] for name in causes}
        print("%s: %.1f s, %s" % (" ".join(options), seconds, found))
        failed |= seconds > LIMIT or found != causes
    return int(failed)


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
    with tempfile.TemporaryDirectory(prefix="spf-names-") as folder:
        with unanswered_names(folder) as server:
            if server is None:
                print("skipped: nothing can be mounted here")
                return SKIPPED
            failed = check(sys.argv[1], folder)
        return failed or check_instance_name(sys.argv[1], sys.argv[2], folder)


if __name__ == "__main__":
    sys.exit(main())
