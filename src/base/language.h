#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * The language of what people read: by GNU gettext's tools, the source being English. Texts are
 * translated where they are templates still, before their values are filled in: in spf_say,
 * spf_slots_expand and spf_plain_template, and where a report writes words of its own. Ids, names
 * of JSON members, commands and what was recorded (facts) are the same in every language.
 *
 * po/ has the texts; a build without msgfmt(1) has English alone.
 */

/* The text in the language that is set, or itself; static. Safe in every thread. */
const char *spf_tr(const char *text) __attribute__((format_arg(1)));

#define _(text)  spf_tr(text)
#define N_(text) text /* marks one that is translated later */

/*
 * word: "en", "zh", or NULL for what the locale says (LC_ALL, LC_MESSAGES, LANG; where none of them
 * is set locale, which may be NULL), if it is UTF-8. Texts that were taken are used, else found.
 * Call it at the start, when setlocale(3) has been called; what counts is the last call. False:
 * there are no texts in that language here, and it is English.
 */
bool spf_language_set(const char *word, const char *locale);

/* Takes the texts of a .mo file of this machine's byte order, borrowed for good. False: it is none,
 * or not whole. */
bool spf_language_take(const void *file, size_t size);

/* Another one than English? */
bool spf_language_is_foreign(void);

/* As HTML names it: "en", "zh-CN". */
const char *spf_language_tag(void);
