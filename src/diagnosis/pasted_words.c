#include "diagnosis/pasted_words.h"

#include <string.h>

/*
 * Words of the clients, the first that a line has counts. From OpenSSH's ssh.c, sshconnect.c,
 * sshconnect2.c, kex.c, packet.c and readconf.c (7.4 to 9.9), PuTTY's network, ssh and pageant
 * sources (0.70 to 0.81), and of programs that sshd starts. The second words must stand behind the
 * first ones.
 */
static const struct phrase phrases[] = {
    {"Bad owner or permissions on ", NULL, DECIDES, SPF_SSH_CONFIG_REFUSED, {0}},
    {"Bad configuration option", NULL, DECIDES, SPF_SSH_CONFIG_REFUSED, {0}},
    {"terminating, ", " bad configuration option", SUGGESTS, SPF_SSH_CONFIG_REFUSED, {0}},
    {"Could not resolve hostname", NULL, DECIDES, SPF_HOST_UNRESOLVED, {0}},
    {"Host does not exist", NULL, DECIDES, SPF_HOST_UNRESOLVED, {0}},
    {"Connection timed out during banner exchange", NULL, DECIDES, SPF_SSH_SILENT, {0}},
    {"banner exchange: Connection to", "timed out", DECIDES, SPF_SSH_SILENT, {0}},
#define SILENT                                                               \
    SPF_PORT_SILENT,                                                         \
    {                                                                        \
        SPF_SG_NO_RULE, SPF_SG_SOURCE_EXCLUDED, SPF_ADDRESS_NOT_OF_INSTANCE, \
            SPF_GUEST_DROPS_PACKETS, SPF_OWN_NETWORK_BLOCKS                  \
    }
    {"connect to host", "timed out", DECIDES, SILENT},
    {"connect to host", "Connection refused", DECIDES, SPF_PORT_REFUSED, {0}},
    {"connect to host", "No route to host", DECIDES, SPF_PORT_UNREACHABLE, {0}},
    {"connect to host", "unreachable", DECIDES, SPF_PORT_UNREACHABLE, {0}},
    {"connect to host", "Permission denied", DECIDES, SPF_PORT_UNREACHABLE, {0}},
    {"connect to host", "Host is down", DECIDES, SPF_PORT_UNREACHABLE, {0}},
    {"connect to host", "reset", DECIDES, SPF_PORT_RESET, {0}},
    {"Failed to connect to ", "Connection refused", DECIDES, SPF_PORT_REFUSED, {0}},
    {"Failed to connect to ", "timed out", DECIDES, SILENT},
    {"Failed to connect to ", "reset", DECIDES, SPF_PORT_RESET, {0}},
    {"Failed to connect to ", "unreachable", DECIDES, SPF_PORT_UNREACHABLE, {0}},
    {"Failed to connect to ", "No route", DECIDES, SPF_PORT_UNREACHABLE, {0}},
    {"FATAL ERROR: Connection refused", NULL, DECIDES, SPF_PORT_REFUSED, {0}},
    {"FATAL ERROR: Connection timed out", NULL, DECIDES, SILENT},
    {"FATAL ERROR: No route to host", NULL, DECIDES, SPF_PORT_UNREACHABLE, {0}},
    {"Network error: Connection timed out", NULL, DECIDES, SILENT},
    {"Network error: Connection refused", NULL, DECIDES, SPF_PORT_REFUSED, {0}},
    {"Network error: No route to host", NULL, DECIDES, SPF_PORT_UNREACHABLE, {0}},
    {"Network error: Network is unreachable", NULL, DECIDES, SPF_PORT_UNREACHABLE, {0}},
    {"Exceeded MaxStartups", NULL, DECIDES, SPF_SSH_BUSY, {0}},
    {"Not allowed at this time", NULL, DECIDES, SPF_SSH_PENALISED, {0}},
    {"exchange_identification: banner line", "HTTP/", DECIDES, SPF_NOT_SSH, {0}},
    {"exchange_identification: banner line", "220 ", DECIDES, SPF_NOT_SSH, {0}},
    {"banner line contains invalid characters", NULL, DECIDES, SPF_NOT_SSH, {0}},
    {"banner line too long", NULL, DECIDES, SPF_NOT_SSH, {0}},
    {"exchange_identification: No banner received", NULL, DECIDES, SPF_NOT_SSH, {0}},
    {"No SSH version received in first", NULL, DECIDES, SPF_NOT_SSH, {0}},
    {"Protocol major versions differ", NULL, DECIDES, SPF_SSH_TOO_OLD, {0}},
    {"remote only provides (old, insecure) SSH-1", NULL, DECIDES, SPF_SSH_TOO_OLD, {0}},
    {"Bad remote protocol version identification", NULL, DECIDES, SPF_SSH_BANNER_INVALID, {0}},
    {"Invalid SSH identification string", NULL, DECIDES, SPF_SSH_BANNER_INVALID, {0}},
    {"exchange_identification:",
     "Connection",
     SUGGESTS,
     SPF_NO_FINDING,
     {SPF_SSH_CLOSED_EARLY, SPF_SSH_BUSY, SPF_SSH_PENALISED, SPF_NOT_SSH}},
    {"no matching key exchange method", NULL, DECIDES, SPF_HANDSHAKE_NO_COMMON_KEX, {0}},
    {"agree a key exchange algorithm", NULL, DECIDES, SPF_HANDSHAKE_NO_COMMON_KEX, {0}},
    {"no matching host key type", NULL, DECIDES, SPF_HANDSHAKE_NO_COMMON_HOST_KEY, {0}},
    {"agree a host key algorithm", NULL, DECIDES, SPF_HANDSHAKE_NO_COMMON_HOST_KEY, {0}},
    {"no matching cipher", NULL, DECIDES, SPF_HANDSHAKE_NO_COMMON_CIPHER, {0}},
    {"agree a ", " cipher", DECIDES, SPF_HANDSHAKE_NO_COMMON_CIPHER, {0}},
    {"Selected client-to-server cipher", NULL, DECIDES, SPF_HANDSHAKE_NO_COMMON_CIPHER, {0}},
    {"no matching MAC", NULL, DECIDES, SPF_HANDSHAKE_NO_COMMON_MAC, {0}},
    {"agree a ", " MAC", DECIDES, SPF_HANDSHAKE_NO_COMMON_MAC, {0}},
    {"first key-exchange algorithm supported by", NULL, DECIDES, SPF_HANDSHAKE_NO_COMMON_KEX, {0}},
    {"first host key type supported by", NULL, DECIDES, SPF_HANDSHAKE_NO_COMMON_HOST_KEY, {0}},
    {"cipher supported by the server", NULL, DECIDES, SPF_HANDSHAKE_NO_COMMON_CIPHER, {0}},
    {"Bad packet length", NULL, DECIDES, SPF_HANDSHAKE_FAILED, {0}},
    {"Incoming packet was garbled", NULL, DECIDES, SPF_HANDSHAKE_FAILED, {0}},
    {"Corrupted MAC on input", NULL, DECIDES, SPF_HANDSHAKE_FAILED, {0}},
    {"ssh_dispatch_run_fatal", "timed out", DECIDES, SPF_HANDSHAKE_TIMEOUT, {0}},
    {"ssh_dispatch_run_fatal", NULL, DECIDES, SPF_HANDSHAKE_FAILED, {0}},
#define CHANGED                                                 \
    SPF_HOST_KEY_CHANGED,                                       \
    {                                                           \
        SPF_HOST_KEY_REBUILT, SPF_ADDRESS_ANSWERS_AS_OTHER_HOST \
    }
    {"REMOTE HOST IDENTIFICATION HAS CHANGED", NULL, DECIDES, CHANGED},
    {"POTENTIAL SECURITY BREACH", NULL, DECIDES, CHANGED},
    {"REVOKED HOST KEY DETECTED", NULL, DECIDES, SPF_HOST_KEY_REVOKED, {0}},
    {"host key is known for", "strict checking", DECIDES, SPF_HOST_KEY_UNKNOWN, {0}},
    {"The authenticity of host", NULL, SUGGESTS, SPF_HOST_KEY_UNKNOWN, {0}},
    {"host key is not cached", NULL, DECIDES, SPF_HOST_KEY_UNKNOWN, {0}},
    {"Host key not in manually configured list", NULL, DECIDES, CHANGED},
    {"Host key verification failed",
     NULL,
     SUGGESTS,
     SPF_NO_FINDING,
     {SPF_HOST_KEY_UNKNOWN, SPF_HOST_KEY_CHANGED, SPF_HOST_KEY_REVOKED}},
    {"UNPROTECTED PRIVATE KEY FILE", NULL, KEY_TROUBLE, SPF_KEY_MODE_TOO_OPEN, {0}},
    {"Permissions ", "are too open", KEY_TROUBLE, SPF_KEY_MODE_TOO_OPEN, {0}},
    {"private key files are NOT accessible", NULL, KEY_TROUBLE, SPF_KEY_MODE_TOO_OPEN, {0}},
    {"Load key", "bad permissions", KEY_TROUBLE, SPF_KEY_MODE_TOO_OPEN, {0}},
    {"Load key", "incorrect passphrase", KEY_TROUBLE, SPF_KEY_PASSPHRASE_WRONG, {0}},
    {"Wrong passphrase", NULL, KEY_TROUBLE, SPF_KEY_PASSPHRASE_WRONG, {0}},
    {"Load key", "Is a directory", KEY_TROUBLE, SPF_KEY_NOT_REGULAR, {0}},
    {"Load key", "Permission denied", KEY_TROUBLE, SPF_KEY_NOT_READABLE, {0}},
    {"Identity file", "No such file", KEY_TROUBLE, SPF_KEY_MISSING, {0}},
    {"Identity file", "Permission denied", KEY_TROUBLE, SPF_KEY_NOT_READABLE, {0}},
    {"no such identity", NULL, KEY_TROUBLE, SPF_KEY_MISSING, {0}},
    {"Load key", "nvalid key length", KEY_TROUBLE, SPF_KEY_WEAK, {0}},
#define DAMAGED                                                                                  \
    SPF_NO_FINDING,                                                                              \
    {                                                                                            \
        SPF_KEY_NO_FINAL_NEWLINE, SPF_KEY_CRLF, SPF_KEY_IS_PPK, SPF_KEY_ON_ONE_LINE,             \
            SPF_KEY_TRUNCATED, SPF_KEY_IS_PUBLIC, SPF_KEY_PKCS8_ED25519, SPF_KEY_HEADER_MANGLED, \
            SPF_KEY_EMPTY, SPF_KEY_IS_NOT_A_KEY                                                  \
    }
    {"Load key", "error in libcrypto", KEY_TROUBLE, DAMAGED},
    {"Load key", "invalid format", KEY_TROUBLE, DAMAGED},
    {"Load key", "unknown or unsupported", KEY_TROUBLE, SPF_KEY_ALGORITHM_UNSUPPORTED, {0}},
    {"Unable to use key file", "public key", KEY_TROUBLE, SPF_KEY_IS_PUBLIC, {0}},
    {"Key file contains public key only", NULL, KEY_TROUBLE, SPF_KEY_IS_PUBLIC, {0}},
/* What PuTTY, plink, PuTTYgen and Pageant say of a file stands in brackets behind it. */
#define PUTTY_FILE(words)                                                  \
    {words, "unable to open", KEY_TROUBLE, SPF_KEY_MISSING, {0}},          \
        {words, "too new", KEY_TROUBLE, SPF_KEY_PPK_VERSION_NEW, {0}},     \
        {words, "passphrase", KEY_TROUBLE, SPF_KEY_PASSPHRASE_WRONG, {0}}, \
        {words, "public key", KEY_TROUBLE, SPF_KEY_IS_PUBLIC, {0}},        \
        {words, "ssh.com", KEY_TROUBLE, SPF_KEY_IS_SSHCOM, {0}},           \
        {words, "OpenSSH", KEY_TROUBLE, SPF_PUTTY_NEEDS_PPK, {0}},         \
        {words, "MAC failed", KEY_TROUBLE, SPF_KEY_CORRUPT, {0}},          \
        {words, "format error", KEY_TROUBLE, SPF_KEY_CORRUPT, {0}},        \
        {words, "createkey failed", KEY_TROUBLE, SPF_KEY_CORRUPT, {0}},    \
    {                                                                      \
        words, NULL, KEY_TROUBLE, SPF_NO_FINDING,                          \
        {                                                                  \
            SPF_PUTTY_NEEDS_PPK, SPF_KEY_IS_NOT_A_KEY, SPF_KEY_CORRUPT     \
        }                                                                  \
    }
    PUTTY_FILE("Unable to use key file"),
    PUTTY_FILE("Unable to use this key file"),
    PUTTY_FILE("Unable to load key"),
    PUTTY_FILE("Unable to load private key"),
    PUTTY_FILE("Couldn't load private key"),
    PUTTY_FILE("Couldn't load this key"),
    PUTTY_FILE("puttygen: error loading"),
    {"agent refused operation", NULL, KEY_TROUBLE, SPF_AGENT_REFUSED_TO_SIGN, {0}},
    {"Pageant refused signing request", NULL, KEY_TROUBLE, SPF_AGENT_REFUSED_TO_SIGN, {0}},
    {"Pageant failed to respond to signing", NULL, KEY_TROUBLE, SPF_AGENT_REFUSED_TO_SIGN, {0}},
    {"no passphrase given, try next key", NULL, KEY_TROUBLE, SPF_KEY_ENCRYPTED, {0}},
    {"Passphrase for key", NULL, KEY_TROUBLE, SPF_KEY_ENCRYPTED, {0}},
    {"Enter passphrase for key", NULL, KEY_TROUBLE, SPF_KEY_ENCRYPTED, {0}},
    {"Offering public key", " agent", FROM_AGENT, SPF_NO_FINDING, {0}},
    {"Offering public key", NULL, OFFERED, SPF_NO_FINDING, {0}},
    {"Server refused our key", NULL, REFUSED, SPF_NO_FINDING, {0}},
    {"Server refused our public key", NULL, REFUSED, SPF_NO_FINDING, {0}},
    {"Server refused public", "signature despite accepting", DECIDES, SPF_AUTH_LOGIN_REFUSED, {0}},
    {"'s password:", NULL, ASKS, SPF_NO_FINDING, {0}},
    {"we did not send a packet, disable method", NULL, UNSIGNED, SPF_NO_FINDING, {0}},
    {"Server accepts key", NULL, ACCEPTED, SPF_NO_FINDING, {0}},
    {"Offer of public key accepted", NULL, ACCEPTED, SPF_NO_FINDING, {0}},
    {"Unprivileged users are not permitted to log in", NULL, DECIDES, SPF_AUTH_NOT_YET, {0}},
    {"Your account has expired", NULL, DECIDES, SPF_AUTH_LOGIN_REFUSED, {0}},
    {"Password change required but no TTY", NULL, DECIDES, SPF_SESSION_NO_SHELL, {0}},
    {"with partial success", NULL, PARTIAL, SPF_NO_FINDING, {0}},
    {"Further authentication required", NULL, PARTIAL, SPF_NO_FINDING, {0}},
    {"no mutual signature", NULL, NO_ALGORITHM, SPF_NO_FINDING, {0}},
    {"not in PubkeyAcceptedAlgorithms", NULL, NO_ALGORITHM, SPF_NO_FINDING, {0}},
    {"Too many authentication failures",
     NULL,
     DECIDES,
     SPF_AUTH_TOO_MANY,
     {SPF_AGENT_KEYS_TOO_MANY, SPF_AUTH_KEY_REFUSED, SPF_AUTH_LOGIN_REFUSED}},
    {"Authentications that can continue: ", NULL, CONTINUES, SPF_NO_FINDING, {0}},
    {"Permission denied, please try again", NULL, OFFERED, SPF_NO_FINDING, {0}},
    {"Permission denied (", NULL, DENIED, SPF_NO_FINDING, {0}},
    {"Cannot answer interactive prompts", NULL, DENIED, SPF_NO_FINDING, {0}},
    {"No supported authentication methods available (server sent: ",
     NULL,
     DENIED,
     SPF_NO_FINDING,
     {0}},
    {"Please login as the user", NULL, DECIDES, SPF_SESSION_OTHER_USER, {0}},
    {"System is booting up", NULL, DECIDES, SPF_INSTANCE_STILL_BOOTING, {0}},
    {"account is currently not available", NULL, DECIDES, SPF_SESSION_NO_SHELL, {0}},
    {"allows sftp connections only", NULL, DECIDES, SPF_SESSION_NO_SHELL, {0}},
    {"PTY allocation request failed", NULL, DECIDES, SPF_SESSION_NO_PTY, {0}},
    {"Server refused to allocate pty", NULL, DECIDES, SPF_SESSION_NO_PTY, {0}},
    {"request failed on channel", NULL, DECIDES, SPF_SESSION_REFUSED, {0}},
    {"open failed: administratively prohibited",
     NULL,
     DECIDES,
     SPF_NO_FINDING,
     {SPF_JUMP_FORWARDING_REFUSED, SPF_SESSION_REFUSED}},
    /* a target behind the server that is to be reached through it: sshd adds strerror */
    {"open failed: connect failed", "Connection refused", DECIDES, SPF_PORT_REFUSED, {0}},
    {"open failed: connect failed", "timed out", DECIDES, SILENT},
    {"open failed: connect failed", "No route to host", DECIDES, SPF_PORT_UNREACHABLE, {0}},
    {"open failed: connect failed", "unreachable", DECIDES, SPF_PORT_UNREACHABLE, {0}},
    {"open failed: connect failed", "service not known", DECIDES, SPF_HOST_UNRESOLVED, {0}},
    {"open failed: connect failed", "name resolution", DECIDES, SPF_HOST_UNRESOLVED, {0}},
    {"open failed: connect failed", NULL, DECIDES, SPF_SESSION_REFUSED, {0}},
    {"stdio forwarding failed",
     NULL,
     FORWARDED,
     SPF_NO_FINDING,
     {SPF_JUMP_FORWARDING_REFUSED, SPF_PORT_REFUSED}},
    {"Server refused to open main channel", NULL, DECIDES, SPF_SESSION_REFUSED, {0}},
    {"safely_chroot", NULL, DECIDES, SPF_SESSION_REFUSED, {0}},
    {"client_loop: send disconnect",
     NULL,
     DECIDES,
     SPF_NO_FINDING,
     {SPF_SESSION_REFUSED, SPF_SESSION_NO_SHELL}},
    {"Connection to ",
     "closed by remote host",
     DECIDES,
     SPF_NO_FINDING,
     {SPF_SESSION_REFUSED, SPF_SESSION_NO_SHELL}},
    {"Server refused to start a shell", NULL, DECIDES, SPF_SESSION_REFUSED, {0}},
    {"Password change required but no TTY", NULL, DECIDES, SPF_SESSION_REFUSED, {0}},
    {"account has expired", NULL, DECIDES, SPF_SESSION_REFUSED, {0}},
    {"debug1: Exit status ",
     NULL,
     EXITED,
     SPF_NO_FINDING,
     {SPF_SESSION_NO_SHELL, SPF_SESSION_FORCED_COMMAND, SPF_SESSION_OTHER_USER}},
    {"Session sent command exit status ",
     NULL,
     EXITED,
     SPF_NO_FINDING,
     {SPF_SESSION_NO_SHELL, SPF_SESSION_FORCED_COMMAND, SPF_SESSION_OTHER_USER}},
    {"Authenticated to ", NULL, AUTHENTICATED, SPF_NO_FINDING, {0}},
    {"Access granted", NULL, AUTHENTICATED, SPF_NO_FINDING, {0}},
    {"Remote protocol version", NULL, IDENTIFIED, SPF_NO_FINDING, {0}},
    {"Remote version: SSH-2", NULL, IDENTIFIED, SPF_NO_FINDING, {0}},
    {"Connecting to ", " port ", CONNECTS, SPF_NO_FINDING, {0}},
    {"unexpectedly closed network connection",
     NULL,
     SUGGESTS,
     SPF_NO_FINDING,
     {SPF_SSH_CLOSED_EARLY, SPF_SSH_BUSY, SPF_SSH_PENALISED, SPF_NOT_SSH, SPF_HANDSHAKE_FAILED}},
    {"FATAL ERROR: Connection reset by peer",
     NULL,
     SUGGESTS,
     SPF_NO_FINDING,
     {SPF_SSH_CLOSED_EARLY, SPF_SSH_BUSY, SPF_SSH_PENALISED, SPF_NOT_SSH, SPF_HANDSHAKE_FAILED}},
    {"Network error: Connection reset by peer",
     NULL,
     SUGGESTS,
     SPF_NO_FINDING,
     {SPF_SSH_CLOSED_EARLY, SPF_NOT_SSH, SPF_HANDSHAKE_FAILED}},
    {"Network error: Software caused connection abort",
     NULL,
     SUGGESTS,
     SPF_NO_FINDING,
     {SPF_SSH_CLOSED_EARLY, SPF_HANDSHAKE_FAILED, SPF_AUTH_DISCONNECTED}},
#define ENDED                                                             \
    SPF_NO_FINDING,                                                       \
    {                                                                     \
        SPF_HANDSHAKE_FAILED, SPF_AUTH_DISCONNECTED, SPF_SSH_CLOSED_EARLY \
    }
    {"Connection closed by ", " port ", SUGGESTS, ENDED},
    {"Connection reset by ", " port ", SUGGESTS, ENDED},
    {"Connection to ", "timed out", SUGGESTS, SPF_HANDSHAKE_TIMEOUT, {0}},
    {"Received disconnect from ", NULL, SUGGESTS, ENDED},
    {"Remote side sent disconnect message", NULL, SUGGESTS, ENDED},
};

const struct phrase *spf_pasted_phrase(const char *line, const char **behind)
{
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
        const struct phrase *phrase = &phrases[i];
        const char *found = strstr(line, phrase->words);

        if (found == NULL)
            continue;
        *behind = found + strlen(phrase->words);
        if (phrase->then == NULL || strstr(*behind, phrase->then) != NULL)
            return phrase;
    }
    return NULL;
}
