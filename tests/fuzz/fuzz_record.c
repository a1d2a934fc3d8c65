/*
 * A record is hostile: reading it, serving every group from it, and all that `--replay` makes of it
 * (what the checks say, the diagnosis, every format) must end well. No part of it may depend on
 * facts that belong together being there together: a record says what it likes.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/all_facts.h"
#include "ledger/changes.h"
#include "ledger/ledger.h"
#include "ledger/record.h"
#include "pipeline/inquiry.h"
#include "report/format.h"
#include "report/render.h"

#define TARGETS_MAX 4
#define REPORT_MAX  (16u * 1024 * 1024)

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    (void)inquiry;
    (void)group;
    (void)failure;
}

/* Every group, wanted or not. */
static void serve_all(struct spf_ledger *record, size_t index)
{
    struct spf_facts facts = {0};
    struct spf_inquiry inquiry = {
        .target = spf_ledger_entry(record, index)->target, .facts = &facts, .arrived = arrived};

    open_all(&facts);
    for (int group = 0; group < SPF_GROUP_COUNT; group++) {
        spf_ledger_serve(record, index, &inquiry, (enum spf_group)group);
    }
    spf_facts_clear(&facts);
}

/* For people in each width and detail, and every format for programs. */
static void render(const struct spf_report *report)
{
    static const struct spf_style styles[] = {
        {.utf8 = true, .width = 100, .detail = 1},
        {.colour = true, .width = 24, .detail = 0},
        {.width = 0, .detail = -1},
    };
    struct spf_buf buf;

    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++) {
        spf_buf_init(&buf, REPORT_MAX);
        spf_report_render(&buf, SPF_FORMAT_TEXT, report, &styles[i]);
        spf_buf_clear(&buf);
    }
    for (int format = 0; format < SPF_FORMAT_COUNT; format++) {
        spf_buf_init(&buf, REPORT_MAX);
        spf_report_render(&buf, (enum spf_format)format, report, &styles[0]);
        spf_buf_clear(&buf);
    }
    (void)spf_report_nagios_status(report);
}

/* --baseline: two targets as if they were one at two times. */
static void compare(const struct spf_report_target *before, const struct spf_report_target *now)
{
    struct spf_changes *changes = calloc(1, sizeof *changes);

    if (changes == NULL) {
        return;
    }
    if (!spf_changes_find(before, now, changes)) {
        abort();
    }
    spf_changes_free(changes);
}

/* As cli/round.c does it. Targets after the first few are not judged: a replay wants them all. */
static void replay(struct spf_ledger *record)
{
    struct spf_restored restored[TARGETS_MAX] = {0};
    struct spf_report_target reported[TARGETS_MAX];
    size_t count = 0;
    struct spf_report report = {
        .started_utc = spf_ledger_run(record, 0)->started_utc,
        .replayed_utc = spf_ledger_run(record, 0)->ended_utc,
        .targets = reported,
    };
    struct spf_buf again;

    for (size_t i = 0; i < spf_ledger_count(record) && i < TARGETS_MAX; i++) {
        struct spf_error error =
            spf_ledger_restore(record, i, NULL, SPF_GROUP_BIT(OPENSSH), &restored[count]);

        if (error.code != SPF_OK) {
            spf_restored_clear(&restored[count]);
            continue;
        }
        reported[count] = (struct spf_report_target){.run = restored[count].run,
                                                     .diagnosis = &restored[count].diagnosis};
        count++;
    }
    report.count = count;
    if (count > 1) {
        compare(&reported[0], &reported[1]);
    }
    report.exit_status = spf_report_exit_status(&report, true);
    render(&report);
    spf_buf_init(&again, REPORT_MAX);
    spf_record_write(&again, &report);
    spf_buf_clear(&again);
    for (size_t i = 0; i < count; i++) {
        spf_restored_clear(&restored[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spf_ledger *record;
    struct spf_buf remarks;

    spf_buf_init(&remarks, 10000);
    if (spf_ledger_read_text((const char *)data, size, &remarks, &record).code == SPF_OK) {
        for (size_t i = 0; i < spf_ledger_count(record) && i < TARGETS_MAX; i++) {
            serve_all(record, i);
        }
        if (spf_ledger_runs(record) > 0) {
            replay(record);
        }
        spf_ledger_free(record);
    }
    spf_buf_clear(&remarks);
    return 0;
}
