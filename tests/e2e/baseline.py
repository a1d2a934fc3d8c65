#!/usr/bin/env python3
"""--baseline: what changed since an earlier run, the changed fact first, for one target and a fleet, from a record
and from ndjson, live and replayed."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile

import fleet
from fleet import OFFICE, Scene, expect
from harness import servers, world
from harness.cloud import Authority, Cloud

OURS = "sgr-bp1laboffice000003"


def changed(target):
    """Since, and what each changed fact is called."""
    return target["changes"]["since"], [one["fact"] for one in target["changes"]["facts"]]


def cloud_with(scene, name, ids, permissions):
    places = {"public_key": scene.key.public, "key_md5": scene.key.md5,
              "other_public_key": scene.other.public, "other_key_md5": scene.other.md5, "port": scene.sshd.port}
    base = world.build({}, places)["regions"][world.HOME_REGION]
    one = base["Instances"][world.INSTANCE]
    changes = {"Instances": {each: {**one, "InstanceId": each, "InstanceName": each[-4:],
                                    "SecurityGroupIds": {"SecurityGroupId": [OFFICE]}} for each in ids},
               "SecurityGroups": {OFFICE: {**base["SecurityGroups"]["sg-bp1lab0000000000web"],
                                           "SecurityGroupId": OFFICE, "Permissions": {"Permission": permissions}}}}
    shown = world.build({"regions": {world.HOME_REGION: changes}}, places)
    authority = Authority(scene.folder + "/authority")
    cloud = scene.stack.enter_context(Cloud(scene.lab_cloud, scene.folder + "/" + name, shown, authority))
    return cloud, ["--endpoint", cloud.url, "--ca-file", authority.ca, "--source-ip", "198.51.100.7",
                   "--only", "cloud", *ids]


def a_rule_is_removed(scene):
    """All instances of the group fail for it; it is named first, once for the fleet, and it decided before."""
    rules = [{"SourceCidrIp": "203.0.113.0/24", "PortRange": "1/65535", "Priority": 1,
              "SecurityGroupRuleId": "sgr-bp1laboffice000002"},
             {"SourceCidrIp": "198.51.100.7/32", "PortRange": "1/65535", "Priority": 1, "SecurityGroupRuleId": OURS}]
    ids = ["i-bp1lab000000000%05d" % i for i in range(1, 4)]
    cloud, how = cloud_with(scene, "with", ids, rules)
    scene.run(*how, "--record", "then.rec", status=0)
    lines, _ = scene.run(*how, "--format", "ndjson", status=0)
    scene.list("then.ndjson", lines.splitlines())
    report, _ = scene.report(*how, "--baseline", "then.rec", status=0)
    expect("nothing changed", {(one["changes"]["since"], len(one["changes"]["facts"])) for one in report["targets"]},
           {("same", 0)})
    expect("counts", [report["baseline"][name] for name in ("same", "new", "newly-failing")], [3, 0, 0])
    cloud.stop()
    cloud, how = cloud_with(scene, "without", ids, rules[:1])
    report, _ = scene.report(*how, "--baseline", "then.rec", "--record", "now.rec", status=1)
    for one in report["targets"]:
        expect("record", changed(one), ("newly-failing", ["rule"]))
        expect("before", one["changes"]["verdict_before"], "pass")
        text = one["changes"]["facts"][0]["text"]
        if not text.startswith("rule %s of %s was removed: accept " % (OURS, OFFICE)):
            raise AssertionError(text)
    report, _ = scene.report(*how, "--baseline", "then.ndjson", status=1)
    expect("ndjson", {one["changes"]["since"] for one in report["targets"]}, {"newly-failing"})
    out, _ = scene.run(*how, "--baseline", "then.rec", status=1)
    words = " ".join(out.split())
    first = words.index("Changed rule %s of %s was removed: accept" % (OURS, OFFICE))
    if first > words.index("Cloud"):
        raise AssertionError(out)
    for said in ("newly failing (sg-source-excluded); before, it passed",
                 "3 newly failing: rule %s of %s was removed" % (OURS, OFFICE)):
        if said not in words:
            raise AssertionError(out)
    for form, said in (("short", ": rule %s of %s was removed: " % (OURS, OFFICE)),
                       ("html", "<strong>Changed</strong>: rule %s of" % OURS)):
        out, _ = scene.run(*how, "--baseline", "then.rec", "--format", form, status=1)
        expect(form, out.count(said), 3)
    lines, _ = scene.run(*how, "--baseline", "then.rec", "--format", "ndjson", status=1)
    lines = [json.loads(line) for line in lines.splitlines()]
    expect("last line", lines[-1]["schema"], "sshpreflight.baseline/1")
    expect("its count", lines[-1]["baseline"]["newly-failing"], 3)
    expect("lines", [changed(line) for line in lines[:-1]], [("newly-failing", ["rule"])] * 3)
    cloud.stop()
    # two records, and nobody is asked
    report = replay(scene, "now.rec", "then.rec", 1)
    expect("replayed", [changed(one) for one in report["targets"]], [("newly-failing", ["rule"])] * 3)
    report = replay(scene, "then.rec", "now.rec", 0)
    expect("backwards", [changed(one) for one in report["targets"]], [("repaired", ["rule"])] * 3)
    expect("cause then", report["targets"][0]["changes"]["cause_before"], "sg-source-excluded")


def replay(scene, record, baseline, status):
    done = subprocess.run([scene.binary, "--replay", record, "--baseline", baseline, "--json"], cwd=scene.folder,
                          env=scene.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=fleet.HANGS, check=False)
    expect("replay: %s" % done.stderr, done.returncode, status)
    return json.loads(done.stdout)


def keys_and_causes(scene):
    """A key file repaired, another host key, another cause, a target new and one gone; one target and several."""
    user, host = servers.login_user(), "127.0.0.2"
    sshd = servers.Sshd(scene.folder + "/own", {"config": ["ListenAddress 127.0.0.%d" % i for i in (2, 3, 4)]},
                        scene.key, scene.other)
    scene.stack.callback(sshd.stop)
    known = scene.list("own-known", [line.replace("[127.0.0.1]", "[127.0.0.*]") for line in sshd.known_hosts()])
    key = scene.folder + "/changing.pem"
    with open(scene.key.path, encoding="ascii") as source, open(key, "w", encoding="ascii") as out:
        out.write(source.read())
    os.chmod(key, 0o644)
    single = ["-l", user, "-p", str(sshd.port), "--known-hosts", known, "--key", key, "--no-session"]

    def run(*words, status):
        done = subprocess.run([scene.binary, *single, *words], cwd=scene.folder, env=scene.environment, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=fleet.HANGS)
        expect("%s: %s" % (words, done.stderr.decode()), done.returncode, status)
        return done.stdout.decode()

    run(host, "--record", "open.rec", "-q", status=1)
    os.chmod(key, 0o400)
    report = json.loads(run(host, "--baseline", "open.rec", "--json", status=0))
    expect("repaired", changed(report["targets"][0]), ("repaired", ["key_mode"]))
    out = run(host, "--baseline", "open.rec", status=0)
    if not out.startswith("Changed     the key file's mode was 0644, now 0400\n"):
        raise AssertionError(out)
    both = scene.list("both", [host, "127.0.0.3"])
    run("--hosts-file", both, "--record", "both.rec", "-q", status=0)

    # the server has another host key
    sshd.stop()
    for path in sshd.host_keys:
        os.unlink(path)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True,
                       stdin=subprocess.DEVNULL)
    if not sshd._start(sshd.port):
        raise AssertionError("sshd did not start again: %s" % "".join(sshd.log))
    report = json.loads(run("--hosts-file", scene.list("moved", [host, "127.0.0.4"]), "--baseline", "both.rec",
                            "--record", "moved.rec", "--json", status=1))
    expect("host key", changed(report["targets"][0]), ("newly-failing", ["host_key"]))
    expect("new", changed(report["targets"][1]), ("new", []))
    expect("gone", report["baseline"]["gone"], ["%s@127.0.0.3 port %d" % (user, sshd.port)])
    out = run("--hosts-file", both, "--baseline", "both.rec", status=1)
    if "2 newly failing: the host key was SHA256:" not in " ".join(out.split()):
        raise AssertionError(out)

    # another cause
    sshd.stop()
    report = json.loads(run(host, "--baseline", "moved.rec", "--json", status=1))
    expect("another cause", [report["targets"][0]["changes"][name] for name in ("since", "cause_before")],
           ["other-cause", "host-key-changed"])
    expect("gone", len(report["baseline"]["gone"]), 1)


def bad_baselines_are_refused(scene):
    host = scene.hosts(1)
    for name, text in (("nothing", ""), ("words", "it works\n"), ("half", '{"schema":"sshpreflight.record/1","targ'),
                       ("other", '{"schema":"sshpreflight.report/1","targets":[]}')):
        path = scene.list(name, [text])
        for option in ("--baseline", "--resume"):
            out, err = scene.run(*host, option, path, status=64)
            if name not in err or out:
                raise AssertionError((name, out, err))
    _, err = scene.run(*host, "--baseline", "nowhere", status=64)
    if "nowhere: it cannot be read" not in err:
        raise AssertionError(err)
    scene.run(*host, "--record", "same.rec", status=0)
    _, err = scene.run(*host, "--baseline", "same.rec", "--record", "same.rec", status=64)
    if "a file that is read is not replaced" not in err:
        raise AssertionError(err)


TESTS = [a_rule_is_removed, keys_and_causes, bad_baselines_are_refused]


def main():
    binary, lab_cloud = (os.path.abspath(path) for path in sys.argv[1:3])
    failed = 0
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="spf-baseline-"))
        scene = Scene(binary, lab_cloud, folder, stack)
        for test in TESTS:
            if len(sys.argv) > 3 and test.__name__ not in sys.argv[3:]:
                continue
            try:
                test(scene)
            except AssertionError as error:
                failed += 1
                print("%s: %s" % (test.__name__, error))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
