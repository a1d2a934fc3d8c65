#pragma once

#include "diagnosis/advice.h"
#include "diagnosis/answer.h"
#include "diagnosis/candidate_table.h"
#include "diagnosis/late_facts.h"
#include "diagnosis/predicates.h"
#include "diagnosis/words.h"

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
 * is missing, never the verdict or the cause. answer.h has what the answer consists of.
 */
const char *spf_verdict_name(enum spf_verdict verdict); /* "pass" */

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
