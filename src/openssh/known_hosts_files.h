#pragma once

#include "openssh/known_hosts_index.h"
#include "pipeline/target.h"

/*
 * Reads the known_hosts files that ssh would read (or those of target->known_hosts) and keeps the
 * lines that speak of the host and target->port. What is not read is kept in facts->unread: a file
 * that cannot be opened (a usual one may be missing), that is not regular, what is over 64 MiB, a
 * line over 1 MiB. Never writes. False: no memory.
 */
SPF_MUST_USE
bool spf_known_hosts_gather(const struct spf_target *target, const char *host,
                            struct spf_known_hosts_facts *facts);

/* The same as spf_known_hosts_gather, of files as they were when the first one asked. */
SPF_MUST_USE
bool spf_known_hosts_gather_cached(struct spf_known_hosts_cache *cache,
                                   const struct spf_target *target, const char *host,
                                   struct spf_known_hosts_facts *facts);
