#include "openssh/keywords.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define HONOURED   SPF_KEYWORD_HONOURED, SPF_KEYWORD_ALWAYS, NULL
#define IRRELEVANT SPF_KEYWORD_IRRELEVANT, SPF_KEYWORD_ALWAYS, NULL
#define NAMED      SPF_KEYWORD_NAMED

static const struct spf_openssh_keyword keywords[] = {
    {"Host", IRRELEVANT},
    {"HostName", HONOURED},
    {"User", HONOURED},
    {"Port", HONOURED},
    {"Tag", HONOURED}, /* by ssh -G, for Match */
    {"AddressFamily", HONOURED},
    {"ProxyJump", HONOURED},
    {"ProxyCommand", HONOURED},
    {"ProxyUseFdpass", HONOURED},
    {"ConnectTimeout", HONOURED},
    {"ConnectionAttempts", IRRELEVANT}, /* one that gets in gets in with the first, too */
    {"BindAddress", NAMED, SPF_KEYWORD_DIRECT, "none"},
    {"BindInterface", NAMED, SPF_KEYWORD_DIRECT, "none"},
    {"TCPKeepAlive", IRRELEVANT},
    {"ServerAliveInterval", IRRELEVANT},
    {"ServerAliveCountMax", IRRELEVANT},
    {"IPQoS", IRRELEVANT},

    {"CanonicalDomains", HONOURED}, /* all by ssh -G, which resolves the name */
    {"CanonicalizeFallbackLocal", HONOURED},
    {"CanonicalizeHostname", HONOURED},
    {"CanonicalizeMaxDots", HONOURED},
    {"CanonicalizePermittedCNAMEs", HONOURED},

    {"Ciphers", HONOURED},
    {"HostKeyAlgorithms", HONOURED},
    {"KexAlgorithms", HONOURED},
    {"MACs", HONOURED},
    {"Compression", IRRELEVANT}, /* "none" stays on offer */
    {"RekeyLimit", IRRELEVANT},
    {"VersionAddendum", IRRELEVANT},
    {"WarnWeakCrypto", IRRELEVANT},
    {"CASignatureAlgorithms", IRRELEVANT}, /* of host certificates, which are not asked for */

    {"HostKeyAlias", HONOURED},
    {"StrictHostKeyChecking", HONOURED},
    {"NoHostAuthenticationForLocalhost", HONOURED},
    {"UserKnownHostsFile", HONOURED},
    {"GlobalKnownHostsFile", HONOURED},
    {"CheckHostIP", NAMED, SPF_KEYWORD_DIRECT_NAME, "no,false"},
    {"KnownHostsCommand", NAMED, SPF_KEYWORD_ALWAYS, "none"},
    {"RevokedHostKeys", NAMED, SPF_KEYWORD_ALWAYS, "none"},
    {"VerifyHostKeyDNS", NAMED, SPF_KEYWORD_ALWAYS, "no,false"},
    {"HashKnownHosts", IRRELEVANT},
    {"UpdateHostKeys", IRRELEVANT},
    {"FingerprintHash", IRRELEVANT},
    {"VisualHostKey", IRRELEVANT},

    {"BatchMode", HONOURED},
    {"NumberOfPasswordPrompts", HONOURED},
    {"IdentitiesOnly", HONOURED},
    {"IdentityAgent", HONOURED},
    {"IdentityFile", HONOURED},
    {"PubkeyAcceptedAlgorithms", HONOURED},
    {"PubkeyAcceptedKeyTypes", HONOURED}, /* before 8.5 */
    {"PubkeyAuthentication", HONOURED},
    {"RequiredRSASize", HONOURED},
    {"CertificateFile", NAMED, SPF_KEYWORD_ALWAYS, "none"},
    {"PKCS11Provider", NAMED, SPF_KEYWORD_ALWAYS, "none"},
    {"PreferredAuthentications", NAMED, SPF_KEYWORD_ALWAYS, NULL},
    {"AddKeysToAgent", IRRELEVANT},
    {"SecurityKeyProvider", IRRELEVANT}, /* no signature of a FIDO key is asked for */
    /* other methods than the key's */
    {"ChallengeResponseAuthentication", IRRELEVANT}, /* before 8.7 */
    {"EnableSSHKeysign", IRRELEVANT},
    {"GSSAPIAuthentication", IRRELEVANT},
    {"GSSAPIClientIdentity", IRRELEVANT},
    {"GSSAPIDelegateCredentials", IRRELEVANT},
    {"GSSAPIKexAlgorithms", IRRELEVANT},
    {"GSSAPIKeyExchange", IRRELEVANT},
    {"GSSAPIRenewalForcesRekey", IRRELEVANT},
    {"GSSAPIServerIdentity", IRRELEVANT},
    {"GSSAPITrustDns", IRRELEVANT},
    {"HostbasedAcceptedAlgorithms", IRRELEVANT},
    {"HostbasedAuthentication", IRRELEVANT},
    {"HostbasedKeyTypes", IRRELEVANT}, /* before 8.5 */
    {"KbdInteractiveAuthentication", IRRELEVANT},
    {"KbdInteractiveDevices", IRRELEVANT},
    {"PasswordAuthentication", IRRELEVANT},

    {"ControlMaster", HONOURED}, /* as far as ssh ends with it: control_path.h */
    {"ControlPath", HONOURED},
    {"ControlPersist", IRRELEVANT},
    {"DynamicForward", NAMED, SPF_KEYWORD_FORWARDING, "none"},
    {"ExitOnForwardFailure", HONOURED},
    {"LocalForward", NAMED, SPF_KEYWORD_FORWARDING, "none"},
    {"RemoteForward", NAMED, SPF_KEYWORD_FORWARDING, "none"},
    {"Tunnel", NAMED, SPF_KEYWORD_FORWARDING, "no,false"},
    {"ClearAllForwardings", HONOURED}, /* by ssh -G */
    {"GatewayPorts", IRRELEVANT},
    {"PermitRemoteOpen", IRRELEVANT},
    {"StreamLocalBindMask", IRRELEVANT},
    {"StreamLocalBindUnlink", IRRELEVANT},
    {"TunnelDevice", IRRELEVANT},

    /* once inside */
    {"ChannelTimeout", IRRELEVANT},
    {"EnableEscapeCommandline", IRRELEVANT},
    {"EscapeChar", IRRELEVANT},
    {"ForkAfterAuthentication", HONOURED}, /* ssh -G, too, ends where it lacks a command */
    {"ForwardAgent", IRRELEVANT},
    {"ForwardX11", IRRELEVANT},
    {"ForwardX11Timeout", IRRELEVANT},
    {"ForwardX11Trusted", IRRELEVANT},
    {"LocalCommand", IRRELEVANT}, /* its exit status is nothing to ssh */
    {"LogLevel", IRRELEVANT},
    {"LogVerbose", IRRELEVANT},
    {"ObscureKeystrokeTiming", IRRELEVANT},
    {"PermitLocalCommand", IRRELEVANT},
    {"RemoteCommand", IRRELEVANT},
    {"RequestTTY", IRRELEVANT},
    {"SendEnv", IRRELEVANT},
    {"SessionType", IRRELEVANT},
    {"SetEnv", IRRELEVANT},
    {"StdinNull", IRRELEVANT},
    {"SyslogFacility", IRRELEVANT},
    {"XAuthLocation", IRRELEVANT},

    {"IgnoreUnknown", HONOURED},    /* by ssh -G */
    {"RefuseConnection", HONOURED}, /* 10.6: ssh -G, too, ends with it */
};

const struct spf_openssh_keyword *spf_openssh_keyword(const char *name)
{
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        /* letters differ in case by one bit; of most the first is another one */
        if (((keywords[i].name[0] ^ name[0]) & ~0x20) == 0 &&
            spf_same_word(keywords[i].name, name)) {
            return &keywords[i];
        }
    }
    return NULL;
}

/* Is the value one of the list, in any case? */
static bool is_one_of(const char *list, const char *value)
{
    size_t len = strlen(value);

    for (; *list != '\0'; list += strcspn(list, ","), list += *list == ',') {
        if (strcspn(list, ",") == len && strncasecmp(list, value, len) == 0) {
            return true;
        }
    }
    return false;
}

bool spf_openssh_keyword_matters(const struct spf_openssh_keyword *keyword, const char *value)
{
    if (keyword->use != SPF_KEYWORD_NAMED) {
        return false;
    }
    if (keyword->harmless != NULL) {
        return !is_one_of(keyword->harmless, value);
    }
    return !is_one_of(value, "publickey"); /* PreferredAuthentications */
}
