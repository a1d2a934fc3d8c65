#include <stdlib.h>

#include "base/language.h"
#include "pipeline/check.h"

/* The API refuses a clock that is off by 15 minutes; from here on it is worth reporting. */
#define CLOCK_OFF_S 60

/*
 * Are there credentials, and does the API accept them? No call of its own where another cloud check
 * calls anyway: the reply to that one says whether the identity was accepted.
 */
static enum spf_group witness(const struct spf_target *target)
{
    spf_checks others = target->selected & SPF_CLOUD_CHECKS & ~SPF_CHECK_BIT(CLOUD_ACCESS);
    spf_checks login =
        target->selected & ~SPF_CLOUD_CHECKS &
        ~(SPF_CHECK_BIT(KEY_FILE) | SPF_CHECK_BIT(KEY_MODE) | SPF_CHECK_BIT(KEY_FORMAT));

    return others != 0 || login != 0 ? SPF_GROUP_INSTANCE : SPF_GROUP_IDENTITY;
}

/* A refused permission or region is a reply (so it has a code) to somebody whom the API knows. */
static bool identity_was_accepted(const struct spf_failure *failure)
{
    return failure->code[0] != '\0' &&
           (failure->cause == SPF_PERMISSION_DENIED || failure->cause == SPF_REGION_UNKNOWN);
}

/*
 * Which of several sources won, and that there are others: a person with two identities otherwise
 * reads the report of one as that of the other.
 */
static void say_who(struct spf_result *result, const struct spf_credentials_facts *credentials,
                    const char *outcome)
{
    bool alone = credentials->passed_over[0] == '\0' && credentials->beside[0] == '\0';

    /* The environment is the one place that names no identity of its own. */
    if (alone && credentials->identity == SPF_IDENTITY_ENVIRONMENT) {
        spf_say(result, "access key %s… %s", credentials->access_key, outcome);
    } else {
        spf_say(result, "access key %s… %s (%s)%s%s%s%s", credentials->access_key, outcome,
                credentials->source,
                credentials->passed_over[0] != '\0' ? _("; unusable, tried first: ") : "",
                credentials->passed_over,
                credentials->beside[0] != '\0' ? _("; present, not used: ") : "",
                credentials->beside);
    }
}

struct spf_opinion spf_judge_cloud_access(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_facts *facts = view->facts;
    const struct spf_identity_facts *who = facts->identity;
    enum spf_group group = witness(view->target);
    struct spf_opinion opinion;

    spf_note_null(result, "source");
    spf_note_null(result, "account");
    spf_note_null(result, "principal");
    if (spf_lacks(view, SPF_GROUP_CREDENTIALS, &opinion)) {
        return opinion;
    }
    spf_note_thing(result, SPF_THING_CREDENTIALS, "source", facts->credentials->source);
    spf_note_text(result, "access_key", facts->credentials->access_key);
    if (facts->credentials->passed_over[0] != '\0') {
        spf_note_text(result, "passed_over", facts->credentials->passed_over);
    }
    if (facts->credentials->beside[0] != '\0') {
        spf_note_text(result, "not_used", facts->credentials->beside);
    }

    if (spf_lacks(view, group, &opinion) &&
        !(opinion.kind == SPF_OPINION_CANNOT_TELL && identity_was_accepted(opinion.failure))) {
        /* Of a failure that has no words of its own the catalogue says what, and this whose. */
        if (opinion.kind == SPF_OPINION_CANNOT_TELL && opinion.failure->code[0] != '\0') {
            say_who(result, facts->credentials, _("refused"));
        }
        return opinion;
    }
    if (who->account[0] != '\0') {
        spf_note_text(result, "account", who->account);
    }
    if (who->principal[0] != '\0') {
        spf_note_thing(result, SPF_THING_PRINCIPAL, "principal", who->principal);
    }
    if (group == SPF_GROUP_INSTANCE && facts->group[group].phase == SPF_PRESENT &&
        (facts->instance->clock_off > CLOCK_OFF_S || facts->instance->clock_off < -CLOCK_OFF_S)) {
        spf_note_number(result, "clock_off_s", facts->instance->clock_off);
        spf_say(result, "access key %s… accepted, but this machine's clock is %lld s %s",
                facts->credentials->access_key, (long long)llabs(facts->instance->clock_off),
                facts->instance->clock_off > 0 ? _("slow") : _("fast"));
        return spf_concludes(SPF_CLOCK_OFF);
    }
    say_who(result, facts->credentials, _("accepted"));
    return spf_passes();
}
