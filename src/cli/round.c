#include "cli/round.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/language.h"
#include "cloud/instance_word.h"
#include "platform/limits.h"

/* Until the next one is looked at. */
static const struct spf_target *target_of(struct spf_round *round, size_t index)
{
    return round->replayed != NULL ? spf_ledger_entry(round->replayed, index)->target
                                   : spf_targets_at(&round->targets, index, &round->room);
}

/* The run is there already. False: it is to be asked after all. */
static bool restore(struct spf_round *round, size_t index)
{
    struct spf_ledger *ledger = round->replayed != NULL ? round->replayed : round->resumed;
    struct spf_restored *restored = calloc(1, sizeof *restored);
    struct spf_error error;

    if (restored == NULL) {
        return false;
    }
    error = spf_ledger_restore(ledger, round->restored_from[index] - 1, target_of(round, index),
                               round->driver_options.reported, restored);
    if (error.code != SPF_OK) {
        spf_restored_clear(restored);
        free(restored);
        return false;
    }
    round->restored[index] = restored;
    round->runs[index] = restored->run;
    return true;
}

static const struct spf_target *asked(void *context, size_t index)
{
    struct spf_round *round = context;

    return round->replayed == NULL && round->restored_from[index] == 0 ? target_of(round, index)
                                                                       : NULL;
}

static bool begin(void *context, size_t index)
{
    struct spf_round *round = context;
    const struct spf_failure lost =
        spf_failure(SPF_NOT_RECORDED, "%s", _("it has changed since it was read first"));

    round->begun_ms[index] = spf_now_ms();
    if (round->restored_from[index] > 0 && restore(round, index)) {
        return true;
    }
    round->restored_from[index] = 0;
    round->runs[index] = spf_run_new(target_of(round, index));
    if (round->runs[index] == NULL) {
        return false;
    }
    if (round->replayed != NULL) { /* a replay asks nobody */
        spf_run_abandon(round->runs[index], &lost, spf_now_ms());
    }
    return true;
}

/* Its place in diagnoses and reported: with forget a long list leaves nothing there. */
static size_t kept_at(const struct spf_round *round, size_t index)
{
    return round->forget ? 0 : index;
}

/* Nothing of the target is needed any more. */
static void forget(struct spf_round *round, size_t index)
{
    spf_diagnosis_clear(&round->diagnoses[kept_at(round, index)]);
    spf_changes_free(round->changes[index]);
    round->changes[index] = NULL;
    if (round->restored[index] != NULL) {
        spf_restored_clear(round->restored[index]);
        free(round->restored[index]);
        round->restored[index] = NULL;
    } else {
        spf_run_free(round->runs[index]);
    }
    round->runs[index] = NULL;
}

static void tell_progress(void *context, const struct spf_driver_state *state)
{
    const struct spf_round *round = context;

    if (round->progress != NULL) {
        round->progress(round->progress_context, state);
    }
}

const char *spf_round_record(const struct spf_round *round, const struct spf_options *options)
{
    if (options->record != NULL || round->resumed == NULL) {
        return options->record;
    }
    return spf_ledger_run(round->resumed, 0)->of_record ? options->resume : NULL;
}

/* The report in JSON says which ssh was evaluated, and a record lets it be said again. */
static spf_groups reported(const struct spf_options *options)
{
    bool json = options->format == SPF_FORMAT_JSON || options->record != NULL;

    for (size_t i = 0; i < options->output_count; i++) {
        json |= options->outputs[i].format == SPF_FORMAT_JSON;
    }
    return json && options->transcript == NULL ? SPF_GROUP_BIT(OPENSSH) : 0;
}

/* As it was judged when it was restored. */
static void conclude_restored(struct spf_round *round, size_t index)
{
    const struct spf_ledger *ledger = round->replayed != NULL ? round->replayed : round->resumed;
    const struct spf_ledger_entry *entry =
        spf_ledger_entry(ledger, round->restored_from[index] - 1);

    round->diagnoses[kept_at(round, index)] = round->restored[index]->diagnosis;
    round->restored[index]->diagnosis = (struct spf_diagnosis){0};
    round->reported[kept_at(round, index)].judged_utc = entry->recorded_utc;
    if (entry->duration_ms >= 0) {
        round->reported[kept_at(round, index)].duration_ms = entry->duration_ms;
    }
}

/* The target is done: what it means, for whoever wants to know at once. */
static void conclude(struct spf_round *round, size_t index)
{
    struct spf_report_target *target = &round->reported[kept_at(round, index)];
    struct spf_run *run = round->runs[index];

    *target = (struct spf_report_target){
        .run = run,
        .diagnosis = &round->diagnoses[kept_at(round, index)],
        .duration_ms = spf_now_ms() - round->begun_ms[index],
        .place = index + 1,
    };
    if (round->restored[index] != NULL) {
        conclude_restored(round, index);
    } else {
        spf_diagnosis_reconcile(run);
        spf_diagnose(run, spf_utc_now(), &round->diagnoses[kept_at(round, index)]);
    }
    if (round->baseline != NULL) {
        spf_changes_free(round->changes[index]);
        target->changes = round->changes[index] = spf_baseline_compare(round->baseline, target);
    }
    spf_tally_add(&round->tally, target);
    if (round->each != NULL) {
        round->each(round->each_context, target);
    }
    if (round->forget) {
        forget(round, index);
    }
}

/* A single one may have to be driven once more, as an instance of that name. */
static void finished(void *context, size_t index)
{
    struct spf_round *round = context;

    if (round->count > 1) {
        conclude(round, index);
    }
}

/* No loop, no round: what is known then is that this machine could not do it. */
static struct spf_error abandon(struct spf_round *round)
{
    const struct spf_failure failure =
        spf_failure(SPF_SYSTEM_ERROR, "out of memory or descriptors");

    for (size_t i = 0; i < round->count; i++) {
        if (round->runs[i] == NULL && !begin(round, i)) {
            break;
        }
        spf_run_abandon(round->runs[i], &failure, spf_now_ms());
        finished(round, i);
    }
    return spf_error(SPF_ERR_NOMEM, _("out of memory or descriptors"));
}

/* For the first round; the options are kept where the driver can borrow them. */
static bool prepare_driver(struct spf_round *round, const struct spf_options *options, int stop_fd)
{
    round->driver_options = (struct spf_driver_options){
        .stop_fd = stop_fd,
        .accounts = round->targets.accounts.items,
        .account_count = round->targets.accounts.count,
        .reported = reported(options),
        .transcript = round->transcript,
        .remembers = round->remembers,
        .jobs = spf_limits_jobs(round->count < options->jobs ? round->count : options->jobs),
        .target = asked,
        .begin = begin,
        .finished = finished,
        .progress = tell_progress,
        .context = round,
    };
    round->driver = spf_driver_new(round->runs, round->count, &round->driver_options);
    return round->driver != NULL;
}

/* What there is to report; where memory ran out there may be less than was asked for. */
static void report(struct spf_round *round, const struct spf_options *options)
{
    size_t count = 0;

    for (size_t i = 0; i < round->count; i++) {
        if (round->runs[i] != NULL && round->reported[i].run != NULL) {
            round->reported[count++] = round->reported[i];
        }
    }
    if (round->baseline != NULL) {
        round->report.baseline = spf_baseline_finish(round->baseline);
    }
    round->report.targets = round->reported;
    round->report.count = count;
    round->report.exit_status =
        spf_tally_exit_status(&round->tally, options->strict, options->fail_over);
    /* A line that could not be read is a target of which nothing is known. */
    if (round->report.exit_status == 0 && round->report.left_out_count > 0) {
        round->report.exit_status = 2;
    }
}

/* A word that neither resolves nor looks like a host, and that an instance may have as its name. */
static bool may_name_instance(const struct spf_round *round, const struct spf_options *options)
{
    const struct spf_run *run = round->count == 1 ? round->runs[0] : NULL;
    const char *host = run != NULL ? run->asked->host : NULL;
    enum spf_instance_word kind;

    return options->host_is_word && round->replayed == NULL && round->transcript == NULL &&
           !round->stopped && round->restored_from[0] == 0 && host != NULL &&
           run->asked->instance_id == NULL && run->target->alias == NULL &&
           !spf_target_is_proxied(run->target) &&
           run->results[SPF_CHECK_NET_PORT].finding == SPF_HOST_UNRESOLVED &&
           strpbrk(host, ".:") == NULL && spf_instance_word(host, &kind, NULL).code == SPF_OK &&
           kind == SPF_WORD_NAME;
}

static struct spf_error drive_again(struct spf_round *round, const struct spf_target *target,
                                    int64_t until_ms)
{
    const int64_t left_ms = until_ms - spf_now_ms();

    *round->targets.list.items[0] = *target;
    spf_run_clear(round->runs[0]);
    spf_run_init(round->runs[0], round->targets.list.items[0]);
    return spf_driver_round(round->driver, left_ms > 0 ? left_ms : 0, &round->stopped);
}

/* Looks for an instance of the host's name; where there is none, all is as it was. */
static struct spf_error take_for_instance(struct spf_round *round, int64_t until_ms)
{
    const struct spf_target asked = *round->runs[0]->asked;
    const struct spf_facts *facts = &round->runs[0]->facts;
    struct spf_target named = asked;
    struct spf_error error;

    named.instance_id = asked.host;
    named.host = NULL;
    error = drive_again(round, &named, until_ms);
    if (error.code != SPF_OK || round->stopped ||
        (spf_facts_have(facts, SPF_GROUP_INSTANCE) &&
         facts->instance->search != SPF_INSTANCE_NOWHERE)) {
        return error;
    }
    return drive_again(round, &asked, until_ms);
}

struct spf_error spf_round_run(struct spf_round *round, const struct spf_options *options,
                               spf_groups keep, int64_t deadline_ms, int stop_fd,
                               void (*progress)(void *, const struct spf_driver_state *),
                               void *context)
{
    int64_t started_ms = spf_now_ms();
    struct spf_error error;

    round->progress = progress;
    round->progress_context = context;
    round->tally = (struct spf_tally){0};
    if (round->baseline != NULL) {
        spf_baseline_begin(round->baseline);
    }
    if (round->report.started_utc == 0 || options->wait_s != 0) {
        round->report.started_utc = spf_utc_now();
    }
    if (round->replayed != NULL) {
        round->report.started_utc = spf_ledger_run(round->replayed, 0)->started_utc;
        round->report.replayed_utc = spf_ledger_run(round->replayed, 0)->ended_utc;
    }
    for (size_t i = 0; round->driver != NULL && i < round->count; i++) {
        spf_diagnosis_clear(&round->diagnoses[kept_at(round, i)]);
        if (round->runs[i] != NULL) {
            spf_run_again(round->runs[i], keep);
        }
        round->begun_ms[i] = started_ms;
    }
    if (round->driver != NULL || prepare_driver(round, options, stop_fd)) {
        error = spf_driver_round(round->driver, deadline_ms, &round->stopped);
    } else {
        error = abandon(round);
    }
    spf_key_file_clear(&round->key_file);
    if (error.code == SPF_OK && may_name_instance(round, options)) {
        error = take_for_instance(round, started_ms + deadline_ms);
    }
    if (round->count == 1 && round->runs[0] != NULL) {
        conclude(round, 0);
    }
    round->report.duration_ms = spf_now_ms() - started_ms;
    report(round, options);
    return error;
}

void spf_round_rest(struct spf_round *round)
{
    spf_driver_free(round->driver);
    round->driver = NULL;
}

void spf_round_clear(struct spf_round *round)
{
    spf_round_rest(round);
    for (size_t i = 0; i < round->count; i++) {
        forget(round, i);
    }
    free(round->restored_from);
    free(round->restored);
    free(round->changes);
    spf_baseline_free(round->baseline);
    free(round->begun_ms);
    free(round->left_out);
    free(round->reported);
    free(round->diagnoses);
    free(round->runs);
    spf_targets_clear(&round->targets);
    spf_ledger_free(round->replayed);
    spf_ledger_free(round->resumed);
    spf_transcript_free(round->transcript);
    spf_secret_free(round->passphrase);
    spf_secret_free(round->key_text);
    spf_key_file_clear(&round->key_file);
    *round = (struct spf_round){0};
}
