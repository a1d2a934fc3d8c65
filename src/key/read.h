#pragma once

#include "base/secret.h"
#include "base/wire.h"
#include "key/facts.h"

/*
 * Says what OpenSSH and PuTTY 0.78 would do with a file of these bytes, what it holds, and what has
 * happened to it: fills the part of *facts that follows `dir` (the rest is the probe's).
 *
 * The bytes are read twice: as they are, by the rules of the program whose container it is, which
 * gives openssh_accepts and putty_accepts; and after all that ways of transport do to text has been
 * undone (key/text.h), which tells what the damage is and whether the key can still be used.
 *
 * *repaired: the file as it should have been, the caller's; NULL if nothing is wrong with it or
 * nothing can be done. repaired may be NULL where nobody wants it.
 *
 * pub_file is what stands in the .pub file beside it, empty if there is none. Pure but for the
 * clock time of key derivation; safe in any thread. False: no memory.
 */
SPF_MUST_USE
bool spf_key_read(struct spf_bytes file, struct spf_bytes pub_file,
                  const struct spf_secret *passphrase, struct spf_key_facts *facts,
                  struct spf_secret **repaired);

/*
 * The same of a key of which only the public blob is known (RFC 4253 section 6.6), as an agent
 * lists it: as of a file with a public key, but in no container. False: it is not a well-formed
 * key, or no memory.
 */
SPF_MUST_USE
bool spf_key_read_blob(struct spf_bytes blob, struct spf_key_facts *facts);
