#!/usr/bin/env python3
"""Odd worlds of rules, lists, ACLs and addresses, each with the answer that the documentation gives.

What cannot be understood makes the verdict unknown exactly where it could change it. One run each of
the cloud's checks alone, over a world that is a merge patch on the base: `rules` are those of the
instance's group. The answer is that of one check: "pass", or a status and a cause.
"""

import argparse
import contextlib
import json
import os
import sys

import stage
from harness import world

GROUP, SECOND = "sg-bp1lab0000000000web", "sg-bp1lab0000000000two"
SG, ACL, ADDRESS = "cloud.security-group", "cloud.network-acl", "cloud.address"
PRIVATE = {"--address": "private", "--source-ip": "10.0.1.50"}
US = "198.51.100.7/32"


def accept(source=US, **more):
    return {"SourceCidrIp": source, "PortRange": "1/65535", "Priority": 10, **more}


def drop(source="0.0.0.0/0", **more):
    return accept(source, Policy="Drop", **more)


def region(**sections):
    return {"regions": {world.HOME_REGION: sections}}


def group(**members):
    return region(SecurityGroups={GROUP: members})


def prefixes(*entries):
    return region(PrefixLists={"pl-1": {
        "PrefixListId": "pl-1", "AddressFamily": "IPv4",
        "Entries": {"Entry": [one if isinstance(one, dict) else {"Cidr": one}
                              for one in entries]}}})


def ports(*entries):
    return region(PortRangeLists={"prl-1": {"Entries": [{"PortRange": one} for one in entries]}})


def peer(*groups, owner="1000000000000001"):
    """An interface with our own private address."""
    return region(NetworkInterfaces={"eni-peer": {
        "Type": "Primary", "NetworkInterfaceId": "eni-bp1lab0000000000099", "OwnerId": owner,
        "PrivateIpAddress": "10.0.1.50", "VSwitchId": "vsw-bp1lab0000000000001",
        "VpcId": "vpc-bp1lab0000000000001", "SecurityGroupIds": {"SecurityGroupId": list(groups)},
        "PrivateIpSets": {"PrivateIpSet": [{"PrivateIpAddress": "10.0.1.50", "Primary": True}]}}})


def second(inner, rules=(), kind="normal"):
    """A second group of the instance's."""
    return region(
        Instances={world.INSTANCE: {"SecurityGroupIds": {"SecurityGroupId": [GROUP, SECOND]}}},
        SecurityGroups={SECOND: {
            "SecurityGroupId": SECOND, "SecurityGroupName": "two", "SecurityGroupType": kind,
            "InnerAccessPolicy": inner, "Description": "", "RegionId": world.HOME_REGION,
            "VpcId": "vpc-bp1lab0000000000001", "Permissions": {"Permission": list(rules)}}})


def acl(ingress=({"Protocol": "all"},), egress=({"Protocol": "all"},)):
    return region(VSwitches={"vsw-bp1lab0000000000001": {"NetworkAclId": "nacl-bp1lab000000000001"}},
                  NetworkAcls={"nacl-bp1lab000000000001": {
                      "IngressAclEntries": {"IngressAclEntry": list(ingress)},
                      "EgressAclEntries": {"EgressAclEntry": list(egress)}}})


UNRESOLVED = "unknown sg-rule-unresolved"
# what, the group's rules, the rest of the world, options, check, answer
WORLDS = [
    # members of one group
    ("inner Accept precedes a Drop of all", [drop(Priority=1)], [peer(GROUP)], PRIVATE, SG, "pass"),
    ("inner Drop comes last: an Accept wins", [accept("10.0.1.0/24")],
     [peer(GROUP), group(InnerAccessPolicy="Drop")], PRIVATE, SG, "pass"),
    ("inner Drop and no rule", [], [peer(GROUP), group(InnerAccessPolicy="Drop")], PRIVATE, SG,
     "fail sg-no-rule"),
    ("one shared group that connects is enough", [drop(Priority=1)],
     [peer(GROUP, SECOND), group(InnerAccessPolicy="Drop"), second("Accept")], PRIVATE, SG, "pass"),
    ("a group that connects, but is not shared", [drop(Priority=1)],
     [peer(GROUP), group(InnerAccessPolicy="Drop"), second("Accept")], PRIVATE, SG,
     "fail sg-rule-denies"),
    ("an enterprise group isolates, whatever it says", [drop(Priority=1)],
     [peer(GROUP), group(SecurityGroupType="enterprise", InnerAccessPolicy="Accept")], PRIVATE, SG,
     "fail sg-rule-denies"),
    ("an inner policy in another word", [drop(Priority=1)],
     [peer(GROUP), group(InnerAccessPolicy="Perhaps")], PRIVATE, SG, UNRESOLVED),
    ("members do not meet over the internet", [drop(Priority=1)], [peer(GROUP)], {}, SG,
     "fail sg-rule-denies"),
    # whose groups
    ("no interface is seen", [accept("", SourceGroupId="sg-other")], [], PRIVATE, SG, UNRESOLVED),
    ("no interface is seen, and every source is let in anyway",
     [accept("", SourceGroupId="sg-other"), accept("10.0.0.0/8")], [], PRIVATE, SG, "pass"),
    ("a Drop of a group that may be ours, beside an Accept",
     [drop("", SourceGroupId="sg-other", SourceGroupOwnerAccount="ops@example.com"),
      accept("10.0.0.0/8")], [], PRIVATE, SG, UNRESOLVED),
    ("the same Drop behind the Accept",
     [drop("", SourceGroupId="sg-other", Priority=20), accept("10.0.0.0/8")],
     [group(InnerAccessPolicy="Drop")], PRIVATE, SG, "pass"),
    ("a source group is for private addresses alone", [accept("", SourceGroupId="sg-other")],
     [peer("sg-other")], {}, SG, "fail sg-source-excluded"),
    ("the group of another account, and our interface's owner is this one",
     [accept("", SourceGroupId="sg-other", SourceGroupOwnerAccount="2000000000000002")],
     [peer("sg-other"), group(InnerAccessPolicy="Drop")], PRIVATE, SG, "fail sg-source-excluded"),
    # what cannot be understood, where it matters and where not
    ("a Drop by a list with an entry that cannot be read",
     [drop("", SourcePrefixListId="pl-1", Priority=1), accept(Priority=2)],
     [prefixes("198.51.100.0-198.51.100.255")], {}, SG, UNRESOLVED),
    ("the same list behind the Accept",
     [drop("", SourcePrefixListId="pl-1", Priority=3), accept(Priority=2)],
     [prefixes("198.51.100.0-198.51.100.255")], {}, SG, "pass"),
    ("an Accept by such a list whose other entry is ours",
     [accept("", SourcePrefixListId="pl-1")], [prefixes("any", "198.51.100.0/24")], {}, SG, "pass"),
    ("a list entry that is no object", [accept("", SourcePrefixListId="pl-1")],
     [region(PrefixLists={"pl-1": {"PrefixListId": "pl-1", "Entries": {"Entry": ["x"]}}})], {}, SG,
     UNRESOLVED),
    ("an Accept by a list of IPv6 prefixes", [accept("", SourcePrefixListId="pl-1")],
     [prefixes("2001:db8::/32")], {}, SG, "fail sg-source-excluded"),
    ("host bits in a CIDR", [accept("198.51.100.77/24")], [], {}, SG, "pass"),
    ("an address without a length", [accept("198.51.100.7")], [], {}, SG, "pass"),
    ("a length that is none", [accept("198.51.100.7/33")], [], {}, SG, UNRESOLVED),
    ("two sources: the CIDR counts", [accept("192.0.2.0/24", SourcePrefixListId="pl-1")],
     [prefixes("0.0.0.0/0")], {}, SG, "fail sg-source-excluded"),
    ("Priority 5.0 before a Drop", [accept(Priority=5.0), drop(Priority=5)], [], {}, SG,
     UNRESOLVED),
    ("Priority 5.0, and nothing else", [accept(Priority=5.0)], [], {}, SG, "pass"),
    ("Priority 0", [accept(Priority=0), drop(Priority=50)], [], {}, SG, UNRESOLVED),
    ("Priority 101", [accept(Priority=101), drop(Priority=50)], [], {}, SG, UNRESOLVED),
    ("Priority 110, of old times", [accept(Priority=110), drop(Priority=50)], [], {}, SG,
     "fail sg-rule-denies"),
    ("Priority as text", [accept(Priority="60"), drop(Priority="50")], [], {}, SG,
     "fail sg-rule-denies"),
    ("Priority true", [accept(Priority=True), drop(Priority=50)], [], {}, SG, UNRESOLVED),
    ("Priority null is 1", [accept(Priority=None), drop(Priority=2)], [], {}, SG, "pass"),
    ("a Policy in another word", [accept(Policy="Permit")], [], {}, SG, UNRESOLVED),
    ("a Policy in capitals", [accept(Policy="ACCEPT")], [], {}, SG, "pass"),
    ("a rule for the way out", [accept(Direction="egress")], [], {}, SG, "fail sg-no-rule"),
    ("a protocol with a blank", [drop(Priority=1, IpProtocol="TCP "), accept()], [], {}, SG,
     UNRESOLVED),
    ("a protocol by its number, of something else", [drop(Priority=1, IpProtocol="17"), accept()],
     [], {}, SG, "pass"),
    ("a protocol of 7.5", [drop(Priority=1, IpProtocol=7.5), accept()], [], {}, SG, UNRESOLVED),
    ("a port range that is none", [accept(PortRange="any")], [], {}, SG, UNRESOLVED),
    ("a port range the wrong way round", [accept(PortRange="65535/1")], [], {}, SG, UNRESOLVED),
    ("a port list with an entry that cannot be read, behind one that fits",
     [accept(PortRange="", PortRangeListId="prl-1")], [ports("1/65535", "ssh")], {}, SG, "pass"),
    ("a port list of nothing that fits", [accept(PortRange="", PortRangeListId="prl-1")],
     [ports("1/2")], {}, SG, "fail sg-no-rule"),
    # source ports, destinations, the whole world
    ("source ports 1024/65535", [accept(SourcePortRange="1024/65535")], [], {}, SG, "pass"),
    ("a Drop of privileged source ports", [drop(Priority=1, SourcePortRange="1/1023"), accept()],
     [], {}, SG, "pass"),
    ("source port 22 alone", [accept(SourcePortRange="22/22")], [], {}, SG, "fail sg-no-rule"),
    ("source ports in the middle", [accept(SourcePortRange="40000/50000")], [], {}, SG, UNRESOLVED),
    ("another destination", [accept(DestCidrIp="10.0.1.12/32")], [], {}, SG, "fail sg-no-rule"),
    ("two halves are the whole world", [accept("0.0.0.0/1"), accept("128.0.0.0/1")], [], {}, SG,
     "warn sg-open-to-world"),
    ("two halves less a Drop for us", [accept("0.0.0.0/1"), accept("128.0.0.0/1"),
                                       drop(US, Priority=1)], [], {}, SG, "fail sg-rule-denies"),
    ("equal priority: Drop, of another group", [accept(Priority=5)],
     [second("Drop", [drop(Priority=5)])], {}, SG, "fail sg-rule-denies"),
    # replies
    ("the groups are missing", [accept()], [region(Instances={world.INSTANCE: {
        "SecurityGroupIds": None}})], {}, SG, UNRESOLVED),
    ("a reply about another group", [accept()], [group(SecurityGroupId="sg-other")], {}, SG,
     "unknown api-reply-invalid"),
    # network ACLs
    ("an ACL's drop without a CIDR, first", [accept()], [acl([
        {"Policy": "drop", "Protocol": "tcp", "Port": "1/65535", "SourceCidrIp": ""},
        {"Protocol": "all"}])], {}, ACL, "unknown acl-entry-unresolved"),
    ("the same behind the accept", [accept()], [acl([
        {"Protocol": "all"},
        {"Policy": "drop", "Protocol": "tcp", "Port": "1/65535", "SourceCidrIp": ""}])], {}, ACL,
     "pass"),
    ("an ACL's accept of ports that cannot be read", [accept()], [acl([
        {"Protocol": "tcp", "Port": "ssh"}])], {}, ACL, "unknown acl-entry-unresolved"),
    ("an ACL's accept of another protocol's number", [accept()], [acl([
        {"Protocol": "17", "Port": "1/65535"}])], {}, ACL, "fail acl-denies-inbound"),
    ("replies to high ports are dropped", [accept()], [acl(egress=[
        {"Protocol": "tcp", "Port": "1/1023"}])], {}, ACL, "fail acl-denies-return"),
    ("no list of entries", [accept()], [region(
        VSwitches={"vsw-bp1lab0000000000001": {"NetworkAclId": "nacl-bp1lab000000000001"}},
        NetworkAcls={"nacl-bp1lab000000000001": {"IngressAclEntries": {"IngressAclEntry": []}}})],
     {}, ACL, "fail acl-denies-inbound"),
    ("the other vSwitch's reply", [accept()], [region(VSwitches={"vsw-bp1lab0000000000001": {
        "VSwitchId": "vsw-other"}})], {}, ACL, "unknown api-reply-invalid"),
    # addresses
    ("an EIP that is a number", [accept()], [region(Instances={world.INSTANCE: {
        "EipAddress": {"IpAddress": 7}}})], {}, ADDRESS, "unknown api-reply-invalid"),
    ("an EIP that is no address", [accept()], [region(Instances={world.INSTANCE: {
        "EipAddress": {"IpAddress": "none"}}})], {}, ADDRESS, "unknown api-reply-invalid"),
]


def both(patch, other):
    """One merge patch that does what the two do; null stays."""
    result = dict(patch)
    for name, value in other.items():
        nested = isinstance(value, dict) and isinstance(result.get(name), dict)
        result[name] = both(result[name], value) if nested else value
    return result


def answer_of(scene, rules, patches, options, check):
    patch = {}
    for one in [*patches, {} if rules is None else group(Permissions={"Permission": rules})]:
        patch = both(patch, one)
    scene.data.update(world=patch, options={"--only": "cloud", **options})
    target = json.loads(scene.run(["--json"]).out)["targets"][0]
    found = next(one for one in target["checks"] if one["id"] == check)
    return " ".join([found["status"]] + [found["cause"]] * bool(found["cause"])), found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("binary", "lab-cloud"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("only", nargs="*")
    tools = parser.parse_args()
    tools.keep, tools.schema, wrong = False, None, 0
    with contextlib.ExitStack() as stack:
        scene = stage.Stage(os.path.join(stage.HERE, "scenarios", "healthy"), tools, stack)
        for what, rules, patches, options, check, right in WORLDS:
            if tools.only and what not in tools.only:
                continue
            answer, found = answer_of(scene, rules, patches, options, check)
            if answer != right:
                wrong += 1
                print("%s: %s, should be %s: %s" % (what, answer, right, found["summary"]))
        print("".join(complaint + "\n" for complaint in scene.complaints), end="")
        wrong += len(scene.complaints)
    print("%d worlds, %d wrong" % (len(WORLDS), wrong))
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
