#!/usr/bin/env python3
"""Where a key lies, whose it is and who may read it: judged as ssh judges it.

    places.py SSHPREFLIGHT

ssh-keygen -y, which looks at the mode as ssh does, is the referee. What this machine or user cannot
set up is left out, and said.
"""
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

NOBODY = 65534


class LeftOut(Exception):
    """This place can't be made here."""


def must(*argv):
    done = subprocess.run(argv, capture_output=True, timeout=600)
    if done.returncode != 0:
        raise LeftOut(f"{argv[0]}: {done.stderr.decode().strip().splitlines()[0]}")


def needs_root():
    if os.getuid() != 0:
        raise LeftOut("needs root")


class Places:
    """Each method makes a place under d and returns the key's path; its name is the case's."""

    def __init__(self, key):
        self.key, self.undo = key, []

    def copy(self, d, mode=0o400):
        path = d / "key.pem"
        shutil.copy(self.key, path)
        path.chmod(mode)
        return path

    def private_file(self, d):
        return self.copy(d)

    def mode_0600(self, d):
        return self.copy(d, 0o600)

    def mode_0440(self, d):
        return self.copy(d, 0o440)

    def mode_0404(self, d):
        return self.copy(d, 0o404)

    def mode_0500(self, d):
        return self.copy(d, 0o500)

    def mode_0401(self, d):
        return self.copy(d, 0o401)

    def link_to_private(self, d):
        (d / "link").symlink_to(self.copy(d).name)
        return d / "link"

    def link_to_open(self, d):
        (d / "link").symlink_to(self.copy(d, 0o644).name)
        return d / "link"

    def link_over_link(self, d):
        self.link_to_private(d)
        (d / "link2").symlink_to("link")
        return d / "link2"

    def link_to_itself(self, d):
        (d / "link").symlink_to("link")
        return d / "link"

    def link_to_nowhere(self, d):
        (d / "link").symlink_to("gone")
        return d / "link"

    def folder_of_group(self, d):
        needs_root()
        path = self.copy(d)
        os.chown(d, 0, NOBODY)
        d.chmod(0o770)
        return path

    def folder_of_own_group(self, d):
        """The group that has one's own name, as Debian makes it: nobody else is in it."""
        needs_root()
        path = self.copy(d)
        d.chmod(0o770)
        return path

    def folder_of_everybody(self, d):
        path = self.copy(d)
        d.chmod(0o777)
        return path

    def sticky_folder(self, d):
        path = self.copy(d)
        d.chmod(0o1777)
        return path

    def other_owner(self, d):
        needs_root()
        path = self.copy(d)
        os.chown(path, NOBODY, NOBODY)
        return path

    def other_owner_open(self, d):
        needs_root()
        path = self.copy(d, 0o644)
        os.chown(path, NOBODY, NOBODY)
        return path

    def access_list(self, d):
        if not shutil.which("setfacl"):
            raise LeftOut("needs setfacl")
        path = self.copy(d)
        must("setfacl", "-m", "u:nobody:r", str(path))
        return path

    def vfat(self, d):
        needs_root()
        make = shutil.which("mkfs.vfat", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if not make:
            raise LeftOut("needs mkfs.vfat")
        image, mount = d / "image", d / "mount"
        with open(image, "wb") as out:
            out.truncate(2 << 20)
        mount.mkdir()
        must(make, str(image))
        must("mount", "-o", "loop", str(image), str(mount))
        self.undo.append(["umount", str(mount)])
        return self.copy(mount)


# case -> key.mode in words, whether ssh takes the file
EXPECTED = {
    "private_file": ("pass", True),
    "mode_0600": ("warn key-mode-not-0400", True),
    "mode_0440": ("fail key-mode-too-open", False),
    "mode_0404": ("fail key-mode-too-open", False),
    "mode_0401": ("fail key-mode-too-open", False),
    "mode_0500": ("warn key-mode-not-0400", True),
    "link_to_private": ("pass", True),
    "link_to_open": ("fail key-mode-too-open", False),
    "link_over_link": ("pass", True),
    "link_to_itself": ("skip key.file", False),
    "link_to_nowhere": ("skip key.file", False),
    "folder_of_group": ("warn key-dir-writable", True),
    "folder_of_own_group": ("pass", True),
    "folder_of_everybody": ("warn key-dir-writable", True),
    "sticky_folder": ("pass", True),
    "other_owner": ("warn key-owner-other", True),
    "other_owner_open": ("warn key-owner-other", True),
    "access_list": ("fail key-mode-too-open", False),
    "vfat": ("fail key-mode-too-open", False),
}


def judge(program, path):
    done = subprocess.run([program, "--host", "127.0.0.1", "--key", str(path), "--only", "key", "--json"],
                          capture_output=True, timeout=600)
    check = json.loads(done.stdout)["targets"][0]["checks"][1]
    reason = check["because"] if check["status"] == "skip" else check["cause"]
    return " ".join(filter(None, (check["status"], reason))), check


def main():
    program = os.path.abspath(sys.argv[1])
    top = pathlib.Path(tempfile.mkdtemp(prefix="spf-places-"))
    wrong, left_out = [], []
    try:
        must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(top / "key"))
        places = Places(top / "key")
        for name, (should, loads) in EXPECTED.items():
            d = top / name
            d.mkdir(mode=0o700)
            try:
                path = getattr(places, name)(d)
            except LeftOut as reason:
                left_out.append(f"{name}: {reason}")
                continue
            words, check = judge(program, path)
            ssh = subprocess.run(["ssh-keygen", "-y", "-P", "", "-f", str(path)], capture_output=True,
                                 timeout=600)
            if words != should:
                wrong.append(f"{name}: {words}, should be {should}")
            if (ssh.returncode == 0) != loads:
                wrong.append(f"{name}: ssh-keygen -y: {ssh.returncode} {ssh.stderr.decode()!r}")
            if name == "access_list" and (not check["evidence"].get("acl") or
                                          "access control list" not in check["summary"]):
                wrong.append(f"{name}: the list is not named: {check}")
            if name == "vfat" and "vfat" not in check["summary"]:
                wrong.append(f"{name}: the file system is not named: {check}")
            if not stat.S_ISLNK(os.lstat(path).st_mode):
                path.chmod(0o600)
            for command in places.undo:
                subprocess.run(command, check=False)
            places.undo.clear()
        for what in wrong:
            print(what)
        for what in left_out:
            print("left out:", what)
        print(f"{len(EXPECTED) - len(left_out)} places, {len(wrong)} wrong")
        return 1 if wrong else 0
    finally:
        shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
