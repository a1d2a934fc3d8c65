#include <string.h>

#include "net/flow_words.h"
#include "pipeline/check.h"

/*
 * Closed before an identification: sshd says why in a line of its own, which no ssh shows.
 * "Exceeded MaxStartups" is OpenSSH 8.2 to 9.7, "Not allowed at this time" 9.8 and later, for
 * MaxStartups and for penalties alike (sshd.c).
 */
static struct spf_opinion judge_closed(const struct spf_identification_facts *said,
                                       struct spf_result *result)
{
    bool reset = said->outcome == SPF_IDENTIFICATION_RESET;

    if (strstr(said->before, "Exceeded MaxStartups") != NULL) {
        return spf_concludes(SPF_SSH_BUSY);
    }
    if (strstr(said->before, "Not allowed at this time") != NULL) {
        return spf_concludes(SPF_SSH_PENALISED);
    }
    if (said->before[0]) {
        spf_say(result, "the server closed the connection before identifying itself, saying: %s",
                said->before);
    } else {
        spf_say(result, "the server %s the connection before saying anything",
                reset ? "reset" : "closed");
    }
    return spf_concludes(SPF_SSH_CLOSED_EARLY);
}

static struct spf_opinion judge_silent(const struct spf_identification_facts *said,
                                       struct spf_result *result)
{
    char why[260];

    spf_flow_note(result, &said->flow);
    if (said->before[0]) {
        spf_say(result,
                "the port accepts connections, but no SSH identification came in %.1f s, "
                "only: %s",
                (double)said->elapsed_ms / 1000, said->before);
        return spf_concludes(SPF_SSH_SILENT);
    }
    spf_flow_explain(&said->flow, false, why, sizeof why);
    if (why[0] != '\0') {
        spf_say(result, "the port accepts connections, but no SSH identification came in %.1f s%s",
                (double)said->elapsed_ms / 1000, why);
    }
    return spf_concludes(SPF_SSH_SILENT);
}

static struct spf_opinion judge_other(const struct spf_identification_facts *said,
                                      struct spf_result *result)
{
    if (said->protocol[0]) {
        spf_say(result, "what answers on the port speaks %s, not SSH", said->protocol);
    } else {
        spf_say(result, "what answers on the port does not speak SSH");
    }
    return spf_concludes(SPF_NOT_SSH);
}

/* What came through a ProxyCommand is its own output as likely as a server's. */
static struct spf_opinion judge_proxied(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_identification_facts *said = view->facts->identification;
    const char *came = said->before[0] ? said->before : said->line;

    spf_note_text(result, "proxy_says", said->proxy_says[0] ? said->proxy_says : NULL);
    spf_say(result, "the ProxyCommand %s printed something that is not SSH%s%s%s%s%s",
            view->facts->tcp->proxy, came[0] ? ": " : "", came,
            said->proxy_says[0] ? "; on standard error: " : "", said->proxy_says,
            said->protocol[0] && !said->proxy_says[0] ? " (another protocol)" : "");
    return spf_concludes(SPF_PROXY_COMMAND_NOT_SSH);
}

/* sshd says so itself, through whatever program. */
static bool is_sshd_refusing(const struct spf_identification_facts *said)
{
    return strstr(said->before, "Exceeded MaxStartups") != NULL ||
           strstr(said->before, "Not allowed at this time") != NULL;
}

/* Does an SSH 2 server identify itself (RFC 4253 section 4.2), and what did it say before? */
struct spf_opinion spf_judge_ssh_banner(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_identification_facts *said = view->facts->identification;
    struct spf_opinion opinion;

    if (spf_lacks(view, SPF_GROUP_IDENTIFICATION, &opinion)) {
        spf_note_null(result, "software");
        spf_note_null(result, "before");
        return opinion;
    }
    spf_note_text(result, "software", said->software[0] ? said->software : NULL);
    spf_note_text(result, "before", said->before[0] ? said->before : NULL);
    spf_note_text(result, "line", said->line[0] ? said->line : NULL);
    spf_note_text(result, "protocol", said->protocol[0] ? said->protocol : NULL);

    if (view->facts->tcp->proxy[0] != '\0' && !is_sshd_refusing(said) &&
        (said->outcome == SPF_IDENTIFICATION_CLOSED || said->outcome == SPF_IDENTIFICATION_RESET ||
         said->outcome == SPF_IDENTIFICATION_OTHER)) {
        return judge_proxied(view, result);
    }
    switch (said->outcome) {
    case SPF_IDENTIFICATION_SILENT:
        return judge_silent(said, result);
    case SPF_IDENTIFICATION_CLOSED:
    case SPF_IDENTIFICATION_RESET:
        return judge_closed(said, result);
    case SPF_IDENTIFICATION_SSH1:
        return spf_concludes(SPF_SSH_TOO_OLD);
    case SPF_IDENTIFICATION_INVALID:
        spf_say(result, "the server's identification line is not valid: %s", said->error);
        return spf_concludes(SPF_SSH_BANNER_INVALID);
    case SPF_IDENTIFICATION_OTHER:
        return judge_other(said, result);
    case SPF_IDENTIFIED:
        break;
    }
    spf_say(result, "%s", said->software[0] ? said->software : "an SSH server");
    return spf_passes();
}
