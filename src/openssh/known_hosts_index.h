#pragma once

#include "openssh/known_hosts.h"

/*
 * The files of a run with many targets, each read once and indexed by name. Counted and locked: all
 * functions may be called from any thread.
 */
struct spf_known_hosts_cache;

struct spf_known_hosts_cache *spf_known_hosts_cache_new(void); /* held once; NULL: no memory */
void spf_known_hosts_cache_hold(struct spf_known_hosts_cache *cache);
void spf_known_hosts_cache_leave(struct spf_known_hosts_cache *cache); /* the last one frees it */

/*
 * Have all files that were asked for so far been read, and few lines that must be looked at one by
 * one (patterns, hashed names)? Then a target like those before need not be given to a worker.
 * False before the first.
 */
bool spf_known_hosts_cache_is_quick(struct spf_known_hosts_cache *cache);

/*
 * Appends the lines of the file that speak of facts->name, as spf_known_hosts_read would. False:
 * the file is not one that is kept (missing, no regular one, too large, with a line that is too
 * long), and nothing was appended; else *good is false when memory ran out.
 */
SPF_MUST_USE
bool spf_known_hosts_index_gather(struct spf_known_hosts_cache *cache, const char *path,
                                  struct spf_known_hosts_facts *facts, bool *good);
