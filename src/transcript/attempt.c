#include "transcript/attempt.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pipeline/check.h"
#include "transcript/words.h"

/* What says more than what: a suspicion is replaced by anything that names its cause. */
enum { WEIGHT_SUSPICION = 1, WEIGHT_NAMED = 2 };

void spf_attempt_begin(struct spf_attempt *attempt, int64_t line)
{
    *attempt = (struct spf_attempt){
        .first_line = line, .exit_status = -1, .ended = {.check = SPF_CHECK_COUNT}};
}

/* The next one of the same text: it is still the same client, key and way. */
static void begin_next(struct spf_attempt *attempt, int64_t line,
                       struct spf_transcript_facts *facts)
{
    struct spf_attempt next;

    spf_attempt_begin(&next, line);
    memcpy(next.client, attempt->client, sizeof next.client);
    memcpy(next.key_file, attempt->key_file, sizeof next.key_file);
    memcpy(next.user, attempt->user, sizeof next.user);
    memcpy(next.proxy, attempt->proxy, sizeof next.proxy);
    next.keys_absent = attempt->keys_absent;
    next.keys_found = attempt->keys_found;
    *attempt = next;
    facts->attempts++;
}

static void reach(struct spf_attempt *attempt, enum spf_stage stage)
{
    if (attempt->stage < stage)
        attempt->stage = stage;
}

/* Keeps the line as evidence of the check; the newest three of each are shown. */
static void show(struct spf_transcript_facts *facts, const char *check, int64_t number,
                 const char *text)
{
    struct spf_transcript_line *line = NULL;
    size_t count = 0;

    for (size_t i = 0; i < facts->shown.count; i++)
        count += strcmp(facts->shown.items[i].check, check) == 0;
    for (size_t i = 0; count >= 3 && line == NULL && i < facts->shown.count; i++) {
        if (strcmp(facts->shown.items[i].check, check) != 0)
            continue;
        memmove(&facts->shown.items[i], &facts->shown.items[i + 1],
                (facts->shown.count - i - 1) * sizeof *facts->shown.items);
        line = &facts->shown.items[facts->shown.count - 1];
    }
    if (line == NULL && (line = SPF_APPEND(&facts->shown)) == NULL)
        return;
    *line = (struct spf_transcript_line){.number = number};
    (void)spf_copy(line->check, sizeof line->check, check);
    spf_clean(line->text, sizeof line->text, text, strlen(text));
}

static const char *check_name(enum spf_check_id check)
{
    return spf_check_table[check].id;
}

/* argument: "check cause[,cause…]". */
static void end(struct spf_attempt *attempt, const struct spf_match *match, int weight)
{
    const char *space = strchr(match->row->argument, ' ');
    char id[32];
    int check;

    if (space == NULL || !spf_format(id, sizeof id, "%.*s", (int)(space - match->row->argument),
                                     match->row->argument))
        return;
    check = spf_check_by_id(id);
    if (check < 0 || weight < attempt->ended.weight)
        return;
    attempt->ended = (struct spf_ended){.check = (enum spf_check_id)check, .weight = weight};
    spf_clean(attempt->ended.words, sizeof attempt->ended.words, match->line, strlen(match->line));
    if (weight == WEIGHT_NAMED)
        attempt->ended.cause = spf_finding_by_id(space + 1);
    else
        (void)spf_copy(attempt->ended.candidates, sizeof attempt->ended.candidates, space + 1);
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

/* ---- the connection ---------------------------------------------------------------------- */

/* "HOST [ADDRESS] port N." */
static void take_connects(struct spf_attempt *attempt, const struct spf_match *match, int64_t line,
                          struct spf_transcript_facts *facts)
{
    char host[256], address[64];
    const char *port = strstr(match->rest, " port ");

    (void)spf_word_at(match->rest, " [", host, sizeof host);
    address[0] = '\0';
    if (strchr(match->rest, '[') != NULL)
        (void)spf_word_at(strchr(match->rest, '[') + 1, "]", address, sizeof address);
    /* the next address of the same name is no new attempt */
    if (attempt->stage > SPF_STAGE_CONNECTING ||
        (attempt->stage == SPF_STAGE_CONNECTING && strcmp(attempt->host, host) != 0))
        begin_next(attempt, line, facts);
    attempt->tcp = NULL;
    attempt->ended = (struct spf_ended){.check = SPF_CHECK_COUNT};
    (void)spf_copy(attempt->host, sizeof attempt->host, host);
    (void)spf_copy(attempt->address, sizeof attempt->address, address);
    attempt->port = port != NULL ? strtol(port + 6, NULL, 10) : 0;
    reach(attempt, SPF_STAGE_CONNECTING);
}

/* "connect to host HOST port N: Connection refused", "dial tcp ADDRESS:N: connect: …" */
static void take_tcp(struct spf_attempt *attempt, const struct spf_match *match)
{
    const char *port = strstr(match->rest, " port "), *colon;

    if (attempt->stage > SPF_STAGE_CONNECTING)
        return;
    if (port != NULL && spf_starts_with(match->row->words, "connect to host")) {
        (void)spf_word_at(match->rest, " ", attempt->host, sizeof attempt->host);
        attempt->port = strtol(port + 6, NULL, 10);
    } else if (strcmp(match->row->words, "Could not resolve hostname ") == 0) {
        (void)spf_word_at(match->rest, ": ", attempt->host, sizeof attempt->host);
    } else if (strcmp(match->row->words, "dial tcp ") == 0 &&
               spf_word_at(match->rest, ": ", attempt->host, sizeof attempt->host) &&
               (colon = strrchr(attempt->host, ':')) != NULL) {
        attempt->port = strtol(colon + 1, NULL, 10);
        attempt->host[colon - attempt->host] = '\0';
    }
    colon = strrchr(match->line, ':');
    spf_clean(attempt->tcp_error, sizeof attempt->tcp_error,
              colon != NULL ? colon + 1 : match->rest,
              strlen(colon != NULL ? colon + 1 : match->rest));
    attempt->tcp = match->row->argument;
    attempt->ended = (struct spf_ended){.check = SPF_CHECK_NET_PORT, .weight = WEIGHT_NAMED};
    reach(attempt, SPF_STAGE_CONNECTING);
}

static void take_forward(struct spf_attempt *attempt, const struct spf_match *match)
{
    if (match->row->argument[0] == '\0') { /* the line before says why */
        if (attempt->tcp == NULL)
            attempt->tcp = "jump";
    } else {
        attempt->tcp = match->row->argument;
    }
    attempt->stage = SPF_STAGE_CONNECTING; /* that was the jump host's login */
    attempt->in = attempt->denied = false;
    if (attempt->jump[0] == '\0')
        (void)spf_copy(attempt->jump, sizeof attempt->jump,
                       attempt->host[0] != '\0' ? attempt->host : "the jump host");
    attempt->host[0] = attempt->address[0] = '\0';
    spf_clean(attempt->tcp_error, sizeof attempt->tcp_error, match->line, strlen(match->line));
    attempt->ended = (struct spf_ended){.check = SPF_CHECK_NET_PORT, .weight = WEIGHT_NAMED};
}

static void take_proxy_failure(struct spf_attempt *attempt, const struct spf_match *match)
{
    attempt->tcp = "proxy";
    if (attempt->tcp_error[0] == '\0')
        spf_clean(attempt->tcp_error, sizeof attempt->tcp_error, match->line, strlen(match->line));
    attempt->ended = (struct spf_ended){.check = SPF_CHECK_NET_PORT, .weight = WEIGHT_NAMED};
}

/* ---- identification and key exchange ----------------------------------------------------- */

static void take_banner(struct spf_attempt *attempt, const struct spf_match *match)
{
    /* behind a proxy this only repeats that the way there failed */
    if (attempt->stage > SPF_STAGE_CONNECTED || attempt->denied || attempt->tcp != NULL ||
        attempt->ended.weight == WEIGHT_NAMED)
        return;
    if (attempt->banner != NULL)
        return; /* what was wrong with it was said before */
    attempt->banner = match->row->argument;
    reach(attempt, SPF_STAGE_CONNECTED);
}

static void take_banner_line(struct spf_attempt *attempt, const struct spf_match *match)
{
    const char *text = strstr(match->rest, ": ");
    size_t len = strlen(attempt->before);

    text = text != NULL ? text + 2 : "";
    spf_clean(attempt->before + len, sizeof attempt->before - len, text, strlen(text));
    reach(attempt, SPF_STAGE_CONNECTED);
}

static void take_no_common(struct spf_attempt *attempt, const struct spf_match *match)
{
    const char *offer = strstr(match->rest, "Their offer: ");

    attempt->no_common = match->row->argument;
    if (offer != NULL)
        (void)spf_word_at(offer + 13, " ", attempt->offer, sizeof attempt->offer);
    reach(attempt, SPF_STAGE_KEY_EXCHANGE);
}

static void take_host_key(struct spf_attempt *attempt, const struct spf_match *match)
{
    (void)spf_word_at(match->rest, " ", attempt->host_key_algorithm,
                      sizeof attempt->host_key_algorithm);
    if (strstr(match->rest, "SHA256:") != NULL)
        (void)spf_word_at(strstr(match->rest, "SHA256:"), " ", attempt->host_key_sha256,
                          sizeof attempt->host_key_sha256);
    reach(attempt, SPF_STAGE_HOST_KEY);
}

/* "Offending ECDSA key in /home/me/.ssh/known_hosts:3" */
static void take_changed(struct spf_attempt *attempt, const struct spf_match *match)
{
    const char *file = strstr(match->rest, "key in "), *colon;

    attempt->host_key = SPF_HOST_OTHER;
    reach(attempt, SPF_STAGE_HOST_KEY);
    if (match->row->argument == NULL || file == NULL)
        return;
    (void)spf_word_at(file + 7, "\r", attempt->known_file, sizeof attempt->known_file);
    colon = strrchr(attempt->known_file, ':');
    if (colon != NULL) {
        attempt->known_line = strtol(colon + 1, NULL, 10);
        attempt->known_file[colon - attempt->known_file] = '\0';
    }
}

static void take_unverified(struct spf_attempt *attempt, const struct spf_match *match)
{
    static const struct spf_message unclear = {
        "", NULL, SPF_EVENT_SUSPECTED,
        "ssh.host-key host-key-unknown,host-key-changed,host-key-revoked"};
    struct spf_match suspected = *match;

    reach(attempt, SPF_STAGE_HOST_KEY);
    if (attempt->host_key == SPF_HOST_ASKED)
        attempt->host_key = SPF_HOST_UNKNOWN_REFUSED;
    if (attempt->host_key > SPF_HOST_ASKED)
        return;
    suspected.row = &unclear;
    end(attempt, &suspected, WEIGHT_SUSPICION);
}

/* ---- keys and authentication -------------------------------------------------------------- */

static void take_key_trouble(struct spf_attempt *attempt, const struct spf_match *match)
{
    const char *mode = strstr(match->line, "Permissions ");

    /* an encrypted key is asked for, and then its passphrase is wrong: the later says more */
    if (attempt->key_trouble == NULL || strcmp(attempt->key_trouble, "key-encrypted") == 0)
        attempt->key_trouble = match->row->argument;
    if (mode != NULL && mode[12] == '0')
        (void)spf_word_at(mode + 12, " ", attempt->key_mode, sizeof attempt->key_mode);
    (void)spf_quoted_or_path(match->line, attempt->key_trouble_file,
                             sizeof attempt->key_trouble_file);
    if (attempt->key_file[0] == '\0')
        (void)spf_copy(attempt->key_file, sizeof attempt->key_file, attempt->key_trouble_file);
    /* its name says that no mode would help */
    if (spf_ends_with(attempt->key_trouble_file, ".pub") &&
        strcmp(attempt->key_trouble, "key-mode-too-open") == 0)
        attempt->key_trouble = "key-is-public";
}

static void take_offer(struct spf_attempt *attempt, const struct spf_match *match)
{
    const char *key = strstr(match->line, "public key: ");

    attempt->offered++;
    attempt->from_agent = match->row->event == SPF_EVENT_OFFERED_AGENT;
    attempt->accepted = false;
    reach(attempt, SPF_STAGE_USER_AUTH);
    if (key != NULL && attempt->key_file[0] == '\0' && !attempt->from_agent &&
        strpbrk(key, "/\\") != NULL)
        (void)spf_word_at(key + 12, " ", attempt->key_file, sizeof attempt->key_file);
}

/* What can continue: at first what the server offers, later its answer to what was sent. */
static void take_methods(struct spf_attempt *attempt, const struct spf_match *match)
{
    reach(attempt, SPF_STAGE_USER_AUTH);
    if (attempt->accepted) {
        attempt->signature_refused = !attempt->unsigned_key && !attempt->partial;
    } else if (attempt->offered > 0) {
        attempt->refused++;
    } else {
        (void)spf_word_at(match->rest, " ", attempt->methods, sizeof attempt->methods);
    }
}

/* "USER@HOST: Permission denied (publickey,password)." */
static void take_denied(struct spf_attempt *attempt, const struct spf_match *match)
{
    const char *at = strchr(match->line, '@'), *stop = strstr(match->line, ": Permission denied");
    char list[200];

    reach(attempt, SPF_STAGE_USER_AUTH);
    if (attempt->host_key == SPF_HOST_ASKED) /* the prompt was answered */
        attempt->host_key = SPF_HOST_TAKEN;
    attempt->denied = true;
    spf_clean(attempt->ended.words, sizeof attempt->ended.words, match->line, strlen(match->line));
    if (at != NULL && stop != NULL && at < stop) {
        spf_login_at(match->line, stop, attempt);
    }
    if (match->row->argument == NULL && attempt->methods[0] == '\0' &&
        spf_word_at(match->rest, ").", list, sizeof list))
        (void)spf_format(attempt->methods, sizeof attempt->methods, "?%s", list);
}

static void take_authenticated(struct spf_attempt *attempt, const struct spf_match *match)
{
    /* a password that was typed says nothing of the key */
    if (strstr(match->line, "(password)") != NULL || strstr(match->line, "\"password\"") != NULL ||
        strstr(match->line, "(keyboard-interactive)") != NULL ||
        strstr(match->line, "\"keyboard-interactive\"") != NULL) {
        attempt->asks_password = true;
        return;
    }
    attempt->in = true;
    attempt->in_somehow = false;
    attempt->in_by_none |= strcmp(match->row->argument, "none") == 0;
    attempt->denied = attempt->asks_password = false;
    attempt->key_trouble = NULL;
    attempt->key_unclear = false;
    attempt->ended = (struct spf_ended){.check = SPF_CHECK_COUNT};
    reach(attempt, SPF_STAGE_IN);
}

/* Which check a message is evidence of. */
static enum spf_check_id check_of(const struct spf_attempt *attempt, const struct spf_match *match)
{
    char id[32];
    int check;

    switch (match->row->event) {
    case SPF_EVENT_NAMED:
    case SPF_EVENT_SUSPECTED:
        (void)spf_word_at(match->row->argument, " ", id, sizeof id);
        check = spf_check_by_id(id);
        return check < 0 ? SPF_CHECK_COUNT : (enum spf_check_id)check;
    case SPF_EVENT_CONNECTS:
    case SPF_EVENT_CONNECTED:
    case SPF_EVENT_PROXY_RUNS:
    case SPF_EVENT_PROXY_FAILED:
    case SPF_EVENT_TCP:
    case SPF_EVENT_FORWARD:
        return SPF_CHECK_NET_PORT;
    case SPF_EVENT_BANNER:
    case SPF_EVENT_BANNER_LINE:
    case SPF_EVENT_IDENTIFIED:
        return SPF_CHECK_SSH_BANNER;
    case SPF_EVENT_KEX_BEGINS:
    case SPF_EVENT_KEX_ALGORITHM:
    case SPF_EVENT_KEX_WAITS:
    case SPF_EVENT_NO_COMMON:
    case SPF_EVENT_KEX_BROKEN:
    case SPF_EVENT_KEX_TIMEOUT:
        return SPF_CHECK_SSH_HANDSHAKE;
    case SPF_EVENT_HOST_KEY:
    case SPF_EVENT_HOST_KNOWN:
    case SPF_EVENT_HOST_UNKNOWN:
    case SPF_EVENT_HOST_REFUSED:
    case SPF_EVENT_HOST_CHANGED:
    case SPF_EVENT_HOST_REVOKED:
    case SPF_EVENT_HOST_UNVERIFIED:
        return SPF_CHECK_SSH_HOST_KEY;
    case SPF_EVENT_KEY_TROUBLE:
        check = spf_check_by_id(spf_findings[spf_finding_by_id(match->row->argument)].check);
        return check < 0 ? SPF_CHECK_KEY_FORMAT : (enum spf_check_id)check;
    case SPF_EVENT_KEY_UNCLEAR:
    case SPF_EVENT_ASKS_PASSPHRASE:
        return SPF_CHECK_KEY_FORMAT;
    case SPF_EVENT_METHODS:
    case SPF_EVENT_OFFERED:
    case SPF_EVENT_OFFERED_AGENT:
    case SPF_EVENT_TRIES_KEY:
    case SPF_EVENT_ACCEPTED:
    case SPF_EVENT_REFUSED:
    case SPF_EVENT_SIGNATURE_REFUSED:
    case SPF_EVENT_UNSIGNED:
    case SPF_EVENT_NO_ALGORITHM:
    case SPF_EVENT_PARTIAL:
    case SPF_EVENT_ASKS_PASSWORD:
    case SPF_EVENT_DENIED:
    case SPF_EVENT_TOO_MANY:
    case SPF_EVENT_DISCONNECT:
    case SPF_EVENT_AUTHENTICATED:
        return SPF_CHECK_SSH_AUTH;
    case SPF_EVENT_SESSION:
    case SPF_EVENT_EXIT:
    case SPF_EVENT_SESSION_CLOSED:
        return SPF_CHECK_SSH_SESSION;
    case SPF_EVENT_CLOSED:
        return attempt->stage >= SPF_STAGE_USER_AUTH    ? SPF_CHECK_SSH_AUTH
               : attempt->stage >= SPF_STAGE_IDENTIFIED ? SPF_CHECK_SSH_HANDSHAKE
                                                        : SPF_CHECK_SSH_BANNER;
    default:
        return SPF_CHECK_COUNT;
    }
}

/* Messages of the connection, the identification and the key exchange. False: of none of them. */
static bool take_transport(struct spf_attempt *attempt, const struct spf_match *match, int64_t line,
                           struct spf_transcript_facts *facts)
{
    switch (match->row->event) {
    case SPF_EVENT_CONNECTS:
        take_connects(attempt, match, line, facts);
        return true;
    case SPF_EVENT_CONNECTED:
        reach(attempt, SPF_STAGE_CONNECTED);
        return true;
    case SPF_EVENT_PROXY_RUNS:
        spf_clean(attempt->proxy, sizeof attempt->proxy, match->rest, strcspn(match->rest, "\r"));
        return true;
    case SPF_EVENT_PROXY_FAILED:
        take_proxy_failure(attempt, match);
        return true;
    case SPF_EVENT_TCP:
        take_tcp(attempt, match);
        return true;
    case SPF_EVENT_FORWARD:
        take_forward(attempt, match);
        return true;
    case SPF_EVENT_BANNER:
        take_banner(attempt, match);
        return true;
    case SPF_EVENT_BANNER_LINE:
        take_banner_line(attempt, match);
        return true;
    case SPF_EVENT_IDENTIFIED:
        if (attempt->stage == SPF_STAGE_IN) /* the target's, behind the jump host's */
            begin_next(attempt, line, facts);
        spf_clean(attempt->software, sizeof attempt->software, match->rest,
                  strcspn(match->rest, "\r\n"));
        reach(attempt, SPF_STAGE_IDENTIFIED);
        return true;
    case SPF_EVENT_LOGS_IN_TO:
        spf_login_named(match, attempt);
        return true;
    case SPF_EVENT_KEX_BEGINS:
        if (attempt->stage < SPF_STAGE_USER_AUTH)
            reach(attempt, SPF_STAGE_KEY_EXCHANGE);
        return true;
    case SPF_EVENT_KEX_ALGORITHM:
        reach(attempt, SPF_STAGE_KEY_EXCHANGE);
        if (strcmp(match->row->argument, "kex") == 0)
            (void)spf_word_at(match->rest, " ", attempt->kex, sizeof attempt->kex);
        else
            (void)spf_word_at(match->rest, " ", attempt->host_key_algorithm,
                              sizeof attempt->host_key_algorithm);
        return true;
    case SPF_EVENT_KEX_WAITS:
        reach(attempt, SPF_STAGE_KEY_EXCHANGE);
        attempt->kex_waits = true;
        return true;
    case SPF_EVENT_NO_COMMON:
        take_no_common(attempt, match);
        return true;
    case SPF_EVENT_KEX_BROKEN:
        attempt->kex_broken = true;
        reach(attempt, SPF_STAGE_KEY_EXCHANGE);
        spf_clean(attempt->kex_error, sizeof attempt->kex_error, match->line, strlen(match->line));
        return true;
    case SPF_EVENT_KEX_TIMEOUT:
        attempt->kex_timeout = true;
        reach(attempt, SPF_STAGE_KEY_EXCHANGE);
        return true;
    default:
        return false;
    }
}

static bool take_host_keys(struct spf_attempt *attempt, const struct spf_match *match)
{
    switch (match->row->event) {
    case SPF_EVENT_HOST_KEY:
        take_host_key(attempt, match);
        return true;
    case SPF_EVENT_HOST_KNOWN:
        attempt->host_key = SPF_HOST_TAKEN;
        reach(attempt, SPF_STAGE_HOST_KEY);
        return true;
    case SPF_EVENT_HOST_UNKNOWN:
        attempt->host_key = SPF_HOST_ASKED;
        reach(attempt, SPF_STAGE_HOST_KEY);
        return true;
    case SPF_EVENT_HOST_REFUSED:
        attempt->host_key = SPF_HOST_UNKNOWN_REFUSED;
        reach(attempt, SPF_STAGE_HOST_KEY);
        return true;
    case SPF_EVENT_HOST_CHANGED:
        take_changed(attempt, match);
        return true;
    case SPF_EVENT_HOST_REVOKED:
        attempt->host_key = SPF_HOST_IS_REVOKED;
        reach(attempt, SPF_STAGE_HOST_KEY);
        return true;
    case SPF_EVENT_HOST_UNVERIFIED:
        take_unverified(attempt, match);
        return true;
    default:
        return false;
    }
}

static bool take_keys(struct spf_attempt *attempt, const struct spf_match *match)
{
    switch (match->row->event) {
    case SPF_EVENT_KEY_ABSENT:
        attempt->keys_absent++;
        return true;
    case SPF_EVENT_KEY_FILE:
        attempt->keys_found += strstr(match->rest, " type -1") == NULL;
        return true;
    case SPF_EVENT_KEY_TROUBLE:
        take_key_trouble(attempt, match);
        return true;
    case SPF_EVENT_KEY_UNCLEAR:
        attempt->key_unclear = true;
        (void)spf_quoted_or_path(match->line, attempt->key_trouble_file,
                                 sizeof attempt->key_trouble_file);
        return true;
    case SPF_EVENT_ASKS_PASSPHRASE:
        attempt->passphrases++;
        (void)spf_quoted_or_path(match->line, attempt->key_trouble_file,
                                 sizeof attempt->key_trouble_file);
        return true;
    case SPF_EVENT_TRIES_KEY:
        attempt->accepted = false;
        reach(attempt, SPF_STAGE_USER_AUTH);
        if (attempt->key_file[0] == '\0')
            (void)spf_word_at(match->rest, " ", attempt->key_file, sizeof attempt->key_file);
        return true;
    default:
        return false;
    }
}

static void take_authentication(struct spf_attempt *attempt, const struct spf_match *match)
{
    switch (match->row->event) {
    case SPF_EVENT_AUTH_BEGINS:
        reach(attempt, SPF_STAGE_USER_AUTH);
        break;
    case SPF_EVENT_METHODS:
        take_methods(attempt, match);
        break;
    case SPF_EVENT_OFFERED:
    case SPF_EVENT_OFFERED_AGENT:
        take_offer(attempt, match);
        break;
    case SPF_EVENT_SENT_KEY:
        if (attempt->offered == 0) /* "Trying private key:", and it was sent */
            attempt->offered = 1;
        break;
    case SPF_EVENT_ACCEPTED:
        attempt->accepted = true;
        reach(attempt, SPF_STAGE_USER_AUTH);
        break;
    case SPF_EVENT_REFUSED:
        attempt->offered += attempt->offered == 0;
        attempt->refused++;
        reach(attempt, SPF_STAGE_USER_AUTH);
        break;
    case SPF_EVENT_SIGNATURE_REFUSED:
        attempt->accepted = attempt->signature_refused = true;
        reach(attempt, SPF_STAGE_USER_AUTH);
        break;
    case SPF_EVENT_UNSIGNED:
        attempt->unsigned_key |= attempt->accepted && !attempt->signature_refused;
        break;
    case SPF_EVENT_NO_ALGORITHM:
        attempt->no_algorithm = true;
        reach(attempt, SPF_STAGE_USER_AUTH);
        break;
    case SPF_EVENT_PARTIAL:
        attempt->partial = true;
        reach(attempt, SPF_STAGE_USER_AUTH);
        break;
    case SPF_EVENT_ASKS_PASSWORD:
        if (attempt->host_key == SPF_HOST_ASKED)
            attempt->host_key = SPF_HOST_TAKEN;
        attempt->asks_password = true;
        reach(attempt, SPF_STAGE_USER_AUTH);
        break;
    case SPF_EVENT_DENIED:
        take_denied(attempt, match);
        break;
    case SPF_EVENT_TOO_MANY:
        attempt->too_many = true;
        reach(attempt, SPF_STAGE_USER_AUTH);
        break;
    case SPF_EVENT_DISCONNECT:
        spf_clean(attempt->disconnect, sizeof attempt->disconnect, match->rest,
                  strlen(match->rest));
        attempt->closed = true;
        break;
    case SPF_EVENT_AUTHENTICATED:
        take_authenticated(attempt, match);
        break;
    default:
        break;
    }
}

static void take_session(struct spf_attempt *attempt, const struct spf_match *match)
{
    switch (match->row->event) {
    case SPF_EVENT_SESSION:
        if (!attempt->denied) {
            attempt->in_somehow |= !attempt->in;
            attempt->in = true;
            reach(attempt, SPF_STAGE_IN);
        }
        break;
    case SPF_EVENT_EXIT:
        attempt->exit_status = strtol(match->rest, NULL, 10);
        break;
    case SPF_EVENT_SESSION_CLOSED:
        attempt->session_closed = true;
        break;
    default:
        break;
    }
}

void spf_attempt_take(struct spf_attempt *attempt, const struct spf_match *match, int64_t line,
                      struct spf_transcript_facts *facts)
{
    enum spf_message_kind event = match->row->event;
    enum spf_check_id check = check_of(attempt, match);

    switch (event) {
    case SPF_EVENT_NONE:
        if (match->row->argument != NULL)
            spf_clean(facts->harmless, sizeof facts->harmless, match->line, strlen(match->line));
        return;
    case SPF_EVENT_CLIENT:
        if (attempt->client[0] == '\0')
            spf_clean(attempt->client, sizeof attempt->client, match->rest - strlen("OpenSSH_"),
                      strcspn(match->rest, "\r\n,") + strlen("OpenSSH_"));
        return;
    case SPF_EVENT_NAMED:
        if (attempt->host_key == SPF_HOST_ASKED && stage_of(check) > SPF_STAGE_HOST_KEY)
            attempt->host_key = SPF_HOST_TAKEN;
        if (stage_of(check) == SPF_STAGE_IN)
            attempt->in = true;
        reach(attempt, stage_of(check));
        end(attempt, match, WEIGHT_NAMED);
        break;
    case SPF_EVENT_SUSPECTED:
        reach(attempt, stage_of(check));
        end(attempt, match, WEIGHT_SUSPICION);
        break;
    case SPF_EVENT_CLOSED:
        spf_closed_by(match, attempt);
        attempt->closed = true;
        break;
    default:
        if (!take_transport(attempt, match, line, facts) && !take_host_keys(attempt, match) &&
            !take_keys(attempt, match)) {
            take_authentication(attempt, match);
            take_session(attempt, match);
        }
        break;
    }
    if (check != SPF_CHECK_COUNT)
        show(facts, check_name(check), line, match->line);
}
