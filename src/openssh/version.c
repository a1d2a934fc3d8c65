#include "openssh/version.h"

#include <string.h>

#include "base/text.h"

static const struct spf_field fields[] = {
    SPF_SHAPE_TEXT(struct spf_openssh_facts, line),
    SPF_SHAPE_NUMBER(struct spf_openssh_facts, version),
    SPF_SHAPE_TEXT(struct spf_openssh_facts, crypto),
    SPF_SHAPE_NUMBER(struct spf_openssh_facts, crypto_version),
};
const struct spf_shape spf_openssh_shape = SPF_SHAPE(struct spf_openssh_facts, fields);

enum { DIGITS_MAX = 3, NUMBER_MAX = 99 };

/* One to three digits; -1 for anything else, or more than a version can be. */
static int64_t read_part(const char **text)
{
    int64_t number = 0;
    int digits = 0;

    for (; **text >= '0' && **text <= '9'; (*text)++) {
        number = number * 10 + (**text - '0');
        if (++digits > DIGITS_MAX) {
            return -1;
        }
    }
    return digits == 0 || number > NUMBER_MAX ? -1 : number;
}

/* "9.2p1" → 902; 0 if it does not begin with a version. */
static int64_t read_number(const char *text)
{
    int64_t major = read_part(&text);
    int64_t minor;

    if (major < 0 || *text != '.') {
        return 0;
    }
    text++;
    minor = read_part(&text);
    return minor < 0 ? 0 : major * 100 + minor;
}

int64_t spf_openssh_version_of(const char *line)
{
    static const char *const names[] = {"OpenSSH_for_Windows_", "OpenSSH_"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (spf_starts_with(line, names[i])) {
            return read_number(line + strlen(names[i]));
        }
    }
    return 0;
}

static void read_crypto(struct spf_openssh_facts *facts)
{
    static const char *const names[] = {"OpenSSL", "LibreSSL"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char separated[24];
        const char *at;

        spf_format(separated, sizeof separated, ", %s ", names[i]);
        at = strstr(facts->line, separated);
        if (at == NULL) {
            continue;
        }
        spf_copy(facts->crypto, sizeof facts->crypto, names[i]);
        facts->crypto_version = read_number(at + strlen(separated));
    }
}

void spf_openssh_read_version(const char *says, size_t len, struct spf_openssh_facts *facts)
{
    *facts = (struct spf_openssh_facts){0};
    for (const char *at = says, *end = says + len; at < end && facts->version == 0;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t line_len = (size_t)((stop != NULL ? stop : end) - at);
        struct spf_openssh_facts read = {0};

        if (line_len > 0 && at[line_len - 1] == '\r') {
            line_len--;
        }
        spf_clean(read.line, sizeof read.line, at, line_len);
        read.version = spf_openssh_version_of(read.line);
        if (read.version != 0) {
            read_crypto(&read);
        }
        if (read.version != 0 || facts->line[0] == '\0') {
            *facts = read;
        }
        at = stop != NULL ? stop + 1 : end;
    }
}

void spf_openssh_version_format(int64_t version, char *out, size_t size)
{
    out[0] = '\0';
    if (version > 0) {
        spf_format(out, size, "%lld.%lld", (long long)(version / 100), (long long)(version % 100));
    }
}
