#pragma once

#include <stdbool.h>

#include "base/text.h"

/* Where a template's values go: into a sentence, or into a command. */
enum spf_slot_use {
    SPF_SLOT_TEXT,
    SPF_SLOT_COMMAND,
};

/*
 * What a value must look like to become part of a command, so that nothing that the API, a server
 * or a file says can turn into a second word, an option or a substitution.
 */
enum spf_grammar {
    SPF_GRAMMAR_NAME,       /* [A-Za-z0-9_][A-Za-z0-9_.:/@+-]*: ids, regions, fingerprints */
    SPF_GRAMMAR_HOST,       /* the same, or an IP address (::1 begins with a colon) */
    SPF_GRAMMAR_USER,       /* [A-Za-z_][A-Za-z0-9._-]* */
    SPF_GRAMMAR_KNOWN_HOST, /* "host" or "[host]:port" */
    SPF_GRAMMAR_PATH,       /* any file name; quoted as needed, "./" before a "-" */
    SPF_GRAMMAR_LINE,       /* whole words, quoted when they were put together */
    SPF_GRAMMAR_OPTIONS,    /* the same, each after a blank, or none; not for sentences */
};

/* Appends the value as part of a POSIX shell line. False, and nothing appended: it does not fit. */
bool spf_slot_add_word(struct spf_buf *buf, enum spf_grammar grammar, const char *value);
