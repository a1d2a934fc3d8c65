#include <string.h>

#include "base/text.h"
#include "login/known_hosts.h"
#include "pipeline/check.h"

static void note_line(struct spf_result *result, const struct spf_known_host *line)
{
    struct spf_buf text;

    if (line == NULL) {
        spf_note_null(result, "known_hosts_line");
        return;
    }
    spf_buf_init(&text, 600);
    spf_buf_addf(&text, "%s:%lld", line->file, (long long)line->line);
    spf_note_text(result, "known_hosts_line", text.data);
    spf_buf_clear(&text);
}

static struct spf_opinion judge_unknown(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_known_hosts_facts *known = &view->facts->known_hosts;

    for (size_t i = 0; i < known->lines.count; i++) {
        if (known->lines.items[i].marker != SPF_MARKER_CERT_AUTHORITY)
            continue;
        spf_say(result,
                "%s is not known by itself; known_hosts trusts certificates of an authority "
                "for it, which ssh asks for and this program does not",
                known->name);
        break;
    }
    return spf_concludes(SPF_HOST_KEY_UNKNOWN);
}

/* Is the host key the known one? As ssh judges it, from the lines that speak of the host. */
struct spf_opinion spf_judge_ssh_host_key(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_handshake_facts *shown = &view->facts->handshake;
    const struct spf_known_host *line = NULL;
    enum spf_host_key_verdict verdict;
    struct spf_opinion opinion;

    spf_note_null(result, "fingerprint_sha256");
    spf_note_null(result, "verified_by");
    spf_note_null(result, "known_hosts_line");
    if (spf_lacks(view, SPF_GROUP_HANDSHAKE, &opinion) ||
        spf_lacks(view, SPF_GROUP_KNOWN_HOSTS, &opinion))
        return opinion;

    verdict = spf_known_hosts_judge(
        &view->facts->known_hosts, shown->host_key_blob != NULL ? shown->host_key_blob : "", &line);
    spf_note_text(result, "fingerprint_sha256", shown->host_key_sha256);
    spf_note_text(result, "host_key_algorithm", shown->host_key_algorithm);
    note_line(result, line);

    switch (verdict) {
    case SPF_VERDICT_REVOKED:
        return spf_concludes(SPF_HOST_KEY_REVOKED);
    case SPF_VERDICT_CHANGED:
        spf_note_text(result, "known_fingerprint", line->sha256);
        return spf_concludes(SPF_HOST_KEY_CHANGED);
    case SPF_VERDICT_UNKNOWN:
        return judge_unknown(view, result);
    case SPF_VERDICT_KNOWN:
        break;
    }
    spf_note_text(result, "verified_by", "known-hosts");
    spf_say(result, "%s, as in %s line %lld", shown->host_key_sha256, line->file,
            (long long)line->line);
    return spf_passes();
}
