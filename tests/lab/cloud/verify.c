#include "verify.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALGORITHM "ACS3-HMAC-SHA256"

enum { CLOCK_SLACK_S = 15 * 60 };

/* What the Authorization header says; strings owned. */
struct claim {
    char *credential;
    char *signed_headers;
    char *signature;
};

static void hex(const unsigned char *bytes, size_t size, char *text)
{
    for (size_t i = 0; i < size; i++) {
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
}

static void sha256_hex(const char *data, size_t size, char text[65])
{
    unsigned char digest[32];
    EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL);
    hex(digest, sizeof(digest), text);
}

/* "Name=value" at the start of *at; moves past it and the comma. NULL if the name does not fit. */
static char *take_field(const char **at, const char *name)
{
    size_t size = strlen(name);

    if (strncmp(*at, name, size) != 0) {
        return NULL;
    }
    const char *value = *at + size;
    const char *end = value + strcspn(value, ",");
    *at = *end ? end + 1 : end;
    return lab_need(strndup(value, (size_t)(end - value)));
}

static bool parse_claim(const char *header, struct claim *claim)
{
    if (header == NULL || strncmp(header, ALGORITHM " ", strlen(ALGORITHM) + 1) != 0) {
        return false;
    }
    const char *at = header + strlen(ALGORITHM) + 1;
    claim->credential = take_field(&at, "Credential=");
    claim->signed_headers = take_field(&at, "SignedHeaders=");
    claim->signature = take_field(&at, "Signature=");
    return claim->credential != NULL && claim->signed_headers != NULL && claim->signature != NULL &&
           *at == '\0' && strlen(claim->signature) == 64;
}

static int by_name_then_value(const void *a, const void *b)
{
    const struct lab_pair *left = a;
    const struct lab_pair *right = b;
    int order = strcmp(left->name, right->name);
    return order ? order : strcmp(left->value, right->value);
}

static struct lab_pairs sorted(const struct lab_pairs *pairs, bool (*wanted)(const char *name))
{
    struct lab_pairs copy = {0};

    for (size_t i = 0; i < pairs->count; i++) {
        if (wanted == NULL || wanted(pairs->item[i].name)) {
            lab_pairs_add(&copy, pairs->item[i].name, pairs->item[i].value);
        }
    }
    if (copy.count > 0) {
        qsort(copy.item, copy.count, sizeof(copy.item[0]), by_name_then_value);
    }
    return copy;
}

static bool must_be_signed(const char *header)
{
    return strcmp(header, "host") == 0 || strcmp(header, "content-type") == 0 ||
           strncmp(header, "x-acs-", 6) == 0;
}

void lab_percent_encode(FILE *out, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        bool plain = (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') ||
                     (*c >= '0' && *c <= '9') || strchr("-_.~", *c) != NULL;
        fprintf(out, plain ? "%c" : "%%%02X", *c);
    }
}

/* Returns the string to sign; names (freed by the caller) becomes the list of signed headers. */
static char *string_to_sign(const struct lab_request *request, char **names)
{
    struct lab_pairs query = sorted(&request->query, NULL);
    struct lab_pairs headers = sorted(&request->headers, must_be_signed);
    char *canonical = NULL;
    char *list = NULL;
    char *result = NULL;
    char digest[65];
    char body_digest[65];
    size_t size = 0;
    size_t list_size = 0;
    FILE *out = lab_need(open_memstream(&canonical, &size));
    FILE *name_list = lab_need(open_memstream(&list, &list_size));

    fprintf(out, "%s\n%s\n", request->method, request->path);
    for (size_t i = 0; i < query.count; i++) {
        fprintf(out, "%s%s=", i ? "&" : "", query.item[i].name);
        lab_percent_encode(out, query.item[i].value);
    }
    fputc('\n', out);
    for (size_t i = 0; i < headers.count; i++) {
        bool again = i > 0 && strcmp(headers.item[i].name, headers.item[i - 1].name) == 0;
        bool more =
            i + 1 < headers.count && strcmp(headers.item[i].name, headers.item[i + 1].name) == 0;
        if (!again) {
            fprintf(out, "%s:", headers.item[i].name);
        }
        fprintf(out, "%s%s", headers.item[i].value, more ? "," : "\n");
        if (!again) {
            fprintf(name_list, "%s%s", i ? ";" : "", headers.item[i].name);
        }
    }
    fclose(name_list);
    sha256_hex(request->body != NULL ? request->body : "", request->body_size, body_digest);
    fprintf(out, "\n%s\n%s", list, body_digest);
    fclose(out);

    sha256_hex(canonical, size, digest);
    lab_need(asprintf(&result, ALGORITHM "\n%s", digest) < 0 ? NULL : result);
    free(canonical);
    lab_pairs_clear(&query);
    lab_pairs_clear(&headers);
    *names = list;
    return result;
}

static bool signature_fits(const char *secret, const char *text, const char *signature)
{
    unsigned char mac[32];
    unsigned int size = sizeof(mac);
    char expected[65];

    HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)text, strlen(text), mac,
         &size);
    hex(mac, sizeof(mac), expected);
    return CRYPTO_memcmp(expected, signature, 64) == 0;
}

/* "2026-01-02T03:04:05Z", nothing else. */
static bool parse_date(const char *text, time_t *when)
{
    struct tm tm = {0};
    char again[32];
    const char *end = text != NULL ? strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm) : NULL;

    if (end == NULL || *end != '\0') {
        return false;
    }
    *when = timegm(&tm);
    strftime(again, sizeof(again), "%Y-%m-%dT%H:%M:%SZ", &tm);
    return strcmp(again, text) == 0;
}

bool lab_verify_nonce(const char *nonce)
{
    static struct lab_pairs seen;

    if (lab_pairs_get(&seen, nonce) != NULL) {
        return false;
    }
    lab_pairs_add(&seen, nonce, "");
    return true;
}

static bool token_fits(struct json_object *key, const struct lab_request *request,
                       const char *token, struct lab_reply *reply)
{
    const char *expected = lab_text(key, "SecurityToken");
    const char *id = lab_pairs_get(&request->headers, "x-acs-accesskey-id");

    if ((id != NULL && strcmp(id, lab_text(key, "AccessKeyId")) != 0) ||
        (expected[0] == '\0' && token != NULL)) {
        lab_reply_error(reply, request, 400, "InvalidSecurityToken.MismatchWithAccessKey",
                        "Specified SecurityToken mismatch with the AccessKey.");
    } else if (expected[0] != '\0' && token == NULL) {
        lab_reply_error(reply, request, 400, "MissingSecurityToken",
                        "SecurityToken is mandatory for this action.");
    } else if (expected[0] != '\0' && strcmp(token, expected) != 0) {
        lab_reply_error(reply, request, 400, "InvalidSecurityToken.Malformed",
                        "Specified SecurityToken is malformed.");
    } else if (strcmp(lab_text(key, "state"), "expired") == 0) {
        lab_reply_error(reply, request, 400, "InvalidSecurityToken.Expired",
                        "Specified SecurityToken is expired.");
    } else {
        return true;
    }
    return false;
}

bool lab_verify_date(const char *date, const struct lab_request *request, time_t now,
                     struct lab_reply *reply)
{
    time_t when;

    if (!parse_date(date, &when)) {
        lab_reply_error(reply, request, 400, "InvalidTimeStamp.Format",
                        "Specified time stamp or date value is not well formatted.");
        return false;
    }
    if (labs((long)(when - now)) > CLOCK_SLACK_S) {
        lab_reply_error(reply, request, 400, "InvalidTimeStamp.Expired",
                        "Specified time stamp or date value is expired.");
        return false;
    }
    return true;
}

/* What must be there whatever the key is. */
static bool headers_fit(const struct lab_request *request, time_t now, struct lab_reply *reply)
{
    static const char *const required[] = {"host", "x-acs-signature-nonce", "x-acs-content-sha256"};
    const char *date = lab_pairs_get(&request->headers, "x-acs-date");

    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        const char *value = lab_pairs_get(&request->headers, required[i]);
        if (value == NULL || value[0] == '\0') {
            lab_reply_error(reply, request, 400, "MissingParameter",
                            "The header %s is mandatory for this action.", required[i]);
            return false;
        }
    }
    return lab_verify_date(date, request, now, reply);
}

struct json_object *lab_verify_key(const struct lab_world *world, const struct lab_request *request,
                                   const char *id, const char *token, struct lab_reply *reply)
{
    struct json_object *key = lab_world_access_key(world, id);

    if (key == NULL) {
        lab_reply_error(reply, request, 404, "InvalidAccessKeyId.NotFound",
                        "Specified access key is not found.");
        return NULL;
    }
    if (strcmp(lab_text(key, "state"), "inactive") == 0) {
        lab_reply_error(reply, request, 400, "InvalidAccessKeyId.Inactive",
                        "Specified access key is disabled.");
        return NULL;
    }
    return token_fits(key, request, token, reply) ? key : NULL;
}

/* The rules one by one; NULL and the error in reply at the first that is broken. */
static struct json_object *judge(const struct lab_world *world, const struct lab_request *request,
                                 const struct claim *claim, const char *names, const char *text,
                                 time_t now, struct lab_reply *reply)
{
    char body_digest[65];
    struct json_object *key;

    if (!headers_fit(request, now, reply)) {
        return NULL;
    }
    key = lab_verify_key(world, request, claim->credential,
                         lab_pairs_get(&request->headers, "x-acs-security-token"), reply);
    if (key == NULL) {
        return NULL;
    }
    if (strcmp(claim->signed_headers, names) != 0) {
        lab_reply_error(reply, request, 400, "IncompleteSignature",
                        "The signed headers are not those that must be signed: %s", names);
        return NULL;
    }
    sha256_hex(request->body != NULL ? request->body : "", request->body_size, body_digest);
    if (strcmp(lab_pairs_get(&request->headers, "x-acs-content-sha256"), body_digest) != 0 ||
        !signature_fits(lab_text(key, "AccessKeySecret"), text, claim->signature)) {
        lab_reply_error(reply, request, 400, "SignatureDoesNotMatch",
                        "Specified signature is not matched with our calculation. server string "
                        "to sign is:%s",
                        text);
        return NULL;
    }
    if (!lab_verify_nonce(lab_pairs_get(&request->headers, "x-acs-signature-nonce"))) {
        lab_reply_error(reply, request, 400, "SignatureNonceUsed",
                        "Specified signature nonce was used already.");
        return NULL;
    }
    return key;
}

struct json_object *lab_verify(const struct lab_world *world, const struct lab_request *request,
                               time_t now, struct lab_reply *reply)
{
    struct claim claim = {0};
    struct json_object *key = NULL;
    char *names = NULL;
    char *text = string_to_sign(request, &names);

    if (parse_claim(lab_pairs_get(&request->headers, "authorization"), &claim)) {
        key = judge(world, request, &claim, names, text, now, reply);
    } else {
        lab_reply_error(reply, request, 400, "IncompleteSignature",
                        "The request signature does not conform to Aliyun standards.");
    }
    free(claim.credential);
    free(claim.signed_headers);
    free(claim.signature);
    free(names);
    free(text);
    return key;
}
