/*
 * Trouble on demand. The world's "faults" is a list; each has
 *
 *   action   the action it strikes; "*" for every action
 *   nth      the call of that action it strikes, from 1; absent: every call
 *   until    with nth: every call from nth to this one
 *   do       what happens, see the enum
 *   ms       of delay, or of x-acs-retry-after
 *   code, message, status   of "error"; type ("ImplicitDeny" or "ExplicitDeny") of "forbidden"
 *
 * The first that fits strikes, after the call was verified and counted.
 */
#ifndef LAB_FAULTS_H
#define LAB_FAULTS_H

#include "reply.h"
#include "world.h"

enum lab_fault {
    LAB_FAULT_NONE,
    /* These change the reply only; lab_faults_apply has done all. */
    LAB_FAULT_THROTTLE,
    LAB_FAULT_500,
    LAB_FAULT_503,
    LAB_FAULT_FORBIDDEN,
    LAB_FAULT_ERROR,
    /* These are about the connection or the bytes; the server does them. */
    LAB_FAULT_DELAY,       /* the true reply, later */
    LAB_FAULT_HANG,        /* no reply ever */
    LAB_FAULT_RESET,       /* RST instead of a reply */
    LAB_FAULT_HTML,        /* 502 with a web page, as proxies answer */
    LAB_FAULT_TRUNCATED,   /* half of the JSON, told to be all */
    LAB_FAULT_CUT,         /* half of the JSON, then the connection closes */
    LAB_FAULT_INVALID,     /* not JSON, with status 200 */
    LAB_FAULT_WRONG_SHAPE, /* JSON of other types than promised, with status 200 */
    LAB_FAULT_DEEP,        /* JSON nested 100,000 deep */
    LAB_FAULT_HUGE,        /* JSON text without end */
    LAB_FAULT_EMPTY,       /* status 200 and no body */
};

struct lab_struck {
    enum lab_fault fault;
    unsigned ms;
    const char *name; /* as in the world; NULL for none */
};

/* Counts the call and says what strikes it; changes the reply where that is all there is to it. */
struct lab_struck lab_faults_apply(const struct lab_world *world, const struct lab_request *request,
                                   struct lab_reply *reply);

#endif
