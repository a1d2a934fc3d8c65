#pragma once

#include "cloud/aliyun/http/fetch.h"

/*
 * The metadata service of the instance on which this runs: the key of its role, and its region. A
 * session token comes first; without the hardened mode there is none, and none is needed.
 */
struct spf_metadata;

/* The service's reply with the key, borrowed. reply NULL: why says why there is none; why NULL: no
 * memory. */
typedef void spf_metadata_key_done(void *owner, const struct spf_secret *reply, const char *why);

/* region NULL: it is not known; no_memory: for want of memory. */
typedef void spf_metadata_region_done(void *owner, const char *region, bool no_memory);

/* url NULL: the service's own address. role "": the one that is attached. The strings are borrowed.
 * done is called once, later. NULL: no memory. */
struct spf_metadata *spf_metadata_start(struct spf_transfers *transfers, const char *url,
                                        unsigned timeout_ms, const char *role,
                                        spf_metadata_key_done *done, void *owner);

/* After the key is there. done may be called before this returns. */
void spf_metadata_ask_region(struct spf_metadata *metadata, spf_metadata_region_done *done);

void spf_metadata_free(struct spf_metadata *metadata); /* also while it is under way; or NULL */
