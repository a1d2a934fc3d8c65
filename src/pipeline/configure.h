#pragma once

#include "pipeline/check.h"

/* One target on its way through the table (run.h). */
#define SPF_KNOWN_HOSTS_MAX 16

struct spf_run {
    const struct spf_target *target; /* what is checked: asked, or configured */
    const struct spf_target *asked;
    struct spf_target given; /* what is asked, of one of many */
    struct spf_target
        configured; /* what the ssh configuration and a directory of keys make of it */
    const char *known_hosts[SPF_KNOWN_HOSTS_MAX + 1]; /* configured's */
    struct spf_result results[SPF_CHECK_COUNT];
    spf_checks active; /* the selected ones, and what they need */
    bool replayed;     /* its facts were recorded, and its times are those of reading them */
    const struct spf_said *said; /* of a run that was read from a report: what that said of each
                                    check (diagnosis.h); NULL: it is made of the facts */
    size_t offer_read; /* the key group is about the ssh configuration's offer of this place, from 1
                          on; 0: about another key */
    struct spf_facts facts; /* last: at its end stands what mostly is not written */
};

/*
 * The group has come: what it changes of the target that is checked. The user's ssh configuration,
 * if it is to be used, makes run->target of run->asked, and nothing that it may change is judged
 * before; without a key given it, the bound pair and the server's answer say which of the keys that
 * ssh would offer is checked; with a directory of keys given, the key that was found there for the
 * bound pair is. spf_run_arrived calls it.
 */
void spf_run_reconfigure(struct spf_run *run, enum spf_group group);
