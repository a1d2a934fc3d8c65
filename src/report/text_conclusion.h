#pragma once

#include "report/page.h"

/* What text.c needs of text_conclusion.c. */

struct spf_text_writer {
    struct spf_page page;
    const struct spf_run *run;
    const struct spf_diagnosis *d;
};

/* What a check found, in words; owned by the caller, NULL for want of memory. */
char *spf_text_words(const struct spf_run *run, enum spf_check_id check);

/* The sentence, the lines to paste, where to read more. */
void spf_text_conclusion(struct spf_text_writer *w);
