#include "transcript/messages.h"

/*
 * libssh 0.6 to 0.11 (kex.c, auth.c, connect.c, socket.c, its samples) and libssh2 1.4 to 1.11
 * (userauth.c, session.c, kex.c) with curl, PHP and Navicat on it; phpseclib.
 */
static const struct spf_message rows[] = {
    {"Invalid private key file or incorrect passphrase", NULL, SPF_EVENT_SUSPECTED,
     "key.format key-passphrase-wrong,key-is-not-a-key,key-is-ppk,key-is-public,key-missing"},
    {"Access denied. Authentication that can continue: ", NULL, SPF_EVENT_DENIED, NULL},
    {"Access denied for '", NULL, SPF_EVENT_DENIED, NULL},
    {"Authentication that can continue: ", NULL, SPF_EVENT_DENIED, NULL},
    {"no match for method kex algos", NULL, SPF_EVENT_NO_COMMON, "kex"},
    {"no match for method server host key algo", NULL, SPF_EVENT_NO_COMMON, "host-key"},
    {"no match for method encryption ", NULL, SPF_EVENT_NO_COMMON, "cipher"},
    {"no match for method mac algo ", NULL, SPF_EVENT_NO_COMMON, "mac"},
    {"Failed to resolve hostname ", NULL, SPF_EVENT_TCP, "unresolved"},
    /* it waits for the identification in the same way */
    {"Timeout connecting to ", NULL, SPF_EVENT_SUSPECTED,
     "net.port port-silent,ssh-silent,handshake-timeout"},
    {"Connection error: Connection refused", NULL, SPF_EVENT_TCP, "refused"},
    {"Socket error: Connection refused", NULL, SPF_EVENT_TCP, "refused"},
    {"Socket error: Connection timed out", NULL, SPF_EVENT_TCP, "silent"},
    {"Socket error: No route to host", NULL, SPF_EVENT_TCP, "unreachable"},
    {"Socket error: ", NULL, SPF_EVENT_SUSPECTED, SPF_SAID_ENDED},
    {"Host key for server changed", NULL, SPF_EVENT_HOST_CHANGED, NULL},

    {"Username/PublicKey combination invalid", NULL, SPF_EVENT_SUSPECTED, SPF_SAID_REFUSED},
    {"Callback returned error", NULL, SPF_EVENT_SUSPECTED,
     "key.format key-passphrase-wrong,key-encrypted,client-too-old,key-corrupt"},
    {"Unable to extract public key from private key", NULL, SPF_EVENT_SUSPECTED,
     "key.format key-passphrase-wrong,key-encrypted,client-too-old,key-is-not-a-key,key-corrupt,"
     "key-is-public"},
    {"Unable to extract public key from private key file: Unable to open private key file", NULL,
     SPF_EVENT_SUSPECTED, "key.file key-missing,key-unreadable"},
    {"Unable to open public key file", NULL, SPF_EVENT_SUSPECTED, "key.file key-missing"},
    {"Unable to exchange encryption keys", NULL, SPF_EVENT_SUSPECTED,
     "ssh.handshake handshake-no-common-kex,handshake-no-common-host-key,handshake-no-common-"
     "cipher,handshake-no-common-mac,handshake-failed"},
    {"Failed getting banner", NULL, SPF_EVENT_SUSPECTED,
     "ssh.banner ssh-closed-early,ssh-silent,ssh-busy,ssh-penalised,not-ssh"},
    {"Failed to get banner", NULL, SPF_EVENT_SUSPECTED,
     "ssh.banner ssh-closed-early,ssh-silent,ssh-busy,ssh-penalised,not-ssh"},
    {"curl: (7) Failed to connect to ", "refused", SPF_EVENT_TCP, "refused"},
    {"curl: (7) Failed to connect to ", NULL, SPF_EVENT_SUSPECTED,
     "net.port port-refused,port-silent,port-unreachable"},
    {"curl: (28) Failed to connect to ", NULL, SPF_EVENT_TCP, "silent"},
    {"curl: (28) Connection timed out", NULL, SPF_EVENT_TCP, "silent"},
    {"curl: (28) Operation timed out", NULL, SPF_EVENT_SUSPECTED,
     "net.port port-silent,ssh-silent,handshake-timeout"},
    {"curl: (6) Could not resolve host", NULL, SPF_EVENT_TCP, "unresolved"},
    {"curl: (51) SSL peer certificate or SSH remote key was not OK", NULL, SPF_EVENT_SUSPECTED,
     SPF_SAID_HOST_KEY},
    {"curl: (60) SSL peer certificate or SSH remote key was not OK", NULL, SPF_EVENT_SUSPECTED,
     SPF_SAID_HOST_KEY},
    /* also for anything wrong with the key file */
    {"curl: (67) Authentication failure", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth key-pair-different,user-not-of-image,key-missing,key-encrypted,auth-algorithm-"
     "refused,authorized-keys-ignored,user-not-allowed,auth-publickey-disabled,auth-second-factor"},
    {"No compatible key exchange algorithms found", NULL, SPF_EVENT_NO_COMMON, "kex"},
    {"No compatible server host key algorithms found", NULL, SPF_EVENT_NO_COMMON, "host-key"},
};

const struct spf_family spf_family_libssh = SPF_FAMILY("libssh", rows);
