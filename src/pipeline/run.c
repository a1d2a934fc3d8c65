#include "pipeline/run.h"

#include <string.h>

#include "base/language.h"
#include "pipeline/slots.h"

static const spf_checks with_address =
    SPF_CHECK_BIT(CLOUD_ACCESS) | SPF_CHECK_BIT(CLOUD_INSTANCE) | SPF_CHECK_BIT(CLOUD_ADDRESS);

/* What must hold before the check is judged: the table's needs, and an address for the port. */
static spf_checks needs_of(const struct spf_target *target, int check)
{
    spf_checks needs = spf_check_table[check].needs;

    if (check == SPF_CHECK_NET_PORT && target->host == NULL)
        needs |= SPF_CHECK_BIT(CLOUD_ADDRESS);
    /* That the client loaded and offered its key is in the text; the file is on another machine. */
    if (target->from_transcript)
        needs &= ~(SPF_CHECK_BIT(KEY_FILE) | SPF_CHECK_BIT(KEY_FORMAT));
    return needs;
}

spf_checks spf_checks_with_needs(const struct spf_target *target)
{
    spf_checks all = target->selected;

    /* Needs stand above their check in the table, so one way up gathers them all. */
    for (int i = SPF_CHECK_COUNT - 1; i >= 0; i--) {
        if (!(all >> i & 1))
            continue;
        all |= needs_of(target, i);
        /* A given address may be a stranger's by now: ssh.auth waits until that is known. */
        if (i == SPF_CHECK_SSH_AUTH && target->instance_id != NULL && target->host != NULL)
            all |= with_address;
    }
    /* Which key it is depends on the pair. */
    if (target->key_dir != NULL && all & SPF_CHECK_BIT(KEY_FILE))
        all |= SPF_CHECK_BIT(CLOUD_KEY_PAIR) | SPF_CHECK_BIT(CLOUD_INSTANCE) |
               SPF_CHECK_BIT(CLOUD_ACCESS);
    return all;
}

static void begin_results(struct spf_run *run)
{
    const struct spf_target *target = run->asked;

    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        struct spf_result *result = &run->results[i];

        spf_result_init(result);
        if (target->instance_id == NULL && SPF_CLOUD_CHECKS >> i & 1) {
            result->status = SPF_SKIP;
            result->skip_reason = SPF_SKIP_NOT_APPLICABLE;
        } else if (!(run->active >> i & 1)) {
            result->status = SPF_SKIP;
            result->skip_reason = SPF_SKIP_NOT_SELECTED;
        }
    }
}

void spf_run_init(struct spf_run *run, const struct spf_target *target)
{
    *run = (struct spf_run){
        .target = target, .asked = target, .active = spf_checks_with_needs(target)};
    begin_results(run);
}

void spf_run_again(struct spf_run *run, spf_groups keep)
{
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if (keep >> i & 1)
            continue;
        spf_shape_clear(spf_groups_info[i].shape, spf_facts_group(&run->facts, (enum spf_group)i));
        run->facts.group[i] = (struct spf_group_state){0};
    }
    for (int i = 0; i < SPF_CHECK_COUNT; i++)
        spf_result_clear(&run->results[i]);
    begin_results(run);
    run->target = run->asked;
    if (spf_facts_have(&run->facts, SPF_GROUP_SSH_CONFIG))
        spf_run_configure(run);
    spf_run_use_found_key(run);
}

void spf_run_clear(struct spf_run *run)
{
    for (int i = 0; i < SPF_CHECK_COUNT; i++)
        spf_result_clear(&run->results[i]);
    spf_facts_clear(&run->facts);
}

/* Who must allow what decides the remedy (findings/cloud.def). */
static void note_denial(struct spf_result *result, const struct spf_failure *failure)
{
    if (failure->action[0] != '\0')
        spf_note_text(result,
                      failure->explicit_deny                             ? "forbidden_action"
                      : strcmp(failure->denied_by, "SessionPolicy") == 0 ? "session_action"
                                                                         : "ungranted_action",
                      failure->action);
    if (failure->denied_by[0] != '\0')
        spf_note_text(result, "denied_by", failure->denied_by);
    if (failure->denial[0] != '\0')
        spf_note_text(result, "denial", failure->denial);
}

static void conclude(struct spf_result *result, const struct spf_opinion *opinion, int64_t now_ms)
{
    result->status = opinion->status;
    result->finding = opinion->finding;
    result->holds = opinion->holds;
    result->concluded_ms = now_ms;
    if (opinion->kind == SPF_OPINION_SKIPS) {
        result->status = SPF_SKIP;
        result->skip_reason = opinion->skip_reason;
        result->because = opinion->because;
        result->started_ms = now_ms;
    } else if (opinion->kind == SPF_OPINION_CANNOT_TELL) {
        const struct spf_failure *failure = opinion->failure;

        result->status = SPF_UNKNOWN;
        result->finding = failure->cause;
        if (failure->text[0] != '\0')
            spf_say(result, "%s", failure->text);
        result->from_facts = failure->text[0] != '\0';
        if (failure->action[0] != '\0')
            spf_note_text(result, "action", failure->action);
        if (failure->cause == SPF_PERMISSION_DENIED)
            note_denial(result, failure);
        if (failure->code[0] != '\0')
            spf_note_text(result, "code", failure->code);
        if (failure->request_id[0] != '\0')
            spf_note_text(result, "request_id", failure->request_id);
    }
}

/* The lines of a transcript that the check rests on, with their numbers. */
static void note_lines(const struct spf_facts *facts, int check, struct spf_result *result)
{
    const struct spf_transcript_facts *text = &facts->transcript;
    struct json_object *list = NULL;

    for (size_t i = 0; i < text->shown.count; i++) {
        const struct spf_transcript_line *line = &text->shown.items[i];
        struct json_object *item;

        if (strcmp(line->check, spf_check_table[check].id) != 0)
            continue;
        if (list == NULL)
            list = json_object_new_array();
        item = json_object_new_object();
        (void)json_object_object_add(item, "line", json_object_new_int64(line->number));
        (void)json_object_object_add(item, "text", spf_clean_json(line->text));
        (void)json_object_array_add(list, item);
    }
    if (list != NULL)
        spf_note_json(result, "transcript", list);
    if (text->private_key && check == SPF_CHECK_KEY_FILE)
        spf_note_bool(result, "private_key_in_text", true);
}

/* The catalogue's sentence, where all that it needs is known; and the words that it rests on. */
static void say_named(const struct spf_view *view, enum spf_finding named, const char *words,
                      struct spf_result *result)
{
    struct spf_buf said;

    spf_buf_init(&said, sizeof result->summary - 1);
    if (named == SPF_KEY_MODE_TOO_OPEN && view->facts->transcript.windows &&
        view->target->key_path != NULL)
        spf_say(result, "the permissions of %s are too open, so ssh refuses it",
                view->target->key_path);
    else if (spf_slots_fill(&said, spf_findings[named].sentence, view, result))
        spf_say(result, "%s%s%s", said.data, words[0] != '\0' ? _("; the text says: ") : "", words);
    else
        spf_say(result, "%s", words);
    spf_buf_clear(&said);
}

/* A transcript can name a cause that no other group of facts holds: sshd's log does, for one. */
static bool is_named(const struct spf_view *view, int check, struct spf_result *result,
                     struct spf_opinion *opinion)
{
    const struct spf_facts *facts = view->facts;
    const struct spf_transcript_facts *text = &facts->transcript;
    enum spf_finding named;

    if (!spf_facts_have(facts, SPF_GROUP_TRANSCRIPT) || text->named[0] == '\0' ||
        strcmp(text->stopped_at, spf_check_table[check].id) != 0)
        return false;
    named = spf_finding_by_id(text->named);
    if (named == SPF_NO_FINDING)
        return false;
    if (text->key_mode[0] != '\0')
        spf_note_text(result, "mode", text->key_mode);
    say_named(view, named, text->words, result);
    *opinion = spf_concludes(named);
    return true;
}

/* What the ssh configuration may change waits for it. */
static bool lacks_configuration(const struct spf_view *view, int check, struct spf_opinion *opinion)
{
    spf_checks free = SPF_CHECK_BIT(CLOUD_ACCESS) | SPF_CHECK_BIT(CLOUD_INSTANCE);

    if (view->target->key_path != NULL)
        free |= SPF_CHECK_BIT(KEY_FILE) | SPF_CHECK_BIT(KEY_MODE) | SPF_CHECK_BIT(KEY_FORMAT);
    return view->target->ssh_config != NULL && !(free >> check & 1) &&
           spf_lacks(view, SPF_GROUP_SSH_CONFIG, opinion);
}

/* Judges one pending check if its needs are decided; returns what it wants. */
static spf_groups judge(struct spf_run *run, int check, int64_t now_ms)
{
    const struct spf_view view = {run->target, &run->facts, run->results};
    struct spf_result *result = &run->results[check];
    spf_checks needs = needs_of(run->target, check);
    struct spf_opinion opinion;

    for (int i = 0; i < check; i++) {
        if (needs >> i & 1 && run->results[i].status == SPF_PENDING)
            return 0;
    }
    if (result->started_ms == 0)
        result->started_ms = now_ms;
    for (int i = 0; i < check; i++) {
        if (needs >> i & 1 && !run->results[i].holds) {
            opinion = spf_skips((enum spf_check_id)i);
            conclude(result, &opinion, now_ms);
            return 0;
        }
    }
    spf_result_forget(result);
    if (run->target->from_transcript && spf_lacks(&view, SPF_GROUP_TRANSCRIPT, &opinion))
        return opinion.kind == SPF_OPINION_WANTS ? opinion.wants : 0;
    if (!is_named(&view, check, result, &opinion) && !lacks_configuration(&view, check, &opinion))
        opinion = spf_check_table[check].judge(&view, result);
    if (opinion.kind == SPF_OPINION_WANTS)
        return opinion.wants;
    if (opinion.kind == SPF_OPINION_WAITS)
        return 0;
    conclude(result, &opinion, now_ms);
    note_lines(&run->facts, check, result);
    return 0;
}

void spf_run_judge_again(struct spf_run *run, enum spf_check_id check)
{
    const struct spf_view view = {run->target, &run->facts, run->results};
    struct spf_result *result = &run->results[check], fresh;
    struct spf_opinion opinion;

    spf_result_init(&fresh);
    opinion = spf_check_table[check].judge(&view, &fresh);
    if (opinion.kind == SPF_OPINION_WANTS || opinion.kind == SPF_OPINION_WAITS) {
        spf_result_clear(&fresh); /* what was known before stands */
        return;
    }
    fresh.started_ms = result->started_ms;
    conclude(&fresh, &opinion, result->concluded_ms);
    spf_result_clear(result);
    *result = fresh;
}

static spf_groups inputs_of(const struct spf_run *run, int group)
{
    spf_groups inputs = spf_groups_info[group].inputs;

    if (run->target->from_transcript && !(SPF_CLOUD_GROUPS >> group & 1))
        return 0; /* a text may show a later step without an earlier one */
    if (group == SPF_GROUP_TCP && run->target->host == NULL)
        inputs |= SPF_GROUP_BIT(INSTANCE);
    if (group == SPF_GROUP_TCP && run->target->jump != NULL)
        inputs |= SPF_GROUP_BIT(OPENSSH); /* how ssh is made to say what it does */
    if (group == SPF_GROUP_SSH_CONFIG && run->asked->host == NULL)
        inputs |= SPF_GROUP_BIT(INSTANCE) | SPF_GROUP_BIT(SURROUNDINGS);
    return inputs;
}

/*
 * From what the checks want to what can be asked: inputs come first, and a group whose input is
 * unavailable fails for the same reason. Returns true if a group failed so, for then there is more
 * to judge.
 */
static bool resolve(struct spf_run *run, spf_groups *wants, int64_t now_ms)
{
    struct spf_group_state *states = run->facts.group;
    bool failed = false;

    /* Inputs stand above the group that needs them. */
    for (int i = SPF_GROUP_COUNT - 1; i >= 0; i--) {
        if (*wants >> i & 1)
            *wants |= inputs_of(run, i);
    }
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        spf_groups inputs = inputs_of(run, i);
        bool ready = true;

        if (!(*wants >> i & 1))
            continue;
        for (int k = 0; k < i && states[i].phase == SPF_ABSENT; k++) {
            if (!(inputs >> k & 1))
                continue;
            ready &= states[k].phase == SPF_PRESENT;
            if (states[k].phase == SPF_FAILED) {
                spf_run_arrived(run, (enum spf_group)i, &states[k].failure, now_ms);
                failed = true;
            }
        }
        if (states[i].phase != SPF_ABSENT || !ready)
            *wants &= ~((spf_groups)1u << i);
    }
    return failed;
}

static unsigned count_pending(const struct spf_run *run)
{
    unsigned pending = 0;

    for (int i = 0; i < SPF_CHECK_COUNT; i++)
        pending += run->results[i].status == SPF_PENDING;
    return pending;
}

spf_groups spf_run_advance(struct spf_run *run, int64_t now_ms)
{
    spf_groups wants;
    unsigned before;

    do {
        wants = 0;
        before = count_pending(run);
        for (int i = 0; i < SPF_CHECK_COUNT; i++) {
            if (run->results[i].status == SPF_PENDING)
                wants |= judge(run, i, now_ms);
        }
    } while (resolve(run, &wants, now_ms) || count_pending(run) != before);

    if (wants == 0 && before > 0) {
        bool awaited = false;

        for (int i = 0; i < SPF_GROUP_COUNT; i++)
            awaited |= run->facts.group[i].phase == SPF_ASKED;
        /* A judge that waits for what never comes is a bug of ours; it must not become a hang. */
        if (!awaited) {
            const struct spf_failure failure =
                spf_failure(SPF_SYSTEM_ERROR, "a check waits for facts that nobody brings");
            const struct spf_opinion opinion = spf_cannot_tell(&failure);

            for (int i = 0; i < SPF_CHECK_COUNT; i++) {
                if (run->results[i].status == SPF_PENDING)
                    conclude(&run->results[i], &opinion, now_ms);
            }
        }
    }
    return wants;
}

bool spf_run_done(const struct spf_run *run)
{
    return count_pending(run) == 0;
}

void spf_run_asked(struct spf_run *run, enum spf_group group, int64_t now_ms)
{
    run->facts.group[group].phase = SPF_ASKED;
    run->facts.group[group].asked = true;
    run->facts.group[group].asked_ms = now_ms;
}

void spf_run_arrived(struct spf_run *run, enum spf_group group, const struct spf_failure *failure,
                     int64_t now_ms)
{
    struct spf_group_state *state = &run->facts.group[group];

    if (state->asked_ms == 0)
        state->asked_ms = now_ms;
    state->done_ms = now_ms;
    state->phase = failure == NULL ? SPF_PRESENT : SPF_FAILED;
    if (failure != NULL)
        state->failure = *failure;
    else if (group == SPF_GROUP_SSH_CONFIG)
        spf_run_configure(run);
    else if ((group == SPF_GROUP_KEY_PAIR || group == SPF_GROUP_QUERY) &&
             run->target->key_configured)
        spf_run_choose_key(run);
    if (failure == NULL && (group == SPF_GROUP_SSH_CONFIG || group == SPF_GROUP_FOUND_KEY))
        spf_run_use_found_key(run);
}

void spf_run_abandon(struct spf_run *run, const struct spf_failure *failure, int64_t now_ms)
{
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        enum spf_group_phase phase = run->facts.group[i].phase;

        if (phase == SPF_ABSENT || phase == SPF_ASKED)
            spf_run_arrived(run, (enum spf_group)i, failure, now_ms);
    }
    (void)spf_run_advance(run, now_ms);
}

bool spf_run_expects(const struct spf_run *run, enum spf_check_id check)
{
    return run->results[check].status == SPF_PENDING;
}

bool spf_run_expects_silence(const struct spf_run *run)
{
    const struct spf_facts *facts = &run->facts;

    return run->results[SPF_CHECK_CLOUD_SECURITY_GROUP].status == SPF_FAIL ||
           run->results[SPF_CHECK_CLOUD_NETWORK_ACL].status == SPF_FAIL ||
           (spf_facts_have(facts, SPF_GROUP_INSTANCE) &&
            facts->instance.search == SPF_INSTANCE_FOUND &&
            facts->instance.state != SPF_STATE_RUNNING);
}
