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

static bool line_differs_by_host(const char *line, const char *end)
{
    size_t len;
    const char *word = next_word(&line, end, &len);

    if (is(word, len, "Host")) {
        word = next_word(&line, end, &len);
        return len != 1 || *word != '*' || line != end;
    }
    /* HostName has always known tokens, User learned them in OpenSSH 10 */
    return is(word, len, "Match") || ((is(word, len, "HostName") || is(word, len, "User")) &&
                                      memchr(line, '%', (size_t)(end - line)) != NULL);
}

bool spf_ssh_config_differs_by_host(const char *text, size_t len)
{
    const char *end = text + len;

    if (memchr(text, '\0', len) != NULL) {
        return true;
    }
    while (text < end) {
        const char *feed = memchr(text, '\n', (size_t)(end - text));

        if (line_differs_by_host(text, feed != NULL ? feed : end)) {
            return true;
        }
        text = feed != NULL ? feed + 1 : end;
    }
    return false;
}

static bool file_differs(const char *path, size_t len)
{
    struct spf_secret *text = NULL;
    char name[PATH_CUT];
    bool differs;

    if (len >= PATH_CUT || !spf_format_whole(name, sizeof name, "%.*s", (int)len, path) ||
        spf_read_small_file(name, &text).code != SPF_OK) {
        return true;
    }
    differs = spf_ssh_config_differs_by_host(spf_secret_text(text), spf_secret_len(text));
    spf_secret_free(text);
    return differs;
}

bool spf_ssh_config_is_alike(const char *log)
{
    static const char reads[] = "debug1: Reading configuration data ";
    int files = 0;

    /* Another program's log would name its files in another way. */
    if (!spf_starts_with(log, "OpenSSH_") && !spf_starts_with(log, "debug1: OpenSSH_")) {
        return false;
    }
    for (size_t len; *log != '\0'; log += len + strspn(log + len, "\r\n")) {
        len = strcspn(log, "\r\n");
        if (spf_starts_with(log, reads) &&
            (++files > FILES_MAX ||
             file_differs(log + sizeof reads - 1, len - (sizeof reads - 1)))) {
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
