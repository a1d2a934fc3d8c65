#pragma once

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/*
 * JSON straight into a buffer, as json-c prints it without blanks and with slashes as they are: for
 * what is made once for each of thousands of targets, where an object for each value took longer
 * than all the rest of the line. The last character tells whether a comma is due; name is NULL in a
 * list and outside of everything. As with all of a buffer, ask spf_buf_failed once at the end.
 */
void spf_json_open(struct spf_buf *buf, const char *name, char bracket);           /* '{' or '[' */
void spf_json_close(struct spf_buf *buf, char bracket);                            /* '}' or ']' */
void spf_json_write_text(struct spf_buf *buf, const char *name, const char *text); /* NULL: null */
/* The same of outside text, cleaned (base/text.h), of which no more than SPF_JSON_TEXT_MAX bytes
 * are written. */
#define SPF_JSON_TEXT_MAX 2000
void spf_json_write_clean(struct spf_buf *buf, const char *name, const char *text);
void spf_json_write_number(struct spf_buf *buf, const char *name, int64_t number);
/* Text that is JSON already. */
void spf_json_write_ready(struct spf_buf *buf, const char *name, const char *json);
/* Of any kind; NULL: null. Borrowed. */
void spf_json_write(struct spf_buf *buf, const char *name, struct json_object *value);
