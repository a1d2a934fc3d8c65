#pragma once

#include "login/facts.h"
#include "net/dial.h"
#include "pipeline/inquiry.h"

/*
 * The way through a jump host: the user's own ssh carries the connection (`ssh -W`, which is what
 * `ssh -J` does, ssh.c). So it logs in at the jump host with what ssh would use there: the agent
 * and the usual identities, never the key of -i, which ssh does not offer to a jump host either. It
 * runs without a shell and without a terminal (BatchMode), asks nobody, has none of our secrets in
 * its environment, reads no configuration unless target->ssh_config names one, and writes no
 * known_hosts: an unknown key is accepted for this once and said, a changed one ends it.
 *
 * Or, where the configuration has a ProxyCommand, that program in place of ssh, run as ssh runs it:
 * by the user's shell, with the user's environment but for our passphrase.
 *
 * The descriptor that comes of it is one end of a socket pair; for the rest it is like a dialled
 * one.
 */
struct spf_jump;

/*
 * To host and the target's port, as the jump host names them; through target->jump, else by
 * target->proxy_command; as the user's ssh said of its configuration, if it was asked. The facts
 * are the inquiry's tcp. What it is given but host outlives it; done is called once, as a dial's
 * (net/dial.h), in the loop's thread. Altogether it has twice timeout_ms: for the way to the jump
 * host with its login, and for the way beyond it; and once more for each further jump host. Of
 * several targets it may be one of many on one connection (jump_share.h).
 * NULL: no memory, or the program cannot be run.
 */
struct spf_jump *spf_jump_new(const struct spf_inquiry *inquiry, const char *host,
                              spf_dialled *done, void *owner);

/*
 * The connection has ended: because that on which it was one of many has? Then nothing follows of
 * it for the target. Asks the program that holds it, which takes a moment.
 */
bool spf_jump_is_lost(const struct spf_jump *jump);

/*
 * Would ssh refuse this chain before it connects, as a host that is its own jump host? Then the
 * facts are complete: SPF_TCP_JUMP_FAILED, with ssh's own words.
 */
bool spf_jump_refuses(const struct spf_target *target, const struct spf_ssh_config_facts *config,
                      const char *host, struct spf_tcp_facts *facts);

/*
 * What a ProxyCommand said on its standard error when what came through it was no SSH: the last
 * line of that and its exit status ("no way (exit status 3)"), "" for neither. It is ended. Nothing
 * for a jump host.
 */
void spf_jump_last_words(struct spf_jump *jump, char *says, size_t size);

/* Ends ssh and what it started; the connection through it breaks. Takes NULL. */
void spf_jump_free(struct spf_jump *jump);
