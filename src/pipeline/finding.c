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
#include "base/names.h"
#include "pipeline/findings.def"
};

enum spf_finding spf_finding_by_id(const char *id)
{
    for (int i = SPF_NO_FINDING + 1; i < SPF_FINDING_COUNT; i++) {
        if (strcmp(spf_findings[i].id, id) == 0) {
            return (enum spf_finding)i;
        }
    }
    return SPF_NO_FINDING;
}

const char *spf_status_name(enum spf_status status)
{
    switch (status) {
        SPF_NAME(SPF_PENDING, "pending");
        SPF_NAME(SPF_PASS, "pass");
        SPF_NAME(SPF_WARN, "warn");
        SPF_NAME(SPF_FAIL, "fail");
        SPF_NAME(SPF_SKIP, "skip");
        SPF_NAME(SPF_UNKNOWN, "unknown");
    }
    return "";
}

const char *spf_permanence_name(enum spf_permanence permanence)
{
    switch (permanence) {
        SPF_NAME(SPF_PERMANENT, "permanent");
        SPF_NAME(SPF_TRANSIENT, "transient");
        SPF_NAME(SPF_DEPENDS, "depends");
    }
    return "";
}
