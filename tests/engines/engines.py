#!/usr/bin/env python3
"""A fleet in ten parts on Slurm and GNU parallel: engines.py BINARY LAB-CLOUD FOLDER [slurm] [parallel]

run.sh starts it in namespaces of its own. One target of the fleet is held by the test: the part that has it has
written its other targets and waits. Then it is killed (with Slurm its node dies), the target is let go, and the engine
runs the part again. The merged report must be whole, and the same as that of one run.
"""

import contextlib
import glob
import json
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

import fleet  # noqa: E402
from harness import servers  # noqa: E402

PARTS = 10
LIMIT = 300  # seconds; only a failure takes so long


class Gate:
    """A port that answers by a line that is not SSH's; until it is opened, what has connected waits."""

    def __init__(self):
        self.open, self.waiting = threading.Event(), threading.Event()
        self.open.set()
        self.socket = socket.create_server(("127.0.0.9", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            threading.Thread(target=self._answer, args=(self.socket.accept()[0],), daemon=True).start()

    def _answer(self, peer):
        self.waiting.set()
        self.open.wait()
        with peer, contextlib.suppress(OSError):
            peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    def close(self):
        self.open.clear()
        self.waiting.clear()


def until(true, what):
    end = time.monotonic() + LIMIT
    while not (seen := true()):
        if time.monotonic() > end:
            raise AssertionError("not in time: %s" % what)
        time.sleep(0.1)
    return seen


def run(*words, **more):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=LIMIT, check=False, **more)
    if done.returncode:
        raise AssertionError("%s: exit status %d: %s" % (words[0], done.returncode, done.stderr + done.stdout))
    return done.stdout


def processes(variable):
    """The pids of processes in whose environment a variable is so."""
    found = []
    for path in glob.glob("/proc/[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if variable in pathlib.Path(path).read_bytes().decode("utf-8", "replace").split("\0"):
                found.append(int(path.split("/")[2]))
    return found


def parent(pid):
    """Its name and pid; a process that is gone has none."""
    with contextlib.suppress(OSError):
        above = int(pathlib.Path("/proc/%d/stat" % pid).read_text("utf-8").rsplit(")", 1)[1].split()[1])
        return pathlib.Path("/proc/%d/comm" % above).read_text("utf-8").strip(), above
    return "", 0


def lose_node(directory, node):
    """As by a power cut: nobody is left who could report how the job ended, so slurmd and slurmstepd go first."""
    jobs = processes("SLURMD_NODENAME=" + node)
    kill([int(pathlib.Path("%s/slurmd-%s.pid" % (directory, node)).read_text("ascii"))] +
         [above for name, above in map(parent, jobs) if name == "slurmstepd"] + jobs)


def kill(pids):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class Fleet:
    """Fifty targets, the last of them held; and what one run says of them."""

    def __init__(self, scene, gate):
        self.scene, self.gate = scene, gate
        user = servers.login_user()
        lines = ["%s@127.0.0.%d" % (name, i) for i in range(2, 10) for name in sorted((user, "nobody"))]
        # In the order of a merged report: by host and user.
        lines = sorted("user%02d@127.0.0.1:%d" % (i, scene.closed) for i in range(33)) + lines + \
            ["zz@127.0.0.9:%d" % gate.port]
        self.count = len(lines)
        # Whether a command's exit status comes in time is not the same each time.
        self.words = scene.command("--key", scene.key.path, "--no-session", "--hosts-file",
                                   scene.list("fleet", lines), "--jobs", "1")
        out = subprocess.run([*self.words, "--json"], env=scene.environment, cwd=scene.folder, stdout=subprocess.PIPE,
                             stdin=subprocess.DEVNULL, check=False).stdout
        self.one = json.loads(out)

    def part(self, shard):
        return shlex.join([*self.words, "--shard", shard, "--format", "ndjson"])

    def check(self, engine, files, killed):
        """Of all that was written; killed: the file of the run that was ended half-way."""
        lines = pathlib.Path(killed).read_text(encoding="utf-8").splitlines()
        if not lines or any("sshpreflight.shard/1" in line for line in lines):
            raise AssertionError("%s was not half-way: %d lines" % (killed, len(lines)))
        without, _ = fleet.merge(self.scene, *[file for file in files if file == killed or not self._of(file, lines)],
                                 "--json", status=2)
        out, err = fleet.merge(self.scene, *files, "--json", status=1)
        merged = json.loads(out)
        fleet.expect("standard error", err, "")
        fleet.expect("left out", merged["left_out"], [])
        fleet.expect("without the second run", len(json.loads(without)["left_out"]), 1)
        fleet.same(engine, fleet.lasting(merged), fleet.lasting(self.one))
        print("%s: %d files, %d of its targets were written when the part was killed; the merged report has %d targets, "
              "as one run has" % (engine, len(files), len(lines), len(merged["targets"])))

    @staticmethod
    def _of(file, lines):
        """Is the file of the same part as those lines?"""
        with open(file, encoding="utf-8") as parts:
            return json.loads(parts.readline())["shard"] == json.loads(lines[0])["shard"]


def slurm(crew, folder):
    directory = os.path.join(folder, "slurm")
    os.mkdir(directory)
    subprocess.run([str(HERE / "slurm-lab.sh"), directory], check=True, timeout=LIMIT, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)
    env = {**crew.scene.environment, "SLURM_CONF": directory + "/slurm.conf", "PATH": os.environ["PATH"]}
    job = os.path.join(directory, "job.sh")
    # The verdict's exit status 1 is a result, and no failure of the job.
    pathlib.Path(job).write_text("#!/bin/sh\n%s >part-$SLURM_ARRAY_TASK_ID-${SLURM_RESTART_COUNT:-0}\ntest $? -le 1\n"
                                 % crew.part("auto"), "ascii")
    crew.gate.close()
    array = run("sbatch", "--parsable", "--requeue", "--array=0-%d" % (PARTS - 1), "--output=log-%a", job, cwd=directory,
                env=env).strip()
    # All are done but the one that waits.
    state = until(lambda: (rows := run("squeue", "-h", "-r", "-o", "%T %N %K", env=env).split("\n")[:-1]) and
                  crew.gate.waiting.is_set() and len(rows) == 1 and rows, "nine parts")[0].split()
    fleet.expect("the tenth", state[0], "RUNNING")
    node, task = state[1:]
    killed = os.path.join(directory, "part-%s-0" % task)
    until(lambda: os.path.getsize(killed) > 0, "a target of the part")
    lose_node(directory, node)
    crew.gate.open.set()
    until(lambda: not run("squeue", "-h", "-j", array, env=env).strip(), "the part that is run again")
    again = os.path.join(directory, "part-%s-1" % task)
    fleet.expect("run again", os.path.exists(again), True)
    print("slurm: array %s, part %s was killed with its node %s, and run again" % (array, task, node))
    crew.check("slurm", sorted(glob.glob(directory + "/part-*")), killed)


def parallel(crew, folder):
    directory = os.path.join(folder, "parallel")
    os.mkdir(directory)
    config = os.path.join(directory, "config")
    with open(config, "w", encoding="ascii") as out:
        for i in (2, 3):
            out.write("Host node%d\n  HostName 127.0.0.%d\n  Port %d\n  User %s\n  IdentityFile %s\n  IdentitiesOnly yes\n"
                      "  UserKnownHostsFile %s\n" % (i, i, crew.scene.sshd.port, servers.login_user(),
                                                    crew.scene.key.path, crew.scene.known_hosts))
    part = 'cd %s && { %s >part-"$PARALLEL_SEQ"-$$; test $? -le 1; }' % (directory, crew.part("auto/%d" % PARTS))
    crew.gate.close()
    process = subprocess.Popen(
        ["parallel", "--will-cite", "--retries", "3", "--ssh", "ssh -F " + config, "-S", "2/node2,2/node3", "-j", "2",
         "--joblog", directory + "/jobs", part + " # {}", ":::", *map(str, range(1, PARTS + 1))],
        env={**os.environ, "HOME": folder}, stdin=subprocess.DEVNULL, cwd=directory)
    ended = '"sshpreflight.shard/1"'

    def written():
        files = glob.glob(directory + "/part-*")
        open_ones = [file for file in files if ended not in pathlib.Path(file).read_text("utf-8")]
        return crew.gate.waiting.is_set() and len(files) == PARTS and len(open_ones) == 1 and \
            os.path.getsize(open_ones[0]) and open_ones

    killed = until(written, "nine parts")[0]
    number = killed.rsplit("-", 2)[1]
    kill([pid for pid in processes("PARALLEL_SEQ=" + number) if os.readlink("/proc/%d/exe" % pid) == crew.scene.binary])
    crew.gate.open.set()
    fleet.expect("exit status", process.wait(timeout=LIMIT), 0)
    rows = [row.split("\t") for row in pathlib.Path(directory + "/jobs").read_text("utf-8").split("\n")[1:-1]]
    print("parallel: part %s was killed, and run again on %s" % (number, [row[1] for row in rows if row[0] == number][0]))
    fleet.expect("hosts", {row[1] for row in rows}, {"node2", "node3"})
    files = sorted(glob.glob(directory + "/part-*"))
    fleet.expect("files", len(files), PARTS + 1)
    crew.check("parallel", files, killed)


def main():
    binary, lab_cloud, folder, *asked = sys.argv[1:]
    engines = {"slurm": (slurm, ("slurmctld", "slurmd", "munged", "sbatch")), "parallel": (parallel, ("parallel",))}
    failed = 0
    with contextlib.ExitStack() as stack:
        gate = Gate()
        scene = fleet.Scene(binary, lab_cloud, folder, stack)
        crew = Fleet(scene, gate)
        for name in asked:
            if name not in engines:
                continue
            engine, programs = engines[name]
            lacking = [program for program in programs if not shutil.which(program)]
            if lacking:
                print("%s: skipped, not installed: %s" % (name, " ".join(lacking)))
                continue
            try:
                engine(crew, folder)
            except AssertionError as error:
                failed = 1
                print("%s: %s" % (name, error))
    return failed


if __name__ == "__main__":
    sys.exit(main())
