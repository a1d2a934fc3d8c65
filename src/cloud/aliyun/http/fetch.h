#pragma once

#include <stdbool.h>

#include "base/secret.h"
#include "cloud/aliyun/http/transfer.h"

/*
 * A plain HTTP request for what is no API: the metadata service, a credentials URI, the sign-in
 * host. Replies hold secrets, so they live in one, of at most 64 KiB.
 */
struct spf_fetch;

struct spf_fetch_request {
    const char *method; /* "GET", "PUT", "POST" */
    const char *url;    /* http or https */
    const char *header; /* one more header, without its value if secret is given; NULL: none */
    const struct spf_secret *secret; /* its value; NULL: none */
    const char *body;                /* of a POST, JSON; NULL: none */
    const char *ca_file;
    unsigned timeout_ms; /* of all of it */
    unsigned connect_ms; /* until there is a connection; 0: libcurl's own limit, 300 s */
    bool direct;         /* never through a proxy */
    int family;          /* 4 or 6: over that only; 0: either */
};

/* status 0: no reply, and error says why. reply is borrowed. Called once, later, in the loop's
 * thread. */
typedef void spf_fetch_done(void *owner, long status, const struct spf_secret *reply,
                            const char *error);

/* NULL: no memory. After done the fetch is gone. */
struct spf_fetch *spf_fetch_start(struct spf_transfers *transfers,
                                  const struct spf_fetch_request *request, spf_fetch_done *done,
                                  void *owner);
void spf_fetch_cancel(struct spf_fetch *fetch);
