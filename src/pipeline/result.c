#include "pipeline/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

static char not_said[] = "";

void spf_result_init(struct spf_result *result)
{
    *result = (struct spf_result){.summary = not_said};
}

static void drop_summary(struct spf_result *result)
{
    if (result->summary != not_said) {
        free(result->summary);
    }
    result->summary = not_said;
}

void spf_result_clear(struct spf_result *result)
{
    free(result->evidence);
    drop_summary(result);
    spf_result_init(result);
}

void spf_result_forget(struct spf_result *result)
{
    struct spf_result fresh = {.summary = not_said,
                               .status = result->status,
                               .started_ms = result->started_ms,
                               .concluded_ms = result->concluded_ms};

    spf_result_clear(result);
    *result = fresh;
}

void spf_say(struct spf_result *result, const char *fmt, ...)
{
    char text[SPF_SUMMARY_SIZE];
    char clean[SPF_SUMMARY_SIZE];
    char *summary;
    va_list args;

    va_start(args, fmt);
    spf_vformat(text, sizeof text, spf_tr(fmt), args);
    va_end(args);
    spf_clean(clean, sizeof clean, text, strlen(text));
    summary = strdup(clean);
    result->incomplete |= summary == NULL;
    drop_summary(result);
    result->summary = summary != NULL ? summary : not_said;
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

static void noted(struct spf_result *result, bool good)
{
    result->incomplete |= !good;
}

void spf_note_json(struct spf_result *result, const char *name, struct json_object *value)
{
    noted(result, spf_notes_add(&result->evidence, name, value));
}

void spf_note_text(struct spf_result *result, const char *name, const char *value)
{
    struct spf_buf buf;

    if (value == NULL) {
        spf_note_null(result, name);
        return;
    }
    spf_buf_init(&buf, SPF_JSON_TEXT_MAX);
    spf_buf_add_clean(&buf, value, strlen(value), SPF_JSON_TEXT_MAX);
    noted(result, !spf_buf_failed(&buf) && spf_notes_add_text(&result->evidence, name, buf.data));
    spf_buf_clear(&buf);
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
    noted(result, spf_notes_add_number(&result->evidence, name, value));
}

void spf_note_bool(struct spf_result *result, const char *name, bool value)
{
    spf_note_json(result, name, spf_json_boolean(value));
}

void spf_note_null(struct spf_result *result, const char *name)
{
    spf_note_json(result, name, NULL);
}

struct json_object *spf_result_evidence(const struct spf_result *result)
{
    struct json_object *evidence = result->evidence != NULL ? spf_json_object() : NULL;

    if (evidence != NULL) {
        spf_notes_fill(result->evidence, evidence);
    }
    return evidence;
}
