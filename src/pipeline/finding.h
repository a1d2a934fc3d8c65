#pragma once

#include <stddef.h>

#include "base/language.h"

/*
 * The catalogue of causes. findings.def says each one once; the enum, the texts of the reports,
 * `sshpreflight explain`, the manual's causes page and the tests come from it.
 */
enum spf_status {
    SPF_PENDING, /* not judged yet; never in a report */
    SPF_PASS,
    SPF_WARN,
    SPF_FAIL,
    SPF_SKIP,
    SPF_UNKNOWN,
};

enum spf_permanence {
    SPF_PERMANENT, /* waiting cannot help */
    SPF_TRANSIENT, /* it passes by itself */
    SPF_DEPENDS,
};

/* What a remedy does besides repairing; said before its command is printed. */
#define SPF_IMPACT_RESTARTS N_("restarts the instance")
#define SPF_IMPACT_REPLACES N_("replaces the installed key")
#define SPF_IMPACT_ADDRESS  N_("may change the address")

/*
 * text and command are templates: {name} stands for a value, see pipeline/slots.h. A remedy with a
 * text value missing is left out; with a command value missing its command is null.
 */
struct spf_remedy {
    const char *text;
    const char *command; /* NULL: none */
    const char *impact;  /* NULL or one of SPF_IMPACT_* */
};

#define SPF_REMEDIES_MAX 12

struct spf_finding_info {
    const char *id;         /* "sg-no-rule" */
    const char *check;      /* "cloud.security-group"; "cloud.*"; "*"; "target" */
    enum spf_status status; /* the worst it can have */
    enum spf_permanence permanence;
    unsigned char advisory; /* a warn shown as one dim line and not counted by --strict */
    const char *sentence;   /* one sentence, a template, without a full stop at the end */
    const char *meaning;    /* what it means and how we know: explain, and the manual; plain text */
    struct spf_remedy remedies[SPF_REMEDIES_MAX]; /* ends with a NULL text */
};

enum spf_finding {
    SPF_NO_FINDING,
#define FINDING(symbol, id, check, status, permanence, ...) SPF_##symbol,
#define ADVISORY(symbol, id, check, ...)                    SPF_##symbol,
#include "pipeline/findings.def"
#undef FINDING
#undef ADVISORY
    SPF_FINDING_COUNT,
};

/* Indexed by enum spf_finding; [SPF_NO_FINDING] has an id of NULL. */
extern const struct spf_finding_info spf_findings[SPF_FINDING_COUNT];

/* SPF_NO_FINDING if there is none of that id. */
enum spf_finding spf_finding_by_id(const char *id);

const char *spf_status_name(enum spf_status status);             /* "pass" */
const char *spf_permanence_name(enum spf_permanence permanence); /* "permanent" */
