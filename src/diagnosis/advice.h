#pragma once

#include "diagnosis/answer.h"

/* The catalogue's remedies for finding, with the values of that check's result. Appends to list. */
void spf_advise(const struct spf_run *run, enum spf_check_id check, enum spf_finding finding,
                spf_advice_list *list);
void spf_advice_clear(spf_advice_list *list);

/* A remedy of the cause is carried out inside the instance, by Session Manager for one. */
bool spf_is_done_inside(enum spf_finding finding);

/* The lines to paste for a login. */
void spf_connect_lines(const struct spf_run *run, struct spf_diagnosis *diagnosis);
