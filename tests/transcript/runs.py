#!/usr/bin/env python3
"""Transcripts as a whole: hostile texts, a private key among the lines, records, and the cloud beside.

    runs.py SSHPREFLIGHT LAB_CLOUD
"""
import json
import os
import pathlib
import pwd
import re
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "lab"))

from harness import judge, replay, world  # noqa: E402
from harness.cloud import Authority, Cloud  # noqa: E402
from harness.keys import Key  # noqa: E402

HANGS = 600  # seconds
REFUSED = "$ ssh -i key.pem root@203.0.113.9\nroot@203.0.113.9: Permission denied (publickey).\n"
ENVIRONMENT = {"HOME": "/nonexistent", "LC_ALL": "C.UTF-8",
               "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tLabCanaryId0001",
               "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "LabCanarySecretAk000000000001x",
               "ALIBABA_CLOUD_REGION_ID": "cn-hangzhou",
               "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}


def run(binary, *words, text=b""):
    return subprocess.run([binary, *words], input=text, capture_output=True, timeout=HANGS,
                          check=False, env=ENVIRONMENT)


def made_texts():
    """Too large, or too odd, to be files."""
    yield "one line of 4 MiB", b"debug1: " * (512 * 1024)
    yield "4 MiB of line ends", b"\n" * (4 << 20)
    yield "4 MiB of prompts", b"$ ssh a\n" * (512 * 1024)
    yield "deep JSON", b'{"msg":' * 200000
    yield "deep arrays in a string", b'{"msg": "' + b"[" * 200000 + b'"}'
    yield "backslashes", b'{"stderr": "' + b"\\" * 400001 + b'n"}'
    yield "every byte", bytes(range(256)) * 2000
    yield "half of UTF-16", b"\xff\xfe" + "ssh: connect".encode("utf-16-le")[:-1]
    yield "too long", REFUSED.encode() * 200000


def check_hostile(binary):
    texts = [(path.name, path.read_bytes()) for path in sorted((HERE / "hostile").glob("*.txt"))]
    for name, text in [*texts, *made_texts()]:
        outs = {}
        for words in (["--json"], ["-v"]):
            start = time.monotonic()
            done = run(binary, "explain", "-", *words, text=text)
            outs[words[0]] = done.stdout + done.stderr
            if done.returncode not in (0, 1, 2, 64):
                yield "%s: exit status %s" % (name, done.returncode)
            if time.monotonic() - start > HANGS / 4:
                yield "%s: %.0f s" % (name, time.monotonic() - start)
            if words == ["--json"] and done.returncode != 64:
                json.loads(done.stdout)
        yield from ("%s: %s" % (name, wrong) for wrong in judge.streams(outs, []))


def check_private_key(binary, folder):
    """Pasted by accident: no line of it is shown or kept, and its owner is warned."""
    for shape in ({"type": "ed25519"}, {"type": "rsa", "container": "pem"}):
        key = Key(folder, "pasted-%s.pem" % shape["type"], shape)
        body = pathlib.Path(key.path).read_text(encoding="ascii")
        secret = [line for line in body.splitlines() if re.fullmatch(r"[A-Za-z0-9+/=]{16,}", line)]
        quoted = "".join("> " + line + "\n" for line in body.splitlines())
        for text in (body + REFUSED, quoted + REFUSED, json.dumps({"msg": body + REFUSED})):
            record = os.path.join(folder, "pasted.json")
            outs = [run(binary, "explain", "-", *words, text=text.encode()).stdout.decode()
                    for words in (["-v"], ["--json", "--record", record],
                                  ["--format", "html"], ["--format", "junit"])]
            outs.append(pathlib.Path(record).read_text(encoding="utf-8"))
            for line in secret:
                if any(line[:16] in out for out in outs):
                    yield "a line of a private key is shown"
            if "compromised" not in outs[0]:
                yield "nobody is warned of a pasted private key: %s" % outs[0]
            checks = json.loads(outs[1])["targets"][0]["checks"]
            if checks[0]["evidence"].get("private_key_in_text") is not True:
                yield "the JSON report does not say that there is a private key"


def check_record(binary, folder):
    record = os.path.join(folder, "record.json")
    home = pwd.getpwuid(os.getuid()).pw_dir  # which a record does not name
    for path in sorted((HERE / "made").glob("*-ssh-v*.txt")):
        first = run(binary, "explain", "-", "--json", "--record", record, text=path.read_bytes())
        again = run(binary, "--replay", record, "--json")
        if first.returncode != again.returncode:
            yield "%s: exit status %s, replayed %s" % (path.name, first.returncode, again.returncode)
        found = []
        replay.compare(*(replay.plain(json.loads(done.stdout), [home]) for done in (first, again)),
                       "", found)
        yield from ("%s: %s" % (path.name, wrong) for _, wrong in found)


def check_cloud(binary, lab_cloud, folder):
    """With an instance the cloud is asked, each check says so, and nothing goes to the host."""
    key = Key(folder, "theirs.pem", {})
    authority = Authority(folder + "/authority")
    with socket.socket() as host:
        host.bind(("127.0.0.1", 0))
        host.listen()
        host.settimeout(0)
        port = host.getsockname()[1]
        places = {"public_key": key.public, "key_md5": key.md5, "other_public_key": key.public,
                  "port": port}
        text = "$ ssh -p %d -i k root@127.0.0.1\nroot@127.0.0.1: Permission denied (publickey).\n" % port
        with Cloud(lab_cloud, folder + "/cloud", world.build({}, places), authority) as cloud:
            done = run(binary, "explain", "-", "--json", "--instance", world.INSTANCE, "--key",
                       key.path + ".pub" if os.path.exists(key.path + ".pub") else key.path,
                       "--source-ip", "198.51.100.7", "--endpoint", cloud.url, "--ca-file",
                       authority.ca, text=text.encode())
            calls = {call["action"] for call in cloud.calls()}
        report = json.loads(done.stdout)
        sources = {check["id"]: check.get("source") for check in report["targets"][0]["checks"]
                   if check["status"] != "skip"}
        if report["source"] != "transcript":
            yield "the report's source is %s" % report["source"]
        for name, source in sources.items():
            if source != ("live" if name.startswith("cloud.") else None):
                yield "%s has the source %s" % (name, source)
        if "DescribeInstances" not in calls or "cloud.instance" not in sources:
            yield "the cloud was not asked: %s, %s" % (calls, sources)
        try:
            host.accept()
            yield "the host was connected to"
        except BlockingIOError:
            pass


def main():
    binary, lab_cloud = sys.argv[1:3]
    with tempfile.TemporaryDirectory(prefix="spf-transcript-") as folder:
        wrong = [*check_hostile(binary), *check_private_key(binary, folder),
                 *check_record(binary, folder), *check_cloud(binary, lab_cloud, folder)]
    print("\n".join(wrong) or "as it should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
