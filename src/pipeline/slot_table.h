#pragma once

#include "pipeline/check.h"
#include "pipeline/slot_word.h"

/* What a slot's function sees. */
struct spf_slot_query {
    const struct spf_view *view;
    const struct spf_result *result; /* at hand; NULL none */
    enum spf_slot_use use;
    const char *follows;     /* what the template goes on with */
    struct spf_buf *scratch; /* empty; for a value that must be made */
    unsigned option;         /* of the slot's row */
    const char *argument;    /* of the condition's */
};

/* A row of the table of slots. */
struct spf_slot {
    const char *name;
    enum spf_grammar grammar;
    /* The value, borrowed or made in scratch; NULL there is none. No function: the slot stands for
     * evidence alone, which the check notes under this name. */
    const char *(*value)(const struct spf_slot_query *query);
    unsigned option;
    const char *plain; /* in manual pages; NULL: the name in capitals */
};

/* A row of the table of conditions, {?name}. */
struct spf_condition {
    const char *name;
    bool (*holds)(const struct spf_slot_query *query);
    const char *argument;
};

/* NULL: there is none of that name. */
const struct spf_slot *spf_slot_named(const char *name);
const struct spf_condition *spf_condition_named(const char *name);
