#!/usr/bin/env python3
"""Nothing of a key or a passphrase may be seen outside of the process; and an agent's key is noticed.

    canaries.py SSHPREFLIGHT

Runs the program with keys whose every part is known, and looks for pieces of the private halves and of
the passphrase in its reports of every format, its record, its messages, its arguments, and in a core.
"""
import base64
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

PASSPHRASE = "CanaryPass-7f3a-open-sesame"


def run(*argv, **options):
    return subprocess.run(argv, capture_output=True, timeout=600, **options)


def secrets_of(d, name, passphrase):
    """Pieces that must not be seen: of the file's private lines, and of the numbers within."""
    text = (d / name).read_text()
    plain = d / (name + ".plain")
    shutil.copy(d / name, plain)
    plain.chmod(0o600)
    if passphrase:
        run("ssh-keygen", "-p", "-P", passphrase, "-N", "", "-f", str(plain))
    pieces = set()
    public = run("ssh-keygen", "-y", "-P", passphrase, "-f", str(d / name)).stdout
    if public:
        public += base64.b64decode(public.split()[1])
    for source in (text, plain.read_text()):
        lines = [line for line in source.split("\n") if len(line) >= 32 and ":" not in line
                 and "-----" not in line]
        data = base64.b64decode("".join(lines) + "==") if "PuTTY" not in source else b""
        half = data[len(data) // 2:]
        for at in range(0, len(half) - 24, 12):
            pieces.add(half[at:at + 16])
            pieces.add(half[at:at + 16].hex().encode())
        pieces.update(line[:28].encode() for line in lines[len(lines) // 2:])
    # the private key repeats the public one, which may be seen
    return {piece for piece in pieces if piece[:8] not in public and piece[8:16] not in public}


def listens(path):
    """The socket of an agent is there a moment before it can be connected to."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def search(where, data, pieces, found):
    for piece in pieces:
        if piece in data:
            found.append(f"{where}: {piece[:8]!r}...")
            return


def main():
    program = os.path.abspath(sys.argv[1])
    d = pathlib.Path(tempfile.mkdtemp(prefix="spf-canaries-"))
    found = []
    environment = {**os.environ, "SSHPREFLIGHT_PASSPHRASE": PASSPHRASE, "HOME": str(d)}
    environment.pop("SSH_AUTH_SOCK", None)
    agent = None
    try:
        run("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", "pem", cwd=d)
        run("ssh-keygen", "-q", "-t", "ed25519", "-a", "4", "-N", PASSPHRASE, "-f", "sealed", cwd=d)
        (d / "damaged").write_text((d / "pem").read_text().replace("\n", " "))
        (d / "damaged").chmod(0o400)
        pieces = {PASSPHRASE.encode()[6:]}
        for name, passphrase in (("pem", ""), ("sealed", PASSPHRASE), ("damaged", "")):
            pieces |= secrets_of(d, name, passphrase)
        runs = 0
        for name in ("pem", "sealed", "damaged"):
            for form in ("text", "json"):
                record = d / "record"
                record.unlink(missing_ok=True)
                done = run(program, "--host", "127.0.0.1", "--port", "1", "--key", str(d / name),
                           "--format", form, "-v", "--record", str(record), env=environment, cwd=d)
                runs += 1
                if done.returncode not in (0, 1, 2):
                    found.append(f"{name}, {form}: exit status {done.returncode}: {done.stderr[-200:]}")
                search(f"{name}, {form}, output", done.stdout, pieces, found)
                search(f"{name}, {form}, messages", done.stderr, pieces, found)
                if record.exists():
                    search(f"{name}, record", record.read_bytes(), pieces, found)

        # A server that never speaks holds the program while it has the decrypted key; then it is made
        # to crash. Another program, crashed in the same way, shows whether there are cores here.
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def crash(*argv, ready):
            child = subprocess.Popen(["sh", "-c", 'ulimit -c unlimited; exec "$@"', "sh", *argv],
                                     env=environment, cwd=d, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            ready(child)
            child.send_signal(signal.SIGABRT)
            _, status = os.waitpid(child.pid, 0)
            child.returncode = 0
            child.stdin.close()
            child.stdout.close()
            return status

        def connected(child):
            connection, _ = listener.accept()
            connection.recv(100)
            connections.append(connection)
            search("arguments", pathlib.Path(f"/proc/{child.pid}/cmdline").read_bytes(), pieces, found)

        def repeats(child):
            child.stdin.write(PASSPHRASE.encode())
            child.stdin.flush()
            child.stdout.read(len(PASSPHRASE))

        connections = []
        control = os.WCOREDUMP(crash("cat", ready=repeats))
        for core in d.glob("core*"):
            core.unlink()
        crashes = [(name, ["--key", str(d / name)]) for name in ("sealed", "pem", "damaged")]
        for name, key in crashes:
            status = crash(program, "--host", "127.0.0.1", "--port", str(listener.getsockname()[1]), *key,
                           "--record", str(d / "record"), "--json", ready=connected)
            if not os.WIFSIGNALED(status):
                found.append(f"{name}: the program did not crash as it should have")
            if os.WCOREDUMP(status):
                found.append(f"{name}: a core was dumped")
        for core in d.glob("core*"):
            search("core", core.read_bytes(), pieces, found)
        for connection in connections:
            connection.close()
        listener.close()
        print(f"{len(crashes)} crashes without a core; cat, crashed alike, "
              + ("dumps one" if control else "dumps none here either"))

        # An agent that holds the key.
        sock = d / "agent"
        agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(sock)], stdout=subprocess.DEVNULL)
        while not listens(sock):
            if agent.poll() is not None:
                raise SystemExit("ssh-agent did not start")
        with_agent = {**environment, "SSH_AUTH_SOCK": str(sock)}
        run("ssh-add", "-q", str(d / "pem"), env=with_agent)
        for name, want in (("pem", True), ("sealed", None)):
            done = run(program, "--host", "127.0.0.1", "--key", str(d / name), "--only", "key", "--json",
                       env=with_agent, cwd=d)
            checks = json.loads(done.stdout)["targets"][0]["checks"]
            evidence = [c["evidence"] for c in checks if c["id"] == "key.format"][0]
            if evidence.get("in_agent") != want:
                found.append(f"{name}: in_agent is {evidence.get('in_agent')}, not {want}")
        for what in found:
            print(what)
        print(f"{runs} runs, {len(pieces)} pieces looked for, {len(found)} found")
        return 1 if found else 0
    finally:
        if agent:
            agent.terminate()
            agent.wait()
        shutil.rmtree(d, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
