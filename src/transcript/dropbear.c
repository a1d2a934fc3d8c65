#include "transcript/messages.h"

/* Dropbear's dbclient, 2014 to 2025: cli-main.c, cli-kex.c, cli-auth*.c, cli-runopts.c, netio.c. */
static const struct spf_message rows[] = {
    {"exited: No auth methods could be used", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth "
     "key-pair-different,user-not-of-image,authorized-keys-ignored,auth-publickey-disabled,key-"
     "missing"},
    {"Failed loading keyfile ", NULL, SPF_EVENT_SUSPECTED,
     "key.format key-missing,key-is-not-a-key,client-too-old,key-encrypted"},
    {"is not in the trusted hosts file", NULL, SPF_EVENT_HOST_UNKNOWN, NULL},
    {"host key mismatch for ", NULL, SPF_EVENT_HOST_CHANGED, NULL},
    {"exited: Didn't validate host key", NULL, SPF_EVENT_HOST_UNVERIFIED, NULL},
    {"exited: Not accepted automatically", NULL, SPF_EVENT_HOST_REFUSED, NULL},
    {"exited: Bad hostkey signature", NULL, SPF_EVENT_KEX_BROKEN, NULL},
    {"exited: Connect failed: Connection refused", NULL, SPF_EVENT_TCP, "refused"},
    {"exited: Connect failed: ", "timed out", SPF_EVENT_TCP, "silent"},
    {"exited: Connect failed: Error resolving", NULL, SPF_EVENT_TCP, "unresolved"},
    {"exited: Connect failed: ", NULL, SPF_EVENT_TCP, "unreachable"},
    {"exited: Failed lookup: ", NULL, SPF_EVENT_TCP, "unresolved"},
    {"exited: Failed running proxy command", NULL, SPF_EVENT_PROXY_FAILED, NULL},
    {"exited: No matching algo kex", NULL, SPF_EVENT_NO_COMMON, "kex"},
    {"exited: No matching algo hostkey", NULL, SPF_EVENT_NO_COMMON, "host-key"},
    {"exited: No matching algo enc", NULL, SPF_EVENT_NO_COMMON, "cipher"},
    {"exited: No matching algo mac", NULL, SPF_EVENT_NO_COMMON, "mac"},
    {"exited: No matching algo hash", NULL, SPF_EVENT_NO_COMMON, "mac"},
    {"exited: Incompatible remote version", NULL, SPF_EVENT_BANNER, "other"},
    {"exited: Remote closed the connection", NULL, SPF_EVENT_CLOSED, NULL},
    {"exited: Error reading: Connection reset by peer", NULL, SPF_EVENT_CLOSED, NULL},
    {"exited: Agent failed signing key", NULL, SPF_EVENT_NAMED, "ssh.auth agent-refused-to-sign"},
    {"exited: Couldn't open initial channel", NULL, SPF_EVENT_NAMED, "ssh.session session-refused"},
};

const struct spf_family spf_family_dropbear = SPF_FAMILY("dbclient", rows);
