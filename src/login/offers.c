#include "login/offers.h"

#include <string.h>

#include "base/text.h"

#define CIPHERS                                                                              \
    "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com," \
    "aes256-gcm@openssh.com"
#define MACS                                                                          \
    "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com," \
    "hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,"    \
    "umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1"

#define KEYS                                                                   \
    "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521," \
    "sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256"

const char *const spf_openssh_offer[SPF_OFFER_LISTS] = {
    [SPF_OFFER_KEX] =
        "mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,"
        "curve25519-sha256,curve25519-sha256@libssh.org,"
        "ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,"
        "diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,"
        "diffie-hellman-group18-sha512,diffie-hellman-group14-sha256",
    [SPF_OFFER_HOST_KEYS] = KEYS,
    [SPF_OFFER_CIPHERS_OUT] = CIPHERS,
    [SPF_OFFER_CIPHERS_IN] = CIPHERS,
    [SPF_OFFER_MACS_OUT] = MACS,
    [SPF_OFFER_MACS_IN] = MACS,
};

const char spf_openssh_signatures[] =
    "ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256-cert-v01@openssh.com,"
    "ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521-cert-v01@openssh.com,"
    "sk-ssh-ed25519-cert-v01@openssh.com,sk-ecdsa-sha2-nistp256-cert-v01@openssh.com,"
    "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com," KEYS;

void spf_offers_of(const struct spf_ssh_config_facts *config,
                   const struct spf_openssh_algorithms_facts *ssh,
                   const char *offers[SPF_OFFER_LISTS])
{
    const char *configured[SPF_OFFER_LISTS] = {NULL};

    if (ssh != NULL) {
        configured[SPF_OFFER_KEX] = ssh->kex;
        configured[SPF_OFFER_HOST_KEYS] = ssh->host_keys;
        configured[SPF_OFFER_CIPHERS_OUT] = configured[SPF_OFFER_CIPHERS_IN] = ssh->ciphers;
        configured[SPF_OFFER_MACS_OUT] = configured[SPF_OFFER_MACS_IN] = ssh->macs;
    }
    if (config != NULL) {
        configured[SPF_OFFER_KEX] = config->kex;
        configured[SPF_OFFER_HOST_KEYS] = config->host_key_algorithms;
        configured[SPF_OFFER_CIPHERS_OUT] = configured[SPF_OFFER_CIPHERS_IN] = config->ciphers;
        configured[SPF_OFFER_MACS_OUT] = configured[SPF_OFFER_MACS_IN] = config->macs;
    }
    for (int i = 0; i < SPF_OFFER_LISTS; i++) {
        offers[i] = configured[i] != NULL ? configured[i] : spf_openssh_offer[i];
    }
}

bool spf_names_have(const char *list, const char *name)
{
    size_t len = strlen(name);

    while (list != NULL && *list != '\0') {
        size_t part = strcspn(list, ",");

        if (part == len && memcmp(list, name, len) == 0) {
            return true;
        }
        list += part;
        list += *list == ',';
    }
    return false;
}

bool spf_names_common(const char *ours, const char *theirs, char *out, size_t size)
{
    while (*ours != '\0') {
        size_t len = strcspn(ours, ",");

        if (len > 0 && spf_format_whole(out, size, "%.*s", (int)len, ours) &&
            spf_names_have(theirs, out)) {
            return true;
        }
        ours += len;
        ours += *ours == ',';
    }
    return false;
}

char *spf_names_of_algorithms(const char *list)
{
    struct spf_buf names;

    if (list == NULL) {
        return NULL;
    }
    spf_buf_init(&names, SPF_NAMES_MAX);
    for (size_t len; *list != '\0'; list += len, list += *list == ',') {
        len = strcspn(list, ",");
        if (spf_starts_with(list, "ext-info-") || spf_starts_with(list, "kex-strict-")) {
            continue;
        }
        if (names.len > 0) {
            spf_buf_addch(&names, ',');
        }
        spf_buf_add(&names, list, len);
    }
    return spf_buf_take(&names);
}

bool spf_cipher_needs_mac(const char *cipher)
{
    return strstr(cipher, "poly1305") == NULL && strstr(cipher, "-gcm@") == NULL;
}

enum spf_handshake_outcome spf_offers_judge(const struct spf_seen *seen)
{
    static const enum spf_handshake_outcome outcome[SPF_OFFER_LISTS] = {
        [SPF_OFFER_KEX] = SPF_SHAKE_NO_KEX,
        [SPF_OFFER_HOST_KEYS] = SPF_SHAKE_NO_HOST_KEY,
        [SPF_OFFER_CIPHERS_OUT] = SPF_SHAKE_NO_CIPHER,
        [SPF_OFFER_CIPHERS_IN] = SPF_SHAKE_NO_CIPHER,
        [SPF_OFFER_MACS_OUT] = SPF_SHAKE_NO_MAC,
        [SPF_OFFER_MACS_IN] = SPF_SHAKE_NO_MAC,
    };
    char common[SPF_OFFER_LISTS][80] = {{0}};

    for (int i = 0; i < SPF_OFFER_LISTS; i++) {
        if (seen->client[i] == NULL || seen->server[i] == NULL) {
            return SPF_SHAKE_FAILED;
        }
        if (i >= SPF_OFFER_MACS_OUT && !spf_cipher_needs_mac(common[i - 2])) {
            continue;
        }
        if (!spf_names_common(seen->client[i], seen->server[i], common[i], sizeof common[i])) {
            return outcome[i];
        }
    }
    return SPF_SHAKE_FAILED;
}

static char *copy_list(const char *list)
{
    return list != NULL ? strdup(list) : NULL;
}

void spf_offers_keep_sig_algs(struct spf_handshake_facts *facts, const struct spf_seen *seen)
{
    if (facts->server_sig_algs == NULL) {
        facts->server_sig_algs = copy_list(seen->sig_algs);
    }
}

void spf_offers_keep(struct spf_handshake_facts *facts, const struct spf_seen *seen)
{
    facts->server_kex = spf_names_of_algorithms(seen->server[SPF_OFFER_KEX]);
    facts->server_host_keys = copy_list(seen->server[SPF_OFFER_HOST_KEYS]);
    facts->server_ciphers_out = copy_list(seen->server[SPF_OFFER_CIPHERS_OUT]);
    facts->server_ciphers_in = copy_list(seen->server[SPF_OFFER_CIPHERS_IN]);
    facts->server_macs_out = copy_list(seen->server[SPF_OFFER_MACS_OUT]);
    facts->server_macs_in = copy_list(seen->server[SPF_OFFER_MACS_IN]);
    spf_offers_keep_sig_algs(facts, seen);
}

void spf_offers_keep_host_key(struct spf_handshake_facts *facts, const struct spf_seen *seen)
{
    if (seen->client[SPF_OFFER_HOST_KEYS] != NULL) {
        (void)spf_names_common(seen->client[SPF_OFFER_HOST_KEYS], seen->server[SPF_OFFER_HOST_KEYS],
                               facts->host_key_algorithm, sizeof facts->host_key_algorithm);
    }
}
