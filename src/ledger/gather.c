#include "ledger/gather.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/language.h"
#include "ledger/line.h"

#define ENTRIES_MOST 200000
#define DAY_MS       INT64_C(86400000)

/* Sixteen hex digits. */
static bool is_name(const char *text)
{
    return strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
}

/* Reads "3/10"; false: it is not a shard. */
static bool read_shard(const char *text, unsigned *shard, unsigned *shards)
{
    size_t len = strcspn(text, "/");
    char first[12];

    if (text[len] == '\0' ||
        !spf_format_whole(first, sizeof first, "%.*s", (int)(len < 11 ? len : 0), text)) {
        return false;
    }
    *shard = (unsigned)spf_decimal(first, SPF_LIST_MAX, 0);
    *shards = (unsigned)spf_decimal(text + len + 1, SPF_LIST_MAX, 0);
    return *shard >= 1 && *shard <= *shards;
}

static bool take_left_out(struct spf_ledger_run *run, struct json_object *list)
{
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *line = spf_json_item(list, i);
        struct spf_report_left_out *place = SPF_APPEND(&run->left_out);

        if (place == NULL) {
            return false;
        }
        *place = (struct spf_report_left_out){strdup(spf_json_text(line, "where")),
                                              strdup(spf_json_text(line, "why"))};
        if (place->where == NULL || place->why == NULL) {
            return false;
        }
    }
    return true;
}

/* What a line or a record's beginning says of its run. False: no part of a run can have it. */
static bool read_run(struct json_object *json, struct spf_ledger_run *run)
{
    const char *shard = spf_json_text(json, "shard");
    const char *name = spf_json_text(json, "run");
    const char *selection = spf_json_text(json, "selection");

    *run = (struct spf_ledger_run){.asked = -1};
    run->started_utc = spf_utc_parse(spf_json_text(json, "started_at"));
    if ((shard[0] != '\0' && (!read_shard(shard, &run->shard, &run->shards) || !is_name(name) ||
                              !is_name(selection) || run->started_utc <= 0)) ||
        (name[0] != '\0' && !is_name(name)) || (selection[0] != '\0' && !is_name(selection))) {
        return false;
    }
    spf_copy(run->name, sizeof run->name, name);
    spf_copy(run->selection, sizeof run->selection, selection);
    return true;
}

/* The run that a line belongs to, from 1; a run that has ended takes no more lines. 0: no memory.
 */
static size_t find_run(struct spf_ledger *ledger, const struct spf_ledger_run *wanted)
{
    struct spf_ledger_run *place;

    for (size_t i = ledger->runs.count; !wanted->of_record && i-- > 0;) {
        const struct spf_ledger_run *run = &ledger->runs.items[i];

        if (!run->of_record && !run->ended && run->shard == wanted->shard &&
            run->shards == wanted->shards && run->started_utc == wanted->started_utc &&
            strcmp(run->name, wanted->name) == 0 &&
            strcmp(run->selection, wanted->selection) == 0) {
            return i + 1;
        }
    }
    place = SPF_APPEND(&ledger->runs);
    if (place == NULL) {
        return 0;
    }
    *place = *wanted;
    return ledger->runs.count;
}

static struct spf_ledger_item *new_entry(struct spf_ledger *ledger)
{
    struct spf_ledger_item **place;
    struct spf_ledger_item *entry = calloc(1, sizeof *entry);

    if (entry == NULL || ledger->entries.count >= ENTRIES_MOST ||
        (place = SPF_APPEND(&ledger->entries)) == NULL) {
        free(entry);
        return NULL;
    }
    entry->offset = -1;
    entry->met = ledger->entries.count;
    return *place = entry;
}

/* Has a group failed because the run was ended? */
static bool is_open(struct json_object *groups)
{
    if (!json_object_is_type(groups, json_type_object)) {
        return false;
    }
    json_object_object_foreach(groups, name, group)
    {
        (void)name;
        if (strcmp(spf_json_text(spf_json_get(group, "failure"), "cause"),
                   spf_findings[SPF_INTERRUPTED].id) == 0) {
            return true;
        }
    }
    return false;
}

static void count_entry(struct spf_ledger *ledger, struct spf_ledger_item *entry, size_t run)
{
    entry->shown.run = run - 1;
    ledger->runs.items[run - 1].entries += entry->shown.decided;
}

struct spf_error spf_ledger_take_recorded(struct spf_ledger *ledger, size_t run,
                                          struct json_object *json, struct spf_ledger_item **taken)
{
    struct spf_recorded_target recorded = {0};
    struct spf_error error = spf_recorded_target_read(spf_json_get(json, "target"), &recorded);
    struct spf_ledger_item *entry = error.code == SPF_OK ? new_entry(ledger) : NULL;

    if (entry == NULL) {
        spf_recorded_target_clear(&recorded);
        return error.code != SPF_OK ? error : spf_no_memory();
    }
    entry->recorded = recorded;
    entry->shown.target = &entry->recorded.target;
    entry->shown.decided = !is_open(spf_json_get(json, "groups"));
    entry->shown.recorded_utc = spf_utc_parse(spf_json_text(json, "recorded_at"));
    entry->shown.duration_ms = spf_json_number(json, "duration_ms", DAY_MS, -1);
    entry->place = spf_json_number(json, "place", SPF_LIST_MAX, 0);
    count_entry(ledger, entry, run);
    *taken = entry;
    return spf_ok();
}

struct spf_error spf_ledger_take_line(struct spf_ledger *ledger, struct json_object *json,
                                      struct spf_ledger_item **taken, const char **wrong)
{
    struct spf_ledger_run wanted;
    struct spf_ledger_item *entry;
    size_t run;

    *wrong = spf_line_judge(json);
    if (*wrong == NULL && !read_run(json, &wanted)) {
        *wrong = _("names an impossible part");
    }
    if (*wrong != NULL) {
        return spf_ok();
    }
    run = find_run(ledger, &wanted);
    entry = run != 0 ? new_entry(ledger) : NULL;
    if (entry == NULL) {
        return spf_no_memory();
    }
    entry->texts = json_object_get(spf_json_get(json, "target"));
    entry->line_target = spf_line_target(entry->texts);
    entry->shown.target = &entry->line_target;
    entry->shown.decided = !spf_line_is_open(json);
    entry->shown.recorded_utc = wanted.started_utc;
    entry->shown.duration_ms = spf_json_number(json, "duration_ms", DAY_MS, -1);
    count_entry(ledger, entry, run);
    *taken = entry;
    return spf_ok();
}

struct spf_error spf_ledger_end_lines(struct spf_ledger *ledger, struct json_object *json,
                                      const char **wrong)
{
    struct spf_ledger_run wanted;
    struct spf_ledger_run *run;
    size_t index;

    if (!read_run(json, &wanted) || wanted.shards == 0) {
        *wrong = _("names an impossible part");
        return spf_ok();
    }
    index = find_run(ledger, &wanted);
    if (index == 0) {
        return spf_no_memory();
    }
    run = &ledger->runs.items[index - 1];
    run->ended = true;
    run->asked = spf_json_number(json, "targets", SPF_LIST_MAX, -1);
    run->duration_ms = spf_json_number(json, "duration_ms", DAY_MS, 0);
    return take_left_out(run, spf_json_get(json, "left_out")) ? spf_ok() : spf_no_memory();
}

struct spf_error spf_ledger_begin_record(struct spf_ledger *ledger, struct json_object *json,
                                         const char **wrong)
{
    struct spf_ledger_run run;
    size_t index;

    if (!read_run(json, &run)) {
        *wrong = _("names an impossible part");
        return spf_ok();
    }
    run.of_record = true;
    run.asked = spf_json_number(json, "asked", SPF_LIST_MAX, -1);
    index = find_run(ledger, &run);
    if (index == 0) {
        return spf_no_memory();
    }
    ledger->file_run = index;
    return take_left_out(&ledger->runs.items[index - 1], spf_json_get(json, "left_out"))
               ? spf_ok()
               : spf_no_memory();
}

void spf_ledger_end_record(struct spf_ledger *ledger, struct json_object *json)
{
    struct spf_ledger_run *run;

    if (ledger->runs.items == NULL) {
        return;
    }
    run = &ledger->runs.items[ledger->file_run - 1];
    run->ended_utc = spf_utc_parse(spf_json_text(json, "recorded_at"));
    run->ended = run->ended_utc > 0;
    if (run->ended && run->started_utc > 0 && run->ended_utc > run->started_utc) {
        run->duration_ms = (run->ended_utc - run->started_utc) * 1000;
    }
    ledger->file_run = 0;
}
