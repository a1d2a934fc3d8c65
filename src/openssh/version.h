#pragma once

#include <stdbool.h>

#include "base/shape.h"

/*
 * Which ssh this machine has: the one that PATH finds, by what its -V says. Versions are numbers,
 * 100 * major + minor: 902 is 9.2, 1006 is 10.6.
 */
struct spf_openssh_facts {
    char line[200];  /* its -V line, clean; "" if there is no ssh or it says nothing */
    int64_t version; /* 0: not known, or not OpenSSH's */
    char crypto[16]; /* the library it was built with: "OpenSSL", "LibreSSL"; "" not known */
    int64_t crypto_version;
};
extern const struct spf_shape spf_openssh_shape;

/* The version evaluated where this machine's is not known: from here on (design, "Which ssh"). */
#define SPF_OPENSSH_USUAL 906

/*
 * Reads what `ssh -V` printed: "OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026", and
 * on Windows "OpenSSH_for_Windows_9.5p1, LibreSSL 3.8.2" (version.h, ssh.c of OpenSSH). Lines that
 * a wrapper prints before it are skipped. Another program's first line is kept without a version.
 * Pure.
 */
void spf_openssh_read_version(const char *says, size_t len, struct spf_openssh_facts *facts);

/* The same of a server's software version, "OpenSSH_9.2p1 Debian-2" → 902; 0: not OpenSSH's. */
int64_t spf_openssh_version_of(const char *software);

/* "9.2" of 902, into at least 16 bytes; "" of 0. */
void spf_openssh_version_format(int64_t version, char *out, size_t size);
