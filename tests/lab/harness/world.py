"""Worlds: the base, changed by JSON merge patches (RFC 7396)."""

import json
import os

HOME_REGION = "cn-hangzhou"
INSTANCE = "i-bp1lab0000000000web1"
WORLDS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "worlds")

RULE = {
    "SourceCidrIp": "", "Description": "", "DestCidrIp": "", "NicType": "intranet",
    "DestGroupName": "", "PortRange": "22/22", "DestGroupId": "", "Ipv6DestCidrIp": "",
    "Direction": "ingress", "Priority": 1, "IpProtocol": "TCP", "SourcePortRange": "",
    "SourceGroupOwnerAccount": "", "Policy": "Accept", "CreateTime": "2026-11-20T01:00:00Z",
    "SourceGroupId": "", "DestGroupOwnerAccount": "", "Ipv6SourceCidrIp": "",
    "SourceGroupName": "", "DestPrefixListId": "", "DestPrefixListName": "",
    "SourcePrefixListId": "", "SourcePrefixListName": "", "SecurityGroupRuleId": "",
    "PortRangeListId": "", "PortRangeListName": "",
}
ACL_ENTRY = {
    "NetworkAclEntryId": "", "NetworkAclEntryName": "", "Policy": "accept", "Protocol": "tcp",
    "Port": "-1/-1", "EntryType": "custom", "IpVersion": "IPV4", "Description": "",
}


def merge_patch(target, patch):
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result


def fill(value, places):
    """Replaces {name} in all texts, of keys too, for the names in places; other braces stay."""
    if isinstance(value, str):
        for name, text in places.items():
            value = value.replace("{%s}" % name, str(text))
        return value
    if isinstance(value, list):
        return [fill(item, places) for item in value]
    if isinstance(value, dict):
        return {fill(name, places): fill(item, places) for name, item in value.items()}
    return value


def _complete(world):
    """Scenarios write down only the members that matter; the service sends all of them."""
    for region in world["regions"].values():
        for group in region.get("SecurityGroups", {}).values():
            rules = group["Permissions"]["Permission"]
            for number, rule in enumerate(rules):
                rule.setdefault("SecurityGroupRuleId", "sgr-bp1lab%012d" % (number + 1))
                rules[number] = {**RULE, **rule}
        for acl in region.get("NetworkAcls", {}).values():
            for way, cidr in (("Ingress", "SourceCidrIp"), ("Egress", "DestinationCidrIp")):
                entries = acl[way + "AclEntries"][way + "AclEntry"]
                for number, entry in enumerate(entries):
                    entry.setdefault("NetworkAclEntryId", "nae-bp1lab%s%d" % (way, number + 1))
                    entries[number] = {**ACL_ENTRY, cidr: "0.0.0.0/0", **entry}
    return world


def build(patch, places, region=HOME_REGION):
    """The base world with its region named region, patched, with the places filled in."""
    with open(os.path.join(WORLDS, "base.json"), encoding="utf-8") as source:
        text = source.read()
    if region != HOME_REGION:
        text = text.replace(region, "{swap}").replace(HOME_REGION, region)
        text = text.replace("{swap}", HOME_REGION)
    return _complete(fill(merge_patch(json.loads(text), patch or {}), places))
