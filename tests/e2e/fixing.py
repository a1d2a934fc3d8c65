#!/usr/bin/env python3
"""--fix where it cannot do its work: a disk that is full, a file system that is read-only, and the
user's Ctrl-C. Nothing is left half done, the original keeps every byte, and what was refused is not
advised again. In namespaces of its own."""

import os
import resource
import signal
import subprocess
import sys
import tempfile

SKIPPED = 77


def keygen(path, *more):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-f", path, *(more or ("-N", ""))], check=True)


def with_line_ends_of_windows(path):
    with open(path, "rb") as source:
        text = source.read().replace(b"\n", b"\r\n")
    with open(path, "wb") as out:
        out.write(text)


def fix(binary, home, key, *more):
    return subprocess.run([binary, "--fix", "--key", key, "--only", "key", *more], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, check=False,
                          env={"HOME": home, "LC_ALL": "C.UTF-8"})


def listing(folder):
    found = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            with open(path, "rb") as source:
                found[name] = (os.stat(path).st_mode & 0o7777, source.read())
    return found


def mounted(folder, options, make):
    os.mkdir(folder)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    make()


def full_disk(binary, home):
    """No page is left, so the copy's name can be made and its text cannot be written."""
    folder = os.path.join(home, "full")
    key = os.path.join(folder, "key.pem")

    def make():
        keygen(key)
        with_line_ends_of_windows(key)
        os.chmod(key, 0o600)
        try:
            with open(os.path.join(folder, "filler"), "wb", buffering=0) as out:
                while True:
                    out.write(b"\0" * 4096)
        except OSError:
            pass
    mounted(folder, "size=64k", make)
    before = listing(folder)
    done = fix(binary, home, key)
    said = done.stderr.decode()
    assert done.returncode == 1, (done.returncode, said)
    assert "No space left on device" in said and "can't be written" in said, said
    assert listing(folder) == before, "a full disk left something behind"


def no_room_by_limit(binary, home):
    """RLIMIT_FSIZE: the kernel's signal must not end the program before it has tidied up."""
    folder = os.path.join(home, "limited")
    key = os.path.join(folder, "key.pem")
    os.mkdir(folder)
    keygen(key)
    with_line_ends_of_windows(key)
    os.chmod(key, 0o600)
    before = listing(folder)
    done = subprocess.run([binary, "--fix", "--key", key, "--only", "key"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, check=False,
                          env={"HOME": home},
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))
    assert done.returncode == 1 and b"File too large" in done.stderr, (done.returncode, done.stderr)
    assert listing(folder) == before, "a limit left something behind"


def read_only(binary, home):
    folder = os.path.join(home, "read-only")

    def make():
        for name, damaged, mode in (("open.pem", False, 0o644), ("crlf.pem", True, 0o600)):
            keygen(os.path.join(folder, name))
            if damaged:
                with_line_ends_of_windows(os.path.join(folder, name))
            os.chmod(os.path.join(folder, name), mode)
    mounted(folder, "size=1m", make)
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    before = listing(folder)
    for name in ("open.pem", "crlf.pem"):
        key = os.path.join(folder, name)
        done = fix(binary, home, key)
        said, report = done.stderr.decode(), done.stdout.decode()
        assert done.returncode != 0 and "Read-only file system" in said, (name, done.returncode, said)
        assert "chmod 0400 " + key not in report and key + ".fixed" not in report and \
            "--key " + key not in report, "advised again: " + report
        # What is advised instead repairs: run it, and the copy is accepted.
        lines = [line.strip() for line in report.splitlines() if line.strip().startswith("mkdir -p ")]
        assert lines, report
        subprocess.run(["sh", "-c", lines[0]], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       env={"HOME": home, "PATH": "%s:%s" % (os.path.dirname(binary), os.environ["PATH"])})
        copies = [os.path.join(home, ".ssh", found) for found in sorted(os.listdir(os.path.join(home, ".ssh")))]
        again = fix(binary, home, copies[-1])
        assert again.returncode == 0, (again.stdout, again.stderr)
        for copy in copies:
            os.remove(copy)
    assert listing(folder) == before


def interrupted(binary, home):
    """A key derivation of some seconds; the signal comes when the thread is known to compute."""
    folder = os.path.join(home, "slow")
    key = os.path.join(folder, "key.pem")
    os.mkdir(folder)
    keygen(key, "-N", "secret", "-a", "200")
    with_line_ends_of_windows(key)
    os.chmod(key, 0o600)
    word = os.path.join(home, "passphrase")
    with open(word, "w", encoding="ascii") as out:
        out.write("secret\n")
    before = listing(folder)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with subprocess.Popen([binary, "--fix", "--key", key, "--passphrase-file", word, "--only", "key"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={"HOME": home}, preexec_fn=lambda: signal.signal(number, signal.SIG_DFL)) as run:
            while not computes(run.pid):
                assert run.poll() is None, "it ended before it could be interrupted"
            run.send_signal(number)
            _, said = run.communicate(timeout=300)
        assert b"interrupted" in said, (number, said)
        assert run.returncode in (128 + number, -number), (number, run.returncode, said)
        assert listing(folder) == before, "%s left something behind" % number.name


def computes(pid):
    """Has one of the process's threads used processor time of a key derivation's size?"""
    try:
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/stat" % (pid, task), encoding="ascii") as source:
                if int(task) != pid and int(source.read().rsplit(")", 1)[1].split()[11]) >= 5:
                    return True
    except (FileNotFoundError, ProcessLookupError):
        pass
    return False


def main():
    if len(sys.argv) == 2:  # a mount namespace of our own, so that nothing is left mounted
        command = ["unshare", "--mount", "--map-root-user", "--user"] if os.getuid() != 0 else ["unshare", "--mount"]
        try:
            if subprocess.run([*command, "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
                raise FileNotFoundError
        except FileNotFoundError:
            print("namespaces are not allowed here")
            return SKIPPED
        os.execvp(command[0], [*command, sys.executable, "-B", *sys.argv, "inside"])
    with tempfile.TemporaryDirectory(prefix="spf-fixing-") as home:
        os.chmod(home, 0o700)
        try:
            for case in (full_disk, no_room_by_limit, read_only, interrupted):
                case(sys.argv[1], home)
                print(case.__name__, "ok")
        finally:
            for name in ("full", "read-only"):
                subprocess.run(["umount", os.path.join(home, name)], check=False, stderr=subprocess.DEVNULL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
