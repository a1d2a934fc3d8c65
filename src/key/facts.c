#include "key/facts.h"

#include "base/language.h"
#include "base/names.h"

static const struct spf_field own_address_fields[] = {
    SPF_SHAPE_IP(struct spf_own_address, ip),
    SPF_SHAPE_NUMBER(struct spf_own_address, bits),
};
static const struct spf_shape own_address_shape =
    SPF_SHAPE(struct spf_own_address, own_address_fields);

static const struct spf_field local_environment_fields[] = {
    SPF_SHAPE_NUMBER(struct spf_local_environment_facts, euid),
    SPF_SHAPE_BOOL(struct spf_local_environment_facts, no_user_entry),
    SPF_SHAPE_BOOL(struct spf_local_environment_facts, ipv6_global),
    SPF_SHAPE_BOOL(struct spf_local_environment_facts, agent_running),
    SPF_SHAPE_LIST(struct spf_local_environment_facts, own, &own_address_shape),
};
const struct spf_shape spf_local_environment_shape =
    SPF_SHAPE(struct spf_local_environment_facts, local_environment_fields);

static const char *outcome_name(unsigned value)
{
    switch ((enum spf_key_outcome)value) {
        SPF_NAME(SPF_KEY_READ, "read");
        SPF_NAME(SPF_KEY_ABSENT, "absent");
        SPF_NAME(SPF_KEY_NOT_A_FILE, "not-a-file");
        SPF_NAME(SPF_KEY_UNREADABLE, "unreadable");
        SPF_NAME(SPF_KEY_ZERO_BYTES, "zero-bytes");
        SPF_NAME(SPF_KEY_HUGE, "huge");
    }
    return NULL;
}

static const char *container_name(unsigned value)
{
    switch ((enum spf_key_container)value) {
        SPF_NAME(SPF_CONTAINER_NONE, "none");
        SPF_NAME(SPF_CONTAINER_PKCS1, "pkcs1");
        SPF_NAME(SPF_CONTAINER_PKCS8, "pkcs8");
        SPF_NAME(SPF_CONTAINER_PKCS8_ENCRYPTED, "pkcs8-encrypted");
        SPF_NAME(SPF_CONTAINER_SEC1, "sec1");
        SPF_NAME(SPF_CONTAINER_DSA, "dsa");
        SPF_NAME(SPF_CONTAINER_OPENSSH, "openssh");
        SPF_NAME(SPF_CONTAINER_PPK2, "ppk2");
        SPF_NAME(SPF_CONTAINER_PPK3, "ppk3");
        SPF_NAME(SPF_CONTAINER_PPK_NEWER, "ppk-newer");
        SPF_NAME(SPF_CONTAINER_PUBLIC, "public");
        SPF_NAME(SPF_CONTAINER_CERTIFICATE, "certificate");
        SPF_NAME(SPF_CONTAINER_DER, "der");
        SPF_NAME(SPF_CONTAINER_PFX, "pfx");
        SPF_NAME(SPF_CONTAINER_SSHCOM, "sshcom");
        SPF_NAME(SPF_CONTAINER_SSH1, "ssh1");
        SPF_NAME(SPF_CONTAINER_DROPBEAR, "dropbear");
        SPF_NAME(SPF_CONTAINER_PGP, "pgp");
        SPF_NAME(SPF_CONTAINER_GPG_AGENT, "gpg-agent");
        SPF_NAME(SPF_CONTAINER_XML, "xml");
        SPF_NAME(SPF_CONTAINER_JWK, "jwk");
        SPF_NAME(SPF_CONTAINER_JKS, "jks");
        SPF_NAME(SPF_CONTAINER_JCEKS, "jceks");
        SPF_NAME(SPF_CONTAINER_PVK, "pvk");
        SPF_NAME(SPF_CONTAINER_MSBLOB, "msblob");
        SPF_NAME(SPF_CONTAINER_SSH2_PRIVATE, "ssh2-private");
    }
    return NULL;
}

static const char *needs_name(unsigned value)
{
    switch ((enum spf_key_needs)value) {
        SPF_NAME(SPF_NEEDS_NOTHING, "nothing");
        SPF_NAME(SPF_NEEDS_ED25519_PKCS8, "ed25519-pkcs8");
        SPF_NAME(SPF_NEEDS_ED25519_PKCS8_V2, "ed25519-pkcs8-v2");
        SPF_NAME(SPF_NEEDS_PKCS8_V2, "pkcs8-v2");
        SPF_NAME(SPF_NEEDS_DSA, "dsa");
        SPF_NAME(SPF_NEEDS_MLDSA44_ED25519, "mldsa44-ed25519");
        SPF_NAME(SPF_NEEDS_LEGACY_CIPHER, "legacy-cipher");
        SPF_NAME(SPF_NEEDS_ED25519_COPY, "ed25519-copy");
    }
    return NULL;
}

const char *spf_container_name(enum spf_key_container container)
{
    return container_name(container);
}

static const struct spf_field certificate_fields[] = {
    SPF_SHAPE_BOOL(struct spf_certificate_facts, host),
    SPF_SHAPE_BOOL(struct spf_certificate_facts, in_time),
    SPF_SHAPE_BOOL(struct spf_certificate_facts, over),
    SPF_SHAPE_NUMBER(struct spf_certificate_facts, valid_after),
    SPF_SHAPE_NUMBER(struct spf_certificate_facts, valid_before),
    SPF_SHAPE_TEXT(struct spf_certificate_facts, principals),
};
static const struct spf_shape certificate_shape =
    SPF_SHAPE(struct spf_certificate_facts, certificate_fields);

static const struct spf_field key_fields[] = {
    SPF_SHAPE_ENUM(struct spf_key_facts, outcome, outcome_name),
    SPF_SHAPE_TEXT(struct spf_key_facts, error),
    SPF_SHAPE_TEXT(struct spf_key_facts, kind),
    SPF_SHAPE_BOOL(struct spf_key_facts, from_stdin),
    SPF_SHAPE_BOOL(struct spf_key_facts, from_agent),
    SPF_SHAPE_NUMBER(struct spf_key_facts, size),
    SPF_SHAPE_NUMBER(struct spf_key_facts, mode),
    SPF_SHAPE_NUMBER(struct spf_key_facts, owner_uid),
    SPF_SHAPE_TEXT(struct spf_key_facts, owner),
    SPF_SHAPE_BOOL(struct spf_key_facts, mine),
    SPF_SHAPE_BOOL(struct spf_key_facts, dir_writable),
    SPF_SHAPE_TEXT(struct spf_key_facts, dir),
    SPF_SHAPE_TEXT(struct spf_key_facts, file_system),
    SPF_SHAPE_BOOL(struct spf_key_facts, read_only),
    SPF_SHAPE_BOOL(struct spf_key_facts, acl),
    SPF_SHAPE_BOOL(struct spf_key_facts, by_list),
    SPF_SHAPE_BOOL(struct spf_key_facts, owner_trusted),
    SPF_SHAPE_TEXT(struct spf_key_facts, strangers),
    SPF_SHAPE_ENUM(struct spf_key_facts, container, container_name),
    SPF_SHAPE_TEXT(struct spf_key_facts, damage),
    SPF_SHAPE_TEXT(struct spf_key_facts, detail),
    SPF_SHAPE_TEXT(struct spf_key_facts, algorithm),
    SPF_SHAPE_NUMBER(struct spf_key_facts, bits),
    SPF_SHAPE_TEXT(struct spf_key_facts, sha256),
    SPF_SHAPE_TEXT(struct spf_key_facts, md5),
    SPF_SHAPE_STRING(struct spf_key_facts, public_blob),
    SPF_SHAPE_BOOL(struct spf_key_facts, encrypted),
    SPF_SHAPE_TEXT(struct spf_key_facts, legacy_cipher),
    SPF_SHAPE_BOOL(struct spf_key_facts, openssh_accepts),
    SPF_SHAPE_ENUM(struct spf_key_facts, needs, needs_name),
    SPF_SHAPE_BOOL(struct spf_key_facts, putty_accepts),
    SPF_SHAPE_BOOL(struct spf_key_facts, repairable),
    SPF_SHAPE_NUMBER(struct spf_key_facts, agent_keys),
    SPF_SHAPE_BOOL(struct spf_key_facts, in_agent),
    SPF_SHAPE_BOOL(struct spf_key_facts, usable),
    SPF_SHAPE_TEXT(struct spf_key_facts, certificate),
    SPF_SHAPE_STRUCT(struct spf_key_facts, certified, &certificate_shape),
    SPF_SHAPE_SECRET(struct spf_key_facts, login),
    SPF_SHAPE_SECRET(struct spf_key_facts, certificate_line),
};
const struct spf_shape spf_key_shape = SPF_SHAPE(struct spf_key_facts, key_fields);

static const struct spf_field found_key_fields[] = {
    SPF_SHAPE_TEXT(struct spf_found_key_facts, path),
    SPF_SHAPE_BOOL(struct spf_found_key_facts, by_name),
    SPF_SHAPE_BOOL(struct spf_found_key_facts, encrypted),
    SPF_SHAPE_TEXT(struct spf_found_key_facts, public_only),
    SPF_SHAPE_TEXT(struct spf_found_key_facts, folder),
    SPF_SHAPE_NUMBER(struct spf_found_key_facts, looked_at),
    SPF_SHAPE_NUMBER(struct spf_found_key_facts, unclear),
    SPF_SHAPE_BOOL(struct spf_found_key_facts, all),
};
const struct spf_shape spf_found_key_shape =
    SPF_SHAPE(struct spf_found_key_facts, found_key_fields);

bool spf_key_agent_signs(const struct spf_key_facts *key)
{
    return !key->usable && key->in_agent && key->public_blob != NULL;
}

bool spf_container_is_ppk(enum spf_key_container container)
{
    return container == SPF_CONTAINER_PPK2 || container == SPF_CONTAINER_PPK3 ||
           container == SPF_CONTAINER_PPK_NEWER;
}

bool spf_key_is_for_putty(const struct spf_key_facts *key)
{
    return key->container == SPF_CONTAINER_PPK2 || key->container == SPF_CONTAINER_PPK3;
}

const char *spf_key_agent_name(const struct spf_key_facts *key)
{
    return key->by_list && spf_key_is_for_putty(key) ? "Pageant" : _("the ssh-agent");
}
