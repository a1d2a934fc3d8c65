#include "cloud/aliyun/identity/metadata.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define CONNECT_MS 1000 /* it is on this link, or not there */

static const char security_credentials[] = "/latest/meta-data/ram/security-credentials/";

struct spf_metadata {
    struct spf_transfers *transfers;
    const char *url;
    const char *role;
    unsigned timeout_ms;
    spf_metadata_key_done *done;
    spf_metadata_region_done *region_done;
    void *owner;
    struct spf_fetch *fetch;
    struct spf_secret *token;
};

static bool ask(struct spf_metadata *metadata, const char *method, const char *path,
                const char *name, spf_fetch_done *done)
{
    struct spf_fetch_request request = {.method = method,
                                        .connect_ms = CONNECT_MS,
                                        .timeout_ms = metadata->timeout_ms,
                                        .direct = true};
    char url[600];

    spf_format(url, sizeof url, "%s%s%s",
               metadata->url != NULL ? metadata->url : "http://100.100.100.200", path, name);
    request.url = url;
    if (strcmp(method, "PUT") == 0) {
        request.header = "X-aliyun-ecs-metadata-token-ttl-seconds: 21600";
    } else if (metadata->token != NULL) {
        request.header = "X-aliyun-ecs-metadata-token: ";
        request.secret = metadata->token;
    }
    metadata->fetch = spf_fetch_start(metadata->transfers, &request, done, metadata);
    return metadata->fetch != NULL;
}

/* Nothing of the service is touched after done: it may have been freed. */
static void key_told(void *owner, long status, const struct spf_secret *reply, const char *error)
{
    struct spf_metadata *metadata = owner;

    metadata->fetch = NULL;
    if (status == 200) {
        metadata->done(metadata->owner, reply, NULL);
    } else {
        metadata->done(metadata->owner, NULL, status == 0 ? error : "it has no key for the role");
    }
}

static void ask_key(struct spf_metadata *metadata, const char *role)
{
    if (!ask(metadata, "GET", security_credentials, role, key_told)) {
        metadata->done(metadata->owner, NULL, NULL);
    }
}

static void role_told(void *owner, long status, const struct spf_secret *reply, const char *error)
{
    struct spf_metadata *metadata = owner;
    const char *text = spf_secret_text(reply);
    size_t len = strcspn(text, "\r\n");
    char name[140];

    metadata->fetch = NULL;
    if (status != 200 || strlen(text) != spf_secret_len(reply) || len == 0 || len >= sizeof name ||
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") < len) {
        metadata->done(metadata->owner, NULL, status == 0 ? error : "no role is attached");
        return;
    }
    spf_format(name, sizeof name, "%.*s", (int)len, text);
    ask_key(metadata, name);
}

/* Printable ASCII without blanks? */
static bool is_one_word(const struct spf_secret *text)
{
    const char *bytes = spf_secret_text(text);

    for (size_t i = 0; i < spf_secret_len(text); i++) {
        if (bytes[i] <= ' ' || bytes[i] > '~') {
            return false;
        }
    }
    return spf_secret_len(text) > 0;
}

/* Why the session token's reply is the end; NULL: it is not. The token goes into a header. */
static const char *token_trouble(long status, const struct spf_secret *reply, const char *error)
{
    const char *hardened = getenv("ALIBABA_CLOUD_IMDSV1_DISABLED");

    if (status == 0) {
        return error;
    }
    if (status == 200) {
        return is_one_word(reply) ? NULL : "its token is no word";
    }
    return hardened != NULL && spf_same_word(hardened, "true")
               ? "it gives no token, and ALIBABA_CLOUD_IMDSV1_DISABLED forbids to ask without one"
               : NULL;
}

static void token_told(void *owner, long status, const struct spf_secret *reply, const char *error)
{
    struct spf_metadata *metadata = owner;
    const char *trouble = token_trouble(status, reply, error);

    metadata->fetch = NULL;
    if (trouble != NULL) {
        metadata->done(metadata->owner, NULL, trouble);
        return;
    }
    if (status == 200) {
        metadata->token = spf_secret_new(spf_secret_text(reply), spf_secret_len(reply));
    }
    if (status == 200 && metadata->token == NULL) {
        metadata->done(metadata->owner, NULL, NULL);
    } else if (metadata->role[0] != '\0') {
        ask_key(metadata, metadata->role);
    } else if (!ask(metadata, "GET", security_credentials, "", role_told)) {
        metadata->done(metadata->owner, NULL, NULL);
    }
}

struct spf_metadata *spf_metadata_start(struct spf_transfers *transfers, const char *url,
                                        unsigned timeout_ms, const char *role,
                                        spf_metadata_key_done *done, void *owner)
{
    struct spf_metadata *metadata = calloc(1, sizeof *metadata);

    if (metadata == NULL) {
        return NULL;
    }
    *metadata = (struct spf_metadata){.transfers = transfers,
                                      .url = url,
                                      .role = role,
                                      .timeout_ms = timeout_ms,
                                      .done = done,
                                      .owner = owner};
    if (!ask(metadata, "PUT", "/latest/api/token", "", token_told)) {
        spf_metadata_free(metadata);
        return NULL;
    }
    return metadata;
}

static void region_told(void *owner, long status, const struct spf_secret *reply, const char *error)
{
    struct spf_metadata *metadata = owner;
    const char *text = spf_secret_text(reply);
    size_t len = strcspn(text, "\r\n");
    char region[64];
    bool known = status == 200 && len > 0 && len < sizeof region &&
                 strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") >= len;

    (void)error;
    metadata->fetch = NULL;
    spf_format(region, sizeof region, "%.*s", known ? (int)len : 0, text);
    metadata->region_done(metadata->owner, known ? region : NULL, false);
}

void spf_metadata_ask_region(struct spf_metadata *metadata, spf_metadata_region_done *done)
{
    metadata->region_done = done;
    if (!ask(metadata, "GET", "/latest/meta-data/region-id", "", region_told)) {
        done(metadata->owner, NULL, true);
    }
}

void spf_metadata_free(struct spf_metadata *metadata)
{
    if (metadata == NULL) {
        return;
    }
    if (metadata->fetch != NULL) {
        spf_fetch_cancel(metadata->fetch);
    }
    spf_secret_free(metadata->token);
    free(metadata);
}
