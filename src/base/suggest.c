#include "base/suggest.h"

#include <string.h>

#include "base/language.h"

#define LONGEST 60 /* bytes of a word; a longer one is as far as can be */
#define SHOWN   4

/* Edits between two words (Levenshtein), an exchange of neighbours counting as one. */
static unsigned distance(const char *a, const char *b)
{
    unsigned rows[3][LONGEST + 1];
    unsigned *before = rows[0];
    unsigned *last = rows[1];
    unsigned *row = rows[2];
    unsigned *spare;
    size_t la = strlen(a);
    size_t lb = strlen(b);

    if (la >= LONGEST || lb >= LONGEST) {
        return LONGEST;
    }
    for (unsigned k = 0; k <= lb; k++) {
        last[k] = k;
    }
    for (size_t i = 1; i <= la; i++) {
        row[0] = (unsigned)i;
        for (size_t k = 1; k <= lb; k++) {
            unsigned least = last[k - 1] + (a[i - 1] != b[k - 1]);

            if (last[k] + 1 < least) {
                least = last[k] + 1;
            }
            if (row[k - 1] + 1 < least) {
                least = row[k - 1] + 1;
            }
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] &&
                before[k - 2] + 1 < least) {
                least = before[k - 2] + 1;
            }
            row[k] = least;
        }
        spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[lb];
}

static bool has_word(const char *name, const char *typed)
{
    const char *at = strlen(typed) >= 3 ? strstr(name, typed) : NULL;

    return at != NULL && (at == name || strchr("-.", at[-1]) != NULL);
}

bool spf_suggest(struct spf_buf *buf, const char *typed, const char *prefix,
                 const char *const *names, size_t count)
{
    unsigned most = strlen(typed) < 4 ? 1 : strlen(typed) < 8 ? 2 : 3;
    unsigned shown = 0;

    for (unsigned edits = 0; edits <= most + 1 && shown < SHOWN; edits++) {
        for (size_t i = 0; i < count && shown < SHOWN; i++) {
            unsigned is = names[i] != NULL ? distance(typed, names[i]) : LONGEST;

            /* after those of few edits the ones that have it as a word */
            if (edits <= most ? is != edits
                              : is <= most || names[i] == NULL || !has_word(names[i], typed)) {
                continue;
            }
            spf_buf_addf(buf, "%s%s%s", shown == 0 ? _("; did you mean ") : ", ", prefix, names[i]);
            shown++;
        }
        if (shown > 0 && edits <= most) {
            break; /* farther ones are not meant, then */
        }
    }
    if (shown > 0) {
        spf_buf_addstr(buf, _("?"));
    }
    return shown > 0;
}
