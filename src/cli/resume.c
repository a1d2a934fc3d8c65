#include "cli/resume.h"

#include <stdlib.h>
#include <string.h>

#include "base/language.h"
#include "cli/input.h"
#include "platform/home.h"

/* A target of this run, or an entry, as what is compared of both. */
struct known {
    const struct spf_target *target;
    char *key, *key_dir; /* as a record names them; NULL: none */
    size_t place;        /* which of the run's, from 0 */
};

static int compare_text(const char *one, const char *other)
{
    return strcmp(one != NULL ? one : "", other != NULL ? other : "");
}

static int compare_identity(const void *a, const void *b)
{
    uint64_t one = ((const struct known *)a)->target->identity;
    uint64_t other = ((const struct known *)b)->target->identity;

    return (one > other) - (one < other);
}

/* By what an old record says of it. */
static int compare(const void *a, const void *b)
{
    const struct spf_target *one = ((const struct known *)a)->target;
    const struct spf_target *other = ((const struct known *)b)->target;
    int order = compare_text(one->instance_id, other->instance_id);

    if (order == 0) {
        order = compare_text(one->host, other->host);
    }
    if (order == 0) {
        order = compare_text(one->user, other->user);
    }
    if (order == 0) {
        order = compare_text(one->jump, other->jump);
    }
    if (order == 0) {
        order = (one->port > other->port) - (one->port < other->port);
    }
    return order;
}

/* And by the key, of which one target may be asked for several. */
static int compare_with_key(const void *a, const void *b)
{
    const struct known *one = a;
    const struct known *other = b;
    int order = compare(a, b);

    if (order == 0) {
        order = compare_text(one->key, other->key);
    }
    return order != 0 ? order : compare_text(one->key_dir, other->key_dir);
}

static char *hidden(const struct spf_homes *homes, const char *path)
{
    return path != NULL ? spf_homes_hide(homes, path) : NULL;
}

/* hidden again, a line's path is as a record has it, and a record's stays */
static struct known know(const struct spf_homes *homes, const struct spf_target *target,
                         size_t place)
{
    return (struct known){.target = target,
                          .key = hidden(homes, target->key_path),
                          .key_dir = hidden(homes, target->key_dir),
                          .place = place};
}

static void clear(struct known *known)
{
    free(known->key);
    free(known->key_dir);
}

/* The run's targets, so that an entry finds its own, and what was found. */
struct index {
    struct known *by_name, *by_identity;
    size_t count;
    size_t *claims; /* of old entries, by place */
    size_t entries, foreign;
    struct spf_homes homes;
};

static bool make_index(const struct spf_round *round, struct index *index)
{
    size_t size = sizeof(struct known);

    spf_homes_find(&index->homes);
    index->by_name = calloc(round->count + 1, size);
    index->by_identity = calloc(round->count + 1, size);
    index->claims = calloc(round->count + 1, sizeof *index->claims);
    if (index->by_name == NULL || index->by_identity == NULL || index->claims == NULL) {
        return false;
    }
    for (size_t i = 0; i < round->count; i++) {
        index->by_name[i] = know(&index->homes, round->targets.list.items[i], i);
    }
    index->count = round->count;
    if (index->count > 0) {
        memcpy(index->by_identity, index->by_name, index->count * size);
        qsort(index->by_name, index->count, size, compare_with_key);
        qsort(index->by_identity, index->count, size, compare_identity);
    }
    return true;
}

static void clear_index(struct index *index)
{
    for (size_t i = 0; i < index->count; i++) {
        clear(&index->by_name[i]);
    }
    free(index->by_name);
    free(index->by_identity);
    free(index->claims);
}

/* Are there none, one (*first) or more (2) like the wanted one? */
static size_t look_up(const struct known *items, size_t count, const struct known *wanted,
                      int (*order)(const void *, const void *), const struct known **first)
{
    size_t low = 0;
    size_t high = count;
    size_t end;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (order(&items[middle], wanted) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (end = low; end < low + 2 && end < count && order(&items[end], wanted) == 0; end++) {
    }
    *first = &items[low];
    return end - low;
}

/* "--only key,ssh.auth", as somebody would say it again. */
static void name_checks(spf_checks checks, struct spf_buf *buf)
{
    bool any = false;

    if (checks == SPF_ALL_CHECKS) {
        spf_buf_addstr(buf, _("all checks"));
        return;
    }
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        if (!(checks >> i & 1)) {
            continue;
        }
        spf_buf_addf(buf, "%s%s", any ? "," : "--only ", spf_check_table[i].id);
        any = true;
    }
}

static struct spf_error refuse_checks(const char *path, spf_checks theirs, spf_checks ours)
{
    struct spf_error error;
    struct spf_buf said;

    spf_buf_init(&said, 1000);
    spf_buf_addf(&said, _("%s was written for other checks: "), path);
    name_checks(theirs, &said);
    spf_buf_addstr(&said, _(" there, "));
    name_checks(ours, &said);
    spf_buf_addstr(&said, _(" here"));
    error = spf_usage("%s", said.data);
    spf_buf_clear(&said);
    return error;
}

static const char *name_key(const struct known *known)
{
    return known->key != NULL ? known->key : known->key_dir != NULL ? known->key_dir : "none";
}

/*
 * The target that an entry is of. What two targets of the run may have left is nobody's: an old
 * record does not have all that distinguishes them, nor any the -o of one.
 */
static const struct known *owner(const struct index *index, const struct known *wanted, bool *known)
{
    const struct known *found;
    size_t alike;

    if (wanted->target->identity != 0) {
        alike = look_up(index->by_identity, index->count, wanted, compare_identity, &found);
        *known = alike > 0;
        return alike == 1 ? found : NULL;
    }
    alike = look_up(index->by_name, index->count, wanted, compare_with_key, &found);
    *known = alike > 0;
    return alike == 1 && found->target->ssh_words == NULL ? found : NULL;
}

/* Gives the entry to its target; SPF_ERR_USAGE: it is of another key, or of other checks. */
static struct spf_error place_entry(struct spf_round *round, struct index *index, const char *path,
                                    size_t entry)
{
    const struct spf_ledger_entry *shown = spf_ledger_entry(round->resumed, entry);
    struct known wanted = know(&index->homes, shown->target, 0);
    struct spf_error error = spf_ok();
    const struct known *other;
    bool known = false;
    const struct known *found = owner(index, &wanted, &known);

    if (found != NULL && spf_ledger_run(round->resumed, shown->run)->of_record &&
        shown->target->selected != found->target->selected) {
        error = refuse_checks(path, shown->target->selected, found->target->selected);
    } else if (found != NULL && shown->target->identity == 0) {
        index->claims[found->place]++;
    } else if (found != NULL) { /* the same target once more: the last counts */
        round->restored_from[found->place] = entry + 1;
    } else if (!known) {
        index->foreign++;
        if (look_up(index->by_name, index->count, &wanted, compare, &other) > 0 &&
            compare_with_key(&wanted, other) != 0) {
            error = spf_usage("%s was written with another key: %s there, %s here", path,
                              name_key(&wanted), name_key(other));
        }
    }
    clear(&wanted);
    return error;
}

/* An old entry is its target's where no other of them is like it. */
static void take_old(struct spf_round *round, const struct index *index, size_t entry)
{
    const struct spf_target *target = spf_ledger_entry(round->resumed, entry)->target;
    struct known wanted = know(&index->homes, target, 0);
    bool known;
    const struct known *found = owner(index, &wanted, &known);

    if (target->identity == 0 && found != NULL && index->claims[found->place] == 1 &&
        round->restored_from[found->place] == 0) {
        round->restored_from[found->place] = entry + 1;
    }
    clear(&wanted);
}

/* Of each run the fingerprint of its targets and checks; an old record has none. */
static struct spf_error judge_selection(const struct spf_round *round, const char *path)
{
    const char *ours = round->report.selection;

    for (size_t i = 0; i < spf_ledger_runs(round->resumed); i++) {
        const struct spf_ledger_run *run = spf_ledger_run(round->resumed, i);

        if (run->selection[0] != '\0' && strcmp(run->selection, ours) != 0) {
            return spf_usage(
                "%s was written for other targets or checks than this run (selection %s there, "
                "%s here)",
                path, run->selection, ours);
        }
        if (run->shards != round->report.shards || run->shard != round->report.shard) {
            return spf_usage("%s is part %u/%u, and this run is %u/%u", path, run->shard,
                             run->shards, round->report.shard, round->report.shards);
        }
    }
    return spf_ok();
}

static struct spf_error match_all(struct spf_round *round, const char *path, struct index *index)
{
    struct spf_error error = spf_ok();
    const size_t count = spf_ledger_count(round->resumed);
    bool old = false;

    for (size_t i = 0; error.code == SPF_OK && i < count; i++) {
        const struct spf_ledger_entry *entry = spf_ledger_entry(round->resumed, i);

        if (entry->decided) {
            index->entries++;
            old |= entry->target->identity == 0;
            error = place_entry(round, index, path, i);
        }
    }
    if (error.code == SPF_OK) {
        error = judge_selection(round, path);
    }
    /* Of old ones it is the fingerprint, where there is one, that says whose they are. */
    if (error.code == SPF_OK && index->foreign > 0 &&
        (!old || spf_ledger_run(round->resumed, 0)->selection[0] == '\0')) {
        error = spf_usage(
            "%s was written for other targets than this run: %zu of its %zu are not in this "
            "run",
            path, index->foreign, index->entries);
    }
    for (size_t i = 0; old && error.code == SPF_OK && i < count; i++) {
        if (spf_ledger_entry(round->resumed, i)->decided) {
            take_old(round, index, i);
        }
    }
    return error;
}

struct spf_error spf_resume(struct spf_round *round, const struct spf_options *options, int stop_fd)
{
    struct index index = {0};
    struct spf_error error =
        spf_input_ledger(options->resume, stop_fd, options->deadline_s, false, &round->resumed);

    if (error.code != SPF_OK) {
        return error;
    }
    if (options->record != NULL && !spf_ledger_run(round->resumed, 0)->of_record) {
        return spf_usage("%s holds results and no evidence, which --record could not keep; resume "
                         "from a record",
                         options->resume);
    }
    error = make_index(round, &index) ? match_all(round, options->resume, &index) : spf_no_memory();
    clear_index(&index);
    return error;
}

/* Evidence that can be judged; what lines of ndjson say is judged already. */
struct spf_error spf_read_record(struct spf_round *round, const struct spf_options *options,
                                 int stop_fd)
{
    struct spf_error error =
        spf_input_ledger(options->replay, stop_fd, options->deadline_s, false, &round->replayed);

    if (error.code != SPF_OK) {
        return error;
    }
    if (spf_ledger_count(round->replayed) == 0) {
        return spf_usage("the record %s holds no target", options->replay);
    }
    for (size_t i = 0; i < spf_ledger_runs(round->replayed); i++) {
        const struct spf_ledger_run *run = spf_ledger_run(round->replayed, i);

        if (!run->of_record) {
            return spf_usage("%s holds results, which --replay cannot judge again: it takes a "
                             "record (--record)",
                             options->replay);
        }
        round->report.left_out = run->left_out.items;
        round->report.left_out_count = run->left_out.count;
    }
    return spf_ok();
}

struct spf_error spf_read_baseline(struct spf_round *round, const struct spf_options *options,
                                   int stop_fd)
{
    struct spf_ledger *ledger;
    struct spf_error error =
        spf_input_ledger(options->baseline, stop_fd, options->deadline_s, false, &ledger);

    if (error.code != SPF_OK) {
        return error;
    }
    round->baseline = spf_baseline_new(ledger);
    return round->baseline != NULL ? spf_ok() : spf_no_memory();
}
