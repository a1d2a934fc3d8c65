#include "pipeline/notes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_build.h"
#include "base/json_write.h"
#include "base/shortage.h"

/* One after the other: a kind, the name and the value, both with their NUL. */
struct spf_notes {
    size_t len;
    char text[];
};

enum kind { TEXT = 's', NUMBER = 'i', JSON = 'j' };

struct note {
    char kind;
    const char *name, *value;
};

/* The one at *at, which goes on to the next. False: there is none. */
static bool read_note(const struct spf_notes *notes, size_t *at, struct note *note)
{
    if (notes == NULL || *at >= notes->len) {
        return false;
    }
    note->kind = notes->text[*at];
    note->name = notes->text + *at + 1;
    note->value = note->name + strlen(note->name) + 1;
    *at = (size_t)(note->value + strlen(note->value) + 1 - notes->text);
    return true;
}

static bool add(struct spf_notes **notes, enum kind kind, const char *name, const char *value)
{
    const size_t name_size = strlen(name) + 1;
    const size_t value_size = strlen(value) + 1;
    const size_t len = *notes != NULL ? (*notes)->len : 0;
    struct spf_notes *more = realloc(*notes, sizeof *more + len + 1 + name_size + value_size);

    if (more == NULL) {
        spf_ran_short();
        return false;
    }
    more->text[len] = (char)kind;
    memcpy(more->text + len + 1, name, name_size);
    memcpy(more->text + len + 1 + name_size, value, value_size);
    more->len = len + 1 + name_size + value_size;
    *notes = more;
    return true;
}

bool spf_notes_add_text(struct spf_notes **notes, const char *name, const char *text)
{
    return add(notes, TEXT, name, text);
}

bool spf_notes_add_number(struct spf_notes **notes, const char *name, int64_t value)
{
    char digits[24];

    (void)snprintf(digits, sizeof digits, "%" PRId64, value);
    return add(notes, NUMBER, name, digits);
}

bool spf_notes_add(struct spf_notes **notes, const char *name, struct json_object *value)
{
    const char *text;
    bool good;

    if (json_object_is_type(value, json_type_string)) {
        good = spf_notes_add_text(notes, name, json_object_get_string(value));
    } else if (json_object_is_type(value, json_type_int) &&
               json_object_get_int64(value) != INT64_MAX) { /* which may stand for more */
        good = spf_notes_add_number(notes, name, json_object_get_int64(value));
    } else {
        text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
                                                         JSON_C_TO_STRING_NOSLASHESCAPE);
        good = text != NULL && add(notes, JSON, name, text);
        if (text == NULL) {
            spf_ran_short();
        }
    }
    json_object_put(value);
    return good;
}

/* The last one of that name. */
static bool find(const struct spf_notes *notes, const char *name, struct note *found)
{
    struct note note;
    bool any = false;

    for (size_t at = 0; read_note(notes, &at, &note);) {
        if (strcmp(note.name, name) == 0) {
            *found = note;
            any = true;
        }
    }
    return any;
}

const char *spf_notes_text(const struct spf_notes *notes, const char *name)
{
    struct note note;

    return find(notes, name, &note) && note.kind != JSON ? note.value : NULL;
}

/* Is there one of its name before it? */
static bool comes_again(const struct spf_notes *notes, const struct note *later)
{
    struct note note;

    for (size_t at = 0; read_note(notes, &at, &note) && note.name != later->name;) {
        if (strcmp(note.name, later->name) == 0) {
            return true;
        }
    }
    return false;
}

const char *spf_notes_next(const struct spf_notes *notes, size_t *at)
{
    struct note note;

    while (read_note(notes, at, &note)) {
        if (!comes_again(notes, &note)) {
            return note.name;
        }
    }
    return NULL;
}

void spf_notes_write(const struct spf_notes *notes, const char *name, struct spf_buf *out)
{
    struct note note;

    if (!find(notes, name, &note)) {
        spf_json_write_text(out, name, NULL);
    } else if (note.kind == TEXT) {
        spf_json_write_text(out, name, note.value);
    } else { /* digits are JSON, too */
        spf_json_write_ready(out, name, note.value);
    }
}

static struct json_object *value_of(const struct note *note)
{
    struct json_object *value = NULL;

    switch (note->kind) {
    case TEXT:
        return spf_json_string(note->value);
    case NUMBER:
        return spf_json_integer(strtoll(note->value, NULL, 10));
    default:
        break;
    }
    if (strcmp(note->value, "null") != 0) {
        value = json_tokener_parse(note->value);
        if (value == NULL) { /* it is our own text */
            spf_ran_short();
        }
    }
    return value;
}

void spf_notes_fill(const struct spf_notes *notes, struct json_object *object)
{
    struct note note;

    for (size_t at = 0; read_note(notes, &at, &note);) {
        spf_json_add(object, note.name, value_of(&note));
    }
}
