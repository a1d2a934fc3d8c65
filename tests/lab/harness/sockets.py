"""Sockets of this machine: where nobody is, and waiting until somebody is."""
import socket
import subprocess
import time

HANGS = 200  # seconds, after which what is waited for does not come


def free_port():
    """A port that was free a moment ago; whoever takes it must be ready to try another."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(where):
    """Can the port, or the socket of that path, be connected to? A path is there a moment before it can."""
    port = isinstance(where, int)
    with socket.socket(socket.AF_INET if port else socket.AF_UNIX) as probe:
        return probe.connect_ex(("127.0.0.1", where) if port else str(where)) == 0


def wait_until(condition, seconds):
    """Polls; for conditions that nothing announces. True if it came to hold."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def start_agent(stack, path):
    """An ssh-agent at that path, until the stack is closed."""
    process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    if not wait_until(lambda: listens(path), HANGS):
        raise RuntimeError("ssh-agent did not start")
