#pragma once

#include "cloud/aliyun/http/api.h"
#include "cloud/aliyun/identity/chain.h"

struct spf_listing;

/* All borrowed for the probe's life. */
struct spf_aliyun_options {
    struct spf_credential_options credentials;
    struct spf_api_options api;
    struct spf_listing *listing; /* its pages are taken over by the first share; NULL: none */
};
