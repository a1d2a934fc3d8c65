#include "transcript/fill.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "login/offers.h"

static bool fill_tcp(const struct spf_attempt *attempt, struct spf_tcp_facts *tcp)
{
    static const struct {
        const char *word;
        enum spf_tcp_outcome outcome;
    } outcomes[] = {
        {"refused", SPF_TCP_REFUSED},         {"silent", SPF_TCP_SILENT},
        {"unreachable", SPF_TCP_UNREACHABLE}, {"reset", SPF_TCP_RESET},
        {"unresolved", SPF_TCP_UNRESOLVED},   {"forbidden", SPF_TCP_FORBIDDEN},
        {"proxy", SPF_TCP_PROXY_FAILED},      {"forbids", SPF_TCP_JUMP_FORBIDS},
        {"jump", SPF_TCP_JUMP_FAILED},
    };

    if (attempt->tcp == NULL && attempt->stage < SPF_STAGE_CONNECTED) {
        return false;
    }
    *tcp = (struct spf_tcp_facts){.outcome = SPF_TCP_OPEN, .elapsed_ms = -1};
    for (size_t i = 0; attempt->tcp != NULL && i < sizeof outcomes / sizeof *outcomes; i++) {
        if (strcmp(outcomes[i].word, attempt->tcp) == 0) {
            tcp->outcome = outcomes[i].outcome;
        }
    }
    spf_copy(tcp->name, sizeof tcp->name, attempt->host);
    spf_copy(tcp->address, sizeof tcp->address,
             attempt->address[0] != '\0' || strlen(attempt->host) >= sizeof tcp->address
                 ? attempt->address
                 : attempt->host);
    if (tcp->address[0] == '\0') {
        spf_copy(tcp->address, sizeof tcp->address, SPF_UNNAMED_HOST);
    }
    spf_copy(tcp->error, sizeof tcp->error, attempt->tcp != NULL ? attempt->tcp_error : "");
    spf_copy(tcp->jump, sizeof tcp->jump, attempt->jump);
    spf_copy(tcp->jump_cause, sizeof tcp->jump_cause, attempt->jump_cause);
    spf_copy(tcp->proxy, sizeof tcp->proxy, attempt->proxy);
    if (tcp->outcome == SPF_TCP_PROXY_FAILED && tcp->proxy[0] == '\0') {
        spf_copy(tcp->proxy, sizeof tcp->proxy, "or jump host");
    }
    return true;
}

static bool fill_identification(const struct spf_attempt *attempt,
                                struct spf_identification_facts *said)
{
    static const struct {
        const char *word;
        enum spf_identification_outcome outcome;
    } outcomes[] = {
        {"silent", SPF_IDENTIFICATION_SILENT},   {"closed", SPF_IDENTIFICATION_CLOSED},
        {"reset", SPF_IDENTIFICATION_RESET},     {"ssh1", SPF_IDENTIFICATION_SSH1},
        {"invalid", SPF_IDENTIFICATION_INVALID}, {"other", SPF_IDENTIFICATION_OTHER},
    };

    if (attempt->banner == NULL && attempt->stage < SPF_STAGE_IDENTIFIED) {
        return false;
    }
    *said = (struct spf_identification_facts){.outcome = SPF_IDENTIFIED, .elapsed_ms = -1};
    for (size_t i = 0; attempt->banner != NULL && i < sizeof outcomes / sizeof *outcomes; i++) {
        if (strcmp(outcomes[i].word, attempt->banner) == 0) {
            said->outcome = outcomes[i].outcome;
        }
    }
    /* of a server that closes, the lines that it sent instead say what it is */
    if (said->outcome != SPF_IDENTIFIED &&
        (spf_starts_with(attempt->before, "HTTP/") || spf_starts_with(attempt->before, "220 "))) {
        said->outcome = SPF_IDENTIFICATION_OTHER;
    }
    spf_copy(said->software, sizeof said->software, attempt->software);
    spf_copy(said->before, sizeof said->before, attempt->before);
    if (spf_starts_with(attempt->before, "HTTP/")) {
        spf_copy(said->protocol, sizeof said->protocol, "HTTP");
    } else if (spf_starts_with(attempt->before, "220 ")) {
        spf_copy(said->protocol, sizeof said->protocol, "FTP or SMTP");
    }
    return true;
}

/* What the client itself found wrong is not the server's closing of the connection. */
static enum spf_ending_kind how_it_broke(const char *said)
{
    static const struct {
        const char *words;
        enum spf_ending_kind kind;
    } complaints[] = {
        {"Bad packet length", SPF_ENDING_NO_PACKET},
        {"Corrupted MAC on input", SPF_ENDING_BAD_MAC},
        {"message authentication code incorrect", SPF_ENDING_BAD_MAC},
        {"key_verify failed", SPF_ENDING_UNPROVED_HOST_KEY},
        {"incorrect signature", SPF_ENDING_UNPROVED_HOST_KEY},
        {"onnection reset", SPF_ENDING_RESET},
        {"roken pipe", SPF_ENDING_BROKEN},
    };

    for (size_t i = 0; i < sizeof complaints / sizeof *complaints; i++) {
        if (strstr(said, complaints[i].words) != NULL) {
            return complaints[i].kind;
        }
    }
    return SPF_ENDING_CLOSED;
}

static bool fill_handshake(const struct spf_attempt *attempt, struct spf_handshake_facts *shake)
{
    static const struct {
        const char *word;
        enum spf_handshake_outcome outcome;
    } gaps[] = {{"kex", SPF_SHAKE_NO_KEX},
                {"host-key", SPF_SHAKE_NO_HOST_KEY},
                {"cipher", SPF_SHAKE_NO_CIPHER},
                {"mac", SPF_SHAKE_NO_MAC}};
    char **offers[] = {&shake->server_kex, &shake->server_host_keys, &shake->server_ciphers_out,
                       &shake->server_macs_out};
    bool waits = attempt->kex_waits && attempt->stage == SPF_STAGE_KEY_EXCHANGE;

    if (attempt->no_common == NULL && !attempt->kex_broken && !attempt->kex_timeout && !waits &&
        attempt->stage < SPF_STAGE_HOST_KEY) {
        return false;
    }
    *shake = (struct spf_handshake_facts){.outcome = SPF_SHAKE_DONE};
    if (attempt->kex_broken) {
        shake->outcome = SPF_SHAKE_FAILED;
        shake->ending.kind = how_it_broke(attempt->kex_error);
    } else if (attempt->kex_timeout || waits) {
        shake->outcome = SPF_SHAKE_TIMEOUT;
        shake->ending.kind = SPF_ENDING_SILENCE;
    }
    for (size_t i = 0; attempt->no_common != NULL && i < sizeof gaps / sizeof *gaps; i++) {
        if (strcmp(gaps[i].word, attempt->no_common) != 0) {
            continue;
        }
        shake->outcome = gaps[i].outcome;
        if (attempt->offer[0] != '\0') {
            *offers[i] = spf_names_of_algorithms(attempt->offer);
        }
    }
    spf_copy(shake->error, sizeof shake->error, attempt->kex_error);
    spf_copy(shake->kex, sizeof shake->kex, attempt->kex);
    spf_copy(shake->host_key_algorithm, sizeof shake->host_key_algorithm,
             attempt->host_key_algorithm);
    spf_copy(shake->cipher_in, sizeof shake->cipher_in, attempt->cipher_in);
    spf_copy(shake->cipher_out, sizeof shake->cipher_out, attempt->cipher_out);
    spf_copy(shake->mac_in, sizeof shake->mac_in, attempt->mac_in);
    spf_copy(shake->mac_out, sizeof shake->mac_out, attempt->mac_out);
    spf_copy(shake->host_key_sha256, sizeof shake->host_key_sha256, attempt->host_key_sha256);
    return true;
}

static bool fill_known_hosts(const struct spf_attempt *attempt, struct spf_known_hosts_facts *known)
{
    static const char *const verdicts[] = {
        [SPF_HOST_NOT_SAID] = "known", [SPF_HOST_TAKEN] = "known",
        [SPF_HOST_ASKED] = "unknown",  [SPF_HOST_UNKNOWN_REFUSED] = "refused",
        [SPF_HOST_OTHER] = "changed",  [SPF_HOST_IS_REVOKED] = "revoked",
    };
    struct spf_known_host *line;

    if (attempt->host_key == SPF_HOST_NOT_SAID && attempt->stage < SPF_STAGE_USER_AUTH) {
        return false;
    }
    *known = (struct spf_known_hosts_facts){0};
    spf_copy(known->name, sizeof known->name, attempt->host);
    spf_copy(known->client_verdict, sizeof known->client_verdict, verdicts[attempt->host_key]);
    if (attempt->known_file[0] != '\0' && (line = SPF_APPEND(&known->lines)) != NULL) {
        spf_copy(line->file, sizeof line->file, attempt->known_file);
        line->line = attempt->known_line;
    }
    return true;
}

static bool fill_query(const struct spf_attempt *attempt, struct spf_query_facts *query)
{
    const char *methods = attempt->methods;
    bool shown = attempt->in || attempt->partial || attempt->signature_refused ||
                 attempt->accepted || attempt->too_many ||
                 ((attempt->denied || attempt->asks_password || attempt->refused > 0) &&
                  (attempt->offered > 0 || (methods[0] != '?' && spf_lacks_publickey(methods)))) ||
                 (attempt->closed && !attempt->denied && attempt->stage == SPF_STAGE_USER_AUTH);

    if (!shown || attempt->ended.check < SPF_CHECK_SSH_AUTH ||
        spf_attempt_yes_is_unproven(attempt)) {
        return false;
    }
    if (attempt->in_somehow && attempt->ended.check == SPF_CHECK_SSH_AUTH) {
        return false;
    }
    *query = (struct spf_query_facts){.outcome = SPF_AUTH_REFUSED};
    if (attempt->in || attempt->partial || attempt->signature_refused || attempt->accepted) {
        query->outcome = SPF_AUTH_ACCEPTED;
    } else if (attempt->cut_off || (attempt->closed && !attempt->denied && attempt->refused == 0)) {
        query->outcome = SPF_AUTH_ENDED;
    }
    if (query->outcome == SPF_AUTH_ENDED) {
        query->ending.kind =
            attempt->disconnect[0] != '\0' ? SPF_ENDING_DISCONNECT : SPF_ENDING_CLOSED;
        spf_copy(query->error, sizeof query->error,
                 attempt->too_many ? "Too many authentication failures" : attempt->disconnect);
    }
    spf_copy(query->methods, sizeof query->methods, methods + (methods[0] == '?'));
    return true;
}

static bool fill_signature(const struct spf_attempt *attempt, struct spf_signature_facts *signature)
{
    /* The key would do, and then the connection ended: sshd was not content, but with what? */
    bool ended = attempt->accepted && attempt->closed && !attempt->denied;

    if ((!attempt->in && !attempt->partial && !attempt->signature_refused && !ended) ||
        spf_attempt_yes_is_unproven(attempt)) {
        return false;
    }
    *signature = (struct spf_signature_facts){.outcome = SPF_AUTH_REFUSED};
    if (attempt->in) {
        signature->outcome = SPF_AUTH_ACCEPTED;
    } else if (attempt->partial) {
        signature->outcome = SPF_AUTH_PARTIAL;
        spf_copy(signature->methods, sizeof signature->methods, attempt->next_methods);
    } else if (!attempt->signature_refused) {
        signature->outcome = SPF_AUTH_ENDED;
        signature->ending.kind = SPF_ENDING_CLOSED;
        spf_copy(signature->ending.last_message, sizeof signature->ending.last_message,
                 "SSH_MSG_USERAUTH_PK_OK");
    }
    return true;
}

/* The login key is there, because it was offered: nothing of the file is known otherwise. */
bool spf_attempt_fill(const struct spf_attempt *attempt, enum spf_group group,
                      struct spf_facts *facts)
{
    switch (group) {
    case SPF_GROUP_TCP:
        return fill_tcp(attempt, facts->tcp);
    case SPF_GROUP_IDENTIFICATION:
        return fill_identification(attempt, facts->identification);
    case SPF_GROUP_HANDSHAKE:
        return fill_handshake(attempt, facts->handshake);
    case SPF_GROUP_KNOWN_HOSTS:
        return fill_known_hosts(attempt, facts->known_hosts);
    case SPF_GROUP_QUERY:
        return fill_query(attempt, facts->query);
    case SPF_GROUP_SIGNATURE:
        return fill_signature(attempt, facts->signature);
    default:
        return false;
    }
}

const char *spf_open_question(const struct spf_attempt *attempt,
                              const struct spf_transcript_facts *facts, enum spf_group group)
{
    if (group == SPF_GROUP_QUERY && attempt->in_somehow) {
        return "the login worked there; the text does not show how it was authenticated";
    }
    if (group == SPF_GROUP_KEY && strcmp(facts->stopped_at, "key.format") == 0) {
        return "the client could not use the key file; the text does not show what is wrong with "
               "it";
    }
    if (group == SPF_GROUP_IDENTIFICATION && strcmp(facts->stopped_at, "ssh.banner") == 0) {
        return "the connection ended; the text does not show at which step (ssh -vvv does)";
    }
    if (group == SPF_GROUP_QUERY && attempt->stage == SPF_STAGE_HOST_KEY) {
        return "the connection ended after the host key; the text does not show at which step "
               "(ssh -vvv does)";
    }
    if (group == SPF_GROUP_QUERY && strcmp(facts->stopped_at, "ssh.auth") == 0) {
        return "the server denied the login; the text does not show at which step (ssh -vvv does)";
    }
    return "";
}
