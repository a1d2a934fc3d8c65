#include "key/skipped.h"

#include <string.h>

const struct spf_skipped_file *spf_key_skipped(const struct spf_view *view)
{
    const struct spf_ssh_config_facts *config = view->facts->ssh_config;

    return view->target->openssh_typed && config->skipped.count > 0 &&
                   !spf_ssh_config_skips(config, view->target->key_path)
               ? config->skipped.items
               : NULL;
}

const struct spf_key_facts *spf_key_of(const struct spf_view *view)
{
    return spf_key_skipped(view) != NULL ? &spf_key_skipped(view)->key : view->facts->key;
}

const char *spf_key_path_of(const struct spf_view *view)
{
    return spf_key_skipped(view) != NULL ? spf_key_skipped(view)->path : view->target->key_path;
}

/* The server ended the connection before ssh came to a key with which it can sign. */
static bool is_cut_off(const struct spf_view *view)
{
    const struct spf_ssh_config_facts *config = view->facts->ssh_config;
    const struct spf_query_facts *query = view->facts->query;

    if (strstr(query->error, "Too many authentication failures") == NULL) {
        return false;
    }
    for (size_t i = 0; i < config->offers.count; i++) {
        bool asked = false;

        for (size_t k = 0; k < query->asked.count; k++) {
            asked |= query->asked.items[k].offer == (int64_t)i;
        }
        if (!asked && !config->offers.items[i].skipped) {
            return true;
        }
    }
    return false;
}

/* How the server answered to the keys that ssh would offer, as far as it bears on the file. */
static bool may_log_in_by_others(const struct spf_view *view, bool in_agent)
{
    const struct spf_ssh_config_facts *config = view->facts->ssh_config;
    const struct spf_query_facts *query = view->facts->query;
    const int64_t accepted = spf_query_accepted(query);

    if (!spf_facts_have(view->facts, SPF_GROUP_QUERY) || query->asked.count == 0 ||
        query->none_accepted) {
        return true;
    }
    if (accepted >= 0 && (uint64_t)accepted < config->offers.count) {
        return !config->offers.items[accepted].skipped;
    }
    return in_agent || is_cut_off(view) ||
           (query->outcome != SPF_AUTH_REFUSED && query->outcome != SPF_AUTH_LOCAL_REFUSAL);
}

bool spf_key_others_stand_in(const struct spf_view *view)
{
    const struct spf_ssh_config_facts *config = view->facts->ssh_config;
    const struct spf_ssh_offer *chosen = view->target->offer;
    bool in_agent = false;
    bool others = false;

    if (view->target->ssh_config == NULL ||
        !(view->target->openssh_typed || view->target->key_configured)) {
        return false;
    }
    if (config->skipped.count == 0) {
        return chosen != NULL && chosen->in_agent;
    }
    for (size_t i = 0; i < config->offers.count; i++) {
        const struct spf_ssh_offer *offer = &config->offers.items[i];
        const bool is_typed = spf_ssh_config_skips(config, offer->path);

        in_agent |= is_typed && offer->in_agent;
        others |= !is_typed && !offer->skipped && spf_ssh_offer_is_askable(offer);
    }
    return (in_agent || others) && may_log_in_by_others(view, in_agent);
}

struct spf_opinion spf_key_stood_in(const struct spf_view *view, struct spf_result *result,
                                    struct spf_opinion opinion)
{
    if (spf_key_skipped(view) != NULL) {
        result->about = spf_key_path_of(view);
    }
    return opinion.kind == SPF_OPINION_CONCLUDES &&
                   (opinion.status == SPF_FAIL || opinion.status == SPF_UNKNOWN) &&
                   spf_key_others_stand_in(view)
               ? spf_lowered(opinion.finding, SPF_WARN)
               : opinion;
}
