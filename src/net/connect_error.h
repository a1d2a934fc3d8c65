#pragma once

#include "net/facts.h"
#include "net/names.h"

/* What the kernel says of a connection attempt that ended, or that gets no answer. */

enum spf_tcp_outcome spf_tcp_outcome_of(int errnum);

/*
 * Asks for the ICMP message that ends a connection attempt, and, with 0, no longer for any: on an
 * open connection it would turn a passing trouble into its end (ip(7)).
 */
void spf_icmp_want(int fd, int wanted);

/*
 * Who ended the attempt, and whether it was a rule: connect(2) tells neither (EHOSTUNREACH, and
 * for a firewall's REJECT ECONNREFUSED). Linux 5.8 and later keep it (tcp_ipv4.c, tcp_v4_err).
 */
void spf_icmp_note(int fd, int errnum, struct spf_tcp_facts *facts);

/* EADDRNOTAVAIL is "no port left" or "no address of this family": a datagram's socket needs only
 * the address. Nothing is sent. */
bool spf_lacks_port(const struct spf_place *place);

/* Does the way there end in this machine? No other link's packets are as large. */
bool spf_is_loopback(int fd, int family);

/*
 * How long a plain ssh waits for an answer to its SYN: it is sent again after 1, 2, 4 ... s (RFC
 * 6298), since Linux 6.5 at first each second (ip-sysctl.rst, tcp_syn_retries,
 * tcp_syn_linear_timeouts). 0: not known.
 */
int64_t spf_syn_limit_s(void);
