#ifndef SPF_DIAGNOSIS_DIAGNOSIS_H
#define SPF_DIAGNOSIS_DIAGNOSIS_H

#include "base/shape.h"
#include "base/text.h"
#include "diagnosis/predicates.h"
#include "pipeline/run.h"

/*
 * The room between results and reports: one verdict, one root cause, candidates and remedies. It
 * includes the pipeline and the facts, and no probe. diagnose.c has ssh's path and what explains
 * what; predicates.h what several results say together; candidates.c what the evidence allows
 * without proving; late_facts.c what is asked for only where it may explain. A candidate is added
 * as a row of candidates.c and a cause of findings/candidates.def.
 */

/*
 * From a finished run to one answer: can this person log in, and if not, what is the one reason,
 * how do we know, and what repairs it. Pure: nothing is fetched, printed or timed here; all
 * functions may be called from any thread. Where memory runs out, a text, a remedy or a candidate
 * is missing, never the verdict or the cause.
 */
enum spf_verdict {
    SPF_VERDICT_PASS,
    SPF_VERDICT_FAIL,
    SPF_VERDICT_UNKNOWN,
};

const char *spf_verdict_name(enum spf_verdict verdict); /* "pass" */

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

/*
 * What may still explain the results, once they are there: the console, say. To be asked for with
 * what the checks want; it is never wanted twice. While it is awaited the run is not at its end,
 * though nothing else waits for it.
 */
spf_groups spf_diagnosis_wants(const struct spf_run *run);
bool spf_diagnosis_awaits(const struct spf_run *run);

/*
 * Lowers what the connection or the login disproved to a warn that says so: rules that read as
 * closed beside an open port, another key pair beside an accepted key, a stopped instance that let
 * us in. Changes the run's results; comes after the last spf_run_advance and before spf_diagnose.
 * Calling it twice changes nothing more.
 */
void spf_diagnosis_reconcile(struct spf_run *run);

/* now_utc: seconds since the epoch at the end of the run, to tell a boot that is still going on. */
void spf_diagnose(const struct spf_run *run, int64_t now_utc, struct spf_diagnosis *diagnosis);
void spf_diagnosis_clear(struct spf_diagnosis *diagnosis);

/*
 * What a check has to say, for every status: its own words, else the catalogue's, else plain ones.
 * A fragment, in lower case unless it begins with a name, without a full stop.
 */
void spf_words(struct spf_buf *buf, const struct spf_run *run, enum spf_check_id check);

/* The catalogue's remedies for finding, with the values of that check's result. Appends to list. */
void spf_advise(const struct spf_run *run, enum spf_check_id check, enum spf_finding finding,
                spf_advice_list *list);
void spf_advice_clear(spf_advice_list *list);

/* The i-th template that the candidates are written with; NULL after the last. For the build, which
 * checks their slots. */
const char *spf_candidate_template(size_t i);

#endif
