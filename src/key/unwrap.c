#include "key/unwrap.h"

#include <ctype.h>
#include <limits.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <string.h>

#include "key/material.h"

#define BIT(damage) (1u << SPF_DAMAGE_##damage)

size_t spf_der_tags(struct spf_bytes der, int tags[9], unsigned *first_integer)
{
    const unsigned char *p = der.at, *end;
    long len;
    int tag, class;
    size_t count = 0;

    if (der.len < 8 || der.len > LONG_MAX || der.at[0] != 0x30)
        return 0;
    ERR_set_mark();
    if (ASN1_get_object(&p, &len, &tag, &class, (long)der.len) & 0x80)
        len = 0;
    for (end = p + len; p < end && count < 9; p += len, count++) {
        if (ASN1_get_object(&p, &len, &tag, &class, end - p) & 0x80)
            break;
        tags[count] = tag;
        if (count == 0)
            *first_integer = tag == V_ASN1_INTEGER && len == 1 ? *p : UINT_MAX;
    }
    ERR_pop_to_mark();
    return count;
}

const char *spf_der_label(struct spf_bytes der)
{
    int tags[9] = {0};
    unsigned version = UINT_MAX;
    size_t count = spf_der_tags(der, tags, &version);

    if (count == 2 && tags[0] == V_ASN1_SEQUENCE && tags[1] == V_ASN1_OCTET_STRING)
        return "ENCRYPTED PRIVATE KEY";
    if (count >= 3 && version <= 1 && tags[1] == V_ASN1_SEQUENCE && tags[2] == V_ASN1_OCTET_STRING)
        return "PRIVATE KEY";
    if (count >= 2 && version == 1 && tags[1] == V_ASN1_OCTET_STRING)
        return "EC PRIVATE KEY";
    if (version == 0 && count == 9 && tags[8] == V_ASN1_INTEGER)
        return "RSA PRIVATE KEY";
    if (version == 0 && count == 6 && tags[5] == V_ASN1_INTEGER)
        return "DSA PRIVATE KEY";
    return NULL;
}

/* The bytes if all of the text is base64, in lines or not; NULL else. */
static struct spf_secret *all_base64(struct spf_bytes text)
{
    struct spf_secret *decoded = spf_secret_alloc(text.len);
    long len = -1;

    if (decoded)
        len =
            spf_base64_decode((const char *)text.at, text.len, spf_secret_bytes(decoded), text.len);
    if (len < 32) {
        spf_secret_free(decoded);
        return NULL;
    }
    spf_secret_truncate(decoded, (size_t)len);
    return decoded;
}

static bool set_clean(struct spf_key_text *text, const char *label, struct spf_bytes bytes,
                      unsigned damage)
{
    text->clean = spf_pem_text(label, "", bytes, strstr(label, "OPENSSH") ? 68 : 64);
    text->damage = damage;
    return text->clean != NULL;
}

/* Base64 around a whole file, as CI systems like it. */
static bool unwrap_file(struct spf_bytes inner, struct spf_key_text *text)
{
    struct spf_key_text deeper = {0};

    if (!spf_key_text_clean(inner, &deeper))
        return false;
    if (deeper.clean) {
        *text = deeper;
        text->damage |= BIT(ESCAPED);
        text->escape = "all of it is base64 once more";
    }
    return true;
}

bool spf_key_unwrap(struct spf_bytes file, struct spf_key_text *text)
{
    static const char openssh[] = "openssh-key-v1";
    const char *label = spf_der_label(file);
    struct spf_secret *inner;
    struct spf_bytes bytes;
    bool good;

    if (label)
        return set_clean(text, label, file, BIT(BINARY));
    inner = all_base64(file);
    if (!inner)
        return true;
    bytes = spf_secret_view(inner);
    label = spf_der_label(bytes);
    if (!label && memcmp(bytes.at, openssh, sizeof openssh) == 0)
        label = "OPENSSH PRIVATE KEY";
    good = label ? set_clean(text, label, bytes, BIT(HEADER)) : unwrap_file(bytes, text);
    spf_secret_free(inner);
    return good;
}
