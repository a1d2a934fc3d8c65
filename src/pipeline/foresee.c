#include <string.h>

#include "pipeline/run.h"

/*
 * What the SSH half may do at an address that is only remembered. The address may be a stranger's
 * by now: whoever it is sees a key exchange, as from any client. A public key is named, and
 * something signed, only to the host key that was the instance's the last time and that known_hosts
 * holds for this address, so that the user's own ssh would do the same.
 */
static const spf_groups before_login = SPF_GROUP_BIT(KNOWN_HOSTS) | SPF_GROUP_BIT(TCP) |
                                       SPF_GROUP_BIT(IDENTIFICATION) | SPF_GROUP_BIT(HANDSHAKE);
static const spf_groups login = SPF_GROUP_BIT(QUERY) | SPF_GROUP_BIT(SIGNATURE);

static bool inputs_are_present(const struct spf_facts *facts, int group)
{
    for (int i = 0; i < group; i++) {
        if (spf_groups_info[group].inputs >> i & 1 && facts->group[i].phase != SPF_PRESENT) {
            return false;
        }
    }
    return true;
}

/* Do the checks that this one needs hold, in these results? */
static bool needs_hold(const struct spf_result *results, int check)
{
    for (int i = 0; i < check; i++) {
        if (spf_check_table[check].needs >> i & 1 && !results[i].holds) {
            return false;
        }
    }
    return true;
}

/* Judges the checks of the SSH half as if the cloud's had passed; what they want. */
static spf_groups wants_of(const struct spf_run *run, struct spf_result *results)
{
    const struct spf_view view = {run->target, &run->facts, results};
    spf_groups wants = 0;

    for (int i = SPF_CHECK_NET_PORT; i <= SPF_CHECK_SSH_AUTH; i++) {
        struct spf_opinion opinion;
        struct spf_result fresh;

        if (!spf_run_expects(run, (enum spf_check_id)i) || !needs_hold(results, i)) {
            continue;
        }
        spf_result_init(&fresh);
        opinion = spf_check_table[i].judge(&view, &fresh);
        if (opinion.kind == SPF_OPINION_WANTS) {
            wants |= opinion.wants;
        }
        if (opinion.kind == SPF_OPINION_CONCLUDES) {
            results[i].status = opinion.status;
            results[i].holds = opinion.holds;
            results[i].verified = fresh.verified;
        }
        spf_result_clear(&fresh);
    }
    return wants;
}

spf_groups spf_run_foresees(const struct spf_run *run, const char *known_key)
{
    struct spf_result results[SPF_CHECK_COUNT];
    const char *shown = run->facts.handshake->host_key_sha256;
    spf_groups wants;
    spf_groups allowed = before_login;

    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        results[i] =
            (struct spf_result){.status = run->results[i].status, .holds = run->results[i].holds};
        if (SPF_CLOUD_CHECKS >> i & 1) {
            results[i].status = SPF_PASS;
            results[i].holds = true;
        }
    }
    wants = wants_of(run, results);
    if (spf_facts_have(&run->facts, SPF_GROUP_HANDSHAKE) && known_key[0] != '\0' &&
        strcmp(shown, known_key) == 0 && results[SPF_CHECK_SSH_HOST_KEY].verified) {
        allowed |= login;
    }
    for (int i = SPF_GROUP_COUNT - 1; i >= 0; i--) {
        if (wants >> i & 1) {
            wants |= spf_groups_info[i].inputs;
        }
    }
    wants &= allowed;
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if (run->facts.group[i].phase != SPF_ABSENT || !inputs_are_present(&run->facts, i)) {
            wants &= ~((spf_groups)1u << i);
        }
    }
    return wants;
}

void spf_run_forget_foreseen(struct spf_run *run)
{
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if ((before_login | login) >> i & 1) {
            spf_facts_forget(&run->facts, (enum spf_group)i);
        }
    }
}
