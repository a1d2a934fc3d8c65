#!/usr/bin/env python3
"""The official SDK as a referee: sdk_referee.py BINARY LAB-CLOUD

Both read the same world through the same emulated API: the SDK (sdk_referee.js), and the program,
whose record holds what its parser read. Field by field they must agree. Needs node and the packages
@alicloud/ecs20140526 and @alicloud/openapi-core where node finds them (NODE_PATH); else exit status
77. With @alicloud/vpc20160428 what vpc says is compared, too.
"""
import argparse
import calendar
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import stage  # finds the harness
from harness import world  # noqa: E402
from harness.cloud import Authority, Cloud  # noqa: E402
from harness.keys import Key  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PREFIXES, PORTS, GROUP = "pl-bp1lab00000000000001", "prl-bp1lab0000000000001", "sg-bp1lab0000000000web"
PATCH = {"regions": {world.HOME_REGION: {
    "Instances": {world.INSTANCE: {
        "PublicIpAddress": {"IpAddress": ["203.0.113.9"]}, "InternetMaxBandwidthOut": 7,
        "InstanceChargeType": "PrePaid", "ExpiredTime": "2099-01-02T03:04Z",
        "AutoReleaseTime": "2098-01-02T03:04Z", "SpotStrategy": "SpotAsPriceGo",
        "StoppedMode": "KeepCharging", "ImageOptions": {"LoginAsNonRoot": True},
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "disabled"}}},
    "SecurityGroups": {GROUP: {"Permissions": {"Permission": [
        {"SourceCidrIp": "198.51.100.0/24", "PortRange": "1/65535", "Priority": 10},
        {"Ipv6SourceCidrIp": "2001:db8::/32", "Policy": "Drop", "IpProtocol": "6"},
        {"SourceGroupId": "sg-bp1labother000000001", "SourcePortRange": "1/65535"},
        {"SourceCidrIp": "0.0.0.0/0", "DestCidrIp": "10.0.1.11", "IpProtocol": "ALL",
         "PortRange": "-1/-1", "Priority": 100, "Description": "last"},
        {"SourcePrefixListId": PREFIXES, "PortRange": "", "PortRangeListId": PORTS}]}}},
    "PrefixLists": {PREFIXES: {"PrefixListId": PREFIXES, "AddressFamily": "IPv4",
                               "Entries": {"Entry": [{"Cidr": "192.0.2.0/24"},
                                                     {"Cidr": "198.51.100.0/24"}]}}},
    "PortRangeLists": {PORTS: {"Entries": [{"PortRange": "20/25"}, {"PortRange": "2222/2222"}]}},
    "VSwitches": {"vsw-bp1lab0000000000001": {"NetworkAclId": "nacl-bp1lab000000000001"}},
    "NetworkAcls": {"nacl-bp1lab000000000001": {
        "IngressAclEntries": {"IngressAclEntry": [
            {"NetworkAclEntryName": "ssh", "Protocol": "tcp", "Port": "22/22",
             "SourceCidrIp": "198.51.100.0/24"},
            {"Protocol": "all", "Policy": "drop"}]},
        "EgressAclEntries": {"EgressAclEntry": [
            {"Protocol": "tcp", "Port": "1024/65535", "DestinationCidrIp": "0.0.0.0/0"}]}}},
    "Vpcs": {"vpc-bp1lab0000000000001": {"SupportIpv4Gateway": True,
                                         "Ipv4GatewayId": "ipv4gw-bp1lab00000000001"}},
    "EipAddresses": {"eip-1": {"IpAddress": "127.0.0.1", "AllocationId": "eip-bp1lab0000000000001",
                               "Bandwidth": "5", "InstanceId": world.INSTANCE, "Mode": "NAT",
                               "InstanceType": "EcsInstance", "BusinessStatus": "Normal"}},
    "RouteEntries": {"rte-1": {"RouteTableId": "vtb-bp1lab0000000000001",
                               "DestinationCidrBlock": "0.0.0.0/0", "NextHops": {"NextHop": [
                                   {"NextHopType": "Ipv4Gateway",
                                    "NextHopId": "ipv4gw-bp1lab00000000001"}]}}},
    "FullStatuses": {world.INSTANCE: {
        "InstanceId": world.INSTANCE, "HealthStatus": {"Code": 0, "Name": "Ok"},
        "Status": {"Name": "Running"},
        "ScheduledSystemEventSet": {"ScheduledSystemEventType": [
            {"EventId": "e-bp1lab1", "EventType": {"Code": 1, "Name": "SystemMaintenance.Reboot"},
             "EventCycleStatus": {"Code": 24, "Name": "Scheduled"},
             "NotBefore": "2099-01-01T00:00:00Z", "Reason": "upkeep"}]}}},
    "Consoles": {world.INSTANCE: {"text": "Linux version 5\nKernel panic - not syncing\n"}}}}}


class Sparse(dict):
    """A record leaves out what is false, zero or empty."""

    def __missing__(self, name):
        return None


def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%MZ")) if text else 0


def compare_way(way, facts):
    """What vpc says: the network ACL, the IPv4 gateway and its route, the elastic IP."""
    acl, gateway = facts["network-acl"], facts["gateway"]
    pairs = [
        ("vswitch's block", way["vswitch"]["cidrBlock"], acl["vswitch_cidr"]),
        ("route table", way["vswitch"]["routeTable"]["routeTableId"], acl["route_table"]),
        ("ACL", way["acl"]["networkAclId"], acl["id"]),
        ("ACL's name", way["acl"]["networkAclName"], acl["name"]),
        ("gateway mode", way["network"]["supportIpv4Gateway"], gateway["gateway_mode"]),
        ("gateway", way["network"]["ipv4GatewayId"], gateway["gateway"]),
        ("next hop", way["routes"][0]["nextHops"]["nextHop"][0]["nextHopType"],
         gateway["default_hop"]),
        ("elastic id", way["elastic"]["allocationId"], gateway["elastic_id"]),
        ("bound to", way["elastic"]["instanceId"], gateway["bound_to"]),
        ("bound type", way["elastic"]["instanceType"], gateway["bound_type"]),
        ("bandwidth", int(way["elastic"]["bandwidth"]), gateway["bandwidth"]),
    ]
    for ours, name, peer in (("ingress", "ingressAclEntr", "sourceCidrIp"),
                             ("egress", "egressAclEntr", "destinationCidrIp")):
        entries = way["acl"][name + "ies"][name + "y"]
        pairs.append(("number of entries, " + ours, len(entries), len(acl[ours])))
        for number, (theirs, entry) in enumerate(zip(entries, acl[ours])):
            for what, should in (("id", theirs["networkAclEntryId"]), ("cidr", theirs[peer]),
                                 ("name", theirs["networkAclEntryName"]), ("ports", theirs["port"]),
                                 ("policy", theirs["policy"]), ("protocol", theirs["protocol"]),
                                 ("ipv6", theirs["ipVersion"] == "IPV6")):
                pairs.append(("%s %d: %s" % (ours, number, what), should, entry[what]))
    return pairs


def compare(sdk, facts):
    """Pairs of (what, the SDK's, ours) that differ."""
    one, ours = sdk["instance"], facts["instance"]
    addresses = {a["ip"]: a for a in ours["addresses"]}
    elastic = one["eipAddress"]["ipAddress"]
    pairs = [
        ("id", one["instanceId"], ours["id"]), ("name", one["instanceName"], ours["name"]),
        ("region", one["regionId"], ours["region"]), ("zone", one["zoneId"], ours["zone"]),
        ("state", one["status"], ours["state_name"]), ("os", one["OSNameEn"], ours["os"]),
        ("image", one["imageId"], ours["image"]),
        ("pair", one["keyPairName"], ours["key_pair"]),
        ("vpc", one["vpcAttributes"]["vpcId"], ours["vpc"]),
        ("vswitch", one["vpcAttributes"]["vSwitchId"], ours["vswitch"]),
        ("created", seconds(one["creationTime"]), ours["created"]),
        ("started", seconds(one["startTime"]), ours["started"]),
        ("expires", seconds(one["expiredTime"]), ours["expires"]),
        ("auto release", seconds(one["autoReleaseTime"]), ours["auto_release"]),
        ("prepaid", one["instanceChargeType"] == "PrePaid", ours["prepaid"]),
        ("spot", one["spotStrategy"] != "NoSpot", ours["spot"]),
        ("windows", one["OSType"] == "windows", ours["windows"]),
        ("classic", one["instanceNetworkType"] == "classic", ours["classic"]),
        ("other user", one["imageOptions"]["loginAsNonRoot"], ours["login_as_non_root"]),
        ("metadata", one["metadataOptions"]["httpEndpoint"] == "disabled",
         ours["metadata_disabled"]),
        ("groups", one["securityGroupIds"]["securityGroupId"],
         [g["id"] for g in ours["security_groups"]]),
        ("interface", one["networkInterfaces"]["networkInterface"][0]["networkInterfaceId"],
         ours["interface_id"]),
        ("locks", len(one["operationLocks"]["lockReason"]), len(ours["locks"] or [])),
        ("addresses", {elastic, *one["publicIpAddress"]["ipAddress"],
                       *one["vpcAttributes"]["privateIpAddress"]["ipAddress"]}, set(addresses)),
        ("elastic bandwidth", one["eipAddress"]["bandwidth"], addresses[elastic]["bandwidth"]),
        ("public bandwidth", one["internetMaxBandwidthOut"],
         addresses[one["publicIpAddress"]["ipAddress"][0]]["bandwidth"]),
        ("pair's name", sdk["pair"]["keyPairName"], facts["key-pair"]["name"]),
        ("pair's print", sdk["pair"]["keyPairFingerPrint"], facts["key-pair"]["fingerprint"]),
        ("pair's key", " ".join(sdk["pair"]["publicKey"].split()[:2]), facts["key-pair"]["public_key"]),
        ("pair's birth", seconds(sdk["pair"]["creationTime"]), facts["key-pair"]["created"]),
        ("inner", sdk["group"]["innerAccessPolicy"] == "Accept",
         facts["rules"]["groups"][0]["inner_accept"]),
        ("group's name", sdk["group"]["securityGroupName"], facts["rules"]["groups"][0]["name"]),
        ("prefixes", sdk["prefixes"],
         [e["id"] for e in facts["rules"]["prefix_lists"][0]["entries"]]),
        ("ports", sdk["ports"], [e["id"] for e in facts["rules"]["port_lists"][0]["entries"]]),
        ("console", "Kernel panic" in sdk["console"],
         facts["console"]["trouble"][0]["kind"] == "kernel panic"),
    ]
    events = sdk["status"]["scheduledSystemEventSet"]["scheduledSystemEventType"]
    pairs += [("health", sdk["status"]["healthStatus"]["name"], facts["events"]["health"])]
    for theirs, event in zip(events, facts["events"]["events"]):
        pairs += [("event", theirs["eventId"], event["id"]),
                  ("event's type", theirs["eventType"]["name"], event["type"]),
                  ("event's state", theirs["eventCycleStatus"]["name"], event["state"]),
                  ("event's reason", theirs["reason"], event["reason"]),
                  ("event's time", calendar.timegm(time.strptime(
                      theirs["notBefore"], "%Y-%m-%dT%H:%M:%SZ")), event["not_before"])]
    if sdk["way"]:
        pairs += compare_way(sdk["way"], facts)
    rules = sdk["group"]["permissions"]["permission"]
    pairs.append(("number of rules", len(rules), len(facts["rules"]["rules"])))
    for number, (theirs, rule) in enumerate(zip(rules, facts["rules"]["rules"])):
        for what, should in (
                ("id", theirs["securityGroupRuleId"]), ("policy", theirs["policy"].lower()),
                ("priority", int(theirs["priority"])), ("protocol", theirs["ipProtocol"]),
                ("ports", theirs["portRange"]), ("port_list", theirs["portRangeListId"]),
                ("source_ports", theirs["sourcePortRange"]),
                ("source", theirs["sourceCidrIp"] or theirs["ipv6SourceCidrIp"]),
                ("source_group", theirs["sourceGroupId"]),
                ("source_prefix_list", theirs["sourcePrefixListId"]),
                ("destination", theirs["destCidrIp"] or theirs["ipv6DestCidrIp"]),
                ("description", theirs["description"])):
            pairs.append(("rule %d: %s" % (number, what), should, rule[what]))
    return len(pairs), [pair for pair in pairs
                        if pair[1] != pair[2] and (pair[1] or pair[2])]


IMAGE, AGENT = "aliyun_3_x64_20G_alibase_20250117.vhd", "CloudAssistantStatuses"
LATE = [{}, {"Images": {IMAGE: {"IsSupportCloudinit": False, "LoginAsNonRootSupported": False}},
             AGENT: {world.INSTANCE: {"CloudAssistantStatus": "true"}}},
        {AGENT: {world.INSTANCE: {"CloudAssistantStatus": "true", "SupportSessionManager": False}}}]


def compare_late(binary, lab_cloud):
    """The image and the agent, which are asked where a real sshd refuses the bound key."""
    tools = argparse.Namespace(binary=binary, lab_cloud=lab_cloud, keep=False, schema=None)
    count, differing = 0, []
    for patch in LATE:
        with contextlib.ExitStack() as stack:
            scene = stage.Stage(os.path.join(HERE, "scenarios", "image-with-ecs-user"), tools,
                                stack)
            scene.data["world"] = world.merge_patch(
                scene.data["world"], {"regions": {world.HOME_REGION: patch}})
            with scene.cloud():
                sdk = ask_sdk(scene.places["endpoint"].split("//")[1], scene.ca,
                              {"IMAGE": IMAGE})
            scene.run(["--record", scene.places["record"]])
            facts = facts_of(scene.places["record"])
        connected = sdk["agent"]["cloudAssistantStatus"] == "true"
        for pair in (
                ("known", True, facts["image"]["known"]),
                ("no cloud-init", not sdk["image"]["isSupportCloudinit"],
                 facts["image"]["without_cloud_init"]),
                ("ecs-user", sdk["image"]["loginAsNonRootSupported"],
                 facts["image"]["login_as_non_root"]),
                ("connected", connected, facts["assistant"]["connected"]),
                ("session manager", connected and sdk["agent"]["supportSessionManager"],
                 facts["assistant"]["session_manager"])):
            count += 1
            differing += [pair] if bool(pair[1]) != bool(pair[2]) else []
    return count, differing


def facts_of(record):
    with open(record, encoding="utf-8") as source:
        groups = json.load(source, object_hook=Sparse)["targets"][0]["groups"]
    return {name: group["facts"] for name, group in groups.items() if "facts" in group}


def ask_sdk(endpoint, authority, more):
    """What the SDK reads there."""
    env = {**stage.ENVIRONMENT, "NODE_PATH": os.environ.get("NODE_PATH", ""),
           "PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": authority,
           "REGION": world.HOME_REGION, "INSTANCE": world.INSTANCE, "ENDPOINT": endpoint, **more}
    node = subprocess.run(["node", os.path.join(HERE, "sdk_referee.js")], env=env,
                          stdout=subprocess.PIPE, check=True, timeout=300)
    return json.loads(node.stdout)


def has_sdk():
    if not shutil.which("node"):
        return False
    done = subprocess.run(["node", "-e", "require('@alicloud/ecs20140526');"
                           "require('@alicloud/openapi-core')"], check=False,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return done.returncode == 0


def main(binary, lab_cloud):
    if not has_sdk():
        print("skipped: node does not find the SDK's packages")
        return 77
    with tempfile.TemporaryDirectory(prefix="spf-sdk-") as folder:
        for name in ("keys", "other", "home"):
            os.mkdir(os.path.join(folder, name), 0o700)
        key = Key(os.path.join(folder, "keys"), "key.pem", {})
        other = Key(os.path.join(folder, "other"), "other.pem", {})
        authority = Authority(os.path.join(folder, "authority"))
        shown = world.build(PATCH, {"public_key": key.public, "key_md5": key.md5,
                                    "other_public_key": other.public,
                                    "other_key_md5": other.md5})
        record = os.path.join(folder, "record.json")
        with Cloud(lab_cloud, os.path.join(folder, "cloud"), shown, authority) as cloud:
            sdk = ask_sdk("127.0.0.1:%d" % cloud.port, authority.ca,
                          {"PREFIXES": PREFIXES, "PORTS": PORTS})
            subprocess.run([binary, "--instance", world.INSTANCE, "--key", key.path,
                            "--endpoint", cloud.url, "--ca-file", authority.ca, "--only", "cloud",
                            "--source-ip", "198.51.100.7", "--console", "--record", record],
                           env={**stage.ENVIRONMENT, "HOME": os.path.join(folder, "home")},
                           stdout=subprocess.DEVNULL, check=False, timeout=300)
        facts = facts_of(record)
    count, differing = compare(sdk, facts)
    more, late = compare_late(binary, lab_cloud)
    count, differing = count + more, differing + late
    for what, theirs, ours in differing:
        print("%s: the SDK reads %r, we read %r" % (what, theirs, ours))
    print("%d fields compared" % count)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
