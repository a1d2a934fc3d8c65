#!/usr/bin/env python3
"""JSON is built by src/base/json_build.h alone: json-c ends the process where memory ran out.

    json.py SOURCE_DIR
"""
import pathlib
import re
import sys

BUILDS = re.compile(r"\bjson_object_(new_\w+|(object|array)_add)\(")
# Its members are added only where they and the object are there: what lacks one is not written.
EXCEPT = {"base/json_build.c", "base/shape.c"}


def main():
    root = pathlib.Path(sys.argv[1]) / "src"
    found = 0
    for path in sorted(root.rglob("*.c")):
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        for match in BUILDS.finditer(text) if name not in EXCEPT else ():
            found += 1
            print("src/%s:%d: %s" % (name, text.count("\n", 0, match.start()) + 1, match.group(0)))
    return 1 if found else 0


sys.exit(main())
