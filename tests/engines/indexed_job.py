#!/usr/bin/env python3
"""A manifest against Kubernetes' API as npm's kubernetes-types has it: indexed_job.py FILE.yml NODE-MODULES

The TypeScript compiler finds a member that the API does not know, one of another type, and one that is missing; the
types are made of the API's published description. And: what makes the job ten parts.
"""
import json
import pathlib
import subprocess
import sys

import yaml


def refused(manifest, modules):
    """What the compiler says; empty: the manifest fits."""
    source = pathlib.Path(modules).parent / "job.ts"
    source.write_text('import type { Job } from "kubernetes-types/batch/v1";\nexport const job: Job = %s;\n' %
                      json.dumps(manifest, indent=1), encoding="utf-8")
    done = subprocess.run([modules + "/.bin/tsc", "--noEmit", "--strict", "--moduleResolution", "node", str(source)],
                          stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout if done.returncode else ""


def main():
    manifest = yaml.safe_load(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    modules = sys.argv[2]
    spec = manifest["spec"]
    wrong = [refused(manifest, modules)]
    container = spec["template"]["spec"]["containers"][0]
    for broken in ({**spec, "backoffLimitPerindex": 1}, {**spec, "completions": "10"},
                   {name: one for name, one in spec.items() if name != "template"}):
        if not refused({**manifest, "spec": broken}, modules):
            wrong.append("a broken manifest passes: %s" % sorted(broken))
    if (manifest["apiVersion"], manifest["kind"], spec["completionMode"]) != ("batch/v1", "Job", "Indexed") or \
            not spec["backoffLimitPerIndex"] or spec["template"]["spec"]["restartPolicy"] != "Never" or \
            "--shard auto/%d " % spec["completions"] not in container["args"][0]:
        wrong.append("it is no Indexed Job of as many parts as --shard says")
    wrong = list(filter(None, wrong))
    print("\n".join(wrong) or "kubernetes: the Indexed Job fits the API; three broken ones do not")
    return int(bool(wrong))


sys.exit(main())
