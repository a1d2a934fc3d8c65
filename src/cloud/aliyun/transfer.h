#ifndef SPF_CLOUD_ALIYUN_TRANSFER_H
#define SPF_CLOUD_ALIYUN_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/loop.h"

/*
 * One curl_multi driven by the loop: its sockets are watches, its timer is a watch. Nothing here
 * knows what is transferred. curl is initialised with the first one.
 */
struct spf_transfers;

/* finished is called for each easy handle that has ended, already out of the multi handle. */
struct spf_transfers *spf_transfers_new(struct spf_loop *loop,
                                        void (*finished)(CURL *easy, CURLcode result));
void spf_transfers_free(struct spf_transfers *transfers);
bool spf_transfers_add(struct spf_transfers *transfers, CURL *easy);
void spf_transfers_remove(struct spf_transfers *transfers, CURL *easy);

/* What every transfer of ours has: no redirects, no signals, TLS verified, only https (or http). */
bool spf_transfers_setup(CURL *easy, const char *ca_file, bool plain_http);

#endif
