#!/usr/bin/python3
"""What the Python client's parser (python3-prometheus-client) makes of each file, one JSON object a line.

Debian's own interpreter has that package, whichever python3 comes first in PATH.
"""
import json
import sys

from prometheus_client.parser import text_string_to_metric_families

for path in sys.argv[1:]:
    try:
        with open(path, encoding="utf-8") as source:
            print(json.dumps({"samples": [[sample.name, sample.labels] for family in
                                          text_string_to_metric_families(source.read())
                                          for sample in family.samples]}))
    except ValueError as error:
        print(json.dumps({"error": str(error), "samples": []}))
