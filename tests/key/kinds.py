#!/usr/bin/env python3
"""Key files of less common kinds: what we say of each, for several versions of ssh, and what ssh-keygen
and puttygen of this machine say.

    kinds.py KEY_TELL SSHPREFLIGHT [--table FILE]

The files are data (tests/data/keys), for Debian 12's tools can't make all of them. ssh-keygen must load a
file, and make a signature with it that verifies, exactly where we say so for its version; puttygen likewise
for a PPK. What --fix would write must be the same key to ssh-keygen; and the command that is printed for a
format of another program must make a file that the program then has no complaint about.
"""
import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import sys
import tempfile

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "keys"
PASSPHRASE = "CanaryPass-7f3a"
VERSIONS = ("OpenSSH_9.2p1, OpenSSL 3.0.19", "OpenSSH_9.6p1, OpenSSL 3.0.13",
            "OpenSSH_10.0p2, OpenSSL 3.5.9", "OpenSSH_10.6p1, OpenSSL 3.6.5")

# file: cause ("" in order), which VERSIONS load it, what else: p PuTTY takes it, u we can log in with it,
# f --fix writes a good copy; and a word of the detail.
KINDS = {
    "ed25519-pkcs8.pem": ("key-pkcs8-ed25519", "nyyy", "uf", ""),          # openssl genpkey
    "ed25519-pkcs8-v2.pem": ("key-pkcs8-ed25519", "nnyy", "uf", ""),       # BouncyCastle, ring, sshpk
    "ed25519-pkcs8-v2.der": ("key-is-der", "nnnn", "uf", ""),
    "rsa-pkcs8-v2.pem": ("key-pkcs8-v2", "nnyy", "uf", ""),
    "ecdsa-pkcs8-v2.pem": ("key-pkcs8-v2", "nnyy", "uf", ""),
    "rsa-3-primes-pkcs8.pem": ("", "yyyy", "u", ""),                       # rsa_keygen_primes:3
    "rsa-3-primes-pkcs1.pem": ("", "yyyy", "u", ""),
    "rsa-wrong-dp.pem": ("key-parts-mismatch", "yyyy", "uf", "ssh can sign"),  # a bit turned, as are
    "rsa-wrong-qi.pem": ("key-parts-mismatch", "yyyy", "uf", "ssh can sign"),  # the next six
    "rsa-wrong-d.pem": ("key-parts-mismatch", "yyyy", "uf", "ssh can sign"),
    "rsa-wrong-p.pem": ("key-parts-mismatch", "yyyy", "u", "ssh can sign"),
    "rsa-wrong-n.pem": ("key-parts-mismatch", "broken", "", "does not belong"),
    "rsa-wrong-e.pem": ("key-parts-mismatch", "broken", "", "does not belong"),
    "rsa-wrong-p.openssh": ("key-parts-mismatch", "yyyy", "u", "ssh can sign"),
    "rsa-wrong-d.openssh": ("key-parts-mismatch", "broken", "", "does not belong"),
    "rsa-e-1.pem": ("key-weak", "yyyy", "u", "exponent of 1"),
    "ed25519-nul-in-comment.openssh": ("key-corrupt", "nnnn", "uf", "NUL"),
    "ed25519-nul-ends-comment.openssh": ("", "yyyy", "u", ""),
    "ed25519-two-public-keys.openssh": ("key-parts-mismatch", "nnny", "uf", "second copy"),
    "ed448.openssh": ("key-algorithm-unsupported", "nnnn", "", "Ed448"),   # AsyncSSH, PuTTYgen
    "ed448-pkcs8.pem": ("key-algorithm-unsupported", "nnnn", "", "Ed448"),
    "ed448.ppk": ("key-algorithm-unsupported", "nnnn", "p", "Ed448"),
    "secp256k1.openssh": ("key-algorithm-unsupported", "nnnn", "", "secp256k1"),
    "mldsa44-ed25519.openssh": ("key-algorithm-unsupported", "nnny", "", "10.6"),  # OpenSSH 10.6
    "ml-dsa-65-pkcs8.pem": ("key-algorithm-unsupported", "nnnn", "", "ML-DSA-65"),  # OpenSSL 3.6
    "ml-kem-768-pkcs8.pem": ("key-algorithm-unsupported", "nnnn", "", "ML-KEM-768"),
    "slh-dsa-pkcs8.pem": ("key-algorithm-unsupported", "nnnn", "", "SLH-DSA"),
    "ml-dsa-44-pkcs8-encrypted.pem": ("key-algorithm-unsupported", "nnnn", "", "ML-DSA-44"),
    "rsa-des-cbc.pem": ("key-cipher-legacy", "nnnn", "", ""),
    "rsa-bf-cbc.pem": ("key-cipher-legacy", "nnnn", "", ""),
    "rsa-seed-cbc.pem": ("key-cipher-legacy", "nnnn", "", ""),
    "rsa-pbe-md5-des.pem": ("key-cipher-legacy", "nnnn", "", ""),
    "rsa-pbe-rc2-40.pem": ("key-cipher-legacy", "nnnn", "", ""),
    "rsa-pbes2-des.pem": ("key-cipher-legacy", "nnnn", "", ""),
    "label-ed25519.pem": ("key-header-mangled", "nnnn", "uf", "ED25519 PRIVATE KEY"),
    "label-rsa-on-pkcs8.pem": ("key-header-mangled", "yyyy", "uf", "PKCS#8"),
    "label-ec-on-pkcs8.pem": ("key-header-mangled", "nnnn", "uf", "PKCS#8"),
    "label-pkcs8-on-sec1.pem": ("key-header-mangled", "nnnn", "uf", "SEC 1"),
    "label-eddsa-sshpk.pem": ("key-header-mangled", "nnnn", "uf", "EDDSA"),
    "ed25519.dropbear": ("key-other-format", "nnnn", "", "Dropbear"),
    "rsa.dropbear": ("key-other-format", "nnnn", "", "Dropbear"),
    "secret.pgp": ("key-other-format", "nnnn", "", "OpenPGP"),
    "secret.pgp.asc": ("key-other-format", "nnnn", "", "OpenPGP"),
    "06580CBFCAC86C0725F524603A05CF01A6D9B8E0.key": ("key-other-format", "nnnn", "", "gpg-agent"),
    "rsa.xml": ("key-other-format", "nnnn", "", ".NET"),
    "rsa.jwk": ("key-other-format", "nnnn", "", "JWK"),
    "ed25519.jwk": ("key-other-format", "nnnn", "", "JWK"),
    "rsa.jks": ("key-other-format", "nnnn", "", "JKS"),
    "rsa.jceks": ("key-other-format", "nnnn", "", "JCEKS"),
    "rsa.pvk": ("key-other-format", "nnnn", "", "PVK"),
    "rsa.msblob": ("key-other-format", "nnnn", "", "PRIVATEKEYBLOB"),
    "rsa-rc2-40.p12": ("key-is-pfx", "nnnn", "", "PKCS#12"),
    "ssh2-private": ("key-other-format", "nnnn", "", "RFC 4716"),
}

# What the printed command asks for on a terminal, and the tool without which it is not tried.
CONVERTED = {
    "ed25519.dropbear": ("", "dropbearconvert"), "rsa.dropbear": ("", "dropbearconvert"),
    "secret.pgp": ("", "gpg"), "secret.pgp.asc": ("", "gpg"),
    "06580CBFCAC86C0725F524603A05CF01A6D9B8E0.key": ("", "gpg"),
    "rsa.xml": ("", "python3-cryptography"), "rsa.jwk": ("", "node"), "ed25519.jwk": ("", "node"),
    "rsa.jks": ("testtest\n" * 4, "keytool"), "rsa.jceks": ("testtest\n" * 4, "keytool"),
    "rsa.pvk": ("", "openssl"), "rsa.msblob": ("", "openssl"), "rsa-rc2-40.p12": ("x\n", "openssl"),
    "rsa-des-cbc.pem": (PASSPHRASE + "\n" + "newpass\n" * 2, "openssl"),
    "rsa-pbe-rc2-40.pem": (PASSPHRASE + "\n" + "newpass\n" * 2, "openssl"),
}

wrong = []


def complain(name, what):
    wrong.append(f"{name}: {what}")


def run(*argv, cwd=None, data=None, home=None):
    environment = {**os.environ, "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"}
    environment.update({"HOME": str(home)} if home else {})
    environment.pop("SSH_AUTH_SOCK", None)
    return subprocess.run(argv, cwd=cwd, input=data, capture_output=True, timeout=600, text=True,
                          env=environment, start_new_session=True)


def type_into(command, lines, cwd, home):
    """Runs the command as its user would, who answers each question on the terminal; returns what is shown there."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execvpe("sh", ["sh", "-c", command], {**os.environ, "LC_ALL": "C", "HOME": str(home)})
    shown, answered = b"", 0
    lines = lines.splitlines(keepends=True)
    while True:
        try:
            got = os.read(terminal, 4096)
        except OSError:  # EIO: nobody has it open any more
            break
        shown += got
        asked = len(re.findall(rb"(?i)pass ?(?:word|phrase)[^\n]*:", shown))
        while answered < min(asked, len(lines)):
            os.write(terminal, lines[answered].encode())
            answered += 1
        if not got or asked > len(lines):
            break
    os.close(terminal)  # hangs up on what still asks
    os.waitpid(pid, 0)
    return shown.decode(errors="replace")


def tell(key_tell, version, paths, passphrase):
    done = run(key_tell, *(["-s", version] if version else []), "-p", passphrase, *map(str, paths))
    return {pathlib.Path(j["path"]).name: j for j in map(json.loads, done.stdout.splitlines())}


def ssh_keygen(path):
    """The public line, and whether a signature verifies; None if it does not load."""
    done = run("ssh-keygen", "-y", "-P", PASSPHRASE if b"ENCRYPTED" in path.read_bytes() else "",
               "-f", str(path))
    if done.returncode != 0:
        return None, False
    with tempfile.TemporaryDirectory() as d:
        key, text = pathlib.Path(d, "k"), pathlib.Path(d, "m")
        shutil.copy(path, key)
        key.chmod(0o600)
        key.with_suffix(".pub").write_text(done.stdout)
        text.write_text("m\n")
        signs = run("ssh-keygen", "-q", "-Y", "sign", "-n", "x", "-f", str(key), str(text)).returncode == 0
        signs = signs and run("ssh-keygen", "-q", "-Y", "check-novalidate", "-n", "x", "-s",
                              str(text) + ".sig", data="m\n").returncode == 0
    return done.stdout.split()[1], signs


def check_told(name, told, here):
    cause, versions, what, word = KINDS[name]
    facts = told[0]
    if facts.get("damage", "") != cause:
        complain(name, f"is called {facts.get('damage')} ({facts.get('detail')})")
    if word not in facts.get("detail", ""):
        complain(name, f"detail {facts.get('detail')!r} lacks {word!r}")
    if versions != "broken":
        loads = "".join("y" if t["openssh_accepts"] else "n" for t in told)
        if loads != versions:
            complain(name, f"loads with {loads}, expected {versions}")
    for letter, member in (("p", "putty_accepts"), ("u", "usable"), ("f", "repairable")):
        if bool(facts.get(member)) != (letter in what):
            complain(name, f"{member} is {facts.get(member)}")
    path = here["path"]
    blob, signs = ssh_keygen(path)
    works = here["told"]["openssh_accepts"] and versions != "broken"
    if signs != works:
        complain(name, f"ssh-keygen signs with it: {signs}; we say {works}")
    if signs and here["told"].get("public_blob") not in (None, blob):
        complain(name, "is another key to ssh-keygen")
    if path.suffix == ".ppk" and shutil.which("puttygen"):
        loads = run("puttygen", str(path), "-O", "private-openssh", "-o", "/dev/null").returncode == 0
        if loads != bool(facts.get("putty_accepts")):
            complain(name, f"puttygen loads it: {loads}")
    return signs


def report(program, path, home):
    done = run(program, "--host", "127.0.0.1", "--key", path.name, "--only", "key", "--json",
               cwd=path.parent, home=home)
    return json.loads(done.stdout)["targets"][0]["checks"][2]


def check_fixed(program, name, d):
    path = d / name
    fixes = [r for r in report(program, path, d)["remedies"] if (r["command"] or "").endswith("--fix")]
    wanted = "f" in KINDS[name][2]
    here = report(program, path, d)["status"] == "pass"
    if bool(fixes) != (wanted and not here):
        complain(name, f"--fix is {'offered' if fixes else 'not offered'}")
    if not fixes:
        return
    before = ssh_keygen(path)[0]
    run(program, "--host", "127.0.0.1", "--key", name, "--only", "key", "--fix", cwd=d, home=d)
    made = d / (name + ".fixed")
    blob, signs = ssh_keygen(made) if made.exists() else (None, False)
    if not signs or (before and blob != before):
        complain(name, f"--fix made nothing that ssh-keygen signs with")


def has_tool(tool):
    if tool == "python3-cryptography":
        return run("python3", "-c", "import cryptography").returncode == 0
    if tool == "openssl" and run("openssl", "list", "-providers", "-provider", "legacy").returncode != 0:
        return False
    return shutil.which(tool) is not None


def check_converted(program, name, d):
    typed, tool = CONVERTED[name]
    if not has_tool(tool):
        print(f"{name}: not converted, there is no {tool} here")
        return
    home = d / "home"
    home.mkdir()
    d.chmod(0o700)
    command = next((r["command"] for r in report(program, d / name, home)["remedies"] if r["command"]), None)
    if not command:
        complain(name, "no command converts it")
        return
    said = type_into(command, typed, d, home)
    if tool == "gpg":
        run("gpgconf", "--kill", "all", home=home)
        if not re.search(r"^(ssh-ed25519|ssh-rsa) ", said, re.M):
            complain(name, f"gpg-agent does not hold it: {said}")
        return
    made = d / (name + ".pem")
    if not made.exists():
        complain(name, f"{command!r} made nothing: {said}")
    elif report(program, made, home)["cause"] not in (None, "key-pkcs8-ed25519", "key-encrypted"):
        complain(name, f"{command!r} made a file with {report(program, made, home)['cause']}: {said}")


def main():
    key_tell, program = map(os.path.abspath, sys.argv[1:3])
    d = pathlib.Path(tempfile.mkdtemp(prefix="spf-kinds-"))
    try:
        paths = []
        for name in KINDS:
            path = d / name
            shutil.copy(DATA / name, path)
            path.chmod(0o400)
            paths.append(path)
        for name in sorted({p.name for p in DATA.iterdir()} - set(KINDS) - {"README"}):
            complain(name, "is in no row")
        told = [tell(key_tell, version, paths, PASSPHRASE) for version in VERSIONS]
        here = tell(key_tell, None, paths, PASSPHRASE)
        rows = ["| key | cause | " + " | ".join(v.split(",")[0] for v in VERSIONS) +
                " | ssh-keygen here signs | PuTTY | we log in | --fix |", "|" + "---|" * 10]
        for path in paths:
            name = path.name
            signs = check_told(name, [t[name] for t in told], {"path": path, "told": here[name]})
            facts = here[name]
            rows.append("| " + " | ".join(
                [name, facts.get("damage", "") or "in order"] +
                ["yes" if t[name]["openssh_accepts"] else "no" for t in told] +
                ["yes" if word else "no" for word in (signs, facts.get("putty_accepts"),
                                                      facts.get("usable"), facts.get("repairable"))]) + " |")
            for check in [check_fixed] + ([check_converted] if name in CONVERTED else []):
                place = pathlib.Path(tempfile.mkdtemp(prefix="k-", dir=d))
                shutil.copy(DATA / name, place / name)
                (place / name).chmod(0o400)
                check(program, name, place)
        if "--table" in sys.argv:
            pathlib.Path(sys.argv[sys.argv.index("--table") + 1]).write_text("\n".join(rows) + "\n")
        for what in wrong:
            print(what)
        print(f"{len(KINDS)} kinds, {len(wrong)} wrong")
        return 1 if wrong else 0
    finally:
        shutil.rmtree(d, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
