#include "cloud/console.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/encoding.h"
#include "base/fingerprint.h"
#include "base/text.h"

#define KEYS_MAX    32
#define TROUBLE_MAX 20
#define KEY_MAX     3000 /* base64 of a 16384-bit RSA key */

/* In whatever case: systemd names the unit, its description or, since 246, both ("Failed to start
 * sshd.service - OpenSSH server daemon."), and cloud-init has changed between cases. */
static const struct {
    const char *sign, *kind;
} signs[] = {
    {"Kernel panic", "kernel panic"},
    {"You are in emergency mode", "emergency mode"},
    {"Give root password for maintenance", "emergency mode"},
    {"RUN fsck MANUALLY", "file system check"},
    {"UNEXPECTED INCONSISTENCY", "file system check"},
    {"Unable to mount root", "root file system"},
    {"Dependency failed for", "unit failed"},
    {"No space left on device", "disk full"},
    {"Out of memory:", "out of memory"},
    {"oom-kill", "out of memory"},
    {"Failed to start OpenSSH", "sshd failed"},
    {"Failed to start OpenBSD Secure Shell", "sshd failed"},
    {"Failed to start sshd.service", "sshd failed"},
    {"Failed to start ssh.service", "sshd failed"},
    {"sshd: no hostkeys available", "sshd failed"},
    {"Failed to start Initial cloud-init", "cloud-init failed"},
    {"Failed to start Cloud-init", "cloud-init failed"},
    {"Failed to start Execute cloud", "cloud-init failed"},
    {"Failed to start Apply the settings specified in cloud-config", "cloud-init failed"},
    {"Failed to start cloud-config", "cloud-init failed"},
    {"Failed to start cloud-final", "cloud-init failed"},
};

/* Where we are in the text. */
struct reader {
    struct spf_console_facts *facts;
    bool fingerprints, keys; /* between cloud-init's BEGIN and END lines */
    char user[64];           /* of the table of authorised keys; "" outside one */
    bool md5;                /* the table's kind of fingerprint */
    bool failed;
};

static void add_host_key(struct reader *reader, const char *algorithm, const char *sha256)
{
    struct spf_console_host_key *key;

    if (reader->facts->host_keys.count >= KEYS_MAX) {
        return;
    }
    key = SPF_APPEND(&reader->facts->host_keys);
    if (key == NULL) {
        reader->failed = true;
        return;
    }
    spf_clean(key->algorithm, sizeof key->algorithm, algorithm, strlen(algorithm));
    spf_clean(key->sha256, sizeof key->sha256, sha256, strlen(sha256));
}

/*
 * Is the whole of a fingerprint there, and no more? The lines of a serial console get damaged, and
 * a damaged one must not tell against a machine. 32 octets make 43 characters, the last of four
 * bits.
 */
static bool is_whole_print(const char *print)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char last[] = "AEIMQUYcgkosw048";

    if (!spf_starts_with(print, "SHA256:")) {
        return false;
    }
    print += sizeof "SHA256:" - 1;
    return strlen(print) == 43 && strspn(print, digits) == 43 && strchr(last, print[42]) != NULL;
}

/* The blob's strings (RFC 4253 section 6.6) fill it exactly, and the first is the algorithm. */
static bool is_whole_key(struct spf_bytes blob, const char *algorithm)
{
    struct spf_reader reader = spf_reader(blob.at, blob.len);
    bool whole = spf_bytes_are(spf_reader_string(&reader), algorithm) && reader.left > 0;

    while (reader.left > 0) {
        (void)spf_reader_string(&reader);
    }
    return whole && !reader.bad;
}

/* "256 SHA256:… root@host (ED25519)" */
static void read_fingerprint(struct reader *reader, const char *line)
{
    const char *print = strstr(line, "SHA256:");
    const char *open = strrchr(line, '(');
    char sha256[64] = "";
    char algorithm[64] = "";

    if (print == NULL || open == NULL) {
        return;
    }
    if (sscanf(print, "%63s", sha256) == 1 && is_whole_print(sha256) &&
        sscanf(open, "(%62[A-Za-z0-9-])", algorithm) == 1) {
        add_host_key(reader, algorithm, sha256);
    }
}

/* "ssh-ed25519 AAAA… root@host" */
static void read_key(struct reader *reader, const char *line)
{
    static const char *const words[] = {"ssh-ed25519 ", "ssh-rsa ", "ecdsa-sha2-"};
    char algorithm[64];
    char base64[KEY_MAX];
    char sha256[64];
    unsigned char blob[KEY_MAX];
    const char *start = NULL;
    long len;

    for (size_t i = 0; i < sizeof words / sizeof *words && start == NULL; i++) {
        start = strstr(line, words[i]);
    }
    if (start == NULL || sscanf(start, "%63s %2999s", algorithm, base64) != 2) {
        return;
    }
    len = spf_base64_decode(base64, strlen(base64), blob, sizeof blob);
    if (len <= 0 || !is_whole_key((struct spf_bytes){blob, (size_t)len}, algorithm)) {
        return;
    }
    spf_fingerprint_sha256((struct spf_bytes){blob, (size_t)len}, sha256, sizeof sha256);
    if (sha256[0] != '\0') {
        add_host_key(reader, algorithm, sha256);
    }
}

static void add_authorized(struct reader *reader, const char *algorithm, const char *print)
{
    struct spf_console_authorized *key;

    if (reader->facts->authorized.count >= KEYS_MAX) {
        return;
    }
    key = SPF_APPEND(&reader->facts->authorized);
    if (key == NULL) {
        reader->failed = true;
        return;
    }
    spf_clean(key->user, sizeof key->user, reader->user, strlen(reader->user));
    spf_clean(key->algorithm, sizeof key->algorithm, algorithm, strlen(algorithm));
    spf_clean(key->fingerprint, sizeof key->fingerprint, print, strlen(print));
}

/* Octets in hexadecimal with colons; returns how many, or 0. */
static size_t octets_of(const char *text, unsigned char *out, size_t size)
{
    size_t count = 0;

    while (count < size && isxdigit((unsigned char)text[0]) && isxdigit((unsigned char)text[1])) {
        const char octet[] = {text[0], text[1], '\0'};

        out[count++] = (unsigned char)strtoul(octet, NULL, 16);
        text += 2;
        if (*text == '\0') {
            return count;
        }
        if (*text++ != ':') {
            return 0;
        }
    }
    return 0;
}

/* "ci-info: | ssh-rsa | aa:bb:… | - | comment |" */
static void read_authorized(struct reader *reader, const char *line)
{
    const char *bar = strchr(line, '|');
    char algorithm[64];
    char print[160];
    char text[64] = "";
    unsigned char octets[32];

    if (bar == NULL || sscanf(bar, "| %63s | %159s |", algorithm, print) != 2 ||
        strcasecmp(algorithm, "Keytype") == 0) {
        return;
    }
    if (reader->md5 && octets_of(print, octets, sizeof octets) == 16) {
        spf_format(text, sizeof text, "MD5:%.59s", print);
    } else if (is_whole_print(print)) {
        spf_copy(text, sizeof text, print);
    } else if (!reader->md5 && octets_of(print, octets, sizeof octets) == sizeof octets) {
        spf_fingerprint_of_digest((struct spf_bytes){octets, sizeof octets}, text, sizeof text);
    }
    if (text[0] != '\0') {
        add_authorized(reader, algorithm, text);
    }
}

/* "…Authorized keys from /root/.ssh/authorized_keys for user root++++" opens a table. */
static void read_table_head(struct reader *reader, const char *line)
{
    const char *user = strcasestr(line, " for user ");
    size_t len;

    reader->md5 = false;
    if (user == NULL || sscanf(user + 10, "%63[A-Za-z0-9._-]", reader->user) != 1) {
        reader->user[0] = '\0';
    }
    len = strlen(reader->user);
    if (len > 0 && reader->user[len - 1] == '.') { /* the end of the sentence */
        reader->user[len - 1] = '\0';
    }
}

static void read_trouble(struct reader *reader, const char *line)
{
    struct spf_console_trouble *trouble;

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (strcasestr(line, signs[i].sign) == NULL) {
            continue;
        }
        if (reader->facts->trouble.count >= TROUBLE_MAX) {
            return;
        }
        trouble = SPF_APPEND(&reader->facts->trouble);
        if (trouble == NULL) {
            reader->failed = true;
            return;
        }
        spf_copy(trouble->kind, sizeof trouble->kind, signs[i].kind);
        spf_clean(trouble->line, sizeof trouble->line, line, strlen(line));
        return;
    }
}

static void read_line(struct reader *reader, const char *line)
{
    if (strstr(line, "-----BEGIN SSH HOST KEY FINGERPRINTS-----") != NULL) {
        reader->fingerprints = true;
    } else if (strstr(line, "-----END SSH HOST KEY FINGERPRINTS-----") != NULL) {
        reader->fingerprints = false;
    } else if (strstr(line, "-----BEGIN SSH HOST KEY KEYS-----") != NULL) {
        reader->keys = true;
    } else if (strstr(line, "-----END SSH HOST KEY KEYS-----") != NULL) {
        reader->keys = false;
    } else if (strcasestr(line, "authorized keys from ") != NULL) {
        read_table_head(reader, line);
    } else if (strcasestr(line, "no authorized SSH keys fingerprints found for user ") != NULL) {
        read_table_head(reader, line);
        add_authorized(reader, "", "");
        reader->user[0] = '\0';
    } else if (reader->user[0] != '\0' && strcasestr(line, "fingerprint (md5)") != NULL) {
        reader->md5 = true;
    } else if (reader->user[0] != '\0' && strchr(line, '|') != NULL) {
        read_authorized(reader, line);
    } else if (reader->fingerprints) {
        read_fingerprint(reader, line);
    } else if (reader->keys) {
        read_key(reader, line);
    } else {
        read_trouble(reader, line);
    }
}

/*
 * Copies a line without what only steers a terminal: systemd colours its words, even within a line
 * ("Failed to start ESC[0;1;39mssh.serviceESC[0m - ..."), as ECMA-48 section 5.4 has it: CSI,
 * parameters, a final byte. A NUL would hide the rest of its line.
 */
static void copy_line(char *line, size_t size, const char *text, size_t len)
{
    size_t kept = 0;

    for (size_t i = 0; i < len && kept < size - 1; i++) {
        if (text[i] == '\033' && i + 1 < len && text[i + 1] == '[') {
            for (i += 2; i < len && text[i] >= 0x20 && text[i] < 0x40; i++) {
                continue;
            }
        } else if (text[i] != '\0' && text[i] != '\r') {
            line[kept++] = text[i];
        }
    }
    line[kept] = '\0';
}

/* Where the last boot begins: the kernel's first line. */
static const char *last_boot(const char *text, size_t len, bool *seen)
{
    static const char first[] = "Linux version ";
    const char *end = text + len;
    const char *start = text;

    *seen = false;
    for (const char *at = text;
         (at = memmem(at, (size_t)(end - at), first, sizeof first - 1)) != NULL; at++) {
        start = at;
        *seen = true;
    }
    return start;
}

struct spf_error spf_console_read(const char *text, size_t len, struct spf_console_facts *facts)
{
    struct reader reader = {.facts = facts};
    const char *end = text + len;
    char line[KEY_MAX + 400];

    text = last_boot(text, len, &facts->boot_seen);
    while (text < end) {
        const char *feed = memchr(text, '\n', (size_t)(end - text));
        size_t size = (size_t)((feed != NULL ? feed : end) - text);

        copy_line(line, sizeof line, text, size);
        read_line(&reader, line);
        text += size + 1;
    }
    return reader.failed ? spf_no_memory() : spf_ok();
}
