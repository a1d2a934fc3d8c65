#include <string.h>

#include "base/text.h"
#include "login/jump.h"
#include "transcript/judge.h"

/* sshd's reasons for a channel that it does not open (RFC 4254 section 5.1; sshd adds strerror). */
static const struct {
    const char *words;
    enum spf_tcp_outcome outcome;
} reasons[] = {
    {"Connection refused", SPF_TCP_REFUSED},
    {"timed out", SPF_TCP_SILENT},
    {"No route to host", SPF_TCP_UNREACHABLE},
    {"unreachable", SPF_TCP_UNREACHABLE},
    {"Name or service not known", SPF_TCP_UNRESOLVED},
    {"Temporary failure in name resolution", SPF_TCP_UNRESOLVED},
    {"unknown host", SPF_TCP_UNRESOLVED},
    {"administratively prohibited", SPF_TCP_JUMP_FORBIDS},
    {"connect failed", SPF_TCP_REFUSED},
};

/* "debug1: Connecting to HOST [ADDRESS] port N." */
static void keep_address(const char *text, size_t len, struct spf_tcp_facts *facts)
{
    const char *begin = memmem(text, len, "Connecting to ", 14), *end;

    begin = begin != NULL ? memchr(begin, '[', len - (size_t)(begin - text)) : NULL;
    if (begin == NULL)
        return;
    begin++;
    end = memchr(begin, ']', len - (size_t)(begin - text));
    if (end != NULL && (size_t)(end - begin) < sizeof facts->jump_address)
        spf_clean(facts->jump_address, sizeof facts->jump_address, begin, (size_t)(end - begin));
}

static void keep_refusal(const char *line, size_t len, struct spf_tcp_facts *facts)
{
    size_t size = 0;

    while (size < len && line[size] != '\r' && line[size] != '\n')
        size++;
    spf_clean(facts->error, sizeof facts->error, line, size);
    facts->outcome = SPF_TCP_JUMP_FORBIDS;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (strstr(facts->error, reasons[i].words) != NULL) {
            facts->outcome = reasons[i].outcome;
            return;
        }
    }
}

/* Through a connection that another ssh holds (ControlPath) this comes instead of a login and a
 * channel (mux.c, mux_client_request_stdio_fwd). */
static const char shared_open[] = "master session id: ";
static const char shared_refusal[] = "Stdio forwarding request failed: ";

static bool has(const char *text, size_t len, const char *words)
{
    return memmem(text, len, words, strlen(words)) != NULL;
}

/* What the catalogue knows of what ssh said. */
static bool keep_cause(const char *text, size_t len, struct spf_tcp_facts *facts)
{
    enum spf_finding cause = spf_transcript_cause(text, len, facts->error);

    if (facts->error[0] == '\0')
        return false;
    if (cause != SPF_NO_FINDING)
        (void)spf_copy(facts->jump_cause, sizeof facts->jump_cause, spf_findings[cause].id);
    return true;
}

void spf_proxy_read(const char *text, size_t len, struct spf_tcp_facts *facts)
{
    size_t end = len, begin;

    if (keep_cause(text, len, facts))
        return;
    while (end > 0 && strchr("\r\n \t", text[end - 1]) != NULL)
        end--;
    for (begin = end; begin > 0 && text[begin - 1] != '\n';)
        begin--;
    spf_clean(facts->error, sizeof facts->error, text + begin, end - begin);
}

bool spf_jump_read(const char *text, size_t len, enum spf_jump_end end, struct spf_tcp_facts *facts)
{
    bool inside = has(text, len, "Authenticated to ");
    const char *refusal = memmem(text, len, "open failed: ", 13);

    facts->jump_key_unknown = has(text, len, "Warning: Permanently added");
    if (strchr(facts->jump, ',') == NULL) /* of several, ssh tells the first one's only */
        keep_address(text, len, facts);
    if (has(text, len, "open confirm") ||
        (!has(text, len, "Connecting to ") && has(text, len, shared_open))) {
        facts->outcome = SPF_TCP_OPEN;
        return true;
    }
    if (inside && refusal != NULL) {
        keep_refusal(refusal, len - (size_t)(refusal - text), facts);
        return true;
    }
    if (end == SPF_JUMP_GOES_ON)
        return false;
    if (inside && end == SPF_JUMP_LATE) {
        facts->outcome = SPF_TCP_SILENT;
        return true;
    }
    facts->outcome = SPF_TCP_JUMP_FAILED;
    if (!keep_cause(text, len, facts) && has(text, len, shared_refusal))
        (void)spf_copy(facts->error, sizeof facts->error,
                       "through the connection that is open there it refuses to forward");
    return true;
}
