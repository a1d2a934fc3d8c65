#include "transcript/take.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "pipeline/check.h"
#include "transcript/take_steps.h"
#include "transcript/words.h"

/* What says one thing, and no more: how far the attempt came, and a flag of it. */
static const struct {
    enum spf_message_kind event;
    enum spf_stage stage;
    bool flagged;
    size_t flag; /* offset of a bool */
} plain[] = {
    {SPF_EVENT_CONNECTED, SPF_STAGE_CONNECTED, false, 0},
    {SPF_EVENT_KEX_WAITS, SPF_STAGE_KEY_EXCHANGE, true, offsetof(struct spf_attempt, kex_waits)},
    {SPF_EVENT_KEX_TIMEOUT, SPF_STAGE_KEY_EXCHANGE, true,
     offsetof(struct spf_attempt, kex_timeout)},
    {SPF_EVENT_AUTH_BEGINS, SPF_STAGE_USER_AUTH, false, 0},
    {SPF_EVENT_NO_ALGORITHM, SPF_STAGE_USER_AUTH, true, offsetof(struct spf_attempt, no_algorithm)},
    {SPF_EVENT_PARTIAL, SPF_STAGE_USER_AUTH, true, offsetof(struct spf_attempt, partial)},
    {SPF_EVENT_TOO_MANY, SPF_STAGE_USER_AUTH, true, offsetof(struct spf_attempt, too_many)},
    {SPF_EVENT_SESSION_CLOSED, SPF_STAGE_NONE, true, offsetof(struct spf_attempt, session_closed)},
};

static bool take_plain(struct spf_attempt *attempt, const struct spf_match *match)
{
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        if (plain[i].event == match->row->event) {
            spf_attempt_reach(attempt, plain[i].stage);
            if (plain[i].flagged) {
                *(bool *)((char *)attempt + plain[i].flag) = true;
            }
            return true;
        }
    }
    return false;
}

/* Keeps the line as evidence of the check; the newest three of each are shown. */
static void show(struct spf_transcript_facts *facts, const char *check, int64_t number,
                 const char *text)
{
    struct spf_transcript_line *line = NULL;
    size_t count = 0;

    for (size_t i = 0; i < facts->shown.count; i++) {
        count += strcmp(facts->shown.items[i].check, check) == 0;
    }
    for (size_t i = 0; count >= 3 && line == NULL && i < facts->shown.count; i++) {
        if (strcmp(facts->shown.items[i].check, check) != 0) {
            continue;
        }
        memmove(&facts->shown.items[i], &facts->shown.items[i + 1],
                (facts->shown.count - i - 1) * sizeof *facts->shown.items);
        line = &facts->shown.items[facts->shown.count - 1];
    }
    if (line == NULL && (line = SPF_APPEND(&facts->shown)) == NULL) {
        return;
    }
    *line = (struct spf_transcript_line){.number = number};
    spf_copy(line->check, sizeof line->check, check);
    spf_clean(line->text, sizeof line->text, text, strlen(text));
}

static const char *check_name(enum spf_check_id check)
{
    return spf_check_table[check].id;
}

/* The step of the path to which a check belongs, at least. */
static enum spf_stage stage_of(enum spf_check_id check)
{
    switch (check) {
    case SPF_CHECK_SSH_BANNER:
        return SPF_STAGE_CONNECTED;
    case SPF_CHECK_SSH_HANDSHAKE:
        return SPF_STAGE_IDENTIFIED;
    case SPF_CHECK_SSH_HOST_KEY:
        return SPF_STAGE_HOST_KEY;
    case SPF_CHECK_SSH_AUTH:
        return SPF_STAGE_USER_AUTH;
    case SPF_CHECK_SSH_SESSION:
        return SPF_STAGE_IN;
    default:
        return SPF_STAGE_NONE;
    }
}

/* Which check the messages of a kind are evidence of, where that does not depend on their words. */
static const struct {
    enum spf_message_kind event;
    enum spf_check_id check;
} evidence[] = {
    {SPF_EVENT_CONNECTS, SPF_CHECK_NET_PORT},
    {SPF_EVENT_CONNECTED, SPF_CHECK_NET_PORT},
    {SPF_EVENT_PROXY_RUNS, SPF_CHECK_NET_PORT},
    {SPF_EVENT_PROXY_FAILED, SPF_CHECK_NET_PORT},
    {SPF_EVENT_TCP, SPF_CHECK_NET_PORT},
    {SPF_EVENT_FORWARD, SPF_CHECK_NET_PORT},
    {SPF_EVENT_BANNER, SPF_CHECK_SSH_BANNER},
    {SPF_EVENT_BANNER_LINE, SPF_CHECK_SSH_BANNER},
    {SPF_EVENT_IDENTIFIED, SPF_CHECK_SSH_BANNER},
    {SPF_EVENT_KEX_BEGINS, SPF_CHECK_SSH_HANDSHAKE},
    {SPF_EVENT_KEX_ALGORITHM, SPF_CHECK_SSH_HANDSHAKE},
    {SPF_EVENT_KEX_CIPHER, SPF_CHECK_SSH_HANDSHAKE},
    {SPF_EVENT_KEX_WAITS, SPF_CHECK_SSH_HANDSHAKE},
    {SPF_EVENT_NO_COMMON, SPF_CHECK_SSH_HANDSHAKE},
    {SPF_EVENT_KEX_BROKEN, SPF_CHECK_SSH_HANDSHAKE},
    {SPF_EVENT_KEX_TIMEOUT, SPF_CHECK_SSH_HANDSHAKE},
    {SPF_EVENT_HOST_KEY, SPF_CHECK_SSH_HOST_KEY},
    {SPF_EVENT_HOST_KNOWN, SPF_CHECK_SSH_HOST_KEY},
    {SPF_EVENT_HOST_UNKNOWN, SPF_CHECK_SSH_HOST_KEY},
    {SPF_EVENT_HOST_REFUSED, SPF_CHECK_SSH_HOST_KEY},
    {SPF_EVENT_HOST_CHANGED, SPF_CHECK_SSH_HOST_KEY},
    {SPF_EVENT_HOST_REVOKED, SPF_CHECK_SSH_HOST_KEY},
    {SPF_EVENT_HOST_UNVERIFIED, SPF_CHECK_SSH_HOST_KEY},
    {SPF_EVENT_KEY_UNCLEAR, SPF_CHECK_KEY_FORMAT},
    {SPF_EVENT_ASKS_PASSPHRASE, SPF_CHECK_KEY_FORMAT},
    {SPF_EVENT_METHODS, SPF_CHECK_SSH_AUTH},
    {SPF_EVENT_OFFERED, SPF_CHECK_SSH_AUTH},
    {SPF_EVENT_ACCEPTED, SPF_CHECK_SSH_AUTH},
    {SPF_EVENT_REFUSED, SPF_CHECK_SSH_AUTH},
    {SPF_EVENT_SIGNATURE_REFUSED, SPF_CHECK_SSH_AUTH},
    {SPF_EVENT_NO_ALGORITHM, SPF_CHECK_SSH_AUTH},
    {SPF_EVENT_PARTIAL, SPF_CHECK_SSH_AUTH},
    {SPF_EVENT_ASKS_PASSWORD, SPF_CHECK_SSH_AUTH},
    {SPF_EVENT_DENIED, SPF_CHECK_SSH_AUTH},
    {SPF_EVENT_TOO_MANY, SPF_CHECK_SSH_AUTH},
    {SPF_EVENT_DISCONNECT, SPF_CHECK_SSH_AUTH},
    {SPF_EVENT_AUTHENTICATED, SPF_CHECK_SSH_AUTH},
    {SPF_EVENT_SESSION, SPF_CHECK_SSH_SESSION},
    {SPF_EVENT_EXIT, SPF_CHECK_SSH_SESSION},
    {SPF_EVENT_SESSION_CLOSED, SPF_CHECK_SSH_SESSION},
};

static enum spf_check_id check_by_name(const char *name, enum spf_check_id otherwise)
{
    int check = spf_check_by_id(name);

    return check < 0 ? otherwise : (enum spf_check_id)check;
}

/* Which check a message is evidence of; SPF_CHECK_COUNT: of none. */
static enum spf_check_id check_of(const struct spf_attempt *attempt, const struct spf_match *match)
{
    char id[32];

    switch (match->row->event) {
    case SPF_EVENT_NAMED:
    case SPF_EVENT_SUSPECTED:
        (void)spf_word_at(match->row->argument, " ", id, sizeof id);
        return check_by_name(id, SPF_CHECK_COUNT);
    case SPF_EVENT_KEY_TROUBLE:
        return check_by_name(spf_findings[spf_finding_by_id(match->row->argument)].check,
                             SPF_CHECK_KEY_FORMAT);
    case SPF_EVENT_KEY_ABSENT:
        return strstr(match->line, "debug") == NULL ? SPF_CHECK_KEY_FILE : SPF_CHECK_COUNT;
    case SPF_EVENT_UNSIGNED: /* said of each method that has nothing to send, too */
        return attempt->accepted ? SPF_CHECK_SSH_AUTH : SPF_CHECK_COUNT;
    case SPF_EVENT_CLOSED:
        return attempt->stage >= SPF_STAGE_USER_AUTH    ? SPF_CHECK_SSH_AUTH
               : attempt->stage >= SPF_STAGE_IDENTIFIED ? SPF_CHECK_SSH_HANDSHAKE
                                                        : SPF_CHECK_SSH_BANNER;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof evidence / sizeof *evidence; i++) {
        if (evidence[i].event == match->row->event) {
            return evidence[i].check;
        }
    }
    return SPF_CHECK_COUNT;
}

/*
 * Lines of sshd's log have the client's words too, said of the other side: that a client went away
 * is no failure of the server, and the key files that it complains of are the server's.
 */
static bool is_of_server(const char *line)
{
    static const char *const signs[] = {"sshd[", "sshd-session[", "sshd-auth[", "[preauth]"};

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (strstr(line, signs[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* "Permissions 0644 for '/etc/ssh/ssh_host_rsa_key' are too open." */
static bool names_host_key_file(const struct spf_match *match)
{
    return (match->row->event == SPF_EVENT_KEY_TROUBLE ||
            match->row->event == SPF_EVENT_KEY_UNCLEAR) &&
           strstr(match->line, "/ssh_host_") != NULL;
}

/* The same words of the server's own files; false: the line says nothing of a login. */
static bool turn_to_server(struct spf_match *match)
{
    static const struct spf_message its_key = {"", NULL, SPF_EVENT_NAMED,
                                               "ssh.handshake server-host-key-unusable"};

    switch (match->row->event) {
    case SPF_EVENT_KEY_TROUBLE:
    case SPF_EVENT_KEY_UNCLEAR:
        match->row = &its_key;
        return true;
    case SPF_EVENT_BANNER:
    case SPF_EVENT_CLOSED:
    case SPF_EVENT_DISCONNECT:
    case SPF_EVENT_KEX_BROKEN:
    case SPF_EVENT_KEX_TIMEOUT:
    case SPF_EVENT_METHODS:
    case SPF_EVENT_CLIENT:
        return false;
    case SPF_EVENT_NO_COMMON: /* "Their offer" is the client's */
        match->rest = "";
        return true;
    default:
        return true;
    }
}

/*
 * What a line's words mean where they stand. An option of the command line is refused in the words
 * of one of the configuration file. "Certificate invalid: expired" is said by the client of the
 * host's certificate, and by sshd of the user's (sshkey.c, sshkey_cert_check_authority). The line
 * alone does not say which; what the client showed before does, or what follows.
 */
static const struct spf_message *row_of_context(const struct spf_attempt *attempt,
                                                const struct spf_match *match)
{
    static const struct spf_message of_option = {"command-line", NULL, SPF_EVENT_NAMED,
                                                 "net.port ssh-option-refused"};
    static const struct spf_message of_user = {"Certificate", NULL, SPF_EVENT_NAMED,
                                               "ssh.auth certificate-refused"};
    static const struct spf_message of_host = {"Certificate", NULL, SPF_EVENT_NAMED,
                                               "ssh.host-key host-certificate-invalid"};
    static const struct spf_message of_either = {
        "Certificate", NULL, SPF_EVENT_SUSPECTED,
        "ssh.host-key host-certificate-invalid,certificate-refused"};

    if (match->row->event == SPF_EVENT_NAMED && strstr(match->line, "command-line") != NULL &&
        strcmp(match->row->argument, "net.port ssh-config-refused") == 0) {
        return &of_option;
    }
    if (match->row->event == SPF_EVENT_CERTIFICATE) {
        return is_of_server(match->line) || attempt->stage >= SPF_STAGE_USER_AUTH ? &of_user
               : attempt->stage >= SPF_STAGE_CONNECTED                            ? &of_host
                                                                                  : &of_either;
    }
    if (strcmp(attempt->ended.candidates, strchr(of_either.argument, ' ') + 1) != 0) {
        return match->row;
    }
    if (match->row->event == SPF_EVENT_HOST_UNVERIFIED) {
        return &of_host;
    }
    return spf_starts_with(match->row->words, "Failed publickey for ") ? &of_user : match->row;
}

/*
 * A program that tries again says of an earlier attempt that it did not connect, and of a later one
 * how far that came, or the other way round. The end of a connection that a jump host or a
 * ProxyCommand was to make only repeats that it was not made.
 */
static bool begins_another(const struct spf_attempt *attempt, const struct spf_match *match,
                           enum spf_check_id check)
{
    const char *tcp = attempt->tcp;
    bool connects_not = tcp != NULL && !attempt->forwarding && strcmp(tcp, "proxy") != 0 &&
                        attempt->jump[0] == '\0' && attempt->proxy[0] == '\0';

    if (match->row->event == SPF_EVENT_TCP) {
        return attempt->stage > SPF_STAGE_CONNECTING && spf_attempt_is_over(attempt);
    }
    return connects_not && check > SPF_CHECK_NET_PORT && check < SPF_CHECK_COUNT &&
           match->row->event != SPF_EVENT_CLOSED && match->row->event != SPF_EVENT_BANNER;
}

/* Where the cause is named, the steps before that of its check were taken. */
static void take_named(struct spf_attempt *attempt, const struct spf_match *match,
                       enum spf_check_id check)
{
    if (attempt->host_key == SPF_HOST_ASKED && stage_of(check) > SPF_STAGE_HOST_KEY) {
        attempt->host_key = SPF_HOST_TAKEN;
    }
    if (stage_of(check) == SPF_STAGE_IN) {
        attempt->in = true;
    }
    spf_attempt_reach(attempt, stage_of(check));
    /* "by PAM account configuration" only follows from that */
    if (attempt->ended.cause != SPF_ACCOUNT_EXPIRED || match->row->argument == NULL ||
        strcmp(match->row->argument, "ssh.auth auth-account-denied") != 0) {
        spf_attempt_end(attempt, match, SPF_WEIGHT_NAMED);
    }
}

/* "Connection closed by UNKNOWN port 65535": the way through the jump host ended, which may be all
 * that the ssh that waited for it says. */
static void take_closed(struct spf_attempt *attempt, const struct spf_match *match)
{
    if (strstr(match->rest, "UNKNOWN port 65535") == NULL) {
        attempt->no_way_on = false; /* an address: the connection was a direct one */
    } else if (!attempt->closed && attempt->banner == NULL &&
               attempt->ended.check != SPF_CHECK_SSH_BANNER) {
        attempt->no_way_on |= spf_attempt_is_over(attempt);
    }
    /* one more than waits for the target: it is a jump host that was not reached */
    if (attempt->forwarding && attempt->hop_count == 0 && attempt->channel_refused != NULL &&
        strcmp(attempt->channel_refused, "forbids") != 0 &&
        strstr(match->rest, "UNKNOWN port 65535") != NULL && ++attempt->waiting == 2) {
        spf_attempt_lacks_jump(attempt, "", attempt->channel_refused);
    }
    spf_closed_by(match, attempt);
    attempt->closed |= !attempt->no_way_on;
}

/* Its words may hold a password, but for those of an ssh that forwards. */
static void show_command(const struct spf_attempt *attempt, const struct spf_match *match,
                         int64_t line, struct spf_transcript_facts *facts)
{
    struct spf_hop hop;
    char text[300];

    if (spf_forwarding_command(match->rest, &hop) && hop.host[0] != '\0' && hop.name[0] != '\0') {
        spf_format(text, sizeof text, "%s%s ... -W '[%s]:%lld' %s", match->row->words,
                   attempt->proxy, hop.host, (long long)hop.port, hop.name);
    } else {
        spf_format(text, sizeof text, "%s%s ...", match->row->words, attempt->proxy);
    }
    show(facts, check_name(SPF_CHECK_NET_PORT), line, text);
}

static void take_client(struct spf_attempt *attempt, const struct spf_match *match)
{
    const char *argument = match->row->argument;
    size_t len;

    if (attempt->client[0] == '\0' && argument != NULL) {
        len = strlen(argument);
        spf_copy(attempt->client, sizeof attempt->client, argument);
        spf_clean(attempt->client + len, sizeof attempt->client - len, match->rest,
                  strcspn(match->rest, "\r\n,"));
    }
}

void spf_attempt_take(struct spf_attempt *attempt, const struct spf_match *found, int64_t line,
                      struct spf_transcript_facts *facts)
{
    struct spf_match copy = *found;
    struct spf_match *match = &copy;
    enum spf_check_id check;

    if ((is_of_server(match->line) || names_host_key_file(match)) && !turn_to_server(match)) {
        return;
    }
    match->row = row_of_context(attempt, match);
    if (attempt->user[0] == '\0' && match->family == &spf_family_sshd) {
        spf_logged_user(match->line, attempt);
    }
    check = check_of(attempt, match);
    if (begins_another(attempt, match, check)) {
        spf_attempt_begin_next(attempt, line, facts);
    }
    if (match->row->argument != NULL && strcmp(match->row->argument, "harmless") == 0) {
        spf_clean(facts->harmless, sizeof facts->harmless, match->line, strlen(match->line));
    }
    switch (match->row->event) {
    case SPF_EVENT_NONE:
        return;
    case SPF_EVENT_CLIENT:
        take_client(attempt, match);
        return;
    case SPF_EVENT_NAMED:
        take_named(attempt, match, check);
        break;
    case SPF_EVENT_SUSPECTED:
        if (check == SPF_CHECK_NET_PORT && match->family == &spf_family_tools &&
            attempt->stage > SPF_STAGE_CONNECTING) {
            return; /* of another connection */
        }
        spf_attempt_reach(attempt, stage_of(check));
        spf_attempt_end(attempt, match, SPF_WEIGHT_SUSPICION);
        break;
    case SPF_EVENT_CLOSED:
        take_closed(attempt, match);
        break;
    default:
        if (!take_plain(attempt, match) && !spf_take_transport(attempt, match, line, facts) &&
            !spf_take_host_keys(attempt, match) && !spf_take_keys(attempt, match)) {
            spf_take_authentication(attempt, match);
            spf_take_session(attempt, match);
        }
        break;
    }
    if (check != SPF_CHECK_COUNT && match->row->event == SPF_EVENT_PROXY_RUNS) {
        show_command(attempt, match, line, facts);
    } else if (check != SPF_CHECK_COUNT) {
        show(facts, check_name(check), line, match->line);
    }
}
