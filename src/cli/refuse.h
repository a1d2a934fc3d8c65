#pragma once

#include "base/text.h"
#include "cli/option_table.h"

/* Options that there are not, and what was perhaps meant. */

/* Adds the long names that are like the one typed; false: none is. */
bool spf_suggest_option(struct spf_buf *said, const char *typed);

/* What getopt_long(3) refuses, by the row of optopt (NULL: none) and the word that it was looking
 * at. */
struct spf_error spf_refuse_option(int option, const struct spf_option_row *row, const char *word);

/* Is word one that getopt(3) takes for letters of ssh (row NULL: for one that only ssh has), and
 * somebody meant as a long name? */
SPF_MUST_USE
struct spf_error spf_judge_letters(const struct spf_option_row *row, const char *word);
