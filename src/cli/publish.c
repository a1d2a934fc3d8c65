#include "cli/publish.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/language.h"
#include "ledger/record.h"
#include "report/render.h"

#define EXIT_NOT_WRITTEN 74
#define REPORT_MAX       (1024u * 1024 * 1024)
#define FILE_WIDTH       100  /* columns */
#define SYNC_MS          2000 /* a power cut takes no more than what came since */

static int complain(const char *text)
{
    (void)fprintf(stderr, "sshpreflight: %s\n", text);
    return EXIT_NOT_WRITTEN;
}

/* ---- lines of ndjson ---------------------------------------------------------------------- */

static void write_line(struct spf_publisher *publisher, const struct spf_report_target *target)
{
    struct spf_report one = publisher->round->report;
    struct spf_buf line;

    if (publisher->error.code != SPF_OK) {
        return;
    }
    one.targets = target;
    one.count = 1;
    one.streamed = true;
    spf_buf_init(&line, REPORT_MAX);
    spf_report_render(&line, SPF_FORMAT_NDJSON, &one, NULL);
    publisher->error = spf_buf_failed(&line)
                           ? spf_error(SPF_ERR_NOMEM, _("out of memory for the report"))
                           : spf_output_stream(line.data, line.len, publisher->stop_fd);
    spf_buf_clear(&line);
}

/* A part says when it is whole: one that was killed half-way is not taken for it. */
static void end_lines(struct spf_publisher *publisher)
{
    const struct spf_round *round = publisher->round;
    struct spf_buf line;

    if (!publisher->lines || publisher->error.code != SPF_OK) {
        return;
    }
    spf_buf_init(&line, REPORT_MAX);
    spf_report_ndjson_baseline(&line, &round->report);
    if (round->report.shards > 0 && !round->stopped) {
        spf_report_ndjson_end(&line, &round->report, round->tally.targets);
    }
    publisher->error = spf_output_stream(line.data, line.len, -1);
    spf_buf_clear(&line);
}

/* ---- the record --------------------------------------------------------------------------- */

static const char no_record[] =
    N_("the record could not be made: out of memory, or a fact that has no name");

static void grow(struct spf_publisher *publisher, struct spf_buf *buf)
{
    publisher->record_error = spf_buf_failed(buf)
                                  ? spf_error(SPF_ERR_NOMEM, "%s", spf_tr(no_record))
                                  : spf_output_grow(&publisher->record, buf->data, buf->len);
    spf_buf_clear(buf);
}

/* What is taken over from the record that was resumed, as it stands there. */
static void copy_taken(struct spf_publisher *publisher)
{
    struct spf_round *round = publisher->round;
    struct spf_buf buf;

    spf_buf_init(&buf, REPORT_MAX);
    for (size_t i = 0; i < round->count && publisher->record_error.code == SPF_OK; i++) {
        char *line = round->resumed != NULL && round->restored_from[i] > 0
                         ? spf_ledger_line(round->resumed, round->restored_from[i] - 1)
                         : NULL;

        if (line == NULL) {
            continue;
        }
        spf_buf_addf(&buf, "%s%s\n", publisher->recorded++ > 0 ? "," : "", line);
        grow(publisher, &buf);
        free(line);
    }
}

static void begin_record(struct spf_publisher *publisher)
{
    struct spf_round *round = publisher->round;
    const char *path = spf_round_record(round, publisher->options);
    struct spf_buf buf;

    publisher->record_error =
        spf_output_open(&publisher->record, path, 0600, publisher->options->resume != NULL);
    if (publisher->record_error.code != SPF_OK) {
        return;
    }
    spf_buf_init(&buf, REPORT_MAX);
    spf_record_begin(&buf, &round->report, round->count);
    grow(publisher, &buf);
    copy_taken(publisher);
    if (publisher->record_error.code == SPF_OK) {
        publisher->record_error = spf_output_settle(&publisher->record);
    }
    publisher->synced_ms = spf_now_ms();
}

static void record_target(struct spf_publisher *publisher, const struct spf_report_target *target)
{
    int64_t now_ms = spf_now_ms();
    struct spf_buf buf;

    if (publisher->record_error.code != SPF_OK || target->judged_utc != 0) { /* it is there */
        return;
    }
    spf_buf_init(&buf, REPORT_MAX);
    spf_record_add(&buf, target, publisher->recorded++ == 0);
    grow(publisher, &buf);
    if (publisher->record_error.code != SPF_OK || now_ms - publisher->synced_ms < SYNC_MS) {
        return;
    }
    publisher->synced_ms = now_ms;
    publisher->record_error = spf_output_sync(&publisher->record);
}

static int end_record(struct spf_publisher *publisher)
{
    struct spf_error last;
    struct spf_buf buf;

    if (publisher->record_error.code == SPF_OK) {
        spf_buf_init(&buf, 4096);
        spf_record_end(&buf);
        grow(publisher, &buf);
    }
    if (publisher->record_error.code == SPF_OK) {
        publisher->record_error = spf_output_sync(&publisher->record);
    }
    last = spf_output_close(&publisher->record);
    if (publisher->record_error.code == SPF_OK) {
        publisher->record_error = last;
    }
    return publisher->record_error.code == SPF_OK ? 0 : complain(publisher->record_error.text);
}

/* Of one target, and after --wait: as it is in the end. */
static int write_record(const struct spf_publisher *publisher)
{
    struct spf_error error;
    struct spf_buf buf;

    spf_buf_init(&buf, REPORT_MAX);
    spf_record_write(&buf, &publisher->round->report);
    error = spf_buf_failed(&buf)
                ? spf_error(SPF_ERR_NOMEM, "%s", spf_tr(no_record))
                : spf_output_write(publisher->options->record, buf.data, buf.len, 0600);
    spf_buf_clear(&buf);
    return error.code == SPF_OK ? 0 : complain(error.text);
}

/* ---- reports ------------------------------------------------------------------------------ */

static int write_report(enum spf_format format, const char *path, const struct spf_style *style,
                        const struct spf_report *report)
{
    struct spf_error error;
    struct spf_buf buf;

    spf_buf_init(&buf, REPORT_MAX);
    spf_report_render(&buf, format, report, style);
    error = spf_buf_failed(&buf) ? spf_error(SPF_ERR_NOMEM, _("out of memory for the report"))
                                 : spf_output_write(path, buf.data, buf.len, 0666);
    spf_buf_clear(&buf);
    return error.code == SPF_OK ? 0 : complain(error.text);
}

/* A job of GitHub Actions has files that a step's summary and its outputs are appended to. */
static int write_job_files(const struct spf_report *report)
{
    const char *summary = getenv("GITHUB_STEP_SUMMARY");
    const char *outputs = getenv("GITHUB_OUTPUT");
    struct spf_error error = spf_ok();
    char delimiter[40];
    struct spf_buf buf;
    uint64_t random[2];

    spf_buf_init(&buf, REPORT_MAX);
    if (summary != NULL && summary[0] != '\0') {
        spf_report_github_summary(&buf, report);
        error = spf_output_append(summary, buf.data, buf.len);
    }
    spf_buf_clear(&buf);
    if (outputs != NULL && outputs[0] != '\0' && error.code == SPF_OK) {
        if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
            return complain(_("no random bytes for a delimiter in GITHUB_OUTPUT"));
        }
        spf_format(delimiter, sizeof delimiter, "EOF_%016" PRIx64 "%016" PRIx64, random[0],
                   random[1]);
        spf_report_github_outputs(&buf, report, delimiter);
        error = spf_output_append(outputs, buf.data, buf.len);
    }
    spf_buf_clear(&buf);
    return error.code == SPF_OK ? 0 : complain(error.text);
}

/*
 * The reports in the files, and last the one on standard output, which so can say how the others
 * ended. status: of what was to be written before; of a run that was stopped the exit status stays.
 */
static int write_reports(const struct spf_options *options, const struct spf_style *style,
                         struct spf_report *report, int status, bool stopped, bool streamed)
{
    struct spf_style file = *style;

    file.colour = options->colour == SPF_COLOUR_ALWAYS;
    file.width = FILE_WIDTH;
    for (size_t i = 0; i < options->output_count; i++) {
        if (status != 0 && !stopped) {
            report->exit_status = status;
        }
        if (write_report(options->outputs[i].format, options->outputs[i].path, &file, report) !=
            0) {
            status = EXIT_NOT_WRITTEN;
        }
    }
    if (status != 0 && !stopped) {
        report->exit_status = status;
    }
    if (!streamed && write_report(options->format, "-", style, report) != 0) {
        status = EXIT_NOT_WRITTEN;
    }
    if (options->format == SPF_FORMAT_GITHUB && write_job_files(report) != 0) {
        status = EXIT_NOT_WRITTEN;
    }
    return status;
}

int spf_publish_report(const struct spf_options *options, const struct spf_style *style,
                       struct spf_report *report)
{
    return write_reports(options, style, report, 0, false, false);
}

/* ---- as a run goes on --------------------------------------------------------------------- */

static void publish_target(void *context, const struct spf_report_target *target)
{
    struct spf_publisher *publisher = context;

    if (publisher->lines) {
        write_line(publisher, target);
    }
    if (publisher->records) {
        record_target(publisher, target);
    }
}

/* --wait has something to say of a target more than once, and reports the last. */
void spf_publish_begin(struct spf_publisher *publisher)
{
    const struct spf_options *options = publisher->options;
    struct spf_round *round = publisher->round;
    bool record = options->replay == NULL && spf_round_record(round, options) != NULL;

    publisher->record.fd = -1;
    publisher->lines = options->format == SPF_FORMAT_NDJSON && options->wait_s == 0;
    publisher->records =
        record && options->wait_s == 0 && (round->count != 1 || round->resumed != NULL);
    round->report.started_utc = spf_utc_now();
    if (publisher->records) {
        begin_record(publisher);
    }
    if (!publisher->lines && !publisher->records) {
        return;
    }
    round->each = publish_target;
    round->each_context = publisher;
    round->forget =
        publisher->lines && options->output_count == 0 && (!record || publisher->records);
}

int spf_publish_end(struct spf_publisher *publisher)
{
    struct spf_round *round = publisher->round;
    int status = 0;

    end_lines(publisher);
    if (publisher->error.code != SPF_OK) {
        (void)complain(publisher->error.text);
    }
    if (publisher->records) {
        status = end_record(publisher);
    } else if (publisher->options->record != NULL && publisher->options->replay == NULL) {
        status = write_record(publisher);
    }
    status = write_reports(publisher->options, publisher->style, &round->report, status,
                           round->stopped, publisher->lines);
    return publisher->error.code != SPF_OK ? EXIT_NOT_WRITTEN : status;
}
