#include <stdlib.h>
#include <string.h>

#include "ledger/changes.h"
#include "report/title.h"

/* A target of the earlier run, or of this one, by what it is found again by. */
struct known {
    uint64_t identity;       /* 0: not known */
    const char *name, *user; /* the instance or the host; borrowed from the ledger, or the caller */
    unsigned port;
    size_t entry;
    size_t claims;     /* so many of the other run are of its identity */
    bool found, alike; /* alike: it may be that of several, and is not gone */
};

struct spf_baseline {
    struct spf_ledger *ledger;
    struct known *known; /* by name */
    size_t count;
    struct known **by_identity;      /* those of known that have one */
    size_t identities;               /* so many */
    SPF_LIST(struct known) expected; /* of this run; by name, once ready */
    bool ready;
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

static int compare_identity(const void *a, const void *b)
{
    const struct known *one = a;
    const struct known *other = b;

    return (one->identity > other->identity) - (one->identity < other->identity);
}

static int compare_in_order(const void *a, const void *b)
{
    const struct known *one = a;
    const struct known *other = b;
    int order = compare(a, b);

    return order != 0 ? order : (one->entry > other->entry) - (one->entry < other->entry);
}

static int compare_by_identity(const void *a, const void *b)
{
    const struct known *one = *(struct known *const *)a;
    const struct known *other = *(struct known *const *)b;
    int order = compare_identity(one, other);

    return order != 0 ? order : (one->entry > other->entry) - (one->entry < other->entry);
}

static const char *name_of(const struct spf_target *target)
{
    return target->instance_id != NULL ? target->instance_id
           : target->alias != NULL     ? target->alias
           : target->host != NULL      ? target->host
                                       : "";
}

static struct known know(const struct spf_target *target, size_t entry)
{
    return (struct known){.identity = target->identity,
                          .name = name_of(target),
                          .user = target->user,
                          .port = target->port,
                          .entry = entry};
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
    baseline->by_identity = calloc(count + 1, sizeof(*baseline->by_identity));
    if (baseline->known == NULL || baseline->by_identity == NULL) {
        spf_baseline_free(baseline);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const struct spf_ledger_entry *entry = spf_ledger_entry(ledger, i);

        if (entry->decided) {
            baseline->known[baseline->count++] = know(entry->target, i);
        }
        if (entry->recorded_utc > baseline->shown.recorded_utc) {
            baseline->shown.recorded_utc = entry->recorded_utc;
        }
    }
    if (baseline->count > 0) {
        qsort(baseline->known, baseline->count, sizeof *baseline->known, compare_in_order);
    }
    for (size_t i = 0; i < baseline->count; i++) {
        if (baseline->known[i].identity != 0) {
            baseline->by_identity[baseline->identities++] = &baseline->known[i];
        }
    }
    if (baseline->identities > 0) {
        qsort(baseline->by_identity, baseline->identities, sizeof(*baseline->by_identity),
              compare_by_identity);
    }
    return baseline;
}

bool spf_baseline_expect(struct spf_baseline *baseline, const struct spf_target *target)
{
    struct known *place = SPF_APPEND(&baseline->expected);

    if (place != NULL) {
        *place = know(target, 0);
    }
    return place != NULL;
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
        baseline->known[i].found = baseline->known[i].alike = false;
    }
}

void spf_baseline_free(struct spf_baseline *baseline)
{
    if (baseline == NULL) {
        return;
    }
    clear_gone(baseline);
    free(baseline->known);
    free(baseline->by_identity);
    free(baseline->expected.items);
    spf_ledger_free(baseline->ledger);
    free(baseline);
}

/* The first of that identity; *count: so many follow each other. */
static struct known **find_identity(const struct spf_baseline *baseline, uint64_t identity,
                                    size_t *count)
{
    size_t low = 0;
    size_t high = identity != 0 ? baseline->identities : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (baseline->by_identity[middle]->identity < identity) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *count = 0;
    while (identity != 0 && low + *count < baseline->identities &&
           baseline->by_identity[low + *count]->identity == identity) {
        ++*count;
    }
    return &baseline->by_identity[low];
}

/* Of each whose identity is in both runs it is known whose it is. */
static void make_ready(struct spf_baseline *baseline)
{
    if (baseline->ready) {
        return;
    }
    baseline->ready = true;
    for (size_t i = 0; i < baseline->expected.count; i++) {
        struct known *expected = &baseline->expected.items[i];
        struct known **same = find_identity(baseline, expected->identity, &expected->claims);

        for (size_t k = 0; k < expected->claims; k++) {
            same[k]->claims++;
        }
    }
    if (baseline->expected.count > 0) {
        qsort(baseline->expected.items, baseline->expected.count, sizeof(struct known), compare);
    }
}

static bool is_there(const struct known *items, size_t count, const struct known *at,
                     const struct known *wanted)
{
    return at != NULL && at < items + count && compare(at, wanted) == 0;
}

/* The first of that name, user and port; NULL: none. */
static struct known *first_named(struct known *items, size_t count, const struct known *wanted)
{
    struct known *at = count > 0 ? bsearch(wanted, items, count, sizeof *items, compare) : NULL;

    while (at != NULL && at > items && compare(at - 1, wanted) == 0) {
        at--;
    }
    return at;
}

/* Those of a list by name that are of the wanted one's name, user and port, and that no identity
 * gives to another: 0, 1 (*first) or more. */
static size_t find_named(struct known *items, size_t count, const struct known *wanted,
                         struct known **first)
{
    size_t found = 0;

    for (struct known *at = first_named(items, count, wanted);
         found < 2 && is_there(items, count, at, wanted); at++) {
        if (at->claims == 0 && !at->found) {
            *first = found++ == 0 ? at : *first;
        }
    }
    return found;
}

/* Those that may be of several are not gone. */
static void mark_named(struct spf_baseline *baseline, const struct known *wanted)
{
    struct known *items = baseline->known;
    const size_t count = baseline->count;

    for (struct known *at = first_named(items, count, wanted); is_there(items, count, at, wanted);
         at++) {
        at->alike |= at->claims == 0;
    }
}

/* By name: a record has what was asked, a report what was checked. */
static struct known *find_by_name(struct spf_baseline *baseline, const struct spf_run *run,
                                  bool *alike)
{
    const struct spf_target *targets[] = {run->asked, run->target};
    const char *id = run->facts.instance->id;
    const struct known asked = know(run->asked, 0);
    struct known *first = NULL;
    struct known *rival;

    for (size_t i = 0; i < 4; i++) {
        struct known wanted = know(targets[i / 2], 0);
        size_t count;

        wanted.name = i % 2 == 0 ? wanted.name : id;
        count = wanted.name[0] != '\0'
                    ? find_named(baseline->known, baseline->count, &wanted, &first)
                    : 0;
        if (count == 0) {
            continue;
        }
        *alike = count > 1 ||
                 find_named(baseline->expected.items, baseline->expected.count, &asked, &rival) > 1;
        if (*alike) {
            mark_named(baseline, &wanted);
        }
        return *alike ? NULL : first;
    }
    return NULL;
}

/* The target's own of the earlier run; *alike: there are some, and it may be any of them. */
static struct known *find(struct spf_baseline *baseline, const struct spf_run *run, bool *alike)
{
    size_t count;
    struct known **same = find_identity(baseline, run->asked->identity, &count);

    *alike = false;
    if (count == 0) {
        return find_by_name(baseline, run, alike);
    }
    for (size_t i = 0; i < count; i++) { /* it was asked more than once: the last counts */
        same[i]->found = true;
    }
    *alike = same[count - 1]->claims > 1;
    return *alike ? NULL : same[count - 1];
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
    struct known *known;
    struct spf_restored restored;
    bool whole = true;
    bool alike;

    if (changes == NULL) {
        return NULL;
    }
    make_ready(baseline);
    known = find(baseline, target->run, &alike);
    changes->since = alike ? SPF_SINCE_UNCOMPARED : SPF_SINCE_NEW;
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

        if (known->found || known->alike) {
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
