#ifndef SPF_DIAGNOSIS_PASTED_H
#define SPF_DIAGNOSIS_PASTED_H

#include <stdbool.h>
#include <stddef.h>

#include "pipeline/finding.h"

/*
 * What a person pasted: the output of ssh (a single error line, or all of -vvv), or of PuTTY or
 * plink. Read offline, as hostile input: lines are taken one by one, cut at a bound, and nothing of
 * them is kept but the one that decided, cleaned.
 *
 * ssh says the same words for many causes; then there is no cause, or a general one, and the
 * candidates say what it may be, the likeliest first.
 */
#define SPF_PASTED_TEXT_MAX   ((size_t)4 * 1024 * 1024)
#define SPF_PASTED_CANDIDATES 10

struct spf_pasted {
    enum spf_finding cause; /* SPF_NO_FINDING: not to be told from the text alone */
    enum spf_finding candidates[SPF_PASTED_CANDIDATES];
    size_t count;   /* of candidates */
    bool logged_in; /* it shows a login that worked, and no failure behind it */
    char line[300]; /* the line that decided; "" if none did */
};

/* False: no message in it that we know. text need not end in a NUL; it may hold any bytes. */
bool spf_pasted_read(const char *text, size_t len, struct spf_pasted *pasted);

#endif
