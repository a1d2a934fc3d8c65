#!/usr/bin/env python3
"""The remembered address: where the SSH half may begin before the cloud has answered, and what never comes of it.

Steps are counted, not timed: the cloud is behind a gate, which opens when the server has logged a step of the SSH
half, or never.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import stage  # noqa: F401  (finds the harness)
from harness import servers, world
from harness.cloud import Authority, Cloud
from harness.keys import Key

HANGS = 200  # seconds
# Of a loopback network that no other test connects to.
FIRST, SECOND, MARK = ("127.%d.%d.%d" % (1 + os.getpid() % 250, os.getpid() // 250 % 250, last) for last in (1, 2, 3))
CONNECTED, KEYS_EXCHANGED = "Connection from 127.0.0.1", "SSH2_MSG_NEWKEYS received"
OTHER = {"EipAddress": {"IpAddress": SECOND}}
ASKED, ACCEPTED = "userauth-request for user", "Accepted publickey"
ALL_STEPS, TO_THE_KEYS = [CONNECTED, KEYS_EXCHANGED, ASKED, ACCEPTED], [CONNECTED, KEYS_EXCHANGED]


def expect(what, seen, wanted):
    if seen != wanted:
        raise AssertionError("%s: %r, should be %r" % (what, seen, wanted))


def copy(source, to):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            to.sendall(data)
    with contextlib.suppress(OSError):
        to.shutdown(socket.SHUT_WR)


def lead(peer, port):
    """Both ways, until both ends have closed."""
    with contextlib.suppress(OSError), peer, socket.create_connection(("127.0.0.1", port)) as server:
        back = threading.Thread(target=copy, args=(server, peer), daemon=True)
        back.start()
        copy(peer, server)
        back.join()


class Addresses:
    """FIRST and SECOND, both of which lead to the sshd; notes to which somebody but MARK connects."""

    def __init__(self, sshd):
        self.sshd, self.seen, self.open, self.changed = sshd, [], 0, threading.Condition()
        self.marks = {FIRST: 0, SECOND: 0}
        first = socket.create_server((FIRST, 0))
        self.port = first.getsockname()[1]
        for host, listener in zip((FIRST, SECOND), (first, socket.create_server((SECOND, self.port)))):
            threading.Thread(target=self._accept, args=(host, listener), daemon=True).start()

    def _accept(self, host, listener):
        while True:
            peer, (source, _) = listener.accept()
            with self.changed:
                if source == MARK:
                    self.marks[host] += 1
                else:
                    self.seen.append(host)
                self.open += 1
                self.changed.notify_all()
            threading.Thread(target=self._lead, args=(peer,), daemon=True).start()

    def _lead(self, peer):
        lead(peer, self.sshd.port)
        with self.changed:
            self.open -= 1
            self.changed.notify_all()

    def settle(self):
        """All connections so far are counted and have ended, and the log has all that they came to."""
        for host in (FIRST, SECOND):
            before = self.marks[host]
            # By its address: a port is soon another connection's again.
            with socket.create_connection((host, self.port), source_address=(MARK, 0)):
                pass
            with self.changed:  # who was queued before it has been accepted then
                self.changed.wait_for(lambda: self.marks[host] > before, HANGS)  # noqa: B023
        with self.changed:
            self.changed.wait_for(lambda: self.open == 0, HANGS)
        since = len(self.sshd.log)
        with socket.create_connection(("127.0.0.1", self.sshd.port)) as mark:
            wait_for(self.sshd.log, "port %d on" % mark.getsockname()[1], since, HANGS)


def wait_for(log, words, since, seconds):
    end = time.monotonic() + seconds
    while not any(words in line for line in log[since:]):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Gate:
    """Leads to the cloud, once the server's log has the words; None: at once, "": never."""

    def __init__(self, log):
        self.upstream, self.log, self.words, self.since = 0, log, None, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "https://127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def until(self, words):
        self.words, self.since = words, len(self.log)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._lead, args=(self.socket.accept()[0],), daemon=True).start()

    def _lead(self, peer):
        if self.words == "":
            time.sleep(HANGS)
        elif self.words is None or wait_for(self.log, self.words, self.since, HANGS):
            lead(peer, self.upstream)


class Scene:
    def __init__(self, binary, lab_cloud, folder, stack):
        self.binary, self.lab_cloud, self.folder = binary, lab_cloud, folder
        self.key, self.other = Key(folder, "key.pem", {}), Key(folder, "other.pem", {})
        self.sshd = servers.Sshd(folder + "/sshd", {"config": ["LogLevel DEBUG1", "MaxStartups 100"]}, self.key,
                                 self.other)
        self.addresses = Addresses(self.sshd)
        stack.callback(self.sshd.stop)
        self.known_hosts = folder + "/known_hosts"
        with open(self.known_hosts, "w", encoding="ascii") as out:
            out.write("[127.*]:%d %s\n" % (self.addresses.port, self.sshd.known_hosts()[0].split(" ", 1)[1]))
        self.authority = Authority(folder + "/authority")
        self.places = {"public_key": self.key.public, "key_md5": self.key.md5, "port": self.addresses.port,
                       "other_public_key": self.other.public, "other_key_md5": self.other.md5}
        self.cloud, self.gate = None, Gate(self.sshd.log)
        self.homes = 0
        self.environment = {**stage.ENVIRONMENT}
        self.home()

    def home(self):
        """Another one, where nothing is remembered."""
        self.homes += 1
        self.cache = "%s/home%d/cache" % (self.folder, self.homes)
        os.makedirs(os.path.dirname(self.cache))
        self.environment.update({"HOME": os.path.dirname(self.cache), "XDG_CACHE_HOME": self.cache})

    def show(self, changes=None, more=(), released=False):
        """The world from now on: the base with the instance changed, and more of its kind."""
        if self.cloud is not None:
            self.cloud.stop()
        one = world.build({}, self.places)["regions"][world.HOME_REGION]["Instances"][world.INSTANCE]
        instances = {each: {**one, "InstanceId": each, "InstanceName": each[-4:],
                            "EipAddress": {"IpAddress": FIRST}} for each in more}
        instances[world.INSTANCE] = {"EipAddress": {"IpAddress": FIRST}, **(changes or {})}
        if released:
            instances[world.INSTANCE] = None
        shown = world.build({"regions": {world.HOME_REGION: {"Instances": instances}}}, self.places)
        self.cloud = Cloud(self.lab_cloud, "%s/cloud" % self.folder, shown, self.authority)
        self.gate.upstream = self.cloud.port
        self.gate.until(None)

    def command(self, *words, instance=world.INSTANCE):
        return [self.binary, "--instance", instance, "--key", self.key.path, "-l", servers.login_user(),
                "-p", str(self.addresses.port), "--source-ip", "198.51.100.7", "--endpoint", "ecs=" + self.gate.url,
                "--endpoint", "vpc=" + self.gate.url, "--endpoint", "sts=" + self.gate.url,
                "--ca-file", self.authority.ca, "--known-hosts", self.known_hosts, "--no-session", "--json", *words]

    def run(self, *words, status=0, **how):
        since, seen = len(self.sshd.log), len(self.addresses.seen)
        done = subprocess.run(self.command(*words, **how), env=self.environment, cwd=self.folder, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=HANGS)
        self.addresses.settle()
        self.log, self.tried = self.sshd.log[since:], self.addresses.seen[seen:]
        report = json.loads(done.stdout)
        if done.returncode != status:
            raise AssertionError("%s: exit status %d, should be %d\n%s" % (
                words, done.returncode, status, json.dumps(report["targets"][0], indent=1)[:3000]))
        return report["targets"][0]

    def without_cloud(self, steps, *words):
        """What the server sees of a run whose cloud is silent; nothing of it is in the report. One that did not come
        as far as these steps in its time has another with more: on a busy machine it is not over yet."""
        for seconds in (3, 15, 75):
            seen = self._without_cloud("--deadline", str(seconds), *words)
            if len(seen) >= len(steps):
                break
        return seen

    def _without_cloud(self, *words):
        self.gate.until("")
        one = self.run(*words, status=2)
        for check in one["checks"]:
            if check["id"].split(".")[0] in ("net", "ssh") and check["status"] not in ("skip", "unknown"):
                raise AssertionError("%s is %s without the cloud" % (check["id"], check["status"]))
        expect("address", one["target"]["address"], None)
        if FIRST in json.dumps(one):
            raise AssertionError("the report has the remembered address: %s" % json.dumps(one, indent=1))
        self.gate.until(None)
        return ([CONNECTED] if self.tried else []) + [words for words in (KEYS_EXCHANGED, ASKED, ACCEPTED)
                                                      if any(words in line for line in self.log)]

    def files(self):
        folder = self.cache + "/sshpreflight"
        return sorted(os.path.join(folder, name) for name in os.listdir(folder)) if os.path.isdir(folder) else []

    def lines(self):
        with open(self.files()[0], encoding="ascii") as file:
            return file.read().splitlines()


def lasting(value):
    """Without what differs from run to run: times, our own ports, identifiers of requests."""
    if isinstance(value, dict):
        return {name: lasting(one) for name, one in value.items()
                if not re.search(r"_ms$|^request_id$|^tcp$|^own_", name)}
    if isinstance(value, list):
        return [lasting(one) for one in value]
    return re.sub(r"[0-9.]+ ms\b|[0-9.]+ s\b", "TIME", value) if isinstance(value, str) else value


def it_is_begun_with(scene):
    scene.show()
    expect("nothing is remembered", scene.without_cloud([]), [])
    scene.gate.until(KEYS_EXCHANGED)
    expect("it waits for the cloud", scene.without_cloud([]), [])
    first = scene.run()
    expect("files", [os.stat(path).st_mode & 0o777 for path in scene.files()], [0o600])
    expect("directory", os.stat(scene.cache + "/sshpreflight").st_mode & 0o777, 0o700)
    words = scene.lines()[1].split()
    expect("line", words[:5], [world.INSTANCE, "auto", world.HOME_REGION, FIRST, scene.sshd.fingerprint()])
    for step in (CONNECTED, KEYS_EXCHANGED, ASKED, ACCEPTED):
        scene.gate.until(step)  # the whole of the SSH half, before the cloud says its first word
        again = scene.run()
        expect("report", lasting(again), lasting(first))
        expect("connections", scene.tried, [FIRST])


def nothing_is_signed_for_a_stranger(scene):
    """Beyond the key exchange only to the key that was the instance's, and that known_hosts has."""
    scene.show()
    scene.run()
    expect("known", scene.without_cloud(ALL_STEPS), ALL_STEPS)
    with open(scene.files()[0], encoding="ascii") as file:
        text = file.read()
    for other in ("SHA256:" + "A" * 43, "-"):
        with open(scene.files()[0], "w", encoding="ascii") as file:
            file.write(text.replace(scene.sshd.fingerprint(), other))
        expect("another key is remembered", scene.without_cloud(TO_THE_KEYS), TO_THE_KEYS)
    with open(scene.files()[0], "w", encoding="ascii") as file:
        file.write(text)
    known, scene.known_hosts = scene.known_hosts, scene.folder + "/nobody"
    try:
        with open(scene.known_hosts, "w", encoding="ascii"):
            pass
        expect("not in known_hosts", scene.without_cloud(TO_THE_KEYS), TO_THE_KEYS)
        with open(scene.known_hosts, "w", encoding="ascii") as out:
            out.write("[127.*]:%d %s\n" % (scene.addresses.port, scene.other.public))
        expect("another in known_hosts", scene.without_cloud(TO_THE_KEYS), TO_THE_KEYS)
    finally:
        scene.known_hosts = known


def another_address_begins_again(scene):
    scene.show()
    scene.run()
    scene.show(OTHER)
    scene.gate.until(ACCEPTED)  # by then all of the SSH half has happened, at the old address
    one = scene.run()
    expect("address", one["target"]["address"], SECOND)
    expect("verdict", one["verdict"], "pass")
    expect("connections", scene.tried, [FIRST, SECOND])
    scene.gate.until(None)
    scene.run()
    expect("from then on", scene.tried, [SECOND])


def the_cloud_has_the_last_word(scene):
    scene.show()
    scene.run()
    scene.show({"Status": "Stopped"})  # in the lab it answers all the same, and that disproves it
    without = scene.run("--no-cache")
    scene.gate.until(ACCEPTED)
    expect("stopped", lasting(scene.run()), lasting(without))
    scene.show({"EipAddress": {"IpAddress": "", "AllocationId": ""}, "Status": "Stopped"})
    scene.gate.until(ACCEPTED)
    one = scene.run(status=1)
    expect("stopped, without its address", (one["cause"], one["target"]["address"]), ("instance-stopped", None))
    scene.show(released=True)
    scene.gate.until(CONNECTED)
    one = scene.run(status=1)
    expect("released", (one["cause"], one["target"]["address"]), ("instance-not-found", None))
    expect("it is forgotten", scene.lines()[1:], [])


def it_can_be_switched_off(scene):
    scene.show()
    scene.run("--no-cache")
    expect("files", scene.files(), [])
    scene.run()
    expect("with", scene.without_cloud([CONNECTED])[:1], [CONNECTED])
    expect("without", scene.without_cloud([], "--no-cache"), [])
    before = os.stat(scene.files()[0]).st_mtime_ns
    scene.show(OTHER)
    scene.run("--no-cache")
    expect("unchanged", os.stat(scene.files()[0]).st_mtime_ns, before)


def no_home_is_no_harm(scene):
    scene.show()
    first = scene.run()
    for cache in ("/proc/none", scene.key.path, "", "relative"):
        scene.environment["XDG_CACHE_HOME"] = cache
        expect(cache, lasting(scene.run()), lasting(first))
    if os.path.exists(scene.folder + "/relative"):
        raise AssertionError("a relative XDG_CACHE_HOME was used")
    if os.getuid() == 0:  # another user, whose cache cannot be written
        scene.home()
        os.makedirs(scene.cache)
        shutil.copy(scene.key.path, scene.folder + "/nobody.pem")
        os.chown(scene.folder + "/nobody.pem", 65534, 65534)
        # The checkout may be where others may not go, as root's home is.
        own = {scene.binary: shutil.copy(scene.binary, scene.folder + "/nobody.program"),
               scene.key.path: scene.folder + "/nobody.pem"}
        words = [own.get(word, word) for word in scene.command()]
        os.chmod(scene.folder, 0o755)
        done = subprocess.run(words, env=scene.environment, check=False, stdin=subprocess.DEVNULL, user=65534,
                              cwd="/", stdout=subprocess.PIPE, timeout=HANGS)
        expect("as nobody", (done.returncode, scene.files()), (0, []))


def hostile_files_are_no_harm(scene):
    """Whatever stands where the file would be: the run is the same, and nothing else is touched."""
    scene.show()
    scene.run()
    path, folder = scene.files()[0], scene.cache + "/sshpreflight"
    with open(path, "rb") as file:
        good = file.read()
    title, line = good.splitlines()[:2]
    id_, way, region, first, key, seen = line.split()
    victim = scene.folder + "/victim"
    with open(victim, "wb") as file:
        file.write(good)
    os.chmod(victim, 0o600)

    def holds(data, mode=0o600):
        def make():
            with open(path, "wb") as file:
                file.write(data)
            os.chmod(path, mode)
        return make

    def owner():
        holds(good)()
        os.chown(path, 65534, 65534)

    def linked_directory():
        os.rmdir(folder)
        os.makedirs(folder + "-there", 0o700, exist_ok=True)
        shutil.copy(victim, folder + "-there/" + os.path.basename(path))
        os.symlink(folder + "-there", folder)

    def begin(make):
        if os.path.islink(folder):
            os.unlink(folder)
        else:
            shutil.rmtree(folder)
        os.makedirs(folder, 0o700)
        make()

    def ignored(what, make, used=False, needs_root=False):
        if needs_root and os.getuid() != 0:
            return
        begin(make)
        one = scene.run()  # the instance has moved: who believes the file connects to where it was
        expect("%s: used" % what, FIRST in scene.tried, used)
        expect(what, lasting(one), lasting(as_ever))

    scene.show(OTHER)
    scene.run()
    as_ever = scene.run()
    ignored("itself", holds(good), used=True)
    ignored("an empty line", holds(title + b"\n\n" + line + b"\n"), used=True)
    for mode in (0o644, 0o660, 0o602):
        ignored("mode %o" % mode, holds(good, mode))
    ignored("another owner", owner, needs_root=True)
    ignored("a symbolic link", lambda: os.symlink(victim, path))
    ignored("a FIFO", lambda: os.mkfifo(path, 0o600))
    ignored("a directory", lambda: os.mkdir(path))
    ignored("a directory open to all", lambda: (holds(good)(), os.chmod(folder, 0o777)))
    ignored("a linked directory", linked_directory)
    for data in (b"", b"\0" * 5000, good[:-1], os.urandom(3000), good.replace(b" 1\n", b" 2\n", 1),
                 good + b"x" * (300 << 10), title + b"\n" + line + b" " * 300 + b"\n",
                 title + b"\n" + line.replace(b" ", b"  ") + b"\n", title + b"\r\n" + line + b"\r\n",
                 *(title + b"\n" + b" ".join(words) + b"\n" for words in (
                     [id_, way, region, first + b";id", key, seen], [id_, way, region, b"localhost", key, seen],
                     [id_, way, region, b"127.000.0.1", key, seen], [id_, way, region, first, b"SHA256:x", seen],
                     [id_, way, region, first, key, b"99999999999"], [id_, way, region, first, key, b"1"],
                     [id_, way, b"../region", first, key, seen], [id_, way, region, first, key],
                     [id_, way, region, first, key, seen, b"more"]))):
        ignored(data[:200], holds(data))
    with open(victim, "rb") as file:
        expect("what a link led to", file.read(), good)


def each_account_has_its_file(scene):
    scene.show()
    scene.run()
    one = scene.files()
    scene.environment["ALIBABA_CLOUD_ACCESS_KEY_ID"] = "LTAI5tOther00000000000001"
    try:
        scene.run(status=2)
        expect("refused: nothing is learnt", scene.files(), one)
        expect("nothing of another account's", scene.without_cloud([]), [])
    finally:
        scene.environment["ALIBABA_CLOUD_ACCESS_KEY_ID"] = stage.ENVIRONMENT["ALIBABA_CLOUD_ACCESS_KEY_ID"]
    os.makedirs(scene.cache + "/aliyun")
    with open(scene.cache + "/aliyun/config.json", "w", encoding="ascii") as out:
        json.dump({"current": "work", "profiles": [{
            "name": "work", "mode": "AK", "access_key_id": scene.environment["ALIBABA_CLOUD_ACCESS_KEY_ID"],
            "access_key_secret": scene.environment["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
            "region_id": world.HOME_REGION}]}, out)
    os.chmod(scene.cache + "/aliyun/config.json", 0o600)
    scene.run("--config-path", scene.cache + "/aliyun/config.json", "--profile", "work")
    expect("files", len(scene.files()), 2)
    text = b"".join(open(path, "rb").read() for path in scene.files())
    for secret in (b"LTAI", b"Canary", b"work", scene.folder.encode()):
        if secret in text:
            raise AssertionError("%s is in the cache" % secret)
    old = scene.cache + "/sshpreflight/0123456789abcdef"
    with open(old, "w", encoding="ascii"):
        pass
    os.utime(old, (1, 1))
    scene.show(OTHER)
    scene.run()
    expect("an old one is gone", os.path.exists(old), False)


def runs_at_the_same_time(scene):
    ids = ["i-bp1lab000000000%05d" % i for i in range(12)]
    scene.show(more=ids)
    runs = [subprocess.Popen(scene.command("--only", "net.port", instance=each), env=scene.environment,
                             cwd=scene.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) for each in ids]
    expect("exit statuses", {one.wait(HANGS) for one in runs}, {0})
    lines = scene.lines()
    expect("files", [os.path.basename(path) for path in scene.files() if len(os.path.basename(path)) != 16], [])
    expect("lines", {len(line.split()) for line in lines[1:]}, {6})
    if not {line.split()[0] for line in lines[1:]} <= set(ids) or len(lines) < 2:
        raise AssertionError(lines)
    for each in ids:  # nobody else is at it
        scene.run("--only", "net.port", instance=each)
    expect("instances", sorted(line.split()[0] for line in scene.lines()[1:]), ids)


def records_have_nothing_of_it(scene):
    scene.show()
    scene.run("--record", "first")
    scene.gate.until(ACCEPTED)
    scene.run("--record", "second")
    records = []
    for name in ("first", "second"):
        with open(os.path.join(scene.folder, name), encoding="utf-8") as file:
            records.append(lasting(json.load(file)))
        replay = subprocess.run([scene.binary, "--replay", name, "--json"], cwd=scene.folder, env=scene.environment,
                                check=False, stdout=subprocess.PIPE)
        expect("replay", json.loads(replay.stdout)["verdict"], "pass")
    expect("groups", *(sorted(record["targets"][0]["facts"]) if "facts" in record["targets"][0] else
                       sorted(record["targets"][0]) for record in records))


def the_region_is_asked_first(scene):
    scene.show()
    scene.environment["ALIBABA_CLOUD_REGION_ID"] = "cn-beijing"
    try:
        calls = []
        for _ in range(2):
            before = len(scene.cloud.calls())
            one = scene.run()
            calls.append([call["action"] for call in scene.cloud.calls()[before:]])
            expect("region", one["target"]["region_id"], world.HOME_REGION)
        expect("regions are listed", ["DescribeRegions" in actions for actions in calls], [True, False])
        expect("instances", calls[1].count("DescribeInstances"), 1)
    finally:
        scene.environment["ALIBABA_CLOUD_REGION_ID"] = stage.ENVIRONMENT["ALIBABA_CLOUD_REGION_ID"]


TESTS = [it_is_begun_with, nothing_is_signed_for_a_stranger, another_address_begins_again, the_cloud_has_the_last_word,
         it_can_be_switched_off, no_home_is_no_harm, hostile_files_are_no_harm, each_account_has_its_file,
         runs_at_the_same_time, records_have_nothing_of_it, the_region_is_asked_first]


def main():
    binary, lab_cloud = (os.path.abspath(path) for path in sys.argv[1:3])
    failed = 0
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="spf-address-cache-"))
        scene = Scene(binary, lab_cloud, folder, stack)
        for test in TESTS:
            if len(sys.argv) > 3 and test.__name__ not in sys.argv[3:]:
                continue
            scene.home()
            try:
                test(scene)
            except AssertionError as error:
                failed += 1
                print("%s: %s" % (test.__name__, error))
        if scene.cloud is not None:
            scene.cloud.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
