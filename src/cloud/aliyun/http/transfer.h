#pragma once

#include <curl/curl.h>
#include <stdbool.h>

#include "base/loop.h"

/*
 * One curl_multi driven by the loop: its sockets are watches, its timer is a watch. Nothing here
 * knows what is transferred. curl is initialised with the first one.
 */
struct spf_transfers;

/* Embedded by its owner. finished is called once, when curl is done; the handle is then out of
 * curl. Where a socket cannot be waited for, all end with CURLE_OUT_OF_MEMORY. */
struct spf_transfer {
    CURL *easy;
    void (*finished)(struct spf_transfer *transfer, CURLcode result);
    void *owner;
    /* the transfers': */
    struct spf_transfer *next;
    bool lost;
};

struct spf_transfers *spf_transfers_new(struct spf_loop *loop);
void spf_transfers_free(struct spf_transfers *transfers);
bool spf_transfers_add(struct spf_transfers *transfers, struct spf_transfer *transfer);
/* Takes it out if it is under way, and frees the easy handle, if there is one. */
void spf_transfers_drop(struct spf_transfers *transfers, struct spf_transfer *transfer);

/* What every transfer of ours has: no redirects, no signals, TLS verified, only https (or http). */
bool spf_transfer_setup(CURL *easy, const char *ca_file, bool plain_http);

/*
 * What libcurl says about a failure, fit to be shown: whatever precedes an "@" in a URL is left
 * out, for a proxy's URL that libcurl cannot parse is repeated by it with its password. detail is
 * its error buffer; where that is empty the code's own words.
 */
void spf_transfer_words(char *out, size_t size, int code, const char *detail);
