#ifndef SPF_KEY_AGENT_H
#define SPF_KEY_AGENT_H

#include <stdbool.h>

#include "key/wire.h"

/*
 * Asks the ssh-agent at path (NULL: that of SSH_AUTH_SOCK; "": none) which keys it holds
 * (draft-miller-ssh-agent, section 3.5); waits a second at most: an agent may hang. For worker
 * threads.
 *
 * Returns the number of its keys, -1 if none answers. *holds: is one of them the key of this blob?
 */
int spf_agent_keys(const char *path, struct spf_bytes blob, bool *holds);

/* A non-blocking connection to the agent at path, as above, the caller's; -1: none answers. */
int spf_agent_connect(const char *path);

#endif
