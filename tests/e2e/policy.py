#!/usr/bin/env python3
"""Holds --print-policy: policy.py BINARY SCENARIOS-FOLDER README

Valid JSON and nothing else on standard output, without any target; only what the selected checks
need; and each action that it lists is called in a scenario, which holds how often. That no scenario
calls what is not listed is held by run.py, in each scenario. The README names the same actions.
"""
import json
import pathlib
import re
import subprocess
import sys

binary, folder, readme = sys.argv[1:]
faults = []


def actions(*options):
    done = subprocess.run([binary, "--print-policy", *options], capture_output=True, text=True,
                          check=False, env={"PATH": "/nowhere"})
    if done.returncode != 0 or done.stderr:
        faults.append("%s: exit status %s, %s" % (options, done.returncode, done.stderr))
    policy = json.loads(done.stdout)
    if policy["Version"] != "1":
        faults.append("version %s" % policy["Version"])
    return {action for part in policy["Statement"] for action in part["Action"]
            if part["Effect"] == "Allow"}


everything = actions()
called = set()
for scenario in pathlib.Path(folder).glob("*/scenario.json"):
    held = json.loads(scenario.read_text())["expect"].get("calls", {})
    called |= {action for action, times in held.items()
               if (times[0] if isinstance(times, list) else times) > 0}
for action in sorted(everything):
    if action.split(":")[1] not in called:
        faults.append("%s is listed, and no scenario holds that it is called" % action)
named = set(re.findall(r"`((?:ecs|vpc):\w+)`", pathlib.Path(readme).read_text()))
if named != everything:
    faults.append("the README and the policy differ in %s" % sorted(named ^ everything))
pair = actions("--only", "cloud.key-pair")
if not pair < everything or "ecs:DescribeKeyPairs" not in pair or \
        "ecs:DescribeSecurityGroupAttribute" in pair:
    faults.append("for cloud.key-pair alone: %s" % sorted(pair))
if actions("--only", "key"):
    faults.append("the key alone needs no permission")
if "ecs:GetInstanceConsoleOutput" not in actions("--only", "cloud.instance", "--console"):
    faults.append("--console needs the console")
for fault in faults:
    print(fault)
sys.exit(1 if faults else 0)
