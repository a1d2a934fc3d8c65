/*
 * The older RPC scheme, in which a call says all in its parameters: Action and Version, and for the
 * signature HMAC-SHA1 (SignatureVersion 1.0). The aliyun CLI signs ecs calls like this, and the STS
 * SDK's AssumeRoleWithOIDC comes in this form without a signature.
 */
#ifndef LAB_LEGACY_H
#define LAB_LEGACY_H

#include "reply.h"
#include "world.h"

/* Gives a call of that form the headers x-acs-action and x-acs-version. */
void lab_legacy_open(struct lab_request *request);

/* Is it signed in that form? */
bool lab_legacy_is_signed(const struct lab_request *request);

/* The access key that has signed it; else NULL, and the error in reply. */
struct json_object *lab_legacy_verify(const struct lab_world *world,
                                      const struct lab_request *request, time_t now,
                                      struct lab_reply *reply);

#endif
