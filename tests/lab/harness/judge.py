"""Holds a report against what a scenario expects. Each function returns a list of complaints."""

import functools
import json
import re

# C0 (but for line feed), DEL, and C1: what must never reach a terminal.
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")


@functools.lru_cache(maxsize=None)
def _validator(schema_file):
    import jsonschema  # a Debian package; the only one beyond the standard library

    with open(schema_file, encoding="utf-8") as source:
        rules = json.load(source)
    return jsonschema.validators.validator_for(rules)(rules)  # unit.report-schema has checked them


def schema(report, schema_file):
    errors = _validator(schema_file).iter_errors(report)
    return ["schema: %s at %s" % (e.message[:300], "/".join(map(str, e.absolute_path)))
            for e in errors]


def check_words(check):
    """A check's result in words: "pass", "fail sg-no-rule", "skip net.port"."""
    detail = check["because"] if check["status"] == "skip" else check["cause"]
    return check["status"] + (" " + detail if detail else "")


def _select(value, path):
    for step in path.split("/"):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def negotiated(target):
    """No algorithm is named as the negotiated one of a handshake that was not done."""
    check = next(check for check in target["checks"] if check["id"] == "ssh.handshake")
    if check["status"] in ("pass", "warn"):
        return []
    return ["%s is %s, and the handshake was not done" % (name, check["evidence"][name])
            for name in ("kex", "host_key_algorithm", "cipher_in", "cipher_out", "mac_in", "mac_out")
            if check["evidence"].get(name) is not None]


def report(found, expect):
    """The members of expect that are about the JSON report; README.md lists them."""
    wrong = []

    def hold(what, is_, should):
        if is_ != should:
            wrong.append("%s is %s, should be %s" % (what, json.dumps(is_), json.dumps(should)))

    def hold_any(what, is_, should):
        """Where the design leaves the choice, a scenario lists what it takes."""
        if not isinstance(should, list):
            hold(what, is_, should)
        elif is_ not in should:
            wrong.append("%s is %s, should be one of %s" % (what, is_, should))

    for target in found["targets"]:
        wrong += negotiated(target)
    target = found["targets"][0]
    words = {check["id"]: check_words(check) for check in target["checks"]}
    for member in ("verdict", "further_causes", "permanence"):
        if member in expect:
            hold(member, target[member], expect[member])
    if "cause" in expect:
        hold_any("cause", target["cause"], expect["cause"])
    if "verdict" in expect:
        hold("verdict of the report", found["verdict"], expect["verdict"])
    for name, should in expect.get("checks", {}).items():
        hold_any(name, words.get(name), should)
    if "candidates" in expect:
        causes = [candidate["cause"] for candidate in target["candidates"]]
        hold("candidates", causes[:len(expect["candidates"])], expect["candidates"])
    for name, members in expect.get("evidence", {}).items():
        evidence = next(c["evidence"] for c in target["checks"] if c["id"] == name)
        for member, should in members.items():
            hold("evidence %s of %s" % (member, name), evidence.get(member), should)
    for path, should in expect.get("values", {}).items():
        try:
            hold(path, _select(found, path), should)
        except (KeyError, IndexError, ValueError):
            wrong.append("%s is absent" % path)
    for part in expect.get("commands", []):
        commands = [r["command"] or "" for r in target["remedies"]]
        if not any(part in command for command in commands):
            wrong.append("no remedy's command has %r: %s" % (part, commands))
    unwanted = expect.get("no_commands", [])
    wrong += ["a remedy has the command %r" % r["command"]
              for r in target["remedies"] if r["command"]
              and (unwanted is True or any(part in r["command"] for part in unwanted))]
    return wrong + sound(found)


def sound(found):
    """What holds for every report."""
    wrong = []
    if found["exit_status"] == 0 and found["verdict"] != "pass":
        wrong.append("exit_status 0 without a pass")
    for target in found["targets"]:
        for check in target["checks"]:
            status, cause = check["status"], check["cause"]
            if (status in ("warn", "fail", "unknown")) != (cause is not None):
                wrong.append("%s is %s with cause %s" % (check["id"], status, cause))
            if (status == "skip") != (check["because"] is not None):
                wrong.append("%s is %s because %s" % (check["id"], status, check["because"]))
            if not check["summary"]:
                wrong.append("%s has no summary" % check["id"])
            # several lines from outside are joined; what is left of one within a name is no end
            if re.search(r"\\[nr]($|[ \\])", check["summary"]):
                wrong.append("%s shows the end of a line as an escape: %s" % (check["id"],
                                                                            check["summary"]))
        if (target["verdict"] == "pass") != (target["cause"] is None):
            wrong.append("verdict %s with cause %s" % (target["verdict"], target["cause"]))
        if target["verdict"] != "pass" and not target["summary"]:
            wrong.append("no summary")
    return wrong


def streams(outputs, secrets):
    """No control bytes, no secrets, valid UTF-8. outputs: name -> bytes."""
    wrong = []
    for name, data in outputs.items():
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            wrong.append("%s is not UTF-8: %s" % (name, error))
            text = data.decode("utf-8", "replace")
        control = CONTROL.search(text)
        if control:
            at = max(0, control.start() - 40)
            wrong.append("%s has a control byte: %r" % (name, text[at:control.end() + 40]))
        for secret in secrets:
            if secret in text:
                wrong.append("%s has the secret %r" % (name, secret))
    return wrong


def text(shown, expect):
    wrong = []
    for part in expect.get("text", []):
        if part not in shown:
            wrong.append("the text report lacks %r" % part)
    for part in expect.get("text_lacks", []):
        if part in shown:
            wrong.append("the text report has %r" % part)
    return wrong


def calls(made, expect):
    """expect["calls"]: action -> how often, or [least, most]; "*" for all calls."""
    wrong = []
    for action, should in expect.get("calls", {}).items():
        count = sum(1 for call in made if action in ("*", call["action"]))
        least, most = should if isinstance(should, list) else (should, should)
        if not least <= count <= most:
            wrong.append("%s was called %d times, should be %s" % (action, count, should))
    for call in made:
        if not re.match(r"Describe(?!UserData)|Get|AssumeRole", call["action"] or ""):
            wrong.append("%s is not a read-only action" % call["action"])
    return wrong
