#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Where an API is: the names of Alibaba Cloud's endpoints, their exceptions, and --endpoint. */
struct spf_endpoint {
    char product[16]; /* "ecs"; "" in an override: every product */
    char url[300];    /* "https://ecs.cn-hangzhou.aliyuncs.com", without a path */
    char host[280];   /* as the Host header has it, with a port that is not the scheme's */
};

/*
 * Reads --endpoint's [PRODUCT=]URL. https, or http to a loopback address only; a bare host name
 * means https. SPF_ERR_USAGE says what is wrong.
 */
SPF_MUST_USE struct spf_error spf_endpoint_parse(const char *text, struct spf_endpoint *endpoint);

/*
 * Can the text be asked for our address: an https URL without user, password or fragment, of at
 * most 299 bytes? SPF_ERR_USAGE says what is wrong. host receives its host, for people.
 */
SPF_MUST_USE struct spf_error spf_lookup_parse(const char *text, char *host, size_t size);

/*
 * An endpoint that the configuration names, as the aliyun CLI takes it: a host, or an https URL of
 * it. One of the provider's own for one product (ecs.…aliyuncs.com) is that product's only.
 */
SPF_MUST_USE struct spf_error spf_endpoint_configured(const char *text,
                                                      struct spf_endpoint *endpoint);

/* The same of sts_endpoint and its variable: the CLI cuts blanks and a scheme, and calls https. */
SPF_MUST_USE struct spf_error spf_endpoint_of_sts(const char *text, struct spf_endpoint *endpoint);

/*
 * The provider's own endpoint. region "" means the central one. vpc: the one that is reached from
 * inside a VPC without the internet, where the region has such names. False if the region cannot be
 * a name.
 */
bool spf_endpoint_of(const char *product, const char *region, bool vpc,
                     struct spf_endpoint *endpoint);

/* "2014-05-26" for ecs; NULL for an unknown product. */
const char *spf_api_version(const char *product);

/* The region that the form of an instance id suggests; "" if it suggests none. No page promises
 * this. */
const char *spf_region_hint(const char *instance_id);
