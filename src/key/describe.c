#include "key/describe.h"

#include <string.h>

#include "base/language.h"
#include "base/names.h"
#include "base/text.h"

static const char *container_words(enum spf_key_container container)
{
    switch (container) {
        SPF_NAME(SPF_CONTAINER_NONE, "");
        SPF_NAME(SPF_CONTAINER_PKCS1, "PEM (PKCS#1)");
        SPF_NAME(SPF_CONTAINER_PKCS8, "PEM (PKCS#8)");
        SPF_NAME(SPF_CONTAINER_PKCS8_ENCRYPTED, N_("PEM (PKCS#8, encrypted)"));
        SPF_NAME(SPF_CONTAINER_SEC1, "PEM (SEC 1)");
        SPF_NAME(SPF_CONTAINER_DSA, "PEM");
        SPF_NAME(SPF_CONTAINER_OPENSSH, N_("OpenSSH format"));
        SPF_NAME(SPF_CONTAINER_PPK2, N_("PuTTY format (PPK 2)"));
        SPF_NAME(SPF_CONTAINER_PPK3, N_("PuTTY format (PPK 3)"));
        SPF_NAME(SPF_CONTAINER_PPK_NEWER, N_("PuTTY format (newer)"));
        SPF_NAME(SPF_CONTAINER_PUBLIC, N_("public key"));
        SPF_NAME(SPF_CONTAINER_CERTIFICATE, N_("certificate"));
        SPF_NAME(SPF_CONTAINER_DER, "DER");
        SPF_NAME(SPF_CONTAINER_PFX, "PKCS#12");
        SPF_NAME(SPF_CONTAINER_SSHCOM, N_("ssh.com format"));
        SPF_NAME(SPF_CONTAINER_SSH1, N_("SSH-1 format"));
        SPF_NAME(SPF_CONTAINER_DROPBEAR, N_("Dropbear format"));
        SPF_NAME(SPF_CONTAINER_PGP, "OpenPGP");
        SPF_NAME(SPF_CONTAINER_GPG_AGENT, N_("gpg-agent format"));
        SPF_NAME(SPF_CONTAINER_XML, "XML");
        SPF_NAME(SPF_CONTAINER_JWK, "JWK");
        SPF_NAME(SPF_CONTAINER_JKS, N_("Java key store"));
        SPF_NAME(SPF_CONTAINER_JCEKS, N_("Java key store (JCEKS)"));
        SPF_NAME(SPF_CONTAINER_PVK, "PVK");
        SPF_NAME(SPF_CONTAINER_MSBLOB, "PRIVATEKEYBLOB");
        SPF_NAME(SPF_CONTAINER_SSH2_PRIVATE, N_("SSH2 private key"));
    }
    return "";
}

void spf_key_describe(const struct spf_key_facts *facts, char *out, size_t size)
{
    const char *container = spf_tr(container_words(facts->container));
    const char *name = facts->algorithm;
    char sized[32];

    if (strcmp(name, "ssh-rsa") == 0 || strcmp(name, "ssh-dss") == 0) {
        spf_format(sized, sizeof sized, "%s %lld", name[4] == 'r' ? "RSA" : "DSA",
                   (long long)facts->bits);
        name = sized;
    } else if (spf_starts_with(name, "ecdsa-sha2-")) {
        spf_format(sized, sizeof sized, "ECDSA %lld", (long long)facts->bits);
        name = sized;
    } else if (strcmp(name, "ssh-ed25519") == 0) {
        name = "Ed25519";
    }
    spf_format(out, size, "%s%s%s%s", name, *name && *container ? _(", ") : "", container,
               facts->encrypted && facts->container != SPF_CONTAINER_PKCS8_ENCRYPTED
                   ? _(", encrypted")
                   : "");
}
