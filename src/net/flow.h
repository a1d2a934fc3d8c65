#ifndef SPF_NET_FLOW_H
#define SPF_NET_FLOW_H

#include <stdbool.h>

#include "net/facts.h"

/*
 * What the kernel knows of a connected TCP socket: TCP_INFO (tcp(7)), and SIOCOUTQ for the bytes
 * that were not acknowledged yet. Costs two system calls, and no packet. Everything stays as it was
 * (known is false) where the descriptor is no TCP socket: a jump host's is not.
 */
void spf_flow_read(int fd, struct spf_flow *flow);

#endif
