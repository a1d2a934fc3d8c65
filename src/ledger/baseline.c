#include <stdlib.h>
#include <string.h>

#include "ledger/changes.h"
#include "report/title.h"

/* A target of the earlier run, by what it is found again by. */
struct known {
    const char *name, *user; /* the instance or the host; borrowed from the ledger */
    unsigned port;
    size_t entry;
    bool found;
};

struct spf_baseline {
    struct spf_ledger *ledger;
    struct known *known; /* sorted */
    size_t count;
    struct spf_report_baseline shown;
    SPF_LIST(char *) gone;
};

static int compare(const void *a, const void *b)
{
    const struct known *one = a;
    const struct known *other = b;
    int order = strcmp(one->name, other->name);

    if (order == 0) {
        order = strcmp(one->user, other->user);
    }
    return order != 0 ? order : (one->port > other->port) - (one->port < other->port);
}

static int compare_in_order(const void *a, const void *b)
{
    const struct known *one = a;
    const struct known *other = b;
    int order = compare(a, b);

    return order != 0 ? order : (one->entry > other->entry) - (one->entry < other->entry);
}

static const char *name_of(const struct spf_target *target)
{
    return target->instance_id != NULL ? target->instance_id
           : target->alias != NULL     ? target->alias
           : target->host != NULL      ? target->host
                                       : "";
}

struct spf_baseline *spf_baseline_new(struct spf_ledger *ledger)
{
    struct spf_baseline *baseline = calloc(1, sizeof *baseline);
    size_t count = spf_ledger_count(ledger);

    if (baseline == NULL) {
        spf_ledger_free(ledger);
        return NULL;
    }
    baseline->ledger = ledger;
    baseline->known = calloc(count + 1, sizeof *baseline->known);
    if (baseline->known == NULL) {
        spf_baseline_free(baseline);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const struct spf_ledger_entry *entry = spf_ledger_entry(ledger, i);

        if (entry->decided) {
            baseline->known[baseline->count++] = (struct known){
                name_of(entry->target), entry->target->user, entry->target->port, i, false};
        }
        if (entry->recorded_utc > baseline->shown.recorded_utc) {
            baseline->shown.recorded_utc = entry->recorded_utc;
        }
    }
    if (baseline->count > 0) {
        qsort(baseline->known, baseline->count, sizeof *baseline->known, compare_in_order);
    }
    return baseline;
}

static void clear_gone(struct spf_baseline *baseline)
{
    for (size_t i = 0; i < baseline->gone.count; i++) {
        free(baseline->gone.items[i]);
    }
    free(baseline->gone.items);
    baseline->gone.items = NULL;
    baseline->gone.count = 0;
}

void spf_baseline_begin(struct spf_baseline *baseline)
{
    clear_gone(baseline);
    memset(baseline->shown.count, 0, sizeof baseline->shown.count);
    for (size_t i = 0; i < baseline->count; i++) {
        baseline->known[i].found = false;
    }
}

void spf_baseline_free(struct spf_baseline *baseline)
{
    if (baseline == NULL) {
        return;
    }
    clear_gone(baseline);
    free(baseline->known);
    spf_ledger_free(baseline->ledger);
    free(baseline);
}

/* The next one of that name, user and port that was not found yet. */
static struct known *find_named(struct spf_baseline *baseline, const struct known *wanted)
{
    struct known *first = baseline->count == 0 ? NULL
                                               : bsearch(wanted, baseline->known, baseline->count,
                                                         sizeof *baseline->known, compare);

    while (first != NULL && first > baseline->known && compare(first - 1, wanted) == 0) {
        first--;
    }
    for (;
         first != NULL && first < baseline->known + baseline->count && compare(first, wanted) == 0;
         first++) {
        if (!first->found) {
            return first;
        }
    }
    return NULL;
}

/* A record has what was asked, a report what was checked. */
static struct known *find(struct spf_baseline *baseline, const struct spf_run *run)
{
    const struct spf_target *targets[] = {run->asked, run->target};
    const char *id = run->facts.instance->id;
    struct known *found = NULL;

    for (size_t i = 0; found == NULL && i < 2; i++) {
        const struct spf_target *target = targets[i];

        found = find_named(
            baseline,
            &(struct known){.name = name_of(target), .user = target->user, .port = target->port});
        if (found == NULL && id[0] != '\0') {
            found = find_named(
                baseline, &(struct known){.name = id, .user = target->user, .port = target->port});
        }
    }
    return found;
}

static enum spf_since since(const struct spf_diagnosis *before, const struct spf_diagnosis *now)
{
    if (now->verdict == before->verdict) {
        return now->cause == before->cause ? SPF_SINCE_SAME : SPF_SINCE_OTHER_CAUSE;
    }
    if (now->verdict == SPF_VERDICT_FAIL) {
        return SPF_SINCE_FAILING;
    }
    if (now->verdict == SPF_VERDICT_UNKNOWN) {
        return SPF_SINCE_UNKNOWN;
    }
    return before->verdict == SPF_VERDICT_FAIL ? SPF_SINCE_REPAIRED : SPF_SINCE_KNOWN;
}

struct spf_changes *spf_baseline_compare(struct spf_baseline *baseline,
                                         const struct spf_report_target *target)
{
    struct spf_changes *changes = calloc(1, sizeof *changes);
    struct known *known = changes != NULL ? find(baseline, target->run) : NULL;
    struct spf_restored restored;
    bool whole = true;

    if (changes == NULL) {
        return NULL;
    }
    changes->since = SPF_SINCE_NEW;
    if (known != NULL) {
        known->found = true;
        if (spf_ledger_restore(baseline->ledger, known->entry, NULL, 0, &restored).code == SPF_OK) {
            const struct spf_report_target before = {.run = restored.run,
                                                     .diagnosis = &restored.diagnosis};

            changes->verdict = restored.diagnosis.verdict;
            changes->cause = restored.diagnosis.cause;
            changes->since = since(&restored.diagnosis, target->diagnosis);
            whole = spf_changes_find(&before, target, changes);
        }
        spf_restored_clear(&restored);
    }
    baseline->shown.count[changes->since]++;
    if (whole) {
        return changes;
    }
    spf_changes_free(changes);
    return NULL;
}

void spf_changes_free(struct spf_changes *changes)
{
    if (changes == NULL) {
        return;
    }
    for (size_t i = 0; i < changes->facts.count; i++) {
        free(changes->facts.items[i].text);
        free(changes->facts.items[i].before);
        free(changes->facts.items[i].now);
    }
    free(changes->facts.items);
    free(changes);
}

const struct spf_report_baseline *spf_baseline_finish(struct spf_baseline *baseline)
{
    for (size_t i = 0; i < baseline->count; i++) {
        const struct known *known = &baseline->known[i];
        char **place;
        struct spf_buf title;

        if (known->found) {
            continue;
        }
        place = SPF_APPEND(&baseline->gone);
        if (place == NULL) {
            return NULL;
        }
        spf_buf_init(&title, 600);
        spf_asked_title(&title, spf_ledger_entry(baseline->ledger, known->entry)->target);
        *place = spf_buf_take(&title);
        if (*place == NULL) {
            return NULL;
        }
    }
    baseline->shown.gone = (const char *const *)baseline->gone.items;
    baseline->shown.gone_count = baseline->gone.count;
    return &baseline->shown;
}
