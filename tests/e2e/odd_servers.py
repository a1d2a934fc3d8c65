#!/usr/bin/env python3
"""What the program says of a server that does one wrong thing at one message of a login.

Every deed at every stage (../lab/harness/odd_ssh.py). The report must say what the server did, in
the terms of the protocol; the SSH library's own words are evidence, and no more.
"""

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lab"))

from harness import odd_ssh  # noqa: E402
from harness.keys import Key  # noqa: E402

# What libssh says; none of it means anything to somebody who wants to log in.
LIBRARY = ["Socket error", "read_packet", "packet_send", "Packet len", "Packet filter", "Invalid",
           "Decryption error", "HMAC", "ssh_packet", "hostkey", "known hosts", "public key in packet",
           "kex error", "Channel opening", "no answer in time"]

# deed -> what the summary says, where it is not one thing at every stage
SAYS = {
    "close": ["the server closed the connection (after the server's ",
              "the connection was reset (after the server's "],  # which it is, where it left ours unread
    "reset": "the connection was reset (after the server's ",
    "silence": "nothing came after the server's ",
    "disconnect": "Gone for \\x1b[31mlunch",
    "no-packet": "the server sent bytes that are no SSH packet (after the server's ",
    "bad-padding": ["bytes that are no SSH packet", "failed the integrity check"],
    "wrong-message": ["a message that cannot come here (SSH_MSG_CHANNEL_OPEN_CONFIRMATION)",
                      "nothing came after the server's SSH_MSG_CHANNEL_OPEN_CONFIRMATION"],
    "cut-message": ["a message of the server is damaged (", "nothing came after the server's "],
    "unknown-message": "nothing came after the server's message of type 200",
    "ignores": ["sends SSH_MSG_IGNORE without end", "goes on sending SSH_MSG_IGNORE ("],
    "debugs": ["sends SSH_MSG_DEBUG without end", "goes on sending SSH_MSG_DEBUG ("],
}
# what may end by the time-out alone
WAITED_FOR = ("silence", "wrong-message", "cut-message", "unknown-message", "ignores", "debugs")
CAUSES = {
    "kexinit": ["handshake-failed", "handshake-timeout"],
    "kex-reply": ["handshake-failed", "handshake-timeout"],
    "newkeys": ["handshake-failed", "handshake-timeout", "auth-timeout"],
    "service-accept": ["auth-disconnected", "auth-timeout"],
    "query-answer": ["auth-disconnected", "auth-timeout", "auth-key-refused"],
    "signature-answer": ["auth-disconnected", "auth-timeout", "auth-login-refused",
                         "session-timeout"],
    "channel-confirmation": ["session-refused", "session-timeout"],
    "exec-answer": ["session-refused", "session-timeout"],
    "output": ["session-refused", "session-timeout"],
}

# name of an odd reply -> the cause, and what the summary of that check says
REPLIES = {
    "unimplemented": (None, "a command ran", "an echo was answered"),
    "banner": (None, "a command ran", "an echo was answered"),
    "late-extensions": (None, "a command ran", "an echo was answered"),
    "asks-globally": (None, "a command ran", "an echo was answered"),
    "no-window": (None, "a command ran", "an echo was answered"),
    "refuses": ("auth-key-refused", "does not accept this key"),
    "refuses-all": ("auth-publickey-disabled", ""),
    "refuses-keys": ("auth-publickey-disabled", ""),
    "partial-query": ("auth-key-refused", "does not accept this key"),
    "lets-in": ("system-error", "let us in before we signed"),
    "too-many": ("auth-key-refused", "it answered by disconnecting: Too many authentication failures"),
    "refuses-login": ("auth-login-refused", "knows this key"),
    "second-factor": ("auth-second-factor", ""),
    "prohibits": ("session-refused", "the server opens no channel for it: not here"),
    "cannot-connect": ("session-refused", "the server opens no channel for it"),
    "unknown-type": ("session-refused", "the server opens no channel for it: what?"),
    "shortage": ("session-refused", "the server opens no channel for it: \\x1b[2Jno more"),
    "no-command": ("session-refused", "refuses to run a command in it"),
    "no-command-but-sftp": ("session-sftp-only", ""),
    "killed": ("session-no-shell", ""),
    "no-status": ("session-no-shell", ""),
    "complains": ("session-no-shell", "the server says: no such thing"),
    "closes-at-once": ("session-no-shell", ""),
}


def judge_reply(name, target):
    """Complaints about the report of a login with an odd reply."""
    cause, *says = REPLIES[name]
    found = [] if target["cause"] == cause else ["%s: cause %s" % (name, target["cause"])]
    said = [check["summary"] for check in target["checks"] if check["cause"] == cause or cause is None]
    if not any(part in text for part in says for text in said):
        found.append("%s: it says nothing of %r: %r" % (name, says, said))
    if name == "lets-in" and not any(check["cause"] == "auth-none-accepted" for check in target["checks"]):
        found.append(name + ": nothing is said of a login without a proof")
    return found


def cases():
    yield None, None, ["You can log in"]
    yield None, "bad-signature", ["does not prove that it holds that key"]
    yield None, "late-shell", ["You can log in"]
    yield None, "late-no-shell", ["a command ends at once with status 1"]
    yield None, "late-refusal", ["the server opens no channel for it: open failed"]
    for name in odd_ssh.REPLIES:
        yield None, name, None
    for stage in odd_ssh.STAGES:
        sealed = odd_ssh.STAGES.index(stage) > odd_ssh.STAGES.index("newkeys")
        for deed in odd_ssh.DEEDS:
            if deed == "bad-mac" and not sealed:
                continue  # before there are keys nothing is checked
            says = SAYS.get(deed, "a packet of the server failed the integrity check")
            yield stage, deed, says if isinstance(says, list) else [says]


def complaints_of(tools, folder, key, case):
    """What ends by the time-out has more of it, where the server was too slow to come to its deed."""
    stage, deed, _ = case
    place = tempfile.mkdtemp(dir=folder)
    server = odd_ssh.OddServer(place, stage, deed)
    try:
        for seconds in (5, 20, 80) if deed in WAITED_FOR else (200,):
            found = tried(tools, place, key, server, case, seconds)
            if not found:
                break
    finally:
        server.stop()
    return found


def tried(tools, place, key, server, case, seconds):
    stage, deed, says = case
    name = "%s at %s: " % (deed, stage)
    known_hosts, record = os.path.join(place, "known_hosts"), os.path.join(place, "record")
    env = {"PATH": os.environ["PATH"], "HOME": place}
    with open(known_hosts, "w", encoding="ascii") as out:
        out.write("[127.0.0.1]:%d %s\n" % (server.port, server.host_key.line))
    done = subprocess.run(
        [tools.binary, "--host", "127.0.0.1", "-p", str(server.port), "-l", "somebody", "--session=always", "--key",
         key.path, "--known-hosts", known_hosts, "--timeout", str(seconds), "--deadline", "300", "--record", record,
         "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=400,
        check=False, env=env)
    again = subprocess.run([tools.binary, "--replay", record, "--json"], timeout=300, check=False,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=env)
    try:
        target = json.loads(done.stdout)["targets"][0]
        replayed = json.loads(again.stdout)["targets"][0]
    except (ValueError, KeyError):
        return [name + "no report: %r" % done.stdout]
    if says is None:
        found = judge_reply(deed, target)
    else:
        found = [name + "it says nothing of %r: %s" % (says, target["summary"])]
        found = [] if any(part in target["summary"] for part in says) else found
    words = [target["summary"]] + [check["summary"] for check in target["checks"]]
    words += [part["text"] for part in target["remedies"] + target["candidates"]]
    found += [name + "words of the library: " + text for text in words
              for part in LIBRARY if part in text]
    # what a command printed is in no record
    if replayed["summary"] != target["summary"] and deed != "complains":
        found.append(name + "replayed: " + replayed["summary"])
    if stage and target["cause"] not in CAUSES[stage]:
        found.append(name + "cause " + str(target["cause"]))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    tools = parser.parse_args()
    tools.binary = os.path.abspath(tools.binary)
    with tempfile.TemporaryDirectory(prefix="spf-odd-") as folder:
        key = Key(folder, "key.pem", {})
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            found = list(pool.map(lambda case: complaints_of(tools, folder, key, case), cases()))
    for text in sum(found, []):
        print(text)
    print("%d servers" % len(found))
    return 1 if any(found) else 0


if __name__ == "__main__":
    sys.exit(main())
