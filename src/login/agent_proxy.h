#pragma once

#include <stdbool.h>

#include "base/loop.h"

/*
 * An ssh-agent of one key, in front of the real one at path (borrowed; NULL: at SSH_AUTH_SOCK):
 * libssh would try every key that an agent holds, and a server counts the tries. Whoever asks
 * this proxy sees the one key only, and only what that key is to sign is passed on
 * (draft-miller-ssh-agent, sections 3.5 and 3.6); all else is refused without the real agent being
 * asked.
 *
 * It lives in the loop's thread and never blocks. An agent that asks its user first may take its
 * time: the caller's timeout is the bound.
 */
struct spf_agent_proxy;

/*
 * What is shown as the proxy's key, and with what of the agent's it signs, base64 of RFC 4253
 * section 6.6 each: the same, or a certificate and the key that it is for (sshconnect2.c,
 * sign_and_send_pubkey). NULL: no memory or descriptor, or no blob.
 */
struct spf_agent_proxy *spf_agent_proxy_new(struct spf_loop *loop, const char *path,
                                            const char *shown, const char *held);
/* The socket to ask at; the caller's from now on. -1: it has been taken. Reading from it blocks. */
int spf_agent_proxy_take(struct spf_agent_proxy *proxy);
/* The one signature was asked for, and has been answered, by yes or no. */
bool spf_agent_proxy_answered(const struct spf_agent_proxy *proxy);
/* Who still waits for the proxy reads its end. Takes NULL. */
void spf_agent_proxy_free(struct spf_agent_proxy *proxy);
