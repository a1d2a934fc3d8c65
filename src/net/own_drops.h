#ifndef SPF_NET_OWN_DROPS_H
#define SPF_NET_OWN_DROPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/*
 * What this machine's own kernel has dropped since it started, of its network namespace: a
 * connection that gets no answer may never have left, or its answer may have been dropped here
 * (/proc/net/netstat, /proc/net/snmp; proc(5)).
 */
struct spf_own_drops {
    int64_t unsent;   /* TCPRetransFail: segments that the output filter did not let go */
    int64_t reverse;  /* IPReversePathFilter: packets for which rp_filter wants another interface */
    int64_t received; /* InReceives less InDelivers: packets that came and reached nobody */
};

/* False where /proc does not say. Reads two small files. */
SPF_MUST_USE bool spf_own_drops_read(struct spf_own_drops *drops);

#endif
