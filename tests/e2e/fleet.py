#!/usr/bin/env python3
"""Several targets in one run: lists, jobs, reports that are written as targets are done, interrupts."""

import contextlib
import json
import os
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import stage  # noqa: F401  (finds the harness)
from harness import servers, world
from harness.cloud import Authority, Cloud
from harness.keys import Key

HANGS = 200  # seconds
OFFICE = "sg-bp1lab0000000office"


def expect(what, seen, wanted):
    if seen != wanted:
        raise AssertionError("%s: %r, should be %r" % (what, seen, wanted))


class Crowd:
    """Has every connection wait for its greeting, and counts how many wait at once."""

    def __init__(self, seconds):
        self.seconds, self.most, self.held = seconds, 0, 0
        self.lock = threading.Lock()
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._hold, args=(peer,), daemon=True).start()

    def _hold(self, peer):
        with self.lock:
            self.held += 1
            self.most = max(self.most, self.held)
        time.sleep(self.seconds)
        with self.lock:
            self.held -= 1
        with peer, contextlib.suppress(OSError):
            peer.sendall(b"SSH-2.0-Crowd\r\n")
            peer.recv(4096)

    def stop(self):
        self.socket.close()


class Scene:
    def __init__(self, binary, lab_cloud, folder, stack):
        self.binary, self.lab_cloud, self.folder, self.stack = binary, lab_cloud, folder, stack
        self.key = Key(folder, "key.pem", {})
        self.other = Key(folder, "other.pem", {})
        addresses = ["ListenAddress 127.0.0.%d" % i for i in range(2, 10)]
        self.sshd = servers.Sshd(folder + "/sshd", {"config": addresses}, self.key, self.other)
        stack.callback(self.sshd.stop)
        self.known_hosts = folder + "/known_hosts"
        public = self.sshd.known_hosts()[0].split(" ", 1)[1]
        with open(self.known_hosts, "w", encoding="ascii") as out:
            out.write("[127.0.0.*]:* %s\n" % public)
        closed = servers.Fake("closed-port")
        silent = servers.Fake("silence")
        stack.callback(closed.stop)
        stack.callback(silent.stop)
        self.closed, self.silent, self.silent_log = closed.port, silent.port, silent.log
        self.environment = {**stage.ENVIRONMENT, "HOME": folder, "XDG_CACHE_HOME": folder + "/cache"}

    def list(self, name, lines):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")
        return path

    def hosts(self, count, first=2):
        return ["127.0.0.%d" % i for i in range(first, first + count)]

    def command(self, *words):
        return [self.binary, "-l", servers.login_user(), "-p", str(self.sshd.port),
                "--known-hosts", self.known_hosts, "--timeout", "60", "--deadline", str(HANGS), *words]

    def start(self, *words, key=True):
        keyed = ["--key", self.key.path] if key else []
        return subprocess.Popen(self.command(*keyed, *words), env=self.environment, cwd=self.folder,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *words, status, given=b"", **how):
        process = self.start(*words, **how)
        out, err = process.communicate(given, timeout=HANGS)
        if status is not None and process.returncode != status:
            raise AssertionError("%s: exit status %d, should be %d\n%s%s" % (
                words, process.returncode, status, out.decode(), err.decode()))
        return out.decode(), err.decode()

    def report(self, *words, status, **how):
        out, err = self.run("--json", *words, status=status, **how)
        return json.loads(out), err


def a_list_of_hosts(scene):
    hosts = scene.hosts(4)
    path = scene.list("hosts", [*hosts, "# more", "127.0.0.1:%d" % scene.closed, "two words",
                                hosts[0]])
    report, err = scene.report("--hosts-file", path, "--record", "evidence", status=1)
    expect("targets", report["summary"]["targets"], 5)
    expect("pass", report["summary"]["pass"], 4)
    expect("verdicts", [one["verdict"] for one in report["targets"]], ["pass"] * 4 + ["fail"])
    expect("hosts", [one["target"]["host"] for one in report["targets"]], hosts + ["127.0.0.1"])
    expect("left out", [line["where"][-6:] for line in report["left_out"]], ["line 7"])
    expect("groups", [(one["cause"], one["targets"]) for one in report["summary"]["groups"]],
           [("port-refused", ["%s@127.0.0.1 port %d" % (servers.login_user(), scene.closed)])])
    for part in ("line 7: two hosts", "1 target is named again: ", "line 8: %s; each is" % hosts[0]):
        if part not in err:
            raise AssertionError("standard error lacks %r: %s" % (part, err))
    out, _ = scene.run("--hosts-file", path, status=1)
    for part in ("5 targets: 4 pass, 1 fail, 0 unknown", "1 of 5: port-refused", "names no target"):
        if part not in out:
            raise AssertionError("the text lacks %r: %s" % (part, out))
    again = subprocess.run([scene.binary, "--replay", "evidence", "--json"], cwd=scene.folder,
                           env=scene.environment, stdout=subprocess.PIPE, check=False)
    expect("replay", [one["verdict"] for one in json.loads(again.stdout)["targets"]],
           ["pass"] * 4 + ["fail"])


def standard_input_and_formats(scene):
    given = "\n".join(scene.hosts(3)).encode()
    for form in ("short", "junit", "tap", "nagios", "prometheus", "github", "html"):
        out, _ = scene.run("--hosts-file", "-", "--format", form, status=0, given=given)
        for host in scene.hosts(3):
            if host not in out and form != "nagios":
                raise AssertionError("%s lacks %s: %s" % (form, host, out))


def a_line_that_names_none_is_no_pass(scene):
    """Every format names it, and none of them says that all is well."""
    path = scene.list("one too many", [*scene.hosts(2), "two words"])
    for form, says in [("short", r"unknown +-  .*line 3 names no target: two hosts"),
                       ("junit", r'errors="1".*<testsuite name="lines".*line 3" .*message="two hosts'),
                       ("tap", r"not ok \d+ - .*line 3 names no target: two hosts"),
                       ("nagios", r"UNKNOWN - 2 of 2 can log in; .*line 3 names no target: two hosts"),
                       ("prometheus", r'sshpreflight_line_left_out\{line=".*line 3",why="two hosts.*"\} 1'),
                       ("github", r"::warning title=.*line 3::.*line 3 names no target"),
                       ("json", r'"verdict": *"unknown".*"left_out":\s*\[\s*\{\s*"where": *".*line 3"'),
                       ("text", r"line 3 names no target: two hosts"), ("html", r"line 3 names no target: two hosts")]:
        out, _ = scene.run("--hosts-file", path, "--format", form, status=3 if form == "nagios" else 2)
        if not re.search(says, out, re.S):
            raise AssertionError("%s: %s" % (form, out))


def so_many_may_fail(scene):
    path = scene.list("mixed", scene.hosts(4) + ["127.0.0.1:%d" % scene.closed])
    scene.run("--hosts-file", path, "--fail-over", "20", status=0)
    scene.run("--hosts-file", path, "--fail-over", "19", status=1)


def no_target_is_wrong_usage(scene):
    out, err = scene.run("--hosts-file", scene.list("none", ["# nobody"]), status=64)
    expect("standard output", out, "")
    out, err = scene.run("--hosts-file", scene.list("bad", ["a b", "c d"]), status=64)
    expect("standard output", out, "")
    if "bad line 1" not in err:
        raise AssertionError(err)
    scene.run("--hosts-file", "missing", status=64)


def lines_come_as_targets_are_done(scene):
    """A target that says nothing holds up nobody; an interrupt keeps what is done."""
    path = scene.list("slow", ["127.0.0.1:%d" % scene.silent] + scene.hosts(5))
    process = scene.start("--hosts-file", path, "--format", "ndjson", "--jobs", "2")
    lines = []
    for _ in range(5):
        if not select.select([process.stdout], [], [], HANGS)[0]:
            raise AssertionError("no line came")
        lines.append(json.loads(process.stdout.readline()))
    expect("first lines", [one["verdict"] for one in lines], ["pass"] * 5)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=HANGS)
    expect("exit status", process.returncode, 128 + signal.SIGINT)
    rest = [json.loads(line) for line in out.decode().splitlines()]
    expect("last line", [(one["verdict"], one["cause"]) for one in rest],
           [("unknown", "interrupted")])


def an_interrupt_reports_everybody(scene):
    """Also those that were not begun."""
    path = scene.list("slower", ["127.0.0.1:%d" % scene.silent] + scene.hosts(5))
    before = len(scene.silent_log)
    process = scene.start("--hosts-file", path, "--json", "--jobs", "1")
    expect("it began", servers.wait_until(lambda: len(scene.silent_log) > before, HANGS), True)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=HANGS)
    expect("exit status", process.returncode, 128 + signal.SIGINT)
    expect("causes", {one["cause"] for one in json.loads(out)["targets"]}, {"interrupted"})
    expect("targets", len(json.loads(out)["targets"]), 6)


def no_more_at_once_than_jobs(scene):
    crowd = Crowd(0.6)  # they begin a fifth of a second apart
    scene.stack.callback(crowd.stop)
    path = scene.list("crowd", ["a%d@127.0.0.1:%d" % (i, crowd.port) for i in range(30)])
    scene.run("--hosts-file", path, "--jobs", "3", "--only", "ssh.banner", status=0)
    # What was left is counted until the server looks, and a slow one is looked into by three more:
    # the bound is not 3, but well below the 30 that there would be without one.
    if not 1 < crowd.most <= 20:
        raise AssertionError("%d connections at once" % crowd.most)


def traced(scene, calls, *words):
    """The run's system calls of these names, each with its process and its time."""
    trace = scene.folder + "/trace"
    subprocess.run(["strace", "-f", "-ttt", "-qq", "-e", "trace=" + calls, "-o", trace,
                    *scene.command(*words)], env=scene.environment, cwd=scene.folder, check=False,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=HANGS)
    with open(trace, encoding="utf-8", errors="replace") as lines:
        return list(lines)


def one_address_is_not_flooded(scene):
    """Those at one address, or through one jump host, begin a fifth of a second apart; others at once."""
    crowd, elsewhere = Crowd(0), Crowd(0)
    for one in (crowd, elsewhere):
        scene.stack.callback(one.stop)
    path = scene.list("flood", ["a%d@127.0.0.1:%d" % (i, crowd.port) for i in range(12)] +
                      ["a%d@localhost:%d" % (i, crowd.port) for i in range(4)] +
                      ["127.0.0.1:%d" % elsewhere.port])
    # When the program connects, by its own calls: a server counts when it gets to it.
    times = {crowd.port: [], elsewhere.port: []}
    for line in traced(scene, "connect", "--hosts-file", path, "--jobs", "2", "--only", "ssh.banner", "-4"):
        called = re.match(r"\d+ +([0-9.]+) connect\(\d+, .*sin_port=htons\((\d+)\)", line)
        if called and int(called[2]) in times:
            times[int(called[2])].append(float(called[1]))
    expect("connections", [len(times[port]) for port in (crowd.port, elsewhere.port)], [16, 1])
    apart = [later - earlier for earlier, later in zip(times[crowd.port], times[crowd.port][1:])]
    if sum(apart) < 1.0:  # 3.0, but the program may get to the first one late
        raise AssertionError("connections come after %s s" % ["%.2f" % one for one in apart])
    if times[elsewhere.port][0] > times[crowd.port][-1]:  # the last of the list
        raise AssertionError("another address waits for this one")


def keys_of_their_own(scene):
    """Lines name keys; standard input is a key for all of them."""
    path = scene.list("keys", ["127.0.0.2", "127.0.0.3 --key other.pem", "127.0.0.4"])
    report, _ = scene.report("--hosts-file", path, status=1)
    expect("causes", [one["cause"] for one in report["targets"]], [None, "auth-key-refused", None])
    with open(scene.key.path, "rb") as key:
        given = key.read()
    path = scene.list("keys", ["127.0.0.2", "127.0.0.3"])
    scene.run("--key", "-", "--hosts-file", path, status=0, given=given, key=False)


def opened(scene, name, *words):
    """How often the run opens a file of this name."""
    count = sum(name in line for line in traced(scene, "open,openat", *words))
    if count == 0:
        raise AssertionError("%s is not opened" % name)
    if os.environ.get("SHOW"):
        print(name, count)
    return count


def keys_of_their_pairs(scene):
    """One by its public key under another name, one by its name alone, one that there is not."""
    keys = os.path.join(scene.folder, "key directory")
    os.makedirs(os.path.join(keys, "deep"))
    third = Key(scene.folder, "third.pem", {})
    for source, name in ((scene.key, "deep/of all others"), (scene.other, "by-name.pem")):
        with open(source.path, "rb") as text, open(os.path.join(keys, name), "wb") as out:
            out.write(text.read())
        os.chmod(out.name, 0o400)
    cloud, ids, how = cloud_of(scene, 6, "pairs", {
        "lab-key": {"PublicKey": scene.key.public, "KeyPairFingerPrint": scene.key.md5},
        "by-name": {"PublicKey": "", "KeyPairFingerPrint": ""},
        "gone": {"PublicKey": third.public, "KeyPairFingerPrint": third.md5},
    }, ["lab-key", "by-name", "gone", "lab-key", "lab-key", "lab-key"])
    how = [*how[:-2], "--key-dir", keys]
    only = [*how, "--only", "cloud.key-pair,key"]
    report, _ = scene.report(*only, "--instances-file", scene.list("paired", ids), "--record",
                             "pairs.record", status=1, key=False)
    found, named, missing = report["targets"][:3]

    def seen(target, check):
        one = next(one for one in target["checks"] if one["id"] == check)
        return [one["status"], one["cause"], one["evidence"].get("picked_by")]

    for one in (found, *report["targets"][3:]):
        expect("by public key", [os.path.relpath(one["target"]["key_file"], keys),
                                 *seen(one, "key.file"), *seen(one, "cloud.key-pair")],
               ["deep/of all others", "pass", None, "public-key", "pass", None, None])
    expect("by name", [os.path.relpath(named["target"]["key_file"], keys), *seen(named, "key.file"),
                       *seen(named, "cloud.key-pair")],
           ["by-name.pem", "pass", None, "name", "unknown", "key-pair-unproven", None])
    expect("missing", [missing["target"]["key_file"], missing["cause"], *seen(missing, "key.file")],
           [None, "key-pair-file-missing", "skip", None, None])
    out, _ = scene.run(*only, ids[2], status=1, key=False)
    if "no file in %s is the private key of key pair gone" % keys not in " ".join(out.split()):
        raise AssertionError(out)
    if os.environ.get("SHOW"):
        print(out, *scene.run(*only, *ids[:3], status=1, key=False))
    expect("reads, as often for one instance as for all, of three key pairs",
           opened(scene, "of all others", *only, *ids), opened(scene, "of all others", *only, ids[0]))
    again = subprocess.run([scene.binary, "--replay", "pairs.record", "--json"], cwd=scene.folder,
                           env=scene.environment, stdout=subprocess.PIPE, check=False)
    expect("replay", [one["verdict"] for one in json.loads(again.stdout)["targets"]],
           [one["verdict"] for one in report["targets"]])
    report, _ = scene.report(*how, "--skip", "cloud.security-group,cloud.network-acl", ids[0],
                             status=0, key=False)
    expect("login", seen(report["targets"][0], "ssh.auth")[0], "pass")
    path = scene.list("own", [ids[0], ids[2] + " --key " + scene.key.path])
    report, _ = scene.report(*only, "--instances-file", path, status=1, key=False)
    expect("a line's own key", [one["cause"] for one in report["targets"]],
           [None, "key-pair-different"])
    report, _ = scene.report(*only[:-3], keys + "/none", *only[-2:], ids[0], status=2, key=False)
    pair = next(one for one in report["targets"][0]["checks"] if one["id"] == "cloud.key-pair")
    if keys + "/none" not in pair["summary"]:
        raise AssertionError(pair)
    out, err = scene.run(*how, ids[0], status=64)
    if scene.key.path not in err or keys not in err or out:
        raise AssertionError((out, err))
    os.makedirs(os.path.join(scene.folder, ".config/sshpreflight"), exist_ok=True)
    defaults = os.path.join(scene.folder, ".config/sshpreflight/config")
    with open(defaults, "w", encoding="ascii") as out:
        out.write("key-dir = %s\n" % keys)
    bare = [*how[:-2], "--only", "cloud.key-pair,key", ids[0]]
    report, _ = scene.report(*bare, status=0, key=False)
    expect("by default", seen(report["targets"][0], "key.file")[2], "public-key")
    report, _ = scene.report(*bare, status=0)
    expect("--key comes first", report["targets"][0]["target"]["key_file"], scene.key.path)
    scene.run(scene.hosts(1)[0], status=0)
    os.unlink(defaults)
    cloud.stop()


def cloud_of(scene, count, name="cloud", pairs=None, bound=(), faults=()):
    """So many instances; all but the first are in a group that lets nobody of ours in."""
    places = {"public_key": scene.key.public, "key_md5": scene.key.md5,
              "other_public_key": scene.other.public, "other_key_md5": scene.other.md5,
              "port": scene.sshd.port}
    base = world.build({}, places)["regions"][world.HOME_REGION]
    one = base["Instances"][world.INSTANCE]
    ids = [world.INSTANCE] + ["i-bp1lab000000000%05d" % i for i in range(1, count)]
    changes = {"Instances": {each: {**one, "InstanceId": each, "InstanceName": each[-4:],
                                    "SecurityGroupIds": {"SecurityGroupId": [OFFICE]}}
                             for each in ids[1:]},
               "SecurityGroups": {OFFICE: {
                   **base["SecurityGroups"]["sg-bp1lab0000000000web"],
                   "SecurityGroupId": OFFICE, "Permissions": {"Permission": [{
                       "SourceCidrIp": "203.0.113.0/24", "PortRange": "1/65535", "Priority": 1,
                       "SecurityGroupRuleId": "sgr-bp1laboffice000002"}]}}}}
    if pairs is not None:
        changes["KeyPairs"] = {pair: {"KeyPairName": pair, **of} for pair, of in pairs.items()}
        for each, pair in zip(ids, bound):
            changes["Instances"][each] = {**changes["Instances"].get(each, {}), "KeyPairName": pair}
    shown = world.build({"regions": {world.HOME_REGION: changes}, "faults": list(faults)}, places)
    authority = Authority(scene.folder + "/authority")
    cloud = scene.stack.enter_context(
        Cloud(scene.lab_cloud, scene.folder + "/" + name, shown, authority))
    return cloud, ids, ["--endpoint", cloud.url, "--ca-file", authority.ca, "--source-ip",
                        "198.51.100.7", "--only", "cloud"]


def instances_share_what_is_wrong(scene):
    cloud, ids, how = cloud_of(scene, 3)
    report, _ = scene.report(*how, "--instance", ids[0], "--instances-file",
                             scene.list("ids", ids), status=1)
    expect("targets", [one["target"]["instance_id"] for one in report["targets"]], ids)
    expect("groups", [(one["cause"], one["shared"]["open_in"], len(one["targets"]))
                      for one in report["summary"]["groups"]], [("sg-source-excluded", OFFICE, 2)])
    out, _ = scene.run(*how, *ids, status=1)
    said = "2 of 3: sg-source-excluded, all by security group %s; one rule repairs them aliyun ecs Authorize" % OFFICE
    if said not in " ".join(out.split()):
        raise AssertionError(out)
    cloud.stop()


def what_is_common_is_asked_once(scene):
    """250 instances of two groups, and one that there is not: a hundred a call, the rest once."""
    cloud, ids, how = cloud_of(scene, 250, "common")
    path = scene.list("many", ids + ["i-bp1lab0000000missing"])
    out, _ = scene.run(*how, "--instances-file", path, "--format", "ndjson", "--jobs", "64",
                       "--region", world.HOME_REGION, status=1)
    lines = [json.loads(line) for line in out.splitlines()]
    expect("instances", sorted(line["target"]["instance_id"] for line in lines),
           sorted(ids + ["i-bp1lab0000000missing"]))
    causes = [line["cause"] for line in lines]
    expect("causes", [causes.count("sg-source-excluded"), causes.count(None),
                      causes.count("instance-not-found")], [249, 1, 1])
    calls = [call["action"] for call in cloud.calls()]
    most = {"DescribeInstances": 3, "DescribeSecurityGroupAttribute": 2, "DescribeKeyPairs": 1,
            "DescribeVSwitchAttributes": 1, "DescribeSecurityGroups": 2,
            "DescribeInstancesFullStatus": 20}
    for action, count in most.items():
        if calls.count(action) > count:
            raise AssertionError("%s is called %d times" % (action, calls.count(action)))
    if os.environ.get("SHOW"):
        print({action: calls.count(action) for action in sorted(set(calls))})
    cloud.stop()


def key_pairs_are_listed(scene):
    """Many names are found on pages of fifty; few are asked for, and so is what no page has."""
    def calls_for(name, count, more=(), faults=()):
        pairs = {"pair-%03d" % i: {"PublicKey": scene.key.public if i % 2 else scene.other.public,
                                   "KeyPairFingerPrint": ""} for i in range(count)}
        bound = ["pair-%03d" % i for i in range(count)] + list(more)
        cloud, ids, how = cloud_of(scene, len(bound), name, pairs, bound, faults)
        only = [*how[:-2], "--only", "cloud.key-pair"]
        report, _ = scene.report(*only, "--instances-file", scene.list(name + "-ids", ids), status=None)
        seen = [next((one["status"], one["cause"], one["evidence"].get("name"))
                     for one in target["checks"] if one["id"] == "cloud.key-pair")
                for target in report["targets"]]
        known = [("pass", None) if i % 2 else ("fail", "key-pair-different") for i in range(count)]
        expect("key pairs", seen[:count], [(*one, pair) for one, pair in zip(known, bound)])
        called = sum(call["action"] == "DescribeKeyPairs" for call in cloud.calls())
        cloud.stop()
        return called, seen[count:]
    expect("calls for 120 and one that is gone", calls_for("pages", 120, ["gone"]),
           (4, [("unknown", "key-pair-deleted", "gone")]))
    expect("calls for 5", calls_for("few", 5)[0], 1)
    expect("calls for 3", calls_for("three", 3)[0], 3)
    expect("calls where the list fails", calls_for("unlisted", 6, faults=[
        {"action": "DescribeKeyPairs", "nth": 1, "do": "forbidden"}])[0], 7)


def a_refusal_is_found_once(scene):
    """Of 60 instances: whoever may not call an action learns it by one call."""
    cloud, ids, how = cloud_of(scene, 60, "refused", faults=[
        {"action": "DescribeVSwitchAttributes", "do": "forbidden"},
        {"action": "DescribeKeyPairs", "do": "forbidden"}])
    report, _ = scene.report(*how, "--instances-file", scene.list("refused-ids", ids),
                             "--region", world.HOME_REGION, status=1)
    for check in ("cloud.network-acl", "cloud.key-pair"):
        expect(check, {(one["status"], one["cause"]) for target in report["targets"]
                       for one in target["checks"] if one["id"] == check},
               {("unknown", "permission-denied")})
    calls = [call["action"] for call in cloud.calls()]
    expect("calls", [calls.count(action) for action in ("DescribeVSwitchAttributes", "DescribeKeyPairs",
                                                        "DescribeInstances")], [1, 1, 1])
    cloud.stop()


def too_many_calls_hold_back_all(scene):
    """While the API has said to wait, no other call goes to it, once those that were on their way have come."""
    first = "DescribeSecurityGroupAttribute"
    cloud, ids, how = cloud_of(scene, 60, "throttled", faults=[
        {"action": first, "nth": 1, "do": "throttle", "ms": 10000}])
    report, _ = scene.report(*how, "--instances-file", scene.list("throttled-ids", ids),
                             "--region", world.HOME_REGION, status=1)
    expect("unknown", report["summary"]["unknown"], 0)
    made = cloud.calls()
    calls = [call["action"] for call in made]
    expect("calls", calls.count(first), 3)
    again = max(i for i, action in enumerate(calls) if action == first)
    times = [call["time_ms"] for call in made[calls.index(first):again + 1]]
    # Who waits goes on at the same moment as the call that is made again, and may come before it.
    silence = max(later - earlier for earlier, later in zip(times, times[1:]))
    if silence < 5000:
        raise AssertionError((silence, calls))
    cloud.stop()


def instances_by_what_they_are(scene):
    """--all, --tag and --vpc choose from pages of a hundred."""
    cloud, ids, how = cloud_of(scene, 230, "chosen")
    report, _ = scene.report(*how, "--all", status=1)
    expect("all", sorted(one["target"]["instance_id"] for one in report["targets"]), sorted(ids))
    calls = [call["action"] for call in cloud.calls()].count("DescribeInstances")
    if calls > 3:
        raise AssertionError("DescribeInstances is called %d times" % calls)
    for chosen in (["--tag", "env=prod"], ["--tag", "env"], ["--tag", "env", "--tag", "env=prod"]):
        out, _ = scene.run(*how, *chosen, "--format", "ndjson", status=1)
        expect(chosen, len(out.splitlines()), 230)
    for nobody in (["--tag", "env=test"], ["--tag", "envy"], ["--vpc", "vpc-elsewhere"],
                   ["--tag", "env=prod", "--tag", "team=none"]):
        out, err = scene.run(*how, *nobody, status=64)
        if nobody[-1] not in err or out:
            raise AssertionError((nobody, out, err))
    cloud.stop()
    out, err = scene.run(*how, "--all", status=2)
    if "cannot be listed" not in err or "api-unreachable" not in err or out:
        raise AssertionError((out, err))


def parts_make_the_whole(scene):
    """Whatever the order of the list, each part has its own; the last line says that it is whole."""
    hosts = scene.hosts(8) + ["127.0.0.1"]
    seen = []
    for part in range(1, 4):
        path = scene.list("part", hosts if part % 2 else hosts[::-1])
        out, _ = scene.run("--hosts-file", path, "--shard", "%d/3" % part, "--format", "ndjson",
                           status=0)
        lines = [json.loads(line) for line in out.splitlines()]
        end = lines.pop()
        expect("last line", [end["schema"], end["shard"], end["targets"], end["exit_status"]],
               ["sshpreflight.shard/1", "%d/3" % part, len(lines), 0])
        expect("run", {line["run"] for line in lines} | {end["run"]}, {end["run"]})
        seen += [line["target"]["host"] for line in lines]
    expect("hosts", sorted(seen), sorted(hosts))
    path = scene.list("killed", ["127.0.0.1:%d" % scene.silent] + hosts)
    process = scene.start("--hosts-file", path, "--shard", "1/1", "--format", "ndjson")
    process.stdout.readline()
    process.kill()
    out, _ = process.communicate(timeout=HANGS)
    if b"sshpreflight.shard/1" in out:
        raise AssertionError("a part that was killed says that it is whole")


# What differs from run to run, or from one machine to another.
PASSING = ("started_at", "ssh", "own_port", "tcp")


def same(what, seen, wanted, where=""):
    """Names the members that differ: whole reports are too long to read."""
    if isinstance(seen, dict) and isinstance(wanted, dict) and seen.keys() == wanted.keys():
        for name, member in seen.items():
            same(what, member, wanted[name], "%s.%s" % (where, name))
    elif isinstance(seen, list) and isinstance(wanted, list) and len(seen) == len(wanted):
        for i, member in enumerate(seen):
            same(what, member, wanted[i], "%s[%d]" % (where, i))
    else:
        expect(what + where, seen, wanted)


def lasting(value):
    """The same without times and this side's ports."""
    if isinstance(value, dict):
        return {name: lasting(member) for name, member in value.items()
                if name not in PASSING and not name.endswith("_ms")}
    if isinstance(value, list):
        return [lasting(member) for member in value]
    if not isinstance(value, str):
        return value
    # a record has no home directory in it
    return re.sub(r"'?/[^ ]*/spf-fleet-\w+|'~", "~", re.sub(r"in \d+ ms", "in time", value)).replace("'", "")


def merge(scene, *words, status):
    done = subprocess.run([scene.binary, "merge", *words], cwd=scene.folder, env=scene.environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=HANGS, check=False)
    if status is not None and done.returncode != status:
        raise AssertionError("merge %s: exit status %d, should be %d: %s" % (
            words, done.returncode, status, done.stderr.decode()))
    return done.stdout.decode(), done.stderr.decode()


def fleet_of_two_causes(scene):
    """The words that ask for it; sorted as a merged report is."""
    user = servers.login_user()
    path = scene.list("fleet", ["127.0.0.1:%d" % scene.closed]
                      + ["127.0.0.%d" % i for i in range(2, 7)]
                      + ["nobody@127.0.0.7", "127.0.0.7", "127.0.0.8:%d" % scene.closed, "%s@127.0.0.9" % user])
    # Whether a command's exit status comes in time is not the same each time.
    return ["--no-session", "--hosts-file", path]


def write_part(scene, fleet, part, name, **how):
    out, _ = scene.run(*fleet, "--shard", part, "--format", "ndjson", **how)
    with open(os.path.join(scene.folder, name), "w", encoding="utf-8") as file:
        file.write(out)
    return out


def killed_part(scene, fleet, part):
    """What a part had written when it was killed: its targets, and not its end."""
    process = scene.start(*fleet, "--shard", part, "--format", "ndjson", "--jobs", "1")
    first = process.stdout.readline()
    process.kill()
    rest, _ = process.communicate(timeout=HANGS)
    return (first + rest).decode().split('{"schema":"sshpreflight.shard/1"')[0]


def a_key_is_no_list(scene):
    """The list and the key the wrong way round, or a key where a record belongs: nothing of it is shown."""
    hosts = scene.list("swapped", scene.hosts(2))
    with open(scene.key.path, encoding="ascii") as file:
        lines = [line for line in file.read().splitlines() if len(line) > 20 and not line.startswith("-")]
    scene.list("in-group", ["[web]", "127.0.0.2", *open(scene.key.path, encoding="ascii").read().splitlines()])
    for words in (["--hosts-file", scene.key.path, "--key", hosts], ["--instances-file", scene.key.path],
                  ["--hosts-file", "in-group"], ["--hosts-file", hosts, "--resume", scene.key.path],
                  ["--hosts-file", hosts, "--baseline", scene.key.path], ["--replay", scene.key.path],
                  ["merge", scene.key.path], ["--hosts-file", hosts, "-F", scene.key.path]):
        bare = words[0] in ("--replay", "merge")
        command = [scene.binary, *words] if bare else scene.command(*words, "--record", "swapped-record")
        done = subprocess.run(command, cwd=scene.folder, env=scene.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=HANGS, check=False)
        said = (done.stdout + done.stderr).decode()
        record = os.path.join(scene.folder, "swapped-record")
        if os.path.exists(record):
            with open(record, encoding="utf-8") as file:
                said += file.read()
        if any(line[:40] in said for line in lines):
            raise AssertionError("%s: the key is shown: %s" % (words, said))
        if "-F" in words:
            continue  # what ssh says of it is ssh's
        expect("exit status of %s" % words, done.returncode, 64)
        if "it holds a private key" not in said:
            raise AssertionError("%s: %s" % (words, said))


def parts_are_merged(scene):
    """Ten parts, one killed half-way and run again: the same as one run, but for times."""
    fleet = fleet_of_two_causes(scene)
    outs = [scene.start(*fleet, "--shard", "%d/10" % part, "--format", "ndjson")
            for part in range(1, 11)]
    files = []
    for part, process in enumerate(outs, 1):
        out, _ = process.communicate(timeout=HANGS)
        files.append(scene.list("part-%d" % part, out.decode().splitlines()))
    sizes = [len(open(file, encoding="utf-8").readlines()) - 1 for file in files]
    expect("targets", sum(sizes), 10)
    full = sizes.index(max(sizes))
    part = "%d/10" % (full + 1)
    with open(files[full], encoding="utf-8") as file:
        whole = file.read()
    killed = scene.list("killed-part", killed_part(scene, fleet, part).splitlines())
    others = files[:full] + files[full + 1:]

    one, _ = scene.report(*fleet, status=1)
    for given in (files, [killed, *files], [*files[::-1], killed], [*files, *files]):
        out, err = merge(scene, *given, "--json", status=1)
        same("report", lasting(json.loads(out)), lasting(one))
        expect("standard error", err, "")
    text, _ = merge(scene, *files, status=1)
    said, _ = scene.run(*fleet, status=1)
    expect("groups", text[text.index("10 targets:"):], said[said.index("10 targets:"):])
    lines, _ = merge(scene, *files, "--format", "ndjson", status=1)
    single, _ = scene.run(*fleet, "--format", "ndjson", status=1)
    single = [lasting(json.loads(line)) for line in single.splitlines()]
    for line in lines.splitlines():
        if lasting(json.loads(line)) not in single:
            raise AssertionError("no line of one run: %s" % line)
    parts_are_lacking(scene, others, killed, whole, part)


def parts_are_lacking(scene, others, killed, whole, part):
    """One of ten is missing, was ended half-way, or lacks a line."""
    size = whole.count("\n") - 1
    out, _ = merge(scene, *others, "--json", status=2)
    expect("left out", json.loads(out)["left_out"],
           [{"where": "part %s" % part, "why": "is missing"}])
    for form in ("text", "short", "tap", "junit", "nagios", "prometheus", "github", "ndjson", "html"):
        out, err = merge(scene, *others, "--format", form, status=None)
        expect("standard error", err, "sshpreflight: part %s is missing\n" % part)
        if form != "ndjson" and "part %s" % part not in out:
            raise AssertionError("%s does not name the part: %s" % (form, out))
    out, _ = merge(scene, *others, killed, status=2)
    if "part %s was ended half-way:" % part not in " ".join(out.split()):
        raise AssertionError(out)
    lacking = scene.list("lacking", whole.splitlines()[1:])
    out, _ = merge(scene, *others, lacking, status=2)
    if "part %s is not whole: it had %d targets, and %d" % (part, size, size - 1) not in " ".join(out.split()):
        raise AssertionError(out)


def only_parts_of_one_fleet_are_merged(scene):
    fleet = fleet_of_two_causes(scene)
    write_part(scene, fleet, "1/1", "all", status=1)
    other = scene.list("other", scene.hosts(2))
    write_part(scene, ["--hosts-file", other], "1/1", "other-part", status=0)
    _, err = merge(scene, "all", "other-part", status=64)
    if "all and other-part are parts of different targets" not in err:
        raise AssertionError(err)
    write_part(scene, ["--hosts-file", other], "1/2", "half", status=0)
    _, err = merge(scene, "all", "half", status=64)
    if "all is of a split into 1, half of one into 2" not in err:
        raise AssertionError(err)
    _, err = merge(scene, "all", "nowhere", status=64)
    if "nowhere: it cannot be read" not in err:
        raise AssertionError(err)
    _, err = merge(scene, other, status=64)
    if "other line 2 is not JSON" not in err or "these files hold no part" not in err:
        raise AssertionError(err)


def lines_of_parts_are_outside_text(scene):
    """What somebody else has put into a file neither counts nor reaches the terminal."""
    fleet = ["--hosts-file", scene.list("plain", scene.hosts(2))]
    out = write_part(scene, fleet, "1/1", "plain-part", status=0)
    line = json.loads(out.splitlines()[0])
    line["summary"] = line["target"]["host"] = "\u001b[2J\u202e"
    scene.list("odd", ["slurmstepd: error", json.dumps(line), *out.splitlines()[1:], "[" * 100])
    out, err = merge(scene, "odd", status=0)
    if "\x1b" in out or "\u202e" in out or "\\x1b[2J" not in out:
        raise AssertionError(out)
    for number in (1, 5):
        if "odd line %d is not JSON" % number not in err:
            raise AssertionError(err)


def gnu_parallel_runs_the_parts(scene):
    """One of ten is killed in its first run, and run again by --retries."""
    if shutil.which("parallel") is None:
        print("gnu_parallel_runs_the_parts: skipped, GNU parallel is not installed")
        return
    fleet = fleet_of_two_causes(scene)
    words = scene.command("--key", scene.key.path, *fleet, "--shard", "auto/10",
                          "--format", "ndjson")
    job = ('if test "$PARALLEL_SEQ" = 3 && ! test -e killed-once; then : >killed-once; kill -9 $$; fi; '
           '%s >seq-"$PARALLEL_SEQ"; test $? -le 1' % shlex.join(words))
    subprocess.run([shutil.which("parallel"), "--retries", "3", "-j", "4", job + " # {}", ":::",
                    *map(str, range(1, 11))], cwd=scene.folder, env={**scene.environment, "PATH": os.environ["PATH"]}, check=True,
                   stdin=subprocess.DEVNULL, timeout=HANGS)
    one, _ = scene.report(*fleet, status=1)
    out, _ = merge(scene, *("seq-%d" % i for i in range(1, 11)), "--json", status=1)
    same("report", lasting(json.loads(out)), lasting(one))


def ssh_is_asked_once(scene):
    """One ssh -G answers for all hosts and users that the same sections of the configuration are about."""
    real = shutil.which("ssh")
    bin_dir = scene.folder + "/bin-ssh"
    os.mkdir(bin_dir)
    config, calls = bin_dir + "/config", bin_dir + "/calls"
    with open(bin_dir + "/ssh", "w", encoding="ascii") as out:
        out.write("#!/bin/sh\necho \"$*\" >> %s\nexec %s -F %s \"$@\"\n" % (calls, real, config))
    os.chmod(bin_dir + "/ssh", 0o755)
    path = scene.environment["PATH"]
    scene.environment["PATH"] = bin_dir + ":" + path
    hosts = scene.hosts(6)
    listed = scene.list("asked", hosts)
    seen_of = {}
    for name, text, asked in [
            ("nothing", "", 1),
            ("for all", "# Match all\nHost *\n  SendEnv LANG\nProxyJump = jump.example\n", 1),
            ("a name", "HostName %s\n" % hosts[0], 6),
            ("of one", "Host 127.0.0.4 *.example\n  ProxyJump jump.example\n", 2),
            ("quoted", 'host = "127.0.0.4"\n  ProxyJump jump.example\n', 6),
            ("a match", "match host 127.0.0.4\n\tProxyJump jump.example\n", 6),
            ("a token", "HostName 127.0.0.%%h\n", 6),
            ("included", "Include %s/more\n" % bin_dir, 2),
            ("broken", "Host *\n  NoSuchOption yes\n", 6)]:
        with open(config, "w", encoding="ascii") as out:
            out.write(text)
        with open(bin_dir + "/more", "w", encoding="ascii") as out:
            out.write("Host 127.0.0.4\n  ProxyJump jump.example\n")
        with open(calls, "w", encoding="ascii"):
            pass
        targets = scene.report("--hosts-file", listed, "--only", "ssh.auth", status=0)[0]["targets"]
        with open(calls, encoding="ascii") as lines:
            expect(name + ": calls", sum(" -G" in " " + line for line in lines), asked)
        evidence = {target["target"]["host"]: next(c for c in target["checks"] if c["id"] == "net.port")["evidence"]
                    for target in targets}
        seen_of[name] = {host: evidence[host].get("ssh_config_unused") or evidence[host].get("ssh_config_error")
                         for host in hosts}
    scene.environment["PATH"] = path
    expect("nothing", set(seen_of["nothing"].values()), {None})
    for name in ("for all", "broken"):
        said = set(seen_of[name].values())
        if len(said) != 1 or None in said:
            raise AssertionError("%s: %r" % (name, seen_of[name]))
    for name in ("of one", "quoted", "a match", "included"):
        expect(name, seen_of[name], {host: "ProxyJump jump.example" if host == "127.0.0.4" else None for host in hosts})
    expect("a name", seen_of["a name"], {host: None if host == hosts[0] else "HostName " + hosts[0] for host in hosts})
    users = scene.list("users", ["user-%d@%s" % (i, host) for i, host in enumerate(hosts)])
    for name, text, asked in [
            ("users", "Host *\n  ControlPath /tmp/%r@%h\n", 1),
            ("a match of a user", "Match user user-4\n  Port 2222\n", 6),
            ("a user's token", "ExitOnForwardFailure yes\nRemoteForward /tmp/l-%r /tmp/r\n", 6)]:
        with open(config, "w", encoding="ascii") as out:
            out.write(text)
        with open(calls, "w", encoding="ascii"):
            pass
        scene.environment["PATH"] = bin_dir + ":" + path
        targets = scene.report("--hosts-file", users, "--only", "net.port", status=0)[0]["targets"]
        scene.environment["PATH"] = path
        with open(calls, encoding="ascii") as lines:
            expect(name + ": calls", sum(" -G" in " " + line for line in lines), asked)
        seen_of[name] = {target["target"]["user"]: next(c for c in target["checks"] if c["id"] == "net.port")
                         ["evidence"].get("ssh_config_unused") for target in targets}
    expect("users", set(seen_of["users"].values()), {None})
    expect("a user's token", seen_of["a user's token"],
           {"user-%d" % i: "RemoteForward /tmp/l-user-%d /tmp/r" % i for i in range(6)})
    expect("a token", seen_of["a token"], {host: "HostName 127.0.0.%" + "h" for host in hosts})


def spoil(path, keep):
    """What a kill leaves: so many bytes of it."""
    with open(path, "rb") as file:
        text = file.read()
    with open(path + ".cut", "wb") as out:
        out.write(text[:keep(text)])
    return path + ".cut"


def a_record_grows_and_is_resumed(scene):
    """Cut anywhere, and killed at any time, what is whole in it is taken over; the report is that of one run."""
    fleet = fleet_of_two_causes(scene)
    record = os.path.join(scene.folder, "whole.rec")
    one, _ = scene.report(*fleet, "--record", record, status=1)
    with open(record, "rb") as file:
        text = file.read()
    expect("a record is one object", len(json.loads(text)["targets"]), 10)
    ends = [m.end() for m in re.finditer(rb"\n", text)]
    expect("lines", len(ends), 12)
    places = [0, 1, ends[0] - 1, ends[0], ends[0] + 1, ends[3], ends[3] + 500, ends[5] - 1, ends[10],
              len(text) - 2, len(text)]
    for place in places:
        cut = spoil(record, lambda text, place=place: place)
        if place < ends[0] - 1:
            scene.run(*fleet, "--resume", cut, status=64)
            continue
        before = max(0, sum(end <= place for end in ends[:11]) - 1)
        report, _ = scene.report(*fleet, "--resume", cut, status=1)
        same("cut at %d" % place, lasting(report), lasting(one))
        with open(cut, encoding="utf-8") as file:
            completed = json.load(file)
        expect("completed", len(completed["targets"]), 10)
        if before:
            for taken in json.loads(text)["targets"][:before]:
                expect("taken over as it is", taken in completed["targets"], True)


def killed_at_any_time(scene):
    """kill -9 and Ctrl-C, from the start to the end: nothing that was recorded is lost."""
    fleet = fleet_of_two_causes(scene)
    one, _ = scene.report(*fleet, status=1)
    for number in (signal.SIGKILL, signal.SIGINT):
        for wanted in range(0, 10, 2):
            record = os.path.join(scene.folder, "killed-%d-%d.rec" % (number, wanted))
            process = scene.start(*fleet, "--record", record, "--format", "ndjson", "--jobs", "1")
            for _ in range(wanted):
                process.stdout.readline()
            process.send_signal(number)
            process.communicate(timeout=HANGS)
            if not os.path.exists(record):  # before its first line
                continue
            with open(record, encoding="utf-8") as file:
                lines = [line for line in file if '"groups"' in line and line.endswith("\n")]
            decided = [line for line in lines if '"cause":"interrupted"' not in line]
            # a line of the report is written just before the record's
            if len(decided) < wanted - 1:
                raise AssertionError("%d of %d targets are recorded" % (len(decided), wanted))
            report, _ = scene.report(*fleet, "--resume", record, status=1)
            same("killed after %d" % wanted, lasting(report), lasting(one))
            with open(record, encoding="utf-8") as file:
                expect("completed", len(json.load(file)["targets"]), 10)


def lines_are_resumed(scene):
    """From ndjson: what it says is taken over, also by formats that say more than it."""
    fleet = fleet_of_two_causes(scene)
    out, _ = scene.run(*fleet, "--format", "ndjson", status=1)
    one, _ = scene.report(*fleet, status=1)
    half = scene.list("half.ndjson", out.splitlines()[:5] + ['{"schema":"sshpreflight.tar'])
    report, err = scene.report(*fleet, "--resume", half, status=1)
    same("resumed", lasting(report), lasting(one))
    if "line 6 is not JSON, and does not count" not in err:
        raise AssertionError(err)
    for form in ("text", "junit", "html", "prometheus"):
        resumed, _ = scene.run(*fleet, "--resume", half, "--format", form, status=1)
        if resumed.count("127.0.0.") < 9:
            raise AssertionError(resumed)
    _, err = scene.run(*fleet, "--resume", half, "--record", "none.rec", status=64)
    if "holds results and no evidence" not in err:
        raise AssertionError(err)


def causes_are_counted(scene):
    """Prometheus: how many targets by verdict and cause, as in the groups of the JSON report."""
    fleet = fleet_of_two_causes(scene)
    one, _ = scene.report(*fleet, "--output", "prometheus:fleet.prom", status=1)
    with open(os.path.join(scene.folder, "fleet.prom"), encoding="utf-8") as file:
        counts = re.findall(r'^sshpreflight_targets\{verdict="(\w+)",cause="([\w-]*)"\} (\d+)$', file.read(), re.M)
    wanted = {}
    for target in one["targets"]:
        at = target["verdict"], target["cause"] or ""
        wanted[at] = wanted.get(at, 0) + 1
    expect("counts", {(verdict, cause): int(count) for verdict, cause, count in counts}, wanted)


def only_the_same_fleet_is_resumed(scene):
    """Another key, other checks, another list: refused, and both are named."""
    fleet = fleet_of_two_causes(scene)
    record = os.path.join(scene.folder, "other.rec")
    scene.run(*fleet, "--record", record, status=1)
    with open(record, "rb") as file:
        before = file.read()
    other = scene.list("shorter", scene.hosts(3))
    for words, said in (
            (["--no-session", "--hosts-file", other], "was written for other targets or checks than this run (selection "),
            ([*fleet, "--only", "net"], "was written for other checks: --only "),
            ([*fleet, "--shard", "1/2"], "is part 0/0, and this run is 1/2")):
        _, err = scene.run(*words, "--resume", record, status=64)
        if said not in err or "other.rec" not in err:
            raise AssertionError(err)
    words = scene.command("--key", scene.other.path, *fleet, "--resume", record)
    done = subprocess.run(words, cwd=scene.folder, env=scene.environment, stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=HANGS)
    expect("another key", done.returncode, 64)
    if "was written with another key:" not in done.stderr.decode() or "other.pem here" not in done.stderr.decode():
        raise AssertionError(done.stderr)
    with open(record, "rb") as file:
        expect("a record that is refused stays", file.read(), before)


def records_are_merged(scene):
    """Parts as records, as ndjson and mixed: the same report, in every format."""
    fleet = fleet_of_two_causes(scene)
    records, lines = [], []
    for part in ("1/3", "2/3", "3/3"):
        record = os.path.join(scene.folder, "part-%s.rec" % part[0])
        out, _ = scene.run(*fleet, "--shard", part, "--record", record, "--format", "ndjson", status=None)
        lines.append(scene.list("part-%s.ndjson" % part[0], out.splitlines()))
        records.append(record)
    one, _ = scene.report(*fleet, status=1)
    for given in (records, lines, [records[0], lines[1], records[2]], [*records, *lines]):
        out, err = merge(scene, *given, "--json", status=1)
        same("report", lasting(json.loads(out)), lasting(one))
        expect("standard error", err, "")
    for form in ("text", "short", "junit", "tap", "nagios", "prometheus", "github", "html"):
        status = 2 if form == "nagios" else 1
        of_records, _ = merge(scene, *records, "--format", form, "--output", "%s:merged" % form, status=status)
        of_lines, _ = merge(scene, *lines, "--format", form, status=status)
        whole, _ = scene.run(*fleet, "--format", form, status=status)
        for out in (of_records, of_lines):
            expect(form, sorted(re.findall(r"127\.0\.0\.\d+", out)), sorted(re.findall(r"127\.0\.0\.\d+", whole)))
        with open(os.path.join(scene.folder, "merged"), encoding="utf-8") as file:
            expect("output", len(file.read()) > 100, True)
    # the ports decide how many targets a part has; that of one is written at once
    most = max(range(3), key=lambda part: sum(1 for _ in open(lines[part], encoding="utf-8")))
    killed = spoil(records[most], lambda text: text.rindex(b"],"))
    with open(killed, "rb") as file:
        cut = file.read().splitlines()
    with open(killed, "wb") as out:
        out.write(b"\n".join(cut[:-1]) + b"\n")
    out, _ = merge(scene, killed, *(record for record in records if record != records[most]), status=2)
    if "part %d/3 was ended half-way:" % (most + 1) not in " ".join(out.split()):
        raise AssertionError(out)


def few_descriptors_make_a_queue(scene):
    """A hard limit on open files: the targets that it leaves no room for wait."""
    hosts = ["%s@127.0.0.%d:%d" % (servers.login_user(), i % 8 + 2, scene.sshd.port)
             for i in range(8)]
    path = scene.list("queue", hosts + ["x%d@127.0.0.2" % i for i in range(24)])
    words = scene.command("--key", scene.key.path, "--hosts-file", path, "--jobs", "32",
                          "--only", "ssh.handshake", "--json")
    done = subprocess.run(["sh", "-c", 'ulimit -n 80; exec "$@"', "sh", *words], check=False,
                          env=scene.environment, cwd=scene.folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, timeout=HANGS)
    expect("causes", {one["cause"] for one in json.loads(done.stdout)["targets"]}, {None})
    expect("exit status", done.returncode, 0)


TESTS = [causes_are_counted, a_record_grows_and_is_resumed, killed_at_any_time, lines_are_resumed, only_the_same_fleet_is_resumed,
         records_are_merged, a_key_is_no_list, parts_are_merged, only_parts_of_one_fleet_are_merged, lines_of_parts_are_outside_text,
         gnu_parallel_runs_the_parts, few_descriptors_make_a_queue, ssh_is_asked_once,
         parts_make_the_whole, instances_by_what_they_are, key_pairs_are_listed, a_refusal_is_found_once,
         too_many_calls_hold_back_all, a_list_of_hosts, standard_input_and_formats, a_line_that_names_none_is_no_pass, so_many_may_fail, no_target_is_wrong_usage,
         lines_come_as_targets_are_done, an_interrupt_reports_everybody, no_more_at_once_than_jobs,
         one_address_is_not_flooded,
         keys_of_their_own, keys_of_their_pairs, instances_share_what_is_wrong, what_is_common_is_asked_once]


def main(tests, prepare=None):
    binary, lab_cloud = (os.path.abspath(path) for path in sys.argv[1:3])
    failed = 0
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="spf-fleet-"))
        scene = Scene(binary, lab_cloud, folder, stack)
        if prepare is not None:
            prepare(scene)
        for test in tests:
            if len(sys.argv) > 3 and test.__name__ not in sys.argv[3:]:
                continue
            try:
                test(scene)
            except AssertionError as error:
                failed += 1
                print("%s: %s" % (test.__name__, error))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(TESTS))
