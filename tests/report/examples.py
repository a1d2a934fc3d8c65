#!/usr/bin/python3
"""The examples for CI systems, as far as a shell can run them: examples.py SSHPREFLIGHT EXAMPLES

Each script that calls sshpreflight is taken out of its file and run by sh as that system would, with the
real program, an API that refuses connections and files of ours in the places of the system's. What it is
meant to leave behind must be there.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from xml.etree import ElementTree

import yaml  # python3-yaml, of Debian's own interpreter

binary, examples = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
wrong = []


def scripts():
    """name -> the script, and the statuses with which it may end where the API does not answer."""
    loaded = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in examples.glob("*.yml")}
    steps = loaded["github-actions"]["jobs"]["preflight"]["steps"]
    pod = loaded["kubernetes-init-container"]["spec"]["initContainers"][0]
    cron = loaded["kubernetes-cronjob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    indexed = loaded["kubernetes-indexed-job"]["spec"]["template"]["spec"]["containers"][0]
    return {
        "github-actions": ([step["run"] for step in steps if "sshpreflight" in step.get("run", "")][0], 75),
        "gitlab-ci": ("\n".join(loaded["gitlab-ci"]["preflight"]["script"]), 75),
        "Jenkinsfile": (re.search(r"sh '''(.*?)'''", (examples / "Jenkinsfile").read_text(), re.S).group(1), 75),
        "kubernetes-init-container": (pod["args"][0], 75),
        "kubernetes-cronjob": (cron["args"][0], 0),
        # The instances cannot be listed: no part is whole, and the engine runs it again.
        "kubernetes-indexed-job": (indexed["args"][0], 1),
    }


def run(name, script, folder):
    """With the places of the system replaced by ours."""
    place = folder / name
    (place / "bin").mkdir(parents=True)
    wrapper = place / "bin" / "sshpreflight"
    wrapper.write_text("#!/bin/sh\nexec '%s' --endpoint https://127.0.0.1:1 \"$@\"\n" % binary)
    wrapper.chmod(0o755)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / "id"], check=True)
    script = script.replace("/keys/key.pem", str(place / "id")).replace("/dev/termination-log", str(place / "log"))
    script = script.replace("/parts/", "%s/" % place).replace("/keys ", "%s " % place)
    script = script.replace("--wait=5m", "--wait=2s")
    key = str(place / "id") if name != "github-actions" else (place / "id").read_text()
    return place, subprocess.run(["sh", "-e", "-c", script], cwd=place, capture_output=True, text=True, check=False, env={
        "PATH": "%s/bin:/usr/bin:/bin" % place, "HOME": str(place), "INSTANCE": "i-bp1a2b3c4d5e6f7g8h9i",
        "SSH_KEY": key, "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tExampleId", "TEXTFILES": str(place), "JOB_COMPLETION_INDEX": "3",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "ExampleSecret0001", "ALIBABA_CLOUD_REGION_ID": "cn-hangzhou",
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true", "GITHUB_STEP_SUMMARY": str(place / "summary"),
        "GITHUB_OUTPUT": str(place / "outputs")})


def left(name, place, done):
    """What the system would pick up."""
    if name in ("github-actions", "gitlab-ci", "Jenkinsfile"):
        suite = ElementTree.parse(place / "preflight.xml").getroot()
        if suite.tag != "testsuites" or int(suite.get("errors")) < 1:
            wrong.append("%s: %s" % (name, suite.attrib))
    if name in ("github-actions", "gitlab-ci") and "</html>" not in (place / "preflight.html").read_text():
        wrong.append("%s: no page" % name)
    if name == "github-actions" and ("::warning title=" not in done.stdout or
                                     "api-unreachable" not in (place / "outputs").read_text() or
                                     not (place / "summary").read_text().startswith("### ")):
        wrong.append("%s: %s" % (name, done.stdout))
    if name == "kubernetes-init-container" and not (place / "log").read_text().startswith("unknown  api-unreachable"):
        wrong.append("%s: %s" % (name, (place / "log").read_text()))
    if name == "kubernetes-cronjob" and 'cause="api-unreachable"' not in (place / "sshpreflight.prom").read_text():
        wrong.append("%s: %s" % (name, (place / "sshpreflight.prom").read_text()))


with tempfile.TemporaryDirectory(prefix="spf-examples-") as where:
    for example, (text, status) in scripts().items():
        scene, result = run(example, text, pathlib.Path(where))
        if result.returncode != status:
            wrong.append("%s: exit status %d\n%s%s" % (example, result.returncode, result.stdout, result.stderr))
        else:
            left(example, scene, result)
print("\n".join(wrong) or "%d examples run" % len(scripts()))
sys.exit(1 if wrong else 0)
