#pragma once

#include "key/facts.h"
#include "key/text.h"

/*
 * Files without a BEGIN line: DER, or base64 of DER, of OpenSSH's container or of a whole key file.
 * If it is one, text->clean is the PEM (or the inner file) and text->damage says so; else nothing
 * changes. Pure. False: no memory.
 */
SPF_MUST_USE bool spf_key_unwrap(struct spf_bytes file, struct spf_key_text *text);
