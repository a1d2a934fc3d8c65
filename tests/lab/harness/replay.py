"""Holds the report of a replay against that of the run that was recorded."""

import json
import re
import shlex

TIMES = {"duration_ms", "replayed_from", "source"}
NAME = "[A-Za-z0-9_.+@~\\x80-\uffff-]"


def hidden(text, homes):
    """A record names no home directory, wherever in a text a path begins (platform/home.h)."""
    for home in sorted(homes, key=len, reverse=True):
        if len(home) > 1:
            text = re.sub("(?<!%s)%s(?!%s)" % (NAME, re.escape(home), NAME), "~", text)
    return text


def words_of(command, homes):
    """A command line as its words: a ~ stands outside of the quotes. The URL of --source-ip
    lookup: is in no record, for what stands in it may be secret."""
    try:
        words = [hidden(word, homes) for word in shlex.split(command)]
    except ValueError:
        return command
    for at, word in enumerate(words):
        if word.startswith("lookup:"):
            return words[:at - 1] + words[at + 1:]
        if word.startswith("--source-ip=lookup:"):
            return words[:at] + words[at + 1:]
    return words


def plain(value, homes, name=None):
    if isinstance(value, dict):
        return {k: plain(v, homes, k) for k, v in value.items() if k not in TIMES}
    if isinstance(value, list):
        return [plain(item, homes, name) for item in value]
    if isinstance(value, str) and name in ("command", "openssh", "putty", "putty_prepare"):
        return words_of(value, homes)
    return hidden(value, homes) if isinstance(value, str) else value


def compare(one, other, path, found):
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(set(one) | set(other)):
            compare(one.get(name), other.get(name), path + "/" + name, found)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, pair in enumerate(zip(one, other)):
            compare(*pair, "%s/%d" % (path, at), found)
    elif one != other:
        found.append((path, "replay: %s is %s, was %s" % (
            path, json.dumps(other), json.dumps(one))))


def differences(live_file, replayed_file, homes, allowed=(), must=True):
    with open(live_file, encoding="utf-8") as source:
        live = json.load(source)
    with open(replayed_file, encoding="utf-8") as source:
        replayed = json.load(source)
    wrong = []
    if live["replayed_from"] is not None or live["source"] != "live":
        wrong.append("a live report calls itself a replay")
    if not replayed["replayed_from"] or replayed["source"] != "record":
        wrong.append("a replay does not say what it is")
    for report in (live, replayed):  # what a command printed is in no record
        for group in report["summary"].get("groups", []):
            group["shared"].pop("output", None)
        for target in report["targets"]:
            for check in target["checks"]:
                if check["id"] == "ssh.session":
                    check["evidence"].pop("output", None)
    found = []
    compare(plain(live, homes), plain(replayed, homes), "", found)
    wrong += [text for path, text in found if path not in allowed]
    wrong += ["replay: %s may differ, and does not" % path
              for path in allowed if must and path not in [path for path, _ in found]]
    return wrong


def text_differences(live, replayed, homes):
    """Lines break elsewhere where a path is shorter, ~ stands outside of quotes, and nothing takes
    time."""
    first, _, rest = replayed.partition("\n")
    if not first.startswith(("Replay of evidence recorded at ", "重放 ")):
        return ["the replay's text begins with %r" % first]
    said = [re.sub(r"[\s'\"]+", "", hidden(re.sub(
        r"--source-ip[ =]lookup:\S+", "", re.sub(r"\s+", " ", re.sub(r"  \d+ (ms|毫秒)", "", text))), homes))
            for text in (live, rest)]
    if said[0] == said[1]:
        return []
    at = next(i for i, pair in enumerate(zip(said[0] + " ", said[1] + " ")) if pair[0] != pair[1])
    return ["the replay's text differs: %r, was %r" % (said[1][max(0, at - 40):at + 80],
                                                       said[0][max(0, at - 40):at + 80])]
