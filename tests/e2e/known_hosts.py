#!/usr/bin/env python3
"""known_hosts read as ssh reads it: each form of a line, ssh's own verdict on it, and ours."""

import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

import stage  # noqa: F401  (finds the harness)
from harness import clients, servers
from harness.keys import Key

OURS = {None: "known", "host-key-unknown": "unknown", "host-key-changed": "changed",
        "host-key-revoked": "revoked"}


def hashed(folder, line):
    """As HashKnownHosts would have written it."""
    path = os.path.join(folder, "hashed")
    with open(path, "w", encoding="ascii") as out:
        out.write(line + "\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", path], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    with open(path, encoding="ascii") as source:
        return source.read().strip()


def forms(folder, port, shown, other):
    """name -> text of a file. shown: the server's keys by type; other: somebody else's key."""
    host, key, rsa = "[127.0.0.1]:%d" % port, shown["ssh-ed25519"], shown["ssh-rsa"]
    return {
        "none": "", "plain": "%s %s" % (host, key), "hashed": hashed(folder, host + " " + key),
        "without the port": "127.0.0.1 " + key, "another port": "[127.0.0.1]:1 " + key,
        "star": "* " + key, "question marks": "[127.0.0.?]:* " + key,
        "negated": "!%s %s" % (host, key), "negated in a list": "!%s,* %s" % (host, key),
        "in a list": "one,%s,two %s" % (host, key), "capitals": host.upper() + " " + key,
        "tabs, blanks and a comment": "# x\n\n \t%s\t%s of ours" % (host, key.replace(" ", "\t")),
        "CR LF": "%s %s\r" % (host, key), "junk before it": "junk\n%s %s" % (host, key),
        "base64 that is none": host + " ssh-ed25519 AAAA!", "wrong type": host + " ssh-rsa " +
        key.split()[1], "unknown marker": "@strange %s %s" % (host, key),
        "changed": host + " " + other, "changed, hashed": hashed(folder, host + " " + other),
        "changed without the port": "127.0.0.1 " + other,
        "one of two": "%s %s\n%s %s" % (host, other, host, key),
        "ECDSA only": host + " " + shown["ecdsa-sha2-nistp256"], "RSA only": host + " " + rsa,
        "changed, and RSA": "%s %s\n%s %s" % (host, other, host, rsa),
        "revoked": "@revoked * " + key, "revoked, and known": "%s %s\n@revoked * %s" % (host, key, key),
        "another one revoked": "%s %s\n@revoked * %s" % (host, key, rsa),
        "revoked before it was seen": "@revoked %s %s" % (host, other),
        "authority": "@cert-authority * " + other,
        "authority, and known": "@cert-authority * %s\n%s %s" % (other, host, key),
        "authority, and changed": "@cert-authority * %s\n%s %s" % (other, host, other),
    }


def asked(words, home):
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, check=False, env={"HOME": home})


def ssh_says(path, key, port, home):
    done = asked(["ssh", "-o", "StrictHostKeyChecking=yes", "-o", "UserKnownHostsFile=" + path,
                  *clients.REFEREE, "-i", key.path, "-p", str(port),
                  servers.login_user() + "@127.0.0.1", "true"], home)
    said = done.stderr.decode()
    if done.returncode == 0:
        return "known"
    return ("revoked" if "REVOKED" in said else
            "changed" if "IDENTIFICATION HAS CHANGED" in said else
            "unknown" if "host key is known" in said else said)


def main():
    failed = False
    with tempfile.TemporaryDirectory(prefix="spf-known-") as folder:
        key, other = Key(folder, "key.pem", {}), Key(folder, "other.pem", {})
        recipe = {"host_keys": ["ed25519", "ecdsa", "rsa"], "config": ["MaxStartups 500"]}
        sshd = servers.Sshd(folder + "/sshd", recipe, key, other)

        def judge(named):
            name, text = named
            path = os.path.join(folder, "known-" + name.replace(" ", "-").replace(",", ""))
            with open(path, "w", encoding="ascii") as out:
                out.write(text + "\n")
            done = asked([sys.argv[1], "--host", "127.0.0.1", "-p", str(sshd.port), "--key", key.path,
                          "--known-hosts", path, "--only", "ssh.host-key", "--json"], folder)
            checks = json.loads(done.stdout)["targets"][0]["checks"]
            cause = next(c["cause"] for c in checks if c["id"] == "ssh.host-key")
            return name, ssh_says(path, key, sshd.port, folder), OURS.get(cause, cause)

        try:
            shown = {line.split()[1]: " ".join(line.split()[1:3]) for line in sshd.known_hosts()}
            cases = forms(folder, sshd.port, shown, " ".join(other.public.split()[:2]))
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                for name, theirs, ours in pool.map(judge, cases.items()):
                    print("%-7s %-28s ssh: %-8s we: %s" % ("" if theirs == ours else "FAILED:", name,
                                                           theirs, ours))
                    failed |= theirs != ours
        finally:
            sshd.stop()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
