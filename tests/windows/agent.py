#!/usr/bin/env python3
"""agent.py BRIDGE.exe COMMAND...: runs the command with the ssh-agent at SSH_AUTH_SOCK where Windows has its agents.

Under wine: at a pipe that SSH_AUTH_SOCK names, for which unix_program.c has the socket in it; where the key is a .ppk,
at that of PuTTY's agent (agent_pipe.c).
"""

import os
import socket
import subprocess
import sys
import threading

WINE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wine.sh")
PIPES = "\\\\.\\pipe\\"


def carry(source, to):
    """All that comes, and its end."""
    try:
        while True:
            piece = source.recv(65536)
            if not piece:
                break
            to.sendall(piece)
        to.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the other one has gone


def serve(listener, path):
    while True:
        visitor = listener.accept()[0]
        agent = socket.socket(socket.AF_UNIX)
        agent.connect(path)
        for ends in ((visitor, agent), (agent, visitor)):
            threading.Thread(target=carry, args=ends, daemon=True).start()


def main():
    bridge, command = sys.argv[1], sys.argv[2:]
    path = os.environ.pop("SSH_AUTH_SOCK")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener, path), daemon=True).start()
        words = ["sh", WINE, bridge, str(listener.getsockname()[1])]
        if not any(word.endswith(".ppk") for word in command):
            os.environ["SSH_AUTH_SOCK"] = PIPES + path.replace("/", "!")
            words.append(os.environ["SSH_AUTH_SOCK"])
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as pipe:
            if pipe.stdout.readline().strip() != b"ready":
                sys.exit("no agent at a pipe")
            status = subprocess.call(command)
            pipe.stdin.close()
    os._exit(status)  # threads wait for what does not come


if __name__ == "__main__":
    main()
