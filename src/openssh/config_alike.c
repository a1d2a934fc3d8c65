#include "openssh/config_alike.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
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

static bool line_differs(const char *line, const char *end, char control_path[SPF_SSH_PATH_SIZE])
{
    size_t len;
    const char *word = next_word(&line, end, &len);

    if (len == 0 || *word == '#') {
        return false;
    }
    if (is(word, len, "Host")) {
        word = next_word(&line, end, &len);
        return len != 1 || *word != '*' || line != end;
    }
    if (is(word, len, "Match")) {
        return true;
    }
    if (memchr(line, '%', (size_t)(end - line)) == NULL || prints_tokens(word, len)) {
        return false;
    }
    return !is(word, len, "ControlPath") || !keep_control_path(line, end, control_path);
}

bool spf_ssh_config_differs(const char *text, size_t len, char control_path[SPF_SSH_PATH_SIZE])
{
    const char *end = text + len;

    if (memchr(text, '\0', len) != NULL) {
        return true;
    }
    while (text < end) {
        const char *feed = memchr(text, '\n', (size_t)(end - text));

        if (line_differs(text, feed != NULL ? feed : end, control_path)) {
            return true;
        }
        text = feed != NULL ? feed + 1 : end;
    }
    return false;
}

static bool file_differs(const char *path, size_t len, char control_path[SPF_SSH_PATH_SIZE])
{
    struct spf_secret *text = NULL;
    char name[PATH_CUT];
    bool differs;

    if (len >= PATH_CUT || !spf_format_whole(name, sizeof name, "%.*s", (int)len, path) ||
        spf_read_small_file(name, &text).code != SPF_OK) {
        return true;
    }
    differs = spf_ssh_config_differs(spf_secret_text(text), spf_secret_len(text), control_path);
    spf_secret_free(text);
    return differs;
}

bool spf_ssh_config_can_be_shared(const char *name)
{
    return name[0] != '\0' && name[0] != '-' &&
           name[strspn(
               name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:")] == '\0';
}

bool spf_ssh_config_is_alike(const char *log, char control_path[SPF_SSH_PATH_SIZE])
{
    static const char reads[] = "debug1: Reading configuration data ";
    int files = 0;

    control_path[0] = '\0';
    /* Another program's log would name its files in another way. */
    if (!spf_starts_with(log, "OpenSSH_") && !spf_starts_with(log, "debug1: OpenSSH_")) {
        return false;
    }
    for (size_t len; *log != '\0'; log += len + strspn(log + len, "\r\n")) {
        len = strcspn(log, "\r\n");
        if (spf_starts_with(log, reads) &&
            (++files > FILES_MAX ||
             file_differs(log + sizeof reads - 1, len - (sizeof reads - 1), control_path))) {
            return false;
        }
    }
    return true;
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
