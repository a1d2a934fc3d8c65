#include "diagnosis/late_facts.h"

#include <string.h>

#include "base/json_build.h"
#include "cloud/address.h"
#include "diagnosis/advice.h"
#include "diagnosis/predicates.h"

/*
 * Facts that are asked for only where they may explain what the checks found: the console, system
 * events, the way from the internet; and what the user's ssh would do instead. Nothing waits for
 * them but the end of the run.
 */

/* Do the rules allow us, as far as they could be read? */
static bool rules_allow(const struct spf_run *run)
{
    return spf_fine(run, SPF_CHECK_CLOUD_SECURITY_GROUP) &&
           run->results[SPF_CHECK_CLOUD_NETWORK_ACL].status != SPF_PENDING &&
           !spf_failed(run, SPF_CHECK_CLOUD_NETWORK_ACL);
}

static bool may_explain(const struct spf_run *run)
{
    /* A stranger's answers, and those of an instance that does not run, are not its console's. */
    if (!spf_fine(run, SPF_CHECK_CLOUD_INSTANCE) || !spf_fine(run, SPF_CHECK_CLOUD_ADDRESS)) {
        return false;
    }
    if (spf_has(run, SPF_CHECK_SSH_HOST_KEY, SPF_HOST_KEY_UNKNOWN)) {
        return true;
    }
    /* A refusal is an answer, so the packets arrive whatever the rules are. */
    return spf_has(run, SPF_CHECK_NET_PORT, SPF_PORT_REFUSED) ||
           (spf_has(run, SPF_CHECK_NET_PORT, SPF_PORT_SILENT) && rules_allow(run)) ||
           spf_has(run, SPF_CHECK_SSH_BANNER, SPF_SSH_SILENT) ||
           spf_has(run, SPF_CHECK_SSH_BANNER, SPF_SSH_CLOSED_EARLY) ||
           (spf_has(run, SPF_CHECK_SSH_AUTH, SPF_AUTH_KEY_REFUSED) && spf_pair_is_proved(run));
}

/* Silence at a public address that the rules do not explain. */
static bool way_may_be_closed(const struct spf_run *run)
{
    return spf_fine(run, SPF_CHECK_CLOUD_ADDRESS) && rules_allow(run) &&
           spf_has(run, SPF_CHECK_NET_PORT, SPF_PORT_SILENT);
}

/* An instance or a port that is as dead as a restart makes it. */
static bool may_be_an_event(const struct spf_run *run)
{
    if (!spf_fine(run, SPF_CHECK_CLOUD_INSTANCE)) {
        return spf_has(run, SPF_CHECK_CLOUD_INSTANCE, SPF_INSTANCE_STOPPED) ||
               spf_has(run, SPF_CHECK_CLOUD_INSTANCE, SPF_INSTANCE_STOPPING) ||
               spf_has(run, SPF_CHECK_CLOUD_INSTANCE, SPF_INSTANCE_STARTING);
    }
    return spf_fine(run, SPF_CHECK_CLOUD_ADDRESS) &&
           (spf_has(run, SPF_CHECK_NET_PORT, SPF_PORT_REFUSED) || way_may_be_closed(run));
}

/*
 * Nobody tries the port, so no answer of it shows that all is well: what is else asked only because
 * of a silence must be asked for the cloud's own sake.
 */
static bool is_without_trial(const struct spf_run *run, enum spf_check_id check)
{
    return !(run->active & SPF_CHECK_BIT(NET_PORT)) && run->target->selected >> check & 1 &&
           spf_fine(run, check);
}

static bool wants_way(const struct spf_run *run)
{
    struct spf_address address;

    /* the ACL's facts hold the route table's name, so they come first where they come at all */
    return way_may_be_closed(run) ||
           (is_without_trial(run, SPF_CHECK_CLOUD_ADDRESS) &&
            run->results[SPF_CHECK_CLOUD_NETWORK_ACL].status != SPF_PENDING &&
            spf_cloud_dial_address(run->target, &run->facts, &address) &&
            (address.class == SPF_CLASS_PUBLIC || address.class == SPF_CLASS_ELASTIC));
}

/* A refused key that is the bound pair's: was it ever installed, and for whom? */
static bool image_may_explain(const struct spf_run *run)
{
    return spf_fine(run, SPF_CHECK_CLOUD_INSTANCE) && spf_fine(run, SPF_CHECK_CLOUD_ADDRESS) &&
           run->facts.instance->image[0] != '\0' &&
           spf_has(run, SPF_CHECK_SSH_AUTH, SPF_AUTH_KEY_REFUSED) && spf_pair_is_proved(run);
}

/*
 * Something is to be done inside a running instance: is Session Manager a way to do it? Known once
 * the login is decided, for it disproves much of what seemed to be wrong before.
 */
static bool wants_way_in(const struct spf_run *run)
{
    const struct spf_result *results = run->results;

    if (!spf_fine(run, SPF_CHECK_CLOUD_INSTANCE) ||
        results[SPF_CHECK_SSH_AUTH].status == SPF_PENDING) {
        return false;
    }
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        enum spf_check_id check = (enum spf_check_id)i;

        if (results[i].status != SPF_FAIL && results[i].status != SPF_UNKNOWN) {
            continue;
        }
        if (spf_fine(run, SPF_CHECK_SSH_AUTH) && check != SPF_CHECK_SSH_SESSION) {
            continue; /* the login itself is a way in */
        }
        if (spf_has(run, check, SPF_PORT_SILENT) && !rules_allow(run)) {
            continue; /* the rules are to be changed, nothing inside */
        }
        if (spf_is_done_inside(results[i].finding)) {
            return true;
        }
    }
    return false;
}

/* The user's ssh configuration, where it is not to be used: is it the same for this host? */
static bool may_differ(const struct spf_run *run)
{
    const struct spf_group_state *states = run->facts.group;

    return run->target->ssh_config == NULL && states[SPF_GROUP_SSH_CONFIG].phase == SPF_ABSENT &&
           run->results[SPF_CHECK_NET_PORT].status != SPF_SKIP &&
           (run->target->host != NULL || states[SPF_GROUP_TCP].phase != SPF_ABSENT);
}

spf_groups spf_diagnosis_wants(const struct spf_run *run)
{
    const struct spf_facts *facts = &run->facts;
    spf_groups wants = may_differ(run) ? SPF_GROUP_BIT(SSH_CONFIG) : 0;

    /* would ssh run here at all? */
    if (!run->target->from_transcript && spf_fine(run, SPF_CHECK_NET_PORT) &&
        facts->group[SPF_GROUP_LOCAL_ENVIRONMENT].phase == SPF_ABSENT) {
        wants |= SPF_GROUP_BIT(LOCAL_ENVIRONMENT);
    }

    if (!spf_facts_have(facts, SPF_GROUP_INSTANCE) ||
        facts->instance->search != SPF_INSTANCE_FOUND) {
        return wants;
    }
    if (facts->group[SPF_GROUP_CONSOLE].phase == SPF_ABSENT &&
        (run->target->console || may_explain(run))) {
        wants |= SPF_GROUP_BIT(CONSOLE);
    }
    if (facts->group[SPF_GROUP_GATEWAY].phase == SPF_ABSENT && wants_way(run)) {
        wants |= SPF_GROUP_BIT(GATEWAY);
    }
    if (facts->group[SPF_GROUP_EVENTS].phase == SPF_ABSENT &&
        (may_be_an_event(run) || is_without_trial(run, SPF_CHECK_CLOUD_INSTANCE))) {
        wants |= SPF_GROUP_BIT(EVENTS);
    }
    if (facts->group[SPF_GROUP_IMAGE].phase == SPF_ABSENT && image_may_explain(run)) {
        wants |= SPF_GROUP_BIT(IMAGE);
    }
    if (facts->group[SPF_GROUP_ASSISTANT].phase == SPF_ABSENT && wants_way_in(run)) {
        wants |= SPF_GROUP_BIT(ASSISTANT);
    }
    return wants;
}

bool spf_diagnosis_awaits(const struct spf_run *run)
{
    static const enum spf_group late[] = {SPF_GROUP_CONSOLE, SPF_GROUP_SSH_CONFIG,
                                          SPF_GROUP_EVENTS,  SPF_GROUP_GATEWAY,
                                          SPF_GROUP_IMAGE,   SPF_GROUP_ASSISTANT};

    for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
        if (run->facts.group[late[i]].phase == SPF_ASKED) {
            return true;
        }
    }
    return false;
}

static void add_text(struct json_object *object, const char *name, const char *text)
{
    spf_json_add(object, name, spf_clean_json(text));
}

static void note_lists(const struct spf_console_facts *console, struct spf_result *result)
{
    struct json_object *trouble = spf_json_array();
    struct json_object *keys = spf_json_array();
    struct json_object *authorized = spf_json_array();

    for (size_t i = 0; i < console->trouble.count; i++) {
        struct json_object *one = spf_json_object();

        add_text(one, "kind", console->trouble.items[i].kind);
        add_text(one, "line", console->trouble.items[i].line);
        spf_json_append(trouble, one);
    }
    for (size_t i = 0; i < console->host_keys.count; i++) {
        spf_json_append(keys, spf_clean_json(console->host_keys.items[i].sha256));
    }
    for (size_t i = 0; i < console->authorized.count; i++) {
        struct json_object *one = spf_json_object();

        add_text(one, "user", console->authorized.items[i].user);
        add_text(one, "fingerprint", console->authorized.items[i].fingerprint);
        spf_json_append(authorized, one);
    }
    spf_note_json(result, "console_trouble", trouble);
    spf_note_json(result, "console_host_keys", keys);
    spf_note_json(result, "console_authorized", authorized);
}

static void tell_events(struct spf_run *run)
{
    const struct spf_events_facts *facts = run->facts.events;
    const struct spf_event *now = spf_event_now(facts, run->facts.instance->seen);
    struct spf_result *result = &run->results[SPF_CHECK_CLOUD_INSTANCE];
    struct json_object *list = spf_json_array();

    for (size_t i = 0; i < facts->events.count; i++) {
        const struct spf_event *event = &facts->events.items[i];
        struct json_object *one = spf_json_object();

        add_text(one, "id", event->id);
        add_text(one, "type", event->type);
        add_text(one, "state", event->state);
        add_text(one, "reason", event->reason);
        spf_json_append(list, one);
    }
    if (now != NULL) {
        spf_note_text(result, "event_type", now->type);
        spf_note_text(result, "event_state", now->state);
    }
    spf_note_json(result, "events", list);
    if (facts->health[0] != '\0') {
        spf_note_text(result, "health", facts->health);
    }
}

/* It came after the port was judged, for nothing waits for it. */
static void tell_difference(struct spf_run *run)
{
    const struct spf_result *port = &run->results[SPF_CHECK_NET_PORT];
    const struct spf_ssh_config_facts *config = run->facts.ssh_config;

    if (run->target->ssh_config != NULL || !spf_facts_have(&run->facts, SPF_GROUP_SSH_CONFIG)) {
        return;
    }
    if ((config->says[0] != '\0' || config->broken[0] != '\0') &&
        spf_facts_have(&run->facts, SPF_GROUP_TCP) && port->status != SPF_SKIP) {
        spf_run_judge_again(run, SPF_CHECK_NET_PORT);
    }
    if (strcmp(config->strict, "yes") == 0 &&
        spf_has(run, SPF_CHECK_SSH_HOST_KEY, SPF_HOST_KEY_UNKNOWN)) {
        spf_run_judge_again(run, SPF_CHECK_SSH_HOST_KEY);
    }
}

static void tell_ways_in(struct spf_run *run)
{
    const struct spf_image_facts *image = run->facts.image;
    struct spf_result *result = &run->results[SPF_CHECK_CLOUD_INSTANCE];

    if (spf_facts_have(&run->facts, SPF_GROUP_IMAGE) && image->known) {
        spf_note_text(result, "image", run->facts.instance->image);
        spf_note_bool(result, "image_supports_cloud_init", !image->without_cloud_init);
        spf_note_bool(result, "image_supports_ecs_user", image->login_as_non_root);
    }
    if (spf_facts_have(&run->facts, SPF_GROUP_ASSISTANT)) {
        spf_note_bool(result, "cloud_assistant", run->facts.assistant->connected);
        spf_note_bool(result, "session_manager", run->facts.assistant->session_manager);
    }
}

void spf_tell_late_facts(struct spf_run *run)
{
    const struct spf_group_state *state = &run->facts.group[SPF_GROUP_CONSOLE];
    const struct spf_console_facts *console = run->facts.console;
    struct spf_result *result = &run->results[SPF_CHECK_CLOUD_INSTANCE];

    tell_difference(run);
    if (spf_facts_have(&run->facts, SPF_GROUP_EVENTS)) {
        tell_events(run);
    }
    tell_ways_in(run);
    if (state->phase == SPF_FAILED && state->asked) {
        spf_note_text(result, "console_unread", spf_findings[state->failure->cause].id);
    }
    if (state->phase != SPF_PRESENT) {
        return;
    }
    note_lists(console, result);
    spf_note_text(
        result, "console_user",
        spf_console_user(console, run->facts.key->sha256, run->facts.key->md5, run->target->user));
    if (console->trouble.count > 0) {
        spf_note_text(result, "console_says", console->trouble.items[0].line);
    }
    /* It came after the host key was judged, for nothing waits for it. */
    if (spf_has(run, SPF_CHECK_SSH_HOST_KEY, SPF_HOST_KEY_UNKNOWN)) {
        spf_run_judge_again(run, SPF_CHECK_SSH_HOST_KEY);
    }
}
