#!/usr/bin/env python3
"""Security group rules: what evaluating them costs, and that two builds decide alike.

    python3 -B tests/bench/rules.py OLD NEW [--worlds N]

OLD and NEW are two builds of sshpreflight. Worlds are written as records, and each build replays
them: no network, no clock, the same evidence. First N random worlds (default 10,000), whose reports
must not differ in anything about the security groups; then groups of 1,000, 2,000 and 5,000 rules,
whose CPU time is measured, less that of the same record with rules for UDP, which are read and skipped.
"""
import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile

SIZES = (1000, 2000, 5000)
PER_RECORD = 250


def target(source_ip):
    asked = {"instance_id": "i-bp1bench", "user": "root", "port": 22, "family": 0,
             "selected": 1 << 5 | 1 << 6, "timeout_ms": 10000, "address": "auto", "session": "auto"}
    if source_ip:
        asked["source_ip"] = source_ip
    return asked


def record(worlds):
    return {"schema": "sshpreflight.record/1", "version": "0", "recorded_at": "2026-11-22T10:00:00Z",
            "targets": worlds}


def world(rules, source_ip=None, lists=(), port_lists=(), inner=False, private=False, peers=None):
    address = {"class": "private" if private else "public", "ip": "10.0.1.11" if private else "192.0.2.10",
               "bandwidth": 5, "private_ip": "10.0.1.11"}
    instance = {"search": "found", "id": "i-bp1bench", "region": "cn-hangzhou", "state": "running",
                "addresses": [address], "security_groups": [{"id": "sg-1"}], "vpc": "vpc-1"}
    membership = {"groups": [{"id": "sg-1", "type": "basic"}]}
    if peers is not None:
        membership.update(peer_known=True, peer_groups=[{"id": peer} for peer in peers])
    facts = {"credentials": {"source": "bench", "access_key": "LTAI5tBe", "region": "cn-hangzhou"},
             "instance": instance, "surroundings": {}, "membership": membership,
             "rules": {"groups": [{"id": "sg-1", "inner_accept": inner}], "rules": rules,
                       "prefix_lists": list(lists), "port_lists": list(port_lists)}}
    return {"target": target(source_ip), "groups": {name: {"ms": 1, "facts": of} for name, of in facts.items()}}


def block(rng):
    if rng.random() < 0.12:
        return "0.0.0.0/0"
    if rng.random() < 0.05:
        return rng.choice(("::/0", "2001:db8::/32", "nonsense", "10.0.0.0/33"))
    return f"{rng.choice((10, 100, 198, 203))}.{rng.randrange(4)}.{rng.randrange(4)}.{rng.randrange(256)}" \
           f"/{rng.choice((8, 15, 16, 22, 24, 25, 30, 32))}"


def ports(rng):
    return rng.choice(("22/22", "22/22", "22/22", "-1/-1", "1/1024", "20/25", "23/80", "443/443", "x/y", "22"))


def random_rule(rng, number):
    rule = {"id": f"sgr-{number}", "group": "sg-1", "policy": rng.choice(("accept", "drop")),
            "priority": rng.randrange(1, 6), "protocol": rng.choice(("TCP", "tcp", "ALL", "6", "UDP", "TCP"))}
    if rng.random() < 0.1:
        rule["port_list"] = f"prl-{rng.randrange(3)}"
        rule["ports"] = rng.choice(("-1/-1", "", "22/22"))
    else:
        rule["ports"] = ports(rng)
    if rng.random() < 0.08:
        rule["source_ports"] = rng.choice(("1/65535", "-1/-1", "1024/2000", "?"))
    if rng.random() < 0.1:
        rule["destination"] = rng.choice(("10.0.1.0/24", "10.0.2.0/24", "0.0.0.0/0", "::/0", "junk"))
    kind = rng.random()
    if kind < 0.15:
        rule["source_prefix_list"] = f"pl-{rng.randrange(4)}"
    elif kind < 0.25:
        rule["source_group"] = f"sg-{rng.randrange(1, 4)}"
    elif kind < 0.98:
        rule["source"] = block(rng)
    return rule


def random_world(seed):
    rng = random.Random(seed)
    lists = [{"id": f"pl-{i}", "resolved": i != 2, "entries": [{"id": block(rng)} for _ in range(rng.randrange(5))]}
             for i in range(3)]
    port_lists = [{"id": f"prl-{i}", "resolved": i != 1, "entries": [{"id": ports(rng)} for _ in range(rng.randrange(3))]}
                  for i in range(2)]
    source = rng.choice((None, f"{rng.choice((10, 100, 198, 203))}.{rng.randrange(4)}.{rng.randrange(4)}.{rng.randrange(256)}"))
    return world([random_rule(rng, i) for i in range(rng.randrange(0, 14))], source, lists, port_lists,
                 inner=rng.random() < 0.5, private=rng.random() < 0.3,
                 peers=rng.choice((None, [], ["sg-1"], ["sg-2", "sg-3"])))


def replay(program, path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([program, "--replay", path, "--json"], stdout=subprocess.PIPE, check=False,
                          env={"PATH": os.environ["PATH"]})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1, 2):
        sys.exit(f"{program} --replay ended with {done.returncode}")
    return (json.loads(done.stdout), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def decisions(report):
    found = []
    for one in report["targets"]:
        check = next(c for c in one["checks"] if c["id"] == "cloud.security-group")
        found.append({name: check.get(name) for name in ("status", "cause", "summary", "because", "evidence", "remedies")})
    return found


def compare(old, new, count, path):
    seen = {}
    for first in range(0, count, PER_RECORD):
        with open(path, "w", encoding="ascii") as file:
            json.dump(record([random_world(seed) for seed in range(first, min(first + PER_RECORD, count))]), file)
        a, b = (decisions(replay(program, path)[0]) for program in (old, new))
        for offset, (left, right) in enumerate(zip(a, b, strict=True)):
            if left != right:
                sys.exit(f"world {first + offset} differs:\n{json.dumps(left)}\n{json.dumps(right)}")
            key = left["cause"] or left["status"]
            seen[key] = seen.get(key, 0) + 1
    print(f"{count} random worlds, decided alike:", ", ".join(f"{k} {n}" for k, n in sorted(seen.items())))


def big_world(count, protocol):
    rng = random.Random(count)
    return world([{"id": f"sgr-{i}", "group": "sg-1", "policy": rng.choice(("accept", "accept", "drop")),
                   "priority": rng.randrange(1, 101), "protocol": protocol, "ports": "22/22",
                   "source": f"{rng.randrange(1, 224)}.{rng.randrange(256)}.{rng.randrange(256)}.0/24"}
                  for i in range(count)])


def cost(program, count, protocol, path, runs):
    with open(path, "w", encoding="ascii") as file:
        json.dump(record([big_world(count, protocol)]), file)
    return min(replay(program, path)[1] for _ in range(runs))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--worlds", type=int, default=10000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "record.json")
        compare(args.old, args.new, args.worlds, path)
        for size in SIZES:
            runs = 1 if size > 2000 else 3
            old = cost(args.old, size, "TCP", path, runs) - cost(args.old, size, "UDP", path, runs)
            new = cost(args.new, size, "TCP", path, 9) - cost(args.new, size, "UDP", path, 9)
            print(f"{size} rules: {old * 1000:.1f} ms before, {new * 1000:.2f} ms now: 1/{old / max(new, 1e-4):.0f}")


if __name__ == "__main__":
    main()
