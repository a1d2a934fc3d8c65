#pragma once

#include <json-c/json.h>

#include "base/error.h"
#include "cloud/aliyun/identity/credentials.h"

/* The aliyun CLI's ~/.aliyun/config.json, and the SDKs' ~/.alibabacloud/credentials. Pure. */

/* Where the CLI keeps its configuration. False: there is no home. */
bool spf_config_path(char *path, size_t size);

/*
 * config.json, {"current": NAME, "profiles": [{"name", "mode", …}]}: fills key, steps, source and
 * region from the profile of that name (NULL: the current one). now is for expiry. False: *failure,
 * with SPF_CREDENTIALS_MISSING where the profile is there and nobody has configured it.
 */
SPF_MUST_USE
bool spf_config_read(const struct spf_secret *text, const char *name, const char *shown_path,
                     int64_t now, struct spf_credentials *credentials, struct spf_failure *failure);

/* The ini file's section of that name. False: *failure. */
SPF_MUST_USE
bool spf_ini_read(const struct spf_secret *text, const char *section, const char *shown_path,
                  struct spf_credentials *credentials, struct spf_failure *failure);
