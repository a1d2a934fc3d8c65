#!/usr/bin/python3
"""Paramiko's server (Debian: python3-paramiko); see common.py."""

import logging
import socket
import sys
import threading

import paramiko

import common


class Server(paramiko.ServerInterface):
    def __init__(self, arguments):
        self._arguments = arguments
        self._keys = common.authorized(arguments.authorized)

    def get_allowed_auths(self, username):
        return "password" if self._arguments.password_only else "publickey"

    def check_auth_publickey(self, username, key):
        known = (key.get_name(), key.get_base64()) in self._keys and username != "no-such-user"
        return paramiko.AUTH_SUCCESSFUL if known and not self._arguments.password_only \
            else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED if kind == "session" \
            else paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel, command):
        if self._arguments.sftp_only:
            return False
        threading.Thread(target=self._run, args=(channel, command), daemon=True).start()
        return True

    @staticmethod
    def _run(channel, command):
        output, status = common.run(command.decode())
        channel.sendall(output)
        channel.send_exit_status(status)
        channel.close()


def serve(peer, arguments):
    transport = paramiko.Transport(peer)
    for path in arguments.host_key:
        for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
            try:
                transport.add_server_key(kind(filename=path))
                break
            except (paramiko.SSHException, ValueError):
                continue
    transport.set_subsystem_handler("sftp", paramiko.SFTPServer, paramiko.SFTPServerInterface)
    try:
        transport.start_server(server=Server(arguments))
    except (paramiko.SSHException, EOFError, OSError) as error:
        print(error, file=sys.stderr)


def main():
    arguments = common.arguments()
    logging.getLogger("paramiko").addHandler(logging.StreamHandler())
    listener = socket.create_server(("127.0.0.1", 0))
    common.ready(listener.getsockname()[1])
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=serve, args=(peer, arguments), daemon=True).start()


if __name__ == "__main__":
    main()
