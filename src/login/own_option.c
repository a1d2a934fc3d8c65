#include "login/own_option.h"

#include <string.h>
#include <strings.h>

#include "base/language.h"
#include "base/text.h"

/* The first -o of this keyword, which is the one that counts; NULL: none was typed. */
static const char *typed(const struct spf_view *view, const char *keyword)
{
    const char *const *words = view->target->other_options;
    const size_t len = strlen(keyword);

    for (; words != NULL && *words != NULL; words++) {
        if (strcmp(words[0], "-o") == 0 && words[1] != NULL &&
            strncasecmp(*++words, keyword, len) == 0 && strchr("= \t", (*words)[len]) != NULL) {
            return *words;
        }
    }
    return NULL;
}

void spf_own_option_note(const struct spf_view *view, const char *keyword,
                         struct spf_result *result)
{
    const char *word = typed(view, keyword);

    if (word != NULL) {
        spf_note_text(result, "own_typed", word);
    } else {
        spf_note_text(result, "own_keyword", keyword);
    }
}

const char *spf_own_option_name(const struct spf_view *view, const char *keyword, char *out,
                                size_t size)
{
    const char *word = typed(view, keyword);

    if (word != NULL) {
        spf_format(out, size, "-o %s", word);
    } else {
        spf_format(out, size, _("%s of the ssh configuration"), keyword);
    }
    return out;
}
