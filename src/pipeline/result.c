#include "pipeline/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json_build.h"
#include "base/json_write.h"
#include "base/language.h"
#include "base/text.h"

static const char *const thing_names[SPF_THING_COUNT] = {
    [SPF_THING_GROUP] = "group",
    [SPF_THING_OPEN_GROUP] = "open_in",
    [SPF_THING_ACL] = "acl",
    [SPF_THING_VSWITCH] = "vswitch",
    [SPF_THING_GATEWAY] = "gateway",
    [SPF_THING_ROUTE_TABLE] = "route_table",
    [SPF_THING_NAT_GATEWAY] = "nat_gateway",
    [SPF_THING_PRINCIPAL] = "principal",
    [SPF_THING_CREDENTIALS] = "source",
    [SPF_THING_KEY_PAIR] = "name",
    [SPF_THING_KEY_FILE] = "key_file",
    [SPF_THING_JUMP] = "jump",
};

const char *spf_thing_name(enum spf_thing thing)
{
    return thing_names[thing];
}

enum spf_thing spf_thing_by_name(const char *name)
{
    for (int i = SPF_THING_NONE + 1; i < SPF_THING_COUNT; i++) {
        if (strcmp(thing_names[i], name) == 0) {
            return (enum spf_thing)i;
        }
    }
    return SPF_THING_NONE;
}

void spf_result_init(struct spf_result *result)
{
    *result = (struct spf_result){0};
}

void spf_result_clear(struct spf_result *result)
{
    json_object_put(result->evidence);
    *result = (struct spf_result){0};
}

void spf_result_forget(struct spf_result *result)
{
    struct spf_result fresh = {.status = result->status,
                               .started_ms = result->started_ms,
                               .concluded_ms = result->concluded_ms};

    spf_result_clear(result);
    *result = fresh;
}

void spf_say(struct spf_result *result, const char *fmt, ...)
{
    char text[sizeof result->summary];
    va_list args;

    va_start(args, fmt);
    spf_vformat(text, sizeof text, spf_tr(fmt), args);
    va_end(args);
    spf_clean(result->summary, sizeof result->summary, text, strlen(text));
}

struct json_object *spf_clean_json(const char *text)
{
    struct json_object *json = NULL;
    struct spf_buf buf;

    if (text == NULL) {
        return NULL;
    }
    spf_buf_init(&buf, SPF_JSON_TEXT_MAX);
    spf_buf_add_clean(&buf, text, strlen(text), SPF_JSON_TEXT_MAX);
    if (!spf_buf_failed(&buf)) {
        json = spf_json_string_len(buf.data, buf.len);
    }
    spf_buf_clear(&buf);
    return json;
}

void spf_note_json(struct spf_result *result, const char *name, struct json_object *value)
{
    if (result->evidence == NULL) {
        result->evidence = spf_json_object();
        result->incomplete = result->evidence == NULL;
    }
    spf_json_add(result->evidence, name, value);
}

void spf_note_text(struct spf_result *result, const char *name, const char *value)
{
    spf_note_json(result, name, spf_clean_json(value));
}

void spf_note_thing(struct spf_result *result, enum spf_thing thing, const char *name,
                    const char *value)
{
    spf_note_text(result, name, value);
    if (value == NULL || value[0] == '\0' ||
        (result->thing != SPF_THING_NONE && result->thing <= thing)) {
        return;
    }
    result->thing = thing;
    result->thing_id = value;
}

void spf_note_number(struct spf_result *result, const char *name, int64_t value)
{
    spf_note_json(result, name, spf_json_integer(value));
}

void spf_note_bool(struct spf_result *result, const char *name, bool value)
{
    spf_note_json(result, name, spf_json_boolean(value));
}

void spf_note_null(struct spf_result *result, const char *name)
{
    spf_note_json(result, name, NULL);
}
