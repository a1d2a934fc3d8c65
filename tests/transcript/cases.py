#!/usr/bin/env python3
"""Texts that people pasted, names replaced (cases/), and texts that real clients print where the
cause is known (made/, by make.py): what explain - makes of each beside what was true.

    cases.py SSHPREFLIGHT

The texts of cases/ are read once more as terminals of 40 and 80 columns show them: then less may be
said, but nothing else. A cause that is wrong is worse than none: where the text does not show one, the verdict is unknown,
and the true one is among the candidates.
"""
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def read(name):
    return (HERE / ((name if "/" in name else "cases/" + name) + ".txt")).read_bytes()


def explain(binary, text, with_words):
    def run(*options):
        return subprocess.run([binary, "explain", "-", *options], input=text, check=False,
                              timeout=300, capture_output=True, env={"HOME": "/nonexistent"})

    report = run("--json")
    words = " ".join(run("-v").stdout.decode().split()) if with_words else ""
    return report.returncode, json.loads(report.stdout)["targets"][0], words


# A message that ends in the last column looks like one that goes on.
FULL = {("proxycommand-tunnel-refused", 40)}


def judge_wrapped(binary, row, columns):
    lines = read(row[0]).decode("utf-8", "replace").split("\n")
    text = "\n".join(line[i:i + columns] for line in lines
                     for i in range(0, max(len(line), 1), columns))
    _, target, _ = explain(binary, text.encode(), False)
    if target["verdict"] == "fail" and (row[0], columns) not in FULL and \
            target["cause"] not in row[1].split("|"):
        return "in %d columns: %s, expected %s" % (columns, target["cause"], row[1])
    return None


def lacking(needs, cause, named):
    """Of "a|b,c" both a or b, and c, are named; "1:" first; "none": nothing is."""
    for need in needs.split(","):
        listed = ([cause] if cause else []) + named
        if need.startswith("1:"):
            need, listed = need[2:], listed[:1]
        if need == "*" or (need == "none" and not named):
            continue
        if not set(need.split("|")) & set(listed):
            return need
    return None


def judge(row, status, target, words):
    name, causes, needs, never = row[:4]
    named = [c["cause"] for c in target["candidates"]]
    cause = "-" if target["verdict"] != "fail" else target["cause"]
    if cause not in causes.split("|"):
        return "cause %s, expected %s" % (cause, causes)
    if status != {"pass": 0, "fail": 1, "unknown": 2}[target["verdict"]]:
        return "exit status %d for %s" % (status, target["verdict"])
    cause_named = None if target["cause"] == "not-in-transcript" else target["cause"]
    lacks = lacking(needs, cause_named, named)
    if lacks:
        return "cause %s and candidates %s lack %s" % (cause, named, lacks)
    if never and set(never.split(",")) & set(named + [target["cause"]]):
        return "%s is named, and the text excludes it" % never
    for part in row[4:]:
        if part.startswith("!") and part[1:] in words:
            return "its report has %s" % part[1:]
        if not part.startswith("!") and part not in words:
            return "its report lacks %s" % part
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
        complaints = [judge(row, *explain(sys.argv[1], read(row[0]), len(row) > 4))]
        if "/" not in row[0]:
            complaints += [judge_wrapped(sys.argv[1], row, columns) for columns in (40, 80)]
        wrong += ["%s: %s" % (row[0], complaint) for complaint in complaints if complaint]
    print("\n".join(wrong) or "%d texts as they should be" % len(rows))
    return 1 if wrong else 0


sys.exit(main())
