#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * A shape describes a plain struct once: how to write it as JSON, read it back, and free it. Facts
 * are such structs; their shapes are what makes --record and --replay possible.
 *
 * Text is either an array inside the struct (SPF_SHAPE_TEXT) or a string that the struct owns
 * (SPF_SHAPE_STRING, NULL for none). Numbers are int64_t, truth is bool, enums are ints with a
 * function that names their values (base/names.h). A list is SPF_LIST(type). A text whose meaning
 * is read once, on arrival (SPF_SHAPE_READ), is a struct that begins with the text's array, and a
 * function fills it. A secret (SPF_SHAPE_SECRET) is the struct's to free; copies share it, and it
 * is never written or read.
 */
enum spf_field_type {
    SPF_FIELD_TEXT,
    SPF_FIELD_READ,
    SPF_FIELD_STRING,
    SPF_FIELD_BOOL,
    SPF_FIELD_NUMBER,
    SPF_FIELD_ENUM,
    SPF_FIELD_IP,
    SPF_FIELD_STRUCT,
    SPF_FIELD_LIST,
    SPF_FIELD_SECRET,
};

struct spf_shape;

struct spf_field {
    const char *name;
    enum spf_field_type type;
    size_t offset;
    size_t size;                                 /* of a text array, with its NUL */
    const struct spf_shape *shape;               /* of a struct, or of a list's items */
    const char *(*name_of)(unsigned value);      /* of an enum: NULL for no value of it */
    void (*read)(void *value, const char *text); /* of a text that has a meaning */
};

struct spf_shape {
    size_t size;
    const struct spf_field *fields;
    size_t count;
};

/* A list that owns its items. Zero-initialised means empty. */
#define SPF_LIST(type) \
    struct {           \
        type *items;   \
        size_t count;  \
    }

/* Appends one zeroed item; evaluates to a pointer to it, or NULL when memory or SPF_LIST_MAX ran
 * out. */
#define SPF_APPEND(list) ((__typeof__((list)->items))spf_list_append((list), sizeof *(list)->items))
#define SPF_LIST_MAX     100000
void *spf_list_append(void *list, size_t item_size);

#define SPF_FIELD(kind, type, member, ...)                                              \
    {                                                                                   \
#member, SPF_FIELD_##kind, offsetof(type, member), sizeof(((type *)0)->member), \
            __VA_ARGS__, NULL                                                           \
    }
#define SPF_SHAPE_TEXT(type, member) SPF_FIELD(TEXT, type, member, NULL, NULL)
#define SPF_SHAPE_READ(type, member, reader)                                                    \
    {                                                                                           \
#member, SPF_FIELD_READ, offsetof(type, member.text), sizeof(((type *)0)->member.text), \
            NULL, NULL, reader                                                                  \
    }
#define SPF_SHAPE_STRING(type, member)     SPF_FIELD(STRING, type, member, NULL, NULL)
#define SPF_SHAPE_BOOL(type, member)       SPF_FIELD(BOOL, type, member, NULL, NULL)
#define SPF_SHAPE_NUMBER(type, member)     SPF_FIELD(NUMBER, type, member, NULL, NULL)
#define SPF_SHAPE_IP(type, member)         SPF_FIELD(IP, type, member, NULL, NULL)
#define SPF_SHAPE_ENUM(type, member, name) SPF_FIELD(ENUM, type, member, NULL, name)
#define SPF_SHAPE_STRUCT(type, member, of) SPF_FIELD(STRUCT, type, member, of, NULL)
#define SPF_SHAPE_LIST(type, member, of)   SPF_FIELD(LIST, type, member, of, NULL)
#define SPF_SHAPE_SECRET(type, member)     SPF_FIELD(SECRET, type, member, NULL, NULL)
#define SPF_SHAPE(type, table)                               \
    {                                                        \
        sizeof(type), table, sizeof(table) / sizeof *(table) \
    }

/* What every text passes on its way out: a copy to be freed, NULL when memory ran out. */
struct spf_shape_filter {
    char *(*text)(const void *owner, const char *text);
    const void *owner;
};

/*
 * A new JSON object that the caller puts; NULL when memory ran out, an enum holds what is no value
 * of it or a number INT64_MAX or INT64_MIN: nothing is written then, for it could not be read back.
 * Empty values are left out. filter may be NULL. A text that is no UTF-8, or holds characters that
 * must not be shown, is written as {"base64": "..."}: what is read back is the same, byte for byte.
 */
struct json_object *spf_shape_write(const struct spf_shape *shape, const void *value,
                                    const struct spf_shape_filter *filter);

/*
 * Fills a zeroed value from JSON, which is hostile: unknown members are ignored, wrong types,
 * unknown enum names, overlong texts and too many items are SPF_ERR_INVALID, and the value is then
 * cleared.
 */
SPF_MUST_USE
struct spf_error spf_shape_read(const struct spf_shape *shape, struct json_object *json,
                                void *value);

/* A deep copy into *copy, whatever that held. False: no memory; *copy is then zeroed. */
SPF_MUST_USE
bool spf_shape_copy(const struct spf_shape *shape, const void *value, void *copy);

/* Frees what the value owns and zeroes it. */
void spf_shape_clear(const struct spf_shape *shape, void *value);
