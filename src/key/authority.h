#pragma once

#include <stdbool.h>

#include "base/wire.h"

/*
 * Is it certain that a signature in SSH's form is not the key's (its blob) over the text? What
 * cannot be verified here, for want of memory or as a security key's, is not.
 */
bool spf_signature_is_spoiled(struct spf_bytes key, struct spf_bytes signature,
                              struct spf_bytes text);
