#!/usr/bin/env python3
"""Texts that people pasted, names replaced (cases/), and texts that real clients print where the
cause is known (made/, by make.py): what explain - makes of each beside what was true.

    cases.py SSHPREFLIGHT

A cause that is wrong is worse than none: where the text does not show one, the verdict is unknown,
and the true one is among the candidates.
"""
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def explain(binary, name):
    with open(HERE / ((name if "/" in name else "cases/" + name) + ".txt"), "rb") as text:
        run = subprocess.run([binary, "explain", "-", "--json"], stdin=text, check=False,
                             timeout=60, capture_output=True, env={"HOME": "/nonexistent"})
    return run.returncode, json.loads(run.stdout)["targets"][0]


def judge(row, status, target):
    name, causes, candidate, never = row[:4]
    named = [c["cause"] for c in target["candidates"]]
    cause = "-" if target["verdict"] != "fail" else target["cause"]
    if cause not in causes.split("|"):
        return "cause %s, expected %s" % (cause, causes)
    if status != {"pass": 0, "fail": 1, "unknown": 2}[target["verdict"]]:
        return "exit status %d for %s" % (status, target["verdict"])
    if candidate != "*" and candidate not in named + [target["cause"]]:
        return "candidates %s lack %s" % (named, candidate)
    if never and never in named + [target["cause"]]:
        return "%s is named, and the text excludes it" % never
    advice = [target["summary"]] + [word for remedy in target["remedies"]
                                    for word in (remedy["text"], remedy["command"] or "")]
    for part in row[4:]:
        if part.startswith("!") and any(part[1:] in word for word in advice):
            return "its advice has %s: %s" % (part[1:], advice)
        if not part.startswith("!") and not any(part in word for word in advice):
            return "its advice lacks %s: %s" % (part, advice)
    if cause != "-" and not any(c["evidence"].get("transcript") for c in target["checks"]):
        return "no line of the text is shown as evidence"
    return None


def main():
    rows = [line.rstrip("\n").split("\t")
            for line in open(HERE / "expected.tsv", encoding="utf-8") if not line.startswith("#")]
    texts = {path.stem for path in (HERE / "cases").glob("*.txt")}
    texts |= {"made/" + path.stem for path in (HERE / "made").glob("*.txt")}
    wrong = ["%s: no expectation" % name for name in sorted(texts - {row[0] for row in rows})]
    for row in rows:
        complaint = judge(row, *explain(sys.argv[1], row[0]))
        if complaint:
            wrong.append("%s: %s" % (row[0], complaint))
    print("\n".join(wrong) or "%d texts as they should be" % len(rows))
    return 1 if wrong else 0


sys.exit(main())
