#!/usr/bin/env python3
"""The commands that are printed for a bad key file really repair it.

    remedies.py SSHPREFLIGHT

Makes a bad file of an awkward name for each cause that comes with a command, pastes the command into
a POSIX shell, and runs the program on what came of it.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

NAME = "my key's $file"


def must(*argv, cwd):
    done = subprocess.run(argv, cwd=cwd, capture_output=True, timeout=600)
    if done.returncode != 0:
        raise SystemExit(f"{argv}: {done.stderr.decode()}")


def cases(d):
    """cause -> (bytes, mode); the file that is repaired must then pass."""
    must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "ed", cwd=d)
    must("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", "rsa", cwd=d)
    must("puttygen", "ed", "-o", "ed.ppk", cwd=d)
    must("puttygen", "rsa", "-O", "private-sshcom", "-o", "sshcom", cwd=d)
    must("openssl", "rsa", "-in", "rsa", "-outform", "DER", "-out", "der", cwd=d)
    ed, rsa = (d / "ed").read_bytes(), (d / "rsa").read_bytes()
    return {
        "key-mode-too-open": (ed, 0o644),
        "key-mode-not-0400": (ed, 0o600),
        "key-crlf": (ed.replace(b"\n", b"\r\n"), 0o400),
        "key-crlf ": (ed.replace(b"\n", b"\r\n").rstrip(), 0o400),
        "key-bom": (b"\xef\xbb\xbf" + ed, 0o400),
        "key-utf16": (b"\xff\xfe" + ed.decode().replace("\n", "\r\n").encode("utf-16-le"), 0o400),
        "key-no-final-newline": (ed[:-1], 0o400),
        "key-text-before": (b"the key:\n" + ed, 0o400),
        "key-indented": (b"".join(b"   " + line + b"\n" for line in ed.splitlines()), 0o400),
        "key-multiple": (rsa + rsa, 0o400),
        "key-is-ppk": ((d / "ed.ppk").read_bytes(), 0o400),
        "key-is-sshcom": ((d / "sshcom").read_bytes(), 0o400),
        "key-is-der": ((d / "der").read_bytes(), 0o400),
        "key-pub-file-differs": (rsa, 0o400),
    }


def ask(program, d, name):
    done = subprocess.run([program, "--host", "127.0.0.1", "--key", name, "--only", "key", "--json"],
                          cwd=d, capture_output=True, timeout=600)
    return json.loads(done.stdout)["targets"][0]["checks"][:3]


def main():
    program = os.path.abspath(sys.argv[1])
    paths = os.path.dirname(program) + os.pathsep + os.environ["PATH"]
    top = pathlib.Path(tempfile.mkdtemp(prefix="spf-remedies-"))
    wrong = []
    try:
        all_cases = cases(top)
        for cause, (data, mode) in all_cases.items():
            d = top / cause
            d.mkdir()
            (d / NAME).write_bytes(data)
            (d / NAME).chmod(mode)
            if cause == "key-pub-file-differs":
                shutil.copy(top / "ed.pub", d / (NAME + ".pub"))
            named = [check for check in ask(program, d, NAME) if check["cause"] == cause.strip()]
            if not named:
                wrong.append(f"{cause}: the file did not have it")
                continue
            command = next((r["command"] for r in named[0]["remedies"] if r["command"]), None)
            if not command:
                wrong.append(f"{cause}: there is no command")
                continue
            done = subprocess.run(["sh", "-c", command], cwd=d, capture_output=True, timeout=600,
                                  env={**os.environ, "PATH": paths})
            # The program's own status is the verdict on a login, which nobody answers here.
            failed = done.returncode != 0 and not command.startswith("sshpreflight ")
            made = [p.name for p in d.iterdir() if re.search(r"\.(fixed|pem)$", p.name)] or [NAME]
            left = [check["cause"] for check in ask(program, d, made[0]) if check["cause"]]
            if failed or left:
                wrong.append(f"{cause}: {command!r} gave {done.returncode} {done.stderr!r}, left {left}")
        for what in wrong:
            print(what)
        print(f"{len(all_cases)} causes, {len(wrong)} wrong")
        return 1 if wrong else 0
    finally:
        shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
