#include "key/der.h"

#include <limits.h>
#include <openssl/asn1.h>
#include <openssl/err.h>

#include "base/shortage.h"

size_t spf_der_tags(struct spf_bytes der, int tags[9], unsigned *first_integer)
{
    const unsigned char *p = der.at;
    const unsigned char *end;
    long len;
    int tag;
    int class;
    size_t count = 0;

    if (der.len < 8 || der.at[0] != 0x30) {
        return 0;
    }
    ERR_set_mark();
    if (ASN1_get_object(&p, &len, &tag, &class, (long)der.len) & 0x80) {
        len = 0;
    }
    for (end = p + len; p < end && count < 9; p += len, count++) {
        if (ASN1_get_object(&p, &len, &tag, &class, (long)(end - p)) & 0x80) {
            break;
        }
        tags[count] = tag;
        if (count == 0) {
            *first_integer = tag == V_ASN1_INTEGER && len == 1 ? *p : UINT_MAX;
        }
    }
    spf_pop_crypto_errors();
    return count;
}

const char *spf_der_label(struct spf_bytes der)
{
    int tags[9] = {0};
    unsigned version = UINT_MAX;
    size_t count = spf_der_tags(der, tags, &version);

    if (count == 2 && tags[0] == V_ASN1_SEQUENCE && tags[1] == V_ASN1_OCTET_STRING) {
        return "ENCRYPTED PRIVATE KEY";
    }
    if (count >= 3 && version <= 1 && tags[1] == V_ASN1_SEQUENCE &&
        tags[2] == V_ASN1_OCTET_STRING) {
        return "PRIVATE KEY";
    }
    if (count >= 2 && version == 1 && tags[1] == V_ASN1_OCTET_STRING) {
        return "EC PRIVATE KEY";
    }
    if (version == 0 && count == 9 && tags[8] == V_ASN1_INTEGER) {
        return "RSA PRIVATE KEY";
    }
    if (version == 0 && count == 6 && tags[5] == V_ASN1_INTEGER) {
        return "DSA PRIVATE KEY";
    }
    return NULL;
}
