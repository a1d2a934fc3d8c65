#!/usr/bin/env python3
"""Words that a native technical writer in this field would not use, kept out of what users read.

    words.py SOURCE_DIR

Looked at: the catalogue of causes, the string literals of the program, the manual and the README,
and the comments of all C, Python, shell and CMake.
"""
import pathlib
import re
import sys
import tokenize

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
    r"\b[Rr]oads?\b": "network path",
    r"\bssh minds\b": "ssh checks",
    r"\bnames nothing\b": "nothing exists at",
    r"\bfolder\b": "directory (a folder is Windows')",
}

# in comments alone: sentences for users may need them
ODD_IN_COMMENTS = {
    r"\b(to|cannot|can't) be had\b": "is unavailable",
    r"\bhears?\b": "receives, gets",
    r"\bhangs? on\b": "depends on",
    r"\bstands? beside\b": "supports, follows, is next to",
    r"\btold apart\b": "distinguished",
    r"\btells? (\w+ ){0,4}apart\b": "distinguishes",
    r"\belastic addresses\b": "elastic IPs",
    r"\bhonoured\b": "supported, followed",
    r"\bis no (port|host|jump host)\b": "is not a valid ...",
    r"\bthere is no host\b": "no host is given",
    r"\bsealed\b": "encrypted",
    r"\bstand-in\b": "placeholder",
}


def literals(text):
    """String literals, joined where the compiler joins them, with the line of each."""
    for match in re.finditer(r'"((?:[^"\\\n]|\\.)*)"(?:\s*\n\s*"((?:[^"\\\n]|\\.)*)")*', text):
        joined = re.sub(r'"\s*\n\s*"', "", match.group(0))
        yield text.count("\n", 0, match.start()) + 1, joined


def comments(text):
    """Comments in one line each, with the line of each."""
    for match in re.finditer(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/', text, re.DOTALL):
        if match.group(0).startswith("/*"):
            yield (text.count("\n", 0, match.start()) + 1,
                   re.sub(r"\s*\n\s*\*?\s*", " ", match.group(0)))


def places(root):
    for path in sorted((root / "src").rglob("*")):
        if path.suffix in (".c", ".def") and "transcript" not in path.parts:
            for line, text in literals(path.read_text(encoding="utf-8")):
                yield path, line, text
    for path in [*sorted((root / "man").glob("*.[1-9]")), root / "README.md"]:
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            yield path, line, text


def commented(root):
    for part in ("src", "include", "tests"):
        for path in sorted((root / part).rglob("*")):
            if path.suffix in (".c", ".h", ".def"):
                for line, text in comments(path.read_text(encoding="utf-8")):
                    yield path, line, text


def scripts(root):
    """Comments and docstrings of Python, comments of shell, CMake and Perl, with the line of each."""
    for part in ("tests", "src", "po", "examples", "findings", "man"):
        for path in sorted((root / part).rglob("*")):
            if path == pathlib.Path(__file__).resolve() or not path.is_file():
                continue
            if path.suffix == ".py":
                yield from ((path, line, text) for line, text in python_words(path))
            elif path.suffix in (".sh", ".pl") or path.name == "CMakeLists.txt":
                for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                    if re.match(r"\s*#(?!!)|.*\s# ", text):
                        yield path, line, text[text.index("#"):]


def python_words(path):
    with tokenize.open(path) as source:
        before = tokenize.INDENT
        for token in tokenize.generate_tokens(source.readline):
            if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and before in
                                                  (tokenize.INDENT, tokenize.NEWLINE, tokenize.DEDENT)):
                yield token.start[0], " ".join(token.string.split())
            if token.type not in (tokenize.COMMENT, tokenize.NL):
                before = token.type


def complain(root, found, odds):
    count = 0
    for path, line, text in found:
        for odd, better in odds.items():
            if re.search(odd, text):
                count += 1
                print("%s:%d: %r: rather: %s" % (path.relative_to(root), line,
                                                 re.search(odd, text).group(0), better))
    return count


def main():
    root = pathlib.Path(sys.argv[1])
    found = complain(root, places(root), ODD)
    found += complain(root, commented(root), ODD | ODD_IN_COMMENTS)
    found += complain(root, scripts(root), ODD | ODD_IN_COMMENTS)
    return 1 if found else 0


sys.exit(main())
