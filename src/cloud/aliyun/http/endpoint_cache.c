#include "cloud/aliyun/http/endpoint_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void spf_endpoint_cache_clear(struct spf_endpoint_cache *places)
{
    free(places->learned.items);
    *places = (struct spf_endpoint_cache){0};
}

/* What the user says: --endpoint for this product, then for all, then what is configured. */
static const struct spf_endpoint *chosen(const struct spf_endpoint_cache *places,
                                         const char *product, const struct spf_endpoint *of_profile)
{
    const struct spf_configured_places *configured = places->configured;
    const struct spf_endpoint *endpoint = NULL;

    for (int exact = 1; exact >= 0; exact--) {
        for (size_t i = 0; i < places->given_count; i++) {
            if (strcmp(places->given[i].product, exact ? product : "") == 0) {
                return &places->given[i];
            }
        }
    }
    if (of_profile != NULL && of_profile->url[0] != '\0') {
        return of_profile;
    }
    if (configured == NULL) {
        return NULL;
    }
    if (strcmp(product, "sts") == 0) {
        endpoint = &configured->sts;
    } else if (configured->all.product[0] == '\0' ||
               strcmp(configured->all.product, product) == 0) {
        endpoint = &configured->all;
    }
    return endpoint != NULL && endpoint->url[0] != '\0' ? endpoint : NULL;
}

bool spf_endpoint_cache_find(const struct spf_endpoint_cache *places, const char *product,
                             const char *region, const struct spf_endpoint *of_profile,
                             struct spf_endpoint *endpoint)
{
    const struct spf_endpoint *of_user = chosen(places, product, of_profile);
    const struct spf_configured_places *configured = places->configured;
    bool sts = strcmp(product, "sts") == 0;

    if (of_user != NULL) {
        *endpoint = *of_user;
        return true;
    }
    for (size_t i = 0; strcmp(product, "ecs") == 0 && i < places->learned.count; i++) {
        if (strcmp(places->learned.items[i].region, region) == 0) {
            *endpoint = places->learned.items[i].endpoint;
            return true;
        }
    }
    return spf_endpoint_of(product, region,
                           configured != NULL && (sts ? configured->vpc_for_sts : configured->vpc),
                           endpoint);
}

bool spf_endpoint_cache_fixed(const struct spf_endpoint_cache *places)
{
    return chosen(places, "ecs", NULL) != NULL;
}

bool spf_endpoint_cache_learn(struct spf_endpoint_cache *places, const char *region,
                              const char *host)
{
    static const char domain[] = ".aliyuncs.com";
    struct spf_endpoint now = {0};
    struct spf_learned_endpoint *learned;
    size_t len = strlen(host);

    /* Signed requests go to the provider only, whatever a reply says; and who chose the names
     * inside a VPC does not want those outside. */
    if (spf_endpoint_cache_fixed(places) ||
        (places->configured != NULL && places->configured->vpc) || len <= strlen(domain) ||
        strcmp(host + len - strlen(domain), domain) != 0 ||
        strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-.") != len ||
        (spf_endpoint_cache_find(places, "ecs", region, NULL, &now) &&
         strcmp(now.host, host) == 0)) {
        return false;
    }
    learned = SPF_APPEND(&places->learned);
    if (learned == NULL) {
        return false;
    }
    spf_copy(learned->region, sizeof learned->region, region);
    spf_copy(learned->endpoint.product, sizeof learned->endpoint.product, "ecs");
    spf_copy(learned->endpoint.host, sizeof learned->endpoint.host, host);
    spf_format(learned->endpoint.url, sizeof learned->endpoint.url, "https://%s", host);
    return true;
}
