#!/usr/bin/env python3
"""Validates JSON files against a JSON Schema: validate.py SCHEMA FILE...

Exit status 77 where python3-jsonschema is not installed.
"""
import json
import sys

try:
    import jsonschema
except ImportError:
    sys.exit(77)


def once(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError("a member comes twice: %s" % names)
    return dict(pairs)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    status = 0
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8", errors="strict") as file:
            report = json.load(file, object_pairs_hook=once)
        for error in validator.iter_errors(report):
            print("%s: %s: %s" % (path, "/".join(map(str, error.absolute_path)), error.message))
            status = 1
    return status


sys.exit(main())
