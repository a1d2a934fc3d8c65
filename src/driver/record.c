#include "driver/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

#define SCHEMA      "sshpreflight.record/1"
#define TARGETS_MAX 10000

/* A target as a plain struct that a shape can write; secrets are not even in it. */
struct asked {
    char instance_id[80], host[260], user[80], key_path[1024], jump[300];
    char ssh_config[1024];
    int64_t port, family, selected, timeout_ms;
    enum spf_address_choice address;
    enum spf_session_mode session;
    struct spf_ip source_ip;
    bool console, with_ssh_config;
    bool source_lookup; /* not its URL: what stands in that may be secret */
};

static const char *const address_names[] = {"auto", "public", "private", "ipv6", NULL};
static const char *const session_names[] = {"auto", "always", "never", NULL};

static const struct spf_field asked_fields[] = {
    SPF_SHAPE_TEXT(struct asked, instance_id),
    SPF_SHAPE_TEXT(struct asked, host),
    SPF_SHAPE_TEXT(struct asked, user),
    SPF_SHAPE_TEXT(struct asked, key_path),
    SPF_SHAPE_TEXT(struct asked, jump),
    SPF_SHAPE_TEXT(struct asked, ssh_config),
    SPF_SHAPE_BOOL(struct asked, with_ssh_config),
    SPF_SHAPE_NUMBER(struct asked, port),
    SPF_SHAPE_NUMBER(struct asked, family),
    SPF_SHAPE_NUMBER(struct asked, selected),
    SPF_SHAPE_NUMBER(struct asked, timeout_ms),
    SPF_SHAPE_ENUM(struct asked, address, address_names),
    SPF_SHAPE_ENUM(struct asked, session, session_names),
    SPF_SHAPE_IP(struct asked, source_ip),
    SPF_SHAPE_BOOL(struct asked, console),
    SPF_SHAPE_BOOL(struct asked, source_lookup),
};
static const struct spf_shape asked_shape = SPF_SHAPE(struct asked, asked_fields);

struct failure_record {
    char cause[64], text[256], action[64], code[96], request_id[64];
    bool explicit_deny;
};
static const struct spf_field failure_fields[] = {
    SPF_SHAPE_TEXT(struct failure_record, cause),
    SPF_SHAPE_TEXT(struct failure_record, text),
    SPF_SHAPE_TEXT(struct failure_record, action),
    SPF_SHAPE_TEXT(struct failure_record, code),
    SPF_SHAPE_TEXT(struct failure_record, request_id),
    SPF_SHAPE_BOOL(struct failure_record, explicit_deny),
};
static const struct spf_shape failure_shape = SPF_SHAPE(struct failure_record, failure_fields);

struct spf_record {
    struct json_object *json;
    size_t count;
    struct recorded {
        struct asked asked;
        struct spf_target target;
    } * targets;
};

/* Texts that begin with the home folder begin with "~" instead, however deep they stand. */
static void hide_home(struct json_object *json, const char *home)
{
    size_t len = strlen(home);

    if (json_object_is_type(json, json_type_object)) {
        json_object_object_foreach(json, name, member)
        {
            (void)name;
            hide_home(member, home);
        }
    } else if (json_object_is_type(json, json_type_array)) {
        for (size_t i = 0; i < spf_json_count(json); i++)
            hide_home(spf_json_item(json, i), home);
    } else if (json_object_is_type(json, json_type_string)) {
        const char *text = json_object_get_string(json);

        if (strncmp(text, home, len) == 0 && (text[len] == '/' || text[len] == '\0')) {
            char *short_path = NULL;

            if (asprintf(&short_path, "~%s", text + len) >= 0) {
                (void)json_object_set_string(json, short_path);
                free(short_path);
            }
        }
    }
}

static struct json_object *write_target(const struct spf_target *target)
{
    struct asked asked = {
        .port = target->port,
        .family = target->family,
        .selected = target->selected,
        .timeout_ms = target->timeout_ms,
        .address = target->address,
        .session = target->session,
        .console = target->console,
        .with_ssh_config = target->ssh_config != NULL,
        .source_lookup = target->source_lookup != NULL,
        .source_ip = target->source_ip,
    };
    const char *const from[] = {target->instance_id, target->host, target->user,
                                target->key_path,    target->jump, target->ssh_config};
    char *const to[] = {asked.instance_id, asked.host, asked.user,
                        asked.key_path,    asked.jump, asked.ssh_config};
    const size_t sizes[] = {sizeof asked.instance_id, sizeof asked.host, sizeof asked.user,
                            sizeof asked.key_path,    sizeof asked.jump, sizeof asked.ssh_config};

    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        if (from[i] != NULL)
            spf_clean(to[i], sizes[i], from[i], strlen(from[i]));
    }
    return spf_shape_write(&asked_shape, &asked);
}

static struct json_object *write_failure(const struct spf_failure *failure)
{
    struct failure_record record = {.explicit_deny = failure->explicit_deny};

    (void)spf_copy(record.cause, sizeof record.cause, spf_findings[failure->cause].id);
    (void)spf_copy(record.text, sizeof record.text, failure->text);
    (void)spf_copy(record.action, sizeof record.action, failure->action);
    (void)spf_copy(record.code, sizeof record.code, failure->code);
    (void)spf_copy(record.request_id, sizeof record.request_id, failure->request_id);
    return spf_shape_write(&failure_shape, &record);
}

/* Only the groups that were asked for: what was not is not-recorded in a replay. */
static struct json_object *write_groups(const struct spf_run *run)
{
    struct json_object *groups = json_object_new_object(), *session;

    for (int i = 0; groups != NULL && i < SPF_GROUP_COUNT; i++) {
        const struct spf_group_state *state = &run->facts.group[i];
        const struct spf_group_info *info = &spf_groups_info[i];
        const void *facts = (const char *)&run->facts + info->offset;
        struct json_object *group;

        if (state->phase != SPF_PRESENT && state->phase != SPF_FAILED)
            continue;
        if ((group = json_object_new_object()) == NULL)
            continue;
        (void)json_object_object_add(group, "ms",
                                     json_object_new_int64(state->done_ms - state->asked_ms));
        if (state->phase == SPF_PRESENT)
            (void)json_object_object_add(group, "facts", spf_shape_write(info->shape, facts));
        else
            (void)json_object_object_add(group, "failure", write_failure(&state->failure));
        (void)json_object_object_add(groups, info->name, group);
    }
    /* What a command printed is the server's business; its meaning is in the facts. */
    session = spf_json_path(groups, "session.facts");
    if (session != NULL)
        json_object_object_del(session, "output");
    return groups;
}

char *spf_record_write(const struct spf_run *runs, size_t count)
{
    struct json_object *json = json_object_new_object(), *targets = json_object_new_array();
    const char *home = getenv("HOME");
    char now[SPF_UTC_SIZE], *text = NULL;

    spf_utc_format(spf_utc_now(), now);
    (void)json_object_object_add(json, "schema", json_object_new_string(SCHEMA));
    (void)json_object_object_add(json, "version", json_object_new_string(SPF_VERSION));
    (void)json_object_object_add(json, "recorded_at", json_object_new_string(now));
    (void)json_object_object_add(json, "targets", targets);
    for (size_t i = 0; i < count; i++) {
        struct json_object *one = json_object_new_object();

        (void)json_object_object_add(one, "target", write_target(runs[i].asked));
        (void)json_object_object_add(one, "groups", write_groups(&runs[i]));
        (void)json_object_array_add(targets, one);
    }
    if (home != NULL && strlen(home) > 1)
        hide_home(json, home);
    if (json != NULL)
        text = strdup(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY |
                                                               JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(json);
    return text;
}

static struct spf_error read_target(struct json_object *json, struct recorded *recorded)
{
    struct asked *asked = &recorded->asked;
    struct spf_error error = spf_shape_read(&asked_shape, json, asked);

    if (error.code != SPF_OK)
        return error;
    if (asked->port < 1 || asked->port > 65535 || asked->selected < 0 ||
        asked->selected > (int64_t)SPF_ALL_CHECKS || asked->timeout_ms < 0 ||
        asked->timeout_ms > INT32_MAX || (asked->instance_id[0] == '\0' && asked->host[0] == '\0'))
        return spf_error(SPF_ERR_INVALID, "a target is not one that could have been asked for");
    recorded->target = (struct spf_target){
        .instance_id = asked->instance_id[0] != '\0' ? asked->instance_id : NULL,
        .host = asked->host[0] != '\0' ? asked->host : NULL,
        .key_path = asked->key_path[0] != '\0' ? asked->key_path : NULL,
        .jump = asked->jump[0] != '\0' ? asked->jump : NULL,
        .ssh_config = asked->with_ssh_config ? asked->ssh_config : NULL,
        .user = asked->user[0] != '\0' ? asked->user : "root",
        .port = (uint16_t)asked->port,
        .family = (int)asked->family,
        .address = asked->address,
        .source_ip = asked->source_ip,
        .source_lookup = asked->source_lookup ? "" : NULL, /* nobody is asked again */
        .console = asked->console,
        .session = asked->session,
        .selected = (spf_checks)asked->selected,
        .timeout_ms = (unsigned)asked->timeout_ms,
    };
    return spf_ok();
}

struct spf_error spf_record_read(const char *text, size_t len, struct spf_record **record)
{
    struct spf_error error = spf_error(SPF_ERR_NOMEM, "out of memory");
    struct spf_record *read = calloc(1, sizeof *read);
    struct json_object *targets;

    if (read == NULL)
        return error;
    read->json = spf_json_parse(text, len);
    targets = spf_json_get(read->json, "targets");
    if (strcmp(spf_json_text(read->json, "schema"), SCHEMA) != 0) {
        error = spf_error(SPF_ERR_INVALID, "not a record of sshpreflight (schema \"%s\")", SCHEMA);
        goto out;
    }
    read->count = spf_json_count(targets);
    if (read->count == 0 || read->count > TARGETS_MAX) {
        error = spf_error(SPF_ERR_INVALID, "the record holds no target, or too many");
        goto out;
    }
    if ((read->targets = calloc(read->count, sizeof *read->targets)) == NULL)
        goto out;
    for (size_t i = 0; i < read->count; i++) {
        error = read_target(spf_json_get(spf_json_item(targets, i), "target"), &read->targets[i]);
        if (error.code != SPF_OK)
            goto out;
    }
    *record = read;
    return spf_ok();
out:
    spf_record_free(read);
    return error;
}

void spf_record_free(struct spf_record *record)
{
    if (record == NULL)
        return;
    json_object_put(record->json);
    free(record->targets);
    free(record);
}

size_t spf_record_count(const struct spf_record *record)
{
    return record->count;
}

const struct spf_target *spf_record_target(const struct spf_record *record, size_t index)
{
    return &record->targets[index].target;
}

static struct spf_failure read_failure(struct json_object *json)
{
    struct failure_record record = {0};
    struct spf_failure failure;
    enum spf_finding cause = SPF_NO_FINDING;

    if (spf_shape_read(&failure_shape, json, &record).code == SPF_OK)
        cause = spf_finding_by_id(record.cause);
    if (cause == SPF_NO_FINDING || spf_findings[cause].status != SPF_UNKNOWN)
        return spf_failure(SPF_NOT_RECORDED, "the record's account of this failure is damaged");
    failure = spf_failure(cause, "%s", record.text);
    failure.explicit_deny = record.explicit_deny;
    spf_clean(failure.action, sizeof failure.action, record.action, strlen(record.action));
    spf_clean(failure.code, sizeof failure.code, record.code, strlen(record.code));
    spf_clean(failure.request_id, sizeof failure.request_id, record.request_id,
              strlen(record.request_id));
    return failure;
}

void spf_replay_serve(const struct spf_record *record, size_t index, struct spf_inquiry *inquiry,
                      enum spf_group group)
{
    const struct spf_group_info *info = &spf_groups_info[group];
    struct json_object *target = spf_json_item(spf_json_get(record->json, "targets"), index);
    struct json_object *recorded = spf_json_get(spf_json_get(target, "groups"), info->name);
    struct json_object *facts = spf_json_get(recorded, "facts");
    struct spf_failure failure;
    struct spf_error error;

    if (recorded == NULL) {
        failure = spf_failure(SPF_NOT_RECORDED, "the recorded run did not ask for this");
    } else if (facts == NULL) {
        failure = read_failure(spf_json_get(recorded, "failure"));
    } else {
        error = spf_shape_read(info->shape, facts, spf_facts_group(inquiry->facts, group));
        if (error.code == SPF_OK) {
            inquiry->arrived(inquiry, group, NULL);
            return;
        }
        failure = spf_failure(SPF_NOT_RECORDED, "the record is damaged: %s", error.text);
    }
    inquiry->arrived(inquiry, group, &failure);
}
