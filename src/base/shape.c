#include "base/shape.h"

#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/ip.h"
#include "base/json.h"
#include "base/json_build.h"
#include "base/secret.h"
#include "base/shortage.h"
#include "base/text.h"

#define STRING_MAX (256 * 1024)

/* How every SPF_LIST lies in memory. */
struct list {
    void *items;
    size_t count;
};

void *spf_list_append(void *list, size_t item_size)
{
    struct list copy;
    char *items;

    memcpy(&copy, list, sizeof copy);
    if (copy.count >= SPF_LIST_MAX) {
        return NULL;
    }
    /* Room is made in powers of two, which the count alone tells. */
    if ((copy.count & (copy.count - 1)) == 0) {
        size_t room = copy.count > 0 ? copy.count * 2 : 1;

        items = realloc(copy.items, room * item_size);
        if (items == NULL) {
            spf_ran_short();
            return NULL;
        }
        copy.items = items;
    }
    items = (char *)copy.items + copy.count * item_size;
    memset(items, 0, item_size);
    copy.count++;
    memcpy(list, &copy, sizeof copy);
    return items;
}

/* A JSON string is UTF-8; other bytes, and characters that a reader should not be shown as they
 * are, travel as {"base64": "..."}. Line feeds and the like have JSON's own escapes. */
static struct json_object *bytes_json(const char *text)
{
    struct json_object *object = spf_json_object();
    struct spf_buf digits;

    spf_buf_init(&digits, 2 * STRING_MAX);
    spf_buf_add_base64(&digits, (const uint8_t *)text, strlen(text), true);
    if (!spf_buf_failed(&digits)) {
        spf_json_add(object, "base64", spf_json_string(digits.data));
    }
    spf_buf_clear(&digits);
    return object;
}

static bool is_json_text(const char *text)
{
    char *copy = strdup(text);
    bool good;

    if (copy == NULL) {
        spf_ran_short();
    }
    for (char *c = copy; c != NULL && *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20) {
            *c = ' ';
        }
    }
    good = copy != NULL && spf_is_clean(copy);
    free(copy);
    return good;
}

static struct json_object *text_json(const char *text, const struct spf_shape_filter *filter)
{
    char *filtered = filter != NULL ? filter->text(filter->owner, text) : NULL;
    struct json_object *json;

    if (filter != NULL && filtered == NULL) {
        return NULL; /* no memory: rather nothing than what was to be hidden */
    }
    if (filtered != NULL) {
        text = filtered;
    }
    json = is_json_text(text) ? spf_json_string(text) : bytes_json(text);
    free(filtered);
    return json;
}

static struct json_object *write_list(const struct spf_field *field, const char *at,
                                      const struct spf_shape_filter *filter, bool *failed)
{
    struct json_object *array = spf_json_array();
    struct list list;

    memcpy(&list, at, sizeof list);
    for (size_t i = 0; array != NULL && !*failed && i < list.count; i++) {
        const char *item = (const char *)list.items + i * field->shape->size;
        struct json_object *member = spf_shape_write(field->shape, item, filter);

        *failed = member == NULL || json_object_array_add(array, member) != 0;
    }
    return array;
}

/* NULL leaves the member out; with *failed, which begins as false, nothing must be written at all.
 */
static struct json_object *write_field(const struct spf_field *field, const char *at,
                                       const struct spf_shape_filter *filter, bool *failed)
{
    switch (field->type) {
    case SPF_FIELD_TEXT:
    case SPF_FIELD_READ:
        return *at != '\0' ? text_json(at, filter) : NULL;
    case SPF_FIELD_STRING: {
        const char *text;

        memcpy(&text, at, sizeof text);
        return text != NULL ? text_json(text, filter) : NULL;
    }
    case SPF_FIELD_BOOL: {
        bool value;

        memcpy(&value, at, sizeof value);
        return value ? spf_json_boolean(1) : NULL;
    }
    case SPF_FIELD_NUMBER: {
        int64_t value;

        memcpy(&value, at, sizeof value);
        *failed = value == INT64_MAX || value == INT64_MIN; /* as spf_json_whole */
        return *failed ? NULL : spf_json_integer(value);
    }
    case SPF_FIELD_ENUM: {
        unsigned value;

        memcpy(&value, at, sizeof value);
        *failed = field->name_of(value) == NULL;
        return *failed ? NULL : spf_json_string(field->name_of(value));
    }
    case SPF_FIELD_IP: {
        struct spf_ip ip;
        char text[SPF_IP_TEXT_SIZE];

        memcpy(&ip, at, sizeof ip);
        spf_ip_format(&ip, text);
        return *text != '\0' ? spf_json_string(text) : NULL;
    }
    case SPF_FIELD_STRUCT: {
        struct json_object *member = spf_shape_write(field->shape, at, filter);

        *failed = member == NULL;
        return member;
    }
    case SPF_FIELD_LIST:
        return write_list(field, at, filter, failed);
    case SPF_FIELD_SECRET:
        return NULL;
    }
    return NULL;
}

struct json_object *spf_shape_write(const struct spf_shape *shape, const void *value,
                                    const struct spf_shape_filter *filter)
{
    struct json_object *object = spf_json_object();
    bool failed = false;

    for (size_t i = 0; object != NULL && !failed && i < shape->count; i++) {
        const struct spf_field *field = &shape->fields[i];
        struct json_object *member =
            write_field(field, (const char *)value + field->offset, filter, &failed);

        if (member != NULL && json_object_object_add(object, field->name, member) != 0) {
            failed = true;
        }
    }
    if (!failed) {
        return object;
    }
    json_object_put(object);
    return NULL;
}

static struct spf_error wrong(const struct spf_field *field)
{
    return spf_error(SPF_ERR_INVALID, "member \"%s\" does not have the form it must have",
                     field->name);
}

/* A JSON string, or {"base64": "..."}; to be freed. NULL: neither, or one that C cannot hold. */
static char *text_of(struct json_object *json)
{
    struct json_object *digits = spf_json_get(json, "base64");
    struct json_object *string = digits != NULL ? digits : json;
    const char *text = json_object_get_string(string);
    size_t len = (size_t)json_object_get_string_len(string);
    long decoded = (long)len;
    char *copy;

    if (!json_object_is_type(string, json_type_string) || text == NULL || len > 2 * STRING_MAX ||
        (copy = malloc(len + 1)) == NULL) {
        return NULL;
    }
    if (digits != NULL) {
        decoded = spf_base64_decode(text, len, (uint8_t *)copy, len);
    } else {
        memcpy(copy, text, len);
    }
    copy[decoded >= 0 ? decoded : 0] = '\0';
    if (decoded < 0 || decoded > STRING_MAX || strlen(copy) != (size_t)decoded) {
        free(copy);
        return NULL;
    }
    return copy;
}

static bool read_word(const struct spf_field *field, const char *text, char *at)
{
    struct spf_ip ip;

    if (field->type == SPF_FIELD_TEXT) {
        return spf_copy_whole(at, field->size, text);
    }
    if (field->type == SPF_FIELD_READ) {
        if (strlen(text) >= field->size) {
            return false;
        }
        field->read(at, text);
        return true;
    }
    if (field->type == SPF_FIELD_IP) {
        if (!spf_ip_parse(text, &ip)) {
            return false;
        }
        memcpy(at, &ip, sizeof ip);
        return true;
    }
    for (unsigned i = 0; field->name_of(i) != NULL; i++) {
        if (strcmp(field->name_of(i), text) == 0) {
            memcpy(at, &i, sizeof i);
            return true;
        }
    }
    return false;
}

static struct spf_error read_text(const struct spf_field *field, struct json_object *json, char *at)
{
    char *text = text_of(json);
    bool good = text != NULL;

    if (good && field->type == SPF_FIELD_STRING) {
        memcpy(at, &text, sizeof text);
    } else if (good) {
        good = read_word(field, text, at);
    }
    if (!good || field->type != SPF_FIELD_STRING) {
        free(text);
    }
    return good ? spf_ok() : wrong(field);
}

static struct spf_error read_list(const struct spf_field *field, struct json_object *json, char *at)
{
    if (!json_object_is_type(json, json_type_array)) {
        return wrong(field);
    }
    for (size_t i = 0; i < spf_json_count(json); i++) {
        void *item = spf_list_append(at, field->shape->size);
        struct spf_error error;

        if (item == NULL) {
            return wrong(field);
        }
        error = spf_shape_read(field->shape, spf_json_item(json, i), item);
        if (error.code != SPF_OK) {
            return error;
        }
    }
    return spf_ok();
}

static struct spf_error read_field(const struct spf_field *field, struct json_object *json,
                                   char *at)
{
    switch (field->type) {
    case SPF_FIELD_TEXT:
    case SPF_FIELD_READ:
    case SPF_FIELD_STRING:
    case SPF_FIELD_IP:
    case SPF_FIELD_ENUM:
        return read_text(field, json, at);
    case SPF_FIELD_BOOL: {
        bool value = json_object_get_boolean(json);

        if (!json_object_is_type(json, json_type_boolean)) {
            return wrong(field);
        }
        memcpy(at, &value, sizeof value);
        return spf_ok();
    }
    case SPF_FIELD_NUMBER: {
        int64_t value;

        if (!spf_json_whole(json, &value)) {
            return wrong(field);
        }
        memcpy(at, &value, sizeof value);
        return spf_ok();
    }
    case SPF_FIELD_STRUCT:
        return spf_shape_read(field->shape, json, at);
    case SPF_FIELD_LIST:
        return read_list(field, json, at);
    case SPF_FIELD_SECRET:
        return spf_ok();
    }
    return wrong(field);
}

struct spf_error spf_shape_read(const struct spf_shape *shape, struct json_object *json,
                                void *value)
{
    if (!json_object_is_type(json, json_type_object)) {
        return spf_error(SPF_ERR_INVALID, "an object was expected");
    }

    for (size_t i = 0; i < shape->count; i++) {
        const struct spf_field *field = &shape->fields[i];
        struct json_object *member = spf_json_get(json, field->name);
        struct spf_error error;

        if (member == NULL) {
            continue;
        }
        error = read_field(field, member, (char *)value + field->offset);
        if (error.code != SPF_OK) {
            spf_shape_clear(shape, value);
            return error;
        }
    }
    return spf_ok();
}

static bool copy_list(const struct spf_shape *shape, const char *from, char *to)
{
    const struct list none = {0};
    struct list list;

    memcpy(&list, from, sizeof list);
    memcpy(to, &none, sizeof none);
    for (size_t i = 0; i < list.count; i++) {
        void *item = spf_list_append(to, shape->size);

        if (item == NULL ||
            !spf_shape_copy(shape, (const char *)list.items + i * shape->size, item)) {
            return false;
        }
    }
    return true;
}

/* What a plain copy of the struct shares with it becomes the copy's own; NULL or empty where memory
 * ran out. */
static bool copy_field(const struct spf_field *field, const char *from, char *to)
{
    struct spf_secret *secret;
    char *text;

    switch (field->type) {
    case SPF_FIELD_STRING:
        memcpy(&text, from, sizeof text);
        if (text != NULL && (text = strdup(text)) == NULL) {
            memcpy(to, &text, sizeof text);
            return false;
        }
        memcpy(to, &text, sizeof text);
        return true;
    case SPF_FIELD_STRUCT:
        return spf_shape_copy(field->shape, from, to);
    case SPF_FIELD_LIST:
        return copy_list(field->shape, from, to);
    case SPF_FIELD_SECRET:
        memcpy(&secret, from, sizeof secret);
        secret = spf_secret_share(secret);
        memcpy(to, &secret, sizeof secret);
        return true;
    default:
        return true;
    }
}

bool spf_shape_copy(const struct spf_shape *shape, const void *value, void *copy)
{
    bool whole = true;

    memcpy(copy, value, shape->size);
    /* All of them, even after a failure: nothing may be left that is the original's. */
    for (size_t i = 0; i < shape->count; i++) {
        const struct spf_field *field = &shape->fields[i];

        whole &=
            copy_field(field, (const char *)value + field->offset, (char *)copy + field->offset);
    }
    if (!whole) {
        spf_shape_clear(shape, copy);
    }
    return whole;
}

void spf_shape_clear(const struct spf_shape *shape, void *value)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct spf_field *field = &shape->fields[i];
        char *at = (char *)value + field->offset;

        if (field->type == SPF_FIELD_STRING) {
            char *text;

            memcpy(&text, at, sizeof text);
            free(text);
        } else if (field->type == SPF_FIELD_SECRET) {
            struct spf_secret *secret;

            memcpy(&secret, at, sizeof secret);
            spf_secret_free(secret);
        } else if (field->type == SPF_FIELD_STRUCT) {
            spf_shape_clear(field->shape, at);
        } else if (field->type == SPF_FIELD_LIST) {
            struct list list;

            memcpy(&list, at, sizeof list);
            for (size_t k = 0; k < list.count; k++) {
                spf_shape_clear(field->shape, (char *)list.items + k * field->shape->size);
            }
            free(list.items);
        }
    }
    memset(value, 0, shape->size);
}
