#ifndef SPF_CLOUD_ALIYUN_CONFIG_FILE_H
#define SPF_CLOUD_ALIYUN_CONFIG_FILE_H

#include <json-c/json.h>

#include "base/error.h"
#include "base/secret.h"
#include "cloud/aliyun/api.h"
#include "pipeline/facts.h"

/* The aliyun CLI's ~/.aliyun/config.json: {"current": NAME, "profiles": [{"name", "mode", …}]}. */

/* Reads a regular file of at most 1 MiB. */
SPF_MUST_USE struct spf_error spf_read_small_file(const char *path, struct spf_secret **text);

/*
 * The profile of that name (NULL: the current one) out of the file's text; borrowed from *root,
 * which the caller gives to spf_config_put. NULL: *failure says why.
 */
struct json_object *spf_config_profile(const struct spf_secret *text, const char *name,
                                       const char *shown_path, struct json_object **root,
                                       struct spf_failure *failure);

/* Overwrites every string before the memory is given back. Takes NULL. */
void spf_config_put(struct json_object *root);

/* The mode, spelled as the CLI does; guessed from the members where it is empty. Static text or
 * borrowed. */
const char *spf_config_mode(struct json_object *profile);

/* Fuzzing and tests: profile → key. False: *failure. */
bool spf_config_key(struct json_object *profile, struct spf_api_key *key,
                    struct spf_failure *failure);

#endif
