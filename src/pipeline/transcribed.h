#pragma once

#include "pipeline/check.h"

/* What a pasted text adds to the checks of a run that it gave the facts for. */

/* A transcript can name a cause that no other group of facts holds: sshd's log does, for one. */
SPF_MUST_USE
bool spf_text_names(const struct spf_view *view, int check, struct spf_result *result,
                    struct spf_opinion *opinion);

/* Notes the lines of the text that the check rests on, with their numbers. */
void spf_text_note_lines(const struct spf_facts *facts, int check, struct spf_result *result);
