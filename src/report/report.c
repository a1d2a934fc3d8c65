#include "report/report.h"

void spf_tally_add(struct spf_tally *tally, const struct spf_report_target *target)
{
    tally->targets++;
    tally->verdicts[target->diagnosis->verdict]++;
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        const struct spf_result *result = &target->run->results[i];

        tally->fails |= result->status == SPF_FAIL;
        tally->warns |= result->status == SPF_WARN && !spf_findings[result->finding].advisory;
        tally->unknowns |= result->status == SPF_UNKNOWN;
    }
}

static enum spf_verdict worst(const struct spf_tally *tally)
{
    if (tally->verdicts[SPF_VERDICT_FAIL] > 0) {
        return SPF_VERDICT_FAIL;
    }
    return tally->verdicts[SPF_VERDICT_UNKNOWN] > 0 ? SPF_VERDICT_UNKNOWN : SPF_VERDICT_PASS;
}

int spf_tally_exit_status(const struct spf_tally *tally, bool strict, unsigned fail_over)
{
    static const int statuses[] = {
        [SPF_VERDICT_PASS] = 0, [SPF_VERDICT_FAIL] = 1, [SPF_VERDICT_UNKNOWN] = 2};
    size_t bad = tally->verdicts[SPF_VERDICT_FAIL] + tally->verdicts[SPF_VERDICT_UNKNOWN];

    if (fail_over > 0 && bad * 100 <= fail_over * tally->targets) {
        return 0;
    }
    if (strict && (tally->fails || tally->warns)) {
        return 1;
    }
    if (strict && tally->unknowns) {
        return 2;
    }
    return statuses[worst(tally)];
}

static struct spf_tally tally_of(const struct spf_report *report)
{
    struct spf_tally tally = {0};

    for (size_t i = 0; i < report->count; i++) {
        spf_tally_add(&tally, &report->targets[i]);
    }
    return tally;
}

size_t spf_report_gaps(const struct spf_report *report)
{
    return report->lacks_count + report->left_out_count;
}

static const struct spf_report_left_out *gap_at(const struct spf_report *report, size_t i)
{
    return i < report->lacks_count ? &report->lacks[i] : &report->left_out[i - report->lacks_count];
}

const char *spf_report_gap_place(const struct spf_report *report, size_t i)
{
    return gap_at(report, i)->where;
}

void spf_report_gap_words(struct spf_buf *words, const struct spf_report *report, size_t i)
{
    const struct spf_report_left_out *gap = gap_at(report, i);

    spf_buf_addf(words, i < report->lacks_count ? "%s %s" : _("%s names no target: %s"), gap->where,
                 gap->why);
}

enum spf_verdict spf_report_verdict(const struct spf_report *report)
{
    const struct spf_tally tally = tally_of(report);
    enum spf_verdict verdict = worst(&tally);
    const bool nothing = report->count == 0 && report->shards == 0; /* a part may have no target */

    return verdict == SPF_VERDICT_PASS && (spf_report_gaps(report) > 0 || nothing)
               ? SPF_VERDICT_UNKNOWN
               : verdict;
}

int spf_report_exit_status(const struct spf_report *report, bool strict)
{
    const struct spf_tally tally = tally_of(report);

    return spf_tally_exit_status(&tally, strict, 0);
}

bool spf_report_warns(const struct spf_report_target *target)
{
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        const struct spf_result *result = &target->run->results[i];

        if (result->status == SPF_WARN && !spf_findings[result->finding].advisory) {
            return true;
        }
    }
    return false;
}
