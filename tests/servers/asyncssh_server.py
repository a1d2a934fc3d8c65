#!/usr/bin/python3
"""AsyncSSH's server. Prints "ready PORT", and ends when it is told to or when its parent dies."""

import argparse
import asyncio
import ctypes
import signal
import warnings

warnings.simplefilter("ignore")  # its ciphers of old

import asyncssh  # noqa: E402  (Debian: python3-asyncssh)


async def run_command(process):
    """process.command is the forced command of the key, where it has one."""
    if process.command is None:
        process.exit(1)
        return
    child = await asyncio.create_subprocess_shell(
        process.command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT)
    output, _ = await child.communicate()
    process.stdout.write(output)
    process.exit(child.returncode)


async def serve(arguments):
    server = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=arguments.host_key, process_factory=run_command,
        encoding=None, authorized_client_keys=arguments.authorized, password_auth=False,
        kbdint_auth=False, gss_host=None, server_version=arguments.version)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await server.wait_closed()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host-key", action="append", required=True)
    parser.add_argument("--authorized", required=True)
    parser.add_argument("--version", default=())
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
