#pragma once

#include <stddef.h>

#include "base/shape.h"
#include "cloud/aliyun/http/endpoint.h"

/*
 * Where a product of a region is called: --endpoint goes before what a profile or the environment
 * names, that before what the API itself has said, and that before the provider's usual names.
 */
struct spf_configured_places {
    struct spf_endpoint all; /* url "": none; product "": of ecs and vpc */
    struct spf_endpoint sts; /* url "": none */
    bool vpc, vpc_for_sts;   /* the names inside a VPC */
};

struct spf_learned_endpoint {
    char region[80];
    struct spf_endpoint endpoint;
};

struct spf_endpoint_cache {
    const struct spf_endpoint *given; /* borrowed */
    size_t given_count;
    const struct spf_configured_places *configured; /* borrowed; NULL: nothing */
    SPF_LIST(struct spf_learned_endpoint) learned;
};
void spf_endpoint_cache_clear(struct spf_endpoint_cache *places);

/*
 * region "" means the central endpoint; of_profile is what the profile at hand names, NULL or with
 * url "" nothing. False if the region cannot be a name.
 */
bool spf_endpoint_cache_find(const struct spf_endpoint_cache *places, const char *product,
                             const char *region, const struct spf_endpoint *of_profile,
                             struct spf_endpoint *endpoint);

/* Is ecs of all regions called at one place, which the user chose? */
bool spf_endpoint_cache_fixed(const struct spf_endpoint_cache *places);

/*
 * From now on ecs of that region is called at host, which the API has named. False, and nothing
 * changes, if it was called there already, if the user chose where, or if it is not a host of
 * the provider's.
 */
bool spf_endpoint_cache_learn(struct spf_endpoint_cache *places, const char *region,
                              const char *host);
