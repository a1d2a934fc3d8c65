"""How long a healthy run takes, in round trips, and what it costs in CPU time.

    build/release is measured: cmake --preset release && cmake --build --preset release
    python3 tests/bench/round_trips.py            (root, /dev/net/tun; nginx for the HTTP columns)

Every packet of the run, of the API as of SSH, takes a fixed delay (delayed.c). The elapsed time at
a round trip of 100 ms less that at 20 ms, divided by 80 ms, is the number of round trips on the
critical path: what the programs compute falls out.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lab"))
from harness import servers, world  # noqa: E402
from harness.cloud import Authority, Cloud  # noqa: E402
from harness.keys import Key  # noqa: E402

NEAR, FAR = "10.99.0.1", "10.99.0.2"
CASES = [(http, session, again) for http in ("2", "1.1") for session in (False, True)
         for again in (False, True)]

NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log warn;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen {near}:{port} ssl{http2};
        ssl_certificate {cert}; ssl_certificate_key {key}; ssl_protocols TLSv1.3;
        location / {{
            proxy_pass {upstream}; proxy_ssl_verify off; proxy_http_version 1.1;
            proxy_set_header Connection ""; proxy_set_header Host $http_host;
        }}
    }}
}}
"""


def run_once(command, env, folder):
    """Wall and CPU seconds of one run; the run must pass."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(command, env=env, cwd=folder, stdout=subprocess.PIPE, check=False)
    elapsed = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads(done.stdout)
    if report["verdict"] != "pass":
        raise RuntimeError("the run did not pass:\n" + json.dumps(report, indent=1))
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return elapsed, cpu


class Nginx:
    """Speaks HTTP/2 or 1.1 with the client, and HTTP/1.1 with lab-cloud behind it."""

    def __init__(self, folder, http, authority, upstream, port):
        os.makedirs(folder)
        config = os.path.join(folder, "nginx.conf")
        with open(config, "w", encoding="ascii") as out:
            out.write(NGINX.format(folder=folder, near=NEAR, port=port, upstream=upstream,
                                   http2=" http2" if http == "2" else "", cert=authority.cert,
                                   key=authority.key))
        self.process = subprocess.Popen(["nginx", "-e", os.path.join(folder, "start.log"),
                                         "-p", folder, "-c", config])
        self.url = "https://%s:%d" % (FAR, port)
        while subprocess.run(["curl", "-s", "-o", os.devnull, "--cacert", authority.ca, self.url],
                             check=False).returncode == 7:
            if self.process.poll() is not None:
                raise RuntimeError("nginx did not start")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def measure_here(tools):
    """Inside the namespace: the medians of every case, as JSON on standard output."""
    results = {}
    with tempfile.TemporaryDirectory(prefix="spf-bench-") as folder:
        key, other = Key(folder, "key.pem", {"type": "rsa", "container": "pem"}), \
            Key(folder, "other.pem", {})
        authority = Authority(folder, "IP:127.0.0.1,IP:" + FAR)
        subprocess.run(["openssl", "rehash", folder], check=False, stdout=subprocess.DEVNULL)
        places = {"public_key": key.public, "key_md5": key.md5, "other_public_key": other.public,
                  "other_key_md5": other.md5}
        instance = {"PublicIpAddress": {"IpAddress": []},
                    "EipAddress": {"IpAddress": FAR, "Bandwidth": 5, "AllocationId": "eip-1"}}
        shown = world.build({"regions": {world.HOME_REGION: {
            "Instances": {world.INSTANCE: instance}}}}, places)
        sshd = servers.Sshd(os.path.join(folder, "sshd"),
                            {"config": ["ListenAddress " + NEAR]}, key, other)
        with open(os.path.join(folder, "known_hosts"), "w", encoding="ascii") as out:
            out.write("\n".join(sshd.known_hosts()).replace("127.0.0.1", FAR) + "\n")
        with Cloud(tools.lab_cloud, os.path.join(folder, "cloud"), shown, authority) as cloud:
            fronts = {http: Nginx(os.path.join(folder, "nginx" + http), http, authority, cloud.url,
                                  8443 + number) for number, http in enumerate(("2", "1.1"))}
            secret = shown["access_keys"][0]
            env = {"PATH": os.environ["PATH"], "HOME": folder,
                   "ALIBABA_CLOUD_REGION_ID": world.HOME_REGION,
                   "ALIBABA_CLOUD_ACCESS_KEY_ID": secret["AccessKeyId"],
                   "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret["AccessKeySecret"]}
            for http, session, again in CASES:
                command = [tools.binary, "--instance", world.INSTANCE, "--key", "key.pem", "--json",
                           "-l", servers.login_user(), "-p", str(sshd.port), "--source-ip",
                           "198.51.100.7", "--known-hosts", "known_hosts", "--endpoint",
                           fronts[http].url, "--ca-file", "ca.pem", "--timeout", "60"]
                if not session:
                    command.append("--no-session")
                if not again:
                    command.append("--no-cache")
                run_once(command, env, folder)  # the first of several remembers the address
                runs = [run_once(command, env, folder) for _ in range(tools.runs)]
                results["%s %s %s" % (http, session, again)] = [statistics.median(r[i] for r in runs)
                                                      for i in (0, 1)]
            for front in fronts.values():
                front.stop()
        sshd.stop()
    json.dump(results, sys.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    build = os.path.join(ROOT, "build", "release")
    parser.add_argument("--binary", default=os.path.join(build, "src/cli/sshpreflight"))
    parser.add_argument("--lab-cloud", default=os.path.join(build, "tests/lab/lab-cloud"))
    parser.add_argument("--delayed", default=os.path.join(build, "tests/bench/delayed"))
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--rtt", type=int, nargs=2, default=(20, 100), metavar=("SHORT", "LONG"),
                        help="ms; the farther apart, the less a busy machine matters")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    tools = parser.parse_args()
    if tools.here:
        return measure_here(tools)
    for tool in ("nginx", "curl", "openssl"):
        if shutil.which(tool) is None:
            parser.error("%s is needed" % tool)

    measured = {}
    for rtt in tools.rtt:
        done = subprocess.run([tools.delayed, str(rtt), sys.executable, "-B", __file__, "--here",
                               "--binary", tools.binary, "--lab-cloud", tools.lab_cloud, "--runs",
                               str(tools.runs)], stdout=subprocess.PIPE, check=True)
        measured[rtt] = json.loads(done.stdout)
    print("medians of %d runs                 %5d ms  %5d ms   round trips   CPU" % (tools.runs, *tools.rtt))
    for http, session, again in CASES:
        name = "%s %s %s" % (http, session, again)
        fast, slow = measured[tools.rtt[0]][name], measured[tools.rtt[1]][name]
        print("HTTP/%-4s %-16s %-8s %8.0f  %8.0f  %10.2f  %5.1f ms" %
              (http, "with session" if session else "authentication", "again" if again else "", fast[0] * 1000,
               slow[0] * 1000, (slow[0] - fast[0]) * 1000 / (tools.rtt[1] - tools.rtt[0]), fast[1] * 1000))
    return 0


if __name__ == "__main__":
    sys.exit(main())
