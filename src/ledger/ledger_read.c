#include "ledger/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/language.h"
#include "base/secret.h"
#include "ledger/gather.h"

#define LINE_MOST     (16u * 1024 * 1024) /* bytes */
#define WHOLE_MOST    (64u * 1024 * 1024) /* of a record that has no line for each target */
#define REMARKS_SHOWN 20

static void remark(struct spf_ledger *ledger, size_t number, const char *wrong)
{
    if (ledger->remark_count++ < REMARKS_SHOWN) {
        spf_buf_addf(ledger->remarks, _("line %zu %s, and does not count\n"), number, wrong);
    }
}

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

    if (json == NULL && spf_is_of_private_key(line->data, line->len)) {
        error = spf_refuse_private_key();
    } else if (json == NULL) {
        *wrong = _("is not JSON");
    } else if (strcmp(schema, SPF_TARGET_SCHEMA) == 0) {
        error = spf_ledger_take_line(ledger, json, &entry, wrong);
    } else if (strcmp(schema, SPF_SHARD_SCHEMA) == 0) {
        error = spf_ledger_end_lines(ledger, json, wrong);
    } else if (strcmp(schema, SPF_BASELINE_SCHEMA) == 0) {
        /* it is about another run */
    } else if (ledger->file_run != 0 && spf_json_get(json, "groups") != NULL) {
        error = spf_ledger_take_recorded(ledger, ledger->file_run, json, &entry);
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
            error = spf_ledger_begin_record(ledger, head, &wrong);
        } else if (ledger->file_run != 0 && (end = parse_closing(&line)) != NULL) {
            spf_ledger_end_record(ledger, end);
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
    error = spf_ledger_begin_record(ledger, ledger->whole, &wrong);
    if (error.code == SPF_OK && wrong != NULL) {
        return spf_error(SPF_ERR_INVALID, _("the record %s"), wrong);
    }
    for (size_t i = 0; error.code == SPF_OK && i < spf_json_count(targets); i++) {
        struct spf_ledger_item *entry = NULL;

        error =
            spf_ledger_take_recorded(ledger, ledger->file_run, spf_json_item(targets, i), &entry);
        if (entry != NULL) {
            entry->item = i;
        }
    }
    if (error.code != SPF_OK) {
        return error;
    }
    spf_ledger_end_record(ledger, ledger->whole);
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
        return spf_no_memory();
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
        return spf_no_memory();
    }
    memcpy(read->text, text, len);
    read->text_len = len;
    return read_all(read, remarks, ledger);
}
