#!/usr/bin/env python3
"""Inventories of Ansible as lists of hosts. Exit status 77: there is no ansible-inventory here."""

import os
import shutil
import sys

import fleet
from fleet import expect
import stage  # noqa: F401  (finds the harness)
from harness import servers

SKIPPED = 77
INI = """\
# what ssh needs stands in each of the places that Ansible has for it
127.0.0.2
[web]
web1 ansible_host=127.0.0.3
web2 ansible_host=127.0.0.4 ansible_port={closed}
web3 ansible_host=127.0.0.5 ansible_ssh_private_key_file={other}
templated ansible_host="{{{{ address }}}}"
behind ansible_host=127.0.0.6 ansible_ssh_common_args='-C -o ProxyJump=jump@127.0.0.1:{closed}'
[windows]
win ansible_connection=winrm
[web:vars]
ansible_ssh_executable=/usr/bin/ssh
[all:vars]
ansible_port={port}
ansible_user={user}
"""


def seen(report):
    return {(one["target"]["host"], one["target"]["port"]): one["cause"] for one in report["targets"]}


def write(scene, name, text):
    path = os.path.join(scene.folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


def filled(scene):
    return INI.format(closed=scene.closed, other=scene.other.path, port=scene.sshd.port,
                      user=servers.login_user())


def hosts_and_their_variables(scene):
    wanted = {("127.0.0.2", scene.sshd.port): None, ("127.0.0.3", scene.sshd.port): None,
              ("127.0.0.4", scene.closed): "port-refused",
              ("127.0.0.5", scene.sshd.port): "auth-key-refused"}
    path = write(scene, "inventory", filled(scene))
    report, err = scene.report("--hosts-file", path, status=1)
    jumped = [one for one in report["targets"] if one["target"]["host"] == "127.0.0.6"]
    if len(jumped) != 1 or jumped[0]["verdict"] == "pass" or not jumped[0]["target"]["jump"]:
        raise AssertionError(jumped)
    expect("targets", {key: of for key, of in seen(report).items() if key[0] != "127.0.0.6"}, wanted)
    expect("left out", [(one["where"].rsplit("/", 1)[-1], "template" in one["why"])
                        for one in report["left_out"]], [("inventory: templated", True)])
    for said in ('"-C" of ansible_ssh_common_args', "ansible_ssh_executable is not taken",
                 "ansible_connection winrm are not checked"):
        if err.count(said) != 1:
            raise AssertionError("%s: %s" % (said, err))
    write(scene, "tree/hosts", filled(scene))
    write(scene, "tree/group_vars/all.yml", "ansible_ssh_retries: 3\n")
    report, err = scene.report("--hosts-file", os.path.join(scene.folder, "tree"), status=1)
    expect("a directory", {key: of for key, of in seen(report).items() if key[0] != "127.0.0.6"}, wanted)
    yaml = "all:\n  hosts:\n    one:\n      ansible_host: 127.0.0.7\n"
    report, _ = scene.report("--hosts-file", write(scene, "hosts.yml", yaml), status=0)
    expect("YAML", seen(report), {("127.0.0.7", scene.sshd.port): None})


def what_cannot_be_read(scene):
    out, err = scene.run("--hosts-file", write(scene, "broken", "[web\n[all:vars]\nx\n"), status=64)
    if out or "names no target" not in err and "cannot read it" not in err:
        raise AssertionError((out, err))
    out, err = scene.run("--hosts-file", "-", status=64, given=b"[web]\nweb1\n")
    if out or "inventory of Ansible" not in err:
        raise AssertionError((out, err))
    # A list of ours is none, whatever brackets it has.
    report, _ = scene.report("--hosts-file", write(scene, "plain", "127.0.0.2\n[::1]:%d\n" % scene.closed),
                             status=1)
    expect("plain", seen(report), {("127.0.0.2", scene.sshd.port): None, ("::1", scene.closed): "port-refused"})
    kept = dict(scene.environment)
    scene.environment["PATH"] = scene.folder
    out, err = scene.run("--hosts-file", write(scene, "inventory", filled(scene)), status=64)
    scene.environment = kept
    if out or "ansible-inventory, which reads those, is not installed" not in err:
        raise AssertionError((out, err))


if __name__ == "__main__":
    if shutil.which("ansible-inventory", path=stage.ENVIRONMENT["PATH"]) is None:
        print("skipped: there is no ansible-inventory (Debian's ansible-core)")
        sys.exit(SKIPPED)
    sys.exit(fleet.main([hosts_and_their_variables, what_cannot_be_read]))
