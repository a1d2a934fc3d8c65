#!/usr/bin/env python3
"""The program acts as the identity that the aliyun CLI, or where it has nothing to say the SDKs, act as.

Each row is a home directory and an environment, the identity that aliyun CLI 3.4.11 and the SDKs
(@alicloud/credentials 2.4.7, credentials-go 1.4.12) were seen to take there, and ours. In a network
namespace of its own, for the metadata service has a fixed address. Exit status 77: this machine gives
us none. When the report is being written, nothing of any secret is in the process's memory any more:
each row looks (as root). With --table the rows are written as a table.
"""

import concurrent.futures
import fcntl
import http.server
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

import identity_rows
import stage  # noqa: F401  (finds the harness)
from harness import aliyun, memory, tunnel, world
from harness.cloud import Authority, Cloud

SKIPPED = 77
NEEDLES = [b"LabCanarySecret", b"LabCanaryToken", b"oidc-canary"]
NAMES = ["ecs.cn-hangzhou.aliyuncs.com", "sts.aliyuncs.com", "sts.cn-beijing.aliyuncs.com",
         "sts-vpc.cn-beijing.aliyuncs.com", "sts-vpc.cn-hangzhou.aliyuncs.com", "sts.example"]
SIGN_IN = ["oauth.aliyun.com", "oauth.alibabacloud.com", "signin.example"]
METADATA = "100.100.100.200"


def own_network():
    """Loopback is up, and has the metadata service's address."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x41))  # SIOCSIFFLAGS, up
    subprocess.run(["ip", "addr", "add", METADATA + "/32", "dev", "lo"], check=True)


class Service:
    """The metadata service, a credentials URI, and the sign-in hosts; what is asked is kept."""

    def __init__(self, address, port, authority=None):
        service = self
        self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PUT(self):
                self._answer(200, "metadata-token")

            def do_GET(self):
                service.asked.append(self.path)
                role = self.path.rsplit("/", 1)[-1]
                if role == "tokenless" and self.headers["x-aliyun-ecs-metadata-token"]:
                    self._answer(403, "")
                elif self.path.endswith("/security-credentials/"):
                    self._answer(200, "attachedrole")
                elif "/security-credentials/" in self.path or self.path == "/uri":
                    self._answer(200, json.dumps({"Code": "Success", **key_of(role)}))
                else:
                    self._answer(404, "")

            def do_POST(self):
                service.asked.append(self.headers["Host"].split(":")[0] + self.path)
                size = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(size)
                token = self.headers["Authorization"]
                if self.path == "/v1/exchange" and token == "Bearer LabCanaryTokenOauth":
                    key = {name[0].lower() + name[1:]: value
                           for name, value in key_of("oauth").items()}
                    self._answer(200, json.dumps({"requestId": "x", **key}))
                elif self.path == "/cloud-credentials" and token == "Bearer LabCanaryTokenSso":
                    self._answer(200, json.dumps({"CloudCredential": key_of("sso")}))
                else:
                    self._answer(401, "{}")

            def _answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def server_bind(self):
                http.server.socketserver.TCPServer.server_bind(self)

        self._server = Server((address, port), Handler)
        if authority:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(authority.cert, authority.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def key_of(who):
    """The access key of a name; temporary ones have a token."""
    key = {"AccessKeyId": "LTAI5tLab" + who, "AccessKeySecret": "LabCanarySecret" + who}
    if who not in identity_rows.USERS:
        key = {"AccessKeyId": "STS.Lab" + who, "AccessKeySecret": "LabCanarySecret" + who,
               "SecurityToken": "LabCanaryToken" + who, "Expiration": "2099-01-01T00:00:00Z"}
    return key


def identities():
    """The world's keys and roles: who holds a key says so when it is asked who it is."""
    names = identity_rows.USERS + identity_rows.TEMPORARY + list(identity_rows.ROLES)
    keys = [{**key_of(name), "state": "active", "identity": {
        "IdentityType": "RAMUser", "AccountId": "1", "PrincipalId": "1", "UserId": "1",
        "Arn": "acs:ram::1:lab/" + name}} for name in names]
    roles = {"acs:ram::1:role/" + name: {"Credentials": key_of(name), **how}
             for name, how in identity_rows.ROLES.items()}
    for role in roles.values():
        if "trusts" in role:
            role["trusts"] = [key_of(name)["AccessKeyId"] for name in role["trusts"]]
    return {"access_keys": keys, "roles": roles}


def stopped():
    """The same world, where the instance wants to be started."""
    return world.build({**identities(), "regions": {world.HOME_REGION: {"Instances": {
        world.INSTANCE: {"Status": "Stopped"}}}}}, {})


class Scene:
    def __init__(self, binary, lab_cloud, folder):
        self.binary, self.folder = os.path.abspath(binary), folder
        self.authority = Authority(folder + "/authority", ",".join(
            ["IP:127.0.0.1"] + ["DNS:" + name for name in NAMES + SIGN_IN]))
        self.lab_cloud = os.path.abspath(lab_cloud)
        self.sign_in = Service("127.0.0.1", 0, self.authority)
        self.uri = Service("127.0.0.1", 0)
        self.lock = threading.Lock()

    def paste(self, row, home, environment, options, who):
        """A remedy's line, in a shell where aliyun is the emulated one, acts as the same identity."""
        done = subprocess.run([self.binary, "--only", "cloud.instance", "--instance",
                               "i-bp1lab0000000000web1", "--json", "--ca-file", self.authority.ca,
                               *options], env=environment, cwd=home, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, check=False)
        remedies = json.loads(done.stdout)["targets"][0]["remedies"]
        lines = [one["command"] for one in remedies if "StartInstance" in (one["command"] or "")]
        if not lines or row["line"] not in lines[0]:
            return ["no line with %r: %s" % (row["line"], remedies)]
        programs, calls = os.path.join(home, "programs"), os.path.join(home, "calls")
        os.mkdir(programs)
        os.symlink(aliyun.__file__, programs + "/aliyun")
        with open(os.path.join(home, "world.json"), "w", encoding="utf-8") as out:
            json.dump(stopped(), out)
        ran = subprocess.run(
            ["sh", "-c", lines[0]], cwd=home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False, timeout=300,
            env={**environment, "LAB_WORLD": home + "/world.json", "LAB_CALLS": calls,
                 "PYTHONDONTWRITEBYTECODE": "1", "PATH": "%s:%s:%s" % (
                     programs, os.path.dirname(sys.executable), environment["PATH"])})
        if ran.returncode:
            return ["%r: %s" % (lines[0], ran.stdout.decode())]
        with open(calls, encoding="utf-8") as source:
            acted = [json.loads(line)["key"] for line in source]
        return [] if acted == [key_of(who)["AccessKeyId"]] else ["%r acts as %s" % (lines[0], acted)]

    def run(self, number, row):
        """A row in a home of its own; what was wrong, and who we were."""
        home = os.path.join(self.folder, "row%s" % number)
        os.makedirs(home)
        metadata_off = {} if row.get("metadata") else {
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}
        places = {"home": home, "uri": "http://127.0.0.1:%d/uri" % self.uri.port,
                  "now": int(time.time())}
        for name, content in world.fill(row.get("files", {}), places).items():
            path = os.path.join(home, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as out:
                out.write(content if isinstance(content, str) else json.dumps(content))
            os.chmod(path, row.get("modes", {}).get(name, 0o700 if name == "helper" else 0o600))
        before = {name: open(os.path.join(home, name), "rb").read() for name in row.get("files", {})}
        shown = stopped() if "line" in row else world.build(identities(), {})
        way = tunnel.Tunnel(NAMES + SIGN_IN)
        way.others = {name: self.sign_in.port for name in SIGN_IN}
        with Cloud(self.lab_cloud, os.path.join(home, "cloud"), shown, self.authority) as cloud:
            way.target = cloud.port
            environment = {"HOME": home, "PATH": "/usr/bin:/bin", "https_proxy": way.url,
                           "LC_ALL": "C.UTF-8", **metadata_off,
                           **world.fill(row.get("env", {}), places)}
            done, kept = memory.run(
                [self.binary, "--only", "cloud.access", "--instance", "i-bp1lab0000000000web1",
                 "--json", "--ca-file", self.authority.ca,
                 *world.fill(row.get("options", []), places)],
                NEEDLES, 100, env=environment, cwd=home, stdin=subprocess.DEVNULL)
            calls = cloud.calls()
            pasted = self.paste(row, home, environment, world.fill(row.get("options", []), places),
                                row["ours"]) if "line" in row else []
        way.stop()
        wrong = pasted + [] if not done.stderr else ["stderr: %s" % done.stderr.decode()]
        check = next(c for c in json.loads(done.stdout)["targets"][0]["checks"]
                     if c["id"] == "cloud.access")
        who = (check["evidence"].get("principal") or "").rsplit("/", 1)[-1] or check["cause"]
        if who != row["ours"]:
            wrong.append("we are %s, not %s: %s" % (who, row["ours"], check["summary"]))
        for text in row.get("says", []):
            if text not in check["summary"]:
                wrong.append("the summary lacks %r: %s" % (text, check["summary"]))
        for name, value in row.get("params", {}).items():
            if value not in [call["params"].get(name) for call in calls]:
                wrong.append("no call has %s=%s" % (name, value))
        if "hosts" in row and row["hosts"] != way.hosts:
            wrong.append("hosts asked: %s" % way.hosts)
        for name, bytes_ in before.items():
            if open(os.path.join(home, name), "rb").read() != bytes_:
                wrong.append("%s was written to" % name)
        wrong += ["in its memory: " + line for line in kept]
        if any(needle in done.stdout for needle in NEEDLES):
            wrong.append("a secret is in the report")
        return wrong, who


def check(binary, lab_cloud, folder, table, only):
    scene = Scene(binary, lab_cloud, folder)
    metadata = Service(METADATA, 80)
    rows = [row for row in identity_rows.ROWS if not only or row["row"] in only]
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = [(row, pool.submit(scene.run, number, row)) for number, row in enumerate(rows)]
        for row, job in jobs:
            wrong, who = job.result()
            bad += bool(wrong)
            if table:
                print("| %s | %s | %s | %s | %s | %s |" % (
                    row["row"], row["what"], row["cli"], row["sdk"], who, row.get("why", "")))
            for line in wrong:
                print("row %s (%s): %s" % (row["row"], row["what"], line))
    metadata.stop()
    missing = set(map(str, range(1, 42))) - {row["row"].rstrip("abcdefgh") for row in rows}
    if missing and not only:
        print("rows without a test: %s" % sorted(missing, key=int))
        bad += 1
    print("%d rows, %d wrong" % (len(rows), bad))
    return int(bad > 0)


def main():
    arguments = [word for word in sys.argv[1:] if word not in ("--here", "--table")]
    if "--here" not in sys.argv:
        words = ["unshare", "-n"] + ([] if os.getuid() == 0 else ["-r"])
        if subprocess.run(words + ["ip", "addr", "add", METADATA + "/32", "dev", "lo"],
                          stderr=subprocess.DEVNULL, check=False).returncode:
            print("skipped: no namespaces here")
            return SKIPPED
        os.execvp("unshare", words + [sys.executable, "-B", *sys.argv, "--here"])
    own_network()
    with tempfile.TemporaryDirectory(prefix="spf-identity-") as folder:
        return check(arguments[0], arguments[1], folder, "--table" in sys.argv, arguments[2:])


if __name__ == "__main__":
    sys.exit(main())
