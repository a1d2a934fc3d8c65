#!/usr/bin/env python3
"""Which target of an earlier run is which: lines of one host that differ in what they give are never taken for each
other, by --resume and --baseline, from records, ndjson and what releases before wrote; nor are they one target."""

import json
import os
import re
import subprocess
import sys

import fleet
from fleet import Scene, expect, lasting, same
from harness import servers


class Lines:
    """A fleet of an ssh configuration, whose lines h1 are of one host, port, user and, but for one, key."""

    def __init__(self, scene):
        self.scene = scene
        self.config = scene.list("cfg", [
            "Host h1", "  HostName 127.0.0.2", "Host h2", "  HostName 127.0.0.3", "Host *",
            "  Port %d" % scene.sshd.port, "  User %s" % servers.login_user(), "  IdentityFile %s" % scene.key.path,
            "  IdentitiesOnly yes", "  UserKnownHostsFile %s" % scene.known_hosts])
        self.list = ["h1", "h1 -o Port=%d" % scene.closed, "h2", "h1 -i %s" % scene.other.path]

    def run(self, *words, lines=None, config="cfg", list="lines", status=None):  # noqa: A002
        hosts = [] if "--replay" in words else [
            "-F", config, "--known-hosts", self.scene.known_hosts, "--no-session", "--timeout", "60", "--jobs", "1",
            "--hosts-file", self.scene.list(list, lines or self.list)]
        done = subprocess.run([self.scene.binary, *hosts, *words], cwd=self.scene.folder, env=self.scene.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=fleet.HANGS, check=False)
        if status is not None:
            expect("%s: %s" % (words, done.stderr.decode()), done.returncode, status)
        return done.stdout.decode(), done.stderr.decode()

    def report(self, *words, **how):
        out, err = self.run("--json", *words, **how)
        if not out:
            raise AssertionError("%s: %s" % (words, err))
        return json.loads(out)


def cut(scene, name, text, targets):
    """What a record or ndjson was when so many targets were done."""
    lines = text.splitlines()
    return scene.list(name, lines[:targets + ('"targets":[' in lines[0])])


def old(text):
    """As a release wrote it that knew no identity."""
    made, count = re.subn(r'"identity":"[0-9a-f]{16}",?', "", text)
    made = made.replace(",}", "}")
    if count < 4:
        raise AssertionError(text)
    return made


def read(scene, name):
    with open(os.path.join(scene.folder, name), encoding="utf-8") as file:
        return file.read()


def a_cut_run_is_resumed(scene):
    """Cut after each target, the result is that of one run, from a record and from ndjson."""
    lines = Lines(scene)
    one = lines.report("--record", "one.rec", status=1)
    expect("verdicts", [target["verdict"] for target in one["targets"]], ["pass", "fail", "pass", "fail"])
    stream, _ = lines.run("--format", "ndjson", status=1)
    for count in range(5):
        for name, text in (("cut.rec", read(scene, "one.rec")), ("cut.ndjson", stream)):
            if count == 0 and name == "cut.ndjson":
                continue
            resumed = lines.report("--resume", cut(scene, name, text, count), status=1)
            same("%s after %d" % (name, count), lasting(resumed), lasting(one))
            resumed = lines.report("--resume", cut(scene, name, text, count), config=lines.config, status=1)
            expect("-F by its path", [target["cause"] for target in resumed["targets"]],
                   [target["cause"] for target in one["targets"]])


def what_is_decided_is_not_asked_again(scene):
    """The servers are another's: what was taken over is as it was, and the rest is not."""
    lines = Lines(scene)
    stream, _ = lines.run("--record", "asked.rec", "--format", "ndjson", status=1)
    text = read(scene, "asked.rec")
    closed = ["h1 -o ConnectTimeout=50" if line == "h1" else line for line in lines.list]
    scene.list("cfg", [re.sub("Port .*", "Port %d" % scene.closed, line) for line in read(scene, "cfg").splitlines()])
    for name, whole in (("asked.rec", text), ("asked.ndjson", stream)):
        report = lines.report("--resume", cut(scene, name, whole, 3))
        expect(name, [target["cause"] for target in report["targets"]], [None, "port-refused", None, "port-refused"])
        _, err = lines.run("--resume", cut(scene, name, whole, 3), lines=closed, status=64)
        if "1 of its 3 are not in this run" not in err and "for other targets or checks" not in err:
            raise AssertionError(err)


def old_files_leave_no_guess(scene):
    """What two lines may have left is asked again, and --baseline says that it is not compared."""
    lines = Lines(scene)
    one = lines.report("--record", "new.rec", status=1)
    scene.list("old.rec", old(read(scene, "new.rec")).splitlines())
    for count in range(5):
        path = cut(scene, "old-cut.rec", read(scene, "old.rec"), count)
        resumed = lines.report("--resume", path, status=1)
        same("old record after %d" % count, lasting(resumed), lasting(one))
    compared = lines.report("--baseline", "old.rec", status=1)
    expect("since", [target["changes"]["since"] for target in compared["targets"]],
           ["not-compared", "not-compared", "same", "not-compared"])
    expect("counts", [compared["baseline"][name] for name in ("same", "not-compared", "new")], [1, 3, 0])
    expect("gone", compared["baseline"]["gone"], [])
    out, _ = lines.run("--baseline", "old.rec", "--format", "short", status=1)
    expect("words", out.count("not compared; the baseline does not say which of its targets it was"), 3)


def a_baseline_is_not_crossed(scene):
    """The same list, in whatever order, is the same; a line that is new or gone is no other line."""
    lines = Lines(scene)
    stream, _ = lines.run("--record", "base.rec", "--format", "ndjson", status=1)
    scene.list("base.ndjson", stream.splitlines())
    for path in ("base.rec", "base.ndjson"):
        for order in (lines.list, lines.list[::-1]):
            report = lines.report("--baseline", path, lines=order, config=lines.config, status=1)
            expect(path, [(target["changes"]["since"], target["changes"]["facts"]) for target in report["targets"]],
                   [("same", [])] * 4)
        fewer = lines.report("--baseline", path, lines=[*lines.list[1:3], "h1 -o ConnectTimeout=50"], status=1)
        expect("fewer", [target["changes"]["since"] for target in fewer["targets"]], ["same", "same", "not-compared"])
    replayed = json.loads(lines.run("--replay", "base.rec", "--baseline", "base.rec", "--json", status=1)[0])
    expect("replayed", [target["changes"]["since"] for target in replayed["targets"]], ["same"] * 4)


def what_is_alike_is_asked_once(scene):
    """However its files are spelled, and not what differs in any word."""
    lines = Lines(scene)
    key = os.path.basename(scene.other.path)
    report = lines.report(lines=["h1", "h1 -i %s" % scene.other.path, "h1 -i %s" % key, "h1 -i ./%s" % key, "h1",
                                 "h1 -o ConnectTimeout=50"])
    expect("targets", report["summary"]["targets"], 3)
    expect("identities", len({target["target"]["identity"] for target in report["targets"]}), 3)


TESTS = [a_cut_run_is_resumed, what_is_decided_is_not_asked_again, old_files_leave_no_guess, a_baseline_is_not_crossed,
         what_is_alike_is_asked_once]

if __name__ == "__main__":
    sys.exit(fleet.main(TESTS))
