#pragma once

#include "key/facts.h"

/* "RSA 2048, PEM (PKCS#1)"; out holds 80 bytes or more. */
void spf_key_describe(const struct spf_key_facts *facts, char *out, size_t size);
