#include "cli/resume.h"

#include <stdlib.h>
#include <string.h>

#include "base/language.h"
#include "cli/input.h"
#include "platform/home.h"

/* An entry, or a target of this run, as what is compared of both. */
struct known {
    const struct spf_target *target;
    char *key, *key_dir; /* as a record names them; NULL: none */
    size_t entry;        /* from 1 */
};

static int compare_text(const char *one, const char *other)
{
    return strcmp(one != NULL ? one : "", other != NULL ? other : "");
}

/* By what says which target it is. */
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

static void clear(struct known *known)
{
    free(known->key);
    free(known->key_dir);
}

/* The entries in order, so that a target finds its own. */
struct index {
    struct known *items;
    size_t count;
    struct spf_homes homes;
};

static bool make_index(struct spf_ledger *ledger, struct index *index)
{
    size_t count = spf_ledger_count(ledger);

    spf_homes_find(&index->homes);
    index->count = 0;
    index->items = calloc(count + 1, sizeof *index->items);
    if (index->items == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct spf_ledger_entry *entry = spf_ledger_entry(ledger, i);
        struct known *known = &index->items[index->count];

        if (!entry->decided) {
            continue;
        }
        /* hidden again, a line's path is as a record has it, and a record's stays */
        *known = (struct known){.target = entry->target,
                                .key = hidden(&index->homes, entry->target->key_path),
                                .key_dir = hidden(&index->homes, entry->target->key_dir),
                                .entry = i + 1};
        index->count++;
    }
    if (index->count > 0) {
        qsort(index->items, index->count, sizeof *index->items, compare_with_key);
    }
    return true;
}

static void clear_index(struct index *index)
{
    for (size_t i = 0; i < index->count; i++) {
        clear(&index->items[i]);
    }
    free(index->items);
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

/* The target's own entry, or why it cannot be its own. */
static struct spf_error match(const struct index *index, const struct spf_ledger *ledger,
                              const char *path, const struct spf_target *target, size_t *entry)
{
    struct known wanted = {.target = target,
                           .key = hidden(&index->homes, target->key_path),
                           .key_dir = hidden(&index->homes, target->key_dir)};
    const struct known *found = NULL;
    const struct known *other = NULL;
    struct spf_error error = spf_ok();

    if (index->count > 0) {
        found = bsearch(&wanted, index->items, index->count, sizeof wanted, compare_with_key);
    }
    if (found == NULL && index->count > 0) {
        other = bsearch(&wanted, index->items, index->count, sizeof wanted, compare);
    }
    if (found != NULL) {
        bool of_record =
            spf_ledger_run(ledger, spf_ledger_entry(ledger, found->entry - 1)->run)->of_record;

        *entry = found->entry;
        if (of_record && found->target->selected != target->selected) {
            error = refuse_checks(path, found->target->selected, target->selected);
        }
    } else if (other != NULL) {
        error = spf_usage("%s was written with another key: %s there, %s here", path,
                          name_key(other), name_key(&wanted));
    }
    clear(&wanted);
    return error;
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

static struct spf_error match_all(struct spf_round *round, const char *path,
                                  const struct index *index)
{
    struct spf_error error = spf_ok();
    size_t taken = 0;

    for (size_t i = 0; error.code == SPF_OK && i < round->count; i++) {
        error = match(index, round->resumed, path, round->targets.list.items[i],
                      &round->restored_from[i]);
        taken += round->restored_from[i] > 0;
    }
    if (error.code == SPF_OK) {
        error = judge_selection(round, path);
    }
    /* Without a fingerprint: what is there must be what is asked for. */
    if (error.code == SPF_OK && taken < index->count &&
        spf_ledger_run(round->resumed, 0)->selection[0] == '\0') {
        error = spf_usage(
            "%s was written for other targets than this run: %zu of its %zu are not in this "
            "run",
            path, index->count - taken, index->count);
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
    error = make_index(round->resumed, &index) ? match_all(round, options->resume, &index)
                                               : spf_no_memory();
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
