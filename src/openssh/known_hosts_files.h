#ifndef SPF_OPENSSH_KNOWN_HOSTS_FILES_H
#define SPF_OPENSSH_KNOWN_HOSTS_FILES_H

#include "openssh/known_hosts.h"
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

/*
 * The files of a run with many targets, each read once and indexed by name. Counted and locked: all
 * functions may be called from any thread.
 */
struct spf_known_hosts_cache;

struct spf_known_hosts_cache *spf_known_hosts_cache_new(void); /* held once; NULL: no memory */
void spf_known_hosts_cache_hold(struct spf_known_hosts_cache *cache);
void spf_known_hosts_cache_leave(struct spf_known_hosts_cache *cache); /* the last one frees it */

/* The same as spf_known_hosts_gather, of files as they were when the first one asked. */
SPF_MUST_USE
bool spf_known_hosts_gather_cached(struct spf_known_hosts_cache *cache,
                                   const struct spf_target *target, const char *host,
                                   struct spf_known_hosts_facts *facts);

/*
 * Have all files that were asked for so far been read, and few lines that must be looked at one by
 * one (patterns, hashed names)? Then a target like those before need not be given to a worker.
 * False before the first.
 */
bool spf_known_hosts_cache_is_quick(struct spf_known_hosts_cache *cache);

#endif
