#include "base/json_build.h"

#include "base/shortage.h"

static struct json_object *made(struct json_object *json)
{
    if (json == NULL) {
        spf_ran_short();
    }
    return json;
}

struct json_object *spf_json_object(void)
{
    return made(json_object_new_object());
}

struct json_object *spf_json_array(void)
{
    return made(json_object_new_array());
}

struct json_object *spf_json_string(const char *text)
{
    return text == NULL ? NULL : made(json_object_new_string(text));
}

struct json_object *spf_json_string_len(const char *text, size_t len)
{
    return made(json_object_new_string_len(text, (int)len));
}

struct json_object *spf_json_integer(int64_t number)
{
    return made(json_object_new_int64(number));
}

struct json_object *spf_json_boolean(bool value)
{
    return made(json_object_new_boolean(value));
}

void spf_json_add(struct json_object *object, const char *name, struct json_object *value)
{
    if (object != NULL && json_object_object_add(object, name, value) == 0) {
        return;
    }
    json_object_put(value);
    spf_ran_short();
}

void spf_json_append(struct json_object *array, struct json_object *value)
{
    if (array != NULL && json_object_array_add(array, value) == 0) {
        return;
    }
    json_object_put(value);
    spf_ran_short();
}
