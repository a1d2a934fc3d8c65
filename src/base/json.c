#include "base/json.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define DEPTH_MAX 32

struct json_object *spf_json_parse(const char *text, size_t len)
{
    struct json_tokener *tokener;
    struct json_object *json;
    size_t end;

    if (len > INT_MAX || (tokener = json_tokener_new_ex(DEPTH_MAX)) == NULL)
        return NULL;
    json_tokener_set_flags(tokener, JSON_TOKENER_VALIDATE_UTF8);
    json = json_tokener_parse_ex(tokener, text, (int)len);
    end = json_tokener_get_parse_end(tokener);
    if (json_tokener_get_error(tokener) == json_tokener_continue) {
        /* A lone number has no end of its own until a blank follows it. */
        json_object_put(json);
        json = json_tokener_parse_ex(tokener, " ", 1);
        end = len;
    }
    if (json_tokener_get_error(tokener) != json_tokener_success) {
        json_object_put(json);
        json = NULL;
    }
    for (; json != NULL && end < len; end++) {
        if (strchr(" \t\r\n", text[end]) == NULL || text[end] == '\0') {
            json_object_put(json);
            json = NULL;
        }
    }
    json_tokener_free(tokener);
    return json;
}

struct json_object *spf_json_get(struct json_object *object, const char *name)
{
    struct json_object *member = NULL;

    if (!json_object_is_type(object, json_type_object))
        return NULL;
    (void)json_object_object_get_ex(object, name, &member);
    return member;
}

struct json_object *spf_json_path(struct json_object *object, const char *path)
{
    char name[128];

    while (object != NULL && *path != '\0') {
        size_t len = strcspn(path, ".");

        if (len >= sizeof name)
            return NULL;
        memcpy(name, path, len);
        name[len] = '\0';
        object = spf_json_get(object, name);
        path += len + (path[len] == '.');
    }
    return object;
}

size_t spf_json_count(struct json_object *array)
{
    return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

struct json_object *spf_json_item(struct json_object *array, size_t index)
{
    return index < spf_json_count(array) ? json_object_array_get_idx(array, index) : NULL;
}

const char *spf_json_text(struct json_object *object, const char *name)
{
    struct json_object *member = spf_json_get(object, name);

    switch (json_object_get_type(member)) {
    case json_type_string:
    case json_type_int:
    case json_type_double: {
        const char *text = json_object_get_string(member);

        return text != NULL ? text : "";
    }
    default:
        return "";
    }
}

int64_t spf_json_number(struct json_object *object, const char *name, int64_t fallback)
{
    struct json_object *member = spf_json_get(object, name);
    const char *text;
    char *end;
    long long value;

    if (json_object_is_type(member, json_type_int))
        return json_object_get_int64(member);
    if (!json_object_is_type(member, json_type_string))
        return fallback;
    text = json_object_get_string(member);
    if (text == NULL || *text == '\0' || strlen(text) > 18)
        return fallback;
    value = strtoll(text, &end, 10);
    return *end == '\0' ? (int64_t)value : fallback;
}

bool spf_json_bool(struct json_object *object, const char *name)
{
    struct json_object *member = spf_json_get(object, name);

    if (json_object_is_type(member, json_type_boolean))
        return json_object_get_boolean(member);
    return spf_same_word(spf_json_text(object, name), "true");
}
