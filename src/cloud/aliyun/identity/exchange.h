#pragma once

#include "cloud/aliyun/identity/credentials.h"

/*
 * Takes the steps of the credentials one after the other: each turns what is there into a key. The
 * key in the credentials is the last one's.
 */
struct spf_exchange;

struct spf_exchange_options {
    const char *metadata_url; /* NULL: the service's own address */
    const char *ca_file;
    unsigned timeout_ms; /* of each step */
    bool wants_region;   /* where this machine is, if it is asked for its role anyway */
};

/* failure NULL: the key is there. Called once, later; the exchange is gone after it. */
typedef void spf_exchange_done(void *owner, const struct spf_failure *failure);

/* credentials are borrowed until done. NULL: no memory. */
struct spf_exchange *spf_exchange_start(struct spf_loop *loop, struct spf_api *api,
                                        const struct spf_exchange_options *options,
                                        struct spf_credentials *credentials,
                                        spf_exchange_done *done, void *owner);
void spf_exchange_cancel(struct spf_exchange *exchange);
