#!/usr/bin/env python3
"""The Chinese texts: nothing is missing, nothing but words is translated, and every layout fits.

translations.py BINARY LAB-CLOUD SOURCE PO-TOOLS: the template is written again from the sources and compared;
each text of the translation has the same slots, commands and formats as the English one. Then recorded
runs are replayed in both languages: ids, members and commands are the same, and no line of the text
report is wider than its page. Exit status 77: gettext is not installed.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from stage import Stage  # noqa: E402

SCENARIOS = ["healthy", "story-06-excluded-and-mode", "story-11-bound-but-refused", "port-refused",
             "story-07-host-key-changed", "credentials-missing"]
# Words for people; the rest of a report is the same in every language.
WORDS = {"summary", "text", "tell_apart", "impact"}
ENV = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}


def unquoted(text):
    """The text of PO's quoted lines, their escapes still in it."""
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text))


def entries(path):
    """English -> translation, without the header."""
    found = {}
    for block in pathlib.Path(path).read_text(encoding="utf-8").split("\n\n")[1:]:
        parts = re.search(r"^msgid (.*?)^msgstr (.*)", block, re.M | re.S)
        if parts:
            found[unquoted(parts[1])] = "fuzzy" if "#, fuzzy" in block else unquoted(parts[2])
    return found


def is_chinese(text):
    return any("\u4e00" <= char <= "\u9fff" for char in text)


def check_entry(english, chinese):
    """What the two must have in common."""
    if not chinese or chinese == "fuzzy":
        return ["is not translated"]
    wrong = []
    for what, pattern in (("slots", r"\{\??[a-z0-9_-]+\}"), ("commands", r"`([^`]+)`"),
                          ("options", r"(?<![\w-])--[a-z][a-z-]+")):
        if sorted(set(re.findall(pattern, english))) != sorted(set(re.findall(pattern, chinese))):
            wrong.append("%s differ" % what)
    conditions = re.match(r"(\{\?[^}]*\})*", english).group()
    if not chinese.startswith(conditions):
        wrong.append("does not begin with %s" % conditions)
    if is_chinese(chinese) and re.search(r"[\u4e00-\u9fff][,;]", chinese):
        wrong.append("has a narrow comma or semicolon")
    if chinese.endswith("。") and not english.rstrip("\\n").endswith("."):
        wrong.append("ends in a full stop")
    return wrong


def check_catalogue(source, folder):
    """The template is what the sources have, and all of it is translated."""
    fresh = os.path.join(folder, "fresh.pot")
    subprocess.run([str(source / "po" / "template.sh"), fresh], check=True)
    should, template = set(entries(fresh)), set(entries(source / "po" / "sshpreflight.pot"))
    translated = entries(source / "po" / "zh_CN.po")
    wrong = ["po/sshpreflight.pot lacks %r: run po/template.sh" % text for text in should - template]
    wrong += ["po/sshpreflight.pot has %r, which is nowhere" % text for text in template - should]
    wrong += ["po/zh_CN.po lacks %r: run msgmerge" % text for text in should - set(translated)]
    for english in should & set(translated):
        wrong += ["po/zh_CN.po: %r %s" % (english, complaint)
                  for complaint in check_entry(english, translated[english])]
    return len(should), wrong + check_literals(source, should)


# What no person reads as a sentence: shell scripts, formats of columns, names of a set.
PLAIN = re.compile(r"#compdef|_arguments|_sshpreflight|complete -c|mapfile|compgen|^# Written by|^ -x -a|  -[xl] |"
                   r"key cloud net ssh|^, $|^ssh %s$|^  %-|^%s%s--%s$|^%s--(tag|vpc) %s$|^sshpreflight: ")
LITERAL = re.compile(r'''_Static_assert\(.*?\);|//[^\n]*|/\*.*?\*/|'''
                     r''''(?:[^'\\]|\\.)'|"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*''', re.S)
# Written for people from end to end; elsewhere a literal may be a fact that is recorded.
FOR_PEOPLE = ["cli/*.c", "report/merge*.c", "report/explain.c", "cloud/aliyun/select.c", "openssh/command*.c",
              "cloud/instance_word.c", "openssh/destination.c", "openssh/shell_words.c", "key/fix.c",
              "base/suggest.c", "platform/posix/limits.c"]


def check_literals(source, template):
    """In files that speak to people, each literal of more than one word is in the template."""
    wrong, seen = [], 0
    for path in sorted(path for glob in FOR_PEOPLE for path in (source / "src").glob(glob)):
        text = path.read_text(encoding="utf-8")
        for found in LITERAL.finditer(text):
            literal = unquoted(found[0]) if found[0].startswith('"') else ""
            if not re.search(r"[a-z]{2,} [a-z]{2,}|%s [a-z]{2,}|[a-z]{2,} %s|^; ", literal) or PLAIN.search(literal):
                continue
            seen += 1
            if literal not in template:
                wrong.append("%s:%d: not translated: %r" % (
                    path.relative_to(source), text.count("\n", 0, found.start()) + 1, literal))
    return wrong if seen > 200 else wrong + ["%d literals were found: is the test blind?" % seen]


def width(line):
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def replay(binary, record, *options):
    done = subprocess.run([binary, "--replay", record, *options], env=ENV, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.stdout.decode("utf-8"), done.stderr.decode("utf-8"), done.returncode


def differing(english, chinese, path=""):
    """Where two reports differ in more than words."""
    if type(english) is not type(chinese):
        return [path]
    if isinstance(english, dict):
        if list(english) != list(chinese):
            return [path + "/*"]
        return [one for name in english if name not in WORDS and name != "duration_ms"
                for one in differing(english[name], chinese[name], path + "/" + name)]
    if isinstance(english, list):
        if len(english) != len(chinese):
            return [path + "/#"]
        return [one for number, pair in enumerate(zip(english, chinese))
                for one in differing(*pair, "%s/%d" % (path, number))]
    return [] if english == chinese else ["%s: %r, %r" % (path, english, chinese)]


def in_terminal(binary, record, columns):
    """The lines of the text report on a terminal of that width."""
    import fcntl
    import pty
    import struct
    import termios
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen([binary, "--replay", record, "--lang", "zh", "--color", "never"],
                               env={**ENV, "TERM": "xterm"}, stdin=subprocess.DEVNULL, stdout=slave,
                               stderr=subprocess.DEVNULL)
    os.close(slave)
    out = b""
    with contextlib.suppress(OSError):
        while chunk := os.read(master, 65536):
            out += chunk
    process.wait()
    os.close(master)
    return out.decode("utf-8").replace("\r\n", "\n").split("\n")


def check_layout(binary, record, commands):
    """No line is wider than the terminal, but for those to paste and words that have no break."""
    wrong = []
    for columns in (40, 60, 80, 100, 200):
        for line in in_terminal(binary, record, columns):
            if width(line) > columns and not any(part in line for part in commands) and \
                    max(width(word) for word in re.split(r"[ \u3000-\uffef\u4e00-\u9fff]", line)) < \
                    columns - 16:
                wrong.append("%d columns: %r has %d" % (columns, line, width(line)))
            if re.match(r"^ *[，。；：、）]", line):
                wrong.append("%d columns: %r begins with a mark" % (columns, line))
    return wrong


def check_reports(args, folder):
    wrong = []
    for name in SCENARIOS:
        record = os.path.join(folder, name)
        with contextlib.ExitStack() as stack:
            scene = Stage(str(HERE.parent / "e2e" / "scenarios" / name), args, stack)
            scene.run(["--record", record])
        english, chinese = (json.loads(replay(args.binary, record, "--json", "--lang", word)[0])
                            for word in ("en", "zh"))
        found = differing(english, chinese)
        target = chinese["targets"][0]
        said = [target["summary"]] + [one["text"] for one in target["remedies"]] + \
            [one[word] for one in target["candidates"] for word in ("text", "tell_apart")]
        found += ["%r is not Chinese" % text for text in said if not is_chinese(text)]
        commands = [one["command"] for one in target["remedies"] if one["command"]] + \
            list(filter(None, target["connect"].values())) + ["getent passwd", "sshpreflight explain"]
        found += check_layout(args.binary, record, commands)
        for form in ("html", "short", "github", "junit", "tap"):
            text = replay(args.binary, record, "--lang", "zh", "--format", form)[0]
            if not is_chinese(text) and (form != "junit" or target["verdict"] != "pass"):
                found.append("%s has no Chinese" % form)
        wrong += ["%s: %s" % (name, one) for one in found]
    return wrong


def says(binary, words, **variables):
    done = subprocess.run([binary, *words], env={**ENV, **variables}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return done.stdout.decode("utf-8")


def check_choice(binary):
    """Who speaks Chinese: --lang, and a Chinese locale, also one that is not installed."""
    wrong = []
    for words, variables, chinese in (
            (["--help"], {}, False), (["--lang", "zh", "--help"], {}, True),
            (["--lang=zh", "--help"], {"LC_ALL": "C"}, True),
            (["--help"], {"LC_ALL": "zh_CN.UTF-8"}, True), (["--help"], {"LC_ALL": "zh_CN.utf8"}, True),
            (["--help"], {"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, True),
            (["--help"], {"LC_ALL": "", "LC_MESSAGES": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, False),
            (["--help"], {"LC_ALL": "zh_CN.GB18030"}, False), (["--help"], {"LC_ALL": "zh_TW.UTF-8"}, False),
            (["--lang", "en", "--help"], {"LC_ALL": "zh_CN.UTF-8"}, False),
            (["explain", "sg-no-rule", "--lang", "zh"], {}, True),
            (["explain", "sg-no-rule", "--json", "--lang", "zh"], {}, True),
            (["--lang", "zh", "--list-checks"], {}, True)):
        text = says(binary, words, **variables)
        if is_chinese(text) != chinese:
            wrong.append("%s with %s: %r" % (words, variables, text[:200]))
    if "cannot be" not in says(binary, ["--lang", "fr", "--help"]):
        wrong.append("--lang fr is no usage error")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("binary", "lab-cloud", "source"):
        parser.add_argument("--" + name, required=True)
    args = parser.parse_args()
    args.keep, args.schema = False, None
    if not shutil.which("xgettext") or not shutil.which("msgfmt"):
        print("skipped: gettext is not installed")
        return 77
    with tempfile.TemporaryDirectory(prefix="spf-texts-") as folder:
        count, wrong = check_catalogue(pathlib.Path(args.source), folder)
        wrong += check_choice(args.binary)
        wrong += check_reports(args, folder)
    for text in wrong:
        print(text)
    print("%d texts, %d reports, %d wrong" % (count, len(SCENARIOS), len(wrong)))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
