#include "cloud/aliyun/http/endpoint.h"

#include <curl/urlapi.h>
#include <stddef.h>
#include <string.h>

#include "base/ip.h"
#include "base/language.h"
#include "base/text.h"

const char *spf_api_version(const char *product)
{
    if (strcmp(product, "ecs") == 0) {
        return "2014-05-26";
    }
    if (strcmp(product, "vpc") == 0) {
        return "2016-04-28";
    }
    return strcmp(product, "sts") == 0 ? "2015-04-01" : NULL;
}

static bool is_loopback(const char *host)
{
    static const char *const blocks[] = {"127.0.0.0/8", "::1/128"};
    struct spf_cidr block;
    struct spf_ip ip;

    if (spf_same_word(host, "localhost")) {
        return true;
    }
    for (size_t i = 0; spf_ip_parse(host, &ip) && i < sizeof blocks / sizeof *blocks; i++) {
        if (spf_cidr_parse(blocks[i], &block) && spf_cidr_holds(&block, &ip)) {
            return true;
        }
    }
    return false;
}

/* Takes the parts of a URL; what an API endpoint has not (user, query, path) is refused. */
static struct spf_error take_url(CURLU *url, struct spf_endpoint *endpoint)
{
    static const CURLUPart unwanted[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY,
                                         CURLUPART_FRAGMENT};
    char *scheme = NULL;
    char *host = NULL;
    char *port = NULL;
    char *path = NULL;
    char *extra = NULL;
    struct spf_error error =
        spf_error(SPF_ERR_USAGE, N_("not an endpoint: give https://HOST[:PORT]"));
    char bare[256];
    size_t len;

    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++) {
        if (curl_url_get(url, unwanted[i], &extra, 0) == CURLUE_OK) {
            curl_free(extra);
            return error;
        }
    }
    if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_PATH, &path, 0) != CURLUE_OK || strcmp(path, "/") != 0) {
        goto out;
    }
    (void)curl_url_get(url, CURLUPART_PORT, &port, CURLU_NO_DEFAULT_PORT);

    len = strlen(host);
    if (host[0] == '[' && len > 2 && len < sizeof bare) {
        memcpy(bare, host + 1, len - 2);
        bare[len - 2] = '\0';
    } else if (!spf_copy_whole(bare, sizeof bare, host)) {
        goto out;
    }
    if (strcmp(scheme, "https") != 0 && !(strcmp(scheme, "http") == 0 && is_loopback(bare))) {
        error =
            spf_error(SPF_ERR_USAGE, N_("an endpoint must be https (http is for loopback only)"));
        goto out;
    }
    if (spf_format_whole(endpoint->host, sizeof endpoint->host, "%s%s%s", host,
                         port != NULL ? ":" : "", port != NULL ? port : "") &&
        spf_format_whole(endpoint->url, sizeof endpoint->url, "%s://%s", scheme, endpoint->host)) {
        error = spf_ok();
    }
out:
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(path);
    return error;
}

struct spf_error spf_endpoint_parse(const char *text, struct spf_endpoint *endpoint)
{
    const char *equals = strchr(text, '=');
    const char *colon = strchr(text, ':');
    struct spf_error error;
    CURLU *url = curl_url();

    if (url == NULL) {
        return spf_no_memory();
    }
    memset(endpoint, 0, sizeof *endpoint);
    error = spf_error(SPF_ERR_USAGE, N_("unknown product before \"=\": ecs, vpc or sts"));
    if (equals != NULL && (colon == NULL || equals < colon)) {
        size_t len = (size_t)(equals - text);

        if (len < sizeof endpoint->product) {
            memcpy(endpoint->product, text, len);
        }
        text = equals + 1;
        if (spf_api_version(endpoint->product) == NULL) {
            goto out;
        }
    }
    error = spf_error(SPF_ERR_USAGE, N_("not an endpoint: give https://HOST[:PORT]"));
    /* a curl that speaks no FTP says as little against its URL as one that does */
    if (curl_url_set(url, CURLUPART_URL, text, CURLU_DEFAULT_SCHEME | CURLU_NON_SUPPORT_SCHEME) ==
        CURLUE_OK) {
        error = take_url(url, endpoint);
    }
out:
    curl_url_cleanup(url);
    return error;
}

struct spf_error spf_endpoint_configured(const char *text, struct spf_endpoint *endpoint)
{
    static const char domain[] = ".aliyuncs.com";
    struct spf_error error = strchr(text, '=') == NULL
                                 ? spf_endpoint_parse(text, endpoint)
                                 : spf_error(SPF_ERR_USAGE, "not an endpoint: give a host");
    size_t len = strlen(endpoint->host);
    size_t word = strcspn(endpoint->host, ".-");

    if (error.code != SPF_OK || len <= strlen(domain) ||
        strcmp(endpoint->host + len - strlen(domain), domain) != 0 ||
        word >= sizeof endpoint->product) {
        return error;
    }
    memcpy(endpoint->product, endpoint->host, word);
    endpoint->product[word] = '\0';
    if (spf_api_version(endpoint->product) == NULL) {
        endpoint->product[0] = '\0';
    }
    return error;
}

struct spf_error spf_endpoint_of_sts(const char *text, struct spf_endpoint *endpoint)
{
    char host[280];
    size_t len;

    text += strspn(text, " \t\r\n");
    if (spf_starts_with(text, "https://")) {
        text += strlen("https://");
    }
    if (spf_starts_with(text, "http://")) {
        text += strlen("http://");
    }
    len = strlen(text);
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL) {
        len--;
    }
    if (len > 0 && text[len - 1] == '/') {
        len--;
    }
    if (!spf_format_whole(host, sizeof host, "%.*s", (int)len, text)) {
        return spf_error(SPF_ERR_USAGE, "not an endpoint: it is too long");
    }
    return spf_endpoint_configured(host, endpoint);
}

struct spf_error spf_lookup_parse(const char *text, char *host, size_t size)
{
    static const CURLUPart unwanted[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_FRAGMENT};
    CURLU *url = strlen(text) < 300 ? curl_url() : NULL;
    char *scheme = NULL;
    char *name = NULL;
    char *extra = NULL;
    bool good = url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_HOST, &name, 0) == CURLUE_OK &&
                strcmp(scheme, "https") == 0 && spf_copy_whole(host, size, name);

    for (size_t i = 0; good && i < sizeof unwanted / sizeof *unwanted; i++) {
        if (curl_url_get(url, unwanted[i], &extra, 0) == CURLUE_OK) {
            curl_free(extra);
            good = false;
        }
    }
    curl_free(scheme);
    curl_free(name);
    curl_url_cleanup(url);
    return good ? spf_ok() : spf_error(SPF_ERR_USAGE, "give lookup:https://HOST/PATH");
}

bool spf_endpoint_of(const char *product, const char *region, bool vpc,
                     struct spf_endpoint *endpoint)
{
    static const char *const central[] = {"cn-hangzhou-finance", "cn-north-2-gov-1"};
    /* Regions without an sts of their own, by the provider's table of endpoints. */
    static const char *const without_sts[] = {
        "ap-south-1",       "ap-southeast-2", "ap-southeast-6", "cn-heyuan-acdr-1",
        "cn-zhengzhou-jva", "cn-zhongwei",    "us-southeast-1"};
    bool by_region = region[0] != '\0', sts = strcmp(product, "sts") == 0;

    if (strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(region) ||
        strlen(region) > 40 || region[0] == '-') {
        return false;
    }
    for (size_t i = 0; i < sizeof central / sizeof *central; i++) {
        if (strcmp(region, central[i]) == 0) {
            by_region = false;
        }
    }
    for (size_t i = 0; sts && i < sizeof without_sts / sizeof *without_sts; i++) {
        if (strcmp(region, without_sts[i]) == 0) {
            by_region = false;
        }
    }
    if (sts && !vpc && strcmp(region, "cn-shenzhen-finance-1") == 0) {
        by_region = false;
    }
    spf_copy(endpoint->product, sizeof endpoint->product, product);
    spf_format(endpoint->host, sizeof endpoint->host, "%s%s%s%s.aliyuncs.com", product,
               by_region && vpc ? "-vpc" : "", by_region ? "." : "", by_region ? region : "");
    spf_format(endpoint->url, sizeof endpoint->url, "https://%s", endpoint->host);
    return true;
}

const char *spf_region_hint(const char *instance_id)
{
    static const struct {
        char mark[3];
        const char *region;
    } hints[] = {
        {"bp", "cn-hangzhou"},    {"2z", "cn-beijing"},     {"uf", "cn-shanghai"},
        {"wz", "cn-shenzhen"},    {"j6", "cn-hongkong"},    {"t4", "ap-southeast-1"},
        {"8v", "cn-zhangjiakou"}, {"m5", "cn-qingdao"},     {"0j", "cn-wulanchabu"},
        {"5t", "ap-southeast-6"}, {"gw", "eu-central-1"},   {"hp", "cn-huhehaote"},
        {"2v", "cn-chengdu"},     {"f8", "cn-heyuan"},      {"7x", "cn-guangzhou"},
        {"6w", "ap-northeast-1"}, {"mj", "ap-northeast-2"}, {"8p", "ap-southeast-3"},
        {"k1", "ap-southeast-5"}, {"p0", "ap-southeast-2"}, {"a2", "ap-south-1"},
        {"rj", "us-west-1"},      {"0x", "us-east-1"},      {"d7", "eu-west-1"},
        {"eb", "me-east-1"},
    };

    if (strncmp(instance_id, "i-", 2) != 0 || strlen(instance_id) < 10) {
        return "";
    }
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        if (strncmp(instance_id + 2, hints[i].mark, 2) == 0) {
            return hints[i].region;
        }
    }
    return "";
}
