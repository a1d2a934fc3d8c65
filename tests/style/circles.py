#!/usr/bin/env python3
"""No circles: the modules of src/ can be read, tested and replaced from the ground up.

    circles.py SOURCE_DIR BUILD_DIR NM

A module is a .c file with the headers whose functions it defines most of. It depends on another where the linker says so (its object
needs a symbol that the other's object defines), or where its header includes the other's. Modules that depend on each
other in a circle are one module in several files: a part that both need belongs into a file below them.
"""
import collections
import pathlib
import re
import subprocess
import sys


def symbols_of(nm, objects):
    """Each object's symbols: those that it defines for others, and those that it needs."""
    defined, needed = {}, {}
    for name, path in objects.items():
        words = [line.split() for line in subprocess.run([nm, "-P", "-g", path], check=True, capture_output=True,
                                                         text=True).stdout.splitlines()]
        defined[name] = {word[0] for word in words if word[1] not in "Uwv"}
        needed[name] = {word[0]: None for word in words if word[1] == "U"}
    return defined, needed


def objects_of(source, build):
    """The objects of this build by the names of their sources; one of a source that is gone is not looked at."""
    found = {}
    for path in sorted((build / "src").rglob("*.c.o*")):
        name = re.sub(r".*?\.dir/", "", str(path.relative_to(build / "src")))
        name = re.sub(r"\.o(bj)?$", "", name)
        room = str(path.relative_to(build / "src").parent).split("CMakeFiles")[0]
        if (source / room / name).exists():
            found[room + name] = path
    return found


def owners_of(headers, defined):
    """The module that a header belongs to: the .c of its stem, or the one that defines most of what it declares."""
    owners = {}
    for header, text in headers.items():
        words = set(re.findall(r"\b(\w+)[(\[;]", "\n".join(re.findall(r"^(?:[a-z].*|)$", text, re.MULTILINE))))
        most = max(defined, key=lambda name: (len(defined[name] & words), name == header[:-1] + "c"))
        if header[:-1] + "c" in defined:
            owners[header] = header[:-1] + "c"
        else:
            owners[header] = most if defined[most] & words else header
    return owners


def edges_of(headers, owners, defined, needed):
    """What each module depends on, and by which symbols or header."""
    edges = collections.defaultdict(lambda: collections.defaultdict(set))
    if len(sys.argv) > 4:
        headers = dict(headers)
        for name in defined:
            headers[name] = pathlib.Path("src", name).read_text()
            owners[name] = name
    home = {symbol: name for name, own in defined.items() for symbol in own}
    for name, wanted in needed.items():
        for symbol in wanted:
            if home.get(symbol, name) != name:
                edges[name][home[symbol]].add(symbol)
    for header, text in headers.items():
        for included in re.findall(r'^#include "([^"]+)"', text, re.MULTILINE):
            if included in owners and owners[included] != owners[header]:
                edges[owners[header]][owners[included]].add(header + " includes " + included)
    return edges


def components(edges):
    """Strongly connected components of more than one module (Tarjan), without recursion's limit."""
    sys.setrecursionlimit(10000)
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in edges.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
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
    defined, needed = symbols_of(nm, objects_of(source, build))
    if len(defined) < 100:
        print("%s: %d objects: not a build of src/" % (build, len(defined)))
        return 1
    headers = {str(path.relative_to(source)): path.read_text(encoding="utf-8") for path in source.rglob("*.h")}
    edges = edges_of(headers, owners_of(headers, defined), defined, needed)
    circles = components(edges)
    for circle in circles:
        print("a circle of %d: %s" % (len(circle), " ".join(circle)))
        for name in circle:
            for other in circle:
                for why in [", ".join(sorted(edges[name].get(other, ())))]:
                    if why:
                        print("    %s -> %s: %s" % (name, other, why))
    rooms = collections.defaultdict(lambda: collections.defaultdict(set))
    for name in list(edges):
        for other in edges[name]:
            here, there = (str(pathlib.PurePath(place).parent) for place in (name, other))
            if here != there:
                rooms[here][there].add("%s -> %s" % (name, other))
    print("%d circles" % len(circles))
    for circle in components(rooms):
        print("rooms: %s" % " ".join(circle))
        for name in circle:
            for other in circle:
                if other in rooms[name]:
                    print("    %s -> %s: %d" % (name, other, len(rooms[name][other])))
    return 1 if circles else 0


sys.exit(main())
