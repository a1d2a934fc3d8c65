#pragma once

#include "cloud/facts.h"

typedef SPF_LIST(struct spf_id) spf_id_list;

/* Which instances of a region. */
struct spf_selection {
    const char *const *tags; /* "KEY" or "KEY=VALUE", all of which they have; NULL ends */
    const char *vpc;         /* NULL: of any */
    unsigned timeout_ms;     /* of a call */
    int64_t deadline_ms;     /* monotonic: when all of it must be done */
    int stop_fd;             /* -1: none */
};

/* What the API said of the instances that it listed. */
struct spf_listing;
void spf_listing_free(struct spf_listing *listing);
