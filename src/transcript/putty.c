#include "transcript/messages.h"

/*
 * PuTTY, plink, pscp, PuTTYgen, Pageant and WinSCP, 0.70 to 0.85: network.c, ssh/ and sshpubk.c; of
 * WinSCP also its own SecureShell.cpp. MobaXterm shows the same words.
 */
static const struct spf_message rows[] = {
    {"Remote SSH greeting was overlong", NULL, SPF_EVENT_BANNER, "other"}, /* seen in 0.85 */
    {"We claim version: SSH-2.0-PuTTY_", NULL, SPF_EVENT_CLIENT, "PuTTY_"},
    {"Looking up host \"", NULL, SPF_EVENT_LOOKS_UP, NULL},
    {"Connecting to ", " port ", SPF_EVENT_CONNECTS, NULL},
    {"Host does not exist", NULL, SPF_EVENT_TCP, "unresolved"},
    {"Failed to connect to ", "Connection refused", SPF_EVENT_TCP, "refused"},
    {"Failed to connect to ", "timed out", SPF_EVENT_TCP, "silent"},
    {"Failed to connect to ", "reset", SPF_EVENT_TCP, "reset"},
    {"Failed to connect to ", "Network is unreachable", SPF_EVENT_TCP, "unreachable"},
    {"Failed to connect to ", "No route to host", SPF_EVENT_TCP, "unreachable"},
    {"Failed to connect to ", ": ", SPF_EVENT_SUSPECTED,
     "net.port port-refused,port-silent,port-unreachable"},
    {"FATAL ERROR: Connection refused", NULL, SPF_EVENT_TCP, "refused"},
    {"FATAL ERROR: Connection timed out", NULL, SPF_EVENT_TCP, "silent"},
    {"FATAL ERROR: No route to host", NULL, SPF_EVENT_TCP, "unreachable"},
    {"Network error: Software caused connection abort", NULL, SPF_EVENT_SUSPECTED, SPF_SAID_ENDED},
    {"Network error: Connection reset by peer", NULL, SPF_EVENT_SUSPECTED, SPF_SAID_ENDED},
    {"Network error: Connection to ", "timed out", SPF_EVENT_TCP, "silent"},
    {"Network error: Connection to ", "refused", SPF_EVENT_TCP, "refused"},
    {"Network error: No route to host ", NULL, SPF_EVENT_TCP, "unreachable"},
    {"Network error: Network is unreachable", NULL, SPF_EVENT_TCP, "unreachable"},
    {"Network error: Cannot assign requested address", NULL, SPF_EVENT_TCP, "unreachable"},
    {"Network error: Permission denied", NULL, SPF_EVENT_TCP, "forbidden"},
    {"Host \"", "does not exist", SPF_EVENT_TCP, "unresolved"},
    {"Unable to open connection: Host does not exist", NULL, SPF_EVENT_TCP, "unresolved"},
    /* FileZilla, whose SFTP is PuTTY's */
    {"ECONNREFUSED - Connection refused by server", NULL, SPF_EVENT_TCP, "refused"},
    {"ETIMEDOUT - Connection attempt timed out", NULL, SPF_EVENT_TCP, "silent"},
    {"Connection timed out after ", "of inactivity", SPF_EVENT_SUSPECTED,
     "net.port port-silent,ssh-silent,handshake-timeout"},
    {"Network error: Connection timed out", NULL, SPF_EVENT_TCP, "silent"},
    {"Network error: Connection refused", NULL, SPF_EVENT_TCP, "refused"},
    {"Network error: No route to host", NULL, SPF_EVENT_TCP, "unreachable"},
    {"remote only provides (old, insecure) SSH-1", NULL, SPF_EVENT_BANNER, "ssh1"},
    {"Remote version: SSH-2.0-", NULL, SPF_EVENT_IDENTIFIED, NULL},
    {"agree a key exchange algorithm", NULL, SPF_EVENT_NO_COMMON, "kex"},
    {"agree a host key algorithm", NULL, SPF_EVENT_NO_COMMON, "host-key"},
    {"agree a ", " cipher", SPF_EVENT_NO_COMMON, "cipher"},
    {"agree a ", " MAC", SPF_EVENT_NO_COMMON, "mac"},
    {"Selected key exchange algorithm", "not correspond", SPF_EVENT_NO_COMMON, "kex"},
    {"Selected host key algorithm", "not correspond", SPF_EVENT_NO_COMMON, "host-key"},
    {"Selected client-to-server cipher", NULL, SPF_EVENT_NO_COMMON, "cipher"},
    {"first key-exchange algorithm supported by", NULL, SPF_EVENT_NO_COMMON, "kex"},
    {"first host key type supported by", NULL, SPF_EVENT_NO_COMMON, "host-key"},
    {"cipher supported by the server", NULL, SPF_EVENT_NO_COMMON, "cipher"},
    {"Incoming packet was garbled", NULL, SPF_EVENT_KEX_BROKEN, NULL},
    /* under "Host key fingerprint is:", since 0.75 */
    {"ssh-ed25519 255 SHA256:", NULL, SPF_EVENT_HOST_KEY, "ssh-ed25519"},
    {"ecdsa-sha2-nistp256 256 SHA256:", NULL, SPF_EVENT_HOST_KEY, "ecdsa-sha2-nistp256"},
    {"ecdsa-sha2-nistp384 384 SHA256:", NULL, SPF_EVENT_HOST_KEY, "ecdsa-sha2-nistp384"},
    {"ecdsa-sha2-nistp521 521 SHA256:", NULL, SPF_EVENT_HOST_KEY, "ecdsa-sha2-nistp521"},
    {"ssh-rsa 2048 SHA256:", NULL, SPF_EVENT_HOST_KEY, "ssh-rsa"},
    {"ssh-rsa 3072 SHA256:", NULL, SPF_EVENT_HOST_KEY, "ssh-rsa"},
    {"ssh-rsa 4096 SHA256:", NULL, SPF_EVENT_HOST_KEY, "ssh-rsa"},
    {"POTENTIAL SECURITY BREACH", NULL, SPF_EVENT_HOST_CHANGED, NULL},
    {"Host key not in manually configured list", NULL, SPF_EVENT_HOST_CHANGED, NULL},
    {"host key does not match the one WinSCP has in cache", NULL, SPF_EVENT_HOST_CHANGED, NULL},
    {"host key does not match the one PuTTY has cached", NULL, SPF_EVENT_HOST_CHANGED, NULL},
    {"Host key verification failed", "WinSCP", SPF_EVENT_HOST_UNVERIFIED, NULL},
    {"Host key wasn't verified!", NULL, SPF_EVENT_HOST_UNVERIFIED, NULL},
    {"Host key hasn't been verified!", NULL, SPF_EVENT_HOST_UNVERIFIED, NULL},
    {"host key is not cached", NULL, SPF_EVENT_HOST_UNKNOWN, NULL},
    {"Using username \"", NULL, SPF_EVENT_LOGS_IN_TO, "user"},
    {"Sent username \"", NULL, SPF_EVENT_LOGS_IN_TO, "user"},
/* What is wrong with a file follows in brackets. */
#define PUTTY_FILE(words)                                                     \
    {words, "unable to open", SPF_EVENT_KEY_TROUBLE, "key-missing"},          \
        {words, "too new", SPF_EVENT_KEY_TROUBLE, "key-ppk-version-new"},     \
        {words, "passphrase", SPF_EVENT_KEY_TROUBLE, "key-passphrase-wrong"}, \
        {words, "public key", SPF_EVENT_KEY_TROUBLE, "key-is-public"},        \
        {words, "ssh.com", SPF_EVENT_KEY_TROUBLE, "key-is-sshcom"},           \
        {words, "OpenSSH", SPF_EVENT_KEY_TROUBLE, "putty-needs-ppk"},         \
        {words, "MAC failed", SPF_EVENT_KEY_TROUBLE, "key-corrupt"},          \
        {words, "format error", SPF_EVENT_KEY_TROUBLE, "key-corrupt"},        \
        {words, "createkey failed", SPF_EVENT_KEY_TROUBLE, "key-corrupt"},    \
    {                                                                         \
        words, NULL, SPF_EVENT_SUSPECTED,                                     \
            "key.format putty-needs-ppk,key-is-not-a-key,key-corrupt"         \
    }
    PUTTY_FILE("Unable to use key file"),
    PUTTY_FILE("Unable to use this key file"),
    PUTTY_FILE("Unable to load key"),
    PUTTY_FILE("Unable to load private key"),
    PUTTY_FILE("Couldn't load private key"),
    PUTTY_FILE("Couldn't load this key"),
    PUTTY_FILE("puttygen: error loading"),
    {"contains a key in OpenSSH ", "only PuTTY format", SPF_EVENT_KEY_TROUBLE, "putty-needs-ppk"},
    {"contains private key in OpenSSH", NULL, SPF_EVENT_KEY_TROUBLE, "putty-needs-ppk"},
    {"(OpenSSH SSH-2 private key", NULL, SPF_EVENT_KEY_TROUBLE, "putty-needs-ppk"},
    {"Key file contains public key only", NULL, SPF_EVENT_KEY_TROUBLE, "key-is-public"},
    {"Wrong passphrase", NULL, SPF_EVENT_KEY_TROUBLE, "key-passphrase-wrong"},
    {"Passphrase for key ", NULL, SPF_EVENT_ASKS_PASSPHRASE, NULL},
    {"Pageant refused signing request", NULL, SPF_EVENT_NAMED, "ssh.auth agent-refused-to-sign"},
    {"Pageant failed to respond to signing", NULL, SPF_EVENT_NAMED,
     "ssh.auth agent-refused-to-sign"},
    {"Trying Pageant key #", NULL, SPF_EVENT_OFFERED, "agent"},
    {"Offered public key", NULL, SPF_EVENT_OFFERED, NULL},
    {"Offer of public key accepted", NULL, SPF_EVENT_ACCEPTED, NULL},
    {"Server refused our key", NULL, SPF_EVENT_REFUSED, NULL},
    {"Server refused our public key", NULL, SPF_EVENT_REFUSED, NULL},
    {"signature despite accepting", NULL, SPF_EVENT_SIGNATURE_REFUSED, NULL},
    {"Further authentication required", NULL, SPF_EVENT_PARTIAL, NULL},
    {"No supported authentication methods available (server sent: ", NULL, SPF_EVENT_DENIED, NULL},
    {"Cannot answer interactive prompts", NULL, SPF_EVENT_DENIED, "quiet"},
    {"Remote side sent disconnect message", "Too many authentication failures", SPF_EVENT_TOO_MANY,
     NULL},
    {"Remote side sent disconnect message", NULL, SPF_EVENT_DISCONNECT, NULL},
    {"Cannot initialize SFTP protocol", NULL, SPF_EVENT_SUSPECTED,
     "ssh.session session-no-shell,session-forced-command,session-refused"},
    {"Server sent command exit status ", NULL, SPF_EVENT_SUSPECTED,
     "ssh.session session-no-shell,session-forced-command"},
    {"Too many authentication failures", "(server", SPF_EVENT_TOO_MANY, NULL},
    {"rejected SFTP connection, but it listens for FTP", NULL, SPF_EVENT_TCP, "refused"},
    {"Access granted", NULL, SPF_EVENT_AUTHENTICATED, ""},
    {"Server refused to open main channel", NULL, SPF_EVENT_NAMED, "ssh.session session-refused"},
    {"Server refused to start a shell", NULL, SPF_EVENT_NAMED, "ssh.session session-refused"},
    {"Server refused to allocate pty", NULL, SPF_EVENT_SUSPECTED, "ssh.session session-no-pty"},
    {"Session sent command exit status ", NULL, SPF_EVENT_EXIT, NULL},
    {"unexpectedly closed network connection", NULL, SPF_EVENT_CLOSED, NULL},
};

const struct spf_family spf_family_putty = SPF_FAMILY("PuTTY", rows);
