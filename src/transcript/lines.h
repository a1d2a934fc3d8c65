#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/*
 * A pasted text, taken out of what tools put around it: UTF-16, carriage returns, ANSI escapes, and
 * the escapes of JSON and of one-line log records, which may turn one line of the text into
 * several. A private key that was pasted by accident is left out, and reported.
 */
#define SPF_TRANSCRIPT_MAX ((size_t)4 * 1024 * 1024)
#define SPF_LINE_MAX       ((size_t)4000) /* of one line, in bytes; the rest of it is not read */

struct spf_lines {
    struct spf_buf text; /* the unwrapped text, one NUL after each line */
    size_t at;           /* of the next line in it; used by spf_lines_next */
    bool private_key;    /* the text holds one */
};

/* Hostile input of at most SPF_TRANSCRIPT_MAX bytes. False: no memory. To be cleared in any case.
 */
SPF_MUST_USE
bool spf_unwrap(const char *text, size_t len, struct spf_lines *lines);

/*
 * The next line, NUL-terminated, borrowed from lines; NULL after the last one. number is that of
 * the pasted text's own line, from 1.
 */
const char *spf_lines_next(struct spf_lines *lines, int64_t *number);
void spf_lines_clear(struct spf_lines *lines);
