#pragma once

#include <stdbool.h>

#include "base/wire.h"
#include "key/facts.h"

enum spf_agent_message { /* draft-miller-ssh-agent, section 6.1 */
                         SPF_AGENT_FAILURE = 5,
                         SPF_AGENT_REQUEST_IDENTITIES = 11,
                         SPF_AGENT_IDENTITIES_ANSWER = 12,
                         SPF_AGENT_SIGN_REQUEST = 13,
};

/* The public blobs (RFC 4253 section 6.6) of an agent's keys, in its order. */
struct spf_agent_keys {
    uint8_t *answer; /* which the blobs point into */
    struct spf_bytes *blobs;
    size_t count;
};

/*
 * Which agent may sign with the key: agent where it is not NULL, else, of a PPK, the one that PuTTY
 * asks. As path for all below.
 */
const char *spf_agent_for(const char *agent, const struct spf_key_facts *key);

/*
 * Asks the ssh-agent at path (NULL: that of SSH_AUTH_SOCK; "": none) which keys it holds
 * (draft-miller-ssh-agent, section 3.5); waits a second at most: an agent may hang. For worker
 * threads.
 *
 * False: none answers, or there was no memory or descriptor to ask it (spf_was_short). The caller
 * clears the keys.
 */
SPF_MUST_USE
bool spf_agent_list(const char *path, struct spf_agent_keys *keys);
bool spf_agent_holds(const struct spf_agent_keys *keys, struct spf_bytes blob);
void spf_agent_keys_clear(struct spf_agent_keys *keys);

/* Whether the agent that may sign with the key (spf_agent_for) has it: the two members of *key that
 * say so. spf_was_short where there was no memory or descriptor; for worker threads, too. */
void spf_agent_ask_about(const char *agent, struct spf_key_facts *key);

/* A non-blocking connection to the agent at path, as above, the caller's; -1: none answers. */
int spf_agent_connect(const char *path);
