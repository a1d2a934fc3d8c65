#include "pipeline/run.h"

#include <string.h>

#include "base/pages.h"
#include "pipeline/needs.h"
#include "pipeline/transcribed.h"

static void begin_results(struct spf_run *run)
{
    const struct spf_target *target = run->asked;

    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        struct spf_result *result = &run->results[i];

        spf_result_init(result);
        if (!spf_check_applies(target, i)) {
            result->status = SPF_SKIP;
            result->skip_reason = SPF_SKIP_NOT_APPLICABLE;
        } else if (!(run->active >> i & 1)) {
            result->status = SPF_SKIP;
            result->skip_reason = SPF_SKIP_NOT_SELECTED;
        }
    }
}

/* Of a run that is zero, member by member: the rest stays unwritten. */
static void begin(struct spf_run *run, const struct spf_target *target)
{
    run->target = target;
    run->asked = target;
    run->active = spf_checks_with_needs(target);
    spf_facts_init(&run->facts);
    begin_results(run);
}

void spf_run_init(struct spf_run *run, const struct spf_target *target)
{
    *run = (struct spf_run){0};
    begin(run, target);
}

struct spf_run *spf_run_new(const struct spf_target *target)
{
    struct spf_run *run = spf_pages_new(sizeof *run);

    if (run != NULL) {
        run->given = *target;
        begin(run, &run->given);
    }
    return run;
}

void spf_run_free(struct spf_run *run)
{
    if (run != NULL) {
        spf_run_clear(run);
        spf_pages_free(run, sizeof *run);
    }
}

void spf_run_again(struct spf_run *run, spf_groups keep)
{
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if (!(keep >> i & 1)) {
            spf_facts_forget(&run->facts, (enum spf_group)i);
        }
    }
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        spf_result_clear(&run->results[i]);
    }
    begin_results(run);
    run->target = run->asked;
    if (spf_facts_have(&run->facts, SPF_GROUP_SSH_CONFIG)) {
        spf_run_reconfigure(run, SPF_GROUP_SSH_CONFIG);
    } else {
        spf_run_reconfigure(run, SPF_GROUP_FOUND_KEY);
    }
}

void spf_run_clear(struct spf_run *run)
{
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        spf_result_clear(&run->results[i]);
    }
    spf_facts_clear(&run->facts);
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
        result->status = SPF_UNKNOWN;
        result->finding = opinion->failure->cause;
        spf_failure_note(opinion->failure, result);
    }
}

/* Judges one pending check if its needs are decided; returns what it wants. */
static spf_groups judge(struct spf_run *run, int check, int64_t now_ms)
{
    const struct spf_view view = {run->target, &run->facts, run->results};
    struct spf_result *result = &run->results[check];
    spf_checks needs = spf_check_needs(run->target, check);
    struct spf_opinion opinion;

    for (int i = 0; i < check; i++) {
        if (needs >> i & 1 && run->results[i].status == SPF_PENDING) {
            return 0;
        }
    }
    if (result->started_ms == 0) {
        result->started_ms = now_ms;
    }
    for (int i = 0; i < check; i++) {
        if (needs >> i & 1 && !run->results[i].holds) {
            opinion = spf_skips((enum spf_check_id)i);
            conclude(result, &opinion, now_ms);
            return 0;
        }
    }
    spf_result_forget(result);
    if (run->target->from_transcript && spf_lacks(&view, SPF_GROUP_TRANSCRIPT, &opinion)) {
        return opinion.kind == SPF_OPINION_WANTS ? opinion.wants : 0;
    }
    if (!spf_text_names(&view, check, result, &opinion) &&
        !(spf_check_may_be_configured(run->target, check) &&
          spf_lacks(&view, SPF_GROUP_SSH_CONFIG, &opinion))) {
        opinion = spf_check_table[check].judge(&view, result);
    }
    if (opinion.kind == SPF_OPINION_WANTS) {
        return opinion.wants;
    }
    if (opinion.kind == SPF_OPINION_WAITS) {
        return 0;
    }
    conclude(result, &opinion, now_ms);
    spf_text_note_lines(&run->facts, check, result);
    return 0;
}

void spf_run_judge_again(struct spf_run *run, enum spf_check_id check)
{
    const struct spf_view view = {run->target, &run->facts, run->results};
    struct spf_result *result = &run->results[check];
    struct spf_result fresh;
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
        if (*wants >> i & 1) {
            *wants |= spf_group_inputs(run->target, run->asked, i);
        }
    }
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        spf_groups inputs = spf_group_inputs(run->target, run->asked, i);
        bool ready = true;

        if (!(*wants >> i & 1)) {
            continue;
        }
        for (int k = 0; k < i && states[i].phase == SPF_ABSENT; k++) {
            if (!(inputs >> k & 1)) {
                continue;
            }
            ready &= states[k].phase == SPF_PRESENT;
            if (states[k].phase == SPF_FAILED) {
                spf_run_arrived(run, (enum spf_group)i, states[k].failure, now_ms);
                failed = true;
            }
        }
        if (states[i].phase != SPF_ABSENT || !ready) {
            *wants &= ~((spf_groups)1u << i);
        }
    }
    return failed;
}

static unsigned count_pending(const struct spf_run *run)
{
    unsigned pending = 0;

    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        pending += run->results[i].status == SPF_PENDING;
    }
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
            if (run->results[i].status == SPF_PENDING) {
                wants |= judge(run, i, now_ms);
            }
        }
    } while (resolve(run, &wants, now_ms) || count_pending(run) != before);

    if (wants == 0 && before > 0) {
        bool awaited = false;

        for (int i = 0; i < SPF_GROUP_COUNT; i++) {
            awaited |= run->facts.group[i].phase == SPF_ASKED;
        }
        /* A judge that waits for what never comes is a bug of ours; it must not become a hang. */
        if (!awaited) {
            const struct spf_failure failure =
                spf_failure_ours("a check waits for facts that nobody brings");
            const struct spf_opinion opinion = spf_cannot_tell(&failure);

            for (int i = 0; i < SPF_CHECK_COUNT; i++) {
                if (run->results[i].status == SPF_PENDING) {
                    conclude(&run->results[i], &opinion, now_ms);
                }
            }
        }
    }
    return wants;
}

bool spf_run_done(const struct spf_run *run)
{
    return count_pending(run) == 0;
}

bool spf_run_asked(struct spf_run *run, enum spf_group group, int64_t now_ms)
{
    const struct spf_failure failure = spf_failure_ours("out of memory");

    run->facts.group[group].phase = SPF_ASKED;
    run->facts.group[group].asked = true;
    run->facts.group[group].asked_ms = now_ms;
    if (spf_facts_group(&run->facts, group) != NULL) {
        return true;
    }
    spf_run_arrived(run, group, &failure, now_ms);
    return false;
}

void spf_run_arrived(struct spf_run *run, enum spf_group group, const struct spf_failure *failure,
                     int64_t now_ms)
{
    struct spf_group_state *state = &run->facts.group[group];

    if (state->asked_ms == 0) {
        state->asked_ms = now_ms;
    }
    state->done_ms = now_ms;
    spf_group_settle(state, failure);
    if (failure == NULL) {
        spf_run_reconfigure(run, group);
    }
}

void spf_run_abandon(struct spf_run *run, const struct spf_failure *failure, int64_t now_ms)
{
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        enum spf_group_phase phase = run->facts.group[i].phase;

        if (phase == SPF_ABSENT || phase == SPF_ASKED) {
            spf_run_arrived(run, (enum spf_group)i, failure, now_ms);
        }
    }
    (void)spf_run_advance(run, now_ms);
}

bool spf_run_expects(const struct spf_run *run, enum spf_check_id check)
{
    return run->results[check].status == SPF_PENDING;
}
