#!/usr/bin/python3
"""AsyncSSH's server (Debian: python3-asyncssh); see common.py."""

import asyncio
import warnings

warnings.simplefilter("ignore")  # ciphers of old

import asyncssh  # noqa: E402

import common  # noqa: E402


class Server(asyncssh.SSHServer):
    def begin_auth(self, username):
        return True

    def password_auth_supported(self):
        return ARGUMENTS.password_only

    def public_key_auth_supported(self):
        return not ARGUMENTS.password_only


async def run_command(process):
    """process.command is the forced command of the key, where it has one."""
    if process.command is None or ARGUMENTS.sftp_only:
        process.exit(1)
        return
    output, status = await asyncio.get_running_loop().run_in_executor(
        None, common.run, process.command)
    process.stdout.write(output)
    process.exit(status)


async def serve():
    more = {"server_version": ARGUMENTS.version} if ARGUMENTS.version else {}
    server = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=Server, server_host_keys=ARGUMENTS.host_key,
        process_factory=None if ARGUMENTS.sftp_only else run_command, encoding=None,
        sftp_factory=True, gss_host=None,
        authorized_client_keys=None if ARGUMENTS.password_only else ARGUMENTS.authorized, **more)
    common.ready(server.sockets[0].getsockname()[1])
    await server.wait_closed()


if __name__ == "__main__":
    ARGUMENTS = common.arguments()
    asyncio.run(serve())
