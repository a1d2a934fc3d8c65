#!/usr/bin/env python3
"""A bastion that is an instance of the account, reached by its public address: the rules of what is
behind it see its private one, which the cloud knows.

In a namespace of its own, where the public address is this machine's. Exit status 77: this machine gives
us none.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile

import stage  # it finds the harness
from harness import servers, world
from harness.cloud import Authority, Cloud
from harness.keys import Key

SKIPPED = 77
PUBLIC, PRIVATE, TARGET = "47.96.0.9", "10.0.1.7", "127.0.0.1"
VPC = "vpc-bp1lab0000000000001"
BASTION = "i-bp1lab0000000bastion"


def instance(private, public="", elastic=""):
    interface = {"Type": "Primary", "PrimaryIpAddress": private, "MacAddress": "00:16:3e:00:00:01",
                 "NetworkInterfaceId": "eni-" + private.replace(".", "x"),
                 "PrivateIpSets": {"PrivateIpSet": [{"PrivateIpAddress": private, "Primary": True}]},
                 "Ipv6Sets": {"Ipv6Set": []}}
    return {"EipAddress": {"AllocationId": "eip-1" if elastic else "", "IpAddress": elastic,
                           "Bandwidth": 5 if elastic else None,
                           "InternetChargeType": "", "IsSupportUnassociate": None},
            "PublicIpAddress": {"IpAddress": [public] if public else []},
            "InternetMaxBandwidthOut": 5 if public else 0,
            "VpcAttributes": {"PrivateIpAddress": {"IpAddress": [private]}, "VpcId": VPC},
            "NetworkInterfaces": {"NetworkInterface": [interface]}}


def worlds(base):
    """What is there of the bastion; the rule's source; what the group's check must say."""
    web = {"i-bp1lab0000000000web1": instance(TARGET)}

    def bastion(**more):
        return {BASTION: {**base, **instance(PRIVATE, **more), "InstanceId": BASTION,
                          "InstanceName": "bastion"}}
    return [("by its EIP", {**web, **bastion(elastic=PUBLIC)}, PRIVATE, ("pass", None, PRIVATE)),
            ("by its public address", {**web, **bastion(public=PUBLIC)}, PRIVATE, ("pass", None, PRIVATE)),
            ("not the account's", web, PRIVATE, ("unknown", "sg-source-unknown", None))]


@contextlib.contextmanager
def agent_with(key, folder):
    path = os.path.join(folder, "agent")
    with contextlib.ExitStack() as stack:
        servers.start_agent(stack, path)
        key.load_into(path, os.path.join(folder, "loading"))
        yield path


def check(binary, lab_cloud, folder):
    authority = Authority(folder + "/authority")
    key = Key(folder, "key.pem", {})
    target = servers.Sshd(folder + "/target", {}, key, key)
    bastion = servers.Sshd(folder + "/bastion", {"config": ["ListenAddress " + PUBLIC]}, key, key)
    places = {"public_key": key.public, "key_md5": key.md5, "other_public_key": key.public,
              "port": target.port}
    base = world.build({}, places)["regions"]["cn-hangzhou"]["Instances"]["i-bp1lab0000000000web1"]
    failed = False
    with agent_with(key, folder) as agent:
        for name, instances, source, wanted in worlds(base):
            rule = {"SourceCidrIp": source + "/32", "PortRange": "%d/%d" % (target.port, target.port)}
            patch = {"regions": {"cn-hangzhou": {
                "Instances": instances,
                "SecurityGroups": {"sg-bp1lab0000000000web": {"Permissions": {"Permission": [rule]}}}}}}
            with Cloud(lab_cloud, folder + "/cloud", world.build(patch, places), authority) as cloud:
                done = subprocess.run(
                    [binary, "--key", key.path, "--json", "--endpoint", cloud.url, "--ca-file", authority.ca,
                     "--instance", "i-bp1lab0000000000web1", "-p", str(target.port), "-l",
                     servers.login_user(), "--no-session", "-J",
                     "%s@%s:%d" % (servers.login_user(), PUBLIC, bastion.port)],
                    check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=300,
                    env={**stage.ENVIRONMENT, "HOME": folder, "SSH_AUTH_SOCK": agent})
            checks = {c["id"]: c for c in json.loads(done.stdout)["targets"][0]["checks"]}
            group = checks["cloud.security-group"]
            found = (group["status"], group["cause"], group["evidence"].get("source_ip"))
            print("%s: %s: %s; net.port %s" % (name, found, group["summary"], checks["net.port"]["summary"]))
            failed |= found != wanted
            if group["cause"]:
                failed |= PUBLIC not in group["summary"]
    target.stop()
    bastion.stop()
    return int(failed)


def main():
    if sys.argv[-1] != "--here":
        words = ["unshare", "-n"] + ([] if os.getuid() == 0 else ["-r"])
        if subprocess.run(words + ["true"], stderr=subprocess.DEVNULL, check=False).returncode:
            print("skipped: no namespaces here")
            return SKIPPED
        os.execvp("unshare", words + [sys.executable, "-B", *sys.argv, "--here"])
    made = subprocess.run(["ip", "-batch", "-"], check=False,
                          input=("link set lo up\naddr add %s/32 dev lo\n" % PUBLIC).encode())
    if made.returncode:
        print("skipped: no address can be given here")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="spf-bastions-") as folder:
        return check(sys.argv[1], sys.argv[2], folder)


if __name__ == "__main__":
    sys.exit(main())
