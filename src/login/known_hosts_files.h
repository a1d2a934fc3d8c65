#ifndef SPF_LOGIN_KNOWN_HOSTS_FILES_H
#define SPF_LOGIN_KNOWN_HOSTS_FILES_H

#include "login/known_hosts.h"
#include "pipeline/target.h"

/*
 * Reads the known_hosts files that ssh would read (or those of target->known_hosts) and keeps the
 * lines that speak of the host and target->port. A file that is missing or cannot be read is passed
 * over, as ssh does; one larger than 16 MiB is read up to there. Never writes. False: no memory.
 */
SPF_MUST_USE
bool spf_known_hosts_gather(const struct spf_target *target, const char *host,
                            struct spf_known_hosts_facts *facts);

#endif
