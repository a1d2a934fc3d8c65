#!/usr/bin/env python3
"""An emulated aliyun CLI: takes its command lines as it does, and changes the emulated world.

As aliyun-cli v3.4.11: the options of its own wherever they stand, parameters that the action has
(../aliyun-parameters.json: names and required flags out of the CLI's product metadata of 2026-04-21)
and no others, a profile or the environment for the identity, a region or a refusal. LAB_WORLD is the
world's file, LAB_CALLS receives a line of JSON per call. `configure` writes the lab's key, as a
person would who types it in.
"""

import datetime
import json
import os
import re
import sys
import urllib.request

PARAMETERS = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))),
                          "aliyun-parameters.json")
OWN = ["profile", "mode", "region", "RegionId", "config-path", "role-session-name",
       "ram-role-name", "access-key-id"]
LAB = {"access_key_id": "LTAI5tLabCanaryId0001",
       "access_key_secret": "LabCanarySecretAk000000000001x"}


class Refused(Exception):
    """What the CLI says, and exits with 1."""


def env(*names):
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def split(words):
    """The arguments, and the flags with their values."""
    arguments, flags, name = [], {}, None
    for word in words:
        if word.startswith("-") and name is None:
            name = word.lstrip("-")
            if "=" in name:
                name, value = name.split("=", 1)
                flags[name], name = value, None
        elif name is not None:
            flags[name], name = word, None
        else:
            arguments.append(word)
    if name is not None:
        raise Refused("--%s must be assigned with value" % name)
    return arguments, flags


def config_path(flags):
    path = flags.get("config-path", os.environ["HOME"] + "/.aliyun/config.json")
    if "config-path" in flags and not os.path.exists(path):
        raise Refused("config path input does not exist: " + path)
    return path


def load_config(flags):
    if not os.path.exists(config_path(flags)):
        return {"current": "default", "profiles": [{"name": "default", "mode": ""}]}
    with open(config_path(flags), encoding="utf-8") as source:
        return json.load(source)


def load_profile(flags):
    """The profile that the call acts as, with the environment and the flags in it."""
    if env("ALIBABA_CLOUD_IGNORE_PROFILE", "ALIBABACLOUD_IGNORE_PROFILE") == "TRUE":
        profile = {"name": "default", "mode": "", "region_id": "cn-hangzhou"}
    else:
        config = load_config(flags)
        name = flags.get("profile") or env("ALIBABACLOUD_PROFILE", "ALIBABA_CLOUD_PROFILE",
                                           "ALICLOUD_PROFILE") or config["current"]
        profile = next((p for p in config["profiles"] if p["name"] == name), None)
        if profile is None:
            raise Refused("unknown profile %s, run configure to check" % name)
    filled = {"access_key_id": env("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_ID",
                                   "ALICLOUD_ACCESS_KEY_ID", "ACCESS_KEY_ID"),
              "access_key_secret": env("ALIBABA_CLOUD_ACCESS_KEY_SECRET",
                                       "ALIBABACLOUD_ACCESS_KEY_SECRET",
                                       "ALICLOUD_ACCESS_KEY_SECRET", "ACCESS_KEY_SECRET"),
              "region_id": env("ALIBABA_CLOUD_REGION_ID", "ALIBABACLOUD_REGION_ID",
                               "ALICLOUD_REGION_ID", "REGION_ID", "REGION")}
    profile = {**filled, **{name: value for name, value in profile.items() if value}}
    profile["region_id"] = flags.get("region", profile["region_id"])
    profile["mode"] = flags.get("mode", profile.get("mode", ""))
    if not profile["region_id"]:
        raise Refused("region can't be empty")
    if not profile["mode"]:
        if not (profile["access_key_id"] and profile["access_key_secret"]):
            raise Refused("profile %s is not configure yet" % profile["name"])
        profile["mode"] = "AK"
    return profile


def metadata_key(profile):
    """The key of the instance's role; the service's address is the real one."""
    base = "http://100.100.100.200/latest/"
    token = urllib.request.urlopen(urllib.request.Request(
        base + "api/token", method="PUT",
        headers={"X-aliyun-ecs-metadata-token-ttl-seconds": "21600"}), timeout=5).read().decode()

    def get(path):
        return urllib.request.urlopen(urllib.request.Request(
            base + "meta-data/ram/security-credentials/" + path,
            headers={"X-aliyun-ecs-metadata-token": token}), timeout=5).read().decode()

    return json.loads(get(profile.get("ram_role_name") or get("")))


def oidc_key(profile, flags, root):
    """The role's key, for a token that the role trusts."""
    for name, variable in (("ram_role_arn", "ROLE_ARN"),
                           ("oidc_provider_arn", "OIDC_PROVIDER_ARN"),
                           ("oidc_token_file", "OIDC_TOKEN_FILE")):
        profile[name] = profile.get(name) or env("ALIBABACLOUD_" + variable,
                                                 "ALIBABA_CLOUD_" + variable)
        if not profile[name]:
            raise Refused("invalid " + name)
    if not (flags.get("role-session-name") or profile.get("ram_session_name")):
        raise Refused("invalid ram_session_name")
    with open(profile["oidc_token_file"], encoding="utf-8") as source:
        token = source.read()
    role = root["roles"].get(profile["ram_role_arn"], {})
    if role.get("oidc_token") != token:
        raise Refused("AuthenticationFail.OIDCToken.Invalid")
    return role["Credentials"]


def acting_key(profile, flags, root):
    """The id of the access key that signs, by the profile's mode."""
    if profile["mode"] == "EcsRamRole":
        return metadata_key(profile)["AccessKeyId"]
    if profile["mode"] == "OIDC":
        return oidc_key(profile, flags, root)["AccessKeyId"]
    if profile["mode"] == "CredentialsURI":
        uri = profile.get("credentials_uri") or env("ALIBABA_CLOUD_CREDENTIALS_URI")
        if not uri:
            raise Refused("invalid credentials_uri")
        with urllib.request.urlopen(uri, timeout=5) as reply:
            return json.load(reply)["AccessKeyId"]
    return profile["access_key_id"]


def check_parameters(product, action, flags, region):
    with open(PARAMETERS, encoding="utf-8") as source:
        known = json.load(source)[product].get(action)
    if known is None:
        raise Refused("'%s' is not a valid api" % action)
    names = [re.sub(r"\.N\b", r"\\.[1-9][0-9]*", name) for name in known["required"] +
             known["other"]]
    for name in flags:
        if name not in OWN and not any(re.fullmatch(pattern, name) for pattern in names):
            raise Refused("'--%s' is not a valid parameter or flag" % name)
    for name in known["required"]:
        pattern = re.sub(r"\.N\b", r"\\.[1-9][0-9]*", name)
        if not any(re.fullmatch(pattern, flag) for flag in flags) and not (
                name == "RegionId" and region):
            raise Refused("required parameters not assigned: --" + name)


class World:
    """The emulated world, and what the actions do to it."""

    def __init__(self, root, region):
        self.root = root
        if region not in root["regions"]:
            raise Refused("InvalidRegionId.NotFound: The specified RegionId does not exist.")
        self.region = root["regions"][region]

    def instance(self, flags):
        found = self.region["Instances"].get(flags["InstanceId"])
        if found is None:
            raise Refused("InvalidInstanceId.NotFound")
        return found

    def rules(self, flags):
        return self.region["SecurityGroups"][flags["SecurityGroupId"]]["Permissions"]["Permission"]

    def rule(self, flags, name):
        found = [r for r in self.rules(flags) if r["SecurityGroupRuleId"] == flags[name]]
        if not found:
            raise Refused("InvalidSecurityGroupRule.RuleNotExist")
        return found[0]

    def StartInstance(self, flags):
        one = self.instance(flags)
        if one["Status"] not in ("Stopped", "Stopping"):
            raise Refused("IncorrectInstanceStatus")
        one.update(Status="Running", StoppedMode="Not-applicable")
        if not one["EipAddress"]["IpAddress"] and not one["PublicIpAddress"]["IpAddress"]:
            one["PublicIpAddress"]["IpAddress"] = ["127.0.0.1"]
            one["InternetMaxBandwidthOut"] = 5

    def RebootInstance(self, flags):
        now = datetime.datetime.now(datetime.timezone.utc)
        self.instance(flags)["StartTime"] = now.strftime("%Y-%m-%dT%H:%MZ")

    def RenewInstance(self, flags):
        one = self.instance(flags)
        one["ExpiredTime"] = "2099-12-31T15:59Z"
        one["Status"] = "Running"
        one["OperationLocks"] = {"LockReason": []}

    def ModifyInstanceNetworkSpec(self, flags):
        self.instance(flags)["InternetMaxBandwidthOut"] = int(flags["InternetMaxBandwidthOut"])

    def ModifyInstanceAutoReleaseTime(self, flags):
        self.instance(flags)["AutoReleaseTime"] = flags.get("AutoReleaseTime", "")

    def AuthorizeSecurityGroup(self, flags):
        rule = {"SecurityGroupRuleId": "sgr-bp1labnew%07d" % len(self.rules(flags)),
                "Direction": "ingress", "NicType": "intranet"}
        for name, value in flags.items():
            if name not in OWN and name != "SecurityGroupId":
                rule[name] = value
        rule["Policy"] = rule.get("Policy", "accept").capitalize()
        rule["IpProtocol"] = rule["IpProtocol"].upper()
        self.rules(flags).append(rule)

    def ModifySecurityGroupRule(self, flags):
        rule = self.rule(flags, "SecurityGroupRuleId")
        for name, value in flags.items():
            if name not in OWN and not name.startswith("SecurityGroup"):
                rule[name] = value
                if name == "SourceCidrIp":
                    rule["Ipv6SourceCidrIp"] = ""

    def RevokeSecurityGroup(self, flags):
        self.rules(flags).remove(self.rule(flags, "SecurityGroupRuleId.1"))

    def AllocateEipAddress(self, flags):
        self.region.setdefault("EipAddresses", {})["eip-bp1labnew"] = {
            "AllocationId": "eip-bp1labnew", "IpAddress": "127.0.0.1", "InstanceId": "",
            "InstanceType": "", "Status": "Available", "Bandwidth": flags["Bandwidth"],
            "RegionId": flags["RegionId"]}
        return {"EipAddress": "127.0.0.1", "AllocationId": "eip-bp1labnew"}

    def AssociateEipAddress(self, flags):
        eip = self.region["EipAddresses"][flags["AllocationId"]]
        eip.update(InstanceId=flags["InstanceId"], Status="InUse", InstanceType="EcsInstance")
        self.instance(flags)["EipAddress"] = {
            "AllocationId": flags["AllocationId"], "IpAddress": eip["IpAddress"], "Bandwidth": 5,
            "InternetChargeType": "PayByBandwidth", "IsSupportUnassociate": True}

    def CreateRouteEntry(self, flags):
        self.region.setdefault("RouteEntries", {})["rte-bp1labnew"] = {
            "RouteEntryId": "rte-bp1labnew", "Status": "Available", "Type": "Custom",
            "RouteTableId": flags["RouteTableId"], "IpVersion": "ipv4",
            "DestinationCidrBlock": flags["DestinationCidrBlock"],
            "NextHops": {"NextHop": [{"NextHopId": flags["NextHopId"], "Weight": 0,
                                      "NextHopType": flags["NextHopType"], "Enabled": 1}]}}

    def AllocateIpv6InternetBandwidth(self, flags):
        one = self.region["Ipv6Addresses"][flags["Ipv6AddressId"]]
        one["Ipv6InternetBandwidth"] = {
            "Bandwidth": int(flags["Bandwidth"]), "BusinessStatus": "Normal",
            "InternetChargeType": "PayByBandwidth", "Ipv6InternetBandwidthId": "ipv6bw-bp1labnew"}

    def DeleteIpv6EgressOnlyRule(self, flags):
        del self.region["Ipv6EgressOnlyRules"][flags["Ipv6EgressOnlyRuleId"]]

    def DescribeRegions(self, _):
        return {"Regions": {"Region": [{"RegionId": name} for name in self.root["regions"]]}}

    def DescribeInstances(self, flags):
        wanted = json.loads(flags["InstanceIds"])
        return {"Instances": {"Instance": [one for name, one in self.region["Instances"].items()
                                           if name in wanted]}}

    def DescribeInstancesFullStatus(self, _):
        return {}

    def DescribeNetworkAclAttributes(self, flags):
        return {"NetworkAclAttribute": self.region["NetworkAcls"][flags["NetworkAclId"]]}

    def GetCallerIdentity(self, _):
        return {"AccountId": "1000000000000001"}


def configure(arguments, flags):
    """A person types the lab's key in."""
    if arguments == ["configure", "list"]:
        for profile in load_config(flags)["profiles"]:
            print(profile["name"])
        return
    if arguments != ["configure"]:
        raise Refused("'%s' is not a valid command" % " ".join(arguments))
    config = load_config(flags)
    name = flags.get("profile", config["current"])
    profiles = [p for p in config["profiles"] if p["name"] != name]
    profiles.append({"name": name, "mode": flags.get("mode", "AK"), **LAB,
                     "region_id": "cn-hangzhou"})
    os.makedirs(os.path.dirname(config_path(flags)), exist_ok=True)
    with open(config_path(flags), "w", encoding="utf-8") as out:
        json.dump({**config, "current": config["current"], "profiles": profiles}, out)


def call(product, action, flags):
    profile = load_profile(flags)
    region = flags.get("region") or flags.get("RegionId") or profile["region_id"]
    check_parameters(product, action, flags, region)
    with open(os.environ["LAB_WORLD"], encoding="utf-8") as source:
        root = json.load(source)
    key = acting_key(profile, flags, root)
    answer = getattr(World(root, region), action)(flags)
    with open(os.environ["LAB_WORLD"], "w", encoding="utf-8") as out:
        json.dump(root, out)
    with open(os.environ["LAB_CALLS"], "a", encoding="utf-8") as out:
        out.write(json.dumps({"action": action, "region": region, "mode": profile["mode"],
                              "profile": profile["name"], "key": key}) + "\n")
    print(json.dumps(answer or {"RequestId": "X"}, indent="\t"))


def main():
    try:
        arguments, flags = split(sys.argv[1:])
        if arguments[:1] == ["configure"]:
            configure(arguments, flags)
        elif len(arguments) == 2 and arguments[0] in ("ecs", "vpc", "sts"):
            call(arguments[0], arguments[1], flags)
        else:
            raise Refused("not a call: %s" % arguments)
    except Refused as refused:
        print("ERROR: %s" % refused, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
