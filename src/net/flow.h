#pragma once

#include <stdbool.h>

#include "net/facts.h"

/*
 * What the kernel knows of a connected TCP socket: TCP_INFO (tcp(7)), and SIOCOUTQ for the bytes
 * that were not acknowledged yet. Costs two system calls, and no packet. Everything stays as it was
 * (known is false) where the descriptor is no TCP socket: a jump host's is not.
 */
void spf_flow_read(int fd, struct spf_flow *flow);

/*
 * The same of a connection that stands still and is given up: SO_ERROR then holds what routers said
 * of its packets by ICMP, which TCP keeps to itself until its own time runs out (sk_err_soft).
 */
void spf_flow_read_stalled(int fd, struct spf_flow *flow);
