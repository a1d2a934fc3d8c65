#include "key/unwrap.h"

#include <string.h>

#include "base/encoding.h"
#include "key/der.h"
#include "key/pem_writer.h"

/* The bytes if all of the text is base64, in lines or not; NULL else. */
static struct spf_secret *all_base64(struct spf_bytes text)
{
    struct spf_secret *decoded = spf_secret_alloc(text.len);
    long len = -1;

    if (decoded != NULL) {
        len =
            spf_base64_decode((const char *)text.at, text.len, spf_secret_bytes(decoded), text.len);
    }
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
    text->clean = spf_pem_text(label, bytes);
    text->damage = damage;
    return text->clean != NULL;
}

/* Base64 around a whole file, as CI systems like it. */
static bool unwrap_file(struct spf_bytes inner, struct spf_key_text *text)
{
    struct spf_key_text deeper = {0};

    if (!spf_key_text_clean(inner, &deeper)) {
        return false;
    }
    if (deeper.clean != NULL) {
        *text = deeper;
        text->damage |= 1u << SPF_DAMAGE_ESCAPED;
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

    if (label != NULL) {
        return set_clean(text, label, file, 1u << SPF_DAMAGE_BINARY);
    }
    inner = all_base64(file);
    if (inner == NULL) {
        return true;
    }
    bytes = spf_secret_view(inner);
    label = spf_der_label(bytes);
    if (label == NULL && memcmp(bytes.at, openssh, sizeof openssh) == 0) {
        label = "OPENSSH PRIVATE KEY";
    }
    good = label != NULL ? set_clean(text, label, bytes, 1u << SPF_DAMAGE_HEADER)
                         : unwrap_file(bytes, text);
    spf_secret_free(inner);
    return good;
}
