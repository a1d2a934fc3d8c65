#pragma once

#include "report/page.h"

/* What the files of the text report share. */

struct spf_text_writer {
    struct spf_page page;
    const struct spf_run *run;
    const struct spf_diagnosis *d;
};

/* What a check found, in words; owned by the caller, NULL for want of memory. */
char *spf_text_words(const struct spf_run *run, enum spf_check_id check);

/* text_checks.c: a line for each group of checks, or (verbose) each check and its evidence. */
void spf_text_groups(struct spf_text_writer *w);
void spf_text_details(struct spf_text_writer *w);
/* text_conclusion.c: the sentence, the lines to paste, where to read more. */
void spf_text_conclusion(struct spf_text_writer *w);
