#include "cloud/aliyun/http/sign.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char algorithm[] = "ACS3-HMAC-SHA256";

static void to_hex(const unsigned char *bytes, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

bool spf_sha256_hex(const void *bytes, size_t len, char out[65])
{
    unsigned char digest[32];
    size_t digest_len = sizeof digest;

    if (EVP_Q_digest(NULL, "SHA256", NULL, bytes, len, digest, &digest_len) != 1) {
        return false;
    }
    to_hex(digest, sizeof digest, out);
    return true;
}

void spf_sign_add_encoded(struct spf_buf *buf, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c < 0x80 && isalnum(c)) || strchr("-_.~", c) != NULL) {
            spf_buf_addch(buf, *text);
        } else {
            spf_buf_addf(buf, "%%%02X", c);
        }
    }
}

static int by_name(const void *left, const void *right)
{
    const struct spf_sign_pair *a = left;
    const struct spf_sign_pair *b = right;

    return strcmp(a->name, b->name);
}

/* Header names are compared in lower case. */
static int by_header(const void *left, const void *right)
{
    const struct spf_sign_pair *a = left;
    const struct spf_sign_pair *b = right;

    return strcasecmp(a->name, b->name);
}

void spf_sign_add_query(struct spf_buf *buf, const struct spf_sign_pair *query, size_t count)
{
    struct spf_sign_pair sorted[SPF_SIGN_MAX];

    if (count > SPF_SIGN_MAX) {
        buf->failed = true;
        return;
    }
    if (count > 0) {
        memcpy(sorted, query, count * sizeof *query);
    }
    qsort(sorted, count, sizeof *sorted, by_name);
    for (size_t i = 0; i < count; i++) {
        spf_buf_addf(buf, "%s%s=", i > 0 ? "&" : "", sorted[i].name);
        spf_sign_add_encoded(buf, sorted[i].value);
    }
}

static bool is_signed(const char *name)
{
    return strcasecmp(name, "host") == 0 || strcasecmp(name, "content-type") == 0 ||
           strncasecmp(name, "x-acs-", 6) == 0;
}

static size_t pick_headers(const struct spf_sign_request *request, struct spf_sign_pair *picked)
{
    size_t count = 0;

    for (size_t i = 0; i < request->header_count; i++) {
        if (is_signed(request->headers[i].name)) {
            picked[count++] = request->headers[i];
        }
    }
    qsort(picked, count, sizeof *picked, by_header);
    return count;
}

static void add_lower(struct spf_buf *buf, const char *name)
{
    for (; *name != '\0'; name++) {
        spf_buf_addch(buf, (char)tolower((unsigned char)*name));
    }
}

/* A digest under way; its failure sticks. */
struct hashing {
    EVP_MD_CTX *digest;
    bool failed;
};

static void hash(struct hashing *hashing, const void *bytes, size_t len)
{
    hashing->failed |= EVP_DigestUpdate(hashing->digest, bytes, len) != 1;
}

static void hash_trimmed(struct hashing *hashing, const char *value)
{
    size_t len;

    value += strspn(value, " \t\r\n");
    len = strlen(value);
    while (len > 0 && strchr(" \t\r\n", value[len - 1]) != NULL) {
        len--;
    }
    hash(hashing, value, len);
}

/* name:value; the token is one of these values. */
static void hash_headers(struct hashing *hashing, const struct spf_sign_pair *headers, size_t count,
                         struct spf_buf *names)
{
    for (size_t i = 0; i < count; i++) {
        size_t before = names->len;

        if (i > 0) {
            spf_buf_addch(names, ';');
            before = names->len;
        }
        add_lower(names, headers[i].name);
        hash(hashing, names->data + before, names->len - before);
        hash(hashing, ":", 1);
        hash_trimmed(hashing, headers[i].value);
        hash(hashing, "\n", 1);
    }
}

static const char *content_hash(const struct spf_sign_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, "x-acs-content-sha256") == 0) {
            return request->headers[i].value;
        }
    }
    return "";
}

/* Hashes the canonical request; names becomes the list of signed headers. */
static bool canonical(const struct spf_sign_request *request, EVP_MD_CTX *digest,
                      struct spf_buf *names)
{
    struct spf_sign_pair headers[SPF_SIGN_MAX];
    const char *payload = content_hash(request);
    struct hashing hashing = {digest, EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1};
    struct spf_buf head;
    size_t count = pick_headers(request, headers);
    bool ok;

    spf_buf_init(&head, (size_t)1 << 20);
    spf_buf_addf(&head, "%s\n/\n",
                 request->method); /* an endpoint has no other path (endpoint.c) */
    spf_sign_add_query(&head, request->query, request->query_count);
    spf_buf_addch(&head, '\n');
    hash(&hashing, head.data, head.len);
    hash_headers(&hashing, headers, count, names);
    hash(&hashing, "\n", 1);
    hash(&hashing, names->data, names->len);
    hash(&hashing, "\n", 1);
    hash(&hashing, payload, strlen(payload));
    ok = !hashing.failed && !spf_buf_failed(&head) && !spf_buf_failed(names);
    spf_buf_clear(&head);
    return ok;
}

/* The key's code over the digest of the request, which string_to_sign becomes. */
static bool make_code(const struct spf_sign_request *request, const struct spf_secret *secret,
                      struct spf_buf *names, char string_to_sign[SPF_SIGN_TEXT_SIZE],
                      char hex[2 * EVP_MAX_MD_SIZE + 1])
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    bool ok = digest != NULL && canonical(request, digest, names) &&
              EVP_DigestFinal_ex(digest, bytes, &len) == 1;

    EVP_MD_CTX_free(digest);
    if (!ok) {
        return false;
    }
    memcpy(string_to_sign, algorithm, sizeof algorithm);
    string_to_sign[sizeof algorithm - 1] = '\n';
    to_hex(bytes, 32, string_to_sign + sizeof algorithm);
    if (HMAC(EVP_sha256(), spf_secret_text(secret), (int)spf_secret_len(secret),
             (const unsigned char *)string_to_sign, strlen(string_to_sign), bytes, &len) == NULL) {
        return false;
    }
    to_hex(bytes, len, hex);
    return true;
}

bool spf_sign(const struct spf_sign_request *request, const char *key_id,
              const struct spf_secret *secret, struct spf_buf *authorization,
              char string_to_sign[SPF_SIGN_TEXT_SIZE])
{
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    struct spf_buf names;
    bool ok;

    spf_buf_init(&names, 16384);
    ok = request->header_count <= SPF_SIGN_MAX &&
         make_code(request, secret, &names, string_to_sign, hex);
    if (ok) {
        spf_buf_addf(authorization, "%s Credential=%s,SignedHeaders=%s,Signature=%s", algorithm,
                     key_id, names.data, hex);
    }
    spf_buf_clear(&names);
    return ok && !spf_buf_failed(authorization);
}
