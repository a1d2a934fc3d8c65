/*
 * Verifies the signature ACS3-HMAC-SHA256 of a call, written from the description of the scheme
 * and apart from the client's code, so that one mistake cannot hide in both.
 *
 * Stricter than the service where that finds errors of a client: every header that must be signed
 * is, no other is, in sorted order; the date within 15 minutes; a nonce once; the body as hashed;
 * the token that belongs to a temporary key.
 */
#ifndef LAB_VERIFY_H
#define LAB_VERIFY_H

#include <stdio.h>

#include "reply.h"
#include "world.h"

#include <time.h>

/*
 * The access key (borrowed from the world) that signed the request, or NULL and the error in reply.
 * now is the server's clock. Remembers nonces: call it under the lock.
 */
struct json_object *lab_verify(const struct lab_world *world, const struct lab_request *request,
                               time_t now, struct lab_reply *reply);

/* Parts of that which the older scheme shares (legacy.h). False or NULL: the error is in reply. */
bool lab_verify_date(const char *date, const struct lab_request *request, time_t now,
                     struct lab_reply *reply);
struct json_object *lab_verify_key(const struct lab_world *world, const struct lab_request *request,
                                   const char *id, const char *token, struct lab_reply *reply);
/* Has nobody used it before? */
bool lab_verify_nonce(const char *nonce);
void lab_percent_encode(FILE *out, const char *text);

#endif
