#include "cloud/aliyun/identity/words.h"

#include <string.h>

#include "base/text.h"

/* The length of the white space character here (Go's unicode.IsSpace); 0: it is none. */
static size_t blank(const char *at)
{
    static const uint32_t blanks[] = {0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000};
    size_t used;
    uint32_t code;

    if (*at == '\0') {
        return 0;
    }
    if (strchr(" \t\n\v\f\r", *at) != NULL) {
        return 1;
    }
    used = spf_utf8_decode(at, strlen(at), &code);
    if (used > 1 && code >= 0x2000 && code <= 0x200a) {
        return used;
    }
    for (size_t i = 0; used > 1 && i < sizeof blanks / sizeof *blanks; i++) {
        if (code == blanks[i]) {
            return used;
        }
    }
    return 0;
}

/* One word, or a part of one, up to a blank outside of quotes. *begun: a word is there, if empty.
 */
static bool word(char **in, char **out, bool *begun)
{
    char *at = *in;
    char quote = '\0';

    for (; *at != '\0' && (quote != '\0' || blank(at) == 0); at++) {
        bool escapes = *at == '\\' && quote != '\'';

        if (escapes && at[1] == '\n') {
            at++;
        } else if (escapes && quote == '\0') {
            if (at[1] == '\0') {
                return false;
            }
            *begun = true;
            *(*out)++ = *++at;
        } else if (escapes && at[1] != '\0' && strchr("\"\\$`", at[1]) != NULL) {
            *(*out)++ = *++at;
        } else if (quote == '\0' && (*at == '\'' || *at == '"')) {
            quote = *at;
            *begun = true;
        } else if (quote != '\0' && *at == quote) {
            quote = '\0';
        } else {
            *begun = true;
            *(*out)++ = *at;
        }
    }
    *in = at;
    return quote == '\0';
}

bool spf_command_words(char *line, char **words, size_t max)
{
    size_t count = 0;
    char *in = line;

    for (;;) {
        char *begin;
        char *out;
        bool begun = false;
        size_t skip;

        while ((skip = blank(in)) > 0) {
            in += skip;
        }
        if (*in == '\0') {
            break;
        }
        begin = out = in;
        if (!word(&in, &out, &begun)) {
            return false;
        }
        if (begun) {
            if (count == max) {
                return false;
            }
            words[count++] = begin;
        }
        skip = *in != '\0' ? blank(in) : 0;
        in += skip; /* before the end of the word may be written over it */
        *out = '\0';
    }
    words[count] = NULL;
    return count > 0 && words[0][0] != '\0';
}
