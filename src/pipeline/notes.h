#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

/*
 * What a check noted, in one piece of memory: names and values as text, which become JSON when a
 * report is written. As json-c's objects they would take five times as much, of each of thousands
 * of targets under way. NULL holds nothing.
 */
struct spf_notes;

/*
 * A later note of the same name counts instead of the earlier one, in its place. Names and text are
 * copied; text is clean (spf_buf_add_clean). False: no memory, which is noted (base/shortage.h).
 */
SPF_MUST_USE bool spf_notes_add_text(struct spf_notes **notes, const char *name, const char *text);
SPF_MUST_USE bool spf_notes_add_number(struct spf_notes **notes, const char *name, int64_t value);
/* Takes over value, whose texts are clean; NULL is null. */
SPF_MUST_USE bool spf_notes_add(struct spf_notes **notes, const char *name,
                                struct json_object *value);

/* The text, or the number's digits, borrowed until more is added; NULL: no such note, or something
 * else. */
const char *spf_notes_text(const struct spf_notes *notes, const char *name);
/* The names in their order, each once: *at is 0 to begin with; NULL at the end. Borrowed. */
const char *spf_notes_next(const struct spf_notes *notes, size_t *at);
/* Writes the member (base/json_write.h); null where there is no such note. */
void spf_notes_write(const struct spf_notes *notes, const char *name, struct spf_buf *out);
/* Adds them to the object, in their order. A shortage of memory is noted. */
void spf_notes_fill(const struct spf_notes *notes, struct json_object *object);
