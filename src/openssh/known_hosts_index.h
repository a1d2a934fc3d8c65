#ifndef SPF_OPENSSH_KNOWN_HOSTS_INDEX_H
#define SPF_OPENSSH_KNOWN_HOSTS_INDEX_H

#include "openssh/known_hosts_files.h"

/*
 * Appends the lines of the file that speak of facts->name, as spf_known_hosts_read would. False:
 * the file is not one that is kept (missing, no regular one, too large, with a line that is too
 * long), and nothing was appended; else *good is false when memory ran out.
 */
SPF_MUST_USE
bool spf_known_hosts_index_gather(struct spf_known_hosts_cache *cache, const char *path,
                                  struct spf_known_hosts_facts *facts, bool *good);

#endif
