#!/usr/bin/env python3
"""Runs one scenario through the real program: scenario.json in a directory, see README.md.

Exit status: 0 it came out as expected, 1 it did not, 77 it cannot run here (and why).
"""

import argparse
import contextlib
import json
import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys

from stage import ENVIRONMENT, HANGS, Skip, Stage  # which finds the harness
from harness import clients, judge, replay, servers, world

SKIPPED = 77


class Scenario(Stage):
    """What must be true of its runs."""

    def check_json(self):
        run = self.run(["--json"])
        self.complaints += judge.streams({"standard output": run.out, "standard error": run.err},
                                         self.secrets())
        status = self.expect["exit_status"]
        if run.status != status:
            self.complaints.append("exit status %s, should be %s" % (run.status, status))
        self.complaints += judge.calls(run.calls, self.expect)
        for part in self.expect.get("error", []):
            if part not in run.err.decode("utf-8", "replace"):
                self.complaints.append("standard error lacks %r" % part)
        if run.calls:
            self.check_policy(run.calls)
        self.check_traces()
        if self.expect.get("usage"):
            if run.out:
                self.complaints.append("standard output is not empty")
            self.complaints += judge.text(run.err.decode("utf-8", "replace"), self.expect)
            return None
        report = self.parse(run)
        if report:
            expect = world.fill({k: v for k, v in self.expect.items()}, self.places)
            self.complaints += judge.report(report, expect)
            if report["exit_status"] != run.status:
                self.complaints.append("exit_status in the report is %s" % report["exit_status"])
        return report

    def check_closed(self, record):
        """SPF_E2E_MODES=no: what the program makes private, wine shows with other bits."""
        if os.environ.get("SPF_E2E_MODES") != "no" and os.stat(record).st_mode & 0o077:
            self.complaints.append("others may read the record")

    def check_policy(self, calls):
        """No call but those that --print-policy lists for the same checks; sts needs no grant."""
        done = subprocess.run([self.tools.binary] + self.command() + ["--print-policy"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False,
                              env=self.environment())
        listed = {action for part in json.loads(done.stdout)["Statement"]
                  for action in part["Action"]}
        for call in calls:
            name = "%s:%s" % (call["product"], call["action"])
            if call["product"] != "sts" and name not in listed:
                self.complaints.append("%s is called, and not in the policy" % name)

    def check_text(self):
        """The text report; and a replay of that very run, which must say the same."""
        record = os.path.join(self.home, "evidence.json")
        live = os.path.join(self.home, "live.json")
        run = self.run(["--record", record, "--output", "json:" + live])
        shown = run.out.decode("utf-8", "replace")
        if os.path.exists(record) and os.path.exists(live):
            self.check_property(record, live, shown, run.status)
        elif not self.expect.get("usage"):
            self.complaints.append("the text run wrote no record")
        self.complaints += judge.streams({"text report": run.out, "standard error": run.err},
                                         self.secrets())
        self.complaints += judge.text(shown, world.fill(self.expect, self.places))
        if run.status != self.expect["exit_status"]:
            self.complaints.append("text: exit status %s, should be %s" %
                                   (run.status, self.expect["exit_status"]))

    def check_traces(self):
        """What must not have happened, seen from the server's side."""
        for part in self.expect.get("log_lacks", []):
            if part in "".join(self.server.log):
                self.complaints.append("the server's log has %r" % part)
        if self.tunnel and sorted(set(self.tunnel.hosts)) != sorted(self.expect["hosts"]):
            self.complaints.append("hosts that were called: %s" % sorted(set(self.tunnel.hosts)))
        if self.teller and len(self.teller.requests) > self.expect.get("lookups", 1):
            self.complaints.append("the address was asked for %d times" %
                                   len(self.teller.requests))
        for part, count in self.expect.get("log_counts", {}).items():
            counts = count if isinstance(count, list) else [count]
            servers.wait_until(lambda: "".join(self.server.log).count(part) >= counts[0], HANGS)
            seen = "".join(self.server.log).count(part)
            if seen not in counts:
                self.complaints.append("the server's log has %r %d times, should be %s" %
                                       (part, seen, count))
        for path, mode in world.fill(self.expect.get("made_files", {}), self.places).items():
            found = "%04o" % (os.stat(path).st_mode & 0o7777) if os.path.isfile(path) else "none"
            if found != mode:
                self.complaints.append("%s: mode %s, should be %s" % (path, found, mode))
        for path in world.fill(self.expect.get("absent_files", []), self.places):
            if os.path.lexists(path):
                self.complaints.append("%s exists" % path)

    def check_connect(self, report):
        """Pastes the report's lines into a shell; they must log in."""
        connect = report["targets"][0]["connect"]
        lines = [" && ".join(filter(None, (connect["putty_prepare"], connect["putty"])))]
        if connect["putty_settings"]:  # those are lines of Windows' tools, which are not here
            lines = []
        self.paste([line for line in [connect["openssh"]] + lines if line])

    def check_old_algorithms(self, report):
        """So must lines that allow ssh what it would not offer, on the very server that they are for."""
        if os.environ.get("SPF_E2E_CLIENTS") != "no":
            self.paste([remedy["command"] for remedy in report["targets"][0]["remedies"]
                        if re.match(r"ssh .*-o \w+=\+", remedy["command"] or "")])

    def paste(self, lines):
        """Only what to trust is added to them, and where connect is "exact", nothing."""
        if not lines:
            return
        folder = self._make("bin")
        trusted = {
            "ssh": "-F none -o BatchMode=yes -o UserKnownHostsFile=%s "
                   "-o GlobalKnownHostsFile=/dev/null" % shlex.quote(self.known_hosts),
            "plink": "-batch -hostkey " + self.server.fingerprint(),
        }
        if self.data.get("connect") == "exact":
            trusted["ssh"] = "-o BatchMode=yes"
        for tool, options in trusted.items():
            with open(os.path.join(folder, tool), "w", encoding="utf-8") as out:
                out.write('#!/bin/sh\nexec %s %s "$@" echo in\n' % (shutil.which(tool), options))
            os.chmod(os.path.join(folder, tool), 0o755)
        for line in lines:
            done = subprocess.run(["sh", "-c", line], cwd=self.home, check=False, timeout=HANGS,
                                  env={"PATH": folder + ":" + ENVIRONMENT["PATH"],
                                       "HOME": self.home,
                                       **({"SSH_AUTH_SOCK": self.agent} if self.agent else {})},
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            if done.stdout.split()[-1:] != [b"in"]:
                self.complaints.append("%s: %s" % (line, done.stdout.decode("utf-8", "replace")))

    def check_ssh(self, report):
        """Where ssh logs in the verdict is pass; where it does not it is anything else."""
        if self.data.get("ssh", "real") != "real" or not report or \
                os.environ.get("SPF_E2E_CLIENTS") == "no":
            return
        user = self.data.get("options", {}).get("-l") or servers.login_user()
        how = (self.home, self.key.path, self.known_hosts, user, self.server.port)
        if "ssh_config" in self.data:
            self._check_configured_ssh(report)
            return
        jump = self._jump_words()
        said = clients.ssh(*how, more=jump, agent=self.agent, patience=self.patience())
        self.note(report, said)
        if bool(said.logged_in) != (report["verdict"] == "pass"):
            self.complaints.append("ssh %s, the verdict is %s; ssh said: %s" % (
                "logs in" if said.logged_in else "does not log in", report["verdict"], said.text))
        if said.logged_in is not False:
            return
        # tests/transcript/cases.py has texts of a real -v and -vv: they are such cuts of -vvv's
        detailed = clients.ssh(*how, more=jump + ["-vvv"], agent=self.agent,
                               patience=self.patience())
        readings = [self.check_explained("ssh", said, report)]
        for level, cut in (("-v", ("debug2: ", "debug3: ")), ("-vv", ("debug3: ",)), ("-vvv", ())):
            words = detailed.less(*cut) if cut else detailed
            readings.append(self.check_explained("ssh " + level, words, report))
        self.check_agreement(readings)
        if not self.data.get("key") and not jump:
            self.check_explained("plink", clients.plink(
                self.home, self.key.path, self.server.fingerprint(), user, self.server.port,
                self.patience()), report)

    def _check_configured_ssh(self, report):
        """The same with the user's configuration: ssh_config has the file and the name."""
        how = world.fill(self.data["ssh_config"], self.places)
        said = clients.configured_ssh(self.home, how["file"], how["name"],
                                      how.get("words", ()), agent=self.agent,
                                      patience=self.patience())
        self.note(report, said)
        if bool(said.logged_in) != (report["verdict"] == "pass"):
            self.complaints.append("ssh -F %s, the verdict is %s; ssh said: %s" % (
                "logs in" if said.logged_in else "does not log in", report["verdict"], said.text))

    def _jump_words(self):
        """What ssh -J does (ssh.c), with the lab's known_hosts for the jump host, too."""
        if not self.bastion:
            return []
        return ["-o", "ProxyCommand=ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=accept-new"
                " -o UserKnownHostsFile=%s -o GlobalKnownHostsFile=/dev/null -o IdentityAgent=%s"
                " -o ConnectTimeout=%d -W %%h:%%p -p %d %s@127.0.0.1" % (
                    self.known_hosts + ".ssh", self.agent, self.patience(), self.bastion.port,
                    servers.login_user())]

    def patience(self):
        """How long the real clients may wait, in seconds."""
        fake = "fake" in self.data.get("server", {}) and not self.bastion
        return clients.SHORT if self.data.get("keeps_waiting", fake) else clients.PATIENCE

    def note(self, report, said):
        """A line of the table of scenarios, where somebody collects it."""
        if os.environ.get("SPF_E2E_TABLE"):
            target = report["targets"][0]
            row = {"scenario": self.name, "ssh_logs_in": said.logged_in,
                   "ssh_says": said.last_line(), "verdict": report["verdict"],
                   "cause": target["cause"], "duration_ms": report["duration_ms"]}
            with open(os.environ["SPF_E2E_TABLE"], "a", encoding="utf-8") as out:
                out.write(json.dumps(row) + "\n")

    def check_explained(self, client, said, report):
        """explain - must name, of what the client said, a cause of the report.

        Returns what it names for certain, the client, and all that it names; None: nothing."""
        if said is None or said.logged_in is not False or not said.text.strip():
            return None
        run = subprocess.run([self.tools.binary, "explain", "-", "--json"], check=False,
                             timeout=HANGS,
                             input=said.text.encode(), stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, env=self.environment())
        read = json.loads(run.stdout)["targets"][0]
        named = [read["cause"]] + [c["cause"] for c in read["candidates"]]
        named += [c["evidence"].get("jump_cause") for c in read["checks"]]
        target = report["targets"][0]
        causes = {c["cause"] for c in target["checks"] if c["cause"]} | {target["cause"]}
        causes |= {c["cause"] for c in target["candidates"]}
        causes |= {c["evidence"].get("jump_cause") for c in target["checks"]}
        explained = self.data.get("explained", {})
        if client.startswith("ssh -v"):
            client_known = explained.get(client, explained.get("ssh -vvv"))
        else:
            client_known = explained.get(client)
        known = sorted(causes - {None}) if client_known is None else client_known
        certain = read["cause"] if read["verdict"] == "fail" else None
        if os.environ.get("SPF_E2E_TABLE"):
            with open(os.environ["SPF_E2E_TABLE"], "a", encoding="utf-8") as out:
                out.write(json.dumps({"scenario": self.name, "client": client, "named": named,
                                      "certain": certain, "truth": known}) + "\n")
        if not known:
            return None  # its words say nothing
        if not set(known) & set(named):
            self.complaints.append("explain names %s of what %s said, the report %s: %s" % (
                named, client, known, said.text))
        return certain, client, named

    def check_agreement(self, readings):
        """More detail never contradicts less: what is named for certain, or as its alternatives,
        is named by the longer text as well."""
        readings = [reading for reading in readings if reading]
        for (cause, client, less), (_, more, named) in zip(readings, readings[1:]):
            if cause and not set(filter(None, less)) & set(named):
                self.complaints.append("explain is certain of %s by what %s said, and by %s names "
                                       "%s" % (cause, client, more, named))

    def check_replay(self, report):
        record = self.places["record"]
        first = self.run(["--json", "--record", record])
        again = self.run([], without_cloud=True, command=["--replay", record, "--json"])
        with open(record, "rb") as source:
            self.complaints += judge.streams(
                {"record": source.read(), "replay": again.out + again.err}, self.secrets())
        self.check_closed(record)
        self.compare("recorded run", first, report)
        self.compare("replay", again, report)

    def check_property(self, record, live, shown, status):
        """Record then replay is the same report, but for times: all that was judged is evidence."""
        again = os.path.join(self.home, "replayed.json")
        run = self.run([], without_cloud=True,
                       command=["--replay", record, "--output", "json:" + again] + self.detail())
        strict = "--strict" in self.command()  # asks for an exit status, which no record does
        if run.status != status and not strict:
            self.complaints.append("replay: exit status %s, was %s" % (run.status, status))
        if not os.path.exists(again):
            self.complaints.append("the replay failed: %s" % run.err.decode("utf-8", "replace"))
            return
        with open(record, "rb") as source:
            self.complaints += judge.streams({"record": source.read(), "replay": run.out},
                                             self.secrets())
        self.check_closed(record)
        homes = [self.home, pwd.getpwuid(os.getuid()).pw_dir]
        # replay_differs: {"why": a reason, "in": paths that may}; the text then may, too
        allowed = self.data.get("replay_differs", {}).get("in", [])
        # where one of several causes will do, how it ends is a race, and so is whether they differ
        must = not isinstance(self.data["expect"].get("cause"), list)
        self.complaints += replay.differences(live, again, homes, allowed, must)
        if not allowed:
            self.complaints += replay.text_differences(
                shown, run.out.decode("utf-8", "replace"), homes)

    def detail(self):
        """How much the text of the live run shows, and in which language."""
        return [word for word in ("-v", "-q", "--lang=zh") if word in self.command()]

    def check_library(self, report):
        self.compare("library", self.run([], library=True), report)

    def compare(self, what, run, report):
        """A run by other means must have found the same."""
        found = self.parse(run)
        if not found:
            return
        if run.status != self.expect["exit_status"]:
            self.complaints.append("%s: exit status %s" % (what, run.status))
        for member in ("verdict", "cause", "further_causes"):
            is_, should = found["targets"][0][member], report["targets"][0][member]
            if is_ != should:
                self.complaints.append("%s: %s is %s, was %s" % (what, member, is_, should))
        words = [[(c["id"], judge.check_words(c)) for c in r["targets"][0]["checks"]]
                 for r in (found, report)]
        if words[0] != words[1]:
            self.complaints.append("%s: checks differ: %s" % (
                what, [pair for pair in zip(*words) if pair[0] != pair[1]]))

    def check_repair(self, report):
        """Runs the remedy's command as a user would paste it, and sees the cause go."""
        repair = self.data["repair"]
        cause = repair.get("cause", report["targets"][0]["cause"])
        remedies = [r["command"] for r in self._remedies(report)
                    if r["command"] and repair["has"] in r["command"]]
        if not remedies:
            self.complaints.append("no remedy has a command with %r" % repair["has"])
            return
        if "rerun" in repair:
            self._check_rerun(remedies[0], repair["rerun"])
            return
        environment = dict(self.environment(), PATH=os.path.dirname(self.tools.binary) + ":" +
                           ENVIRONMENT["PATH"])
        done = subprocess.run(["sh", "-c", remedies[0]], cwd=self.home, env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, timeout=HANGS)
        if done.returncode != 0:
            self.complaints.append("the remedy %r failed: %s" % (remedies[0], done.stdout))
            return
        if repair.get("logs_in"):
            return
        after = self.parse(self.run(["--json"]))
        if not after:
            return
        target = after["targets"][0]
        left = [c["id"] for c in target["checks"] if c["cause"] == cause]
        if left:
            self.complaints.append("%s is still there after %r" % (cause, remedies[0]))
        if "verdict" in repair and target["verdict"] != repair["verdict"]:
            self.complaints.append("after %r the verdict is %s" % (remedies[0], target["verdict"]))

    def _check_rerun(self, line, status):
        """Pastes a line that runs the program again, on the same cloud at another port."""
        with self.cloud():
            line = re.sub(r"https://127\.0\.0\.1:\d+", self.places["endpoint"], line)
            done = subprocess.run(["sh", "-c", line], cwd=self.home, check=False, timeout=HANGS,
                                  env=dict(self.environment(),
                                           PATH=os.path.dirname(self.tools.binary) + ":" +
                                           ENVIRONMENT["PATH"]),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        if done.returncode != status:
            self.complaints.append("%r: exit status %s, should be %s:\n%s" % (
                line, done.returncode, status, done.stdout.decode("utf-8", "replace")))

    def check_lines(self, report):
        """Every line of sshpreflight that is printed is one that its option parser takes."""
        parser = os.path.join(os.path.dirname(self.tools.linked_client), "parses")
        commands = {r["command"] for r in self._remedies(report) if r["command"]}
        for line in re.findall(r"(?:^|[|&] )sshpreflight ([^\n]*)", "\n".join(sorted(commands)),
                               re.MULTILINE):
            done = subprocess.run(["bash", "-c", "exec %s %s" % (parser, line)], cwd=self.home,
                                  check=False, timeout=HANGS, env=self.environment(),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            if done.returncode != 0:
                self.complaints.append("the program refuses its own line %r: %s" % (
                    line, done.stdout.decode("utf-8", "replace")))

    @staticmethod
    def _remedies(report):
        target = report["targets"][0]
        return target["remedies"] + [r for c in target["checks"] for r in c["remedies"]]

    def check(self):
        report = self.check_json()
        if self.expect.get("usage"):
            return
        if report:
            self.check_lines(report)
        self.check_ssh(report)
        if "interrupt" not in self.data:
            self.check_text()
        if report and self.data.get("replay"):
            self.check_replay(report)
        if report and self.data.get("library"):
            self.check_library(report)
        if report and self.data.get("connect"):
            self.check_connect(report)
        elif report:
            self.check_old_algorithms(report)
        if report and self.data.get("repair"):
            self.check_repair(report)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--lab-cloud", required=True)
    parser.add_argument("--library-client", dest="linked_client", required=True)
    parser.add_argument("--schema", required=True)
    parser.add_argument("--keep", action="store_true", help="keep the scenario's files")
    parser.add_argument("--show", action="store_true", help="show the runs also on success")
    parser.add_argument("scenario", help="folder of the scenario")
    tools = parser.parse_args()
    with contextlib.ExitStack() as stack:
        try:
            scenario = Scenario(tools.scenario, tools, stack)
            scenario.check()
        except Skip as reason:
            print("skipped: %s" % reason)
            return SKIPPED
        if scenario.complaints or tools.show:
            print(scenario.data["about"])
            for run in scenario.runs:
                print(run)
            for call in scenario.runs[0].calls if scenario.runs else []:
                print("call:", json.dumps(call))
            print("server:", "".join(scenario.server.log))
        for complaint in scenario.complaints:
            print("FAILED: %s" % complaint)
        return 1 if scenario.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
