#!/usr/bin/python3
"""Twisted Conch's server (Debian: python3-twisted); see common.py."""

import os
import sys
import warnings

warnings.simplefilter("ignore")  # ciphers of old

from twisted.conch import avatar  # noqa: E402
from twisted.conch.checkers import InMemorySSHKeyDB, SSHPublicKeyChecker  # noqa: E402
from twisted.conch.ssh import factory, filetransfer, keys, session  # noqa: E402
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse  # noqa: E402
from twisted.cred.portal import Portal  # noqa: E402
from twisted.internet import reactor  # noqa: E402
from twisted.python import log  # noqa: E402

import common  # noqa: E402

ARGUMENTS = common.arguments()


class Commands(session.SSHSession):
    def request_exec(self, data):
        if ARGUMENTS.sftp_only:
            return 0
        reactor.callInThread(self._run, data[4:])
        return 1

    def _run(self, command):
        output, status = common.run(command)
        reactor.callFromThread(self._end, output, status)

    def _end(self, output, status):
        self.write(output)
        self.conn.sendRequest(self, b"exit-status", status.to_bytes(4, "big"))
        self.loseConnection()


class User(avatar.ConchUser):
    def __init__(self):
        super().__init__()
        self.channelLookup[b"session"] = Commands
        self.subsystemLookup[b"sftp"] = filetransfer.FileTransferServer


class Realm:
    def requestAvatar(self, avatarId, mind, *interfaces):
        return interfaces[0], User(), lambda: None


class Factory(factory.SSHFactory):
    def __init__(self):
        known = [keys.Key.fromString("%s %s" % key)
                 for key in common.authorized(ARGUMENTS.authorized)]
        users = {os.environ.get("LAB_USER", "root").encode(): known}
        checker = InMemoryUsernamePasswordDatabaseDontUse() if ARGUMENTS.password_only \
            else SSHPublicKeyChecker(InMemorySSHKeyDB(users))
        self.portal = Portal(Realm(), [checker])
        pairs = [keys.Key.fromFile(path) for path in ARGUMENTS.host_key]
        self.privateKeys = {key.sshType(): key for key in pairs}
        self.publicKeys = {key.sshType(): key.public() for key in pairs}


def main():
    log.startLogging(sys.stderr, setStdout=False)
    port = reactor.listenTCP(0, Factory(), interface="127.0.0.1")
    common.ready(port.getHost().port)
    reactor.run()


if __name__ == "__main__":
    main()
