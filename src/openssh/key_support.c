#include "openssh/key_support.h"

#include <string.h>

#include "base/text.h"

/* From version `since` on, and before version `before` (0: no bound). Seen by running 9.2 (OpenSSL
 * 3.0), 10.0 (3.5) and 10.6 (3.6), and by the release notes for what lies between. */
static const struct support {
    int64_t since, before;               /* OpenSSH's version */
    int64_t crypto_since, crypto_before; /* OpenSSL's */
    const char *words;
} table[] = {
    [SPF_NEEDS_NOTHING] = {0},
    /* 9.6: "add support for reading ED25519 private keys in PEM PKCS8 format" */
    [SPF_NEEDS_ED25519_PKCS8] = {.since = 906, .words = "OpenSSH 9.6 and later"},
    /* OpenSSL 3.5: PKCS#8 with the optional public key of RFC 5958 is tolerated */
    [SPF_NEEDS_ED25519_PKCS8_V2] = {.since = 906,
                                    .crypto_since = 305,
                                    .words =
                                        "OpenSSH 9.6 and later, built with OpenSSL 3.5 or later,"},
    [SPF_NEEDS_PKCS8_V2] = {.crypto_since = 305,
                            .words = "OpenSSH built with OpenSSL 3.5 or later"},
    /* 9.8: not built by default any more; 10.0: removed */
    [SPF_NEEDS_DSA] = {.before = 908, .words = "OpenSSH before 9.8"},
    [SPF_NEEDS_MLDSA44_ED25519] = {.since = 1006, .words = "OpenSSH 10.6 and later"},
    /* OpenSSL 3.0 keeps single DES, RC2, RC4, Blowfish, CAST, IDEA and SEED in its legacy
     * provider, which ssh does not load */
    [SPF_NEEDS_LEGACY_CIPHER] = {.crypto_before = 300,
                                 .words = "OpenSSH built with OpenSSL 1.1 or LibreSSL"},
    /* before, ssh signs with the copy, and the signature is wrong */
    [SPF_NEEDS_ED25519_COPY] = {.since = 1006, .words = "OpenSSH 10.6 and later"},
};

bool spf_openssh_loads(const struct spf_openssh_facts *ssh, const struct spf_key_facts *key)
{
    const struct support *support = &table[key->needs];
    const bool openssl = ssh != NULL && strcmp(ssh->crypto, "OpenSSL") == 0;

    if (!key->openssh_accepts) {
        return false;
    }
    if (ssh == NULL || ssh->version == 0) {
        return support->since <= SPF_OPENSSH_USUAL && support->before == 0 &&
               support->crypto_since == 0 && support->crypto_before == 0;
    }
    if (support->crypto_since != 0 && (!openssl || ssh->crypto_version < support->crypto_since)) {
        return false;
    }
    if (support->crypto_before != 0 && openssl && ssh->crypto_version >= support->crypto_before) {
        return false;
    }
    return ssh->version >= support->since &&
           (support->before == 0 || ssh->version < support->before);
}

const char *spf_openssh_that_loads(enum spf_key_needs needs)
{
    return table[needs].words;
}

void spf_openssh_here(const struct spf_openssh_facts *ssh, char *out, size_t size)
{
    char version[16] = "";

    if (ssh != NULL) {
        spf_openssh_version_format(ssh->version, version, sizeof version);
    }
    spf_format(out, size, version[0] != '\0' ? "OpenSSH %s here" : "OpenSSH%s", version);
}
