#pragma once

#include "transcript/messages.h"

/*
 * Finds rows in lines by the first four bytes of their words, in one pass over a line however many
 * rows there are.
 */
struct spf_matcher;
struct spf_matcher *spf_matcher_new(void); /* NULL: no memory */
void spf_matcher_free(struct spf_matcher *matcher);

struct spf_match {
    const struct spf_message *row;
    const struct spf_family *family;
    const char *line;
    const char *rest; /* of the line, after the row's words */
};

/* Of words that begin within the first so many bytes of the line. False: no family has any. */
bool spf_matcher_find(const struct spf_matcher *matcher, const char *line, size_t starts,
                      struct spf_match *match);
