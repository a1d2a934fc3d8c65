#include "login/conversation_parts.h"

/* Which key the server is asked about: the one that was given, or those that ssh would offer. */

/*
 * The offer that is asked about in this place: first the one that the run has chosen (the bound
 * pair's, else ssh's first), then the others in ssh's order; all of them in ssh's order where one
 * was given, for what precedes that one decides whether ssh comes to it. NULL: there is none.
 */
static const struct spf_ssh_offer *offer_at(const struct spf_conversation *talk, size_t place)
{
    const struct spf_ssh_config_facts *config = talk->inquiry->facts->ssh_config;
    const struct spf_target *target = talk->inquiry->target;
    const struct spf_ssh_offer *first =
        spf_target_has_typed_key(target) ? NULL : talk->inquiry->target->offer;

    if (target->offer == NULL || (place == 0 && first != NULL)) {
        return target->offer;
    }
    place -= first != NULL;
    for (size_t i = 0; i < config->offers.count; i++) {
        const struct spf_ssh_offer *offer = &config->offers.items[i];

        if (offer != first && spf_ssh_offer_is_askable(offer) && place-- == 0) {
            return offer;
        }
    }
    return NULL;
}

bool spf_conversation_asks_several(const struct spf_conversation *talk)
{
    const struct spf_ssh_offer *chosen = talk->inquiry->target->offer;

    if (chosen == NULL) {
        return false;
    }
    return spf_ssh_offer_is_askable(chosen) ? offer_at(talk, 1) != NULL
                                            : spf_target_has_typed_key(talk->inquiry->target);
}

struct spf_query_key spf_conversation_key(const struct spf_conversation *talk)
{
    const struct spf_key_facts *key = talk->inquiry->facts->key;
    const struct spf_ssh_offer *offer = offer_at(talk, talk->key_at);
    const struct spf_secret *certificate = offer != NULL ? offer->certificate_line : NULL;

    if (offer == NULL || (offer == talk->inquiry->target->offer && key->public_blob != NULL)) {
        return (struct spf_query_key){.algorithm = key->algorithm,
                                      .blob = key->public_blob,
                                      .certificate = certificate,
                                      .agent_signs = spf_key_agent_signs(key),
                                      .can_sign = talk->inquiry->facts->key->login != NULL ||
                                                  spf_key_agent_signs(key)};
    }
    return (struct spf_query_key){.algorithm = offer->algorithm,
                                  .blob = offer->blob,
                                  .certificate = certificate,
                                  .agent_signs = offer->in_agent && !offer->usable,
                                  .can_sign = offer->in_agent || offer->usable};
}

/* ssh, too, goes on after it: it can't sign, or asks for a passphrase that nobody may know. */
static bool is_accepted_in_vain(const struct spf_conversation *talk,
                                const struct spf_ssh_offer *offer, enum spf_link_state state)
{
    return state == SPF_LINK_DONE && !spf_link_seen(talk->link)->accepted && !offer->in_agent &&
           (offer->skipped || (!offer->usable && talk->inquiry->target->passphrase == NULL));
}

bool spf_conversation_next_key(struct spf_conversation *talk, enum spf_link_state state)
{
    struct spf_facts *facts = talk->inquiry->facts;
    const struct spf_ssh_offer *offer = offer_at(talk, talk->key_at);
    struct spf_asked_key *asked = SPF_APPEND(&facts->query->asked);

    if (asked == NULL) {
        return false;
    }
    asked->offer = offer - facts->ssh_config->offers.items;
    asked->outcome = spf_conversation_outcome(state, spf_link_seen(talk->link));
    if ((state != SPF_LINK_REFUSED && state != SPF_LINK_LOCAL &&
         !is_accepted_in_vain(talk, offer, state)) ||
        offer_at(talk, talk->key_at + 1) == NULL) {
        return false;
    }
    talk->key_at++;
    spf_link_query_next(talk->link);
    return true;
}

void spf_conversation_recall_accepted(struct spf_conversation *talk)
{
    struct spf_facts *facts = talk->inquiry->facts;
    const bool cut = spf_link_seen(talk->link)->disconnected || !spf_link_is_alive(talk->link);

    if (facts->query->outcome == SPF_AUTH_ACCEPTED) {
        return;
    }
    for (size_t i = facts->query->asked.count; i > 0; i--) {
        const struct spf_asked_key *asked = &facts->query->asked.items[i - 1];

        if (asked->outcome == SPF_AUTH_ACCEPTED &&
            !(cut && facts->ssh_config->offers.items[asked->offer].skipped)) {
            facts->query->outcome = SPF_AUTH_ACCEPTED;
            talk->key_at = i - 1;
            return;
        }
    }
}
