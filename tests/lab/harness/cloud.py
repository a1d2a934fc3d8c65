"""Starts lab-cloud with certificates of a CA made for the occasion."""

import json
import os
import subprocess


def run_quietly(*command, **kwargs):
    """Runs a tool that must succeed; its output appears only when it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, **kwargs)
    if done.returncode != 0:
        raise RuntimeError("%s: exit %d\n%s" % (" ".join(command), done.returncode,
                                                done.stdout.decode("utf-8", "replace")))
    return done.stdout


class Authority:
    """A certificate authority and one server certificate, for the names of a subjectAltName."""

    def __init__(self, folder, names="IP:127.0.0.1,DNS:localhost"):
        os.makedirs(folder, exist_ok=True)
        self.ca = os.path.join(folder, "ca.pem")
        self.cert = os.path.join(folder, "server.pem")
        self.key = os.path.join(folder, "server.key")
        ca_key = os.path.join(folder, "ca.key")
        new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
        run_quietly(*new, "-subj", "/CN=lab authority", "-keyout", ca_key, "-out", self.ca,
                    "-addext", "keyUsage=critical,keyCertSign")
        run_quietly(*new, "-CA", self.ca, "-CAkey", ca_key, "-subj", "/CN=lab endpoint",
                    "-addext", "subjectAltName=" + names,
                    "-addext", "basicConstraints=critical,CA:FALSE",
                    "-keyout", self.key, "-out", self.cert)


class Cloud:
    """One lab-cloud process. Use as a context manager."""

    def __init__(self, binary, folder, world, authority, plain=False):
        os.makedirs(folder, exist_ok=True)
        self.log_file = os.path.join(folder, "calls.jsonl")
        world_file = os.path.join(folder, "world.json")
        with open(world_file, "w", encoding="utf-8") as out:
            json.dump(world, out, indent=1)
        if os.path.exists(self.log_file):
            os.unlink(self.log_file)
        command = [binary, "--world", world_file, "--log", self.log_file]
        if not plain:
            command += ["--cert", authority.cert, "--key", authority.key]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE)
        line = self.process.stdout.readline().split()
        if len(line) != 2 or line[0] != b"ready":
            self.stop()
            raise RuntimeError("lab-cloud did not start")
        self.port = int(line[1])
        self.url = "%s://127.0.0.1:%d" % ("http" if plain else "https", self.port)

    def calls(self):
        """The calls so far, oldest first."""
        try:
            with open(self.log_file, encoding="utf-8") as log:
                return [json.loads(line) for line in log]
        except FileNotFoundError:
            return []

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
