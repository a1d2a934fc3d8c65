#ifndef SPF_LOGIN_PLACEHOLDER_H
#define SPF_LOGIN_PLACEHOLDER_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Two sockets that are connected to each other, and to which nobody else can write. IPv4, because
 * libssh asks the descriptor for such addresses to put into its capture, with the first bytes that
 * it writes; without IPv4 there is no capture, but a login. The caller closes both. False: no
 * descriptor.
 */
SPF_MUST_USE bool spf_placeholder_open(int pair[2]);

#endif
