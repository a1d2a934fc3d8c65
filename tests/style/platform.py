#!/usr/bin/env python3
"""Which system it is, src/platform/ knows, by two lists of files; no other source asks.

    platform.py SOURCE_DIR

Looked for elsewhere in src/: conditions on a system, and headers that only one has.
"""
import pathlib
import re
import sys

CONDITION = re.compile(r"^\s*#\s*(if|ifdef|ifndef|elif)\b.*"
                       r"(_WIN(32|64)|__MINGW|__CYGWIN__|__linux|__unix|__APPLE__|__FreeBSD__|__gnu_linux__)", re.M)
HEADER = re.compile(r"^\s*#\s*include\s*<(windows|winsock2?|ws2tcpip|iphlpapi|aclapi|io|direct|conio|"
                    r"sys/(signalfd|epoll|inotify|timerfd))\.h>", re.M)


def main():
    root = pathlib.Path(sys.argv[1])
    found = 0
    for path in sorted((root / "src").rglob("*.[ch]")):
        if "platform" in path.relative_to(root / "src").parts[:1]:
            continue
        text = path.read_text(encoding="utf-8")
        for pattern in (CONDITION, HEADER):
            for match in pattern.finditer(text):
                found += 1
                print("%s:%d: %s" % (path.relative_to(root), text.count("\n", 0, match.start() + 1) + 1,
                                     match.group(0).strip()))
    return 1 if found else 0


sys.exit(main())
