#include "key/foreign.h"

#include <ctype.h>
#include <openssl/asn1.h>
#include <string.h>
#include <strings.h>

#include "key/der.h"

#define MAGIC(text) text, sizeof text - 1
#define RICH_TEXT   "{\\rtf"
#define OTHER       "key-other-format"
#define PGP_SECRET  "an OpenPGP secret key (GnuPG)"
static const struct spf_foreign foreigners[] = {
    {MAGIC("SSH PRIVATE KEY FILE FORMAT 1.1\n"), SPF_CONTAINER_SSH1, "key-algorithm-unsupported",
     "it is a key for version 1 of the SSH protocol, which no server of today speaks"},
    {MAGIC("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----"), SPF_CONTAINER_SSHCOM, "key-is-sshcom",
     "it is in the format of ssh.com (Tectia)"},
    {MAGIC("---- BEGIN SSH2 PRIVATE KEY ----"), SPF_CONTAINER_SSH2_PRIVATE, OTHER,
     "a private key under the heading that RFC 4716 has for public keys, which no other program "
     "reads"},
    {MAGIC("-----BEGIN PGP PRIVATE KEY BLOCK-----"), SPF_CONTAINER_PGP, OTHER, PGP_SECRET},
    {MAGIC("-----BEGIN PGP "), SPF_CONTAINER_NONE, "key-is-not-a-key",
     "it is a PGP file without a private key"},
    {MAGIC("\x1e\xf1\xb5\xb0"), SPF_CONTAINER_PVK, OTHER, "a PVK file of Microsoft's code signing"},
    {MAGIC("\xce\xce\xce\xce"), SPF_CONTAINER_JCEKS, OTHER, "a Java key store (JCEKS)"},
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
    {MAGIC("\xfe\xed\xfe\xed"), SPF_CONTAINER_JKS, OTHER, "a Java key store (JKS)"},
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

static bool begins(struct spf_bytes file, const char *magic, size_t len)
{
    return file.len >= len && memcmp(file.at, magic, len) == 0;
}

static bool has(struct spf_bytes file, const char *text)
{
    return memmem(file.at, file.len, text, strlen(text)) != NULL;
}

static bool is_pfx(struct spf_bytes der)
{
    int tags[9] = {0};
    unsigned version = UINT_MAX;
    size_t count = spf_der_tags(der, tags, &version);

    return count >= 2 && version == 3 && tags[1] == V_ASN1_SEQUENCE;
}

/* A string of RFC 4251 with a key type's name (dropbear: signkey.c, buf_put_priv_key). */
static bool is_dropbear(struct spf_bytes file)
{
    static const char *const names[] = {
        "ssh-ed25519",        "ssh-rsa", "ssh-dss", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521"};
    struct spf_reader reader = spf_reader(file.at, file.len);
    struct spf_bytes name = spf_reader_string(&reader);

    for (size_t i = 0; !reader.bad && reader.left > 0 && i < sizeof names / sizeof *names; i++) {
        if (spf_bytes_are(name, names[i])) {
            return true;
        }
    }
    return false;
}

/* RFC 4880 section 4.2: a packet of tag 5, a secret key, of version 3 to 6. */
static bool is_pgp_secret(struct spf_bytes file)
{
    size_t version = 0;

    if (file.len < 8) {
        return false;
    }
    if (file.at[0] >= 0x94 && file.at[0] <= 0x96) { /* old form: 1, 2 or 4 octets of length */
        version = 1 + ((size_t)1 << (file.at[0] & 3));
    } else if (file.at[0] == 0xc5) {
        version = file.at[1] < 192 ? 2 : file.at[1] < 224 ? 3 : 6;
    }
    return version > 0 && file.at[version] >= 3 && file.at[version] <= 6;
}

/* gnupg, agent/keyformat.txt: the S-expression itself, or lines with it after "Key:". */
static bool is_gpg_agent(struct spf_bytes file)
{
    static const char *const starts[] = {"(11:private-key", "(21:protected-private-key",
                                         "(20:shadowed-private-key", "(private-key",
                                         "(protected-private-key"};

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (begins(file, starts[i], strlen(starts[i]))) {
            return true;
        }
    }
    return (begins(file, "Created:", 8) || begins(file, "Key:", 4) || begins(file, "Token:", 6)) &&
           (has(file, "(private-key") || has(file, "(protected-private-key"));
}

/* RFC 7517, RFC 7518 section 6: "kty", and "d" of a private one. */
static bool is_private_jwk(struct spf_bytes file)
{
    return has(file, "\"kty\"") && has(file, "\"d\"");
}

/* PRIVATEKEYBLOB of the Windows CryptoAPI: BLOBHEADER, "RSA2" */
static bool is_msblob(struct spf_bytes file)
{
    return begins(file, "\x07\x02\x00\x00", 4) && file.len > 12 &&
           memcmp(file.at + 8, "RSA2", 4) == 0;
}

static const struct spf_foreign dropbear = {"", 0, SPF_CONTAINER_DROPBEAR, OTHER,
                                            "a key in Dropbear's own format"};
static const struct spf_foreign pgp = {"", 0, SPF_CONTAINER_PGP, OTHER, PGP_SECRET};
static const struct spf_foreign gpg_agent = {"", 0, SPF_CONTAINER_GPG_AGENT, OTHER,
                                             "a key of gpg-agent (private-keys-v1.d)"};
static const struct spf_foreign jwk = {"", 0, SPF_CONTAINER_JWK, OTHER, "a JSON Web Key (JWK)"};
static const struct spf_foreign msblob = {"", 0, SPF_CONTAINER_MSBLOB, OTHER,
                                          "a PRIVATEKEYBLOB of the Windows CryptoAPI"};
static const struct spf_foreign xml = {"", 0, SPF_CONTAINER_XML, OTHER,
                                       "an RSA key as .NET writes it in XML"};
static const struct spf_foreign public_xml = {"", 0, SPF_CONTAINER_NONE, "key-is-not-a-key",
                                              "it is an RSA public key as .NET writes it in XML"};
static const struct spf_foreign pfx = {"", 0, SPF_CONTAINER_PFX, "key-is-pfx",
                                       "it is a PKCS#12 store"};

/* What a look at the first bytes alone does not tell; NULL if it is none of these. */
static const struct spf_foreign *by_form(struct spf_bytes file)
{
    if (is_pfx(file)) {
        return &pfx;
    }
    if (is_dropbear(file)) {
        return &dropbear;
    }
    if (is_pgp_secret(file)) {
        return &pgp;
    }
    if (is_gpg_agent(file)) {
        return &gpg_agent;
    }
    if (is_msblob(file)) {
        return &msblob;
    }
    if (begins(file, "{", 1) && is_private_jwk(file)) {
        return &jwk;
    }
    if (begins(file, "<", 1) && has(file, "<RSAKeyValue")) {
        return has(file, "<D>") ? &xml : &public_xml;
    }
    return NULL;
}

const struct spf_foreign *spf_foreign(struct spf_bytes file)
{
    const struct spf_foreign *entry;

    if (file.len > 3 && memcmp(file.at, "\xef\xbb\xbf", 3) == 0) {
        file = (struct spf_bytes){file.at + 3, file.len - 3};
    }
    entry = by_form(file);
    while (file.len > 0 && isspace(file.at[0])) {
        file = (struct spf_bytes){file.at + 1, file.len - 1};
    }
    if (entry == NULL) {
        entry = by_form(file);
    }
    if (entry != NULL) {
        return entry;
    }
    entry = foreigners;
    while (entry->len > file.len ||
           strncasecmp((const char *)file.at, entry->magic, entry->len) != 0) {
        entry++;
    }
    return entry;
}

bool spf_is_rich_text(struct spf_bytes file)
{
    return strncmp(spf_foreign(file)->magic, RICH_TEXT, sizeof RICH_TEXT) == 0;
}

/* RFC 7292, appendix C: pbeWithSHAAnd…, 1.2.840.113549.1.12.1.N */
const char *spf_pfx_legacy_cipher(struct spf_bytes file)
{
    static const struct {
        char last;
        const char *name;
    } schemes[] = {{6, "RC2-40"}, {5, "RC2-128"}, {2, "RC4-40"}, {1, "RC4-128"}};
    char oid[] = "\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x00";

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        oid[sizeof oid - 2] = schemes[i].last;
        if (memmem(file.at, file.len, oid, sizeof oid - 1) != NULL) {
            return schemes[i].name;
        }
    }
    return NULL;
}
