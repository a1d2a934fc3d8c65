#!/usr/bin/env python3
"""An emulated ali-instance-cli, which opens sessions of Session Manager.

As version 10.0.0.1 (built from its source and run against a fake ECS): its flags and no others; it reads
~/.aliyun/config_ecs.json before config.json, or the file that --config-path names; keys of variables
(not ALIBABA_CLOUD_ACCESS_KEY_ID) only where the profile has none; modes AK, StsToken and
CredentialsURI. LAB_CALLS receives a line of JSON with the key that would have signed.
"""

import json
import os
import sys
import urllib.request

FLAGS = ["mode", "instance", "profile", "region", "config-path", "access-key-id",
         "access-key-secret", "sts-token", "language", "verbose"]


class Refused(Exception):
    """What it says, and exits with 1."""


def env(*names):
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def parse(words):
    if words[:1] != ["session"]:
        raise Refused("'%s' is not a valid command" % " ".join(words[:1]))
    flags = dict(zip((word.removeprefix("--") for word in words[1::2]), words[2::2]))
    unknown = [name for name in flags if name not in FLAGS]
    if unknown or len(words) % 2 == 0:
        raise Refused("unknown flag --%s" % unknown)
    return flags


def load_profile(flags):
    folder = os.environ["HOME"] + "/.aliyun"
    path = folder + "/config_ecs.json"
    if "config-path" in flags:
        path = flags["config-path"]
    elif not os.path.exists(path):
        path = folder + "/config.json"
    config = {"current": "default", "profiles": [{"name": "default", "mode": "AK"}]}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as source:
            config = json.load(source)
    name = flags.get("profile", config["current"])
    profile = next((p for p in config["profiles"] if p["name"] == name), None)
    if profile is None:
        raise Refused("unknown profile %s, run configure to check" % name)
    return profile


def acting(flags):
    """The id of the access key that signs, and its token."""
    profile = load_profile(flags)
    mode = flags.get("mode", profile.get("mode") or "AK")
    if not flags.get("region", profile.get("region_id")):
        raise Refused("region can't be empty")
    if mode == "CredentialsURI":
        uri = profile.get("credentials_uri") or env("ALIBABA_CLOUD_CREDENTIALS_URI")
        with urllib.request.urlopen(uri, timeout=5) as reply:
            key = json.load(reply)
        return key["AccessKeyId"], key["SecurityToken"]
    if mode not in ("AK", "StsToken"):
        raise Refused("cound not support current auth mode")  # its own words
    key = flags.get("access-key-id") or profile.get("access_key_id") or env(
        "ALIBABACLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY_ID", "ACCESS_KEY_ID")
    secret = flags.get("access-key-secret") or profile.get("access_key_secret") or env(
        "ALIBABACLOUD_ACCESS_KEY_SECRET", "ALICLOUD_ACCESS_KEY_SECRET", "ACCESS_KEY_SECRET")
    token = flags.get("sts-token") or profile.get("sts_token") or env("SECURITY_TOKEN")
    if not key or not secret:
        raise Refused("invalid access_key_id: ")
    if mode == "StsToken" and not token:
        raise Refused("invalid sts_token")
    return key, token if mode == "StsToken" else ""


def main():
    try:
        flags = parse(sys.argv[1:])
        key, token = acting(flags)
    except Refused as refused:
        print("ERROR: %s" % refused)
        return 1
    with open(os.environ["LAB_CALLS"], "a", encoding="utf-8") as out:
        out.write(json.dumps({"action": "StartTerminalSession", "key": key, "token": token,
                              "instance": flags["instance"], "region": flags["region"]}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
