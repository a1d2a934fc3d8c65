#include "key/key_unwrap.h"

#include <ctype.h>
#include <limits.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <string.h>
#include <strings.h>

#include "key/key_material.h"

#define BIT(damage) (1u << SPF_DAMAGE_##damage)

/* The tags of the values within the outermost SEQUENCE, at most 9; 0 for anything else. */
static size_t der_tags(struct spf_bytes der, int tags[9], unsigned *first_integer)
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

/* The PEM label of a private key in DER; NULL if it is none (RFC 8017, 5208, 5915, 7292). */
static const char *der_label(struct spf_bytes der)
{
    int tags[9] = {0};
    unsigned version = UINT_MAX;
    size_t count = der_tags(der, tags, &version);

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

static bool is_pfx(struct spf_bytes der)
{
    int tags[9] = {0};
    unsigned version = UINT_MAX;
    size_t count = der_tags(der, tags, &version);

    return count >= 2 && version == 3 && tags[1] == V_ASN1_SEQUENCE;
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
    const char *label = der_label(file);
    struct spf_secret *inner;
    struct spf_bytes bytes;
    bool good;

    if (label)
        return set_clean(text, label, file, BIT(BINARY));
    inner = all_base64(file);
    if (!inner)
        return true;
    bytes = spf_secret_view(inner);
    label = der_label(bytes);
    if (!label && memcmp(bytes.at, openssh, sizeof openssh) == 0)
        label = "OPENSSH PRIVATE KEY";
    good = label ? set_clean(text, label, bytes, BIT(HEADER)) : unwrap_file(bytes, text);
    spf_secret_free(inner);
    return good;
}

#define MAGIC(text) text, sizeof text - 1
#define RICH_TEXT   "{\\rtf"
static const struct spf_foreign foreigners[] = {
    {MAGIC("SSH PRIVATE KEY FILE FORMAT 1.1\n"), SPF_CONTAINER_SSH1, "key-algorithm-unsupported",
     "it is a key for version 1 of the SSH protocol, which no server of today speaks"},
    {MAGIC("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----"), SPF_CONTAINER_SSHCOM, "key-is-sshcom",
     "it is in the format of ssh.com (Tectia)"},
    {MAGIC("-----BEGIN PGP "), SPF_CONTAINER_NONE, "key-is-not-a-key", "it is a PGP file"},
    {MAGIC("<!doctype"), SPF_CONTAINER_NONE, "key-is-not-a-key",
     "it is a web page, as a download gives that was not logged in"},
    {MAGIC("<html"), SPF_CONTAINER_NONE, "key-is-not-a-key",
     "it is a web page, as a download gives that was not logged in"},
    {MAGIC("<?xml"), SPF_CONTAINER_NONE, "key-is-not-a-key",
     "it is XML, as an object store answers when it refuses a download"},
    {MAGIC(RICH_TEXT), SPF_CONTAINER_NONE, "key-is-not-a-key",
     "it is a document of a word processor (RTF); only plain text will do"},
    {MAGIC("{"), SPF_CONTAINER_NONE, "key-is-not-a-key", "it is JSON"},
    {MAGIC("PK\3\4"), SPF_CONTAINER_NONE, "key-is-not-a-key", "it is a ZIP archive"},
    {MAGIC("\x1f\x8b"), SPF_CONTAINER_NONE, "key-is-not-a-key", "it is compressed (gzip)"},
    {MAGIC("7z\xbc\xaf"), SPF_CONTAINER_NONE, "key-is-not-a-key", "it is a 7-Zip archive"},
    {MAGIC("\x7f"
           "ELF"),
     SPF_CONTAINER_NONE, "key-is-not-a-key", "it is a program"},
    {MAGIC("\xfe\xed\xfe\xed"), SPF_CONTAINER_NONE, "key-is-not-a-key", "it is a Java key store"},
    {MAGIC("$ANSIBLE_VAULT"), SPF_CONTAINER_NONE, "key-is-not-a-key",
     "it is encrypted by ansible-vault"},
    {MAGIC("***"), SPF_CONTAINER_NONE, "key-is-not-a-key",
     "it is the asterisks that a CI system shows in a secret's place"},
    {MAGIC("$"), SPF_CONTAINER_NONE, "key-is-not-a-key",
     "it begins with a $, as the name of a variable that was not filled in"},
    {MAGIC("/"), SPF_CONTAINER_NONE, "key-is-not-a-key",
     "it begins with a /, as if the name of the key's file had been written, not its contents"},
    {MAGIC("~/"), SPF_CONTAINER_NONE, "key-is-not-a-key",
     "it begins with a ~/, as if the name of the key's file had been written, not its contents"},
    {MAGIC("%PDF-"), SPF_CONTAINER_NONE, "key-is-not-a-key", "it is a PDF"},
    {MAGIC("age-encryption.org/"), SPF_CONTAINER_NONE, "key-is-not-a-key",
     "it is encrypted by age"},
    {MAGIC("Salted__"), SPF_CONTAINER_NONE, "key-is-not-a-key", "it is encrypted by openssl enc"},
    {MAGIC(""), SPF_CONTAINER_NONE, "key-is-not-a-key", "nothing in it looks like one"},
};

static const struct spf_foreign pfx = {"", 0, SPF_CONTAINER_PFX, "key-is-pfx",
                                       "it is a PKCS#12 store"};

const struct spf_foreign *spf_foreign(struct spf_bytes file)
{
    const struct spf_foreign *entry = foreigners;

    if (is_pfx(file))
        return &pfx;
    if (file.len > 3 && memcmp(file.at, "\xef\xbb\xbf", 3) == 0)
        file = (struct spf_bytes){file.at + 3, file.len - 3};
    while (file.len > 0 && isspace(file.at[0]))
        file = (struct spf_bytes){file.at + 1, file.len - 1};
    while (entry->len > file.len ||
           strncasecmp((const char *)file.at, entry->magic, entry->len) != 0)
        entry++;
    return entry;
}

bool spf_is_rich_text(struct spf_bytes file)
{
    return strncmp(spf_foreign(file)->magic, RICH_TEXT, sizeof RICH_TEXT) == 0;
}
