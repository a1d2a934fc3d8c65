#include "report/report.h"

enum spf_verdict spf_report_verdict(const struct spf_report *report)
{
    enum spf_verdict worst = SPF_VERDICT_PASS;

    for (size_t i = 0; i < report->count; i++) {
        enum spf_verdict verdict = report->targets[i].diagnosis->verdict;

        if (verdict == SPF_VERDICT_FAIL ||
            (verdict == SPF_VERDICT_UNKNOWN && worst == SPF_VERDICT_PASS))
            worst = verdict;
    }
    return worst;
}

static bool any(const struct spf_report *report, enum spf_status status)
{
    for (size_t i = 0; i < report->count; i++)
        for (size_t k = 0; k < SPF_CHECK_COUNT; k++) {
            const struct spf_result *result = &report->targets[i].run->results[k];
            bool advisory = status == SPF_WARN && spf_findings[result->finding].advisory;

            if (result->status == status && !advisory)
                return true;
        }
    return false;
}

int spf_report_exit_status(const struct spf_report *report, bool strict)
{
    static const int statuses[] = {
        [SPF_VERDICT_PASS] = 0, [SPF_VERDICT_FAIL] = 1, [SPF_VERDICT_UNKNOWN] = 2};

    if (strict && (any(report, SPF_FAIL) || any(report, SPF_WARN)))
        return 1;
    if (strict && any(report, SPF_UNKNOWN))
        return 2;
    return statuses[spf_report_verdict(report)];
}
