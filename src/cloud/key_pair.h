#pragma once

#include "cloud/facts.h"

/*
 * Is the bound pair's public key this one (base64 of RFC 4253 section 6.6)? False also where the
 * cloud gave none. Pure.
 */
bool spf_key_pair_is(const struct spf_key_pair_facts *pair, const char *public_blob);
