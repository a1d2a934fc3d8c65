#include "driver/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/language.h"
#include "base/names.h"
#include "base/text.h"
#include "platform/home.h"

#define SCHEMA      "sshpreflight.record/1"
#define TARGETS_MAX 10000

struct word {
    char *word;
};

/* A target as a plain struct that a shape can write; secrets are not even in it. */
struct asked {
    char *instance_id, *host, *user, *key_path, *jump, *ssh_config, *find_key, *key_dir;
    char *profile, *config_path;
    int64_t port, family, selected, timeout_ms, deadline_s;
    enum spf_address_choice address;
    enum spf_session_mode session;
    enum spf_file_transfer transfer;
    struct spf_ip source_ip;
    bool user_given, port_given, console, with_ssh_config, from_transcript, fix_tried;
    bool source_lookup; /* not its URL: what stands in that may be secret */
    SPF_LIST(struct word) other_options;
};

static const char *address_name(unsigned value)
{
    switch ((enum spf_address_choice)value) {
        SPF_NAME(SPF_ADDRESS_AUTO, "auto");
        SPF_NAME(SPF_ADDRESS_PUBLIC, "public");
        SPF_NAME(SPF_ADDRESS_PRIVATE, "private");
        SPF_NAME(SPF_ADDRESS_IPV6, "ipv6");
    }
    return NULL;
}

static const char *session_name(unsigned value)
{
    switch ((enum spf_session_mode)value) {
        SPF_NAME(SPF_SESSION_AUTO, "auto");
        SPF_NAME(SPF_SESSION_ALWAYS, "always");
        SPF_NAME(SPF_SESSION_NEVER, "never");
    }
    return NULL;
}

static const char *transfer_name(unsigned value)
{
    switch ((enum spf_file_transfer)value) {
        SPF_NAME(SPF_TRANSFER_NONE, "none");
        SPF_NAME(SPF_TRANSFER_SFTP, "sftp");
        SPF_NAME(SPF_TRANSFER_SCP, "scp");
    }
    return NULL;
}

static const struct spf_field word_fields[] = {SPF_SHAPE_STRING(struct word, word)};
static const struct spf_shape word_shape = SPF_SHAPE(struct word, word_fields);

static const struct spf_field asked_fields[] = {
    SPF_SHAPE_STRING(struct asked, instance_id),
    SPF_SHAPE_STRING(struct asked, host),
    SPF_SHAPE_STRING(struct asked, user),
    SPF_SHAPE_STRING(struct asked, key_path),
    SPF_SHAPE_STRING(struct asked, jump),
    SPF_SHAPE_STRING(struct asked, ssh_config),
    SPF_SHAPE_STRING(struct asked, find_key),
    SPF_SHAPE_STRING(struct asked, key_dir),
    SPF_SHAPE_STRING(struct asked, profile),
    SPF_SHAPE_STRING(struct asked, config_path),
    SPF_SHAPE_BOOL(struct asked, user_given),
    SPF_SHAPE_BOOL(struct asked, port_given),
    SPF_SHAPE_BOOL(struct asked, with_ssh_config),
    SPF_SHAPE_NUMBER(struct asked, port),
    SPF_SHAPE_NUMBER(struct asked, family),
    SPF_SHAPE_NUMBER(struct asked, selected),
    SPF_SHAPE_NUMBER(struct asked, timeout_ms),
    SPF_SHAPE_NUMBER(struct asked, deadline_s),
    SPF_SHAPE_ENUM(struct asked, address, address_name),
    SPF_SHAPE_ENUM(struct asked, session, session_name),
    SPF_SHAPE_ENUM(struct asked, transfer, transfer_name),
    SPF_SHAPE_IP(struct asked, source_ip),
    SPF_SHAPE_BOOL(struct asked, console),
    SPF_SHAPE_BOOL(struct asked, from_transcript),
    SPF_SHAPE_BOOL(struct asked, fix_tried),
    SPF_SHAPE_BOOL(struct asked, source_lookup),
    SPF_SHAPE_LIST(struct asked, other_options, &word_shape),
};
static const struct spf_shape asked_shape = SPF_SHAPE(struct asked, asked_fields);

/* struct spf_failure with the cause by its id; as large, so that nothing is cut. */
#define ROOM(member) sizeof((struct spf_failure){0}.member)
struct failure_record {
    char cause[64];
    char text[ROOM(text)], action[ROOM(action)], code[ROOM(code)], request_id[ROOM(request_id)];
    char denied_by[ROOM(denied_by)], denial[ROOM(denial)];
    bool explicit_deny;
};
static const struct spf_field failure_fields[] = {
    SPF_SHAPE_TEXT(struct failure_record, cause),
    SPF_SHAPE_TEXT(struct failure_record, text),
    SPF_SHAPE_TEXT(struct failure_record, action),
    SPF_SHAPE_TEXT(struct failure_record, code),
    SPF_SHAPE_TEXT(struct failure_record, request_id),
    SPF_SHAPE_BOOL(struct failure_record, explicit_deny),
    SPF_SHAPE_TEXT(struct failure_record, denied_by),
    SPF_SHAPE_TEXT(struct failure_record, denial),
};
static const struct spf_shape failure_shape = SPF_SHAPE(struct failure_record, failure_fields);

struct spf_record {
    struct json_object *json;
    int64_t recorded_utc, started_utc;
    size_t count;
    struct recorded {
        struct asked asked;
        struct spf_target target;
        const char **other_options; /* of asked, as a target has them; NULL ends */
    } * targets;
};

/* Where a text names a home directory of ours it gets "~" instead. */
static char *hide_homes(const void *homes, const char *text)
{
    return spf_homes_hide(homes, text);
}

/*
 * --source-ip lookup:URL is left out of the words that lines to rerun repeat. Each word stands
 * alone, or before its value.
 */
static struct json_object *write_target(const struct spf_target *target,
                                        const struct spf_shape_filter *filter)
{
    /* Only read: a shape has no const. */
    struct asked asked = {
        .instance_id = (char *)(uintptr_t)target->instance_id,
        .host = (char *)(uintptr_t)target->host,
        .user = (char *)(uintptr_t)target->user,
        .key_path = (char *)(uintptr_t)target->key_path,
        .jump = (char *)(uintptr_t)target->jump,
        .ssh_config = (char *)(uintptr_t)target->ssh_config,
        .find_key = (char *)(uintptr_t)target->find_key,
        .key_dir = (char *)(uintptr_t)target->key_dir,
        .profile = (char *)(uintptr_t)target->profile,
        .config_path = (char *)(uintptr_t)target->config_path,
        .port = target->port,
        .family = target->family,
        .selected = target->selected,
        .timeout_ms = target->timeout_ms,
        .deadline_s = target->deadline_s,
        .address = target->address,
        .session = target->session,
        .transfer = target->transfer,
        .user_given = target->user_given,
        .port_given = target->port_given,
        .console = target->console,
        .from_transcript = target->from_transcript,
        .fix_tried = target->fix_tried,
        .with_ssh_config = target->ssh_config != NULL,
        .source_lookup = target->source_lookup != NULL,
        .source_ip = target->source_ip,
    };
    struct json_object *json;

    for (const char *const *word = target->other_options; word != NULL && *word != NULL; word++) {
        struct word *kept;
        bool is_lookup = strstr(*word, "lookup:") != NULL;
        bool leads_to_it = word[1] != NULL && spf_starts_with(word[1], "lookup:");

        if (!is_lookup && !leads_to_it && (kept = SPF_APPEND(&asked.other_options)) != NULL)
            kept->word = (char *)(uintptr_t)*word;
    }
    json = spf_shape_write(&asked_shape, &asked, filter);
    free(asked.other_options.items);
    return json;
}

static struct json_object *write_failure(const struct spf_failure *failure,
                                         const struct spf_shape_filter *filter)
{
    struct failure_record record = {.explicit_deny = failure->explicit_deny};

    (void)spf_copy(record.cause, sizeof record.cause, spf_findings[failure->cause].id);
    (void)spf_copy(record.text, sizeof record.text, failure->text);
    (void)spf_copy(record.action, sizeof record.action, failure->action);
    (void)spf_copy(record.code, sizeof record.code, failure->code);
    (void)spf_copy(record.request_id, sizeof record.request_id, failure->request_id);
    (void)spf_copy(record.denied_by, sizeof record.denied_by, failure->denied_by);
    (void)spf_copy(record.denial, sizeof record.denial, failure->denial);
    return spf_shape_write(&failure_shape, &record, filter);
}

/* Only the groups that were asked for: what was not is not-recorded in a replay. NULL: one could
 * not be written. */
static struct json_object *write_groups(const struct spf_run *run,
                                        const struct spf_shape_filter *filter)
{
    struct json_object *groups = json_object_new_object(), *session;

    for (int i = 0; groups != NULL && i < SPF_GROUP_COUNT; i++) {
        const struct spf_group_state *state = &run->facts.group[i];
        const struct spf_group_info *info = &spf_groups_info[i];
        const void *facts = (const char *)&run->facts + info->offset;
        struct json_object *group, *content;

        if (state->phase != SPF_PRESENT && state->phase != SPF_FAILED)
            continue;
        group = json_object_new_object();
        content = state->phase == SPF_PRESENT ? spf_shape_write(info->shape, facts, filter)
                                              : write_failure(&state->failure, filter);
        if (group == NULL || content == NULL) {
            json_object_put(group);
            json_object_put(content);
            json_object_put(groups);
            return NULL;
        }
        (void)json_object_object_add(group, "ms",
                                     json_object_new_int64(state->done_ms - state->asked_ms));
        (void)json_object_object_add(group, state->phase == SPF_PRESENT ? "facts" : "failure",
                                     content);
        (void)json_object_object_add(groups, info->name, group);
    }
    /* What a command printed is the server's business; its meaning is in the facts. */
    session = spf_json_path(groups, "session.facts");
    if (session != NULL)
        json_object_object_del(session, "output");
    return groups;
}

char *spf_record_write(struct spf_run *const *runs, size_t count, int64_t started_utc)
{
    struct json_object *json = json_object_new_object(), *targets = json_object_new_array();
    struct spf_homes homes;
    const struct spf_shape_filter filter = {hide_homes, &homes};
    char now[SPF_UTC_SIZE], started[SPF_UTC_SIZE], *text = NULL;
    bool whole = json != NULL && targets != NULL;

    spf_homes_find(&homes);
    spf_utc_format(started_utc, started);
    spf_utc_format(spf_utc_now(), now);
    (void)json_object_object_add(json, "schema", json_object_new_string(SCHEMA));
    (void)json_object_object_add(json, "version", json_object_new_string(SPF_VERSION));
    (void)json_object_object_add(json, "started_at", json_object_new_string(started));
    (void)json_object_object_add(json, "recorded_at", json_object_new_string(now));
    (void)json_object_object_add(json, "targets", targets);
    for (size_t i = 0; i < count; i++) {
        struct json_object *one, *target, *groups;

        if (runs[i] == NULL)
            continue;
        one = json_object_new_object();
        target = write_target(runs[i]->asked, &filter);
        groups = write_groups(runs[i], &filter);

        whole = whole && one != NULL && target != NULL && groups != NULL;
        (void)json_object_object_add(one, "target", target);
        (void)json_object_object_add(one, "groups", groups);
        (void)json_object_array_add(targets, one);
    }
    if (whole)
        text = strdup(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY |
                                                               JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(json);
    return text;
}

static bool could_be_asked(const struct asked *asked)
{
    static const int64_t of_the_key =
        SPF_CHECK_BIT(KEY_FILE) | SPF_CHECK_BIT(KEY_MODE) | SPF_CHECK_BIT(KEY_FORMAT);

    return asked->port >= 1 && asked->port <= 65535 && asked->selected >= 0 &&
           asked->selected <= (int64_t)SPF_ALL_CHECKS && asked->timeout_ms >= 0 &&
           asked->timeout_ms <= INT32_MAX && asked->deadline_s >= 0 &&
           asked->deadline_s <= INT32_MAX &&
           (asked->family == 0 || asked->family == 4 || asked->family == 6) &&
           (asked->instance_id != NULL || asked->host != NULL ||
            (asked->selected & ~of_the_key) == 0);
}

static const char *given(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static struct spf_error read_target(struct json_object *json, struct recorded *recorded)
{
    struct asked *asked = &recorded->asked;
    struct spf_error error = spf_shape_read(&asked_shape, json, asked);

    if (error.code != SPF_OK)
        return error;
    if (!could_be_asked(asked))
        return spf_error(SPF_ERR_INVALID, _("a target is not one that could have been asked for"));
    recorded->other_options = calloc(asked->other_options.count + 1, sizeof(char *));
    if (recorded->other_options == NULL)
        return spf_error(SPF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < asked->other_options.count; i++) {
        const char *word = asked->other_options.items[i].word;

        recorded->other_options[i] = word != NULL ? word : "";
    }
    recorded->target = (struct spf_target){
        .instance_id = given(asked->instance_id),
        .host = given(asked->host),
        .key_path = given(asked->key_path),
        .jump = given(asked->jump),
        .ssh_config = !asked->with_ssh_config     ? NULL
                      : asked->ssh_config != NULL ? asked->ssh_config
                                                  : "",
        .find_key = asked->find_key,
        .key_dir = given(asked->key_dir),
        .profile = asked->profile,
        .config_path = asked->config_path,
        .user = given(asked->user) != NULL ? asked->user : "root",
        .user_given = asked->user_given,
        .port = (uint16_t)asked->port,
        .port_given = asked->port_given,
        .family = (int)asked->family,
        .address = asked->address,
        .source_ip = asked->source_ip,
        .source_lookup = asked->source_lookup ? "" : NULL, /* nobody is asked again */
        .console = asked->console,
        .from_transcript = asked->from_transcript,
        .fix_tried = asked->fix_tried,
        .session = asked->session,
        .transfer = asked->transfer,
        .selected = (spf_checks)asked->selected,
        .timeout_ms = (unsigned)asked->timeout_ms,
        .deadline_s = (unsigned)asked->deadline_s,
        .other_options =
            asked->other_options.count > 0 ? (const char *const *)recorded->other_options : NULL,
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
        error =
            spf_error(SPF_ERR_INVALID, _("not a record of sshpreflight (schema \"%s\")"), SCHEMA);
        goto out;
    }
    read->count = spf_json_count(targets);
    if (read->count == 0 || read->count > TARGETS_MAX) {
        error = spf_error(SPF_ERR_INVALID, _("the record holds no target, or too many"));
        goto out;
    }
    if ((read->targets = calloc(read->count, sizeof *read->targets)) == NULL)
        goto out;
    for (size_t i = 0; i < read->count; i++) {
        error = read_target(spf_json_get(spf_json_item(targets, i), "target"), &read->targets[i]);
        if (error.code != SPF_OK)
            goto out;
    }
    read->recorded_utc = spf_utc_parse(spf_json_text(read->json, "recorded_at"));
    read->started_utc = spf_utc_parse(spf_json_text(read->json, "started_at"));
    if (read->recorded_utc <= 0) {
        error = spf_error(SPF_ERR_INVALID, _("the record does not say when it was made"));
        goto out;
    }
    if (read->started_utc <= 0) /* of before records had it */
        read->started_utc = read->recorded_utc;
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
    for (size_t i = 0; record->targets != NULL && i < record->count; i++) {
        spf_shape_clear(&asked_shape, &record->targets[i].asked);
        free(record->targets[i].other_options);
    }
    free(record->targets);
    free(record);
}

int64_t spf_record_started(const struct spf_record *record)
{
    return record->started_utc;
}

int64_t spf_record_made(const struct spf_record *record)
{
    return record->recorded_utc;
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
    spf_clean(failure.denied_by, sizeof failure.denied_by, record.denied_by,
              strlen(record.denied_by));
    spf_clean(failure.denial, sizeof failure.denial, record.denial, strlen(record.denial));
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
