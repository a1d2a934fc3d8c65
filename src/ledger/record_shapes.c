/* The parts of a record as shapes: what was asked of a target, and why a group is unavailable. */
#include <stdlib.h>
#include <string.h>

#include "base/language.h"
#include "base/names.h"
#include "base/text.h"
#include "ledger/record_parts.h"

struct word {
    char *word;
};

/* A target as a plain struct that a shape can write; secrets are not even in it. */
struct asked {
    char *instance_id, *host, *user, *key_path, *jump, *ssh_config, *find_key, *key_dir;
    char *profile, *config_path, *account_name, *identity;
    int64_t port, family, selected, timeout_ms, deadline_s;
    enum spf_address_choice address;
    enum spf_session_mode session;
    enum spf_file_transfer transfer;
    struct spf_ip source_ip;
    bool user_given, port_given, console, with_ssh_config, from_transcript, fix_tried, no_openssh;
    bool openssh_typed, putty_cache, putty_batch;
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
    SPF_SHAPE_STRING(struct asked, account_name),
    SPF_SHAPE_STRING(struct asked, identity),
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
    SPF_SHAPE_BOOL(struct asked, no_openssh),
    SPF_SHAPE_BOOL(struct asked, openssh_typed),
    SPF_SHAPE_BOOL(struct asked, putty_cache),
    SPF_SHAPE_BOOL(struct asked, putty_batch),
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

/*
 * --source-ip lookup:URL is left out of the words that lines to rerun repeat. Each word stands
 * alone, or before its value.
 */
struct json_object *spf_recorded_target_write(const struct spf_target *target,
                                              const struct spf_shape_filter *filter)
{
    char identity[SPF_IDENTITY_SIZE];
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
        .account_name = (char *)(uintptr_t)target->account_name,
        .identity = target->identity != 0 ? spf_identity_format(target->identity, identity) : NULL,
        .port = target->port,
        .family = target->family,
        .selected = target->selected,
        .timeout_ms = target->timeout_ms,
        .deadline_s = target->deadline_s,
        .address = target->address,
        .session = target->session,
        .transfer = target->transfer,
        .no_openssh = target->no_openssh,
        .openssh_typed = target->openssh_typed,
        .putty_cache = target->putty_cache,
        .putty_batch = target->putty_batch,
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

        if (!is_lookup && !leads_to_it && (kept = SPF_APPEND(&asked.other_options)) != NULL) {
            kept->word = (char *)(uintptr_t)*word;
        }
    }
    json = spf_shape_write(&asked_shape, &asked, filter);
    free(asked.other_options.items);
    return json;
}

struct json_object *spf_recorded_failure_write(const struct spf_failure *failure,
                                               const struct spf_shape_filter *filter)
{
    struct failure_record record = {.explicit_deny = failure->explicit_deny};

    spf_copy(record.cause, sizeof record.cause, spf_findings[failure->cause].id);
    spf_copy(record.text, sizeof record.text, failure->text);
    spf_copy(record.action, sizeof record.action, failure->action);
    spf_copy(record.code, sizeof record.code, failure->code);
    spf_copy(record.request_id, sizeof record.request_id, failure->request_id);
    spf_copy(record.denied_by, sizeof record.denied_by, failure->denied_by);
    spf_copy(record.denial, sizeof record.denial, failure->denial);
    return spf_shape_write(&failure_shape, &record, filter);
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

static bool take_other_options(struct spf_recorded_target *recorded, const struct asked *asked)
{
    recorded->other_options = calloc(asked->other_options.count + 1, sizeof(char *));
    for (size_t i = 0; recorded->other_options != NULL && i < asked->other_options.count; i++) {
        const char *word = asked->other_options.items[i].word;

        recorded->other_options[i] = word != NULL ? word : "";
    }
    return recorded->other_options != NULL;
}

struct spf_error spf_recorded_target_read(struct json_object *json,
                                          struct spf_recorded_target *recorded)
{
    struct asked *asked = calloc(1, sizeof *asked);
    struct spf_error error;

    recorded->asked = asked;
    if (asked == NULL) {
        return spf_no_memory();
    }
    error = spf_shape_read(&asked_shape, json, asked);
    if (error.code != SPF_OK) {
        return error;
    }
    if (!could_be_asked(asked)) {
        return spf_error(SPF_ERR_INVALID, _("a target is not one that could have been asked for"));
    }
    if (!take_other_options(recorded, asked)) {
        return spf_no_memory();
    }
    recorded->target = (struct spf_target){
        .identity = spf_identity_parse(asked->identity),
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
        .account_name = given(asked->account_name),
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
        .no_openssh = asked->no_openssh,
        .openssh_typed = asked->openssh_typed,
        .putty_cache = asked->putty_cache,
        .putty_batch = asked->putty_batch,
        .selected = (spf_checks)asked->selected,
        .timeout_ms = (unsigned)asked->timeout_ms,
        .deadline_s = (unsigned)asked->deadline_s,
        .other_options =
            asked->other_options.count > 0 ? (const char *const *)recorded->other_options : NULL,
    };
    return spf_ok();
}

void spf_recorded_target_clear(struct spf_recorded_target *recorded)
{
    if (recorded->asked != NULL) {
        spf_shape_clear(&asked_shape, recorded->asked);
    }
    free(recorded->asked);
    free(recorded->other_options);
    *recorded = (struct spf_recorded_target){0};
}

struct spf_failure spf_recorded_failure_read(struct json_object *json)
{
    struct failure_record record = {0};
    struct spf_failure failure;
    enum spf_finding cause = SPF_NO_FINDING;

    if (spf_shape_read(&failure_shape, json, &record).code == SPF_OK) {
        cause = spf_finding_by_id(record.cause);
    }
    if (cause == SPF_NO_FINDING || spf_findings[cause].status != SPF_UNKNOWN) {
        return spf_failure(SPF_NOT_RECORDED, "the record's account of this failure is damaged");
    }
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
