#include "base/json_write.h"

#include <stdbool.h>
#include <string.h>

/* Does anything come before on the same level? */
static bool follows(const struct spf_buf *buf)
{
    return buf->len > 0 && strchr("{[\n", buf->data[buf->len - 1]) == NULL;
}

/* How much of a text stands in a string as it is. */
static size_t plain(const char *text, size_t len)
{
    size_t count = 0;

    while (count < len && (unsigned char)text[count] >= ' ' && text[count] != '"' &&
           text[count] != '\\') {
        count++;
    }
    return count;
}

static void add_string(struct spf_buf *buf, const char *text, size_t len)
{
    static const char short_ones[] = "\"\\\b\n\r\t\f";

    spf_buf_addch(buf, '"');
    for (size_t at = 0, used; at < len; at += used) {
        const char *found;

        used = plain(text + at, len - at);
        if (used > 0) {
            spf_buf_add(buf, text + at, used);
            continue;
        }
        used = 1;
        found = memchr(short_ones, text[at], sizeof short_ones - 1);
        if (found != NULL) {
            spf_buf_addch(buf, '\\');
            spf_buf_addch(buf, "\"\\bnrtf"[found - short_ones]);
        } else {
            spf_buf_addf(buf, "\\u%04x", (unsigned)(unsigned char)text[at]);
        }
    }
    spf_buf_addch(buf, '"');
}

/* What comes before a value. */
static void begin(struct spf_buf *buf, const char *name)
{
    char text[64] = ",\"";
    const size_t skip = follows(buf) ? 0 : 1;
    const size_t len = name != NULL ? strlen(name) : 0;

    if (len > 0 && len <= sizeof text - 4 && plain(name, len) == len) { /* in one piece */
        memcpy(text + 2, name, len);
        memcpy(text + 2 + len, "\":", 2);
        spf_buf_add(buf, text + skip, len + 4 - skip);
        return;
    }
    spf_buf_add(buf, text, 1 - skip);
    if (name != NULL) {
        add_string(buf, name, len);
        spf_buf_addch(buf, ':');
    }
}

void spf_json_open(struct spf_buf *buf, const char *name, char bracket)
{
    begin(buf, name);
    spf_buf_addch(buf, bracket);
}

void spf_json_close(struct spf_buf *buf, char bracket)
{
    spf_buf_addch(buf, bracket);
}

void spf_json_write_text(struct spf_buf *buf, const char *name, const char *text)
{
    begin(buf, name);
    if (text != NULL) {
        add_string(buf, text, strlen(text));
    } else {
        spf_buf_addstr(buf, "null");
    }
}

/* Would cleaning leave it as it is, as far as a look at single bytes tells? */
static bool is_plain(const char *text)
{
    size_t len = 0;

    while (text[len] >= ' ' && text[len] < 0x7f && len < SPF_JSON_TEXT_MAX) {
        len++;
    }
    return text[len] == '\0';
}

void spf_json_write_clean(struct spf_buf *buf, const char *name, const char *text)
{
    struct spf_buf clean;

    if (text == NULL || is_plain(text)) {
        spf_json_write_text(buf, name, text);
        return;
    }
    spf_buf_init(&clean, SPF_JSON_TEXT_MAX);
    spf_buf_add_clean(&clean, text, strlen(text), SPF_JSON_TEXT_MAX);
    if (spf_buf_failed(&clean)) {
        spf_buf_fail(buf);
    }
    spf_json_write_text(buf, name, clean.data);
    spf_buf_clear(&clean);
}

void spf_json_write_number(struct spf_buf *buf, const char *name, int64_t number)
{
    char digits[20]; /* as many as the lowest one has, with its sign */
    size_t at = sizeof digits;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0) {
        digits[--at] = '-';
    }
    begin(buf, name);
    spf_buf_add(buf, digits + at, sizeof digits - at);
}

void spf_json_write_ready(struct spf_buf *buf, const char *name, const char *json)
{
    begin(buf, name);
    spf_buf_addstr(buf, json);
}

static void write_other(struct spf_buf *buf, struct json_object *value)
{
    const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE);

    if (text != NULL) {
        spf_buf_addstr(buf, text);
    } else {
        spf_buf_fail(buf);
    }
}

static void write_list(struct spf_buf *buf, struct json_object *list)
{
    spf_buf_addch(buf, '[');
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        spf_json_write(buf, NULL, json_object_array_get_idx(list, i));
    }
    spf_buf_addch(buf, ']');
}

/* Nothing that is written so is deep: a judge built it, or a parser that reads 32 levels. */
void spf_json_write(struct spf_buf *buf, const char *name, struct json_object *value)
{
    begin(buf, name);
    switch (json_object_get_type(value)) {
    case json_type_null:
        spf_buf_addstr(buf, "null");
        break;
    case json_type_boolean:
        spf_buf_addstr(buf, json_object_get_boolean(value) ? "true" : "false");
        break;
    case json_type_string:
        add_string(buf, json_object_get_string(value), (size_t)json_object_get_string_len(value));
        break;
    case json_type_array:
        write_list(buf, value);
        break;
    case json_type_object:
        spf_buf_addch(buf, '{');
        json_object_object_foreach(value, member, content)
        {
            spf_json_write(buf, member, content);
        }
        spf_buf_addch(buf, '}');
        break;
    default: /* a number, as json-c has it */
        write_other(buf, value);
        break;
    }
}
