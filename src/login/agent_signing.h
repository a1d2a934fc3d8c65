#pragma once

#include "base/loop.h"
#include "login/link.h"

/*
 * The signature of a key that only an agent holds. libssh waits for an agent within its call, so a
 * worker has the link as long as that takes; the agent is asked through a filtering proxy that
 * serves this key alone (agent_proxy.h). Lives in the loop's thread and never blocks it.
 */
struct spf_agent_signing;

/*
 * How it ended. The link is the owner's again; NULL: the agent did not answer in time, and the
 * worker that still waits for it frees the link. refusal: why there is no signature, a clause about
 * the agent ("did not sign"); NULL: state says what the server made of it. The signing may be freed
 * from inside.
 */
typedef void spf_agent_signed(void *owner, struct spf_link *link, enum spf_link_state state,
                              const char *refusal);

/*
 * Lets the link sign through the agent at the socket (borrowed; NULL: SSH_AUTH_SOCK); shown and
 * held as the proxy has them. NULL: no memory or descriptor, or no blob.
 */
struct spf_agent_signing *spf_agent_signing_new(struct spf_loop *loop, const char *agent,
                                                const char *shown, const char *held,
                                                struct spf_link *link, spf_agent_signed *done,
                                                void *owner);
/*
 * Takes the link; done is called once, later, unless the signing is freed before. until_ms:
 * monotonic, the end of waiting for the agent. False: no worker, and the link is freed.
 */
SPF_MUST_USE bool spf_agent_signing_start(struct spf_agent_signing *signing, struct spf_link *link,
                                          int64_t until_ms);
/* The agent has answered: what the link is asked from now on does not block. */
bool spf_agent_signing_is_answered(const struct spf_agent_signing *signing);
/* Cancels what is under way. Takes NULL. */
void spf_agent_signing_free(struct spf_agent_signing *signing);
