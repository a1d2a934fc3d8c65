#!/usr/bin/env python3
"""Makes the texts of made/ again: real clients against a real sshd (and two servers that are none).

    make.py [FOLDER [WORD...]]

With words, only the texts of these scenarios and clients ("closed", "plink"). What a
client is not installed for is left out, and said. The names of files and ports are replaced,
so that two runs differ in versions, fingerprints and times alone. Needs: sshd, ssh, ssh-keygen; for
the rest plink with puttygen, curl with libssh2, cc with libssh, dbclient, /usr/bin/python3 with paramiko and asyncssh, go with golang.org/x/crypto
(Debian's golang-golang-x-crypto-dev), node with ssh2 (NODE_PATH).
"""
import getpass
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).parent
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin")

PARAMIKO = """
import logging, paramiko, sys
logging.basicConfig(level=logging.INFO, format="%(levelname)s:%(name)s:%(message)s")
host, port, user, key, known = sys.argv[1:6]
client = paramiko.SSHClient()
client.load_host_keys(known)
client.connect(host, int(port), user, key_filename=key, allow_agent=False, look_for_keys=False,
               timeout=3, banner_timeout=3, auth_timeout=10)
print(client.exec_command("true")[1].channel.recv_exit_status())
"""
ASYNCSSH = """
import asyncio, asyncssh, sys
host, port, user, key, known = sys.argv[1:6]
async def main():
    async with asyncssh.connect(host, int(port), username=user, client_keys=[key], agent_path=None,
                                known_hosts=known, login_timeout=3, config=None) as there:
        await there.run("true", check=True)
asyncio.run(main())
"""
NODE = """
const { Client } = require("ssh2");
const [host, port, user, key] = process.argv.slice(2);
const client = new Client();
client.on("ready", () => { console.log("ready"); client.end(); });
client.connect({ host, port: +port, username: user, readyTimeout: 3000,
                 privateKey: require("fs").readFileSync(key) });
"""
GO = """
package main

import (
	"log"
	"os"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func main() {
	pem, err := os.ReadFile(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey(pem)
	if err != nil {
		log.Fatalf("Failed to parse ssh private key: %s", err)
	}
	known, err := knownhosts.New(os.Args[5])
	if err != nil {
		log.Fatal(err)
	}
	_, err = ssh.Dial("tcp", os.Args[1]+":"+os.Args[2], &ssh.ClientConfig{
		User: os.Args[3], Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback: known, Timeout: 3 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	log.Print("logged in")
}
"""


LIBSSH = r"""
#include <libssh/libssh.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **words)
{
    ssh_session session = ssh_new();
    ssh_key key = NULL;
    int port = atoi(words[2]);
    long timeout = 3;

    if (count < 6)
        return 2;
    ssh_options_set(session, SSH_OPTIONS_HOST, words[1]);
    ssh_options_set(session, SSH_OPTIONS_PORT, &port);
    ssh_options_set(session, SSH_OPTIONS_USER, words[3]);
    ssh_options_set(session, SSH_OPTIONS_KNOWNHOSTS, words[5]);
    ssh_options_set(session, SSH_OPTIONS_TIMEOUT, &timeout);
    if (ssh_connect(session) != SSH_OK ||
        (ssh_session_is_known_server(session) != SSH_KNOWN_HOSTS_OK) ||
        ssh_pki_import_privkey_file(words[4], NULL, NULL, NULL, &key) != SSH_OK ||
        ssh_userauth_publickey(session, NULL, key) != SSH_AUTH_SUCCESS) {
        fprintf(stderr, "libssh: %s\n", ssh_get_error(session));
        return 1;
    }
    puts("logged in");
    return 0;
}
"""


# They take the old algorithm, or no care of host keys: nothing fails.
LOGS_IN = {("kex-gap", "paramiko"), ("host-key-changed", "curl"), ("host-key-unknown", "curl"),
           ("kex-gap", "curl"), ("accepted", "curl"),
           ("host-key-changed", "ssh2"), ("host-key-unknown", "ssh2")}


def keygen(path, *more):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path), *more],
                   check=True)


SILENCE = b"(silence)"


class World:
    """One directory with keys, an sshd and the clients' files; closed when done."""

    def __init__(self, folder, config=(), authorized="client", fake=None):
        self.folder, self.port = folder, None
        self.process = self.listener = None
        for name in ("host", "client", "other"):
            keygen(folder / name)
        shutil.copy(folder / (authorized + ".pub"), folder / "authorized")
        if fake is not None:
            self.listener = socket.create_server(("127.0.0.1", 0))
            self.port = self.listener.getsockname()[1]
            threading.Thread(target=self._serve, args=(fake,), daemon=True).start()
        else:
            self._start_sshd(config)
        self.trust("host")

    def _serve(self, words):
        kept = []
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            kept.append(peer)
            if words is not SILENCE:
                peer.sendall(words)
                peer.close()

    def _start_sshd(self, config):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        lines = ["Port %d" % self.port, "ListenAddress 127.0.0.1", "HostKey %s/host" % self.folder,
                 "AuthorizedKeysFile %s/authorized" % self.folder, "StrictModes no", "UsePAM no",
                 "PidFile none", "PermitRootLogin yes"]
        (self.folder / "sshd_config").write_text("\n".join(list(config) + lines) + "\n")
        os.makedirs("/run/sshd", exist_ok=True)
        self.process = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(self.folder / "sshd_config")],
            stderr=subprocess.PIPE)
        for line in self.process.stderr:
            if b"Server listening" in line:
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def trust(self, *names):
        known = self.folder / "known_hosts"
        known.write_text("".join("[127.0.0.1]:%d %s" % (
            self.port, (self.folder / (name + ".pub")).read_text()) for name in names))

    def close(self):
        if self.listener:
            self.listener.close()
        if self.process:
            self.process.terminate()
            self.process.wait()


def scenarios():
    """name, arguments of World, what is then done to it"""
    def encrypted(world):
        subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "secret words", "-f",
                        str(world.folder / "client")], check=True)

    def gone(world):
        world.close()
        world.process = None
    return [
        ("accepted", {}, None),
        ("key-refused", {"authorized": "other"}, None),
        ("user-not-allowed", {"config": ["DenyUsers " + getpass.getuser()]}, None),
        ("password-only", {"config": ["PubkeyAuthentication no"]}, None),
        ("second-factor", {"config": ["AuthenticationMethods publickey,password"]}, None),
        ("host-key-changed", {}, lambda world: world.trust("other")),
        ("host-key-unknown", {}, lambda world: world.trust()),
        ("key-encrypted", {}, encrypted),
        ("key-missing", {}, lambda world: (world.folder / "client").unlink()),
        ("kex-gap", {"config": ["KexAlgorithms diffie-hellman-group1-sha1"]}, None),
        ("port-refused", {}, gone),
        ("silent", {"fake": SILENCE}, None),
        ("closed", {"fake": b""}, None),
        ("http", {"fake": b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"}, None),
    ]


def fingerprint(path):
    return subprocess.run(["ssh-keygen", "-lf", str(path)], check=True,
                          capture_output=True, text=True).stdout.split()[1]


def plink(world):
    """Its key in PuTTY's format, and the host keys that are trusted on the command line."""
    folder = world.folder
    (folder / "passphrase").write_text("secret words")
    words = ["--old-passphrase", folder / "passphrase", "--new-passphrase", folder / "passphrase"]
    if (folder / "client").exists():
        is_encrypted = subprocess.run(["ssh-keygen", "-y", "-P", "", "-f", folder / "client"],
                                      check=False, capture_output=True).returncode != 0
        subprocess.run(["puttygen", folder / "client", "-O", "private", "-o", folder / "client.ppk",
                        *(words if is_encrypted else [])], check=True, stdin=subprocess.DEVNULL)
    else:
        (folder / "client.ppk").unlink(missing_ok=True)
    trusted = [name for name in ("host", "other")
               if (folder / (name + ".pub")).read_text() in (folder / "known_hosts").read_text()]
    return ["plink", "-batch", "-ssh", "-P", str(world.port), "-i", str(folder / "client.ppk"),
            *[word for name in trusted
              for word in ("-hostkey", fingerprint(folder / (name + ".pub")))],
            getpass.getuser() + "@127.0.0.1", "true"]


def clients(tools):
    """name -> the words of its command"""
    def ssh(*more):
        return lambda w: [
            "ssh", "-F", "none", *more, "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o",
            "IdentityAgent=none", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=3", "-o",
            "UserKnownHostsFile=%s/known_hosts" % w.folder, "-o", "GlobalKnownHostsFile=/dev/null",
            "-i", str(w.folder / "client"), "-p", str(w.port), getpass.getuser() + "@127.0.0.1",
            "true"]

    def five(w):
        return ["127.0.0.1", str(w.port), getpass.getuser(), str(w.folder / "client"),
                str(w.folder / "known_hosts")]
    made = {"ssh": ssh(), "ssh-v": ssh("-v"), "ssh-vv": ssh("-vv"), "ssh-vvv": ssh("-vvv")}
    if shutil.which("plink") and shutil.which("puttygen"):
        made["plink"] = plink
    if b"libssh2" in subprocess.run(["curl", "--version"], check=False, capture_output=True).stdout:
        made["curl"] = lambda w: [
            "curl", "-sS", "--max-time", "5", "-k", "--key", str(w.folder / "client"), "--pubkey",
            str(w.folder / "client.pub"), "-u", getpass.getuser() + ":",
            "sftp://127.0.0.1:%d/" % w.port]
    (tools / "client.c").write_text(LIBSSH)
    if subprocess.run(["cc", "-o", str(tools / "libssh"), str(tools / "client.c"), "-lssh"],
                      check=False, stderr=subprocess.DEVNULL).returncode == 0:
        made["libssh"] = lambda w: [str(tools / "libssh"), *five(w)]
    if shutil.which("dbclient"):
        made["dbclient"] = lambda w: ["dbclient", "-i", str(w.folder / "client"), "-p", str(w.port),
                                      getpass.getuser() + "@127.0.0.1", "true"]
    for name, module, text in (("paramiko", "paramiko", PARAMIKO), ("asyncssh", "asyncssh", ASYNCSSH)):
        if subprocess.run(["/usr/bin/python3", "-c", "import " + module], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0:
            (tools / ("client_" + name + ".py")).write_text(text)
            made[name] = lambda w, file=tools / ("client_" + name + ".py"): ["/usr/bin/python3", str(file), *five(w)]
    (tools / "ssh2.js").write_text(NODE)
    if subprocess.run(["node", "-e", "require('ssh2')"], check=False, cwd=tools,
                      stderr=subprocess.DEVNULL).returncode == 0:
        made["ssh2"] = lambda w: ["node", str(tools / "ssh2.js"), *five(w)]
    (tools / "main.go").write_text(GO)
    if subprocess.run(["go", "build", "-o", str(tools / "gossh"), str(tools / "main.go")], check=False,
                      env=dict(os.environ, GO111MODULE="off", GOPATH="/usr/share/gocode",
                               GOCACHE=str(tools / "cache"), GOFLAGS=""),
                      stderr=subprocess.DEVNULL).returncode == 0:
        made["go"] = lambda w: [str(tools / "gossh"), *five(w)]
    for name in ("plink", "curl", "libssh", "dbclient", "paramiko", "asyncssh", "ssh2", "go"):
        if name not in made:
            print("%s is not installed: its texts stay as they are" % name, file=sys.stderr)
    return made


def run(words, world, tools):
    home = world.folder / "home"
    (home / ".ssh").mkdir(parents=True, exist_ok=True)
    shutil.copy(world.folder / "known_hosts", home / ".ssh" / "known_hosts")
    if words[0] == "dbclient":  # which has a format of its own, and known names without a port
        key = world.folder / "client"
        words = [str(key) + ".dropbear" if word == str(key) else word for word in words]
        subprocess.run(["dropbearconvert", "openssh", "dropbear", str(key), words[2]], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        known = home / ".ssh" / "known_hosts"
        known.write_text(re.sub(r"\[(.*?)\]:\d+", r"\1", known.read_text()))
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False,
                              stderr=subprocess.STDOUT, timeout=20, start_new_session=True,
                              env={"PATH": os.environ["PATH"], "HOME": str(home),
                                   "NODE_PATH": os.environ.get("NODE_PATH", "")})
        text = done.stdout.decode("utf-8", "replace")
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode("utf-8", "replace")
    text = text.replace("\r\n", "\n")
    for real, shown in ((str(world.folder), "/home/me/.ssh"), (str(tools), "/home/me/src"),
                        (str(world.port), "2222")):
        text = text.replace(real, shown)
    return text


def main():
    target = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else HERE / "made")
    target.mkdir(exist_ok=True)
    wanted = set(sys.argv[2:])
    with tempfile.TemporaryDirectory() as built:
        tools = pathlib.Path(built)
        programs = clients(tools)
        for name, how, change in scenarios():
            with tempfile.TemporaryDirectory() as folder:
                world = World(pathlib.Path(folder), **how)
                if change:
                    change(world)
                for client, words in programs.items():
                    if (name, client) in LOGS_IN or (wanted and not wanted & {name, client}):
                        continue
                    text = run(words(world), world, tools)
                    if text.strip() not in ("", "libssh:"):
                        (target / ("%s-%s.txt" % (name, client))).write_text(text)
                world.close()


if __name__ == "__main__":
    main()
