#!/usr/bin/env python3
"""The file of defaults in real runs: which of file, environment and command line wins, and what is refused.

    defaults.py SSHPREFLIGHT
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

binary = os.path.abspath(sys.argv[1])
wrong = []

# option -> built in, in the file, on the command line; then the variable that means the same.
SETTINGS = {
    "user": ("root", "alice", "bob", None),
    "address": ("auto", "private", "public", None),
    "region": ("", "cn-beijing", "cn-shanghai", "ALIBABA_CLOUD_REGION_ID"),
    "profile": ("", "one", "two", "ALIBABA_CLOUD_PROFILE"),
    "config-path": ("", "/nonexistent/a", "/nonexistent/b", None),
    "endpoint-type": ("public", "vpc", "public", None),
    "ca-file": ("", "/nonexistent/c", "/nonexistent/d", None),
    "session": ("auto", "never", "always", None),
    "key-dir": ("", "/nonexistent/k", "/nonexistent/l", None),
    "timeout": ("10", "7", "8", None),
    "deadline": ("60", "50", "55", None),
    "format": ("text", "short", "junit", None),
    "color": ("auto", "never", "always", "NO_COLOR"),
    "lang": ("auto", "en", "zh", None),
}
REFUSED = [
    ("usr = x\n", "did you mean user"), ("timeout\n", "line 1 is not"), ("timeout = 0\n", "line 1: timeout cannot be"),
    ("\n# x\nuser = a\nuser = b\n", "line 4: user was set in line 3"), ("format = xml\n", "format cannot be"),
    ("passphrase-file = x\n", "not a default that can be set"), ("endpoint = https://x\n", "not a default"),
    ("user = a\0b\n", "not a text file"), ("#" * 70000, "larger than 64 KiB"), ("= x\n", "not a default"),
]


def run(folder, *words, **env):
    return subprocess.run([binary, *words], capture_output=True, text=True, check=False, timeout=300, cwd=folder,
                          env={"HOME": str(folder), "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"], **env})


def printed(folder, *words, **env):
    """option -> value, where from."""
    done, found, source = run(folder, "--print-config", *words, **env), {}, None
    if done.returncode or done.stderr:
        wrong.append("--print-config %s: %d %s" % (words, done.returncode, done.stderr))
    for line in done.stdout.splitlines():
        name, equals, value = line.removeprefix("# ").partition(" =")
        if equals:
            found[name] = (value.strip(), source)
        source = line.removeprefix("# ")
    return found


def same(what, found, wanted):
    if found != wanted:
        wrong.append("%s: %s, not %s" % (what, found, wanted))


def check_order(folder, config):
    built_in = printed(folder)
    same("options", set(built_in), set(SETTINGS))
    config.write_text("# mine\n\n" + "".join("%s=%s \n" % (name, row[1]) for name, row in SETTINGS.items()))
    in_file = printed(folder)
    for name, (plain, file, option, variable) in SETTINGS.items():
        same(name, built_in.get(name), (plain, "built in" if plain else "not set"))
        same(name, in_file.get(name), (file, "this file"))
        same(name, printed(folder, "--" + name, option).get(name), (option, "命令行" if name == "lang" else "the command line"))
        if variable:
            held = printed(folder, **{variable: "abc"})[name]
            same(name, held, ("auto" if name == "color" else "abc", "the environment, " + variable))
    # What it prints is such a file.
    text = run(folder, "--print-config").stdout
    config.write_text(text)
    same("once more", printed(folder), in_file)


def check_runs(folder, config):
    """What a run does with them."""
    config.write_text("user = alice\nformat = json\n")
    only_key = ("127.0.0.1", "--key", "key", "--only", "key")
    same("user", json.loads(run(folder, *only_key).stdout)["targets"][0]["target"]["user"], "alice")
    same("short", run(folder, *only_key, "--format", "short").stdout[:4], "pass")
    (folder / "ssh_config").write_text("User carol\n")
    same("User of the ssh configuration", json.loads(
        run(folder, "127.0.0.1", "-p", "1", "--only", "net", "-F", "ssh_config").stdout)
         ["targets"][0]["target"]["user"], "carol")
    same("explain", run(folder, "explain", "sg-no-rule").stdout[:10], "sg-no-rule")
    same("--version", run(folder, "--version").returncode, 0)
    (folder / ".config").rename(folder / "elsewhere")
    same("XDG_CONFIG_HOME", json.loads(run(folder, *only_key, XDG_CONFIG_HOME=str(folder / "elsewhere")).stdout)
         ["targets"][0]["target"]["user"], "alice")
    same("a relative one counts for nothing", run(folder, *only_key, XDG_CONFIG_HOME="elsewhere").stdout[:1] == "{",
         False)
    (folder / "elsewhere").rename(folder / ".config")


def check_refused(folder, config):
    only_key = ("127.0.0.1", "--key", "key", "--only", "key")
    for text, said in REFUSED:
        config.write_text(text)
        done = run(folder, *only_key)
        if done.returncode != 64 or said not in done.stderr or done.stdout or "~/.config" not in done.stderr:
            wrong.append("%r: %d %s" % (text[:40], done.returncode, done.stderr))
    config.write_text("user = alice\n")
    config.chmod(0o664)
    done = run(folder, *only_key)
    if done.returncode != 64 or "chmod go-w" not in done.stderr:
        wrong.append("writable by others: %d %s" % (done.returncode, done.stderr))
    config.unlink()
    os.mkfifo(config)
    if run(folder, *only_key).returncode != 64:
        wrong.append("a FIFO is read")


with tempfile.TemporaryDirectory(prefix="spf-defaults-") as name:
    place = pathlib.Path(name)
    os.umask(0o022)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / "key"], check=True)
    (place / "key").chmod(0o400)
    (place / ".config" / "sshpreflight").mkdir(parents=True)
    path = place / ".config" / "sshpreflight" / "config"
    check_order(place, path)
    check_runs(place, path)
    check_refused(place, path)
print("\n".join(wrong) or "%d options in file, environment and command line; %d files refused"
      % (len(SETTINGS), len(REFUSED) + 2))
sys.exit(1 if wrong else 0)
