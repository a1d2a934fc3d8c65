#include "openssh/known_hosts.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/fingerprint.h"
#include "base/text.h"
#include "openssh/patterns.h"

#define BLOB_MAX    16384 /* a 64 kbit RSA key is 8 KiB */
#define PATTERN_MAX 1022  /* match.c, match_pattern_list: a longer one ends the list */
#define MISFITS_MAX 4
#define LINES_MAX   4096 /* that speak of one host */

/* A run of bytes of the file. */
struct span {
    const char *at;
    size_t len;
};

static bool span_is(struct span span, const char *word)
{
    return span.len == strlen(word) && memcmp(span.at, word, span.len) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Takes the next word off the line; empty at its end. */
static struct span next_word(struct span *line)
{
    struct span word;

    while (line->len > 0 && is_blank(*line->at)) {
        line->at++;
        line->len--;
    }
    word = (struct span){line->at, 0};
    while (line->len > 0 && !is_blank(*line->at)) {
        line->at++;
        line->len--;
        word.len++;
    }
    return word;
}

void spf_known_hosts_name(struct spf_known_hosts_facts *facts, const char *host, uint16_t port)
{
    char name[256];
    size_t len = strlen(host);

    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        spf_format(name, sizeof name, "%.*s", (int)(len - 2), host + 1);
    } else {
        spf_copy(name, sizeof name, host);
    }
    for (char *c = name; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    if (port == 22) {
        spf_copy(facts->name, sizeof facts->name, name);
    } else {
        spf_format(facts->name, sizeof facts->name, "[%s]:%u", name, (unsigned)port);
    }
}

/* "|1|base64 salt|base64 HMAC-SHA1 of the name with it" (hostfile.c, host_hash). */
static bool hash_matches(struct span hashed, const char *name)
{
    const char *bar = memchr(hashed.at + 3, '|', hashed.len - 3);
    uint8_t salt[20];
    uint8_t wanted[20];
    uint8_t found[EVP_MAX_MD_SIZE];
    unsigned found_len = 0;

    if (bar == NULL ||
        spf_base64_decode(hashed.at + 3, (size_t)(bar - hashed.at) - 3, salt, sizeof salt) !=
            (long)sizeof salt ||
        spf_base64_decode(bar + 1, hashed.len - (size_t)(bar + 1 - hashed.at), wanted,
                          sizeof wanted) != (long)sizeof wanted) {
        return false;
    }
    return HMAC(EVP_sha1(), salt, sizeof salt, (const unsigned char *)name, strlen(name), found,
                &found_len) != NULL &&
           found_len == sizeof wanted && memcmp(found, wanted, sizeof wanted) == 0;
}

/* A list of patterns; one that is negated and matches beats all others. */
static bool list_matches(struct span list, const char *name)
{
    bool found = false;

    while (list.len > 0) {
        const char *comma = memchr(list.at, ',', list.len);
        struct span pattern = {list.at, comma != NULL ? (size_t)(comma - list.at) : list.len};
        bool negated = pattern.len > 0 && *pattern.at == '!';
        size_t taken = pattern.len + (comma != NULL);

        list = (struct span){list.at + taken, list.len - taken};
        if (negated) {
            pattern = (struct span){pattern.at + 1, pattern.len - 1};
        }
        if (pattern.len > PATTERN_MAX) {
            return false; /* whatever matched before it */
        }
        if (!spf_pattern_matches(pattern.at, pattern.len, name, true)) {
            continue;
        }
        if (negated) {
            return false;
        }
        found = true;
    }
    return found;
}

static bool hosts_match(struct span hosts, const char *name)
{
    if (hosts.len > 3 && memcmp(hosts.at, "|1|", 3) == 0) {
        return hash_matches(hosts, name);
    }
    return list_matches(hosts, name);
}

/* The bare host of "[host]:port"; false if the name has no port. */
static bool bare_host(const char *name, char *out, size_t size)
{
    const char *end = strrchr(name, ']');

    return name[0] == '[' && end != NULL &&
           spf_format_whole(out, size, "%.*s", (int)(end - name) - 1, name + 1);
}

/* The key's own name for its type comes first in the blob (RFC 4253 section 6.6). */
static bool blob_is_of(const uint8_t *blob, size_t len, struct span algorithm)
{
    struct spf_reader reader = spf_reader(blob, len);
    struct spf_bytes name = spf_reader_string(&reader);

    return !reader.bad && reader.left > 0 && name.len == algorithm.len &&
           memcmp(name.at, algorithm.at, algorithm.len) == 0;
}

static bool append(struct spf_known_hosts_facts *facts, struct spf_known_host *host,
                   struct span algorithm, struct span base64)
{
    uint8_t blob[BLOB_MAX];
    long len = spf_base64_decode(base64.at, base64.len, blob, sizeof blob);
    struct spf_known_host *item;
    struct spf_buf text;

    if (len < 0 || algorithm.len >= sizeof host->algorithm ||
        !blob_is_of(blob, (size_t)len, algorithm)) {
        return true;
    }
    item = SPF_APPEND(&facts->lines);
    if (item == NULL) {
        return false;
    }
    memcpy(host->algorithm, algorithm.at, algorithm.len);
    spf_fingerprint_sha256((struct spf_bytes){blob, (size_t)len}, host->sha256,
                           sizeof host->sha256);
    spf_buf_init(&text, BLOB_MAX * 2);
    spf_buf_add_base64(&text, blob, (size_t)len, true);
    host->blob = spf_buf_take(&text);
    *item = *host;
    return host->blob != NULL;
}

static bool is_key(struct span algorithm, struct span base64)
{
    uint8_t blob[BLOB_MAX];
    long len = spf_base64_decode(base64.at, base64.len, blob, sizeof blob);

    return len >= 0 && algorithm.len > 0 && blob_is_of(blob, (size_t)len, algorithm);
}

/*
 * What is wrong with the shape of a line, where that shows what was meant; NULL: nothing. ssh skips
 * such a line without a word (hostfile.c, hostkeys_foreach_file).
 */
static const char *misfit(struct span line, struct span first, bool is_for_host)
{
    struct span second = next_word(&line);
    struct span third = next_word(&line);
    struct span fourth = next_word(&line);

    if (is_key(first, second)) {
        return "no host name precedes the key; ssh skips the line";
    }
    if (second.len > 7 && memcmp(second.at, "SHA256:", 7) == 0) {
        return "it is a fingerprint as ssh-keygen -l prints it, not a key; ssh skips the line";
    }
    if (!is_for_host) {
        return NULL;
    }
    if (is_key(third, fourth)) {
        return "two names without a comma precede the key; ssh skips the line";
    }
    return is_key(second, third) ? NULL
                                 : "it holds no key of the type that it names; ssh skips the line";
}

/* Keeps the first few lines of a wrong shape, as files that were not read. */
static bool note_misfit(struct spf_known_hosts_facts *facts, const struct spf_known_host *host,
                        const char *why)
{
    char place[sizeof facts->unread.items->file];

    if (why == NULL || facts->unread.count >= MISFITS_MAX) {
        return true;
    }
    spf_format(place, sizeof place, "%.230s:%lld", host->file, (long long)host->line);
    return spf_known_hosts_miss(facts, place, false, why);
}

static bool read_line(struct spf_known_hosts_facts *facts, struct spf_known_host *host,
                      struct span line)
{
    char bare[300];
    struct span word = next_word(&line);
    struct span rest = line;

    if (word.len == 0 || *word.at == '#') {
        return true;
    }
    if (*word.at == '@') {
        if (span_is(word, "@revoked")) {
            host->marker = SPF_MARKER_REVOKED;
        } else if (span_is(word, "@cert-authority")) {
            host->marker = SPF_MARKER_CERT_AUTHORITY;
        } else {
            return true;
        }
        word = next_word(&line);
        rest = line;
    }
    if (!hosts_match(word, facts->name)) {
        if (!bare_host(facts->name, bare, sizeof bare) || !hosts_match(word, bare)) {
            return note_misfit(facts, host, misfit(rest, word, false));
        }
        host->without_port = true;
    }
    if (!note_misfit(facts, host, misfit(rest, word, true))) {
        return false;
    }
    word = next_word(&line);
    return append(facts, host, word, next_word(&line));
}

bool spf_known_hosts_miss(struct spf_known_hosts_facts *facts, const char *file, bool ssh_reads,
                          const char *why)
{
    struct spf_unread_file *unread = SPF_APPEND(&facts->unread);

    if (unread == NULL) {
        return false;
    }
    spf_copy(unread->file, sizeof unread->file, file);
    spf_copy(unread->why, sizeof unread->why, why);
    unread->ssh_reads = ssh_reads;
    return true;
}

bool spf_known_hosts_read_line(struct spf_known_hosts_facts *facts, const char *file,
                               int64_t number, const char *text, size_t len)
{
    /* ssh's lines are C strings */
    struct span line = {text, strnlen(text, len)};
    struct spf_known_host host = {.line = number};

    if (line.len > 0 && line.at[line.len - 1] == '\r') {
        line.len--;
    }
    spf_copy(host.file, sizeof host.file, file);
    if (facts->lines.count < LINES_MAX) {
        return read_line(facts, &host, line);
    }
    return facts->unread.count > 0 ||
           spf_known_hosts_miss(facts, file, true, "it has too many lines for this host");
}

bool spf_known_hosts_read(struct spf_known_hosts_facts *facts, const char *file, const char *text,
                          size_t len)
{
    int64_t number = 0;

    for (size_t at = 0, line; at < len; at += line + 1) {
        const char *feed = memchr(text + at, '\n', len - at);

        line = feed != NULL ? (size_t)(feed - text) - at : len - at;
        if (!spf_known_hosts_read_line(facts, file, ++number, text + at, line)) {
            return false;
        }
    }
    return true;
}
