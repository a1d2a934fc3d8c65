#include "cloud/aliyun/http/signed_request.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

static const char empty_sha256[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/* Headers hold the token: curl's copies are wiped before they are freed. */
static void wipe_headers(struct curl_slist *list)
{
    for (struct curl_slist *item = list; item != NULL; item = item->next) {
        explicit_bzero(item->data, strlen(item->data));
    }
    curl_slist_free_all(list);
}

static bool make_nonce(char nonce[33])
{
    unsigned char bytes[16];

    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        spf_format(nonce + 2 * i, 3, "%02x", bytes[i]);
    }
    return true;
}

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
    struct curl_slist *longer;
    struct spf_secret *line;
    size_t len = strlen(name) + strlen(value) + 3;

    line = spf_secret_alloc(len);
    if (line == NULL) {
        return false;
    }
    spf_format((char *)spf_secret_bytes(line), len, "%s: %s", name, value);
    longer = curl_slist_append(*list, spf_secret_text(line));
    spf_secret_free(line);
    if (longer == NULL) {
        return false;
    }
    *list = longer;
    return true;
}

/* The parameters as a form; what encoding leaves behind is wiped. */
static bool make_form(const struct spf_request_to_sign *request, struct spf_signed_request *out)
{
    struct spf_buf buf;

    spf_buf_init(&buf, (size_t)1 << 20);
    spf_sign_add_query(&buf, request->params, request->param_count);
    if (!spf_buf_failed(&buf)) {
        out->form_body = spf_secret_new(buf.data, buf.len);
    }
    explicit_bzero(buf.data, buf.len);
    spf_buf_clear(&buf);
    return out->form_body != NULL;
}

/* A header without value keeps curl from sending it: what is not signed is not sent. */
static bool drop_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer != NULL) {
        *list = longer;
    }
    return longer != NULL;
}

bool spf_signed_request_make(const struct spf_request_to_sign *what, struct spf_signed_request *out)
{
    const struct spf_api_key *key = what->key;
    char date[SPF_UTC_SIZE];
    char nonce[33];
    char body_hash[65];
    struct spf_sign_pair headers[10] = {
        {"host", what->host},
        {"x-acs-action", what->action},
        {"x-acs-version", what->version},
        {"x-acs-date", date},
        {"x-acs-signature-nonce", nonce},
        {"x-acs-content-sha256", empty_sha256},
    };
    struct spf_sign_request request = {"POST", what->params, what->param_count, headers, 6};
    struct spf_buf authorization;
    bool ok = make_nonce(nonce);

    spf_utc_format(spf_utc_now(), date);
    if (what->form) {
        ok = ok && make_form(what, out) &&
             spf_sha256_hex(spf_secret_text(out->form_body), spf_secret_len(out->form_body),
                            body_hash);
        headers[5].value = body_hash;
        headers[request.header_count++] =
            (struct spf_sign_pair){"content-type", "application/x-www-form-urlencoded"};
        request.query_count = 0;
    }
    if (key->token != NULL) {
        headers[request.header_count++] = (struct spf_sign_pair){"x-acs-accesskey-id", key->id};
        headers[request.header_count++] =
            (struct spf_sign_pair){"x-acs-security-token", spf_secret_text(key->token)};
    }
    for (size_t i = 1; ok && i < request.header_count; i++) {
        ok = add_header(&out->headers, headers[i].name, headers[i].value);
    }
    ok = ok && add_header(&out->headers, "accept", "application/json");

    spf_buf_init(&authorization, 4096);
    if (ok && key->id[0] != '\0') {
        ok = spf_sign(&request, key->id, key->secret, &authorization, out->string_to_sign) &&
             add_header(&out->headers, "authorization", authorization.data);
    }
    spf_buf_clear(&authorization);
    return ok && (what->form || drop_header(&out->headers, "Content-Type:")) &&
           drop_header(&out->headers, "Expect:");
}

void spf_signed_request_clear(struct spf_signed_request *request)
{
    spf_secret_free(request->form_body);
    request->form_body = NULL;
    wipe_headers(request->headers);
    request->headers = NULL;
}
