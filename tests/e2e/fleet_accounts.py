#!/usr/bin/env python3
"""Several regions and several accounts in one run: chosen on the command line, or named line by line."""

import copy
import json
import os
import subprocess
import sys

import fleet
from fleet import expect
import stage  # noqa: F401  (finds the harness)
from harness import teller, world
from harness.cloud import Authority, Cloud

OTHER_REGION = "cn-shanghai"
SECRET = "LabCanarySecretAk%012dx"


def renamed(region, count, letter):
    """The instances of a region under other names, so many."""
    one = region["Instances"][world.INSTANCE]
    ids = ["i-bp1lab0000000%s%07d" % (letter, i) for i in range(count)]
    return ids, {**region, "Instances": {each: {**copy.deepcopy(one), "InstanceId": each}
                                         for each in ids}}


class Accounts:
    """Two accounts, each with instances in two regions; profile "first" and "second", and one that
    no account knows. One cloud answers for all, as the endpoints of one service do."""

    def __init__(self, scene, name, count=3, faults=()):
        self.scene = scene
        places = {"public_key": scene.key.public, "key_md5": scene.key.md5,
                  "other_public_key": scene.other.public, "other_key_md5": scene.other.md5,
                  "port": scene.sshd.port}
        shown = world.build({"faults": list(faults)}, places)
        home = shown["regions"][world.HOME_REGION]
        other = world.build({}, places, OTHER_REGION)["regions"][OTHER_REGION]
        self.ids = {}
        profiles = []
        for number, who in enumerate(("first", "second"), 1):
            regions = {**shown["regions"]}
            for letter, region, of in (("a", world.HOME_REGION, home), ("b", OTHER_REGION, other)):
                self.ids[who, region], regions[region] = renamed(of, count, letter + str(number))
            key = {"AccessKeyId": "LTAI5tLabAccount%06d" % number, "AccessKeySecret": SECRET % number,
                   "state": "active", "regions": regions,
                   "identity": {"IdentityType": "RAMUser", "AccountId": "100000000000000%d" % number,
                                "PrincipalId": "2", "UserId": "2",
                                "Arn": "acs:ram::100000000000000%d:user/preflight" % number}}
            shown["access_keys"].append(key)
            profiles.append({"name": who, "mode": "AK", "region_id": world.HOME_REGION,
                             "access_key_id": key["AccessKeyId"],
                             "access_key_secret": key["AccessKeySecret"]})
        profiles.append({**profiles[0], "name": "stranger", "access_key_id": "LTAI5tLabStranger0001"})
        self.config = os.path.join(scene.folder, name + ".json")
        with open(self.config, "w", encoding="ascii") as out:
            json.dump({"current": "first", "profiles": profiles}, out)
        os.chmod(self.config, 0o600)
        self.authority = authority = Authority(scene.folder + "/authority")
        self.cloud = scene.stack.enter_context(
            Cloud(scene.lab_cloud, scene.folder + "/" + name, shown, authority))
        self.how = ["--endpoint", self.cloud.url, "--ca-file", authority.ca, "--source-ip",
                    "198.51.100.7", "--only", "cloud", "--config-path", self.config]

    def of(self, *pairs):
        return sorted(one for pair in pairs for one in self.ids[pair])

    def called(self, since=0):
        """Which account was asked in which region about how many things, by action."""
        seen = {}
        for call in self.cloud.calls()[since:]:
            where = (call["account"][-1:], call["params"].get("RegionId"))
            seen.setdefault(where, {}).setdefault(call["action"], 0)
            seen[where][call["action"]] += 1
        return seen


def shown(report):
    return sorted(one["target"]["instance_id"] for one in report["targets"])


def without_credentials(scene):
    for name in [name for name in scene.environment if name.startswith("ALIBABA_CLOUD_ACCESS")]:
        del scene.environment[name]
    scene.environment.pop("ALIBABA_CLOUD_REGION_ID", None)


def several_regions(scene):
    of = Accounts(scene, "regions")
    both = ["--region", world.HOME_REGION, "--region", OTHER_REGION]
    report, _ = scene.report(*of.how, *both, "--all", "--record", "two-regions", status=0)
    expect("both", shown(report), of.of(("first", world.HOME_REGION), ("first", OTHER_REGION)))
    expect("regions", {one["target"]["instance_id"]: one["target"]["region_id"]
                       for one in report["targets"]},
           {one: region for region in (world.HOME_REGION, OTHER_REGION)
            for one in of.ids["first", region]})
    for region, actions in of.called().items():
        for action in ("DescribeInstances", "DescribeSecurityGroupAttribute", "DescribeKeyPairs"):
            if actions.get(action, 0) > 1:
                raise AssertionError("%s: %s" % (region, actions))
    expect("asked in", sorted(str(region) for who, region in of.called() if region),
           [world.HOME_REGION, OTHER_REGION])
    expect("text", {one["target"]["region_id"] in title for one, title in zip(
        report["targets"], scene.run(*of.how, *both, "--all", "--format", "short", status=0)[0]
        .splitlines())}, {True})
    again = subprocess.run([scene.binary, "--replay", "two-regions", "--json"], cwd=scene.folder,
                           env=scene.environment, stdout=subprocess.PIPE, check=False)
    expect("replay", shown(json.loads(again.stdout)), shown(report))
    report, _ = scene.report(*of.how, *both, "--all", "--baseline", "two-regions", status=0)
    expect("changes", {one["changes"]["since"] for one in report["targets"]}, {"same"})
    parts = []
    for part in (1, 2):
        out, _ = scene.run(*of.how, *both, "--all", "--shard", "%d/2" % part, "--format", "ndjson", status=0)
        parts.append(scene.list("part%d" % part, out.splitlines()))
    merged = subprocess.run([scene.binary, "merge", *parts, "--format", "json"], cwd=scene.folder,
                            env=scene.environment, stdout=subprocess.PIPE, check=False)
    expect("merged", shown(json.loads(merged.stdout)), shown(report))


def several_profiles(scene):
    of = Accounts(scene, "profiles")
    two = ["--profile", "first", "--profile", "second"]
    report, _ = scene.report(*of.how, *two, "--all", status=0)
    expect("the region of each", shown(report),
           of.of(("first", world.HOME_REGION), ("second", world.HOME_REGION)))
    before = len(of.cloud.calls())
    report, _ = scene.report(*of.how, *two, "--region", OTHER_REGION, "--region", world.HOME_REGION,
                             "--tag", "env=prod", status=0)
    expect("all four", shown(report), of.of(*of.ids))
    expect("lists", {where: actions["DescribeInstances"]
                     for where, actions in of.called(before).items() if "DescribeInstances" in actions},
           {(who, region): 1 for who in "12" for region in (world.HOME_REGION, OTHER_REGION)})
    # One that cannot be asked is said once, and the others are checked.
    report, err = scene.report(*of.how, *two, "--profile", "stranger", "--all", status=2)
    expect("the others", shown(report),
           of.of(("first", world.HOME_REGION), ("second", world.HOME_REGION)))
    expect("left out", [one["where"] for one in report["left_out"]], ["--profile stranger"])
    if err.count("stranger") != 1 or "cannot be listed" not in err:
        raise AssertionError(err)
    out, err = scene.run(*of.how, "--profile", "stranger", "--profile", "nobody", "--all", status=2)
    if out or "cannot be listed" not in err:
        raise AssertionError((out, err))
    # Two profiles of one account list the same instances: each is checked once.
    with open(of.config, encoding="ascii") as text:
        config = json.load(text)
    config["profiles"].append({**config["profiles"][0], "name": "same"})
    with open(of.config, "w", encoding="ascii") as out:
        json.dump(config, out)
    report, _ = scene.report(*of.how, "--profile", "first", "--profile", "same", "--all", status=0)
    expect("one account", shown(report), of.of(("first", world.HOME_REGION)))


def lines_of_their_own(scene):
    of = Accounts(scene, "lines")
    pairs = [("first", world.HOME_REGION), ("second", OTHER_REGION), ("second", world.HOME_REGION)]
    lines = ["%s --profile %s --region=%s" % (one, *pair) for pair in pairs for one in of.ids[pair]]
    report, _ = scene.report(*of.how, "--region", "cn-beijing", "--instances-file", scene.list("own", lines),
                             "--record", "own-record", status=0)
    expect("found", shown(report), of.of(*pairs))
    expect("asked", sorted(where for where, actions in of.called().items() if "DescribeInstances" in actions),
           sorted((who[0].replace("f", "1").replace("s", "2"), region) for who, region in pairs))
    calls = {where: actions["DescribeInstances"] for where, actions in of.called().items()
             if "DescribeInstances" in actions}
    expect("calls", set(calls.values()), {1})
    report, _ = scene.report(*of.how, "--region", "cn-beijing", "--instances-file", scene.list(
        "lost", [of.ids[pairs[0]][0], of.ids[pairs[1]][0] + " --region cn-beijing --profile second",
                 of.ids[pairs[2]][0] + " --region cn-hangzhou --profile second"]), status=2)
    expect("lost", [one["cause"] for one in report["targets"]],
           ["instance-not-found", "instance-not-found", None])
    lines = [one + " --region a --region b" for one in of.ids[pairs[0]][:1]]
    _, err = scene.run(*of.how, "--instances-file", scene.list("two", lines), status=64)
    if "several --region" not in err:
        raise AssertionError(err)


def our_address_is_asked_once(scene):
    """However many targets judge their rules by it; also what the service says wrong is said of all."""
    for recipe, wanted, status in (({"body": "198.51.100.7\n"}, "pass", 0), ({"status": 503}, "unknown", 2)):
        of = Accounts(scene, "lookup%d" % status, count=40)
        service = teller.Teller(recipe, of.authority)
        scene.stack.callback(service.stop)
        how = [word if word != "198.51.100.7" else "lookup:" + service.url for word in of.how]
        report, _ = scene.report(*how, "--address", "public", "--all", status=status)
        expect("targets", len(report["targets"]), 40)
        expect("verdicts", {one["verdict"] for one in report["targets"]}, {wanted})
        expect("requests", len(service.requests), 1)


def a_wrong_credential_is_found_once(scene):
    """The API says once that it does not take a key: no target asks it again, and each reports it."""
    of = Accounts(scene, "refused", count=250)
    with open(of.config, encoding="ascii") as text:
        config = json.load(text)
    expired = {"mode": "StsToken", "access_key_id": "STS.LabExpiredStsId00000001",
               "access_key_secret": "LabCanarySecretExpired0000001x",
               "sts_token": "CAISLabCanaryTokenExpired00000000000000000000000000000000001"}
    refused = {"access-key-unknown": {"access_key_id": "LTAI5tLabStranger0001"},
               "access-key-inactive": {"access_key_id": "LTAI5tLabInactive00001",
                                       "access_key_secret": "LabCanarySecretInactive000001x"},
               "access-key-secret-wrong": {"access_key_secret": "LabCanarySecretAkOfAnother0001"},
               "token-expired": expired,
               "token-invalid": {**expired, "sts_token": "CAISanother"}}
    for cause, members in refused.items():
        config["profiles"].append({**config["profiles"][0], "name": cause, **members})
    with open(of.config, "w", encoding="ascii") as out:
        json.dump(config, out)
    ids = scene.list("refused-ids", of.ids["first", world.HOME_REGION])
    for cause in refused:
        before = len(of.cloud.calls())
        report, _ = scene.report(*of.how, "--profile", cause, "--instances-file", ids, "--jobs", "20",
                                 status=2)
        expect("causes", {(one["verdict"], one["cause"]) for one in report["targets"]}, {("unknown", cause)})
        expect("targets", len(report["targets"]), 250)
        expect("calls for " + cause, [call["action"] for call in of.cloud.calls()[before:]],
               ["DescribeInstances"])


def what_cannot_be_meant(scene):
    of = Accounts(scene, "wrong")
    one = of.ids["first", world.HOME_REGION][0]
    two = ["--region", world.HOME_REGION, "--region", OTHER_REGION]
    for words in ([*two, one], [*two, "--instance", one, "--all"], [*two, "127.0.0.1"],
                  ["--profile", "first", "--profile", "second", one], ["--region", "", one]):
        out, err = scene.run(*of.how, *words, status=64)
        if out or words[0] not in err:
            raise AssertionError((words, out, err))
    out, err = scene.run(*of.how, *two, "--tag", "env=none", status=64)
    if "regions" not in err or "--tag env=none" not in err:
        raise AssertionError(err)
    # the same one twice is one
    report, _ = scene.report(*of.how, "--region", OTHER_REGION, "--region", OTHER_REGION, "--all", status=0)
    expect("once", shown(report), of.of(("first", OTHER_REGION)))


TESTS = [several_regions, several_profiles, lines_of_their_own, our_address_is_asked_once,
         a_wrong_credential_is_found_once, what_cannot_be_meant]


if __name__ == "__main__":
    sys.exit(fleet.main(TESTS, without_credentials))
