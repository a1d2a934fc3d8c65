#!/usr/bin/env python3
"""Holds the manual against the program: check_pages.py BINARY MAN-FOLDER CAUSES-PAGE SOURCE-FOLDER

Every option of --help is in sshpreflight(1) and no other; every check, environment variable and cause is
documented; the JSON page names every member of the schema; mandoc has nothing to say.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys

binary, folder, causes_page, source = sys.argv[1:]
folder, source = pathlib.Path(folder), pathlib.Path(source)
main_page = (folder / "sshpreflight.1").read_text()
json_page = (folder / "sshpreflight-json.5").read_text()
causes_text = pathlib.Path(causes_page).read_text()
library_page = (folder / "sshpreflight.3").read_text()
faults = []


def run(*arguments):
    return subprocess.run([binary, *arguments], capture_output=True, text=True, check=True).stdout


def between(page, first, last):
    return page[page.index(".Sh " + first):page.index(".Sh " + last)]


def same(what, program, manual):
    for name in sorted(program - manual):
        faults.append("%s %s is not in the manual" % (what, name))
    for name in sorted(manual - program):
        faults.append("%s %s is in the manual, but not in the program" % (what, name))


options = set()
for line in run("--help").splitlines():
    row = re.match(r"  +((?:-\w, )?--[a-z-]+|-\w)\b", line)
    if row:
        options |= set(row.group(1).split(", "))
documented = set()
for item in re.findall(r"^\.It (Fl .*)$", between(main_page, "OPTIONS", "CHECKS"), re.M):
    documented |= {"--" + name for name in re.findall(r"Fl Fl ([a-z-]+)", item)}
    documented |= {"-" + letter for letter in re.findall(r"Fl (\w)(?= |$)", item)}
same("option", options, documented)

formats = set(re.findall(r'\[SPF_FORMAT_\w+\] = "([a-z-]+)"',
                         (source / "report" / "format.c").read_text()))
same("format", formats, set(re.findall(
    r"^\.It Cm ([\w-]+)", main_page[main_page.index(".It Fl Fl format "):main_page.index(".It Fl Fl output ")], re.M)))
same("format of --help", formats, set(re.findall(
    r"\w+", re.search(r"--format FORMAT .*?: (.*)", run("--help")).group(1))))

same("check", {line.split()[0] for line in run("--list-checks").splitlines() if line[:1].strip()},
     set(re.findall(r"^\.It (\S+)$", between(main_page, "CHECKS", "ENVIRONMENT"), re.M)))

# what ends with _ is the beginning of the names that a child of the program is given
read = {name for path in source.rglob("*.c") for name in re.findall(
    r'"((?:ALI[A-Z]*_|SSHPREFLIGHT_|CLICOLOR_|GITHUB_|XDG_|NO_COLOR|SSH_AUTH_)[A-Z0-9_]*(?<!_)|TERM)"', path.read_text())}
same("variable", read,
     set(re.findall(r"\bEv ([A-Z0-9_]+)", between(main_page, "ENVIRONMENT", "FILES"))) - {"HOME"})

header = (source.parent / "include" / "sshpreflight.h").read_text()
same("function", set(re.findall(r"^\w.*?\b(spf_preflight_\w+)\(.*;", header, re.M)),
     set(re.findall(r"^\.Fn (spf_preflight_\w+) ", library_page, re.M)))

ids = set()
for path in (source / "pipeline" / "findings").glob("*.def"):
    ids |= set(re.findall(r'^(?:FINDING|ADVISORY)\(\w+,\s*"([a-z0-9-]+)"', path.read_text(), re.M))
same("cause", ids, set(re.findall(r"^\.It Sy (\S+) Pq", causes_text, re.M)))
for cause in sorted(ids):
    if not run("explain", cause).startswith(cause):
        faults.append("explain %s says something else" % cause)


def members(schema):
    names = set()
    if isinstance(schema, dict):
        names |= set(schema.get("required", []))
        for value in schema.values():
            names |= members(value)
    elif isinstance(schema, list):
        for value in schema:
            names |= members(value)
    return names


for name in sorted(members(json.loads((source / "report" / "report.schema.json").read_text()))):
    if not re.search(r"^\.(?:It|Ql|Li) .*\b%s\b" % name, json_page, re.M):
        faults.append("member %s is not in sshpreflight-json(5)" % name)

if shutil.which("mandoc"):
    for page in (folder / "sshpreflight.1", folder / "sshpreflight.3", folder / "sshpreflight-json.5", causes_page):
        lint = subprocess.run(["mandoc", "-Tlint", "-Wstyle", str(page)],
                              capture_output=True, text=True)
        # Pages of other packages need not be installed to test ours.
        faults += [line for line in lint.stdout.splitlines()
                   if "referenced manual not found" not in line and "Mdocdate" not in line]
else:
    print("mandoc is not installed: the pages were not linted")

print("\n".join(faults))
sys.exit(1 if faults else 0)
