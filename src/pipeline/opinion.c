#include "pipeline/check.h"

struct spf_opinion spf_waits(void)
{
    return (struct spf_opinion){.kind = SPF_OPINION_WAITS};
}

struct spf_opinion spf_wants(spf_groups groups)
{
    return (struct spf_opinion){.kind = SPF_OPINION_WANTS, .wants = groups};
}

struct spf_opinion spf_passes(void)
{
    return (struct spf_opinion){.kind = SPF_OPINION_CONCLUDES,
                                .finding = SPF_NO_FINDING,
                                .status = SPF_PASS,
                                .holds = true};
}

struct spf_opinion spf_lowered(enum spf_finding finding, enum spf_status status)
{
    return (struct spf_opinion){.kind = SPF_OPINION_CONCLUDES,
                                .finding = finding,
                                .status = status,
                                .holds = status == SPF_PASS || status == SPF_WARN};
}

struct spf_opinion spf_concludes(enum spf_finding finding)
{
    return spf_lowered(finding, spf_findings[finding].status);
}

struct spf_opinion spf_but_holds(struct spf_opinion opinion)
{
    opinion.holds = true;
    return opinion;
}

struct spf_opinion spf_skips(enum spf_check_id because)
{
    return (struct spf_opinion){.kind = SPF_OPINION_SKIPS, .because = because};
}

struct spf_opinion spf_not_applicable(void)
{
    return (struct spf_opinion){.kind = SPF_OPINION_SKIPS, .skip_reason = SPF_SKIP_NOT_APPLICABLE};
}

struct spf_opinion spf_cannot_tell(const struct spf_failure *failure)
{
    return (struct spf_opinion){.kind = SPF_OPINION_CANNOT_TELL, .failure = failure};
}

bool spf_lacks(const struct spf_view *view, enum spf_group group, struct spf_opinion *opinion)
{
    const struct spf_group_state *state = &view->facts->group[group];

    if (state->phase == SPF_PRESENT) {
        return false;
    }
    if (state->phase == SPF_FAILED) {
        *opinion = spf_cannot_tell(state->failure);
    } else {
        *opinion = spf_wants((spf_groups)1u << group);
    }
    return true;
}
