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

/* What the instance's console says of the key that the server shows. */
enum proof {
    PROOF_NONE,
    PROOF_SAME,  /* this key was printed while the instance booted */
    PROOF_OTHER, /* this boot printed another key of the type */
};

/* "ed25519", "rsa", "ecdsa": what cloud-init's ED25519 and ssh-ed25519 have in common. */
static const char *kind_of(const char *algorithm)
{
    static const char *const kinds[] = {"ed25519", "ecdsa", "rsa"};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcasestr(algorithm, kinds[i]) != NULL)
            return kinds[i];
    }
    return algorithm;
}

static enum proof proof_of(const struct spf_view *view)
{
    const struct spf_console_facts *console = &view->facts->console;
    const struct spf_handshake_facts *shown = &view->facts->handshake;
    enum proof proof = PROOF_NONE;

    if (view->facts->group[SPF_GROUP_CONSOLE].phase != SPF_PRESENT)
        return PROOF_NONE;
    for (size_t i = 0; i < console->host_keys.count; i++) {
        const struct spf_console_host_key *key = &console->host_keys.items[i];

        if (strcmp(key->sha256, shown->host_key_sha256) == 0)
            return PROOF_SAME;
        if (console->boot_seen &&
            strcmp(kind_of(key->algorithm), kind_of(shown->host_key_algorithm)) == 0)
            proof = PROOF_OTHER;
    }
    return proof;
}

/* Can the console still tell more? Then *opinion is how to come by it. */
static bool console_may_help(const struct spf_view *view, struct spf_opinion *opinion)
{
    const struct spf_result *instance = &view->results[SPF_CHECK_CLOUD_INSTANCE];
    enum spf_group_phase phase = view->facts->group[SPF_GROUP_CONSOLE].phase;

    if (view->target->instance_id == NULL)
        return false;
    *opinion = instance->status == SPF_PENDING ? spf_waits() : spf_wants(SPF_GROUP_BIT(CONSOLE));
    return instance->status == SPF_PENDING ||
           (instance->holds && (phase == SPF_ABSENT || phase == SPF_ASKED));
}

/* Another key is known. Only the console can say that the new one is right. */
static struct spf_opinion judge_changed(const struct spf_view *view, struct spf_result *result)
{
    struct spf_opinion opinion;

    if (console_may_help(view, &opinion))
        return opinion;
    switch (proof_of(view)) {
    case PROOF_SAME:
        spf_note_text(result, "verified_by", "console");
        /* proved: it is the machine that is meant, so a key may be shown to it */
        return spf_but_holds(spf_concludes(SPF_HOST_KEY_REBUILT));
    case PROOF_OTHER:
        return spf_concludes(SPF_HOST_KEY_NOT_OF_INSTANCE);
    case PROOF_NONE:
        break;
    }
    return spf_concludes(SPF_HOST_KEY_CHANGED);
}

/* No key is known. The console is used if it is there, but nothing waits for it. */
static struct spf_opinion judge_unknown(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_known_hosts_facts *known = &view->facts->known_hosts;
    enum proof proof = proof_of(view);

    if (proof == PROOF_OTHER)
        return spf_concludes(SPF_HOST_KEY_NOT_OF_INSTANCE);
    if (proof == PROOF_SAME) {
        spf_note_text(result, "verified_by", "console");
        spf_say(result,
                "%s is not in known_hosts, but it is the key that the instance printed on its "
                "console",
                view->facts->handshake.host_key_sha256);
    }
    for (size_t i = 0; proof == PROOF_NONE && i < known->lines.count; i++) {
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
        return judge_changed(view, result);
    case SPF_VERDICT_UNKNOWN:
        return judge_unknown(view, result);
    case SPF_VERDICT_KNOWN:
        break;
    }
    spf_note_text(result, "verified_by", "known-hosts");
    spf_say(result, "host key known, %s line %lld", line->file, (long long)line->line);
    return spf_passes();
}
