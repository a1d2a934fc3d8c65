#include "ledger/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/language.h"

/* One run of one part. */
struct part {
    struct spf_ledger *ledger; /* borrowed */
    size_t run, place;         /* which of its runs; in which order they were met */
    const struct spf_ledger_run *said;
};

struct target {
    struct spf_restored restored;
    int64_t duration_ms, recorded_utc;
};

struct spf_merge {
    SPF_LIST(struct spf_ledger *) ledgers;
    SPF_LIST(struct part) parts;
    unsigned shards;
    char selection[17];
    char *first; /* the file that says so */
    /* of the runs that count, once finished */
    SPF_LIST(struct target *) targets;
    struct spf_report_target *reported;
    SPF_LIST(struct spf_report_left_out) lacks;
    struct spf_report report;
};

struct spf_merge *spf_merge_new(void)
{
    return calloc(1, sizeof(struct spf_merge));
}

void spf_merge_free(struct spf_merge *merge)
{
    if (merge == NULL) {
        return;
    }
    for (size_t i = 0; i < merge->targets.count; i++) {
        spf_restored_clear(&merge->targets.items[i]->restored);
        free(merge->targets.items[i]);
    }
    for (size_t i = 0; i < merge->ledgers.count; i++) {
        spf_ledger_free(merge->ledgers.items[i]);
    }
    for (size_t i = 0; i < merge->lacks.count; i++) {
        free((char *)(uintptr_t)merge->lacks.items[i].where);
        free((char *)(uintptr_t)merge->lacks.items[i].why);
    }
    free(merge->targets.items);
    free(merge->reported);
    free(merge->ledgers.items);
    free(merge->lacks.items);
    free(merge->parts.items);
    free(merge->first);
    free(merge);
}

/* Parts of other targets, or of another number, are no parts of the same fleet. */
static struct spf_error judge_fleet(struct spf_merge *merge, const char *file,
                                    const struct spf_ledger_run *run)
{
    if (merge->first == NULL) {
        merge->first = strdup(file);
        merge->shards = run->shards;
        spf_copy(merge->selection, sizeof merge->selection, run->selection);
        return merge->first != NULL ? spf_ok() : spf_no_memory();
    }
    if (merge->shards != run->shards) {
        return spf_usage(
            "%s is of a split into %u, %s of one into %u: they are not parts of one fleet",
            merge->first, merge->shards, file, run->shards);
    }
    if (strcmp(merge->selection, run->selection) != 0) {
        return spf_usage("%s and %s are parts of different targets or checks (selection %s and "
                         "%s): they are not one fleet",
                         merge->first, file, merge->selection, run->selection);
    }
    return spf_ok();
}

struct spf_error spf_merge_add(struct spf_merge *merge, const char *name, struct spf_ledger *ledger,
                               struct spf_buf *remarks)
{
    struct spf_ledger **place = SPF_APPEND(&merge->ledgers);
    struct spf_error error = spf_ok();

    if (place == NULL) {
        spf_ledger_free(ledger);
        return spf_no_memory();
    }
    *place = ledger;
    for (size_t i = 0; error.code == SPF_OK && i < spf_ledger_runs(ledger); i++) {
        const struct spf_ledger_run *run = spf_ledger_run(ledger, i);
        struct part *part;

        if (run->shards == 0) {
            spf_buf_addf(remarks,
                         _("%s holds a run that is not a part (--shard), and does not count\n"),
                         name);
            continue;
        }
        error = judge_fleet(merge, name, run);
        if (error.code != SPF_OK) {
            break;
        }
        if ((part = SPF_APPEND(&merge->parts)) == NULL) {
            return spf_no_memory();
        }
        *part = (struct part){ledger, i, merge->parts.count, run};
    }
    return error;
}

/* ---- which run of a part counts ----------------------------------------------------------- */

static bool is_whole(const struct spf_ledger_run *run)
{
    return run->asked == (int64_t)run->entries;
}

/* By part; the one that counts first. */
static int by_worth(const void *a, const void *b)
{
    const struct part *one = a;
    const struct part *other = b;
    int order = (one->said->shard > other->said->shard) - (one->said->shard < other->said->shard);

    if (order == 0) {
        order = (int)is_whole(other->said) - (int)is_whole(one->said);
    }
    if (order == 0) {
        order = (other->said->started_utc > one->said->started_utc) -
                (other->said->started_utc < one->said->started_utc);
    }
    return order != 0 ? order : (one->place < other->place) - (one->place > other->place);
}

static int compare_text(const char *one, const char *other)
{
    return strcmp(one != NULL ? one : "", other != NULL ? other : "");
}

static int by_target(const void *a, const void *b)
{
    const struct spf_target *one = (*(struct target *const *)a)->restored.run->target;
    const struct spf_target *other = (*(struct target *const *)b)->restored.run->target;
    const char *const texts[][2] = {
        {one->instance_id, other->instance_id},
        {one->alias != NULL ? one->alias : one->host,
         other->alias != NULL ? other->alias : other->host},
        {one->user, other->user},
        {one->key_path, other->key_path},
        {one->jump, other->jump},
    };
    int order = 0;

    for (size_t i = 0; order == 0 && i < sizeof texts / sizeof *texts; i++) {
        order = compare_text(texts[i][0], texts[i][1]);
    }
    if (order == 0) {
        order = (one->port > other->port) - (one->port < other->port);
    }
    return order != 0 ? order
                      : (one->identity > other->identity) - (one->identity < other->identity);
}

static bool add_lack(struct spf_merge *merge, const char *where, const char *why)
{
    struct spf_report_left_out *lack = SPF_APPEND(&merge->lacks);

    if (lack == NULL) {
        return false;
    }
    *lack = (struct spf_report_left_out){strdup(where), strdup(why)};
    return lack->where != NULL && lack->why != NULL;
}

/* Nothing is there of the parts from first to last. */
static bool add_missing(struct spf_merge *merge, unsigned first, unsigned last)
{
    char where[60];

    if (first > last) {
        return true;
    }
    if (first == last) {
        spf_format(where, sizeof where, _("part %u/%u"), first, merge->shards);
    } else {
        spf_format(where, sizeof where, _("parts %u/%u to %u/%u"), first, merge->shards, last,
                   merge->shards);
    }
    return add_lack(merge, where, first == last ? _("is missing") : _("are missing"));
}

static bool add_half(struct spf_merge *merge, const struct spf_ledger_run *run)
{
    char where[40];
    char why[120];

    spf_format(where, sizeof where, _("part %u/%u"), run->shard, merge->shards);
    if (run->asked < 0 || !run->ended) {
        spf_format(why, sizeof why, _("was ended half-way: %zu of its targets are here"),
                   run->entries);
    } else {
        spf_format(why, sizeof why, _("is not whole: it had %lld targets, and %zu are here"),
                   (long long)run->asked, run->entries);
    }
    return add_lack(merge, where, why);
}

static struct spf_error take_part(struct spf_merge *merge, const struct part *part)
{
    const struct spf_ledger_run *run = part->said;
    struct spf_report *report = &merge->report;

    for (size_t i = 0; i < spf_ledger_count(part->ledger); i++) {
        const struct spf_ledger_entry *entry = spf_ledger_entry(part->ledger, i);
        struct target **place;
        struct target *target;
        struct spf_error error;

        if (entry->run != part->run || !entry->decided) {
            continue;
        }
        target = calloc(1, sizeof *target);
        place = target != NULL ? SPF_APPEND(&merge->targets) : NULL;
        if (place == NULL) {
            free(target);
            return spf_no_memory();
        }
        *place = target;
        target->duration_ms = entry->duration_ms;
        target->recorded_utc = entry->recorded_utc;
        error = spf_ledger_restore(part->ledger, i, NULL, 0, &target->restored);
        if (error.code != SPF_OK) {
            return error.code == SPF_ERR_NOMEM
                       ? error
                       : spf_usage("a file cannot be merged: %s", error.text);
        }
    }
    if (report->started_utc == 0 || run->started_utc < report->started_utc) {
        report->started_utc = run->started_utc;
    }
    if (run->duration_ms > report->duration_ms) {
        report->duration_ms = run->duration_ms;
    }
    if (run->left_out.count > report->left_out_count) { /* each part has read the same list */
        report->left_out = run->left_out.items;
        report->left_out_count = run->left_out.count;
    }
    return is_whole(run) || add_half(merge, run) ? spf_ok() : spf_no_memory();
}

static struct spf_error choose(struct spf_merge *merge)
{
    struct spf_error error = spf_ok();
    unsigned last = 0;

    qsort(merge->parts.items, merge->parts.count, sizeof *merge->parts.items, by_worth);
    for (size_t i = 0; error.code == SPF_OK && i < merge->parts.count; i++) {
        const struct part *part = &merge->parts.items[i];

        if (part->said->shard == last) {
            continue; /* it ran more than once */
        }
        error = add_missing(merge, last + 1, part->said->shard - 1) ? take_part(merge, part)
                                                                    : spf_no_memory();
        last = part->said->shard;
    }
    if (error.code == SPF_OK && !add_missing(merge, last + 1, merge->shards)) {
        return spf_no_memory();
    }
    return error;
}

struct spf_error spf_merge_finish(struct spf_merge *merge, bool strict, unsigned fail_over,
                                  const struct spf_report **report)
{
    struct spf_report *whole = &merge->report;
    struct spf_tally tally = {0};
    struct spf_error error;

    if (merge->parts.count == 0) {
        return spf_usage("these files hold no part: a part is written with --shard K/N and "
                         "--record or --format ndjson");
    }
    error = choose(merge);
    if (error.code != SPF_OK) {
        return error;
    }
    merge->reported = calloc(merge->targets.count + 1, sizeof *merge->reported);
    if (merge->reported == NULL) {
        return spf_no_memory();
    }
    if (merge->targets.count > 0) {
        qsort(merge->targets.items, merge->targets.count, sizeof *merge->targets.items, by_target);
    }
    for (size_t i = 0; i < merge->targets.count; i++) {
        const struct target *target = merge->targets.items[i];

        merge->reported[i] = (struct spf_report_target){
            .run = target->restored.run,
            .diagnosis = &target->restored.diagnosis,
            .duration_ms = target->duration_ms > 0 ? target->duration_ms : 0,
            .judged_utc = target->recorded_utc,
        };
        spf_tally_add(&tally, &merge->reported[i]);
    }
    whole->targets = merge->reported;
    whole->count = merge->targets.count;
    whole->lacks = merge->lacks.items;
    whole->lacks_count = merge->lacks.count;
    whole->exit_status = spf_tally_exit_status(&tally, strict, fail_over);
    if (whole->lacks_count > 0 || (whole->exit_status == 0 && whole->left_out_count > 0)) {
        whole->exit_status = 2;
    }
    *report = whole;
    return spf_ok();
}
