#!/usr/bin/env python3
"""Whatever fails that the program asks of a library, the verdict is the same or unknown, and nothing crashes.

Every function that the program takes from a library and that can fail for want of memory, descriptors,
threads or entropy fails once, at its first call, its second, fourth, eighth and so on, in runs of scenarios
against the lab. What must hold of each: no crash; the root cause is that of a run in which nothing fails,
or one that names the shortage; no check passes that did not pass, and none fails that did not fail.

Functions whose failure is itself an answer (d2i_*, ssh_userauth_*, ...) are left as they are.
SPF_SHORTAGE_EVERY: of so many failures one is tried (1: all); each scenario has its own selection.
"""

import argparse
import concurrent.futures
import contextlib
import errno
import json
import os
import platform
import re
import struct
import subprocess
import sys
import tempfile
import zlib

import stage
from stage import Stage

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = 77
SCENARIOS = ["healthy", "story-11-bound-but-refused", "key-crlf-pem", "ppk-encrypted-passphrase-environment", "auth-certificate",
             "jump-through", "agent-keys-too-many", "healthy-network-acl", "cloudsso-exchange",
             "region-endpoint-learned", "lookup-let-in", "gateway-without-route-only-cloud", "auth-certificate-agent",
             "agent-signs-rsa", "keys-certificate-agent", "session-forced-command", "session-sftp-only",
             "ssh-config-proxy-command", "ssh-config-jump-chain", "story-07-host-key-changed", "auth-second-factor",
             "tinyssh-login"]
OUT_OF_MEMORY = {"curl_easy_setopt": 27, "curl_multi_setopt": 3, "curl_multi_add_handle": 3, "curl_url_set": 7}
# What fails, as what: a pattern of names, what is returned, errno.
FAILURES = [
    ("malloc|calloc|realloc|strdup|strndup", 0, errno.ENOMEM),
    ("asprintf|vasprintf", -1, errno.ENOMEM),
    ("BIO_new.*|BN_CTX_(get|secure_new)|BN_(bin2bn|copy|div|gcd|mod_exp|mod_inverse|mod_mul|mul|sub|sub_word)|"
     "EC_GROUP_new.*|EC_POINT_(mul|new|get_aff.*)|"
     "EVP_(CIPHER|MD|PKEY)_CTX_new.*|EVP_CIPHER_CTX_(ctrl|set_padding)|EVP_Decrypt(Init_ex|Update)|"
     "EVP_Digest(Init_ex|Update|Final_ex|SignInit|VerifyInit|Sign)?|EVP_Q_digest|HMAC|EVP_PKEY_fromdata(_init)?|"
     "EVP_PKEY_get_(bn_param|octet_string_param|raw_private_key|raw_public_key)|EVP_PKEY_new_raw.*|"
     "OSSL_PARAM_BLD_(new|push_.*|to_param)|RAND_bytes|X509_get_pubkey|X509_REQ_get_pubkey", 0, 0),
    ("BN_bn2binpad", -1, 0),
    ("argon2_hash", -22, 0),
    ("curl_(easy_init|multi_init|slist_append|url)", 0, 0),
    ("|".join(OUT_OF_MEMORY), None, 0),
    ("json_object_new_.*|json_tokener_new_ex|json_object_to_json_string.*", 0, errno.ENOMEM),
    ("json_object_(object|array)_add", -1, errno.ENOMEM),
    ("ssh_(new|event_new|channel_new|pcap_file_new)", 0, errno.ENOMEM),
    ("ssh_(options_set|event_add_session|pcap_file_open|set_pcap_file|set_agent_socket|pki_import_.*|"
     "pki_export_.*|pki_generate.*|pki_copy_.*|get_server_publickey)", -1, errno.ENOMEM),
    ("accept4|bind|dup3|eventfd|epoll_create1|epoll_ctl|fcntl|getifaddrs|getrandom|getsockname|getsockopt|ioctl|"
     "listen|memfd_create|mkostemp|mmap|open|pipe2|recvmsg|rename|scandir|setsockopt|signalfd|socket|"
     "socketpair|fstat|fsync|fchmod|timerfd_.*|__res_ninit", -1, errno.EMFILE),
    ("connect|send", -1, errno.ENOBUFS),
    ("epoll_wait|poll|pread|read|recv", -1, errno.ENOMEM),
    ("fdopen|opendir|realpath", 0, errno.EMFILE),
    ("posix_spawnp?|posix_spawn_file_actions_(init|add.*)|posix_spawnattr_(init|set.*)|getpwnam_r|getpwuid_r|"
     "getgrgid_r|pthread_attr_(init|set.*)", errno.ENOMEM, 0),
    ("pthread_create", errno.EAGAIN, 0),
    ("getaddrinfo", -10, 0),
]
TRAMPOLINE = """
    .globl {name}
    .type {name}, @function
{name}:
    pushq %rax; pushq %rdi; pushq %rsi; pushq %rdx; pushq %rcx; pushq %r8; pushq %r9; pushq %r10
    subq $24, %rsp
    movl ${number}, %edi
    movq 88(%rsp), %rsi
    movq %rsp, %rdx
    call shortage_decides@PLT
    testl %eax, %eax
    jnz 1f
    movl ${number}, %edi
    call shortage_real@PLT
    movq %rax, %r11
    addq $24, %rsp
    popq %r10; popq %r9; popq %r8; popq %rcx; popq %rdx; popq %rsi; popq %rdi; popq %rax
    jmp *%r11
1:  movq (%rsp), %rax
    addq $88, %rsp
    ret
"""


def functions_of(binary):
    """(name, what it returns where it fails, errno) of all that the program takes from libraries."""
    taken = subprocess.run(["nm", "-D", "--undefined-only", binary], stdout=subprocess.PIPE, text=True,
                           check=True).stdout
    found = []
    for name in sorted({line.split()[-1].split("@")[0] for line in taken.splitlines()}):
        for pattern, value, error in FAILURES:
            if re.fullmatch(pattern, name):
                found.append((name, OUT_OF_MEMORY.get(name, value), error))
                break
    return found


def build(folder, functions):
    """The library to preload."""
    assembly = ["    .text"]
    table = ["    .data", "    .globl shortage_functions, shortage_count", "    .balign 8", "shortage_functions:"]
    for number, (name, value, error) in enumerate(functions):
        if name not in ("malloc", "calloc", "realloc"):
            assembly.append(TRAMPOLINE.format(name=name, number=number))
        table.append('    .quad .Lname%d, %d\n    .long %d, 0\n    .quad 0' % (number, value, error))
    table += ["shortage_count: .long %d" % len(functions)]
    table += ['.Lname%d: .asciz "%s"' % (number, name) for number, (name, *_) in enumerate(functions)]
    source, library = folder + "/calls.S", folder + "/shortage.so"
    with open(source, "w", encoding="ascii") as out:
        out.write("\n".join(assembly + table + ['    .section .note.GNU-stack,"",@progbits', ""]))
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-D_GNU_SOURCE", "-mgeneral-regs-only", "-o", library,
                    HERE + "/shortage_calls.c", source, "-ldl"], check=True)
    return library


class Scene:
    """A scenario's stage on which many runs take place."""

    def __init__(self, scene, preload, functions):
        self.scene, self.preload, self.functions = scene, preload, functions
        self.command = [scene.tools.binary] + scene.command() + ["--json"] + scene.failed_command()
        self.environment = scene.environment()

    def run(self, number, call):
        """(status, standard output, standard error, calls of each function)"""
        with tempfile.NamedTemporaryFile(dir=self.scene.folder) as order:
            order.write(struct.pack("=ii", number, call) + bytes(4 * len(self.functions)))
            order.flush()
            env = {**self.environment, "LD_PRELOAD": self.preload, "SPF_SHORTAGE": order.name}
            done = subprocess.run(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, env=env, cwd=self.scene.home, check=False,
                                  timeout=stage.HANGS)
            order.seek(8)
            calls = struct.unpack("=%dI" % len(self.functions), order.read())
        return done.returncode, done.stdout, done.stderr, calls


def judged(out):
    """check -> (status, cause) of a report; None where it is none, or lacks something."""
    try:
        return {check["id"]: (check["status"], check["cause"])
                for check in json.loads(out)["targets"][0]["checks"]}
    except (ValueError, KeyError, IndexError):
        return None


def is_of_nothing(out):
    """A report without a target, which is no pass."""
    try:
        report = json.loads(out)
    except ValueError:
        return False
    return not report["targets"] and report["verdict"] == "unknown"


RANK = {"pass": "good", "warn": "good", "fail": "bad", "unknown": "open", "skip": "open"}
OURS = {"system-error", "internal-error"}


def wrong_with(usual, done):
    """What one failed call made of the verdict that it must not; None."""
    status, out, err, _ = done
    if status < 0 or status > 128 or b"ERROR: " in err:
        return "it crashed: status %d" % status
    found = judged(out)
    if found is None:
        said_so = status >= 64 and not out or status == 2 and is_of_nothing(out)
        return None if err and said_so else "neither report nor error: status %d %r" % (status, err.decode(errors="replace")[:200])
    for check, (result, cause) in found.items():
        before = usual.get(check, ("skip", None))
        if RANK[result] == "bad" and (RANK[before[0]] != "bad" or cause != before[1]) and cause not in OURS:
            return "%s fails with %s, it was %s %s" % (check, cause, *before)
        if RANK[result] == "good" and RANK[before[0]] == "bad":
            return "%s passes, it was %s %s" % (check, *before)
    return None


def sweep(scene, every, pool):
    """Tries the failures of one scenario. Returns complaints and how many were tried."""
    _, out, err, calls = scene.run(-1, 0)
    usual = judged(out)
    if usual is None:
        return ["%s: no report: %s" % (scene.scene.name, err.decode(errors="replace"))], 0
    tried = []
    for number, count in enumerate(calls):
        call = 1
        while call <= count:
            where = "%s %s %d" % (scene.scene.name, scene.functions[number][0], call)
            if zlib.crc32(where.encode()) % every == 0:
                tried.append((where, number, call))
            call *= 2
    results = pool.map(lambda one: wrong_with(usual, scene.run(*one[1:])), tried)
    return ["%s: %s" % (one[0], wrong) for one, wrong in zip(tried, results) if wrong], len(tried)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--lab-cloud", required=True)
    parser.add_argument("scenario", nargs="*", default=SCENARIOS)
    tools = parser.parse_args()
    tools.keep, tools.schema = False, None
    if platform.machine() != "x86_64" or os.environ.get("SPF_SANITIZED") == "yes":
        print("skipped: its trampolines are for x86-64, without sanitizers")
        return SKIPPED
    every = int(os.environ.get("SPF_SHORTAGE_EVERY", "32"))
    wrong, count = [], 0
    with tempfile.TemporaryDirectory(prefix="spf-shortage-") as folder, \
            concurrent.futures.ThreadPoolExecutor(4) as pool:
        functions = functions_of(tools.binary)
        library = build(folder, functions)
        for name in tools.scenario:
            with contextlib.ExitStack() as stack:
                scene = Stage(os.path.join(HERE, "scenarios", name), tools, stack)
                stack.enter_context(scene.cloud())
                complaints, tried = sweep(Scene(scene, library, functions), every, pool)
                wrong += complaints
                count += tried
    for line in wrong:
        print("FAILED:", line)
    print("%d failures of %d functions tried, %d wrong" % (count, len(functions), len(wrong)))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
