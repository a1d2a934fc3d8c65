#!/usr/bin/env python3
"""Words that a native technical writer in this field would not use, kept out of what users read.

    words.py SOURCE_DIR

Looked at: the catalogue of causes, the string literals of the program, the manual and the README.
"""
import pathlib
import re
import sys

ODD = {
    r"\b(is|are) told\b": "is reported",
    r"\btells of\b": "reports",
    r"\bcould not be had\b": "was unavailable",
    r"\bnot to be had\b": "is unavailable",
    r"\bnot honoured\b": "is not supported here",
    r"\bstands (before|behind)\b": "precedes, follows",
    r"\bpass(es|ed) over\b": "skips, ignores",
    r"\blets nobody in\b": "has no rule that allows",
    r"\blets? [^.;\"]* in (to|on) port\b": "allows port N only from",
    r"\bbut you are [0-9{%]": "you connect from",
    r"\bhangs on your\b": "depends on your",
    r"\b(public|private) half\b": "public key, private key",
    r"\bput together from two\b": "its numbers do not match",
    r"\belastic address\b": "elastic IP (EIP)",
    r"\bown image\b": "custom image",
    r"\boutward bandwidth\b": "outbound bandwidth",
    r"\btyping error\b": "typo",
    r"\b[Ff]etch (it|the file) anew\b": "download it again",
    r"\banew\b": "again",
    r"\bkept to itself\b": "unchanged",
    r"\bworth a word\b": "worth reporting",
    r"\bcentury's hardware\b": "current hardware",
    r"\b(a|the) silent port\b": "filtered, timed out",
    r"\bssh minds\b": "ssh checks",
    r"\bnames nothing\b": "nothing exists at",
    r"\bfolder\b": "directory (a folder is Windows')",
}

# In a sentence of the catalogue (a command is none) C's escapes would be shown as they are.
ESCAPE = re.compile(r"\\\\(n|r|t|e|x[0-9a-f]|0[0-7])")
COMMAND = re.compile(r"`[^`]*`|^\"(tr|sed|printf|awk|\(umask) .*")


def literals(text):
    """String literals, joined where the compiler joins them, with the line of each."""
    for match in re.finditer(r'"((?:[^"\\\n]|\\.)*)"(?:\s*\n\s*"((?:[^"\\\n]|\\.)*)")*', text):
        joined = re.sub(r'"\s*\n\s*"', "", match.group(0))
        yield text.count("\n", 0, match.start()) + 1, joined


def places(root):
    for path in sorted((root / "src").rglob("*")):
        if path.suffix in (".c", ".def") and "transcript" not in path.parts:
            for line, text in literals(path.read_text(encoding="utf-8")):
                yield path, line, text
    for path in [*sorted((root / "man").glob("*.[1-9]")), root / "README.md"]:
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            yield path, line, text


def main():
    root = pathlib.Path(sys.argv[1])
    found = 0
    for path, line, text in places(root):
        for odd, better in ODD.items():
            if re.search(odd, text):
                found += 1
                print("%s:%d: %r: rather: %s" % (path.relative_to(root), line,
                                                 re.search(odd, text).group(0), better))
        if path.suffix == ".def" and ESCAPE.search(COMMAND.sub("", text)):
            found += 1
            print("%s:%d: an escape in a sentence: %s" % (path.relative_to(root), line, text))
    return 1 if found else 0


sys.exit(main())
