#ifndef SPF_CLOUD_ALIYUN_CREDENTIALS_H
#define SPF_CLOUD_ALIYUN_CREDENTIALS_H

#include "cloud/aliyun/api.h"
#include "pipeline/facts.h"

/*
 * Where the access key comes from, in the order of the official SDKs: --profile or --config-path if
 * given, else the environment, else ~/.aliyun/config.json's current profile. Reads the environment
 * and at most one file; no network.
 */
struct spf_credential_options {
    const char *profile, *config_path,
        *region; /* --profile, --config-path, --region; NULL: not given */
};

struct spf_credentials {
    struct spf_api_key key;
    char source[200];
    char region[40], region_source[80]; /* of --region, the profile or the environment; "" none */
};

/* False: *failure says what was tried and why each gave nothing; nothing is kept then. */
SPF_MUST_USE
bool spf_credentials_find(const struct spf_credential_options *options,
                          struct spf_credentials *credentials, struct spf_failure *failure);
void spf_credentials_clear(struct spf_credentials *credentials);

/* Fills key from id, secret and token (NULL or "": none); false if they cannot be what they must
 * be. */
bool spf_api_key_set(struct spf_api_key *key, const char *id, const char *secret,
                     const char *token);

/* The first environment variable of the list that is set and not empty; *name tells which. */
const char *spf_first_env(const char *const *names, const char **name);

#endif
