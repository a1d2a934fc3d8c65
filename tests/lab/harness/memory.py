"""What a process still has in its memory when all but the writing of its report is done."""

import fcntl
import os
import subprocess

from harness import servers

PIPE = 4096  # bytes, the least that a pipe holds
REPORT = b'"schema":'


def _is_mapped():
    """Are we root in a user namespace only, which owns nothing of a process that may not be dumped?"""
    with open("/proc/self/uid_map", encoding="ascii") as source:
        return source.read().split() != ["0", "0", "4294967295"]


def _filled_pipe():
    """A pipe that takes nothing more until it is read from."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE)
    os.set_blocking(writer, False)
    filled = 0
    try:
        while True:
            filled += os.write(writer, b"." * PIPE)
    except BlockingIOError:
        os.set_blocking(writer, True)
    return reader, writer, filled


def _writes_its_report(pid):
    """Is it held up in a write to its standard output?"""
    with open("/proc/%d/syscall" % pid, encoding="ascii") as source:
        call = source.read().split()
    return len(call) > 1 and call[1] == "0x1"


def _environment(pid):
    """From where to where the kernel put the environment: proc(5), stat, fields 50 and 51."""
    with open("/proc/%d/stat" % pid, encoding="utf-8") as source:
        fields = source.read().rsplit(")", 1)[1].split()
    return int(fields[47]), int(fields[48])


PAGE = 4096


def _read(memory, first, last):
    """An area may have guard pages in it (madvise(2)), which cannot be read; zeros in their place."""
    try:
        memory.seek(first)
        return memory.read(last - first)
    except OSError:
        if last - first <= PAGE:
            return bytes(last - first)
        return b"".join(_read(memory, at, min(at + PAGE, last)) for at in range(first, last, PAGE))


def _areas(pid):
    """Everything that the process has written to: (name, address, bytes)."""
    start, end = _environment(pid)
    with open("/proc/%d/maps" % pid, encoding="utf-8") as maps, \
            open("/proc/%d/mem" % pid, "rb") as memory:
        for line in maps:
            words = line.split(None, 5)
            first, last = (int(word, 16) for word in words[0].split("-"))
            if "w" not in words[1]:
                continue
            held = bytearray(_read(memory, first, last))
            if first <= start < last:  # what we were started with stays where it is
                held[start - first:end - first] = bytes(end - start)
            yield words[5].strip() if len(words) > 5 else "anonymous", first, held


def finds(pid, needles, around=24):
    """A line for each place where one of the byte strings is."""
    found = []
    for name, first, held in _areas(pid):
        for needle in needles:
            at = held.find(needle)
            while at >= 0:
                found.append("%s+%#x: %r" % (
                    name, at, bytes(held[max(0, at - around):at + len(needle) + around])))
                at = held.find(needle, at + 1)
    return found


def run(words, needles, timeout, **options):
    """Runs the program to its report, looks through its memory, and lets it end: the process as
    subprocess.run gives it, and what was found. Only root can look: for others it just runs, and
    under the sanitizers, whose shadow is larger than what it shadows."""
    if os.getuid() != 0 or _is_mapped() or os.environ.get("SPF_SANITIZED") == "yes":
        return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=timeout, check=False, **options), []
    reader, writer, filled = _filled_pipe()
    process = subprocess.Popen(words, stdout=writer, stderr=subprocess.PIPE, **options)
    os.close(writer)
    with open(reader, "rb") as pipe:
        reached = servers.wait_until(
            lambda: process.poll() is not None or _writes_its_report(process.pid), timeout)
        if not reached:
            process.kill()
        found = ["its report was not held up"]
        if reached and process.poll() is None:
            found = finds(process.pid, needles)
            if not finds(process.pid, [REPORT]):
                found.append("not even the report is seen there")
        out = pipe.read()[filled:]
    err = process.stderr.read()
    process.stderr.close()
    return subprocess.CompletedProcess(words, process.wait(), out, err), found
