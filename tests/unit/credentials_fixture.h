#ifndef SPF_TESTS_CREDENTIALS_FIXTURE_H
#define SPF_TESTS_CREDENTIALS_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

/* Nothing of the developer's own environment gives credentials, and no metadata service is asked.
 */
static inline void forget_environment(void)
{
    static const char *const names[] = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID",   "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        "ALIBABA_CLOUD_SECURITY_TOKEN",  "ALIBABA_CLOUD_REGION_ID",
        "ALIBABA_CLOUD_PROFILE",         "ALIBABA_CLOUD_CREDENTIALS_URI",
        "ALIBABA_CLOUD_ROLE_ARN",        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
        "ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABA_CLOUD_CREDENTIALS_FILE",
        "ALIBABA_CLOUD_CONFIG_FILE",     "ALIBABA_CLOUD_ECS_METADATA",
        "ALICLOUD_ACCESS_KEY",           "ALICLOUD_SECRET_KEY",
        "ALIBABA_CLOUD_ENDPOINT",        "ALIBABA_CLOUD_STS_ENDPOINT",
        "ALIBABA_CLOUD_IMDSV1_DISABLED"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        unsetenv(names[i]);
    }
    setenv("HOME", "/nonexistent", 1);
    setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true", 1);
}

#define ROLE "\"ram_role_arn\":\"acs:ram::1:role/r\""

#endif
