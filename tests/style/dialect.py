#!/usr/bin/env python3
"""One dialect and one of each: what neither the compiler nor clang-format holds.

    dialect.py SOURCE_DIR

Files and functions can be read at a sitting; there are no anonymous blocks; the machine of a run knows no cause and no cloud by name;
what is done in one place is not done by hand in another; and the map of the tree and the README's paths are true.
"""
import pathlib
import re
import sys

FILE_MAX, FUNCTION_MAX = 540, 60  # lines; a new file aims at 500

# What may be written in these files alone, and what is called instead.
ONLY_IN = (
    (r"<< 24 \|", {"base/wire.c", "key/bcrypt_pbkdf.c"}, "spf_reader_u32 (base/wire.h)"),
    (r'_(addstr|text)\(&?\w+, "-----BEGIN ', {"key/pem_writer.c"}, "spf_pem_text (key/pem_writer.h)"),
    (r'addstr\(&?\w+, "SHA256:"|, "SHA256:", out\b', {"base/fingerprint.c"}, "spf_fingerprint_sha256"),
    (r"socket\(AF_UNIX", {"platform/posix/local.c"}, "spf_connect_local (platform/sockets.h)"),
    (r"if \(\(.*& 0xc0\) [!=]= 0x80", {"base/text.c"}, "spf_utf8_decode (base/text.h)"),
)


def functions(lines):
    """Name, first line and length of each function: from its signature to the brace in column 0."""
    first = start = None
    for number, line in enumerate(lines):
        if line == "{":
            first = number - 1
            while first > 0 and lines[first].startswith(" "):
                first -= 1
            start = number
        elif line == "}" and start is not None:
            name = re.search(r"(\w+)\(", lines[first])
            yield name.group(1) if name else "?", first + 1, number - first + 1
            start = None


def sizes(source):
    for path in sorted(source.rglob("*.[ch]")):
        name, lines = str(path.relative_to(source)), path.read_text(encoding="utf-8").splitlines()
        if len(lines) > FILE_MAX:
            yield "%s: %d lines, more than %d" % (name, len(lines), FILE_MAX)
        for function, line, length in functions(lines):
            if length > FUNCTION_MAX:
                yield "%s:%d: %s has %d lines, more than %d" % (name, line, function, length,
                                                                FUNCTION_MAX)


def anonymous_blocks(source):
    for path in sorted(source.rglob("*.c")):
        name, lines = path.relative_to(source), path.read_text(encoding="utf-8").splitlines()
        for number in range(1, len(lines)):
            before = lines[number - 1].rstrip()
            if re.match(r"\s+\{$", lines[number]) and re.search(r"[;{}]$|\*/$|^$", before):
                yield "%s:%d: an anonymous block" % (name, number + 1)


def guards(source):
    """A header is read once by #pragma once: no name that has to follow the file's."""
    for path in sorted(source.rglob("*.h")):
        name, text = str(path.relative_to(source)), path.read_text(encoding="utf-8")
        forwards = name.startswith("platform/windows/posix/")
        if re.search(r"^#ifndef \w+_H\b", text, re.MULTILINE) or not forwards and "#pragma once" not in text:
            yield "%s: a guard by name rather than #pragma once" % name


def names_in_run(source):
    """run.c knows neither causes nor what is the cloud's."""
    text = (source / "pipeline/run.c").read_text(encoding="utf-8")
    causes = set(re.findall(r"^\s*[A-Z]+\((\w+),",
                            "".join(path.read_text(encoding="utf-8")
                                    for path in (source / "pipeline/findings").glob("*.def")), re.MULTILINE))
    if len(causes) < 100:
        yield "pipeline/findings: the catalogue is not found"
    for word in sorted(set(re.findall(r"\bSPF_\w+", text))):
        if word[4:] in causes or "CLOUD" in word:
            yield "pipeline/run.c: %s is named" % word


def one_of_each(source):
    for path in sorted(source.rglob("*.c")):
        name, text = str(path.relative_to(source)), path.read_text(encoding="utf-8")
        for pattern, where, instead in ONLY_IN:
            for match in re.finditer(pattern, text):
                if name not in where and not name.startswith("platform/windows/"):
                    yield "%s:%d: by hand: rather: %s" % (name, text.count("\n", 0, match.start()) + 1, instead)


def map_of_the_tree(source):
    """The map in main.c names every room, and nothing that is not there."""
    text = (source / "cli/main.c").read_text(encoding="utf-8")
    drawn = set(re.findall(r"\b((?:[a-z_]+/)+(?:[a-z_]+\.(?:c|def))?)", text[:text.index("*/")]))
    rooms = {path.name + "/" for path in source.iterdir() if path.is_dir()}
    for room in sorted(rooms - {name for place in drawn for name in [place.split("/")[0] + "/"]}):
        yield "cli/main.c: its map lacks %s" % room
    for place in sorted(drawn):
        if not (source / place).exists():
            yield "cli/main.c: its map has %s, which is not there" % place


def paths_of_the_readme(source):
    """The recipes for additions name files that are there."""
    text = (source.parent / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:src|tests|po|man|examples)/[\w./-]+)", text))
    if len(named) < 15:
        yield "../README.md: its paths are not found"
    for path in sorted(named):
        if not (source.parent / path).exists() and not path.endswith("/scenarios/NAME/scenario.json"):
            yield "../README.md: it has %s, which is not there" % path


def main():
    source = pathlib.Path(sys.argv[1]) / "src"
    complaints = [complaint for rule in (sizes, anonymous_blocks, guards, names_in_run, one_of_each, map_of_the_tree,
                                                  paths_of_the_readme)
                  for complaint in rule(source)]
    print("\n".join("src/" + complaint for complaint in complaints))
    return 1 if complaints else 0


sys.exit(main())
