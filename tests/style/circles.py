#!/usr/bin/env python3
"""No circles: what src/ consists of can be read, tested and replaced from the ground up.

    circles.py SOURCE_DIR BUILD_DIR NM

A module is a .c file with the header of its name, and with those that declare more of its functions than of any other's. It
depends on another where the linker says so (its object needs a symbol that the other's defines), or where one of its files
includes the other's header. Modules that depend on each other are one idea in several files, or hide a part that both stand on:
that part goes into a file below them, or what is called upwards becomes a value that is returned, or a callback.
"""
import collections
import pathlib
import re
import subprocess
import sys


def objects_of(source, build):
    """This build's objects by the names of their sources; one that a deleted source has left behind does not count."""
    found = {}
    for path in sorted((build / "src").rglob("*.c.o*")):
        room, _, name = str(path.relative_to(build / "src")).partition("CMakeFiles/")
        name = room + re.sub(r"^[^/]*\.dir/|\.o(bj)?$", "", name)
        if (source / name).exists():
            found[name] = path
    return found


def symbols_of(nm, objects):
    """What each object defines for others, and what it needs."""
    defined, needed = ({name: set() for name in objects} for _ in range(2))
    names = {str(path): name for name, path in objects.items()}
    for line in subprocess.run([nm, "-A", "-P", "-g", *names], check=True, capture_output=True,
                               text=True).stdout.splitlines():
        path, _, symbol = line.partition(": ")
        symbol, kind = symbol.split()[:2]
        if kind == "U":
            needed[names[path]].add(symbol)
        elif kind not in "wv":
            defined[names[path]].add(symbol)
    return defined, needed


def owners_of(headers, defined):
    """The module of each header; one that declares no function is a module of its own."""
    owners = {}
    for header, text in headers.items():
        declared = set(re.findall(r"\b(\w+)[(\[;]", "\n".join(re.findall(r"^[a-z].*", text, re.MULTILINE))))
        most = max(defined, key=lambda name: len(defined[name] & declared))
        own = header[:-1] + "c"
        owners[header] = own if own in defined else most if defined[most] & declared else header
    return owners


def dependencies(texts, owners, defined, needed):
    """Of each module the modules that it needs, and for what."""
    edges = collections.defaultdict(lambda: collections.defaultdict(set))
    home = {symbol: name for name, symbols in defined.items() for symbol in symbols}
    for name, symbols in needed.items():
        for symbol in symbols & home.keys():
            if home[symbol] != name:
                edges[name][home[symbol]].add(symbol)
    for name, text in texts.items():
        module = owners.get(name, name)
        for included in re.findall(r'^#include "([^"]+)"', text, re.MULTILINE):
            if included in owners and owners[included] != module:
                edges[module][owners[included]].add("%s includes %s" % (name, included))
    return edges


def circles_in(edges):
    """Strongly connected components of more than one module (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in edges.get(node, ()):
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for node in list(edges):
        if node not in index:
            visit(node)
    return sorted(found)


def main():
    source, build, nm = pathlib.Path(sys.argv[1]) / "src", pathlib.Path(sys.argv[2]), sys.argv[3]
    headers = {str(path.relative_to(source)): path.read_text(encoding="utf-8") for path in source.rglob("*.h")}
    objects = objects_of(source, build)
    if len(objects) < 100:
        print("%s: %d objects of src/: it is not built" % (build, len(objects)))
        return 1
    defined, needed = symbols_of(nm, objects)
    texts = headers | {name: (source / name).read_text(encoding="utf-8") for name in objects}
    edges = dependencies(texts, owners_of(headers, defined), defined, needed)
    circles = circles_in(edges)
    for circle in circles:
        rooms = sorted({str(pathlib.PurePath(name).parent) for name in circle})
        print("a circle of %d in %s:" % (len(circle), ", ".join(rooms)))
        for name in circle:
            for other in sorted(set(circle) & edges[name].keys()):
                print("    %s needs %s: %s" % (name, other, ", ".join(sorted(edges[name][other]))))
    print("%d modules, %d circles" % (len(defined), len(circles)))
    return 1 if circles else 0


sys.exit(main())
