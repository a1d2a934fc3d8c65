#include "transcript/messages.h"

/*
 * sshd's log (auth.c, auth2.c, auth2-pubkey.c, misc.c, sshd.c; 6.6 to 10.6) and what is logged
 * beside it: PAM, SELinux, systemd, cloud-init. What it says of a refusal is the reason, not a
 * suspicion.
 */
static const struct spf_message rows[] = {
    {"Authentication refused: bad ownership or modes for ", NULL, SPF_EVENT_NAMED,
     "ssh.auth authorized-keys-ignored"},
    {"Could not open authorized keys", NULL, SPF_EVENT_NAMED, "ssh.auth authorized-keys-ignored"},
    {"Could not open user '", "authorized keys '", SPF_EVENT_NAMED,
     "ssh.auth authorized-keys-ignored"},
    {"avc: ", "authorized_keys", SPF_EVENT_NAMED, "ssh.auth authorized-keys-ignored"},
    {" not allowed because ", "account is locked", SPF_EVENT_NAMED, "ssh.auth user-not-allowed"},
    {" not allowed because ", NULL, SPF_EVENT_NAMED, "ssh.auth user-not-allowed"},
    {"Invalid user ", " from ", SPF_EVENT_NAMED, "ssh.auth user-not-of-image"},
    {"but not from a permitted host", NULL, SPF_EVENT_NAMED, "ssh.auth key-line-excludes"},
    {"Refused by key options", NULL, SPF_EVENT_NAMED, "ssh.auth key-line-excludes"},
    {"not in PubkeyAccepted", NULL, SPF_EVENT_NAMED, "ssh.auth auth-algorithm-refused"},
    {"revoked by file", NULL, SPF_EVENT_NAMED, "ssh.auth key-against-policy"},
    {"refusing RSA key: Invalid key length", NULL, SPF_EVENT_NAMED, "ssh.auth key-against-policy"},
    {"ROOT LOGIN REFUSED FROM", NULL, SPF_EVENT_NAMED, "ssh.auth auth-login-refused"},
    {"has expired (account expired)", NULL, SPF_EVENT_NAMED, "ssh.auth auth-login-refused"},
    {"Access denied for user ", "by PAM account configuration", SPF_EVENT_NAMED,
     "ssh.auth auth-login-refused"},
    {"expired password for user ", NULL, SPF_EVENT_NAMED, "ssh.session account-password-expired"},
    {"maximum authentication attempts exceeded for", NULL, SPF_EVENT_NAMED,
     "ssh.auth auth-too-many"},
    {"Unable to negotiate with ", "no matching key exchange method", SPF_EVENT_NO_COMMON, "kex"},
    {"past MaxStartups", NULL, SPF_EVENT_NAMED, "ssh.banner ssh-busy"},
    {"beginning MaxStartups throttling", NULL, SPF_EVENT_NAMED, "ssh.banner ssh-busy"},
    {"penalty: ", NULL, SPF_EVENT_NAMED, "ssh.banner ssh-penalised"},
    {"PerSourcePenalties logged", NULL, SPF_EVENT_NAMED, "ssh.banner ssh-penalised"},
    {"Unable to load host key", NULL, SPF_EVENT_NAMED, "ssh.handshake server-host-key-unusable"},
    {"sshd: no hostkeys available", NULL, SPF_EVENT_NAMED,
     "ssh.handshake server-host-key-unusable"},
    {"could not load host key", NULL, SPF_EVENT_NAMED, "ssh.handshake server-host-key-unusable"},
    {"Could not load host key", NULL, SPF_EVENT_NAMED, "ssh.handshake server-host-key-unusable"},
    {"no hostkeys available", NULL, SPF_EVENT_NAMED, "ssh.handshake server-host-key-unusable"},
    {"Accepted publickey for ", NULL, SPF_EVENT_AUTHENTICATED, "log"},
    {"refused connect from ", NULL, SPF_EVENT_NAMED, "ssh.banner ssh-closed-early"},
    {"Timeout before authentication for ", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth auth-timeout,auth-disconnected"},
    {"This account is currently not available", NULL, SPF_EVENT_NAMED,
     "ssh.session session-no-shell"},
};

const struct spf_family spf_family_sshd = SPF_FAMILY("sshd", rows);
