#pragma once

#include <curl/curl.h>

#include "cloud/aliyun/http/sign.h"

/* One attempt of a call: its headers and its body, freshly dated and signed. */
struct spf_request_to_sign {
    const char *host, *action, *version;
    const struct spf_sign_pair *params;
    size_t param_count;
    bool form; /* parameters in a form body, else in the query */
    const struct spf_api_key *key;
};

struct spf_signed_request {
    struct spf_secret *form_body; /* NULL: there is none */
    struct curl_slist *headers;
    char string_to_sign[SPF_SIGN_TEXT_SIZE];
};

/* *out is empty before. False: no memory or random bytes, or libcrypto failed; to be cleared in any
 * case. */
SPF_MUST_USE
bool spf_signed_request_make(const struct spf_request_to_sign *what,
                             struct spf_signed_request *out);
/* Wipes what it holds, for the headers have the token. */
void spf_signed_request_clear(struct spf_signed_request *request);
