#include "diagnosis/predicates.h"

#include <string.h>

#include "login/implementations.h"

static bool selected(const struct spf_run *run, enum spf_check_id check)
{
    const struct spf_result *result = &run->results[check];

    return run->target->selected & ((spf_checks)1u << check) &&
           !(result->status == SPF_SKIP && result->skip_reason == SPF_SKIP_NOT_SELECTED);
}

bool spf_goal(const struct spf_run *run, enum spf_check_id *goal)
{
    *goal = SPF_CHECK_SSH_SESSION;
    if (run->target->session != SPF_SESSION_NEVER && selected(run, *goal)) {
        return true;
    }
    *goal = SPF_CHECK_SSH_AUTH;
    return selected(run, *goal);
}

bool spf_pair_is_proved(const struct spf_run *run)
{
    enum spf_key_match match = run->results[SPF_CHECK_CLOUD_KEY_PAIR].key_match;

    return spf_fine(run, SPF_CHECK_CLOUD_KEY_PAIR) &&
           (match == SPF_MATCH_PROVED || match == SPF_MATCH_FINGERPRINT);
}

bool spf_key_is_accepted(const struct spf_run *run)
{
    const struct spf_facts *facts = &run->facts;

    if (facts->query->none_accepted || facts->query->of_certificate) {
        return false; /* something else was */
    }
    if (spf_facts_have(facts, SPF_GROUP_QUERY) && facts->query->outcome == SPF_AUTH_ACCEPTED &&
        spf_query_proves(facts->identification->software, facts->query)) {
        return true;
    }
    return spf_fine(run, SPF_CHECK_SSH_AUTH);
}

bool spf_boot_authorized(const struct spf_run *run, const char *user)
{
    return spf_console_authorizes(run->facts.console, run->facts.key->sha256, run->facts.key->md5,
                                  user);
}

bool spf_boot_left_key_out(const struct spf_run *run)
{
    const struct spf_console_facts *console = run->facts.console;

    for (size_t i = 0; i < console->authorized.count; i++) {
        if (strcmp(console->authorized.items[i].user, run->target->user) == 0) {
            return !spf_boot_authorized(run, NULL);
        }
    }
    return false;
}
