#!/usr/bin/env python3
"""No report shows the name of a value that is not known.

    placeholders.py SSHPREFLIGHT

The record of a text that says almost nothing is judged again with each cause that the tables of
src/transcript name, as the cause and as what may explain the failure, and written in every format and
language. What a template would fill in ({proxy_command}) must not be there by its name. USER,
HOST and KEY may be where something is typed.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORMATS = ["text", "short", "json", "ndjson", "junit", "tap", "nagios", "prometheus", "github", "html"]
TEXT = b"Received disconnect from 203.0.113.9 port 22:2: Bye\n"
TYPED = {"USER", "HOST", "KEY"}


def read(*patterns):
    return "".join(path.read_text(encoding="utf-8") for pattern in patterns
                   for path in sorted(ROOT.glob(pattern)))


def causes():
    """Each id that a text may be reported as, and the check that it belongs to."""
    known = dict(re.findall(r'FINDING\(\w+, "([\w-]+)", "([\w.*-]+)"',
                            read("src/pipeline/findings/*.def")))
    named = {}
    for words in re.findall(r'"((?:[^"\\]|\\.)*)"', read("src/transcript/*.c", "src/transcript/*.h")):
        check = re.match(r"((?:net|ssh|key)\.[\w-]+) ", words)
        for cause in set(re.split(r"[ ,]", words)) & known.keys():
            if check or known[cause] not in ("target", "*"):
                named.setdefault(cause, check[1] if check else known[cause])
    return named


def forbidden():
    """The slots' names as spf_plain_template has them, but for words that authors write themselves."""
    slots = re.findall(r'(?:\{|EVIDENCE\w*\()"([a-z_0-9]+)"', read("src/pipeline/slot_table.c"))
    written = read("src/pipeline/findings/*.def", "src/diagnosis/candidate_table.c")
    names = {slot.upper() for slot in slots} - TYPED
    return {name for name in names if not re.search(r"(?<![{\w])%s(?!\w)" % name, written)}


def reports(binary, record, folder, language):
    outputs = [word for name in FORMATS for word in ("--output", "%s:%s/%s" % (name, folder, name))]
    done = subprocess.run([binary, "--replay", str(record), *outputs, "-v"], check=False, timeout=300,
                          capture_output=True, env={"HOME": "/nonexistent", "LC_ALL": language})
    assert done.returncode in (0, 1, 2), (done.returncode, done.stderr)
    return [(name, (folder / name).read_text(encoding="utf-8")) for name in FORMATS]


def main():
    binary = os.path.abspath(sys.argv[1])
    names = re.compile(r"(?<![\w$])(%s)(?!\w)" % "|".join(sorted(forbidden())))
    tilde = re.compile(r"~USER(?![^`\n]*`)")
    wrong = set()
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        record = folder / "record"
        subprocess.run([binary, "explain", "-", "--record", str(record)], input=TEXT, check=False,
                       capture_output=True, timeout=300, env={"HOME": "/nonexistent"})
        base = json.loads(record.read_text())
        facts = base["targets"][0]["groups"]["transcript"]["facts"]
        listed = causes()
        for cause, check in sorted(listed.items()):
            for how in ("named", "candidates"):
                facts.pop("named", None)
                facts.pop("candidates", None)
                facts.update({how: cause, "stopped_at": check})
                record.write_text(json.dumps(base))
                for name, text in reports(binary, record, folder, "C.UTF-8"):
                    found = names.search(text) or (tilde.search(text) if name == "text" else None)
                    if found:
                        wrong.add("%s as %s, %s: %s" % (cause, how, name, found[0]))
    print("\n".join(sorted(wrong)) or "%d causes, no placeholder" % len(listed))
    return 1 if wrong or len(listed) < 60 else 0


sys.exit(main())
