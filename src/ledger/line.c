#include "ledger/line.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_build.h"
#include "base/language.h"

struct spf_line {
    struct json_object *json;
    struct spf_said said[SPF_CHECK_COUNT];
};

static bool verdict_of(struct json_object *json, enum spf_verdict *verdict)
{
    const char *name = spf_json_text(json, "verdict");

    for (int i = SPF_VERDICT_PASS; i <= SPF_VERDICT_UNKNOWN; i++) {
        *verdict = (enum spf_verdict)i;
        if (strcmp(name, spf_verdict_name(*verdict)) == 0) {
            return true;
        }
    }
    return false;
}

const char *spf_line_judge(struct json_object *json)
{
    const char *cause = spf_json_text(json, "cause");
    enum spf_verdict verdict;

    if (!verdict_of(json, &verdict)) {
        return _("says no verdict");
    }
    if (cause[0] != '\0' && spf_finding_by_id(cause) == SPF_NO_FINDING) {
        return _("names a cause that this version does not know");
    }
    if (!json_object_is_type(spf_json_get(json, "target"), json_type_object) ||
        !json_object_is_type(spf_json_get(json, "checks"), json_type_array) ||
        !json_object_is_type(spf_json_get(json, "remedies"), json_type_array)) {
        return _("lacks the target, its checks or its remedies");
    }
    return NULL;
}

bool spf_line_is_open(struct json_object *json)
{
    struct json_object *checks = spf_json_get(json, "checks");

    for (size_t i = 0; i < spf_json_count(checks); i++) {
        if (strcmp(spf_json_text(spf_json_item(checks, i), "cause"),
                   spf_findings[SPF_INTERRUPTED].id) == 0) {
            return true;
        }
    }
    return false;
}

/* NULL for "". */
static const char *given(struct json_object *json, const char *name)
{
    const char *text = spf_json_text(json, name);

    return text[0] != '\0' ? text : NULL;
}

struct spf_target spf_line_target(struct json_object *json)
{
    struct spf_target target = {
        .identity = spf_identity_parse(spf_json_text(json, "identity")),
        .instance_id = given(json, "instance_id"),
        .host = given(json, "host"),
        .profile = given(json, "profile"),
        .user = given(json, "user"),
        .key_path = given(json, "key_file"),
        .jump = given(json, "jump"),
        .port = (uint16_t)spf_json_number(json, "port", 65535, 22),
        .selected = SPF_ALL_CHECKS,
    };

    /* Of an instance it is the address, where no host was given. */
    if (target.host != NULL && target.instance_id != NULL &&
        strcmp(target.host, spf_json_text(json, "address")) == 0) {
        target.host = NULL;
    }
    if (target.user == NULL) {
        target.user = SPF_UNNAMED_USER;
    }
    if (target.port == 0) {
        target.port = 22;
    }
    return target;
}

/* ---- texts -------------------------------------------------------------------------------- */

static void copy_clean(char *out, size_t size, struct json_object *json, const char *name)
{
    const char *text = spf_json_text(json, name);

    spf_clean(out, size, text, strlen(text));
}

/* To be freed; NULL for none, or without memory. */
static char *clean_text(struct json_object *json, const char *name)
{
    const char *text = spf_json_text(json, name);
    struct spf_buf buf;

    if (text[0] == '\0') {
        return NULL;
    }
    spf_buf_init(&buf, 4000);
    spf_buf_add_clean(&buf, text, strlen(text), 4000);
    return spf_buf_take(&buf);
}

/* A line to paste is whole and clean, or none. */
static char *command(struct json_object *json, const char *name)
{
    const char *line = spf_json_text(json, name);

    return line[0] != '\0' && spf_is_clean(line) ? strdup(line) : NULL;
}

/* The same value with clean texts; the caller puts it. */
static struct json_object *clean_value(struct json_object *value)
{
    struct json_object *copy;

    switch (json_object_get_type(value)) {
    case json_type_string:
        return spf_clean_json(json_object_get_string(value));
    case json_type_array:
        copy = spf_json_array();
        for (size_t i = 0; i < spf_json_count(value); i++) {
            spf_json_append(copy, clean_value(spf_json_item(value, i)));
        }
        return copy;
    case json_type_object: {
        copy = spf_json_object();
        json_object_object_foreach(value, name, member)
        {
            if (spf_is_clean(name)) {
                spf_json_add(copy, name, clean_value(member));
            }
        }
        return copy;
    }
    default:
        return json_object_get(value);
    }
}

/* One of the few that there are. */
static const char *impact(struct json_object *json)
{
    static const char *const impacts[] = {SPF_IMPACT_RESTARTS, SPF_IMPACT_REPLACES,
                                          SPF_IMPACT_ADDRESS};
    const char *text = spf_json_text(json, "impact");

    for (size_t i = 0; i < sizeof impacts / sizeof *impacts; i++) {
        if (strcmp(impacts[i], text) == 0 || strcmp(spf_tr(impacts[i]), text) == 0) {
            return impacts[i];
        }
    }
    return NULL;
}

static void take_remedies(struct json_object *json, enum spf_finding cause, spf_advice_list *list)
{
    struct json_object *remedies = spf_json_get(json, "remedies");

    for (size_t i = 0; i < spf_json_count(remedies); i++) {
        struct json_object *remedy = spf_json_item(remedies, i);
        enum spf_finding own = spf_finding_by_id(spf_json_text(remedy, "cause"));
        char *text = clean_text(remedy, "text");
        struct spf_advice *advice = text != NULL ? SPF_APPEND(list) : NULL;

        if (advice != NULL) {
            *advice = (struct spf_advice){own != SPF_NO_FINDING ? own : cause, text,
                                          command(remedy, "command"), impact(remedy)};
        } else {
            free(text);
        }
    }
}

/* ---- results ------------------------------------------------------------------------------ */

static enum spf_status status_of(const char *name)
{
    for (int i = SPF_PASS; i <= SPF_UNKNOWN; i++) {
        if (strcmp(spf_status_name((enum spf_status)i), name) == 0) {
            return (enum spf_status)i;
        }
    }
    return SPF_PENDING;
}

/* Nothing is said of it, or something that no report says. */
static void doubt(struct spf_result *result, struct spf_said *said)
{
    result->status = SPF_UNKNOWN;
    result->finding = SPF_NOT_RECORDED;
    free(said->words);
    said->words = NULL;
}

static void take_result(struct json_object *json, struct spf_result *result, struct spf_said *said)
{
    const char *because = spf_json_text(json, "because");
    int needed = spf_check_by_id(because);
    struct json_object *evidence = spf_json_get(json, "evidence");

    result->status = status_of(spf_json_text(json, "status"));
    result->finding = spf_finding_by_id(spf_json_text(json, "cause"));
    result->skip_reason = strcmp(because, "not-selected") == 0 ? SPF_SKIP_NOT_SELECTED
                          : needed >= 0                        ? SPF_SKIP_NEED
                                                               : SPF_SKIP_NOT_APPLICABLE;
    result->because = (enum spf_check_id)(needed >= 0 ? needed : 0);
    result->concluded_ms = spf_json_number(json, "duration_ms", INT64_C(86400000), 0);
    if (json_object_is_type(evidence, json_type_object)) {
        free(result->evidence);
        result->evidence = NULL;
        json_object_object_foreach(evidence, name, member)
        {
            if (spf_is_clean(name)) {
                spf_note_json(result, name, clean_value(member));
            }
        }
    }
    said->words = clean_text(json, "summary");
    if (result->status == SPF_PENDING ||
        (result->status >= SPF_WARN && result->status != SPF_SKIP &&
         result->finding == SPF_NO_FINDING)) {
        doubt(result, said);
    }
    take_remedies(json, result->finding, &said->remedies);
}

/* For what is taken from evidence and target. False: no memory. */
static bool make_room(struct spf_facts *facts)
{
    static const spf_groups taken = SPF_GROUP_BIT(KEY) | SPF_GROUP_BIT(INSTANCE) |
                                    SPF_GROUP_BIT(KEY_PAIR) | SPF_GROUP_BIT(IDENTIFICATION) |
                                    SPF_GROUP_BIT(HANDSHAKE);

    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if (taken >> i & 1 && spf_facts_group(facts, (enum spf_group)i) == NULL) {
            return false;
        }
    }
    return true;
}

/*
 * What a report promises of evidence (sshpreflight-json(5)) as the facts that a later run is
 * compared with; the groups themselves are not there.
 */
static void take_facts(struct json_object *json, enum spf_check_id check, struct spf_run *run)
{
    struct spf_facts *facts = &run->facts;
    struct json_object *evidence = spf_json_get(json, "evidence");

#define TAKE(of, field, name) copy_clean(facts->of->field, sizeof facts->of->field, evidence, name)
    switch (check) {
    case SPF_CHECK_KEY_FORMAT:
        TAKE(key, sha256, "fingerprint_sha256");
        break;
    case SPF_CHECK_CLOUD_INSTANCE:
        TAKE(instance, state_name, "state");
        break;
    case SPF_CHECK_CLOUD_KEY_PAIR:
        TAKE(key_pair, name, "name");
        break;
    case SPF_CHECK_CLOUD_SECURITY_GROUP:
        run->results[check].rule = given(evidence, "rule");
        break;
    case SPF_CHECK_SSH_BANNER:
        TAKE(identification, software, "software");
        break;
    case SPF_CHECK_SSH_HOST_KEY:
        TAKE(handshake, host_key_sha256, "fingerprint_sha256");
        break;
    default:
        break;
    }
#undef TAKE
}

static void take_checks(struct json_object *json, struct spf_run *run, struct spf_said *said)
{
    struct json_object *checks = spf_json_get(json, "checks");

    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        run->results[i].status = SPF_PENDING;
    }
    for (size_t i = 0; i < spf_json_count(checks); i++) {
        struct json_object *check = spf_json_item(checks, i);
        int id = spf_check_by_id(spf_json_text(check, "id"));

        if (id < 0 || run->results[id].status != SPF_PENDING) {
            continue;
        }
        take_result(check, &run->results[id], &said[id]);
        take_facts(check, (enum spf_check_id)id, run);
    }
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        if (run->results[i].status == SPF_PENDING) {
            doubt(&run->results[i], &said[i]);
        }
    }
}

static void take_target(struct json_object *json, struct spf_run *run)
{
    const struct spf_failure none = spf_failure(SPF_NOT_RECORDED, "a report holds no facts");
    struct spf_instance_facts *instance = run->facts.instance;

    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        spf_group_settle(&run->facts.group[i], &none);
    }
    copy_clean(instance->id, sizeof instance->id, json, "instance_id");
    copy_clean(instance->name, sizeof instance->name, json, "instance_name");
    copy_clean(instance->region, sizeof instance->region, json, "region_id");
    copy_clean(run->results[SPF_CHECK_CLOUD_ADDRESS].address, SPF_IP_TEXT_SIZE, json, "address");
    copy_clean(run->results[SPF_CHECK_CLOUD_SECURITY_GROUP].source_ip, SPF_IP_TEXT_SIZE, json,
               "source_ip");
}

/* ---- the diagnosis ------------------------------------------------------------------------ */

static spf_checks checks_of(struct json_object *list)
{
    spf_checks checks = 0;

    for (size_t i = 0; i < spf_json_count(list); i++) {
        const char *name = json_object_get_string(spf_json_item(list, i));
        int id = name != NULL ? spf_check_by_id(name) : -1;

        if (id >= 0) {
            checks |= (spf_checks)1u << id;
        }
    }
    return checks;
}

/* Whose result the cause is; what it says itself counts first. */
static enum spf_check_id check_of(const struct spf_run *run, enum spf_finding cause, int said)
{
    if (said >= 0) {
        return (enum spf_check_id)said;
    }
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        if (run->results[i].finding == cause) {
            return (enum spf_check_id)i;
        }
    }
    return SPF_CHECK_KEY_FILE;
}

static void take_further(struct json_object *list, const struct spf_run *run,
                         struct spf_diagnosis *d)
{
    for (size_t i = 0; i < spf_json_count(list) && d->further_count < SPF_CHECK_COUNT; i++) {
        const char *id = json_object_get_string(spf_json_item(list, i));
        enum spf_finding cause = id != NULL ? spf_finding_by_id(id) : SPF_NO_FINDING;

        if (cause == SPF_NO_FINDING) {
            continue;
        }
        d->further[d->further_count] = cause;
        d->further_check[d->further_count++] = check_of(run, cause, -1);
    }
}

static void take_candidates(struct json_object *list, struct spf_diagnosis *d)
{
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);
        struct spf_candidate one = {spf_finding_by_id(spf_json_text(item, "cause")),
                                    clean_text(item, "text"), clean_text(item, "tell_apart")};
        struct spf_candidate *place =
            one.cause != SPF_NO_FINDING && one.text != NULL && one.tell_apart != NULL
                ? SPF_APPEND(&d->candidates)
                : NULL;

        if (place != NULL) {
            *place = one;
        } else {
            free(one.text);
            free(one.tell_apart);
        }
    }
}

static void take_diagnosis(struct json_object *json, struct spf_run *run, struct spf_diagnosis *d)
{
    struct json_object *connect = spf_json_get(json, "connect");
    struct json_object *comes_of = spf_json_get(json, "comes_of");

    (void)verdict_of(json, &d->verdict);
    d->cause = spf_finding_by_id(spf_json_text(json, "cause"));
    d->check = check_of(run, d->cause, spf_check_by_id(spf_json_text(json, "check")));
    d->permanence = spf_findings[d->cause].permanence;
    copy_clean(d->summary, sizeof d->summary, json, "summary");
    take_further(spf_json_get(json, "further_causes"), run, d);
    take_candidates(spf_json_get(json, "candidates"), d);
    take_remedies(json, d->cause, &d->remedies);
    d->inside = command(json, "inside");
    d->supporting = checks_of(spf_json_get(json, "supporting"));
    d->contradicting = checks_of(spf_json_get(json, "contradicting"));
    d->openssh = command(connect, "openssh");
    d->putty = command(connect, "putty");
    d->putty_prepare = command(connect, "putty_prepare");
    if (d->cause != SPF_NO_FINDING) {
        struct spf_result *result = &run->results[d->check];

        result->thing = spf_thing_by_name(spf_json_text(comes_of, "kind"));
        result->thing_id = result->thing != SPF_THING_NONE ? given(comes_of, "id") : NULL;
    }
}

/* What a configuration, or the key that was found, had made of what was asked. */
static void take_configured(struct json_object *json, struct spf_run *run)
{
    const struct spf_target said = spf_line_target(json);

    if (run->asked->ssh_config == NULL && run->asked->key_dir == NULL) {
        return;
    }
    run->configured = *run->asked;
    run->configured.port = said.port;
    run->configured.user = said.user;
    run->configured.key_path = said.key_path;
    run->configured.jump = said.jump;
    run->target = &run->configured;
}

bool spf_line_restore(struct json_object *json, const struct spf_target *target,
                      struct spf_restored *restored)
{
    struct spf_line *line = restored->line = calloc(1, sizeof *line);

    if (line == NULL) {
        return false;
    }
    line->json = json_object_get(json);
    restored->target = *target;
    spf_run_init(restored->run, &restored->target);
    if (!make_room(&restored->run->facts)) {
        return false;
    }
    restored->run->said = line->said;
    take_checks(json, restored->run, line->said);
    take_target(spf_json_get(json, "target"), restored->run);
    take_configured(spf_json_get(json, "target"), restored->run);
    take_diagnosis(json, restored->run, &restored->diagnosis);
    return true;
}

void spf_line_free(struct spf_line *line)
{
    if (line == NULL) {
        return;
    }
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        free(line->said[i].words);
        spf_advice_clear(&line->said[i].remedies);
    }
    json_object_put(line->json);
    free(line);
}
