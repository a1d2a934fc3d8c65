#pragma once

#include "base/shape.h"
#include "pipeline/run.h"

/* What a diagnosis says; diagnosis.h makes it. */
enum spf_verdict {
    SPF_VERDICT_PASS,
    SPF_VERDICT_FAIL,
    SPF_VERDICT_UNKNOWN,
};

/* A remedy with its values filled in. */
struct spf_advice {
    enum spf_finding cause; /* what it repairs */
    char *text;
    char *command;      /* NULL: none, or a value did not fit a command */
    const char *impact; /* NULL or one of SPF_IMPACT_*; belongs to the catalogue */
};
typedef SPF_LIST(struct spf_advice) spf_advice_list;

/* What a report said of a check, where no facts are there to say it again: struct spf_run. */
struct spf_said {
    char *words; /* clean; NULL: nothing */
    spf_advice_list remedies;
};

/* An explanation that the evidence allows but does not prove. */
struct spf_candidate {
    enum spf_finding cause;
    char *text;
    char *tell_apart; /* how to find out whether it is this one */
};

struct spf_diagnosis {
    enum spf_verdict verdict;
    enum spf_finding cause;         /* SPF_NO_FINDING for pass */
    enum spf_check_id check;        /* whose result the cause is, or rests on; only with a cause */
    enum spf_permanence permanence; /* only with a cause */
    char summary[700];              /* one sentence, without a full stop */

    enum spf_finding
        further[SPF_CHECK_COUNT]; /* independent of the cause, in the order of the path */
    enum spf_check_id further_check[SPF_CHECK_COUNT];
    size_t further_count;

    SPF_LIST(struct spf_candidate) candidates; /* likeliest first */
    /* One line for a shell on the instance, as root, that distinguishes most of the candidates;
     * NULL: there is none. */
    char *inside;
    spf_advice_list remedies; /* of the cause, then of the further causes */

    spf_checks supporting;    /* what the answer rests on */
    spf_checks contradicting; /* what seems to speak against it, and is explained */

    /* Lines to paste for a login; NULL while user or address are not known or don't fit a command.
     */
    char *openssh;
    char *putty;
    char *putty_prepare;  /* makes the file that putty names; NULL where none is needed */
    char *putty_settings; /* what to enter in PuTTY's window, on Windows; else NULL */
};
