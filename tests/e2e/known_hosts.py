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
        "host-key-revoked": "revoked", "host-key-by-certificate": "unclear",
        "known-hosts-unread": "unclear"}


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
        "changed with the port, right without": "%s %s\n127.0.0.1 %s" % (host, other, key),
        "right with the port, changed without": "127.0.0.1 %s\n%s %s" % (other, host, key),
        "right with the port and without": "127.0.0.1 %s\n%s %s" % (key, host, key),
        "changed with the port and without": "127.0.0.1 %s\n%s %s" % (other, host, other),
        "one of two": "%s %s\n%s %s" % (host, other, host, key),
        "ECDSA only": host + " " + shown["ecdsa-sha2-nistp256"], "RSA only": host + " " + rsa,
        "changed, and RSA": "%s %s\n%s %s" % (host, other, host, rsa),
        "revoked": "@revoked * " + key, "revoked, and known": "%s %s\n@revoked * %s" % (host, key, key),
        "another one revoked": "%s %s\n@revoked * %s" % (host, key, rsa),
        "revoked without the port": "@revoked 127.0.0.1 " + key,
        "revoked without the port, known with": "@revoked 127.0.0.1 %s\n%s %s" % (key, host, key),
        "revoked without the port, known without": "@revoked 127.0.0.1 %s\n127.0.0.1 %s" % (key, key),
        "another one revoked without the port": "@revoked 127.0.0.1 " + other,
        "revoked before it was seen": "@revoked %s %s" % (host, other),
        "authority": "@cert-authority * " + other,
        "authority, and known": "@cert-authority * %s\n%s %s" % (other, host, key),
        "authority, and changed": "@cert-authority * %s\n%s %s" % (other, host, other),
        "revoked, and RSA known": "%s %s\n%s %s\n@revoked * %s" % (host, key, host, rsa, key),
        "long list": "%s%s %s" % ("some.host.example," * 5000, host, key),
        "long list, changed": "%s%s %s" % ("some.host.example," * 5000, host, other),
        "long name, changed": "%s,%s %s" % ("n" * 70000, host, other),
        "long name behind, changed": "%s,%s %s" % (host, "n" * 70000, other),
        "name of 1022": "%s,%s %s" % ("n" * 1022, host, key),
        "name of 1023": "%s,%s %s" % ("n" * 1023, host, key),
        "zero byte behind it": "%s %s\0x" % (host, key),
        "far behind, changed": ("# much\n" * 2500000) + "%s %s" % (host, other),
    }


def certified_forms(port, shown, authority, other):
    """The same of a server that has a certificate; and whether we must know what ssh says."""
    host, key, rsa = "[127.0.0.1]:%d" % port, shown["ssh-ed25519"], shown["ssh-rsa"]
    trust = "@cert-authority * " + authority
    return {
        "none": ("", True), "plain": (host + " " + key, True),
        "changed": (host + " " + other, True), "revoked": ("@revoked * " + key, True),
        "trusted": (trust, None), "another trusted": ("@cert-authority * " + other, True),
        "trusted, and known": ("%s\n%s %s" % (trust, host, key), True),
        "trusted, and changed": ("%s\n%s %s" % (trust, host, other), False),
        "trusted, and revoked": ("%s\n@revoked * %s" % (trust, authority), False),
        "trusted, revoked and known": ("%s\n@revoked * %s\n%s %s" % (trust, authority, host, key),
                                       False),
        "revoked authority": ("@revoked * " + authority, False),
        "revoked authority, and known": ("@revoked * %s\n%s %s" % (authority, host, key), False),
        "trusted, and key revoked": ("%s\n@revoked * %s" % (trust, key), True),
        "RSA only": (host + " " + rsa, True),
    }


def unread(folder):
    """Files that cannot be read, or not to their end -> our status, and what must be said of them."""
    os.mkdir(os.path.join(folder, "directory"))
    os.mkfifo(os.path.join(folder, "fifo"))
    with open(os.path.join(folder, "long"), "w", encoding="ascii") as out:
        out.write("a," * (1 << 20) + "\n")
    with open(os.path.join(folder, "comment"), "w", encoding="ascii") as out:
        out.write("#" * (3 << 20) + "\n")
    with open(os.path.join(folder, "huge"), "w", encoding="ascii") as out:
        for _ in range(65):
            out.write(("#" * 1023 + "\n") * 1024)
    return {"missing": ("warn", "No such file"), "directory": ("warn", "it is a directory"),
            "fifo": ("unknown", "no regular file"), "long": ("unknown", "over 1 MiB"),
            "comment": ("warn", ""), "huge": ("unknown", "64 MiB"), "/dev/null": ("warn", "")}


def judge_unread(program, folder, key, port, name, expected):
    path = os.path.join(folder, name)
    done = asked([program, "--host", "127.0.0.1", "-p", str(port), "--key", key.path,
                  "--known-hosts", path, "--only", "ssh.host-key", "--json"], folder)
    check = next(c for c in json.loads(done.stdout)["targets"][0]["checks"]
                 if c["id"] == "ssh.host-key")
    status, says = expected
    said = check["summary"] if check["evidence"].get("unread") else ""
    good = check["status"] == status and (says in said if says else not said)
    print("%-7s %-40s %s: %s" % ("" if good else "FAILED:", name, check["status"], said))
    return good


def asked(words, home):
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300, check=False, env={"HOME": home})


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


def keys_of(sshd):
    """The server's keys by type."""
    return {line.split()[1]: " ".join(line.split()[1:3]) for line in sshd.known_hosts()}


def main():
    failed = False
    with tempfile.TemporaryDirectory(prefix="spf-known-") as folder:
        key, other = Key(folder, "key.pem", {}), Key(folder, "other.pem", {})
        recipe = {"host_keys": ["ed25519", "ecdsa", "rsa"], "config": ["MaxStartups 500"]}
        sshd = servers.Sshd(folder + "/sshd", recipe, key, other)
        authority = Key(folder, "authority.pem", {})
        certified = servers.Sshd(folder + "/certified", dict(
            recipe, host_authority=authority.path, certified=["ed25519"]), key, other)

        def judge(case):
            name, text, sshd, certain = case
            path = os.path.join(folder, "known-" + name.replace(" ", "-").replace(",", "").replace(":", ""))
            with open(path, "w", encoding="ascii") as out:
                out.write(text + "\n")
            done = asked([sys.argv[1], "--host", "127.0.0.1", "-p", str(sshd.port), "--key", key.path,
                          "--known-hosts", path, "--only", "ssh.host-key", "--json"], folder)
            checks = json.loads(done.stdout)["targets"][0]["checks"]
            cause = next(c["cause"] for c in checks if c["id"] == "ssh.host-key")
            ours = OURS.get(cause, cause)
            theirs = ssh_says(path, key, sshd.port, folder)
            # a warning may stand where ssh finds that an authority did sign
            good = (ours == theirs if certain else ours == "unclear" if certain is False else
                    ours == "unclear" or (ours, theirs) in (("unknown", "known"), (theirs, theirs)))
            return name, theirs, ours, good

        try:
            other_key = " ".join(other.public.split()[:2])
            cases = [(name, text, sshd, True)
                     for name, text in forms(folder, sshd.port, keys_of(sshd), other_key).items()]
            cases += [("certificate: " + name, text, certified, certain)
                      for name, (text, certain) in certified_forms(
                          certified.port, keys_of(certified),
                          " ".join(authority.public.split()[:2]), other_key).items()]
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                for name, theirs, ours, good in pool.map(judge, cases):
                    print("%-7s %-40s ssh: %-8s we: %s" % ("" if good else "FAILED:", name,
                                                           theirs, ours))
                    failed |= not good
            for name, expected in unread(folder).items():
                failed |= not judge_unread(sys.argv[1], folder, key, sshd.port, name, expected)
        finally:
            sshd.stop()
            certified.stop()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
