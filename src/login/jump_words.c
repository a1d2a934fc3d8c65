#include "login/jump_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "login/jump_log.h"
#include "transcript/transcript.h"

/*
 * Why a channel was not opened, in the words of the jump host's server. ssh prints the reason code
 * of RFC 4254 section 5.1 first, in words of its own, and then the server's text. A code other than
 * "connect failed" is the answer; after that one the text counts, case aside. Seen with OpenSSH
 * (strerror, gai_strerror), AsyncSSH ("[Errno 111] Connect call failed"), Go ("dial tcp: lookup h:
 * no such host", "i/o timeout"), Erlang ("Forwarding disabled"), npm ssh2 and Dropbear (no text).
 */
static const struct {
    const char *words;
    enum spf_tcp_outcome outcome;
} reasons[] = {
    {"dial tcp: lookup ", SPF_TCP_UNRESOLVED}, /* whatever its resolver said */
    {"name or service not known", SPF_TCP_UNRESOLVED},
    {"name resolution", SPF_TCP_UNRESOLVED},
    {"no address associated", SPF_TCP_UNRESOLVED},
    {"no such host", SPF_TCP_UNRESOLVED},
    {"unknown host", SPF_TCP_UNRESOLVED},
    {"host not found", SPF_TCP_UNRESOLVED},
    {"nodename nor servname", SPF_TCP_UNRESOLVED},
    {"non-existing domain", SPF_TCP_UNRESOLVED},
    {"nxdomain", SPF_TCP_UNRESOLVED},
    {"enotfound", SPF_TCP_UNRESOLVED},
    {"timed out", SPF_TCP_SILENT},
    {"timeout", SPF_TCP_SILENT},
    {"timedout", SPF_TCP_SILENT},
    {"no route to host", SPF_TCP_UNREACHABLE},
    {"unreach", SPF_TCP_UNREACHABLE}, /* ENETUNREACH, "unreachable" */
    /* last: Erlang begins all with "Forwarded connection refused: " */
    {"connection refused", SPF_TCP_REFUSED},
    {"connect call failed", SPF_TCP_REFUSED},
    {"econnrefused", SPF_TCP_REFUSED},
    {"forwarding disabled", SPF_TCP_JUMP_FORBIDS},
    {"not permitted", SPF_TCP_JUMP_FORBIDS},
    {"not allowed", SPF_TCP_JUMP_FORBIDS},
    {"prohibited", SPF_TCP_JUMP_FORBIDS},
    {"disabled", SPF_TCP_JUMP_FORBIDS},
    {"denied", SPF_TCP_JUMP_FORBIDS},
};

/* Seen: AsyncSSH says so where it does not forward, and names the errno where it tried. */
static bool is_refusal_to_forward(const char *software, const char *words)
{
    return spf_starts_with(software, "AsyncSSH") &&
           strcmp(words, "connect failed: Connection refused") == 0;
}

/*
 * Seen: npm ssh2 before 1.0 gives this code, and no text, for every channel that its program
 * rejects, so where the program had no connection as well.
 */
static bool is_any_rejection(const char *software, const char *words)
{
    static const char code[] = "administratively prohibited";

    return spf_starts_with(software, "ssh2js0.") && spf_starts_with(words, code) &&
           strspn(words + sizeof code - 1, ": ") == strlen(words + sizeof code - 1);
}

/* Servers that confirm a channel only once the connection stands (seen); of others a byte shows. */
static bool connects_first(const char *software)
{
    return spf_starts_with(software, "OpenSSH_") || spf_starts_with(software, "dropbear");
}

enum spf_tcp_outcome spf_jump_refusal(const char *software, const char *words)
{
    if (is_refusal_to_forward(software, words)) {
        return SPF_TCP_JUMP_FORBIDS;
    }
    if (is_any_rejection(software, words)) {
        return SPF_TCP_JUMP_NO_CONNECTION;
    }
    if (spf_starts_with(words, "administratively prohibited") ||
        spf_starts_with(words, "unknown channel type")) {
        return SPF_TCP_JUMP_FORBIDS;
    }
    if (spf_starts_with(words, "resource shortage")) {
        return SPF_TCP_JUMP_NO_CONNECTION;
    }
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (strcasestr(words, reasons[i].words) != NULL) {
            return reasons[i].outcome;
        }
    }
    return SPF_TCP_JUMP_NO_CONNECTION;
}

/* The same as a cause, for a jump host that the one before it does not reach. */
static enum spf_finding cause_of(enum spf_tcp_outcome outcome)
{
    switch (outcome) {
    case SPF_TCP_REFUSED:
        return SPF_PORT_REFUSED;
    case SPF_TCP_SILENT:
        return SPF_PORT_SILENT;
    case SPF_TCP_UNREACHABLE:
        return SPF_PORT_UNREACHABLE;
    case SPF_TCP_UNRESOLVED:
        return SPF_HOST_UNRESOLVED;
    case SPF_TCP_JUMP_FORBIDS:
        return SPF_JUMP_FORWARDING_REFUSED;
    default:
        return SPF_NO_FINDING;
    }
}

/* What the catalogue knows of what ssh said. The pair of an instance is nothing to a jump host. */
static bool keep_cause(const char *text, size_t len, struct spf_tcp_facts *facts)
{
    enum spf_finding cause = spf_transcript_cause(text, len, facts->error);

    if (facts->error[0] == '\0') {
        return false;
    }
    if (cause == SPF_KEY_PAIR_DIFFERENT) {
        cause = SPF_AUTH_KEY_REFUSED;
    }
    if (cause != SPF_NO_FINDING) {
        spf_copy(facts->jump_cause, sizeof facts->jump_cause, spf_findings[cause].id);
    }
    return true;
}

void spf_proxy_read(const char *text, size_t len, struct spf_tcp_facts *facts)
{
    size_t end = len;
    size_t begin;

    if (keep_cause(text, len, facts)) {
        return;
    }
    while (end > 0 && strchr("\r\n \t", text[end - 1]) != NULL) {
        end--;
    }
    for (begin = end; begin > 0 && text[begin - 1] != '\n';) {
        begin--;
    }
    spf_clean(facts->error, sizeof facts->error, text + begin, end - begin);
}

/* The name of a hop in the list as given. */
static void keep_hop(size_t index, struct spf_tcp_facts *facts)
{
    const char *name = facts->jump;

    for (; index > 0 && strchr(name, ',') != NULL; index--) {
        name = strchr(name, ',') + 1;
    }
    spf_format(facts->jump_hop, sizeof facts->jump_hop, "%.*s", (int)strcspn(name, ","), name);
}

/* Why the way ended at this hop: by its own cause, with its own evidence. */
static void keep_failure(const struct spf_jump_log *log, size_t index, struct spf_tcp_facts *facts)
{
    const struct spf_jump_hop_log *hop = &log->hops[index];
    enum spf_finding cause = SPF_NO_FINDING;
    struct spf_buf text;

    facts->outcome = SPF_TCP_JUMP_FAILED;
    keep_hop(index, facts);
    spf_copy(facts->jump_login, sizeof facts->jump_login, hop->login);
    spf_copy(facts->jump_known_hosts_line, sizeof facts->jump_known_hosts_line,
             hop->known_hosts_line);
    spf_copy(facts->jump_keys, sizeof facts->jump_keys, hop->keys);
    if (hop->refusal[0] != '\0') {
        spf_copy(facts->error, sizeof facts->error, hop->refusal);
        cause = cause_of(spf_jump_refusal(hop->software, hop->refusal));
        if (cause != SPF_NO_FINDING) {
            spf_copy(facts->jump_cause, sizeof facts->jump_cause, spf_findings[cause].id);
        }
        return;
    }
    spf_buf_init(&text, SPF_JUMP_LOG_MAX);
    spf_jump_log_text(log, index, &text);
    if (spf_starts_with(hop->complaint, "bind ")) { /* BindAddress, at this end */
        spf_copy(facts->error, sizeof facts->error, hop->complaint);
    } else if (!keep_cause(text.data, text.len, facts)) {
        if (hop->shared_refusal) {
            spf_copy(facts->error, sizeof facts->error,
                     "through the connection that is open there it refuses to forward");
        } else {
            spf_copy(facts->error, sizeof facts->error,
                     hop->complaint[0] != '\0'   ? hop->complaint
                     : log->complaint[0] != '\0' ? log->complaint
                                                 : log->hops[log->count - 1].complaint);
        }
    }
    if (hop->key_unusable && facts->jump_cause[0] == '\0') { /* no agent has it, and nobody types */
        spf_copy(facts->jump_cause, sizeof facts->jump_cause, spf_findings[SPF_KEY_ENCRYPTED].id);
    }
    spf_buf_clear(&text);
}

/* The last line may still be being written. */
static size_t whole_lines(const char *text, size_t len)
{
    while (len > 0 && text[len - 1] != '\n') {
        len--;
    }
    return len;
}

/* What is known of the way, whatever becomes of it; of the last jump host. */
static const struct spf_jump_hop_log *read_way(struct spf_jump_log *log, const char *text,
                                               size_t len, struct spf_tcp_facts *facts)
{
    const struct spf_jump_hop_log *last;

    spf_jump_log_read(log, text, len, facts->jump);
    last = &log->hops[log->count - 1];
    facts->jump_key_unknown = log->key_added;
    if (log->count == 1) { /* of several, ssh tells the first one's only */
        spf_copy(facts->jump_address, sizeof facts->jump_address, last->address);
    }
    return last;
}

bool spf_jump_read_login(const char *text, size_t len, struct spf_tcp_facts *facts,
                         char software[64])
{
    struct spf_jump_log log;
    const struct spf_jump_hop_log *last = read_way(&log, text, whole_lines(text, len), facts);

    facts->jump_unproven = !connects_first(last->software);
    spf_copy(software, 64, last->software);
    return last->in && last->interactive;
}

static void note_refusal(const char *software, const char *words, size_t hop,
                         struct spf_tcp_facts *facts)
{
    spf_copy(facts->error, sizeof facts->error, words);
    facts->outcome = spf_jump_refusal(software, words);
    keep_hop(hop, facts);
}

void spf_jump_note_refusal(const char *software, const char *words, struct spf_tcp_facts *facts)
{
    size_t last = 0;

    for (const char *at = facts->jump; *at != '\0'; at++) {
        last += *at == ',';
    }
    note_refusal(software, words, last, facts);
}

bool spf_jump_read(const char *text, size_t len, enum spf_jump_end end, struct spf_tcp_facts *facts)
{
    struct spf_jump_log log;
    const struct spf_jump_hop_log *last;
    size_t failed = 0;

    last = read_way(&log, text, end == SPF_JUMP_GOES_ON ? whole_lines(text, len) : len, facts);
    if (last->open) {
        facts->outcome = SPF_TCP_OPEN;
        facts->jump_unproven = !connects_first(last->software);
        return true;
    }
    if (last->in && last->refusal[0] != '\0') {
        note_refusal(last->software, last->refusal, log.count - 1, facts);
        return true;
    }
    if (end == SPF_JUMP_GOES_ON) {
        return false;
    }
    if (last->in && end == SPF_JUMP_LATE) {
        facts->outcome = SPF_TCP_SILENT;
        return true;
    }
    while (failed + 1 < log.count && log.hops[failed].open) {
        failed++;
    }
    keep_failure(&log, failed, facts);
    return true;
}
