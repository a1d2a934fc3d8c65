#include "cloud/aliyun/client.h"

struct spf_api *spf_aliyun_api(struct spf_aliyun *aliyun)
{
    if (aliyun->api == NULL) {
        aliyun->api = spf_api_new(aliyun->loop, &aliyun->options->api);
    }
    /* The credentials were found before the first call, and with them where to call. */
    if (aliyun->api != NULL) {
        spf_api_endpoints(aliyun->api)->configured = &aliyun->credentials.places;
    }
    return aliyun->api;
}
