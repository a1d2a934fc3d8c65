"""Shows sshpreflight at work in the lab: a healthy instance, then one whose rules exclude us."""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile

from harness import servers, world
from harness.cloud import Authority, Cloud
from harness.keys import Key

BROKEN = "i-bp1lab0000000000web2"
CLOSED_GROUP = "sg-bp1lab0000000office"
MY_ADDRESS = "198.51.100.7"


def two_instances(places):
    """The base world and a second instance, whose group lets in only another network."""
    base = world.build({}, places)["regions"][world.HOME_REGION]
    group = base["SecurityGroups"]["sg-bp1lab0000000000web"]
    return world.build({"regions": {world.HOME_REGION: {
        "Instances": {BROKEN: {**base["Instances"][world.INSTANCE], "InstanceId": BROKEN,
                               "InstanceName": "web-2",
                               "SecurityGroupIds": {"SecurityGroupId": [CLOSED_GROUP]}}},
        "SecurityGroups": {CLOSED_GROUP: {
            **group, "SecurityGroupId": CLOSED_GROUP, "SecurityGroupName": "office only",
            "Permissions": {"Permission": [{
                "SourceCidrIp": "203.0.113.0/24", "PortRange": "1/65535", "Priority": 1,
                "Description": "office", "SecurityGroupRuleId": "sgr-bp1laboffice000002"}]}}},
    }}}, places)


def show(binary, instance, port, folder, env):
    """Runs the command as it is shown; returns its exit status."""
    command = ["sshpreflight", "--instance", instance, "--key", "key.pem"]
    if servers.login_user() != "root":
        command += ["-l", servers.login_user()]
    command += ["-p", str(port), "--source-ip", MY_ADDRESS, "--known-hosts", "known_hosts",
                "--endpoint", env["ENDPOINT"], "--ca-file", "ca.pem"]
    print("\n$ " + " ".join(shlex.quote(word) for word in command), flush=True)
    status = subprocess.run([binary] + command[1:], cwd=folder, env=env, check=False).returncode
    print("[exit status %d]" % status, flush=True)
    return status


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--lab-cloud", required=True)
    tools = parser.parse_args()
    binary = os.path.abspath(tools.binary)

    with tempfile.TemporaryDirectory(prefix="spf-demo-") as folder:
        key, other = Key(folder, "key.pem", {"type": "rsa", "container": "pem"}), \
            Key(folder, "other.pem", {})
        authority = Authority(folder)
        places = {"public_key": key.public, "key_md5": key.md5, "other_public_key": other.public,
                  "other_key_md5": other.md5}
        shown = two_instances(places)
        secret = shown["access_keys"][0]
        sshd = servers.Sshd(os.path.join(folder, "sshd"), {}, key, other)
        silent = servers.Fake("silent-port")  # what dropped packets look like
        with open(os.path.join(folder, "known_hosts"), "w", encoding="ascii") as out:
            out.write("\n".join(sshd.known_hosts()) + "\n")
        try:
            with Cloud(tools.lab_cloud, os.path.join(folder, "cloud"), shown, authority) as cloud:
                env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": folder,
                       "ENDPOINT": cloud.url, "ALIBABA_CLOUD_REGION_ID": world.HOME_REGION,
                       "ALIBABA_CLOUD_ACCESS_KEY_ID": secret["AccessKeyId"],
                       "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret["AccessKeySecret"]}
                for name in ("TERM", "LANG", "LC_ALL", "NO_COLOR"):
                    if name in os.environ:
                        env[name] = os.environ[name]
                print("\nThe lab runs: a cloud at %s, sshd at 127.0.0.1 port %d.\n"
                      "The credentials are in ALIBABA_CLOUD_ACCESS_KEY_ID and _SECRET."
                      % (cloud.url, sshd.port))
                print("\n--- A healthy instance")
                healthy = show(binary, world.INSTANCE, sshd.port, folder, env)
                print("\n--- An instance whose security group excludes %s" % MY_ADDRESS)
                broken = show(binary, BROKEN, silent.port, folder, env)
        finally:
            sshd.stop()
            silent.stop()
    print("\nThe lab is stopped.")
    if (healthy, broken) != (0, 1):
        print("The exit statuses should have been 0 and 1.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
