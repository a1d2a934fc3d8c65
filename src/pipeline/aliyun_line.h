#pragma once

#include "base/text.h"
#include "pipeline/check.h"

/*
 * A line of the aliyun CLI that acts as the identity with which the instance was looked at,
 * wherever the CLI by itself would take another: it prefers the current profile to the environment,
 * and knows nothing of the SDKs' chain (aliyun-cli v3.4.11, config/configuration.go).
 */

/* The program, after the variables that it needs. False: the CLI cannot act as this identity. */
bool spf_aliyun_line(struct spf_buf *buf, const struct spf_view *view);

/*
 * {session_line}: the line of ali-instance-cli that opens a session of Session Manager as the
 * identity that was used here. False: no line of it can. Version 10.0.0.1 reads
 * ~/.aliyun/config_ecs.json before config.json, keys of variables only where the profile has none,
 * and not the aliyun CLI's ALIBABA_CLOUD_ACCESS_KEY_ID.
 */
bool spf_session_line(struct spf_buf *buf, const struct spf_view *view);

enum spf_aliyun_as {
    SPF_ALIYUN_AS_IDENTITY, /* all options that make a call act as the identity used here */
    SPF_ALIYUN_AS_PROFILE,  /* --profile and --config-path */
    SPF_ALIYUN_AS_CONFIG,   /* --config-path */
};

/* The options, each after a blank; often none. False: a value begins with "-". */
bool spf_aliyun_options(struct spf_buf *buf, enum spf_aliyun_as as, const struct spf_view *view);
