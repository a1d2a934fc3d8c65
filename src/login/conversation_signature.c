#include "base/clock.h"
#include "key/agent.h"
#include "login/agent_signing.h"
#include "login/conversation_parts.h"

/* The signature: by the key itself, or by an agent that holds it. */

static void signed_or_not(struct spf_conversation *talk, enum spf_link_state state)
{
    struct spf_signature_facts *facts = talk->inquiry->facts->signature;
    const struct spf_seen *seen;

    if (state == SPF_LINK_AGAIN) {
        spf_conversation_wait(talk, spf_link_events(talk->link));
        return;
    }
    seen = spf_link_seen(talk->link);
    facts->elapsed_ms = spf_now_ms() - talk->step_ms;
    facts->outcome = spf_conversation_outcome(state, seen);
    spf_conversation_clean(facts->methods, sizeof facts->methods, seen->methods);
    spf_conversation_clean(facts->algorithm, sizeof facts->algorithm, seen->algorithm);
    spf_conversation_keep_banner(facts->banner, sizeof facts->banner, seen);
    if (facts->outcome != SPF_AUTH_ACCEPTED) {
        spf_conversation_keep_ending(talk, &facts->ending, facts->error, sizeof facts->error);
    }
    spf_conversation_keep_flow(talk, &facts->ending);
    spf_conversation_arrive(talk, NULL);
}

/* An agent that refuses, is locked, or waits for its user: the key is as good as none. */
static void agent_signed(void *owner, struct spf_link *link, enum spf_link_state state,
                         const char *refusal)
{
    struct spf_conversation *talk = owner;
    struct spf_failure failure;

    talk->link = link;
    if (refusal == NULL) {
        signed_or_not(talk, state);
        return;
    }
    failure = spf_failure(
        SPF_KEY_ENCRYPTED, "The server takes this key for %s; %s holds it, but %s",
        talk->inquiry->target->user, spf_key_agent_name(talk->inquiry->facts->key), refusal);
    spf_agent_signing_free(talk->signing);
    talk->signing = NULL;
    spf_conversation_arrive(talk, &failure);
}

/*
 * With a certificate, the agent signs by the key that it is for, unless it holds the certificate
 * itself (sshconnect2.c, sign_and_send_pubkey).
 */
static struct spf_agent_signing *new_signing(struct spf_conversation *talk)
{
    const struct spf_inquiry *inquiry = talk->inquiry;
    const struct spf_ssh_offer *offer = inquiry->target->offer;
    const char *held = inquiry->facts->key->public_blob;
    const char *shown = held;

    if (inquiry->facts->query->of_certificate && offer != NULL && offer->certificate_line != NULL) {
        shown = spf_secret_text(offer->certificate_line);
        held = offer->in_agent ? shown : held;
    } else if (inquiry->facts->query->of_certificate &&
               inquiry->facts->key->certificate_line != NULL) {
        shown = spf_secret_text(inquiry->facts->key->certificate_line);
    }
    return spf_agent_signing_new(inquiry->loop,
                                 spf_agent_for(inquiry->target->agent, inquiry->facts->key), shown,
                                 held, talk->link, agent_signed, talk);
}

static void sign_by_agent(struct spf_conversation *talk)
{
    struct spf_inquiry *inquiry = talk->inquiry;
    struct spf_link *link = talk->link;

    if (talk->signing == NULL) {
        talk->signing = new_signing(talk);
    }
    if (talk->signing == NULL) {
        spf_conversation_arrive_failed(talk, "the agent could not be asked");
        return;
    }
    if (spf_agent_signing_is_answered(talk->signing)) {
        signed_or_not(talk, spf_link_sign_by_agent(link));
        return;
    }
    spf_loop_remove(inquiry->loop, &talk->watch);
    talk->link = NULL;
    if (!spf_agent_signing_start(talk->signing, link, spf_conversation_end_of_step(talk))) {
        spf_conversation_arrive_failed(talk, "no worker for the agent's signature");
    }
}

/* Nobody can give ssh the passphrase that was given to us. */
static bool ssh_cannot_decrypt(struct spf_conversation *talk)
{
    const struct spf_facts *facts = talk->inquiry->facts;
    const struct spf_ssh_manners *manners = &facts->ssh_config->manners;
    struct spf_failure failure;

    if (talk->inquiry->target->ssh_config == NULL || !facts->key->encrypted ||
        (!manners->is_batch && !manners->asks_for_no_passphrase)) {
        return false;
    }
    failure = spf_failure(SPF_SSH_CONFIG_UNUSABLE,
                          "the ssh configuration has %s: ssh asks for no passphrase, and the key "
                          "is encrypted and in no agent",
                          manners->is_batch ? "BatchMode yes" : "NumberOfPasswordPrompts 0");
    spf_conversation_arrive(talk, &failure);
    return true;
}

void spf_conversation_sign(struct spf_conversation *talk)
{
    if (talk->inquiry->facts->query->none_accepted) { /* we are in */
        talk->inquiry->facts->signature->outcome = SPF_AUTH_ACCEPTED;
        spf_conversation_arrive(talk, NULL);
        return;
    }
    if (spf_key_agent_signs(talk->inquiry->facts->key)) {
        sign_by_agent(talk);
        return;
    }
    if (talk->inquiry->facts->key->login == NULL) {
        spf_conversation_arrive_failed(talk, "there is no private key to sign with");
        return;
    }
    if (ssh_cannot_decrypt(talk)) {
        return;
    }
    signed_or_not(talk, spf_link_sign(talk->link, talk->inquiry->facts->key->login));
}
