#include <string.h>

#include "base/clock.h"
#include "base/json_build.h"
#include "base/language.h"
#include "base/text.h"
#include "pipeline/check.h"

/* Does the instance exist, run, and is it not locked or expired? A found one holds, whatever its
 * state. */

static void note_time(struct spf_result *result, const char *name, int64_t utc)
{
    char text[SPF_UTC_SIZE];

    if (utc <= 0) {
        return;
    }
    spf_utc_format(utc, text);
    spf_note_text(result, name, text);
}

static void note_regions(struct spf_result *result, const char *name, const struct spf_id *ids,
                         size_t count)
{
    struct json_object *list = spf_json_array();

    for (size_t i = 0; i < count; i++) {
        spf_json_append(list, spf_clean_json(ids[i].id));
    }
    spf_note_json(result, name, list);
}

/* The regions that could not be asked, the first few by name. */
static void name_regions(char *out, size_t size, const struct spf_instance_facts *instance)
{
    size_t count = instance->regions_failed.count;
    size_t named = count > 5 ? 4 : count;
    struct spf_buf buf;

    spf_buf_init(&buf, size);
    for (size_t i = 0; i < named; i++) {
        spf_buf_addf(&buf, "%s%s", i > 0 ? ", " : "", instance->regions_failed.items[i].id);
    }
    if (named < count) {
        spf_buf_addf(&buf, " and %zu more", count - named);
    }
    spf_copy(out, size, spf_buf_failed(&buf) ? "" : buf.data);
    spf_buf_clear(&buf);
}

/* The region where it was looked for first, if somebody named that one, and it is not there. */
static const char *wrong_region(const struct spf_view *view)
{
    const struct spf_credentials_facts *credentials = view->facts->credentials;

    return credentials->region[0] != '\0' && !credentials->region_guessed &&
                   strcmp(credentials->region, view->facts->instance->region) != 0
               ? credentials->region
               : NULL;
}

static void name_identity(char *out, size_t size, const struct spf_view *view,
                          struct spf_result *result)
{
    const struct spf_identity_facts *identity = view->facts->identity;

    spf_copy(out, size, "this identity");
    if (!spf_facts_have(view->facts, SPF_GROUP_IDENTITY) || identity->principal[0] == '\0') {
        return;
    }
    spf_format(out, size, "%s", identity->principal);
    spf_note_text(result, "account", identity->account);
    spf_note_text(result, "principal", identity->principal);
}

/* A name that several have: which one is meant is not ours to guess. */
static struct spf_opinion several(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_instance_facts *instance = view->facts->instance;
    struct spf_buf ids;

    spf_buf_init(&ids, 400);
    for (size_t i = 0; i < instance->several.count && i < 4; i++) {
        spf_buf_addf(&ids, "%s%s", i > 0 ? ", " : "", instance->several.items[i].id);
    }
    if (instance->several.count > 4) {
        spf_buf_addstr(&ids, ", …");
    }
    spf_note_text(result, "several", ids.data);
    spf_note_number(result, "several_count", (int64_t)instance->several.count);
    spf_note_text(result, "several_name", view->target->instance_id);
    spf_say(result, "%zu instances in %s are named %s: %s", instance->several.count,
            instance->region, view->target->instance_id, ids.data);
    spf_buf_clear(&ids);
    return spf_concludes(SPF_INSTANCE_AMBIGUOUS);
}

/* Only a look into every region proves that there is none; else it may be in another one. */
static struct spf_opinion not_found(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_instance_facts *instance = view->facts->instance;
    const char *id = view->target->instance_id;
    size_t regions = instance->regions_asked.count;
    struct spf_opinion opinion;
    char failed[200];
    char who[300];

    if (instance->search == SPF_INSTANCE_REGION_UNKNOWN) {
        spf_say(result, "there is no region \"%s\" for this account",
                view->facts->credentials->region);
        return spf_concludes(SPF_REGION_UNKNOWN);
    }
    /* Whoever asked may be the wrong one to ask: that is worth a call. */
    if (spf_lacks(view, SPF_GROUP_IDENTITY, &opinion) && opinion.kind == SPF_OPINION_WANTS) {
        return opinion;
    }
    name_identity(who, sizeof who, view, result);
    if (instance->every_region_asked) {
        spf_say(result, "%s is in none of the %zu regions, or %s may not see it", id, regions, who);
        return spf_concludes(SPF_INSTANCE_NOT_FOUND);
    }
    if (instance->region_was_given && instance->region_hint[0] != '\0' &&
        strcmp(instance->region_hint, instance->region) != 0) {
        spf_note_text(result, "other_region", instance->region_hint);
        spf_say(result, "%s is not in %s, the region given; its id looks like one of %s", id,
                instance->region, instance->region_hint);
    } else if (instance->region_was_given) {
        spf_say(result, "%s is not in %s, the region given, or not visible to %s", id,
                instance->region, who);
    } else {
        name_regions(failed, sizeof failed, instance);
        spf_say(result, "%s is not in the %zu regions that answered to %s; %zu did not: %s", id,
                regions, who, instance->regions_failed.count, failed);
    }
    return spf_lowered(SPF_INSTANCE_NOT_FOUND, SPF_UNKNOWN);
}

/* The kind of lock decides what helps, so each kind has a member of its own for the remedies. */
static struct spf_opinion locked(const struct spf_lock *lock, struct spf_result *result)
{
    const char *kind = "other_lock";

    if (strstr(lock->reason, "financial") != NULL) {
        kind = "financial_lock";
    } else if (spf_same_word(lock->reason, "security")) {
        kind = "security_lock";
    } else if (spf_same_word(lock->reason, "recycling")) {
        kind = "spot_lock";
    }
    spf_note_text(result, "lock", lock->reason);
    spf_note_text(result, kind, lock->reason);
    if (lock->message[0] != '\0') {
        spf_note_text(result, "lock_message", lock->message);
    }
    return spf_concludes(SPF_INSTANCE_LOCKED);
}

/* What the provider does to it now, else what it plans next. */
static bool note_event(struct spf_result *result, const struct spf_events_facts *facts)
{
    const struct spf_event *found = NULL;
    char when[SPF_UTC_SIZE];
    struct spf_failure text;

    for (size_t i = 0; i < facts->events.count; i++) {
        const struct spf_event *event = &facts->events.items[i];
        bool at_work = strcmp(event->state, "Executing") == 0;

        if (!at_work && strcmp(event->state, "Scheduled") != 0 &&
            strcmp(event->state, "Inquiring") != 0) {
            continue;
        }
        if (found == NULL || at_work ||
            (strcmp(found->state, "Executing") != 0 && event->not_before < found->not_before)) {
            found = event;
        }
    }
    if (found == NULL) {
        return false;
    }
    spf_utc_format(found->not_before, when);
    text = spf_failure(SPF_NO_FINDING, "%s, %s%s%s", found->type, found->state,
                       found->not_before > 0 ? ", from " : "", found->not_before > 0 ? when : "");
    spf_note_text(result, "planned_event", text.text);
    return true;
}

static struct spf_opinion judge_state(const struct spf_view *view, struct spf_result *result)
{
    char by[200] = "";
    const struct spf_instance_facts *instance = view->facts->instance;
    const char *wrong = wrong_region(view);
    bool expired = instance->prepaid && instance->expires > 0 && instance->seen > instance->expires;

    if (instance->state_doubt[0] != '\0') {
        spf_note_text(result, "doubt", instance->state_doubt);
        spf_say(result, "the %s of %s in the API's reply is not understood", instance->state_doubt,
                instance->id);
        return spf_concludes(SPF_API_REPLY_INVALID);
    }
    if (instance->locks.count > 0) {
        return locked(&instance->locks.items[0], result);
    }
    /* An expired subscription keeps running for some days before it is stopped: then it is a
     * warning. */
    if (expired && instance->state != SPF_STATE_OTHER) {
        return spf_lowered(SPF_INSTANCE_EXPIRED,
                           instance->state == SPF_STATE_RUNNING ? SPF_WARN : SPF_FAIL);
    }

    switch (instance->state) {
    case SPF_STATE_RUNNING:
        break;
    case SPF_STATE_PENDING:
    case SPF_STATE_STARTING:
        return spf_concludes(SPF_INSTANCE_STARTING);
    case SPF_STATE_STOPPING:
        return spf_concludes(SPF_INSTANCE_STOPPING);
    case SPF_STATE_STOPPED:
        if (instance->stopped_releases_address) {
            spf_say(result, "%s is stopped in economical mode, which released its public address",
                    instance->id);
        }
        return spf_concludes(SPF_INSTANCE_STOPPED);
    case SPF_STATE_OTHER:
        return spf_concludes(SPF_INSTANCE_STATE_UNKNOWN);
    }
    if (instance->windows) {
        return spf_concludes(SPF_INSTANCE_IS_WINDOWS);
    }
    if (instance->auto_release > 0) {
        return spf_concludes(SPF_INSTANCE_TO_BE_RELEASED);
    }
    if (spf_facts_have(view->facts, SPF_GROUP_EVENTS) && note_event(result, view->facts->events)) {
        return spf_concludes(SPF_INSTANCE_EVENT);
    }
    if (strcmp(view->target->instance_id, instance->id) != 0) {
        spf_format(by, sizeof by, "; found by \"%.140s\"", view->target->instance_id);
    }
    spf_say(result, "%s (%s) runs in %s%s%s%s%s%s%s",
            instance->name[0] != '\0' ? instance->name : "instance", instance->id, instance->region,
            wrong != NULL ? _(", not in ") : "", wrong != NULL ? wrong : "",
            wrong != NULL ? " (" : "", wrong != NULL ? view->facts->credentials->region_source : "",
            wrong != NULL ? ")" : "", by);
    return spf_passes();
}

struct spf_opinion spf_judge_cloud_instance(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_instance_facts *instance = view->facts->instance;
    struct spf_opinion opinion;

    spf_note_null(result, "state");
    spf_note_null(result, "request_id");
    if (spf_lacks(view, SPF_GROUP_INSTANCE, &opinion)) {
        return opinion;
    }
    if (instance->request_id[0] != '\0') {
        spf_note_text(result, "request_id", instance->request_id);
    }
    note_regions(result, "regions_asked", instance->regions_asked.items,
                 instance->regions_asked.count);
    note_regions(result, "regions_failed", instance->regions_failed.items,
                 instance->regions_failed.count);
    if (instance->search == SPF_INSTANCE_SEVERAL) {
        return several(view, result);
    }
    if (instance->search != SPF_INSTANCE_FOUND) {
        return not_found(view, result);
    }

    spf_note_text(result, "state", instance->state_name);
    spf_note_text(result, "name", instance->name);
    spf_note_text(result, "region", instance->region);
    spf_note_text(result, "zone", instance->zone);
    spf_note_text(result, "os", instance->os);
    note_time(result, "started", instance->started);
    note_time(result, "expires", instance->prepaid ? instance->expires : 0);
    note_time(result, "auto_release", instance->auto_release);
    spf_note_bool(result, "spot", instance->spot);
    spf_note_bool(result, "metadata_disabled", instance->metadata_disabled);
    if (wrong_region(view) != NULL) {
        spf_note_text(result, "wrong_region", wrong_region(view));
    }
    return spf_but_holds(judge_state(view, result));
}
