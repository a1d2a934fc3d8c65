#include "diagnosis/pasted.h"

#include <string.h>

#include "base/text.h"

#define LINE_MAX_READ 2000

/* What a line does to what is known. */
enum effect {
    DECIDES,     /* it names the outcome */
    SUGGESTS,    /* so does it, where nothing better is said: the clients' general words */
    KEY_TROUBLE, /* the key file was not used; matters if the login is refused */
    OFFERED,     /* a key was offered */
    FROM_AGENT,  /* a key was offered that an agent holds */
    UNSIGNED,    /* the client could not use the private half */
    ACCEPTED,    /* the server would take the key (RFC 4252 section 7) */
    PARTIAL,
    NO_ALGORITHM,
    CONTINUES,  /* the methods that can continue, named */
    IDENTIFIED, /* the server's identification came */
    DENIED,
    AUTHENTICATED,
    EXITED,   /* a command's exit status, named */
    CONNECTS, /* another attempt begins */
};

/*
 * Words of the clients, the first that a line has counts. From OpenSSH's ssh.c, sshconnect.c,
 * sshconnect2.c, kex.c, packet.c and readconf.c (7.4 to 9.9), PuTTY's network, ssh and pageant
 * sources (0.70 to 0.81), and of programs that sshd starts. The second words must stand behind the
 * first ones.
 */
static const struct phrase {
    const char *words, *then; /* then NULL: nothing more */
    enum effect effect;
    enum spf_finding cause;
    enum spf_finding candidates[SPF_PASTED_CANDIDATES];
} phrases[] = {
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
    {"Permissions 0", "are too open", KEY_TROUBLE, SPF_KEY_MODE_TOO_OPEN, {0}},
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
    {"Unable to use key file",
     "OpenSSH",
     KEY_TROUBLE,
     SPF_NO_FINDING,
     {SPF_KEY_IS_PPK, SPF_KEY_IS_NOT_A_KEY}},
    {"Unable to use key file", "public key", KEY_TROUBLE, SPF_KEY_IS_PUBLIC, {0}},
    {"Unable to use key file", "unable to open", KEY_TROUBLE, SPF_KEY_MISSING, {0}},
    {"Unable to load key", "unable to open", KEY_TROUBLE, SPF_KEY_MISSING, {0}},
    {"Unable to use key file", NULL, KEY_TROUBLE, SPF_KEY_IS_NOT_A_KEY, {0}},
    {"Unable to load key", NULL, KEY_TROUBLE, SPF_KEY_IS_NOT_A_KEY, {0}},
    {"no passphrase given, try next key", NULL, KEY_TROUBLE, SPF_KEY_ENCRYPTED, {0}},
    {"Passphrase for key", NULL, KEY_TROUBLE, SPF_KEY_ENCRYPTED, {0}},
    {"Enter passphrase for key", NULL, KEY_TROUBLE, SPF_KEY_ENCRYPTED, {0}},
    {"Offering public key", " agent", FROM_AGENT, SPF_NO_FINDING, {0}},
    {"Offering public key", NULL, OFFERED, SPF_NO_FINDING, {0}},
    {"Server refused our key", NULL, OFFERED, SPF_NO_FINDING, {0}},
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
    {"request failed on channel", NULL, DECIDES, SPF_SESSION_REFUSED, {0}},
    {"open failed: administratively prohibited", NULL, DECIDES, SPF_SESSION_REFUSED, {0}},
    {"open failed: connect failed", NULL, DECIDES, SPF_SESSION_REFUSED, {0}},
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

/* What ends a connection means another thing behind the login. */
static const struct phrase ended_inside = {
    "", NULL, DECIDES, SPF_NO_FINDING, {SPF_SESSION_REFUSED, SPF_SESSION_NO_SHELL}};

struct reading {
    const struct phrase *decided; /* by DECIDES, SUGGESTS or DENIED */
    const struct phrase *trouble; /* the first with the key file */
    char trouble_line[300];
    unsigned offered, from_agent;
    bool identified, unusable, accepted, answered, partial, no_algorithm, methods_seen,
        methods_lack_ours;
    bool queries_mean_nothing; /* TinySSH says yes to each, and judges only the signature */
};

static const struct phrase *phrase_of(const char *line, const char **behind)
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

/* The line "debug1: Authentications that can continue: …", or "Permission denied (…)". */
static bool lacks_publickey(const char *methods)
{
    return strncmp(methods, "publickey", 9) != 0 && strstr(methods, ",publickey") == NULL;
}

static void keep_line(char out[300], const char *line)
{
    spf_clean(out, 300, line, strlen(line));
}

static void decide(struct reading *reading, const struct phrase *phrase, const char *line,
                   struct spf_pasted *pasted)
{
    reading->decided = phrase;
    pasted->logged_in = false;
    keep_line(pasted->line, line);
}

static void take_line(struct reading *reading, const char *line, struct spf_pasted *pasted)
{
    const char *behind = "";
    const struct phrase *phrase = phrase_of(line, &behind);

    if (phrase == NULL)
        return;
    switch (phrase->effect) {
    case DECIDES:
        decide(reading, phrase, line, pasted);
        break;
    case SUGGESTS:
        if (reading->decided == NULL)
            decide(reading, pasted->logged_in ? &ended_inside : phrase, line, pasted);
        break;
    case KEY_TROUBLE:
        /* an encrypted key is asked for, and then its passphrase is wrong: the later says more */
        if (reading->trouble == NULL || reading->trouble->cause == SPF_KEY_ENCRYPTED) {
            reading->trouble = phrase;
            keep_line(reading->trouble_line, line);
        }
        break;
    case FROM_AGENT:
        reading->from_agent++;
        reading->offered++;
        break;
    case OFFERED:
        reading->offered++;
        break;
    case UNSIGNED:
        reading->unusable = reading->accepted && !reading->answered;
        break;
    case EXITED:
        if (behind[0] != '0' && pasted->logged_in && reading->decided == NULL)
            decide(reading, phrase, line, pasted);
        break;
    case ACCEPTED:
        reading->accepted = !reading->queries_mean_nothing;
        break;
    case PARTIAL:
        reading->partial = true;
        break;
    case NO_ALGORITHM:
        reading->no_algorithm = true;
        break;
    case CONTINUES:
        reading->answered = reading->accepted; /* of the signature, that is */
        if (!reading->partial) {
            reading->methods_seen = true;
            reading->methods_lack_ours = lacks_publickey(behind);
        }
        break;
    case IDENTIFIED:
        reading->identified = true;
        reading->queries_mean_nothing = strstr(behind, "tinyssh_") != NULL;
        break;
    case DENIED:
        if (!reading->methods_seen)
            reading->methods_lack_ours = lacks_publickey(behind);
        decide(reading, phrase, line, pasted);
        break;
    case AUTHENTICATED:
        pasted->logged_in = true;
        reading->decided = NULL;
        keep_line(pasted->line, line);
        break;
    case CONNECTS:
        reading->decided = NULL;
        reading->identified = reading->unusable = reading->answered = reading->accepted =
            reading->partial = reading->no_algorithm = false;
        reading->methods_seen = reading->methods_lack_ours = false;
        reading->offered = reading->from_agent = 0;
        pasted->logged_in = false;
        break;
    }
}

static void suggest(struct spf_pasted *pasted, const enum spf_finding *candidates)
{
    pasted->count = 0;
    while (pasted->count < SPF_PASTED_CANDIDATES && candidates[pasted->count] != SPF_NO_FINDING) {
        pasted->candidates[pasted->count] = candidates[pasted->count];
        pasted->count++;
    }
}

/* "Permission denied (publickey)" is said for a dozen causes; what came before it tells some apart.
 */
static void judge_denial(const struct reading *reading, struct spf_pasted *pasted)
{
    static const enum spf_finding refused[SPF_PASTED_CANDIDATES] = {
        SPF_KEY_PAIR_DIFFERENT,      SPF_USER_NOT_OF_IMAGE,     SPF_KEY_PAIR_NOT_INSTALLED,
        SPF_AUTHORIZED_KEYS_IGNORED, SPF_USER_NOT_ALLOWED,      SPF_KEY_LINE_EXCLUDES,
        SPF_KEY_AGAINST_POLICY,      SPF_AUTH_ALGORITHM_REFUSED};
    static const enum spf_finding any[SPF_PASTED_CANDIDATES] = {
        SPF_KEY_PAIR_DIFFERENT,    SPF_USER_NOT_OF_IMAGE,       SPF_KEY_PAIR_NOT_INSTALLED,
        SPF_AUTH_LOGIN_REFUSED,    SPF_AUTHORIZED_KEYS_IGNORED, SPF_KEY_ENCRYPTED,
        SPF_USER_NOT_ALLOWED,      SPF_KEY_LINE_EXCLUDES,       SPF_KEY_AGAINST_POLICY,
        SPF_AUTH_ALGORITHM_REFUSED};
    static const enum spf_finding methods[SPF_PASTED_CANDIDATES] = {SPF_AUTH_PUBLICKEY_DISABLED,
                                                                    SPF_AUTH_SECOND_FACTOR};

    if (reading->partial) {
        pasted->cause = SPF_AUTH_SECOND_FACTOR;
    } else if (reading->methods_lack_ours && reading->methods_seen) {
        pasted->cause = SPF_AUTH_PUBLICKEY_DISABLED;
    } else if (reading->methods_lack_ours && reading->offered == 0) {
        suggest(pasted, methods);
    } else if (reading->trouble != NULL) {
        pasted->cause = reading->trouble->cause;
        suggest(pasted, reading->trouble->candidates);
        (void)spf_copy(pasted->line, sizeof pasted->line, reading->trouble_line);
    } else if (reading->no_algorithm) {
        pasted->cause = SPF_AUTH_ALGORITHM_REFUSED;
    } else if (reading->unusable) { /* the public half was beside it, the private one is locked */
        pasted->cause = SPF_KEY_ENCRYPTED;
    } else if (reading->accepted) {
        pasted->cause = SPF_AUTH_LOGIN_REFUSED;
    } else if (reading->offered > 0) {
        pasted->cause = SPF_AUTH_KEY_REFUSED;
        suggest(pasted, refused);
    } else {
        suggest(pasted, any);
    }
}

static bool judge(const struct reading *reading, struct spf_pasted *pasted)
{
    const struct phrase *phrase = reading->decided;

    if (phrase == NULL && reading->trouble != NULL && !pasted->logged_in) {
        phrase = reading->trouble;
        (void)spf_copy(pasted->line, sizeof pasted->line, reading->trouble_line);
    }
    if (phrase == NULL)
        return pasted->logged_in;
    if (phrase->effect == DENIED) {
        judge_denial(reading, pasted);
        return true;
    }
    pasted->cause = phrase->cause;
    suggest(pasted, phrase->candidates);
    if (phrase->cause == SPF_AUTH_TOO_MANY && reading->from_agent > 1) {
        pasted->cause = SPF_AGENT_KEYS_TOO_MANY;
        pasted->count = 0;
    } else if (phrase->cause == SPF_AUTH_TOO_MANY && reading->accepted && !reading->answered) {
        pasted->cause = SPF_AUTH_LOGIN_REFUSED; /* and this is its last try's answer */
        pasted->count = 0;
    } else if (phrase->cause == SPF_AUTH_TOO_MANY && reading->offered == 1) {
        pasted->cause = SPF_AUTH_KEY_REFUSED; /* MaxAuthTries 1 says no in this way */
        pasted->count = 0;
    }
    /* where -v shows how far it had come, the end has a name */
    if (phrase->effect == SUGGESTS && phrase->cause == SPF_NO_FINDING && reading->identified &&
        phrase->candidates[0] != SPF_HOST_KEY_UNKNOWN) {
        pasted->cause = reading->methods_seen || reading->offered > 0 || reading->accepted
                            ? SPF_AUTH_DISCONNECTED
                            : SPF_HANDSHAKE_FAILED;
        pasted->count = 0;
    }
    return true;
}

bool spf_pasted_read(const char *text, size_t len, struct spf_pasted *pasted)
{
    struct reading reading = {0};
    size_t begin = 0;

    *pasted = (struct spf_pasted){0};
    while (begin < len) {
        char line[LINE_MAX_READ + 1];
        size_t end = begin, size;

        while (end < len && text[end] != '\n' && text[end] != '\r')
            end++;
        size = end - begin < LINE_MAX_READ ? end - begin : LINE_MAX_READ;
        memcpy(line, text + begin, size);
        line[size] = '\0';
        for (size_t i = 0; i < size; i++) {
            if (line[i] == '\0')
                line[i] = ' ';
        }
        take_line(&reading, line, pasted);
        begin = end + 1;
    }
    return judge(&reading, pasted);
}
