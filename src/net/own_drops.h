#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "net/facts.h"

/*
 * What this machine's own kernel drops while a connection attempt gets no answer: the SYN may never
 * have left, or its answer may have been dropped here. Read from the counters of this network
 * namespace (/proc/net/netstat, snmp and snmp6; proc(5), and the kernel's snmp_counter.rst), which
 * need no privilege:
 *
 *     TCPRetransFail       segments that the output filter did not let go
 *     IPReversePathFilter  packets for which strict rp_filter wants another interface
 *     InReceives - InDelivers - what was forwarded, broadcast, multicast or invalid
 *                          packets to us that the input filter dropped
 *
 * The last one counts strangers' packets, too. So it is sampled: answers that are dropped come
 * right after each SYN, and hardly at another time. On a busy machine samples come late: what was
 * dropped between two that are far apart belongs to no SYN for certain, and neither does what was
 * dropped before the first. Nor is it known yet whether an answer to the newest SYN is dropped.
 * Then no cause follows from these counters.
 */
struct spf_own_drops {
    int64_t unsent, reverse, discarded;
};

/* The counters at the samples of one attempt. */
struct spf_own_watch {
    struct spf_own_drops first;
    struct spf_own_drops last;
    int64_t retransmissions;
    int64_t sampled_ms; /* when the last one was taken */
    bool began_late;    /* a SYN was sent again before the first: what it met is not known */
    bool late;          /* two were too far apart */
    unsigned after_syn; /* samples that still belong to the last SYN */
    bool hit;           /* and whether something was discarded in them */
    int64_t apart;      /* discarded in the last sample, and counted as apart */
    bool running;
};

#define SPF_OWN_SAMPLE_MS 200

/* Begins once no answer came for a while. Nothing runs where /proc does not say. */
void spf_own_watch_begin(struct spf_own_watch *watch);
/* Each SPF_OWN_SAMPLE_MS; retransmissions: SYNs that were sent again by now. Reads small files. */
void spf_own_watch_sample(struct spf_own_watch *watch, int64_t retransmissions,
                          struct spf_drop_facts *facts);
/* The same for counters that were read already, at that time (spf_now_ms). Pure. */
void spf_own_watch_count(struct spf_own_watch *watch, const struct spf_own_drops *now,
                         int64_t now_ms, int64_t retransmissions, struct spf_drop_facts *facts);
