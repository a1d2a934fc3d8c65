#include "legacy.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

void lab_legacy_open(struct lab_request *request)
{
    const char *action = lab_request_param(request, "Action");
    const char *version = lab_request_param(request, "Version");

    if (lab_pairs_get(&request->headers, "x-acs-action") != NULL || action == NULL ||
        version == NULL) {
        return;
    }
    lab_pairs_add(&request->headers, "x-acs-action", action);
    lab_pairs_add(&request->headers, "x-acs-version", version);
}

bool lab_legacy_is_signed(const struct lab_request *request)
{
    return lab_request_param(request, "Signature") != NULL &&
           lab_pairs_get(&request->headers, "authorization") == NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct lab_pair *)a)->name, ((const struct lab_pair *)b)->name);
}

/* METHOD&%2F& and the sorted parameters, encoded once more. The caller frees it. */
static char *string_to_sign(const struct lab_request *request)
{
    const struct lab_pairs *const lists[] = {&request->query, &request->form};
    struct lab_pairs all = {0};
    char *query = NULL;
    char *text = NULL;
    size_t size = 0;
    size_t text_size = 0;
    FILE *out = lab_need(open_memstream(&query, &size));

    for (size_t list = 0; list < 2; list++) {
        for (size_t i = 0; i < lists[list]->count; i++) {
            if (strcmp(lists[list]->item[i].name, "Signature") != 0) {
                lab_pairs_add(&all, lists[list]->item[i].name, lists[list]->item[i].value);
            }
        }
    }
    if (all.count > 0) {
        qsort(all.item, all.count, sizeof(all.item[0]), by_name);
    }
    for (size_t i = 0; i < all.count; i++) {
        fputs(i ? "&" : "", out);
        lab_percent_encode(out, all.item[i].name);
        fputc('=', out);
        lab_percent_encode(out, all.item[i].value);
    }
    fclose(out);
    lab_pairs_clear(&all);
    out = lab_need(open_memstream(&text, &text_size));
    fprintf(out, "%s&%%2F&", request->method);
    lab_percent_encode(out, query);
    fclose(out);
    free(query);
    return text;
}

static bool signature_fits(const char *secret, const char *text, const char *signature)
{
    unsigned char mac[20];
    unsigned char expected[29];
    unsigned int size = sizeof(mac);
    char *key = NULL;

    lab_need(asprintf(&key, "%s&", secret) < 0 ? NULL : key);
    HMAC(EVP_sha1(), key, (int)strlen(key), (const unsigned char *)text, strlen(text), mac, &size);
    free(key);
    EVP_EncodeBlock(expected, mac, sizeof(mac));
    return strlen(signature) == 28 && CRYPTO_memcmp(expected, signature, 28) == 0;
}

struct json_object *lab_legacy_verify(const struct lab_world *world,
                                      const struct lab_request *request, time_t now,
                                      struct lab_reply *reply)
{
    static const char *const required[] = {"AccessKeyId", "SignatureNonce", "Timestamp"};
    const char *method = lab_request_param(request, "SignatureMethod");
    struct json_object *key;
    char *text;

    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (lab_request_param(request, required[i]) == NULL) {
            lab_reply_error(reply, request, 400, "MissingParameter",
                            "The input parameter \"%s\" that is mandatory for processing this "
                            "request is not supplied.",
                            required[i]);
            return NULL;
        }
    }
    if (method == NULL || strcmp(method, "HMAC-SHA1") != 0) {
        lab_reply_error(reply, request, 400, "IncompleteSignature",
                        "The request signature does not conform to Aliyun standards.");
        return NULL;
    }
    if (!lab_verify_date(lab_request_param(request, "Timestamp"), request, now, reply)) {
        return NULL;
    }
    key = lab_verify_key(world, request, lab_request_param(request, "AccessKeyId"),
                         lab_request_param(request, "SecurityToken"), reply);
    if (key == NULL) {
        return NULL;
    }
    text = string_to_sign(request);
    if (!signature_fits(lab_text(key, "AccessKeySecret"), text,
                        lab_request_param(request, "Signature"))) {
        lab_reply_error(reply, request, 400, "SignatureDoesNotMatch",
                        "Specified signature is not matched with our calculation. server string "
                        "to sign is:%s",
                        text);
        key = NULL;
    } else if (!lab_verify_nonce(lab_request_param(request, "SignatureNonce"))) {
        lab_reply_error(reply, request, 400, "SignatureNonceUsed",
                        "Specified signature nonce was used already.");
        key = NULL;
    }
    free(text);
    return key;
}
