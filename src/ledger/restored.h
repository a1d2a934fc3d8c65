#pragma once

#include "diagnosis/diagnosis.h"

/* An entry as it was reported, or as it is judged today. */
struct spf_restored {
    struct spf_run *run;      /* finished and reconciled */
    struct spf_target target; /* its own, which borrows as what was given does */
    struct spf_diagnosis diagnosis;
    struct spf_line *line; /* what the run borrows, of a line; else NULL */
};
