#include "cloud/cloud.h"

#include <limits.h>
#include <stdlib.h>

#include "base/json.h"
#include "cloud/aliyun/aliyun.h"
#include "cloud/aliyun/http/endpoint.h"
#include "cloud/aliyun/identity/config_file.h"
#include "cloud/aliyun/policy.h"
#include "cloud/aliyun/select.h"
#include "platform/files.h"

struct spf_cloud {
    struct spf_endpoint endpoints[SPF_CLOUD_ENDPOINTS_MAX];
    struct spf_aliyun_options options;
    struct spf_aliyun *aliyun;
};

struct spf_cloud *spf_cloud_new(struct spf_loop *loop, const struct spf_cloud_options *options)
{
    struct spf_cloud *cloud = calloc(1, sizeof *cloud);
    size_t count = 0;

    if (cloud == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < options->endpoint_count && count < SPF_CLOUD_ENDPOINTS_MAX; i++) {
        if (spf_endpoint_parse(options->endpoints[i], &cloud->endpoints[count]).code == SPF_OK) {
            count++;
        }
    }
    cloud->options = (struct spf_aliyun_options){
        .credentials = {.profile = options->profile,
                        .config_path = options->config_path,
                        .region = options->region,
                        .vpc = options->inside},
        .api = {.ca_file = options->ca_file,
                .endpoints = cloud->endpoints,
                .endpoint_count = count,
                .trace = options->trace,
                .trace_owner = options->trace_owner},
        .listing = options->listing,
    };
    cloud->aliyun = spf_aliyun_new(loop, &cloud->options);
    if (cloud->aliyun == NULL) {
        free(cloud);
        return NULL;
    }
    return cloud;
}

bool spf_cloud_share(struct spf_cloud *cloud, const char *const *ids, size_t count)
{
    return spf_aliyun_share(cloud->aliyun, ids, count);
}

struct spf_error spf_cloud_select(const struct spf_cloud_options *options,
                                  const struct spf_selection *selection, spf_id_list *ids,
                                  struct spf_listing **listing)
{
    struct spf_loop *loop = spf_loop_new();
    struct spf_cloud *cloud = loop != NULL ? spf_cloud_new(loop, options) : NULL;
    struct spf_error error =
        cloud != NULL ? spf_aliyun_select(cloud->aliyun, selection, ids, listing) : spf_no_memory();

    spf_cloud_free(cloud);
    spf_loop_free(loop);
    return error;
}

void spf_cloud_free(struct spf_cloud *cloud)
{
    if (cloud == NULL) {
        return;
    }
    spf_aliyun_free(cloud->aliyun);
    free(cloud);
}

void spf_cloud_serve(struct spf_cloud *cloud, struct spf_inquiry *inquiry, enum spf_group group)
{
    spf_aliyun_serve(cloud->aliyun, inquiry, group);
}

void spf_cloud_cancel(struct spf_cloud *cloud, struct spf_inquiry *inquiry)
{
    spf_aliyun_cancel(cloud->aliyun, inquiry);
}

struct spf_error spf_cloud_endpoint_check(const char *text)
{
    struct spf_endpoint endpoint;

    return spf_endpoint_parse(text, &endpoint);
}

struct spf_error spf_cloud_lookup_check(const char *url, char *host, size_t size)
{
    return spf_lookup_parse(url, host, size);
}

bool spf_cloud_policy(spf_checks checks, bool console, struct spf_buf *out)
{
    return spf_aliyun_policy(checks, console, out);
}

void spf_cloud_profiles(const char *config_path, const char *member,
                        void (*name)(void *owner, const char *value), void *owner)
{
    struct spf_secret *text = NULL;
    struct json_object *root;
    struct json_object *profiles;
    char usual[PATH_MAX];

    if (config_path == NULL && spf_config_path(usual, sizeof usual)) {
        config_path = usual;
    }
    if (config_path == NULL || spf_read_small_file(config_path, &text).code != SPF_OK) {
        return;
    }
    root = spf_json_parse_as_go(spf_secret_text(text), spf_secret_len(text));
    profiles = spf_json_get(root, "profiles");
    for (size_t i = 0; i < spf_json_count(profiles); i++) {
        name(owner, spf_json_text(spf_json_item(profiles, i), member));
    }
    spf_json_wipe(root);
    spf_secret_free(text);
}
