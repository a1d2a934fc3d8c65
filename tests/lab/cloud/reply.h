/*
 * What the server answers, in the shape of the real service.
 */
#ifndef LAB_REPLY_H
#define LAB_REPLY_H

#include "request.h"

#include <json-c/json.h>

struct lab_reply {
    unsigned status;          /* HTTP */
    struct json_object *body; /* owned */
    unsigned retry_after_ms;  /* for x-acs-retry-after; 0: no such header */
    char request_id[37];      /* an upper-case UUID */
    char code[96];            /* of an error; "" for success */
};

/* Starts an empty success (status 200) with a fresh RequestId in its body. */
void lab_reply_init(struct lab_reply *reply);
void lab_reply_clear(struct lab_reply *reply);

/* Turns it into an error: RequestId, HostId, Code, Message, Recommend. */
__attribute__((format(printf, 5, 6))) void lab_reply_error(struct lab_reply *reply,
                                                           const struct lab_request *request,
                                                           unsigned status, const char *code,
                                                           const char *message, ...);

/* Which product a call is for, by its x-acs-version: "ecs", "vpc", "sts"; "ecs" when unknown. */
const char *lab_product(const struct lab_request *request);

/* A server that is not asked for JSON answers in XML. Returns text to be freed. */
char *lab_reply_xml(const struct lab_reply *reply);

#endif
