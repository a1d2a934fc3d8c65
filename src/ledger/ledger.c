#include "ledger/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/language.h"
#include "ledger/line.h"
#include "ledger/parts.h"
#include "ledger/replay.h"

void spf_ledger_free(struct spf_ledger *ledger)
{
    if (ledger == NULL) {
        return;
    }
    for (size_t i = 0; i < ledger->entries.count; i++) {
        struct spf_ledger_item *entry = ledger->entries.items[i];

        spf_recorded_target_clear(&entry->recorded);
        json_object_put(entry->texts);
        free(entry);
    }
    for (size_t i = 0; i < ledger->runs.count; i++) {
        struct spf_ledger_run *run = &ledger->runs.items[i];

        for (size_t k = 0; k < run->left_out.count; k++) {
            free((char *)(uintptr_t)run->left_out.items[k].where);
            free((char *)(uintptr_t)run->left_out.items[k].why);
        }
        free(run->left_out.items);
    }
    free(ledger->entries.items);
    free(ledger->runs.items);
    json_object_put(ledger->json);
    json_object_put(ledger->whole);
    if (ledger->file != NULL) {
        (void)fclose(ledger->file);
    }
    free(ledger->text);
    free(ledger);
}

size_t spf_ledger_count(const struct spf_ledger *ledger)
{
    return ledger->entries.count;
}

const struct spf_ledger_entry *spf_ledger_entry(const struct spf_ledger *ledger, size_t index)
{
    return &ledger->entries.items[index]->shown;
}

size_t spf_ledger_runs(const struct spf_ledger *ledger)
{
    return ledger->runs.count;
}

const struct spf_ledger_run *spf_ledger_run(const struct spf_ledger *ledger, size_t index)
{
    return &ledger->runs.items[index];
}

/* ---- one entry ---------------------------------------------------------------------------- */

char *spf_ledger_line(struct spf_ledger *ledger, size_t index)
{
    const struct spf_ledger_item *entry = ledger->entries.items[index];
    char *line;

    if (entry->offset < 0) { /* as one line, whatever it was */
        const char *text = json_object_to_json_string_ext(
            spf_json_item(spf_json_get(ledger->whole, "targets"), entry->item),
            JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

        return text != NULL ? strdup(text) : NULL;
    }
    line = malloc(entry->len + 1);
    if (line == NULL) {
        return NULL;
    }
    if (ledger->file == NULL) {
        memcpy(line, ledger->text + entry->offset, entry->len);
    } else if (fseek(ledger->file, entry->offset, SEEK_SET) != 0 ||
               fread(line, 1, entry->len, ledger->file) != entry->len) {
        free(line);
        return NULL;
    }
    line[entry->len] = '\0';
    return line;
}

/* Borrowed until another entry is read; NULL: it cannot be read any more. */
static struct json_object *load(struct spf_ledger *ledger, size_t index)
{
    const struct spf_ledger_item *entry = ledger->entries.items[index];
    char *line;

    if (entry->offset < 0) {
        return spf_json_item(spf_json_get(ledger->whole, "targets"), entry->item);
    }
    if (ledger->loaded == index + 1) {
        return ledger->json;
    }
    json_object_put(ledger->json);
    line = spf_ledger_line(ledger, index);
    ledger->json = line != NULL ? spf_json_parse(line, entry->len) : NULL;
    ledger->loaded = index + 1;
    free(line);
    return ledger->json;
}

void spf_ledger_serve(struct spf_ledger *ledger, size_t index, struct spf_inquiry *inquiry,
                      enum spf_group group)
{
    spf_replay_serve(spf_json_get(load(ledger, index), "groups"), inquiry, group);
}

struct spf_error spf_ledger_restore(struct spf_ledger *ledger, size_t index,
                                    const struct spf_target *target, spf_groups reported,
                                    struct spf_restored *restored)
{
    const struct spf_ledger_item *entry = ledger->entries.items[index];
    struct json_object *json = load(ledger, index);
    bool of_record = ledger->runs.items[entry->shown.run].of_record;

    *restored = (struct spf_restored){0};
    if (json == NULL || (!of_record && spf_line_judge(json) != NULL)) {
        return spf_error(SPF_ERR_INVALID, _("it has changed since it was read first"));
    }
    restored->run = calloc(1, sizeof *restored->run);
    if (restored->run == NULL) {
        return spf_no_memory();
    }
    if (target == NULL) {
        target = entry->shown.target;
    }
    if (!of_record) {
        return spf_line_restore(json, target, restored) ? spf_ok() : spf_no_memory();
    }
    restored->target = *target;
    spf_run_init(restored->run, &restored->target);
    spf_replay(spf_json_get(json, "groups"), restored->run, reported);
    spf_diagnosis_reconcile(restored->run);
    spf_diagnose(restored->run, entry->shown.recorded_utc, &restored->diagnosis);
    return spf_ok();
}

void spf_restored_clear(struct spf_restored *restored)
{
    spf_diagnosis_clear(&restored->diagnosis);
    if (restored->run != NULL) {
        spf_run_clear(restored->run);
    }
    free(restored->run);
    spf_line_free(restored->line);
    *restored = (struct spf_restored){0};
}
