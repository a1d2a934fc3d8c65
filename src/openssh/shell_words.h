#pragma once

#include <stdbool.h>

#include "base/shape.h"

/* Words that their list owns. */
struct spf_words {
    SPF_LIST(char *) list;
};

/*
 * Splits the first simple command of a line as a POSIX shell does (XCU 2.2, 2.3): quotes and
 * backslashes are taken away, redirections left out, and a list operator, a pipe or a comment ends
 * it. Nothing is run: of the expansions only $NAME and ${NAME} are made, of variables that lookup
 * (getenv(3)) knows; a leading ~ and patterns stay as they are. False: *why says what only the
 * shell could do, or that memory ran out. Either way words is cleared with spf_words_clear.
 */
bool spf_shell_words(const char *line, char *(*lookup)(const char *name), struct spf_words *words,
                     const char **why);

/* Appends a copy. False: no memory. */
bool spf_words_add(struct spf_words *words, const char *word);
void spf_words_clear(struct spf_words *words);
