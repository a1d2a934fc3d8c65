#pragma once

#include "cloud/aliyun/identity/credentials.h"

/*
 * Where the access key comes from: the identity that the aliyun CLI would act as, so the profile of
 * --profile or --config-path, else that of ~/.aliyun/config.json where one is configured there,
 * read as the CLI reads it (identity/profile.h). Where none is, the order of the official SDKs: the
 * environment's keys, its OIDC role, the file of ALIBABA_CLOUD_CONFIG_FILE, the SDKs' ini file,
 * this machine's own role, a credentials URI. Reads the environment and files; what then takes a
 * network is a list of steps, which exchange.h takes.
 */
struct spf_credential_options {
    const char *profile, *config_path,
        *region;              /* --profile, --config-path, --region; NULL: not given */
    bool vpc;                 /* --endpoint-type vpc */
    const char *metadata_url; /* NULL: the metadata service's own address */
};

/*
 * The next source that is there, as the SDKs' chain goes on after an error. False: there is none,
 * nothing is kept, and *failure says what was tried and why each gave nothing.
 */
SPF_MUST_USE
bool spf_credentials_find(const struct spf_credential_options *options,
                          struct spf_credential_trail *trail, struct spf_credentials *credentials,
                          struct spf_failure *failure);
