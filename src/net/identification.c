#include "net/identification.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define LINES_MAX 1024 /* SSH_MAX_PRE_BANNER_LINES of OpenSSH */
/* RFC 4253 section 4.2 has 255, with CR LF; ssh takes more, so VersionAddendum may make more. */
#define TOO_LONG "it is longer than 8192 bytes"

void spf_greeting_init(struct spf_greeting *greeting, struct spf_identification_facts *facts)
{
    *greeting = (struct spf_greeting){.facts = facts};
}

/* What a first byte or word gives away. Only what servers really say unasked, or to our own line.
 */
static const struct {
    const char *protocol;
    const char *start;
    size_t len;
} protocols[] = {
    {"HTTP", "HTTP/", 5},   {"HTTP", "<html", 5},       {"HTTP", "<!DOCTYPE", 9},
    {"TLS", "\x15\x03", 2},                             /* an alert, RFC 8446 section 5.1 */
    {"TLS", "\x16\x03", 2}, {"RDP", "\x03\x00\x00", 3}, /* TPKT, RFC 1006 */
    {"VNC", "RFB ", 4},     {"POP3", "+OK", 3},         {"IMAP", "* OK", 4},
    {"Redis", "-ERR", 4},   {"Telnet", "\xff\xfd", 2},  {"Telnet", "\xff\xfb", 2},
};

static const char *mail_or_file(const char *line, size_t len)
{
    char text[128];

    spf_clean(text, sizeof text, line, len);
    if (strcasestr(text, "ftp") != NULL) {
        return "FTP";
    }
    return strcasestr(text, "smtp") != NULL || strcasestr(text, "mail") != NULL ||
                   strcasestr(text, "postfix") != NULL || strcasestr(text, "exim") != NULL
               ? "SMTP"
               : "FTP or SMTP";
}

/* "" if it is none that we know. */
static const char *protocol_of(const char *bytes, size_t len)
{
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        if (len >= protocols[i].len && memcmp(bytes, protocols[i].start, protocols[i].len) == 0) {
            return protocols[i].protocol;
        }
    }
    if (len >= 4 && memcmp(bytes, "220", 3) == 0 && (bytes[3] == ' ' || bytes[3] == '-')) {
        return mail_or_file(bytes, len);
    }
    if (len >= 6 && bytes[3] == 0 && bytes[4] == 10 && bytes[5] >= '3' && bytes[5] <= '9') {
        return "MySQL"; /* length, sequence number 0, protocol 10, "8.0…" */
    }
    return "";
}

static bool is_binary(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if (c < 0x20 && c != '\t' && c != '\r' && c != '\n') {
            return true;
        }
    }
    return false;
}

static void keep_before(struct spf_greeting *greeting, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len && greeting->before_len < sizeof greeting->before - 1; i++) {
        if (bytes[i] != '\r') {
            greeting->before[greeting->before_len++] = bytes[i];
        }
    }
}

static void decide(struct spf_greeting *greeting, enum spf_identification_outcome outcome)
{
    spf_clean_lines(greeting->facts->before, sizeof greeting->facts->before, greeting->before,
                    greeting->before_len);
    greeting->facts->outcome = outcome;
    greeting->decided = true;
}

static void decide_other(struct spf_greeting *greeting, const char *protocol)
{
    spf_copy(greeting->facts->protocol, sizeof greeting->facts->protocol, protocol);
    decide(greeting, SPF_IDENTIFICATION_OTHER);
}

static void decide_invalid(struct spf_greeting *greeting, const char *why)
{
    spf_copy(greeting->facts->error, sizeof greeting->facts->error, why);
    decide(greeting, SPF_IDENTIFICATION_INVALID);
}

/* The line that begins with "SSH-", without its line feed. */
static void judge_line(struct spf_greeting *greeting, const char *line, size_t len)
{
    struct spf_identification_facts *facts = greeting->facts;
    unsigned major;
    unsigned minor;
    int software = 0;
    char text[SPF_IDENTIFICATION_MAX + 1];

    if (len && line[len - 1] == '\r') {
        len--;
    }
    spf_clean(facts->line, sizeof facts->line, line, len);
    if (len > SPF_IDENTIFICATION_MAX) {
        decide_invalid(greeting, TOO_LONG);
        return;
    }
    if (is_binary(line, len)) {
        decide_invalid(greeting, "it holds control bytes");
        return;
    }
    memcpy(text, line, len);
    text[len] = '\0';
    /* OpenSSH: sscanf "SSH-%d.%d-%[^\n]" must find all three */
    if (sscanf(text, "SSH-%3u.%3u-%n", &major, &minor, &software) != 2 || !software ||
        !text[software]) {
        decide_invalid(greeting, "it is not of the form SSH-version-software");
        return;
    }
    spf_clean(facts->software, sizeof facts->software, text + software, strlen(text + software));
    if (major == 2 || (major == 1 && minor == 99)) {
        decide(greeting, SPF_IDENTIFIED);
    } else {
        decide(greeting, SPF_IDENTIFICATION_SSH1);
    }
}

/* A line without end, or what was left when the connection ended. */
static void judge_rest(struct spf_greeting *greeting, const char *bytes, size_t len,
                       enum spf_greeting_end end)
{
    static const enum spf_identification_outcome outcome[] = {
        [SPF_GREETING_OPEN] = SPF_IDENTIFICATION_OTHER,
        [SPF_GREETING_CLOSED] = SPF_IDENTIFICATION_CLOSED,
        [SPF_GREETING_RESET] = SPF_IDENTIFICATION_RESET,
        [SPF_GREETING_TIMEOUT] = SPF_IDENTIFICATION_SILENT,
    };
    const char *protocol = protocol_of(bytes, len);

    /* on its way, but slow: a line that has not ended yet is not wrong */
    if (len >= 4 && memcmp(bytes, "SSH-", 4) == 0 && end != SPF_GREETING_TIMEOUT) {
        spf_clean(greeting->facts->line, sizeof greeting->facts->line, bytes, len);
        decide_invalid(greeting,
                       end == SPF_GREETING_OPEN ? TOO_LONG : "it ends without a line feed");
        return;
    }
    keep_before(greeting, bytes, len);
    if (*protocol != '\0' || is_binary(bytes, len)) {
        decide_other(greeting, protocol);
    } else {
        decide(greeting, outcome[end]);
    }
}

#define TELLING 6 /* bytes that tell any binary protocol that we know */

/* Bytes that are judged as they stand: a line feed among them would mean nothing, or never comes.
 */
static bool is_enough(const char *bytes, size_t len, bool has_feed)
{
    size_t start = len < TELLING ? len : TELLING;

    if (is_binary(bytes, start) && *protocol_of(bytes, len) != '\0') {
        return true;
    }
    if (has_feed) {
        return false;
    }
    return len >= SPF_IDENTIFICATION_PEEK;
}

size_t spf_greeting_read(struct spf_greeting *greeting, const char *bytes, size_t len,
                         enum spf_greeting_end end)
{
    size_t at = 0;

    while (!greeting->decided) {
        const char *line = bytes + at;
        const char *feed = at < len ? memchr(line, '\n', len - at) : NULL;
        size_t line_len;

        if (is_enough(line, len - at, feed != NULL) || (feed == NULL && end != SPF_GREETING_OPEN)) {
            judge_rest(greeting, line, len - at, end);
            break;
        }
        if (feed == NULL ||
            (len - at < TELLING && is_binary(line, len - at) && end == SPF_GREETING_OPEN)) {
            break; /* for more */
        }
        line_len = (size_t)(feed - line);
        if (line_len >= 4 && memcmp(line, "SSH-", 4) == 0) {
            judge_line(greeting, line, line_len);
            break;
        }
        keep_before(greeting, line, line_len + 1);
        at += line_len + 1;
        if (*protocol_of(line, line_len) != '\0') {
            decide_other(greeting, protocol_of(line, line_len));
        } else if (memchr(line, '\0', line_len) != NULL || ++greeting->lines >= LINES_MAX) {
            decide_other(greeting, "");
        }
    }
    return at;
}
