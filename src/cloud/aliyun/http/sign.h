#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"
#include "base/text.h"

/*
 * Alibaba Cloud's signature V3, ACS3-HMAC-SHA256 ("Request syntax and signature method V3"). Pure.
 * The canonical request is hashed as it is made and stored nowhere, for it holds the security
 * token.
 */
struct spf_sign_pair {
    const char *name;
    const char *value; /* unencoded; borrowed */
};

/* Who signs. Borrowed for the time of a call; id "" sends the request unsigned. */
struct spf_api_key {
    char id[130];
    struct spf_secret *secret;
    struct spf_secret *token; /* NULL: not temporary */
};

struct spf_sign_request {
    const char *method; /* of the path "/" */
    const struct spf_sign_pair *query;
    size_t query_count;
    const struct spf_sign_pair
        *headers; /* all that are sent; host, content-type, x-acs-* are signed */
    size_t header_count;
};

#define SPF_SIGN_TEXT_SIZE 82

/*
 * Appends the value of the Authorization header. string_to_sign becomes what the server must have
 * computed, too. False when memory or libcrypto failed, or a list is longer than SPF_SIGN_MAX.
 */
#define SPF_SIGN_MAX 256
SPF_MUST_USE
bool spf_sign(const struct spf_sign_request *request, const char *key_id,
              const struct spf_secret *secret, struct spf_buf *authorization,
              char string_to_sign[SPF_SIGN_TEXT_SIZE]);

/* The query as it is signed, sorted and percent-encoded, which will do on the wire as well. */
void spf_sign_add_query(struct spf_buf *buf, const struct spf_sign_pair *query, size_t count);

/* RFC 3986 percent-encoding: all but unreserved characters. */
void spf_sign_add_encoded(struct spf_buf *buf, const char *text);

/* Lower-case hex of SHA-256. False when libcrypto failed. */
SPF_MUST_USE bool spf_sha256_hex(const void *bytes, size_t len, char out[65]);
