#!/usr/bin/env python3
"""Every remedy of a cloud cause that has a command of the aliyun CLI is run, and repairs.

The world of a scenario is looked at, the command is pasted into a shell in which `aliyun` is an
emulated one (../lab/harness/aliyun.py) that takes what the real one takes, and the changed world is looked
at again. The catalogue is read for commands that no case here has run. At the end one remedy is run by
each identity that the report can be made with.
"""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys

import stage
from harness import aliyun, instance_cli, world

HERE = os.path.dirname(os.path.abspath(__file__))
LAB_KEY = "LTAI5tLabCanaryId0001"
KEYS = {"access_key_id": LAB_KEY, "access_key_secret": "LabCanarySecretAk000000000001x"}


def instance(**members):
    return {"regions": {"cn-hangzhou": {"Instances": {"i-bp1lab0000000000web1": members}}}}


# cause, scenario, what the command has, what is changed in the scenario, what must come of it: "gone"
# (the cause; and the verdict is pass, unless it says another), "read" (it only shows something)
CASES = [
    ("credentials-missing", "credentials-missing", "configure", {}, "gone"),
    ("credentials-incomplete", "profile-incomplete", "configure", {}, "gone"),
    ("credentials-incomplete", "profile-incomplete", "configure --profile default",
     {"options": {"--profile": "default"}}, "gone"),
    ("profile-unknown", "profile-unknown", "configure list", {}, "read"),
    ("profile-mode-unsupported", "profile-mode-unsupported", "configure list", {}, "read"),
    ("access-key-unknown", "access-key-unknown", "configure", {}, "gone"),
    ("access-key-secret-wrong", "secret-wrong", "configure", {}, "gone"),
    ("instance-not-found", "story-05-explicit-region", "DescribeInstances", {}, "read"),
    ("instance-not-found", "instance-nowhere", "GetCallerIdentity", {}, "read"),
    ("region-unknown", "region-unknown", "DescribeRegions", {}, "read"),
    ("instance-stopped", "instance-stopped-economical", "StartInstance", {}, "gone"),
    ("instance-stopped", "instance-stopped-economical", "StartInstance",
     {"world": instance(StoppedMode="KeepCharging", EipAddress={"IpAddress": "127.0.0.1",
                                                                "AllocationId": "eip-1"})}, "gone"),
    ("instance-stopping", "instance-stopping", "StartInstance", {}, "gone"),
    ("instance-expired", "instance-expired-stopped", "RenewInstance", {}, "gone"),
    ("instance-to-be-released", "instance-to-be-released", "ModifyInstanceAutoReleaseTime", {},
     "gone"),
    ("instance-event", "system-event-only-cloud", "DescribeInstancesFullStatus", {}, "read"),
    ("address-private-only", "story-09-private-only", "AssociateEipAddress", {}, "gone"),
    ("address-no-bandwidth", "address-no-bandwidth", "ModifyInstanceNetworkSpec", {}, "gone"),
    ("address-ipv6-no-internet", "address-ipv6-no-internet", "AllocateIpv6InternetBandwidth", {},
     "gone"),
    ("address-ipv6-egress-only", "address-ipv6-egress-only", "DeleteIpv6EgressOnlyRule", {},
     "gone"),
    ("address-no-route", "gateway-without-route-only-cloud", "CreateRouteEntry", {}, "gone"),
    ("sg-no-rule", "sg-no-rule", "AuthorizeSecurityGroup", {}, "gone"),
    ("sg-source-excluded", "story-06-excluded-and-mode", "AuthorizeSecurityGroup", {}, "gone"),
    ("sg-rule-denies", "sg-rule-denies", "--Priority 2 ", {}, "gone"),
    ("sg-rule-denies", "sg-rule-denies", "RevokeSecurityGroup", {}, "gone"),
    ("sg-rule-denies", "sg-rule-denies", "--Priority 4", {"drop": 5}, "gone"),
    ("sg-open-to-world", "sg-open-to-world", "ModifySecurityGroupRule", {}, "gone"),
    ("sg-open-to-world", "sg-open-to-world", "ModifySecurityGroupRule", {"world": {"regions": {
        "cn-hangzhou": {"SecurityGroups": {"sg-bp1lab0000000000web": {"Permissions": {
            "Permission": [
                {"SecurityGroupRuleId": "sgr-bp1labmine000001", "SourceCidrIp": "198.51.100.0/24",
                 "PortRange": "1/65535", "Priority": 1},
                {"SecurityGroupRuleId": "sgr-bp1labopen000001", "SourceCidrIp": "0.0.0.0/0",
                 "PortRange": "1/65535", "Priority": 2}]}}}}}}}, "gone"),
    ("acl-denies-inbound", "acl-denies-inbound", "DescribeNetworkAclAttributes", {}, "read"),
    ("acl-denies-return", "acl-denies-return", "DescribeNetworkAclAttributes", {}, "read"),
    ("acl-entry-unresolved", "acl-entry-in-doubt", "DescribeNetworkAclAttributes", {}, "read"),
]


# Causes that no command line of the program comes to: a wrong word there is a usage error.
OF_THE_LIBRARY = {"instance-word-invalid"}


def config(current, *profiles):
    return {".aliyun/config.json": {"current": current, "profiles": list(profiles)}}


PROD = {"name": "prod", "mode": "AK", **KEYS, "region_id": "cn-beijing"}
OTHER = {"name": "default", "mode": "AK", "access_key_id": "LTAI5tLabInactive00001",
         "access_key_secret": "LabCanarySecretInactive000001x", "region_id": "cn-shanghai"}
# what is there -> what the line must have; the line must act as the key that looked
IDENTITIES = [
    ("environment", {}, "aliyun ecs"),
    ("environment, no region", {"env": {"ALIBABA_CLOUD_REGION_ID": None}}, "--region cn-hangzhou"),
    ("environment in another spelling", {"env": {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": None, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": None,
        "ALICLOUD_ACCESS_KEY_ID": LAB_KEY,
        "ALICLOUD_ACCESS_KEY_SECRET": KEYS["access_key_secret"]}}, "aliyun ecs"),
    ("Terraform's variables", {"files": config("default", OTHER), "env": {
        "ALIBABA_CLOUD_IGNORE_PROFILE": "TRUE",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": None, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": None,
        "ALICLOUD_ACCESS_KEY": LAB_KEY, "ALICLOUD_SECRET_KEY": KEYS["access_key_secret"]}},
     '"$ALICLOUD_ACCESS_KEY"'),
    ("environment beside a profile that cannot be used", {"files": config(
        "default", {"name": "default", "mode": "BearerToken", "bearer_token": "x"})},
     "ALIBABA_CLOUD_IGNORE_PROFILE=TRUE aliyun ecs"),
    ("--profile", {"files": config("default", OTHER, PROD), "options": {"--profile": "prod"}},
     "--profile prod"),
    ("--profile and --config-path", {
        "files": {"my conf.json": {"current": "default", "profiles": [OTHER, PROD]}},
        "options": {"--profile": "prod", "--config-path": "my conf.json"}},
     "--profile prod --config-path 'my conf.json'"),
    ("--config-path in the home directory", {
        "files": {"conf.json": {"current": "default", "profiles": [{**PROD, "name": "default"}]}},
        "options": {"--config-path": "{home}/conf.json"}}, "--config-path ~/conf.json"),
    ("the current profile", {"files": config("prod", OTHER, PROD)}, "--profile prod"),
    ("the current profile, default", {"files": config("default", {**PROD, "name": "default"})},
     "aliyun ecs"),
    ("the profile of the environment", {"files": config("default", OTHER, PROD),
                                        "env": {"ALIBABA_CLOUD_PROFILE": "prod"}},
     "--profile prod"),
    ("a profile without a region", {"files": config("prod", {
        "name": "prod", "mode": "AK", **KEYS}), "env": {"ALIBABA_CLOUD_REGION_ID": None}},
     "--region cn-hangzhou"),
    ("the SDKs' file, which the CLI does not read", {"env": {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": None, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": None},
        "files": {".alibabacloud/credentials": "[default]\ntype = access_key\n"
                  "access_key_id = %(access_key_id)s\naccess_key_secret = %(access_key_secret)s\n"
                  % KEYS}}, None),
    ("a profile whose name must be quoted", {"files": config("my prod; x", {
        **PROD, "name": "my prod; x"})}, "--profile 'my prod; x'"),
]


# what is there -> what the line that opens a session must have; None: there is no line
SESSIONS = [
    ("environment", {}, 'ALIBABACLOUD_ACCESS_KEY_ID="$ALIBABA_CLOUD_ACCESS_KEY_ID"'),
    ("environment with a token", {"env": {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "STS.LabCanaryStsId000000001",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "LabCanarySecretSts00000000001x",
        "ALIBABA_CLOUD_SECURITY_TOKEN":
            "CAISLabCanaryToken+/=000000000000000000000000000000000000001"}}, "--mode StsToken"),
    ("Terraform's variables", {"env": {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": None, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": None,
        "ALICLOUD_ACCESS_KEY": LAB_KEY, "ALICLOUD_SECRET_KEY": KEYS["access_key_secret"]}},
     '"$ALICLOUD_SECRET_KEY"'),
    ("environment beside a profile", {"files": config(
        "default", {"name": "default", "mode": "BearerToken", "bearer_token": "x"})}, None),
    ("--profile", {"files": config("default", OTHER, PROD), "options": {"--profile": "prod"}},
     "--profile prod --config-path ~/.aliyun/config.json"),
    ("the current profile, and another file of the client's own", {
        "files": {**config("prod", OTHER, PROD),
                  ".aliyun/config_ecs.json": {"current": "default", "profiles": [OTHER]}}},
     "--config-path ~/.aliyun/config.json"),
    ("a left-over token", {"files": config("default", {
        **PROD, "name": "default", "sts_token": "x"})}, "session"),
    ("a profile filled from the environment", {"files": config("default", {
        "name": "default", "mode": "AK"})}, None),
    ("a role", {"files": config("default", {
        **PROD, "name": "default", "mode": "RamRoleArn", "ram_session_name": "s",
        "ram_role_arn": "acs:ram::1000000000000001:role/lab"})}, None),
]


class Patient(stage.Stage):
    """A scenario whose world somebody repairs."""

    def __init__(self, tools, stack, name, patch):
        self.patch = patch
        super().__init__(os.path.join(HERE, "scenarios", name), tools, stack)

    def _check_needs(self):
        """The scenario as it is wanted here: the cloud's checks alone, no server that misbehaves."""
        drop = self.patch.pop("drop", None)
        variables = self.patch.pop("env", {})  # null takes one away from the usual ones
        self.data = world.merge_patch(self.data, self.patch)
        self.data.setdefault("env", {}).update(variables)
        self.data.setdefault("options", {}).update({"--only": "cloud"})
        self.data.pop("server", None)
        if drop:  # a Drop that something can come before
            rules = self.data["world"]["regions"]["cn-hangzhou"]["SecurityGroups"][
                "sg-bp1lab0000000000web"]["Permissions"]["Permission"]
            for rule in rules:
                rule["Priority"] = drop if rule.get("Policy") == "Drop" else drop + 1
        super()._check_needs()

    def look(self):
        """The target of a report."""
        return json.loads(self.run(["--json"]).out)["targets"][0]

    def paste(self, line):
        """The line in a shell where aliyun is the emulated one; what it said, and its calls."""
        paths = {name: os.path.join(self.folder, "repair." + name) for name in ("world", "calls")}
        shown = self.shown or world.build(self.data.get("world"), self.places)
        with open(paths["world"], "w", encoding="utf-8") as out:
            json.dump(shown, out)
        with open(paths["calls"], "w", encoding="utf-8"):
            pass
        for name, module in (("aliyun", aliyun), ("ali-instance-cli", instance_cli)):
            program = os.path.join(self.programs, name)
            if not os.path.exists(program):
                os.symlink(module.__file__, program)
        environment = {**self.environment(), "LAB_WORLD": paths["world"],
                       "LAB_CALLS": paths["calls"], "PYTHONDONTWRITEBYTECODE": "1"}
        environment["PATH"] = self.programs + ":" + os.path.dirname(sys.executable) + ":" + \
            environment["PATH"]
        done = subprocess.run(["sh", "-c", line], cwd=self.home, env=environment, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300)
        with open(paths["world"], encoding="utf-8") as source:
            self.shown = json.load(source)
        with open(paths["calls"], encoding="utf-8") as source:
            calls = [json.loads(line) for line in source]
        return done.returncode, done.stdout.decode("utf-8", "replace"), calls


def causes_of(target):
    return [check["cause"] for check in target["checks"] if check["cause"]]


def commands_of(target, cause):
    return [remedy["command"] for check in target["checks"] if check["cause"] == cause
            for remedy in check["remedies"] if remedy["command"]]


def treat(tools, cause, scenario, has, patch, result):
    """Runs one remedy. What is wrong, and the command."""
    with contextlib.ExitStack() as stack:
        patient = Patient(tools, stack, scenario, json.loads(json.dumps(patch)))
        target = patient.look()
        commands = [line for line in commands_of(target, cause) if has in line]
        if not commands:
            return ["%s has no command with %r: %s" % (cause, has, json.dumps(target)[:3000])], ""
        for line in commands[:1]:
            status, said, calls = patient.paste(line)
            wrong = ["%r: %s" % (line, said)] if status != 0 else []
            for call in calls:
                # Its parameter names the region, whatever the CLI's own is.
                if line.count("--RegionId") != line.count("aliyun "):
                    wrong.append("%r has a call without --RegionId" % line)
                if call["key"] != LAB_KEY:
                    wrong.append("%r runs as %s" % (line, call["key"]))
            if result == "gone" and not wrong:
                after = patient.look()
                if cause in causes_of(after) or after["verdict"] != "pass":
                    wrong.append("after %r: %s, %s" % (line, after["verdict"], causes_of(after)))
        return wrong + patient.complaints, commands[0]


def act_as(tools, name, patch, has):
    """The remedy of a stopped instance, by one of the identities."""
    with contextlib.ExitStack() as stack:
        patient = Patient(tools, stack, "instance-stopped-economical",
                          json.loads(json.dumps(patch)))
        target = patient.look()
        lines = [line for line in commands_of(target, "instance-stopped") if "Start" in line]
        if has is None:
            return ["%s: %s" % (name, lines)] if lines or target["verdict"] != "fail" else []
        if not lines or has not in lines[0]:
            return ["%s: no line with %r: %s" % (name, has, lines or json.dumps(target)[:2000])]
        if has == "aliyun ecs" and "--profile" in lines[0]:
            return ["%s: %r names a profile" % (name, lines[0])]
        status, said, calls = patient.paste(lines[0])
        if status or [call["key"] for call in calls] != [LAB_KEY]:
            return ["%s: %r: %s %s" % (name, lines[0], said, calls)]
        after = patient.look()
        if after["verdict"] != "pass":
            return ["%s: after %r: %s %s" % (name, lines[0], after["verdict"], causes_of(after))]
    return []


def open_session(tools, name, patch, has):
    """The line that opens a session of Session Manager, as one of the identities."""
    with contextlib.ExitStack() as stack:
        patient = Patient(tools, stack, "session-manager-private-only",
                          json.loads(json.dumps(patch)))
        key = patient.environment().get("ALIBABA_CLOUD_ACCESS_KEY_ID") or LAB_KEY
        lines = [line for line in commands_of(patient.look(), "address-private-only")
                 if "ali-instance-cli" in line]
        if has is None:
            return ["session, %s: %s" % (name, lines)] if lines else []
        if not lines or has not in lines[0]:
            return ["session, %s: no line with %r: %s" % (name, has, lines)]
        status, said, calls = patient.paste(lines[0])
        if status or [(call["key"], call["instance"], call["region"]) for call in calls] != [
                (key, "i-bp1lab0000000000web1", "cn-hangzhou")]:
            return ["session, %s: %r: %s %s" % (name, lines[0], said, calls)]
    return []


def uncovered(catalogue, done):
    """Commands of the cloud's causes that no case has run; and any that names no identity."""
    with open(catalogue, encoding="utf-8") as source:
        text = source.read()
    wrong = []
    for entry in re.split(r"^(?=FINDING|ADVISORY)", text, flags=re.M)[1:]:
        cause = re.search(r'"([a-z0-9-]+)"', entry).group(1)
        flat = re.sub(r'"\s*"', "", entry)
        for action in re.findall(r"aliyun\}? (configure(?: list)?|(?:ecs|vpc|sts) \w+)", flat):
            action = action.split()[-1]
            if cause not in OF_THE_LIBRARY and not any(cause == of and action in line for of, line in done):
                wrong.append("no case runs %s of %s" % (action, cause))
        if re.search(r"\baliyun (?:ecs|vpc|sts) ", flat):
            wrong.append("%s has a call without {aliyun}" % cause)
        if flat.count("{aliyun} ") != flat.count("{as}"):
            wrong.append("%s has a call without {as}" % cause)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("binary", "lab-cloud", "schema", "catalogue"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("only", nargs="*")
    tools = parser.parse_args()
    tools.keep = False
    wrong, done = [], []
    for cause, scenario, has, patch, result in CASES:
        if tools.only and cause not in tools.only:
            continue
        found, line = treat(tools, cause, scenario, has, patch, result)
        wrong += ["%s (%s): %s" % (cause, scenario, text) for text in found]
        done.append((cause, line))
        if tools.show:
            print("%s: %s" % (cause, line))
    for name, patch, has in IDENTITIES:
        if not tools.only or "identities" in tools.only:
            wrong += act_as(tools, name, patch, has)
    for name, patch, has in SESSIONS:
        if not tools.only or "sessions" in tools.only:
            wrong += open_session(tools, name, patch, has)
    if not tools.only:
        wrong += uncovered(tools.catalogue, done)
    for text in wrong:
        print("FAILED: " + text)
    print("%d remedies, %d identities, %d wrong" % (
        len(done), len(IDENTITIES) + len(SESSIONS), len(wrong)))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
