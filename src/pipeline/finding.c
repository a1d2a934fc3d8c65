#include "pipeline/finding.h"

#include <string.h>

#define REMEDY(text, command, impact) \
    {                                 \
        text, command, impact         \
    }
#define FINDING(symbol, id, check, status, permanence, sentence, meaning, ...) \
    [SPF_##symbol] = {id, check,    SPF_##status, SPF_##permanence,            \
                      0,  sentence, meaning,      {__VA_ARGS__}},
#define ADVISORY(symbol, id, check, status, permanence, sentence, meaning, ...) \
    [SPF_##symbol] = {id, check,    SPF_##status, SPF_##permanence,             \
                      1,  sentence, meaning,      {__VA_ARGS__}},

const struct spf_finding_info spf_findings[SPF_FINDING_COUNT] = {
#include "pipeline/findings.def"
};

enum spf_finding spf_finding_by_id(const char *id)
{
    for (int i = SPF_NO_FINDING + 1; i < SPF_FINDING_COUNT; i++) {
        if (strcmp(spf_findings[i].id, id) == 0)
            return (enum spf_finding)i;
    }
    return SPF_NO_FINDING;
}

const char *spf_status_name(enum spf_status status)
{
    static const char *const names[] = {"pending", "pass", "warn", "fail", "skip", "unknown"};

    return names[status];
}

const char *spf_permanence_name(enum spf_permanence permanence)
{
    static const char *const names[] = {"permanent", "transient", "depends"};

    return names[permanence];
}
