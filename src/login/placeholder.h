#pragma once

#include <stdbool.h>

#include "base/error.h"

/*
 * Two sockets that are connected to each other, and to which nobody else can write. IPv4, because
 * libssh asks the descriptor for such addresses to put into its capture, with the first bytes that
 * it writes. With a pair of another kind the capture would begin at the server's words, or not at
 * all, and the server's words be taken for ours. The caller closes both. False: no descriptor, or
 * no IPv4 on loopback.
 */
SPF_MUST_USE bool spf_placeholder_open(int pair[2]);
