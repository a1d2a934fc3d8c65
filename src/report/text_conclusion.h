#pragma once

#include "report/page.h"

/* What text.c needs of text_conclusion.c. */

struct spf_text_writer {
    struct spf_page page;
    const struct spf_run *run;
    const struct spf_diagnosis *d;
};

/* The sentence, the lines to paste, where to read more. */
void spf_text_conclusion(struct spf_text_writer *w);
