#!/usr/bin/env python3
"""Evidence is written for readers, and nothing decides by it.

    evidence.py SOURCE_DIR

Nobody reads a member of a result's evidence back but the templates of sentences, which quote it;
reports print it as a whole. And a template that names evidence names some that a check notes.
"""
import pathlib
import re
import sys

# what prints a result's evidence as a whole, makes it, quotes it in a sentence, or reads a report's
# back to print it again
ALLOWED = {"pipeline/result.c", "pipeline/slots.c", "report/json.c", "ledger/line.c"}


def main():
    source = pathlib.Path(sys.argv[1]) / "src"
    complaints = []
    noted = set()
    for path in sorted(source.rglob("*.c")):
        name, text = str(path.relative_to(source)), path.read_text(encoding="utf-8")
        if name not in ALLOWED:
            complaints += ["src/%s:%d: reads evidence" % (name, text.count("\n", 0, m.start()) + 1)
                           for m in re.finditer(r"(?<!object_foreach\()\b\w+(->|\.)evidence\b(?! == NULL)|\bspf_evidence_\w+", text)]
        if not name.startswith(("pipeline/slot", "report/")):
            # notes by name, or from a table of names
            noted |= set(re.findall(r'"([a-z][a-z0-9_]*)"', text))
    table = (source / "pipeline/slot_table.c").read_text(encoding="utf-8")
    listed = re.findall(r'EVIDENCE\w*\("(\w+)"', table)
    complaints += ["src/pipeline/slot_table.c: no check notes %s" % name
                   for name in listed if name not in noted]
    if not listed:
        complaints.append("no evidence is listed in src/pipeline/slot_table.c")
    print("\n".join(complaints))
    return 1 if complaints else 0


sys.exit(main())
