#include "platform/shell.h"

#include <string.h>

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                            "+-./:=_\\";

/* Between double quotes these mean something to cmd (%, "), to PowerShell ($, `, ") or to both. */
static const char expanded[] = "\"$%`";

/*
 * The bytes of what ends a word between these quotes: PowerShell takes typographic marks for the
 * others, U+2018 to U+201B for ', and U+201C to U+201E for ". 0: it goes on.
 */
static size_t mark_at(const char *text, char quote)
{
    const char first = quote == '\'' ? '\x98' : '\x9c', last = quote == '\'' ? '\x9b' : '\x9e';

    if (text[0] == quote) {
        return 1;
    }
    return text[0] == '\xe2' && text[1] == '\x80' && text[2] >= first && text[2] <= last ? 3 : 0;
}

static size_t until_mark(const char *word, char quote)
{
    size_t len = 0;

    while (word[len] != '\0' && mark_at(word + len, quote) == 0) {
        len++;
    }
    return len;
}

/* What must not be shown is shown as in a text: no command can hold it. */
static void add_inside(struct spf_buf *buf, const char *word, char quote)
{
    size_t slashes = 0;

    spf_buf_addch(buf, quote);
    for (size_t len, mark; *word != '\0'; word += len + mark) {
        len = until_mark(word, quote);
        mark = mark_at(word + len, quote);
        spf_buf_add_clean(buf, word, len, 4 * len);
        for (int i = 0; i < 2;
             i++) { /* PowerShell: doubled; there is none in what cmd takes, too */
            spf_buf_add(buf, word + len, mark);
        }
        for (slashes = 0; slashes < len && word[len - slashes - 1] == '\\'; slashes++) {
            continue;
        }
        slashes = mark > 0 ? 0 : slashes;
    }
    while (slashes-- > 0) { /* else a program would read the last one as the quote's */
        spf_buf_addch(buf, '\\');
    }
    spf_buf_addch(buf, quote);
}

void spf_buf_add_shell(struct spf_buf *buf, const char *word)
{
    const bool both = word[strcspn(word, expanded)] == '\0' && word[until_mark(word, '"')] == '\0';

    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        spf_buf_addstr(buf, word);
    } else {
        add_inside(buf, word, both ? '"' : '\'');
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
