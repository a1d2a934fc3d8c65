#include "platform/shell.h"

#include <string.h>

/*
 * POSIX has no quotes for bytes that must not be shown ($'...' is for bash, ksh and zsh; dash takes
 * it as text): printf(1) makes them of octal escapes. The shell strips line feeds from the end of
 * what a command prints, so a word that ends with one cannot be written.
 */
static void add_strange_word(struct spf_buf *buf, const char *word)
{
    if (word[strlen(word) - 1] == '\n') {
        buf->failed = true;
        return;
    }
    spf_buf_addstr(buf, "\"$(printf '");
    for (const char *at = word; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;

        if (byte == '%' || byte == '\\') {
            spf_buf_addf(buf, "%c%c", byte, byte);
        } else if (byte < 0x20 || byte >= 0x7f || byte == '\'' || (byte == '-' && at == word)) {
            spf_buf_addf(buf, "\\%03o", byte);
        } else {
            spf_buf_addch(buf, (char)byte);
        }
    }
    spf_buf_addstr(buf, "')\"");
}

void spf_buf_add_shell(struct spf_buf *buf, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_^";

    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        spf_buf_addstr(buf, word);
        return;
    }
    if (!spf_is_clean(word)) {
        add_strange_word(buf, word);
        return;
    }
    spf_buf_addch(buf, '\'');
    for (; *word != '\0'; word++) {
        if (*word == '\'') {
            spf_buf_addstr(buf, "'\\''");
        } else {
            spf_buf_addch(buf, *word);
        }
    }
    spf_buf_addch(buf, '\'');
}

void spf_buf_add_path(struct spf_buf *buf, const char *path)
{
    if (path[0] == '~' && (path[1] == '/' || path[1] == '\0')) {
        spf_buf_addstr(buf, path[1] == '/' ? "~/" : "~");
        path += path[1] == '/' ? 2 : 1;
        if (path[0] == '\0') {
            return;
        }
    } else if (path[0] == '-') {
        spf_buf_addstr(buf, "./");
    }
    spf_buf_add_shell(buf, path);
}

bool spf_shell_is_posix(void)
{
    return true;
}
