#include "ledger/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/language.h"
#include "ledger/line.h"
#include "ledger/parts.h"

#define LINE_MOST     (16u * 1024 * 1024) /* bytes */
#define WHOLE_MOST    (64u * 1024 * 1024) /* of a record that has no line for each target */
#define ENTRIES_MOST  200000
#define REMARKS_SHOWN 20
#define DAY_MS        INT64_C(86400000)

static struct spf_error no_memory(void)
{
    return spf_error(SPF_ERR_NOMEM, "out of memory");
}

bool spf_is_name(const char *text)
{
    return strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
}

bool spf_shard_read(const char *text, unsigned *shard, unsigned *shards)
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

static void remark(struct spf_ledger *ledger, size_t number, const char *wrong)
{
    if (ledger->remark_count++ < REMARKS_SHOWN) {
        spf_buf_addf(ledger->remarks, _("line %zu %s, and does not count\n"), number, wrong);
    }
}

/* ---- runs --------------------------------------------------------------------------------- */

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

/* What a line or a record's beginning says of its run. False: it is none that a part can have. */
static bool read_run(struct json_object *json, struct spf_ledger_run *run)
{
    const char *shard = spf_json_text(json, "shard");
    const char *name = spf_json_text(json, "run");
    const char *selection = spf_json_text(json, "selection");

    *run = (struct spf_ledger_run){.asked = -1};
    run->started_utc = spf_utc_parse(spf_json_text(json, "started_at"));
    if ((shard[0] != '\0' &&
         (!spf_shard_read(shard, &run->shard, &run->shards) || !spf_is_name(name) ||
          !spf_is_name(selection) || run->started_utc <= 0)) ||
        (name[0] != '\0' && !spf_is_name(name)) ||
        (selection[0] != '\0' && !spf_is_name(selection))) {
        return false;
    }
    spf_copy(run->name, sizeof run->name, name);
    spf_copy(run->selection, sizeof run->selection, selection);
    return true;
}

/* The run that a line is of, from 1: one that has ended takes no more. 0: no memory. */
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

/* ---- entries ------------------------------------------------------------------------------ */

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

/* A target of a record. SPF_ERR_INVALID: it is none. */
static struct spf_error take_recorded(struct spf_ledger *ledger, size_t run,
                                      struct json_object *json, struct spf_ledger_item **taken)
{
    struct spf_recorded_target recorded = {0};
    struct spf_error error = spf_recorded_target_read(spf_json_get(json, "target"), &recorded);
    struct spf_ledger_item *entry = error.code == SPF_OK ? new_entry(ledger) : NULL;

    if (entry == NULL) {
        spf_recorded_target_clear(&recorded);
        return error.code != SPF_OK ? error : no_memory();
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

/* A target's line of ndjson. */
static struct spf_error take_line(struct spf_ledger *ledger, struct json_object *json,
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
        return no_memory();
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

/* The last line of a part's ndjson. */
static struct spf_error end_lines(struct spf_ledger *ledger, struct json_object *json,
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
        return no_memory();
    }
    run = &ledger->runs.items[index - 1];
    run->ended = true;
    run->asked = spf_json_number(json, "targets", SPF_LIST_MAX, -1);
    run->duration_ms = spf_json_number(json, "duration_ms", DAY_MS, 0);
    return take_left_out(run, spf_json_get(json, "left_out")) ? spf_ok() : no_memory();
}

static struct spf_error begin_record(struct spf_ledger *ledger, struct json_object *json,
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
        return no_memory();
    }
    ledger->file_run = index;
    return take_left_out(&ledger->runs.items[index - 1], spf_json_get(json, "left_out"))
               ? spf_ok()
               : no_memory();
}

static void end_record(struct spf_ledger *ledger, struct json_object *json)
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

/* ---- a file by lines ---------------------------------------------------------------------- */

static void restart(struct spf_ledger *ledger)
{
    ledger->text_at = 0;
    if (ledger->file != NULL) {
        rewind(ledger->file);
    }
}

/* Up to so many bytes, or the end of a line; false: there are none. */
static bool read_piece(struct spf_ledger *ledger, char *bytes, size_t size)
{
    const char *text = ledger->text + ledger->text_at;
    const char *feed;
    size_t len = ledger->text_len - ledger->text_at;

    if (ledger->file != NULL) {
        return fgets(bytes, (int)size, ledger->file) != NULL;
    }
    if (len == 0) {
        return false;
    }
    if (len > size - 1) {
        len = size - 1;
    }
    feed = memchr(text, '\n', len);
    if (feed != NULL) {
        len = (size_t)(feed - text) + 1;
    }
    memcpy(bytes, text, len);
    bytes[len] = '\0';
    ledger->text_at += len;
    return true;
}

static long position(const struct spf_ledger *ledger)
{
    return ledger->file != NULL ? ftell(ledger->file) : (long)ledger->text_at;
}

/* The next line without its end; false: there is none. One that is too long is read, not kept. */
static bool next_line(struct spf_ledger *ledger, struct spf_buf *line)
{
    char bytes[8192];
    bool any = false;

    spf_buf_clear(line);
    while (read_piece(ledger, bytes, sizeof bytes)) {
        size_t len = strlen(bytes);

        any = true;
        spf_buf_add(line, bytes, len);
        if (len > 0 && bytes[len - 1] == '\n') {
            break;
        }
    }
    while (line->len > 0 && strchr("\r\n", line->data[line->len - 1]) != NULL) {
        line->data[--line->len] = '\0';
    }
    return any;
}

/* A record's first line ends where its targets begin, and its last one where they end. */
static const char opening[] = "\"targets\":[", closing[] = "],";

static struct json_object *parse_opening(const struct spf_buf *line)
{
    size_t len = strlen(opening);
    struct json_object *json;
    struct spf_buf whole;

    if (line->len < len || strcmp(line->data + line->len - len, opening) != 0) {
        return NULL;
    }
    spf_buf_init(&whole, LINE_MOST);
    spf_buf_addf(&whole, "%s]}", line->data);
    json = spf_json_parse(whole.data, whole.len);
    spf_buf_clear(&whole);
    if (strcmp(spf_json_text(json, "schema"), SPF_RECORD_SCHEMA) == 0) {
        return json;
    }
    json_object_put(json);
    return NULL;
}

static struct json_object *parse_closing(const struct spf_buf *line)
{
    struct json_object *json;
    struct spf_buf whole;

    if (!spf_starts_with(line->data, closing)) {
        return NULL;
    }
    spf_buf_init(&whole, LINE_MOST);
    spf_buf_addf(&whole, "{%s", line->data + strlen(closing));
    json = spf_json_parse(whole.data, whole.len);
    spf_buf_clear(&whole);
    return json;
}

/* A line that is one value: of a record, or of ndjson. */
static struct spf_error take_value(struct spf_ledger *ledger, const struct spf_buf *line,
                                   long offset, const char **wrong)
{
    size_t comma = line->data[0] == ',';
    struct json_object *json = spf_json_parse(line->data + comma, line->len - comma);
    const char *schema = spf_json_text(json, "schema");
    struct spf_error error = spf_ok();
    struct spf_ledger_item *entry = NULL;

    if (json == NULL) {
        *wrong = _("is not JSON");
    } else if (strcmp(schema, SPF_TARGET_SCHEMA) == 0) {
        error = take_line(ledger, json, &entry, wrong);
    } else if (strcmp(schema, SPF_SHARD_SCHEMA) == 0) {
        error = end_lines(ledger, json, wrong);
    } else if (strcmp(schema, SPF_BASELINE_SCHEMA) == 0) {
        /* it is about another run */
    } else if (ledger->file_run != 0 && spf_json_get(json, "groups") != NULL) {
        error = take_recorded(ledger, ledger->file_run, json, &entry);
        if (error.code == SPF_ERR_INVALID) {
            *wrong = _("is not a target that could have been asked for");
            error = spf_ok();
        }
    } else {
        *wrong = _("is neither a record's nor a line of ndjson");
    }
    if (entry != NULL) {
        entry->offset = offset + (long)comma;
        entry->len = line->len - comma;
    }
    json_object_put(json);
    return error;
}

static struct spf_error read_lines(struct spf_ledger *ledger)
{
    struct spf_error error = spf_ok();
    struct spf_buf line;
    long offset = 0;

    restart(ledger);
    spf_buf_init(&line, LINE_MOST);
    for (size_t number = 1; error.code == SPF_OK && next_line(ledger, &line); number++) {
        struct json_object *head = parse_opening(&line);
        struct json_object *end = NULL;
        const char *wrong = NULL;

        if (spf_buf_failed(&line)) {
            wrong = _("is too long");
        } else if (head != NULL) {
            error = begin_record(ledger, head, &wrong);
        } else if (ledger->file_run != 0 && (end = parse_closing(&line)) != NULL) {
            end_record(ledger, end);
        } else if (line.len > 0) {
            error = take_value(ledger, &line, offset, &wrong);
        }
        if (wrong != NULL) {
            remark(ledger, number, wrong);
        }
        json_object_put(head);
        json_object_put(end);
        offset = position(ledger);
        if (offset < 0) {
            error = spf_error(SPF_ERR_INVALID, _("it cannot be read twice"));
        }
    }
    spf_buf_clear(&line);
    return error;
}

/* ---- a record that is one object ---------------------------------------------------------- */

static struct spf_error read_whole(struct spf_ledger *ledger)
{
    struct spf_error error;
    struct json_object *targets;
    const char *wrong = NULL;
    struct spf_buf text;
    char bytes[16384];

    restart(ledger);
    spf_buf_init(&text, WHOLE_MOST);
    while (!spf_buf_failed(&text) && read_piece(ledger, bytes, sizeof bytes)) {
        spf_buf_addstr(&text, bytes);
    }
    if (!spf_buf_failed(&text)) {
        ledger->whole = spf_json_parse(text.data, text.len);
    }
    spf_buf_clear(&text);
    if (strcmp(spf_json_text(ledger->whole, "schema"), SPF_RECORD_SCHEMA) != 0) {
        return spf_error(SPF_ERR_INVALID, _("not a record of sshpreflight (schema \"%s\")"),
                         SPF_RECORD_SCHEMA);
    }
    targets = spf_json_get(ledger->whole, "targets");
    if (spf_json_count(targets) == 0) {
        return spf_error(SPF_ERR_INVALID, _("the record holds no target"));
    }
    error = begin_record(ledger, ledger->whole, &wrong);
    if (error.code == SPF_OK && wrong != NULL) {
        return spf_error(SPF_ERR_INVALID, _("the record %s"), wrong);
    }
    for (size_t i = 0; error.code == SPF_OK && i < spf_json_count(targets); i++) {
        struct spf_ledger_item *entry = NULL;

        error = take_recorded(ledger, ledger->file_run, spf_json_item(targets, i), &entry);
        if (entry != NULL) {
            entry->item = i;
        }
    }
    if (error.code != SPF_OK) {
        return error;
    }
    end_record(ledger, ledger->whole);
    return ledger->runs.items != NULL && ledger->runs.items[0].ended
               ? spf_ok()
               : spf_error(SPF_ERR_INVALID, _("the record does not say when it was made"));
}

/* What a record of before does not say of each, and one that was not ended says of each alone. */
static void complete_times(struct spf_ledger *ledger)
{
    for (size_t i = 0; i < ledger->entries.count; i++) {
        struct spf_ledger_entry *entry = &ledger->entries.items[i]->shown;
        struct spf_ledger_run *run = &ledger->runs.items[entry->run];

        if (entry->recorded_utc <= 0) {
            entry->recorded_utc = run->ended_utc > 0 ? run->ended_utc : run->started_utc;
        }
        if (!run->ended && entry->recorded_utc > run->ended_utc) {
            run->ended_utc = entry->recorded_utc;
        }
        if (run->started_utc <= 0) {
            run->started_utc = run->ended_utc;
        }
    }
}

/* A run's targets as they were asked for, and not as they were done. */
static int by_place(const void *a, const void *b)
{
    const struct spf_ledger_item *one = *(struct spf_ledger_item *const *)a;
    const struct spf_ledger_item *other = *(struct spf_ledger_item *const *)b;

    if (one->shown.run != other->shown.run) {
        return one->shown.run < other->shown.run ? -1 : 1;
    }
    if (one->place != other->place) {
        return one->place < other->place ? -1 : 1;
    }
    return (one->met > other->met) - (one->met < other->met);
}

/* A record with a line for each target, or ndjson, whatever may precede that; else one object. */
static bool is_by_lines(const struct spf_buf *first)
{
    struct json_object *head = parse_opening(first);
    struct json_object *json = NULL;
    bool by_lines = head != NULL || first->data[0] != '{';
    const char *schema;

    if (!by_lines) {
        json = spf_json_parse(first->data, first->len);
        schema = spf_json_text(json, "schema");
        by_lines = strcmp(schema, SPF_TARGET_SCHEMA) == 0 || strcmp(schema, SPF_SHARD_SCHEMA) == 0;
    }
    json_object_put(head);
    json_object_put(json);
    return by_lines;
}

/* Takes the ledger, which has what it reads, over. */
static struct spf_error read_all(struct spf_ledger *read, struct spf_buf *remarks,
                                 struct spf_ledger **ledger)
{
    struct spf_error error;
    struct spf_buf first;

    read->remarks = remarks;
    spf_buf_init(&first, LINE_MOST);
    restart(read);
    while (next_line(read, &first) && strspn(first.data, " \t") == first.len) {
    }
    error = is_by_lines(&first) ? read_lines(read) : read_whole(read);
    spf_buf_clear(&first);
    if (error.code != SPF_OK) {
        spf_ledger_free(read);
        return error;
    }
    complete_times(read);
    if (read->entries.count > 0) {
        qsort(read->entries.items, read->entries.count, sizeof(*read->entries.items), by_place);
    }
    *ledger = read;
    return error;
}

struct spf_error spf_ledger_read(FILE *file, struct spf_buf *remarks, struct spf_ledger **ledger)
{
    struct spf_ledger *read = calloc(1, sizeof *read);

    if (read == NULL) {
        (void)fclose(file);
        return no_memory();
    }
    read->file = file;
    return read_all(read, remarks, ledger);
}

struct spf_error spf_ledger_read_text(const char *text, size_t len, struct spf_buf *remarks,
                                      struct spf_ledger **ledger)
{
    struct spf_ledger *read = calloc(1, sizeof *read);

    if (read != NULL) {
        read->text = malloc(len + 1);
    }
    if (read == NULL || read->text == NULL) {
        free(read);
        return no_memory();
    }
    memcpy(read->text, text, len);
    read->text_len = len;
    return read_all(read, remarks, ledger);
}
