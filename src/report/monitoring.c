/* What monitoring systems read: a Nagios plugin's line, and Prometheus' text format. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/render.h"
#include "report/title.h"

/* "|" separates performance data, a line feed the long output (Monitoring Plugins guidelines). */
static void add_plugin_text(struct spf_buf *buf, const char *text)
{
    for (; *text != '\0'; text++) {
        spf_buf_addch(buf, *text == '|' ? '/' : *text == '\n' ? ' ' : *text);
    }
}

int spf_report_nagios_status(const struct spf_report *report)
{
    static const int statuses[] = {
        [SPF_VERDICT_PASS] = 0, [SPF_VERDICT_FAIL] = 2, [SPF_VERDICT_UNKNOWN] = 3};
    enum spf_verdict worst = spf_report_verdict(report);

    for (size_t i = 0; worst == SPF_VERDICT_PASS && i < report->count; i++) {
        if (spf_report_warns(&report->targets[i])) {
            return 1;
        }
    }
    return statuses[worst];
}

static void add_gap(struct spf_buf *buf, const struct spf_report *report, size_t i)
{
    struct spf_buf words;

    spf_buf_init(&words, SPF_GAP_MAX);
    spf_report_gap_words(&words, report, i);
    add_plugin_text(buf, words.data);
    spf_buf_clear(&words);
}

void spf_report_nagios(struct spf_buf *buf, const struct spf_report *report)
{
    static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    size_t count[3] = {0};

    for (size_t i = 0; i < report->count; i++) {
        count[report->targets[i].diagnosis->verdict]++;
    }
    spf_buf_addf(buf, "SSHPREFLIGHT %s - ", words[spf_report_nagios_status(report)]);
    if (report->count == 1) {
        add_plugin_text(buf, report->targets[0].diagnosis->summary);
    } else {
        spf_buf_addf(buf, "%zu of %zu can log in", count[SPF_VERDICT_PASS], report->count);
    }
    if (spf_report_gaps(report) > 0) {
        spf_buf_addstr(buf, "; ");
        add_gap(buf, report, 0);
    }
    spf_buf_addf(buf,
                 " | time=%lld.%03llds;;;0 pass=%zu;;;0;%zu fail=%zu;;;0;%zu unknown=%zu;;;0;%zu\n",
                 (long long)(report->duration_ms / 1000), (long long)(report->duration_ms % 1000),
                 count[SPF_VERDICT_PASS], report->count, count[SPF_VERDICT_FAIL], report->count,
                 count[SPF_VERDICT_UNKNOWN], report->count);
    for (size_t i = 0; i < report->count; i++) {
        const struct spf_report_target *target = &report->targets[i];
        struct spf_buf title;

        if (target->diagnosis->cause == SPF_NO_FINDING) {
            continue;
        }
        spf_buf_init(&title, 600);
        spf_target_title(&title, target->run);
        add_plugin_text(buf, title.data);
        spf_buf_addf(buf, ": %s: ", spf_findings[target->diagnosis->cause].id);
        add_plugin_text(buf, target->diagnosis->summary);
        spf_buf_addch(buf, '\n');
        spf_buf_clear(&title);
    }
    for (size_t i = 1; i < spf_report_gaps(report); i++) {
        add_gap(buf, report, i);
        spf_buf_addch(buf, '\n');
    }
}

/* A label's value (Prometheus exposition formats): backslash, quote and line feed are escaped. */
static void add_label(struct spf_buf *buf, const char *name, const char *value)
{
    spf_buf_addf(buf, "%s=\"", name);
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"') {
            spf_buf_addch(buf, '\\');
        }
        if (*value == '\n') {
            spf_buf_addstr(buf, "\\n");
        } else {
            spf_buf_addch(buf, *value);
        }
    }
    spf_buf_addch(buf, '"');
}

static void add_family(struct spf_buf *buf, const char *name, const char *help)
{
    spf_buf_addf(buf, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/*
 * Two samples of one name and the same labels are refused by whoever scrapes them: of the targets
 * with one title the later ones get a number.
 */
struct entry {
    char *title;
    size_t target;
};

static int by_title(const void *a, const void *b)
{
    const struct entry *one = a;
    const struct entry *other = b;
    int order = strcmp(one->title, other->title);

    return order != 0 ? order : (one->target > other->target) - (one->target < other->target);
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; names != NULL && i < count; i++) {
        free(names[i]);
    }
    free(names);
}

/* The label's value of each target, to be freed with free_names; NULL: no memory. */
static char **name_targets(const struct spf_report *report)
{
    char **names = calloc(report->count + 1, sizeof *names);
    struct entry *entries = calloc(report->count + 1, sizeof *entries);
    size_t same = 0;
    bool whole = names != NULL && entries != NULL;

    for (size_t i = 0; whole && i < report->count; i++) {
        struct spf_buf title;

        spf_buf_init(&title, 600);
        spf_target_title(&title, report->targets[i].run);
        entries[i] = (struct entry){spf_buf_take(&title), i};
        whole = entries[i].title != NULL;
    }
    if (whole) {
        qsort(entries, report->count, sizeof *entries, by_title);
    }
    for (size_t i = 0; whole && i < report->count; i++) {
        char **name = &names[entries[i].target];

        same = i > 0 && strcmp(entries[i - 1].title, entries[i].title) == 0 ? same + 1 : 1;
        if (same == 1) {
            *name = strdup(entries[i].title);
        } else if (asprintf(name, "%s #%zu", entries[i].title, same) < 0) {
            *name = NULL;
        }
        whole = *name != NULL;
    }
    for (size_t i = 0; entries != NULL && i < report->count; i++) {
        free(entries[i].title);
    }
    free(entries);
    if (whole) {
        return names;
    }
    free_names(names, report->count);
    return NULL;
}

/* name{target="…" for a sample of one target; the caller goes on. */
static void begin_sample(struct spf_buf *buf, const char *name, const char *target)
{
    spf_buf_addf(buf, "%s{", name);
    add_label(buf, "target", target);
}

static void add_checks(struct spf_buf *buf, const struct spf_run *run, const char *name)
{
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        begin_sample(buf, "sshpreflight_check_status", name);
        spf_buf_addf(buf, ",check=\"%s\",status=\"%s\"} 1\n", spf_check_table[i].id,
                     spf_status_name(run->results[i].status));
    }
}

static void add_verdicts(struct spf_buf *buf, const struct spf_report *report, char *const *names)
{
    add_family(buf, "sshpreflight_login_possible",
               "Whether a login is possible (1) or not (0); absent while it is not known.");
    for (size_t i = 0; i < report->count; i++) {
        enum spf_verdict verdict = report->targets[i].diagnosis->verdict;

        if (verdict == SPF_VERDICT_UNKNOWN) {
            continue;
        }
        begin_sample(buf, "sshpreflight_login_possible", names[i]);
        spf_buf_addf(buf, "} %d\n", verdict == SPF_VERDICT_PASS);
    }
    add_family(buf, "sshpreflight_verdict", "The verdict, and its root cause where there is one.");
    for (size_t i = 0; i < report->count; i++) {
        const struct spf_diagnosis *d = report->targets[i].diagnosis;

        begin_sample(buf, "sshpreflight_verdict", names[i]);
        spf_buf_addf(buf, ",verdict=\"%s\",cause=\"%s\"} 1\n", spf_verdict_name(d->verdict),
                     d->cause != SPF_NO_FINDING ? spf_findings[d->cause].id : "");
    }
}

/* How many targets, by verdict and cause: what an alert is about in a fleet. */
static void add_counts(struct spf_buf *buf, const struct spf_report *report)
{
    size_t counts[3][SPF_FINDING_COUNT] = {{0}};

    for (size_t i = 0; i < report->count; i++) {
        counts[report->targets[i].diagnosis->verdict][report->targets[i].diagnosis->cause]++;
    }
    add_family(buf, "sshpreflight_targets", "How many targets, by verdict and root cause.");
    for (int verdict = SPF_VERDICT_PASS; verdict <= SPF_VERDICT_UNKNOWN; verdict++) {
        for (int cause = 0; cause < SPF_FINDING_COUNT; cause++) {
            if (counts[verdict][cause] > 0) {
                spf_buf_addf(buf, "sshpreflight_targets{verdict=\"%s\",cause=\"%s\"} %zu\n",
                             spf_verdict_name((enum spf_verdict)verdict),
                             cause != SPF_NO_FINDING ? spf_findings[cause].id : "",
                             counts[verdict][cause]);
            }
        }
    }
}

/* No sample says that nothing is missing. */
static void add_gaps(struct spf_buf *buf, const char *family, const char *help, const char *label,
                     const struct spf_report_left_out *gaps, size_t count)
{
    if (count > 0) {
        add_family(buf, family, help);
    }
    for (size_t i = 0; i < count; i++) {
        spf_buf_addf(buf, "%s{", family);
        add_label(buf, label, gaps[i].where);
        spf_buf_addch(buf, ',');
        add_label(buf, "why", gaps[i].why);
        spf_buf_addstr(buf, "} 1\n");
    }
}

/* For the node exporter's textfile collector. */
void spf_report_prometheus(struct spf_buf *buf, const struct spf_report *report)
{
    char **names = name_targets(report);

    if (names == NULL) {
        buf->failed = true;
        return;
    }
    add_counts(buf, report);
    add_gaps(buf, "sshpreflight_part_lacks", "A part of the fleet is missing or not whole.", "part",
             report->lacks, report->lacks_count);
    add_gaps(buf, "sshpreflight_line_left_out", "A line of the list names no target.", "line",
             report->left_out, report->left_out_count);
    add_verdicts(buf, report, names);
    add_family(buf, "sshpreflight_check_status", "The status of each check.");
    for (size_t i = 0; i < report->count; i++) {
        add_checks(buf, report->targets[i].run, names[i]);
    }
    add_family(buf, "sshpreflight_duration_seconds", "How long the target took.");
    for (size_t i = 0; i < report->count; i++) {
        int64_t ms = report->targets[i].duration_ms;

        begin_sample(buf, "sshpreflight_duration_seconds", names[i]);
        spf_buf_addf(buf, "} %lld.%03lld\n", (long long)(ms / 1000), (long long)(ms % 1000));
    }
    add_family(buf, "sshpreflight_last_run_timestamp_seconds",
               "When the run began, in seconds since the epoch.");
    spf_buf_addf(buf, "sshpreflight_last_run_timestamp_seconds %lld\n",
                 (long long)report->started_utc);
    free_names(names, report->count);
}
