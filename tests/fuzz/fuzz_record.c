/*
 * A record is hostile: reading it, serving every group from it, and all that `--replay` makes of it
 * (what the checks say, the diagnosis, every format) must end well. No part of it may depend on
 * facts that belong together being there together: a record says what it likes.
 */
#include <stdint.h>
#include <stdlib.h>

#include "driver/driver.h"
#include "driver/record.h"
#include "report/format.h"

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
static void serve_all(const struct spf_record *record, size_t index)
{
    struct spf_facts facts = {0};
    struct spf_inquiry inquiry = {
        .target = spf_record_target(record, index), .facts = &facts, .arrived = arrived};

    for (int group = 0; group < SPF_GROUP_COUNT; group++)
        spf_replay_serve(record, index, &inquiry, (enum spf_group)group);
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

/* As cli/round.c does it. Targets after the first few are not driven: a replay wants them all. */
static void replay(const struct spf_record *record)
{
    struct spf_run runs[TARGETS_MAX], *pointers[TARGETS_MAX];
    struct spf_diagnosis diagnoses[TARGETS_MAX];
    struct spf_report_target reported[TARGETS_MAX];
    size_t count = spf_record_count(record) < TARGETS_MAX ? spf_record_count(record) : TARGETS_MAX;
    const struct spf_driver_options options = {.stop_fd = -1, .replay = record};
    struct spf_driver *driver;
    struct spf_report report = {
        .started_utc = spf_record_started(record),
        .replayed_utc = spf_record_made(record),
        .targets = reported,
        .count = count,
    };
    bool stopped;
    char *again;

    for (size_t i = 0; i < count; i++)
        spf_run_init(pointers[i] = &runs[i], spf_record_target(record, i));
    driver = spf_driver_new(pointers, count, &options);
    if (driver == NULL || spf_driver_round(driver, 60000, &stopped).code != SPF_OK)
        abort();
    spf_driver_free(driver);
    for (size_t i = 0; i < count; i++) {
        spf_diagnosis_reconcile(&runs[i]);
        spf_diagnose(&runs[i], report.replayed_utc, &diagnoses[i]);
        reported[i] = (struct spf_report_target){.run = &runs[i], .diagnosis = &diagnoses[i]};
    }
    report.exit_status = spf_report_exit_status(&report, true);
    render(&report);
    again = spf_record_write(pointers, count, report.started_utc);
    free(again);
    for (size_t i = 0; i < count; i++) {
        spf_diagnosis_clear(&diagnoses[i]);
        spf_run_clear(&runs[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spf_record *record;

    if (spf_record_read((const char *)data, size, &record).code != SPF_OK)
        return 0;
    for (size_t i = 0; i < spf_record_count(record) && i < TARGETS_MAX; i++)
        serve_all(record, i);
    if (spf_record_count(record) > 0)
        replay(record);
    spf_record_free(record);
    return 0;
}
