#include "platform/shell.h"

#include <string.h>

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                            "+-./:=_\\";

/* Between double quotes these mean something to cmd (%, "), to PowerShell ($, `, ") or to both. */
static const char expanded[] = "\"$%`";

/* What must not be shown is shown as in a text: no command can hold it. */
static void add_inside(struct spf_buf *buf, const char *word, char quote)
{
    const char stops[] = {quote, '\0'};

    spf_buf_addch(buf, quote);
    for (size_t len; *word != '\0'; word += len) {
        len = strcspn(word, stops);
        spf_buf_add_clean(buf, word, len, 4 * len);
        if (word[len] == '\0') {
            continue;
        }
        spf_buf_addch(buf, quote); /* PowerShell: doubled; there is none in what cmd takes, too */
        spf_buf_addch(buf, quote);
        len++;
    }
    spf_buf_addch(buf, quote);
}

void spf_buf_add_shell(struct spf_buf *buf, const char *word)
{
    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        spf_buf_addstr(buf, word);
    } else {
        add_inside(buf, word, word[strcspn(word, expanded)] == '\0' ? '"' : '\'');
    }
}

void spf_buf_add_path(struct spf_buf *buf, const char *path)
{
    if (path[0] == '-') {
        spf_buf_addstr(buf, ".\\");
    }
    spf_buf_add_shell(buf, path);
}

bool spf_shell_is_posix(void)
{
    return false;
}
