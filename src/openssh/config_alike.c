#include "openssh/config_alike.h"

#include <string.h>
#include <strings.h>

#include "openssh/patterns.h"
#include "platform/files.h"

#define FILES_MAX 64
#define PATH_CUT  200 /* readconf.c prints so much of a file's name */

static bool is_between(char c) /* misc.c, strdelim: what may surround and quote a word */
{
    return c != '\0' && strchr(" \t\r\f\"=", c) != NULL;
}

/* The word at *at, which then is behind it and what follows a word. */
static const char *next_word(const char **at, const char *end, size_t *len)
{
    const char *word;

    while (*at < end && is_between(**at)) {
        ++*at;
    }
    word = *at;
    while (*at < end && !is_between(**at)) {
        ++*at;
    }
    *len = (size_t)(*at - word);
    while (*at < end && is_between(**at)) {
        ++*at;
    }
    return word;
}

static bool is(const char *word, size_t len, const char *keyword)
{
    return len == strlen(keyword) && strncasecmp(word, keyword, len) == 0;
}

/* Does ssh -G print the value as it stands, whatever tokens it holds? ssh expands these when it
 * uses them; all others before (ssh.c of 9.2 and of 10.5), or it may. */
static bool prints_tokens(const char *word, size_t len)
{
    static const char *const keywords[] = {"IdentityFile", "CertificateFile", "ProxyCommand",
                                           "ProxyJump",    "LocalCommand",    "KnownHostsCommand",
                                           "HostKeyAlias"};

    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        if (is(word, len, keywords[i])) {
            return true;
        }
    }
    return false;
}

/* A ControlPath with tokens, the only one. False: nobody could tell which of two counts, or what
 * quotes and comments leave of it. */
static bool keep_control_path(const char *value, const char *end, char path[SPF_SSH_PATH_SIZE])
{
    char text[SPF_SSH_PATH_SIZE];

    while (end > value && strchr(" \t\r\f", end[-1]) != NULL) {
        end--;
    }
    if (!spf_format_whole(text, sizeof text, "%.*s", (int)(end - value), value) ||
        strpbrk(text, " \t\f\"'\\#=") != NULL || (path[0] != '\0' && strcmp(path, text) != 0)) {
        return false;
    }
    return spf_copy_whole(path, SPF_SSH_PATH_SIZE, text);
}

/* Is a section with these patterns about the host (readconf.c, oHost)? */
static bool is_about(const char *patterns, const char *end, const char *host)
{
    bool found = false;
    size_t len;

    while (patterns < end) {
        const char *pattern = next_word(&patterns, end, &len);
        bool negated = len > 0 && *pattern == '!';

        if (spf_pattern_matches(pattern + negated, len - negated, host, false)) {
            if (negated) {
                return false;
            }
            found = true;
        }
    }
    return found;
}

/* A Host line's patterns. False: nobody here knows for sure what ssh makes of them. */
static bool add_section(const char *patterns, const char *end, struct spf_buf *sections)
{
    while (end > patterns && strchr(" \t\r\f", end[-1]) != NULL) {
        end--;
    }
    for (const char *c = patterns; c < end; c++) {
        if (strchr("\"'\\#=\r\f", *c) != NULL) {
            return false;
        }
    }
    spf_buf_add(sections, patterns, (size_t)(end - patterns));
    spf_buf_addch(sections, '\n');
    return patterns < end;
}

/* What one file says, up to a line of it. */
struct reading {
    const char *host;
    struct spf_buf *sections;
    char *control_path;
    bool counts; /* the section is about the host; what an Include stands in is not known: true */
};

static enum spf_ssh_alike read_line(struct reading *reading, const char *line, const char *end)
{
    size_t len;
    const char *word = next_word(&line, end, &len);

    if (len == 0 || *word == '#') {
        return SPF_SSH_OF_SECTION;
    }
    if (is(word, len, "Host")) {
        reading->counts = is_about(line, end, reading->host);
        return add_section(line, end, reading->sections) ? SPF_SSH_OF_SECTION : SPF_SSH_UNLIKE;
    }
    if (is(word, len, "Match")) {
        return SPF_SSH_UNLIKE;
    }
    if (!reading->counts) {
        return SPF_SSH_OF_SECTION;
    }
    if (is(word, len, "HostName")) { /* only this one may have that name */
        return SPF_SSH_OWN;
    }
    if (memchr(line, '%', (size_t)(end - line)) == NULL || prints_tokens(word, len)) {
        return SPF_SSH_OF_SECTION;
    }
    return is(word, len, "ControlPath") && keep_control_path(line, end, reading->control_path)
               ? SPF_SSH_OF_SECTION
               : SPF_SSH_OWN;
}

enum spf_ssh_alike spf_ssh_config_read_sections(const char *text, size_t len, const char *host,
                                                struct spf_buf *sections,
                                                char control_path[SPF_SSH_PATH_SIZE])
{
    struct reading reading = {host, sections, control_path, true};
    enum spf_ssh_alike worst = SPF_SSH_OF_SECTION;
    const char *end = text + len;

    if (memchr(text, '\0', len) != NULL) {
        return SPF_SSH_UNLIKE;
    }
    while (text < end && worst != SPF_SSH_UNLIKE) {
        const char *feed = memchr(text, '\n', (size_t)(end - text));
        enum spf_ssh_alike line = read_line(&reading, text, feed != NULL ? feed : end);

        worst = line < worst ? line : worst;
        text = feed != NULL ? feed + 1 : end;
    }
    return worst;
}

static enum spf_ssh_alike read_file(const char *path, size_t len, const char *host,
                                    struct spf_buf *sections, char control_path[SPF_SSH_PATH_SIZE])
{
    struct spf_secret *text = NULL;
    char name[PATH_CUT];
    enum spf_ssh_alike alike;

    if (len >= PATH_CUT || !spf_format_whole(name, sizeof name, "%.*s", (int)len, path) ||
        spf_read_small_file(name, &text).code != SPF_OK) {
        return SPF_SSH_UNLIKE;
    }
    alike = spf_ssh_config_read_sections(spf_secret_text(text), spf_secret_len(text), host,
                                         sections, control_path);
    spf_secret_free(text);
    return alike;
}

bool spf_ssh_config_can_be_shared(const char *name)
{
    return name[0] != '\0' && name[0] != '-' &&
           name[strspn(
               name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:")] == '\0';
}

enum spf_ssh_alike spf_ssh_config_alike(const char *log, const char *host, struct spf_buf *sections,
                                        char control_path[SPF_SSH_PATH_SIZE])
{
    static const char reads[] = "debug1: Reading configuration data ";
    const size_t skip = sizeof reads - 1;
    enum spf_ssh_alike worst = SPF_SSH_OF_SECTION;
    int files = 0;

    control_path[0] = '\0';
    /* Another program's log would name its files in another way. */
    if (!spf_starts_with(log, "OpenSSH_") && !spf_starts_with(log, "debug1: OpenSSH_")) {
        return SPF_SSH_UNLIKE;
    }
    for (size_t len; *log != '\0'; log += len + strspn(log + len, "\r\n")) {
        len = strcspn(log, "\r\n");
        if (spf_starts_with(log, reads)) {
            enum spf_ssh_alike file = ++files > FILES_MAX ? SPF_SSH_UNLIKE
                                                          : read_file(log + skip, len - skip, host,
                                                                      sections, control_path);

            worst = file < worst ? file : worst;
        }
    }
    return spf_buf_failed(sections) ? SPF_SSH_UNLIKE : worst;
}

void spf_ssh_config_sections_of(const char *sections, const char *host, struct spf_buf *numbers)
{
    for (size_t number = 0; *sections != '\0'; number++) {
        const char *end = sections + strcspn(sections, "\n");

        if (is_about(sections, end, host)) {
            spf_buf_addf(numbers, "%zu,", number);
        }
        sections = *end != '\0' ? end + 1 : end;
    }
}

const char *spf_ssh_config_complaint(const char *log, size_t *len)
{
    for (;; log += *len + strspn(log + *len, "\r\n")) {
        *len = strcspn(log, "\r\n");
        if (*len == 0 || (!spf_starts_with(log, "OpenSSH_") && !spf_starts_with(log, "debug1: ") &&
                          !spf_starts_with(log, "Pseudo-terminal will not be allocated"))) {
            return log;
        }
    }
}
