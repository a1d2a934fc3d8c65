#!/usr/bin/env python3
"""Every machine format, read by a real consumer, with hostile text wherever evidence holds text.

Real runs against the lab are recorded into one record of several targets. That record is replayed as it
is, and again with each of its texts replaced by a hostile one; each replay writes every format at once.
What the consumers then say must be what the JSON report says.
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

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

import markup  # noqa: E402

from stage import Stage  # noqa: E402  (which finds the harness)
from harness import judge  # noqa: E402

import jsonschema  # noqa: E402

SCENARIOS = ["healthy", "story-06-excluded-and-mode", "session-forced-command", "api-hostile-texts"]
FORMATS = ["text", "short", "json", "ndjson", "junit", "tap", "nagios", "prometheus", "github", "html"]
JOB = ["summary.md", "outputs"]  # what GitHub Actions keeps of a step
# What ends or begins something in one of the formats, then control, bidi and zero-width characters, and those
# that XML 1.0 does not have.
HOSTILE = ("x]]> ::error title=a,b::c | d=1 \"q\" 'q' <b> &amp; # SKIP # TODO \\ % %0A {} \n::error::x\r\n"
           "ok 1 - y\n---\n\t\u001b[31m\u0007\u0085\u202e\u200b\ufeff\ufffe\uffff 名前 `id` $(id) \U0001f600")

SUMMARY_ELEMENTS = {"h3", "p", "code", "ol", "li", "pre", "strong", "details", "summary", "table", "thead", "tbody",
                    "tr", "th", "td"}
HTML_ELEMENTS = {"html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "h3", "p", "section",
                 "span", "code", "ol", "ul", "li", "pre", "strong", "br", "b", "small", "details", "summary", "dl",
                 "dt", "dd", "fieldset", "legend", "label", "input", "svg", "circle", "path", "figure", "text", "rect", "line"}
HTML_ATTRIBUTES = {"lang", "charset", "name", "content", "http-equiv", "class", "id", "aria-labelledby", "aria-label",
                   "type", "value", "checked", "aria-hidden", "viewbox", "cx", "cy", "r", "d"}
TIMELINE_ATTRIBUTES = {"role", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "rx", "text-anchor"}


def check_timeline(name, run, page):
    """A live run has a bar for each check that ran: -vv in the terminal, HTML as SVG."""
    text, html = run.out.decode("utf-8"), page.read_text(encoding="utf-8")
    ran = re.findall(r"^(?:✓|!|✗|\?) ([a-z.-]+)", text, re.M)
    bars = re.findall(r"^([a-z]+\.[a-z-]+) +━+ \d+ ms$", text, re.M)
    wrong = [] if bars and bars == ran else ["%s: bars %s, checks %s" % (name, bars, ran)]
    shown = markup.Page(html, HTML_ELEMENTS, HTML_ATTRIBUTES | TIMELINE_ATTRIBUTES)
    if shown.elements.count("rect") != len(ran):
        wrong.append("%s: %d bars in HTML" % (name, shown.elements.count("rect")))
    return wrong + ["%s: %s" % (name, complaint) for complaint in shown.wrong]


def record(args, folder, wrong):
    """One record of a target of each scenario."""
    records = []
    for name in SCENARIOS:
        with contextlib.ExitStack() as stack:
            scene = Stage(str(HERE.parent / "e2e" / "scenarios" / name), args, stack)
            path = os.path.join(folder, name)
            page = pathlib.Path(path + ".html")
            wrong += check_timeline(name, scene.run(["--record", path, "-vv", "--output", "html:%s" % page]), page)
            with open(path, encoding="utf-8") as source:
                records.append(json.load(source))
    for other in records[1:]:
        records[0]["targets"] += other["targets"]
    return records[0]


def texts(value, path=()):
    """The paths of all texts of a record."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, (dict, list)):
        for key, member in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts(member, path + (key,))


def places(content):
    """The paths of texts that differ only in the number of a list's member are one place."""
    found = {}
    for path in texts(content):
        found.setdefault("/".join(key for key in path if isinstance(key, str)), []).append(path)
    return found


def replaced(value, path, text):
    """A copy of value with the text at path."""
    if not path:
        return text
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], text)
    return copy


class Report:
    """The formats of one replay, each in a file."""

    def __init__(self, args, folder, name, content):
        self.name, self.folder, self.wrong = name, pathlib.Path(folder), []
        self.folder.mkdir()
        self.path("record").write_text(json.dumps(content), encoding="utf-8")
        words = [args.binary, "--replay", str(self.path("record")), "--format", "github"]
        for form in FORMATS:
            words += ["--output", "%s:%s" % (form, self.path(form))]
        done = subprocess.run(words, capture_output=True, check=False, timeout=600, cwd=self.folder,
                              env={"HOME": "/nonexistent", "LC_ALL": "C.UTF-8",
                                   "GITHUB_STEP_SUMMARY": str(self.path("summary.md")),
                                   "GITHUB_OUTPUT": str(self.path("outputs"))})
        self.status = done.returncode
        self.refused = done.returncode == 64  # it is no record any more
        if self.refused:
            return
        if done.returncode not in (0, 1, 2):
            self.wrong.append("exit status %d: %s" % (done.returncode, done.stderr))
        if sorted(path.name for path in self.folder.iterdir()) != sorted(FORMATS + JOB + ["record"]):
            self.wrong.append("files: %s" % sorted(path.name for path in self.folder.iterdir()))
        if done.stdout != self.path("github").read_bytes():
            self.wrong.append("standard output differs from the file")
        self.json = json.loads(self.read("json"))
        self.checks = [check for target in self.json["targets"] for check in target["checks"]]

    def path(self, form):
        return self.folder / form

    def read(self, form):
        return self.path(form).read_bytes().decode("utf-8")

    def say(self, form, complaint):
        self.wrong.append("%s: %s" % (form, complaint))


def check_streams(report):
    """No control byte but line feeds, whatever the format."""
    report.wrong += judge.streams({form: report.path(form).read_bytes() for form in FORMATS + JOB}, [])


def check_lines(report, schemas):
    """jsonschema: the report, and each line of ndjson."""
    for error in schemas["report"].iter_errors(report.json):
        report.say("json", error.message)
    lines = report.read("ndjson").splitlines()
    if len(lines) != len(report.json["targets"]):
        report.say("ndjson", "%d lines of %d targets" % (len(lines), len(report.json["targets"])))
    for line, target in zip(lines, report.json["targets"]):
        line = json.loads(line)
        for error in schemas["target"].iter_errors(line):
            report.say("ndjson", error.message)
        if any(line[member] != value for member, value in target.items()):
            report.say("ndjson", "a line differs from the target of the JSON report")
    short = report.read("short").splitlines()
    if [line.split()[0] for line in short] != [target["verdict"] for target in report.json["targets"]]:
        report.say("short", "%r" % short)


def check_junit(reports):
    """xmllint with the schema, in one go, then what each says."""
    from xml.etree import ElementTree

    files = {str(report.path("junit")): report for report in reports}
    done = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", str(HERE / "junit.xsd"), *files],
                          capture_output=True, text=True, check=False)
    for line in done.stderr.splitlines():
        name = line.split(":")[0].removesuffix(" fails to validate").removesuffix(" validates")
        if name in files and not line.endswith(" validates"):
            files[name].say("junit", line)
    wanted = {"pass": None, "warn": "system-out", "fail": "failure", "unknown": "error", "skip": "skipped"}
    for report in reports:
        try:
            tree = ElementTree.parse(report.path("junit")).getroot()
        except ElementTree.ParseError as error:
            report.say("junit", str(error))
            continue
        for case, check in zip(tree.iter("testcase"), report.checks):
            child = case[0].tag if len(case) else None
            if (case.get("name"), child) != (check["id"], wanted[check["status"]]):
                report.say("junit", "%s is %s" % (case.attrib, child))
            elif child in ("failure", "error") and (case[0].get("type"), case[0].get("message")) != \
                    (check["cause"], check["summary"]):
                report.say("junit", "%s is not %r" % (case[0].attrib, check["summary"]))
        for suite in tree:
            counts = [sum(1 for _ in suite.iter(tag)) for tag in ("testcase", "failure", "error", "skipped")]
            if counts != [int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")]:
                report.say("junit", "counts %s, elements %s" % (suite.attrib, counts))


def check_tap(reports):
    """perl's TAP::Parser."""
    done = subprocess.run(["perl", str(HERE / "tap.pl"), *[str(report.path("tap")) for report in reports]],
                          stdout=subprocess.PIPE, text=True, check=True)
    for report, line in zip(reports, done.stdout.splitlines()):
        said = json.loads(line)
        if said["version"] != 14 or said["errors"] or said["unknown"] or len(said["tests"]) != len(report.checks):
            report.say("tap", "%d tests, %s %s" % (len(said["tests"]), said["errors"], said["unknown"]))
        for test, check in zip(said["tests"], report.checks):
            if bool(test["ok"]) != (check["status"] in ("pass", "warn", "skip")) or \
                    check["id"] not in test["description"] or \
                    test["directive"] != ("SKIP" if check["status"] == "skip" else ""):
                report.say("tap", "%s for %s %s" % (test, check["id"], check["status"]))
            elif check["status"] in ("fail", "unknown", "warn") and \
                    (test["block"]["status"], test["block"]["cause"], test["block"]["message"]) != \
                    (check["status"], check["cause"], check["summary"]):
                report.say("tap", "%s is not %r" % (test["block"], check["summary"]))


def check_prometheus(reports):
    """The Python client's parser, and promtool where it is installed."""
    promtool = shutil.which("promtool")
    done = subprocess.run(["/usr/bin/python3", str(HERE / "prometheus.py"),
                           *[str(report.path("prometheus")) for report in reports]],
                          stdout=subprocess.PIPE, text=True, check=True)
    for report, line in zip(reports, done.stdout.splitlines()):
        said = json.loads(line)
        samples = said["samples"]
        if "error" in said:
            report.say("prometheus", said["error"])
            continue
        found = [(labels["check"], labels["status"]) for name, labels in samples
                 if name == "sshpreflight_check_status"]
        if found != [(check["id"], check["status"]) for check in report.checks]:
            report.say("prometheus", "statuses %s" % found)
        found = [(labels["verdict"], labels["cause"] or None) for name, labels in samples
                 if name == "sshpreflight_verdict"]
        if found != [(target["verdict"], target["cause"]) for target in report.json["targets"]]:
            report.say("prometheus", "verdicts %s" % found)
        if len({json.dumps(sample, sort_keys=True) for sample in samples}) != len(samples):
            report.say("prometheus", "a sample is there twice")
    for report in reports if promtool else []:
        done = subprocess.run([promtool, "check", "metrics"], input=report.read("prometheus"), text=True,
                              capture_output=True, check=False)
        if done.returncode or done.stderr or done.stdout:
            report.say("prometheus", "promtool: %s%s" % (done.stdout, done.stderr))
    return "promtool too" if promtool else "promtool is not installed (Debian: prometheus)"


def check_nagios(report):
    """As Nagios splits a plugin's output: a line, |, performance data; then further lines."""
    first, *rest = report.read("nagios").splitlines()
    text, bar, data = first.partition(" | ")
    verdicts = {target["verdict"] for target in report.json["targets"]}
    word = "CRITICAL" if "fail" in verdicts else "UNKNOWN" if "unknown" in verdicts else "(OK|WARNING)"
    if not re.match(r"SSHPREFLIGHT %s - \S" % word, text) or not bar:
        report.say("nagios", first)
    if not re.fullmatch(r"(\w+=[0-9.]+s?;;;0(;\d+)?( |$))+", data):
        report.say("nagios", "performance data: " + data)
    if "|" in text or "|" in "".join(rest):
        report.say("nagios", "another |")


def check_github(report):
    """As the runner reads a line: ::command properties::message, with % escapes (its ActionCommand.cs)."""
    lines = report.read("github").splitlines()
    wanted = [cause for target in report.json["targets"]
              for cause in [target["cause"] or "pass"] + target["further_causes"]]
    found = []
    for line in lines:
        match = re.fullmatch(r"::(error|warning|notice) title=([^:,]*)::(.*)", line)
        found.append(match and match.group(2).split(" ")[0])
    if found != wanted:
        report.say("github", "%s, not %s" % (found, wanted))
    for line, target in zip([line for line in lines if line], report.json["targets"][:1]):
        message = line.split("::", 2)[2].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
        if message.split("\n")[0] != target["summary"]:
            report.say("github", "%r is not %r" % (message, target["summary"]))


def plain(text):
    """As HTML shows white space."""
    return " ".join(text.split())


def check_job(report):
    """The step's outputs, as the runner reads name<<delimiter, and its summary, by GitHub's Markdown."""
    lines, outputs = report.read("outputs").split("\n"), {}
    while lines and lines[0]:
        name, _, delimiter = lines.pop(0).partition("<<")
        end = lines.index(delimiter)
        outputs[name], lines = "\n".join(lines[:end]), lines[end + 1:]
    worst = next(target for target in report.json["targets"] if target["verdict"] == report.json["verdict"])
    wanted = {"verdict": report.json["verdict"], "cause": worst["cause"] or "", "summary": worst["summary"],
              "exit-status": str(report.status)}
    if outputs != wanted or lines != [""]:
        report.say("outputs", "%s, not %s; then %s" % (outputs, wanted, lines))
    done = subprocess.run(["cmark-gfm", "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough",
                           "-e", "tasklist", str(report.path("summary.md"))], stdout=subprocess.PIPE, check=True)
    page = markup.Page(done.stdout.decode("utf-8"), SUMMARY_ELEMENTS, {"start"})
    shown = page.shown()
    for complaint in page.wrong:
        report.say("summary", complaint)
    for text in [target["summary"] for target in report.json["targets"]] + \
            [remedy[kind] for target in report.json["targets"] for remedy in target["remedies"]
             for kind in ("text", "command") if remedy[kind]] + [check["summary"] for check in report.checks]:
        if plain(text) not in shown:
            report.say("summary", "%r is not in it" % text)
    if page.elements.count("tr") != len(report.checks) + len(report.json["targets"]):
        report.say("summary", "%d rows" % page.elements.count("tr"))


def check_html(report):
    """Nothing but our own elements, and every text as it is."""
    text = report.read("html")
    page = markup.Page(text, HTML_ELEMENTS, HTML_ATTRIBUTES)
    shown = page.shown()
    for complaint in page.wrong:
        report.say("html", complaint)
    for target in report.json["targets"]:
        for wanted in [target["summary"]] + [check["summary"] for check in target["checks"]] + \
                [remedy[kind] for remedy in target["remedies"] for kind in ("text", "command") if remedy[kind]]:
            if plain(wanted) not in shown:
                report.say("html", "%r is not in it" % wanted)
    ends = sum(1 for target in report.json["targets"] if target["cause"])
    if text.count(": ends here<") != ends:
        report.say("html", "%d ends of %d ways" % (text.count(": ends here<"), ends))
    check_filter(report, text, shown)


def check_filter(report, text, shown):
    """A fleet's groups are those of the JSON report; a choice counts the targets that its rule leaves."""
    targets = report.json["targets"]
    for group in report.json["summary"]["groups"]:
        for wanted in ["%d of %d: %s" % (len(group["targets"]), len(targets), group["cause"]), *group["shared"].values(),
                       ", ".join(group["targets"][:8])]:
            if plain(wanted) not in shown:
                report.say("html", "%r of a group is not in it" % wanted)
    wanted = {"all": len(targets)}
    for target in targets:
        for word in filter(None, (target["verdict"], target["cause"])):
            wanted[word] = wanted.get(word, 0) + 1
    choices = {word: int(count) for word, count in
               re.findall(r'<input type="radio" name="show" value="([a-z0-9-]+)".*<b>(\d+)</b>', text)}
    classes = [found.split() for found in re.findall(r'<details class="(target [^"]*)">', text)]
    rules = dict(re.findall(r"\[value=([a-z0-9-]+)\]:checked\)~\.target:not\(\.([a-z0-9-]+)\)\{display:none\}", text))
    left = {word: sum(rules.get(word, "target") in own for own in classes) for word in choices}
    if choices != wanted or left != wanted:
        report.say("html", "choices %s, which leave %s, of %s" % (choices, left, wanted))


def check_replacing(args, folder, content):
    """A file that is written again is another one at once: a reader never sees half of it."""
    report = Report(args, os.path.join(folder, "replacing"), "replacing", content)
    held = os.open(report.path("prometheus"), os.O_RDONLY)
    before = os.fstat(held)
    with open(report.path("record"), "w", encoding="utf-8") as out:
        json.dump({**content, "targets": content["targets"][:1]}, out)
    subprocess.run([args.binary, "--replay", str(report.path("record")), "--output",
                    "prometheus:%s" % report.path("prometheus")], check=False, stdout=subprocess.DEVNULL,
                   env={"HOME": "/nonexistent"})
    if os.stat(report.path("prometheus")).st_ino == before.st_ino or os.fstat(held).st_size != before.st_size:
        report.say("prometheus", "the file is written in place")
    os.close(held)
    return report.wrong


def check_cut(args, folder, content):
    """GitHub takes a step's summary of 1 MiB, or none of it: more targets are left out, and counted."""
    target = content["targets"][1]
    record, page = os.path.join(folder, "many"), os.path.join(folder, "many.md")
    with open(record, "w", encoding="utf-8") as out:
        json.dump({**content, "targets": [target] * 900}, out)
    subprocess.run([args.binary, "--replay", record, "--format", "github"], check=False,
                   stdout=subprocess.DEVNULL, env={"HOME": "/nonexistent", "GITHUB_STEP_SUMMARY": page})
    text = pathlib.Path(page).read_text(encoding="utf-8")
    left = re.search(r"^(\d+) more targets are in the log alone\.\n\Z", text, re.M)
    shown = text.count("\n<details>")
    if not left or shown + int(left[1]) != 900 or not 900 << 10 < len(text.encode("utf-8")) < 1 << 20:
        return ["summary of 900 targets: %d bytes, %d shown, %s" % (len(text.encode("utf-8")), shown, text[-200:])]
    done = subprocess.run(["cmark-gfm", "--unsafe", "-e", "table", page], stdout=subprocess.PIPE, check=True)
    return markup.Page(done.stdout.decode("utf-8"), SUMMARY_ELEMENTS, {"start"}).wrong


def main():
    parser = argparse.ArgumentParser()
    for name in ("--binary", "--lab-cloud", "--report-schema", "--target-schema"):
        parser.add_argument(name, required=True, type=os.path.abspath)
    args = parser.parse_args()
    args.keep = False
    schemas = {name: jsonschema.Draft7Validator(json.loads(pathlib.Path(path).read_text(encoding="utf-8")))
               for name, path in (("report", args.report_schema), ("target", args.target_schema))}
    with tempfile.TemporaryDirectory(prefix="spf-formats-") as folder:
        wrong = []
        content = record(args, folder, wrong)
        reports = [Report(args, os.path.join(folder, "plain"), "as it is", content)]
        for number, (place, paths) in enumerate(places(content).items()):
            hostile = content
            for path in paths:
                hostile = replaced(hostile, path, HOSTILE)
            reports.append(Report(args, os.path.join(folder, str(number)), place, hostile))
        judged = [report for report in reports if not report.refused]
        for report in judged:
            check_streams(report)
            check_lines(report, schemas)
            check_nagios(report)
            check_github(report)
            check_job(report)
            check_html(report)
        check_junit(judged)
        check_tap(judged)
        promtool = check_prometheus(judged)
        wrong += ["%s: %s" % (report.name, complaint) for report in reports for complaint in report.wrong]
        wrong += check_replacing(args, folder, content)
        wrong += check_cut(args, folder, content)
        reached = sum(1 for report in judged if "]]>" in report.read("json"))
    verdicts = [target["verdict"] for target in reports[0].json["targets"]]
    if verdicts != ["pass", "fail", "unknown", "pass"]:
        wrong.append("verdicts of the record: %s" % verdicts)
    if reached < 8:
        wrong.append("hostile text reached only %d reports" % reached)
    print("\n".join(wrong[:60]))
    print("%d replays (%d with hostile text in the report, %d records refused) in %d formats; %s: %d complaints"
          % (len(reports), reached, len(reports) - len(judged), len(FORMATS), promtool, len(wrong)))
    return int(bool(wrong))


sys.exit(main())
