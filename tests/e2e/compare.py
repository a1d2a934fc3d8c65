#!/usr/bin/env python3
"""Shows that two programs report the same: every scenario's JSON, of an older build and of this one.

    python3 tests/e2e/compare.py OLD_BINARY NEW_BINARY [SCENARIO...]

Use it for a change that must not change behaviour. OLD_BINARY is the program of a build of the earlier commit:

    git worktree add --detach ../before COMMIT
    cd ../before && cmake --preset dev && cmake --build --preset dev --target sshpreflight

Both programs meet the same stage (run.py's: keys, servers, files, a fresh cloud), the second one with the files
as the first one found them. Exit status, JSON and API calls must be equal. Not compared is what differs between
two runs of the same program: times, port numbers, TCP's counters. A sentence that differs is listed as reworded
and is no failure. Where something differs, both run again: what one program shows one time and the other program
another time is the scenario's own variation (servers that take turns, races).

Exit status: 0 nothing but sentences differs, 1 something does, or a scenario could not be compared.
"""

import argparse
import concurrent.futures
import contextlib
import json
import os
import re
import signal
import subprocess
import sys

from stage import HERE, Skip, Stage
from harness.cloud import run_quietly

VOLATILE = {"duration_ms", "started_at", "elapsed_ms", "resolve_ms", "own_port", "tcp", "version", "replayed_from"}
SENTENCES = {"summary", "text", "impact", "detail", "why", "inside", "error"}
RANDOM = (  # what is another each time, wherever in a text it stands
    (r"\b[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\b", "{request}"),  # the id of an API reply
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(Z| UTC)?", "{time}"),
    (r"\b\d+([.,]\d+)?( ?)(ms|milliseconds|s|seconds?)\b", r"{duration}\2\3"),
    (r"\bsshpreflight[0-9a-f']{20,}", "{echo}"),  # the word that the session is asked to repeat
    (r"\b(tinyssh_\S+) \w{8}\b", r"\1 {random}"),
    (r"\(\d+ by now\)", "({number} by now)"),
)
ROUNDS = 3  # how often both run at most where something differs
ABSENT = "(absent)"


class Pair(Stage):
    """A stage on which two programs appear in turn."""

    def __init__(self, folder, tools, stack):
        super().__init__(folder, tools, stack)
        self.saved = os.path.join(self.folder, "saved")
        os.mkdir(self.saved)
        for path in self.changing():
            run_quietly("cp", "-a", path, self.saved)

    def changing(self):
        """What a run may write to."""
        return [os.path.join(self.folder, "home"), os.path.join(self.folder, "keys"), self.known_hosts]

    def restore(self):
        """The program's cache, a repaired key, an entry in known_hosts: none is left for the next run."""
        for path in self.changing():
            run_quietly("rm", "-rf", path)
            run_quietly("cp", "-a", os.path.join(self.saved, os.path.basename(path)), path)

    def leaves(self, binary):
        """What a run of this program shows: path -> value."""
        self.restore()
        self.tools.binary = binary
        done = self.run(["--json"])
        found = {"exit status": done.status, "calls": sorted(
            "%s:%s" % (call["product"], call["action"]) for call in done.calls)}
        said = self.masked(done.err.decode("utf-8", "replace"))
        self.add(found, "error", "\n".join(sorted(said.splitlines())), "error")  # calls are made at the same time
        try:
            self.add(found, "", json.loads(done.out.decode("utf-8")))
        except ValueError:
            self.add(found, "output", done.out.decode("utf-8", "replace"), "text")
        return found

    def add(self, found, path, value, name=None):
        if name in VOLATILE:
            return
        if name == "exit_status" and value == 0 and "/evidence/" in path:
            return  # the echo's: whether it arrives before the session is closed is a race
        if isinstance(value, dict):
            for key, item in value.items():
                self.add(found, path + "/" + key, item, key)
        elif isinstance(value, list):
            found[path + "#"] = len(value)
            for at, item in enumerate(value):
                self.add(found, "%s/%d" % (path, at), item, name)
        else:
            found[path] = self.masked(value) if isinstance(value, str) else value

    def masked(self, text):
        text = text.replace(self.places["endpoint"], "{endpoint}")
        text = re.sub(r"\b%s\b" % self.places["endpoint"].rpartition(":")[2], "{cloud_port}", text)
        for pattern, name in RANDOM:
            text = re.sub(pattern, name, text)
        return text


def is_sentence(path):
    """The last name in the path, not a place in a list."""
    return next((name for name in reversed(path.split("/")) if not name.isdigit()), "") in SENTENCES


def compare(folder, tools):
    """The differences of a scenario as (path, of the old, of the new), those that vary by themselves, and why it
    could not be compared."""
    try:
        with contextlib.ExitStack() as stack:
            pair = Pair(folder, argparse.Namespace(**vars(tools)), stack)
            runs = {tools.old: [], tools.new: []}
            for turn in range(ROUNDS):
                for binary in (tools.old, tools.new) if turn % 2 == 0 else (tools.new, tools.old):
                    runs[binary].append(pair.leaves(binary))
                old, new = runs[tools.old], runs[tools.new]
                paths = sorted(set().union(*old, *new))
                first = {path for path in paths if old[0].get(path, ABSENT) != new[0].get(path, ABSENT)}
                if not first:
                    break
                left = [path for path in paths
                        if not any(one.get(path, ABSENT) == other.get(path, ABSENT) for one in old for other in new)]
            if not first:
                left = []
            return ([(path, old[0].get(path, ABSENT), new[0].get(path, ABSENT)) for path in left],
                    sorted(first - set(left)), "; ".join(pair.complaints))
    except Skip as reason:
        return [], [], "skipped: %s" % reason


def show(name, differences, varying, trouble):
    for path, old, new in differences:
        print("%s: %s %s\n    old: %s\n    new: %s" % (
            name, "reworded:" if is_sentence(path) else "DIFFERS:", path, json.dumps(old), json.dumps(new)))
    if varying:
        print("%s: varies by itself: %s" % (name, " ".join(varying)))
    if trouble:
        print("%s: %s" % (name, trouble))
    sys.stdout.flush()


def parse(words):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", metavar="OLD_BINARY", type=os.path.abspath)
    parser.add_argument("new", metavar="NEW_BINARY", type=os.path.abspath)
    parser.add_argument("scenarios", metavar="SCENARIO", nargs="*")
    parser.add_argument("--jobs", type=int, default=4, help="scenarios at once (default: 4)")
    tools = parser.parse_args(words)
    build = os.path.dirname(os.path.dirname(os.path.dirname(tools.new)))
    tools.lab_cloud = os.path.join(build, "tests/lab/lab-cloud")
    tools.linked_client = os.path.join(build, "tests/e2e/library_client")
    tools.keep = False
    for needed in (tools.old, tools.new, tools.lab_cloud):
        if not os.access(needed, os.X_OK):
            parser.error("%s: no such program" % needed)
    return tools


def enter_own_network():
    """As tests/suite.sh does: where it can be had, what would leave this machine fails."""
    inside = "SPF_COMPARE_APART"
    if os.getuid() == 0 and inside not in os.environ and not subprocess.run(
            ["unshare", "--net", "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        os.execvpe("unshare", ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "apart",
                               sys.executable, "-B", *sys.argv], {**os.environ, inside: "yes"})


def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs ignore
    tools = parse(sys.argv[1:])
    enter_own_network()
    folder = os.path.join(HERE, "scenarios")
    names = tools.scenarios or sorted(os.listdir(folder))
    same = reworded = differ = skipped = failed = 0
    with concurrent.futures.ThreadPoolExecutor(tools.jobs) as pool:
        results = [(name, pool.submit(compare, os.path.join(folder, name), tools)) for name in names]
        for name, result in results:
            try:
                differences, varying, trouble = result.result()
            except Exception as error:  # one that fails must not hide the others
                differences, varying, trouble = [], [], "could not be compared: %r" % error
            show(name, differences, varying, trouble)
            skipped += trouble.startswith("skipped")
            failed += bool(trouble) and not trouble.startswith("skipped")
            facts = [path for path, _, _ in differences if not is_sentence(path)]
            differ += bool(facts)
            reworded += bool(differences) and not facts
            same += not differences and not trouble
    print("scenarios: %d the same, %d reworded, %d differ, %d skipped, %d in trouble" % (
        same, reworded, differ, skipped, failed))
    return 1 if differ or failed else 0


if __name__ == "__main__":
    sys.exit(main())
