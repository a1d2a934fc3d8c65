#include "transcript/take_steps.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "transcript/words.h"

/* "HOST [ADDRESS] port N." */
static void take_connects(struct spf_attempt *attempt, const struct spf_match *match, int64_t line,
                          struct spf_transcript_facts *facts)
{
    char host[256];
    char address[64];
    const char *port = strstr(match->rest, " port ");

    (void)spf_word_at(match->rest, " [", host, sizeof host);
    address[0] = '\0';
    if (strchr(match->rest, '[') != NULL) {
        (void)spf_word_at(strchr(match->rest, '[') + 1, "]", address, sizeof address);
    }
    if (attempt->looked_up[0] != '\0' && attempt->stage <= SPF_STAGE_CONNECTING) {
        spf_copy(address, sizeof address, host);
        spf_copy(host, sizeof host, attempt->looked_up);
    }
    /* the next address of the same name is no new attempt */
    if (attempt->stage > SPF_STAGE_CONNECTING ||
        (attempt->stage == SPF_STAGE_CONNECTING && strcmp(attempt->host, host) != 0)) {
        spf_attempt_begin_next(attempt, line, facts);
    }
    attempt->tcp = NULL;
    attempt->ended = (struct spf_ended){.check = SPF_CHECK_COUNT};
    spf_copy(attempt->host, sizeof attempt->host, host);
    spf_copy(attempt->address, sizeof attempt->address, address);
    attempt->port = port != NULL ? strtol(port + 6, NULL, 10) : 0;
    spf_attempt_reach(attempt, SPF_STAGE_CONNECTING);
}

/* 'HOST"', and then an address of it */
static void take_looks_up(struct spf_attempt *attempt, const struct spf_match *match, int64_t line,
                          struct spf_transcript_facts *facts)
{
    if (attempt->stage > SPF_STAGE_CONNECTING || spf_attempt_is_over(attempt)) {
        spf_attempt_begin_next(attempt, line, facts);
    }
    if (spf_word_at(match->rest, "\"", attempt->looked_up, sizeof attempt->looked_up)) {
        spf_copy(attempt->host, sizeof attempt->host, attempt->looked_up);
    }
}

/* "connect to host HOST port N: Connection refused", "dial tcp ADDRESS:N: connect: …" */
static void take_tcp(struct spf_attempt *attempt, const struct spf_match *match)
{
    const char *port = strstr(match->rest, " port ");
    const char *colon;

    if (attempt->stage > SPF_STAGE_CONNECTING) {
        return;
    }
    if (port != NULL && spf_starts_with(match->row->words, "connect to host")) {
        (void)spf_word_at(match->rest, " ", attempt->host, sizeof attempt->host);
        attempt->port = strtol(port + 6, NULL, 10);
    } else if (strcmp(match->row->words, "Could not resolve hostname ") == 0) {
        if (match->rest[0] != '[' ||
            !spf_word_at(match->rest, " ", attempt->host, sizeof attempt->host)) {
            (void)spf_word_at(match->rest, ": ", attempt->host, sizeof attempt->host);
        } else if (attempt->host[strlen(attempt->host) - 1] == ':') {
            attempt->host[strlen(attempt->host) - 1] = '\0';
        }
    } else if (strcmp(match->row->words, "dial tcp ") == 0 &&
               spf_word_at(match->rest, ": ", attempt->host, sizeof attempt->host) &&
               (colon = strrchr(attempt->host, ':')) != NULL) {
        attempt->port = strtol(colon + 1, NULL, 10);
        attempt->host[colon - attempt->host] = '\0';
    }
    colon = strrchr(match->line, ':');
    if (port != NULL && strchr(port, ':') != NULL) {
        colon = strchr(port, ':');
    }
    spf_clean(attempt->tcp_error, sizeof attempt->tcp_error,
              colon != NULL ? colon + 1 : match->rest,
              strlen(colon != NULL ? colon + 1 : match->rest));
    attempt->tcp = match->row->argument;
    attempt->ended = (struct spf_ended){.check = SPF_CHECK_NET_PORT, .weight = SPF_WEIGHT_NAMED};
    spf_attempt_reach(attempt, SPF_STAGE_CONNECTING);
}

/*
 * What connects for ssh. Of a command only the program is kept, for its words may hold a password;
 * of an ssh that forwards, which ssh runs for ProxyJump, the jump host and the way from it.
 */
static void take_proxy(struct spf_attempt *attempt, const struct spf_match *match, int64_t line,
                       struct spf_transcript_facts *facts)
{
    if (attempt->stage > SPF_STAGE_NONE) { /* not a further ssh of the same chain */
        spf_attempt_begin_next(attempt, line, facts);
        attempt->hop_count = attempt->hops_in = 0;
    }
    spf_clean(attempt->proxy, sizeof attempt->proxy, match->rest, strcspn(match->rest, " \t\r\n"));
    if (attempt->hop_count < SPF_HOPS_MAX &&
        spf_forwarding_command(match->rest, &attempt->hops[attempt->hop_count])) {
        attempt->hop_count++;
    }
}

/* Of a chain, the channel that was not opened may have been to the next jump host. */
static bool lacks_next_jump(struct spf_attempt *attempt)
{
    unsigned left = attempt->hop_count - attempt->hops_in;

    if (attempt->hops_in == 0 || left == 0 || strcmp(attempt->channel_refused, "forbids") == 0) {
        return false;
    }
    spf_attempt_lacks_jump(attempt, attempt->hops[left - 1].name, attempt->channel_refused);
    return true;
}

static void take_forward(struct spf_attempt *attempt, const struct spf_match *match)
{
    bool confirmed = match->row->argument[0] == '\0'; /* "stdio forwarding failed" */

    if (confirmed && attempt->forwarding) {
        return;
    }
    if (!confirmed || attempt->channel_refused == NULL) {
        spf_clean(attempt->tcp_error, sizeof attempt->tcp_error, match->line, strlen(match->line));
    }
    if (!confirmed) {
        attempt->channel_refused = match->row->argument;
    }
    if (!confirmed && match->family == &spf_family_openssh && attempt->jump[0] == '\0' &&
        attempt->proxy[0] == '\0') {
        return; /* ssh says the same of a session that is refused */
    }
    attempt->tcp = attempt->channel_refused != NULL ? attempt->channel_refused : "jump";
    attempt->forwarding = true;
    attempt->stage = SPF_STAGE_CONNECTING; /* that was the jump host's login */
    attempt->in = attempt->denied = false;
    attempt->waiting = 0;
    if (attempt->channel_refused == NULL || !lacks_next_jump(attempt)) {
        attempt->hops_in -= attempt->hops_in > 0; /* it is the last of them that did not */
        spf_attempt_behind_jump(attempt);
    }
    attempt->ended = (struct spf_ended){.check = SPF_CHECK_NET_PORT, .weight = SPF_WEIGHT_NAMED};
}

static void take_proxy_failure(struct spf_attempt *attempt, const struct spf_match *match)
{
    /* the last of them says most: "CreateProcessW failed", and then what of */
    spf_clean(attempt->tcp_error, sizeof attempt->tcp_error, match->line, strlen(match->line));
    attempt->tcp = "proxy";
    attempt->ended = (struct spf_ended){.check = SPF_CHECK_NET_PORT, .weight = SPF_WEIGHT_NAMED};
}

/*
 * Without -v ssh shows nothing of what a server says before it hangs up or falls silent: that it is
 * no SSH server, is busy, or penalises. With it, the connection is shown, too.
 */
static const struct spf_message *unclear_end(const struct spf_attempt *attempt,
                                             const struct spf_match *match)
{
    static const struct spf_message silent = {"", NULL, SPF_EVENT_SUSPECTED,
                                              "ssh.banner ssh-silent,not-ssh"};
    static const struct spf_message ended = {"", NULL, SPF_EVENT_SUSPECTED,
                                             SPF_SAID_NO_IDENTIFICATION};
    const char *how = match->row->argument;

    if (attempt->stage >= SPF_STAGE_CONNECTED || strstr(match->row->words, "exchange") == NULL) {
        return NULL;
    }
    if (strcmp(how, "silent") == 0) {
        return &silent;
    }
    return strcmp(how, "closed") == 0 || strcmp(how, "reset") == 0 ? &ended : NULL;
}

static void take_banner(struct spf_attempt *attempt, const struct spf_match *match)
{
    const struct spf_message *unclear;

    /* behind a proxy or a jump host this only repeats that the way there failed */
    if (strcmp(match->row->argument, "closed") == 0) {
        attempt->no_way_on =
            spf_attempt_is_over(attempt) && attempt->ended.check != SPF_CHECK_SSH_BANNER;
    }
    if (strstr(match->line, "UNKNOWN port 65535: Broken pipe") != NULL) {
        spf_closed_by(match, attempt);
        attempt->closed = true;
    }
    if (attempt->stage == SPF_STAGE_IDENTIFIED && strcmp(match->row->argument, "ssh1") == 0) {
        attempt->stage = SPF_STAGE_CONNECTED; /* what was read of it is what is wrong with it */
    }
    if (attempt->stage > SPF_STAGE_CONNECTED || attempt->denied || attempt->tcp != NULL ||
        attempt->ended.weight == SPF_WEIGHT_NAMED) {
        return;
    }
    if (attempt->banner != NULL) {
        return; /* what was wrong with it was said before */
    }
    unclear = unclear_end(attempt, match);
    if (unclear != NULL) {
        struct spf_match suspected = *match;

        suspected.row = unclear;
        spf_attempt_reach(attempt, SPF_STAGE_CONNECTED);
        spf_attempt_end(attempt, &suspected, SPF_WEIGHT_SUSPICION);
        return;
    }
    attempt->banner = match->row->argument;
    spf_attempt_reach(attempt, SPF_STAGE_CONNECTED);
}

static void take_banner_line(struct spf_attempt *attempt, const struct spf_match *match)
{
    const char *text = strstr(match->rest, ": ");
    size_t len = strlen(attempt->before);

    text = text != NULL ? text + 2 : "";
    spf_clean(attempt->before + len, sizeof attempt->before - len, text, strlen(text));
    spf_attempt_reach(attempt, SPF_STAGE_CONNECTED);
}

static void take_no_common(struct spf_attempt *attempt, const struct spf_match *match)
{
    const char *offer = strstr(match->rest, "Their offer: ");

    attempt->no_common = match->row->argument;
    if (offer != NULL) {
        (void)spf_word_at(offer + 13, " ", attempt->offer, sizeof attempt->offer);
    }
    spf_attempt_reach(attempt, SPF_STAGE_KEY_EXCHANGE);
}

static void take_host_key(struct spf_attempt *attempt, const struct spf_match *match)
{
    const char *fingerprint = strstr(match->line, "SHA256:");

    (void)spf_word_at(match->row->argument != NULL ? match->row->argument : match->rest, " ",
                      attempt->host_key_algorithm, sizeof attempt->host_key_algorithm);
    if (fingerprint != NULL) {
        (void)spf_word_at(fingerprint, " ", attempt->host_key_sha256,
                          sizeof attempt->host_key_sha256);
    }
    spf_attempt_reach(attempt, SPF_STAGE_HOST_KEY);
}

/* "Offending ECDSA key in /home/me/.ssh/known_hosts:3" */
static void take_changed(struct spf_attempt *attempt, const struct spf_match *match)
{
    const char *file = strstr(match->rest, "key in ");
    const char *colon;

    attempt->host_key = SPF_HOST_OTHER;
    spf_attempt_reach(attempt, SPF_STAGE_HOST_KEY);
    if (match->row->argument == NULL || file == NULL) {
        return;
    }
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

    spf_attempt_reach(attempt, SPF_STAGE_HOST_KEY);
    if (attempt->host_key == SPF_HOST_ASKED) {
        attempt->host_key = SPF_HOST_UNKNOWN_REFUSED;
    }
    if (attempt->host_key > SPF_HOST_ASKED) {
        return;
    }
    suspected.row = &unclear;
    spf_attempt_end(attempt, &suspected, SPF_WEIGHT_SUSPICION);
}

static void take_algorithm(struct spf_attempt *attempt, const struct spf_match *match)
{
    spf_attempt_reach(attempt, SPF_STAGE_KEY_EXCHANGE);
    if (strcmp(match->row->argument, "kex") == 0) {
        (void)spf_word_at(match->rest, " ", attempt->kex, sizeof attempt->kex);
    } else {
        (void)spf_word_at(match->rest, " ", attempt->host_key_algorithm,
                          sizeof attempt->host_key_algorithm);
    }
}

/* A name up to where the text goes on; a terminal may have broken it. */
static void take_name(const char *from, const char *to, char *out, size_t size)
{
    char name[64];
    size_t len = 0;

    for (; from < to && len + 1 < sizeof name; from++) {
        if (*from != ' ') {
            name[len++] = *from;
        }
    }
    name[len] = '\0';
    if (from == to && strcmp(name, "<implicit>") != 0) { /* the cipher authenticates by itself */
        spf_clean(out, size, name, len);
    }
}

/* "cipher: aes128-ctr MAC: umac-64@openssh.com compression: none"; of OpenSSH before 7.1
 * "aes128-ctr hmac-md5 none" (kex.c, kex_choose_conf). */
static void take_cipher(struct spf_attempt *attempt, const struct spf_match *match)
{
    bool in = strcmp(match->row->argument, "in") == 0;
    char *cipher = in ? attempt->cipher_in : attempt->cipher_out;
    char *mac = in ? attempt->mac_in : attempt->mac_out;
    const char *middle = strstr(match->rest, " MAC: ");
    const char *end = strstr(match->rest, " compression: ");

    if (match->row->then != NULL && middle != NULL && middle < end) {
        take_name(match->rest, middle, cipher, sizeof attempt->cipher_in);
        take_name(middle + strlen(" MAC: "), end, mac, sizeof attempt->mac_in);
        return;
    }
    middle = strchr(match->rest, ' ');
    end = middle != NULL ? strchr(middle + 1, ' ') : NULL;
    if (match->row->then == NULL && end != NULL && strchr(end + 1, ' ') == NULL &&
        !spf_starts_with(match->rest, "cipher: ")) {
        take_name(match->rest, middle, cipher, sizeof attempt->cipher_in);
        take_name(middle + 1, end, mac, sizeof attempt->mac_in);
    }
}

static bool take_key_exchange(struct spf_attempt *attempt, const struct spf_match *match)
{
    switch (match->row->event) {
    case SPF_EVENT_KEX_BEGINS:
        if (attempt->stage < SPF_STAGE_USER_AUTH) {
            spf_attempt_reach(attempt, SPF_STAGE_KEY_EXCHANGE);
        }
        return true;
    case SPF_EVENT_KEX_ALGORITHM:
        take_algorithm(attempt, match);
        return true;
    case SPF_EVENT_KEX_CIPHER:
        take_cipher(attempt, match);
        return true;
    case SPF_EVENT_NO_COMMON:
        take_no_common(attempt, match);
        return true;
    case SPF_EVENT_KEX_BROKEN:
        attempt->kex_broken = true;
        spf_attempt_reach(attempt, SPF_STAGE_KEY_EXCHANGE);
        spf_clean(attempt->kex_error, sizeof attempt->kex_error, match->line, strlen(match->line));
        return true;
    default:
        return false;
    }
}

/* Messages of the connection, the identification and the key exchange. False: of none of them. */
bool spf_take_transport(struct spf_attempt *attempt, const struct spf_match *match, int64_t line,
                        struct spf_transcript_facts *facts)
{
    switch (match->row->event) {
    case SPF_EVENT_LOOKS_UP:
        take_looks_up(attempt, match, line, facts);
        return true;
    case SPF_EVENT_CONNECTS:
        take_connects(attempt, match, line, facts);
        return true;
    case SPF_EVENT_PROXY_RUNS:
        take_proxy(attempt, match, line, facts);
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
        if (attempt->stage == SPF_STAGE_IN) { /* the target's, after the jump host's */
            spf_attempt_begin_next(attempt, line, facts);
            if (attempt->hops_in == attempt->hop_count) {
                spf_attempt_passes_hops(attempt);
            }
        }
        spf_clean(attempt->software, sizeof attempt->software, match->rest,
                  strcspn(match->rest, "\r\n"));
        spf_attempt_reach(attempt, SPF_STAGE_IDENTIFIED);
        return true;
    case SPF_EVENT_LOGS_IN_TO:
        spf_login_named(match, attempt);
        return true;
    default:
        return take_key_exchange(attempt, match);
    }
}

bool spf_take_host_keys(struct spf_attempt *attempt, const struct spf_match *match)
{
    switch (match->row->event) {
    case SPF_EVENT_HOST_KEY:
        take_host_key(attempt, match);
        return true;
    case SPF_EVENT_HOST_KNOWN:
        attempt->host_key = SPF_HOST_TAKEN;
        spf_attempt_reach(attempt, SPF_STAGE_HOST_KEY);
        return true;
    case SPF_EVENT_HOST_UNKNOWN:
        attempt->host_key = SPF_HOST_ASKED;
        spf_attempt_reach(attempt, SPF_STAGE_HOST_KEY);
        return true;
    case SPF_EVENT_HOST_REFUSED:
        attempt->host_key = SPF_HOST_UNKNOWN_REFUSED;
        spf_attempt_reach(attempt, SPF_STAGE_HOST_KEY);
        return true;
    case SPF_EVENT_HOST_CHANGED:
        take_changed(attempt, match);
        return true;
    case SPF_EVENT_HOST_REVOKED:
        attempt->host_key = SPF_HOST_IS_REVOKED;
        spf_attempt_reach(attempt, SPF_STAGE_HOST_KEY);
        return true;
    case SPF_EVENT_HOST_UNVERIFIED:
        take_unverified(attempt, match);
        return true;
    default:
        return false;
    }
}
