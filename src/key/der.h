#pragma once

#include "base/wire.h"

/* The tags of the values within the outermost SEQUENCE, at most 9; 0 for anything else. */
size_t spf_der_tags(struct spf_bytes der, int tags[9], unsigned *first_integer);
/* The PEM label of a private key in DER; NULL if it is none (RFC 8017, 5208, 5915, 7292). */
const char *spf_der_label(struct spf_bytes der);
