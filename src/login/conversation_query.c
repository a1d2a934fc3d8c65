#include <string.h>

#include "base/clock.h"
#include "login/conversation_parts.h"
#include "login/implementations.h"
#include "login/offers.h"

/* The query: would the key do? And of what worth is the answer? */

/*
 * Where no signature can follow, the answer is the last word on the key, so it must be known what
 * it is worth: a key made on the spot, which no server can know, is asked about after it. Nothing
 * was refused before, so that no limit is used up and the answer holds.
 */
static void ask_about_stranger(struct spf_conversation *talk)
{
    const struct spf_query_key key = spf_conversation_key(talk);
    struct spf_query_facts *facts = talk->inquiry->facts->query;
    enum spf_link_state state = spf_link_query_stranger(talk->link, key.algorithm, key.blob);

    if (state == SPF_LINK_AGAIN) {
        spf_conversation_wait(talk, spf_link_events(talk->link));
        return;
    }
    talk->asking_stranger = false;
    if (state == SPF_LINK_DONE) {
        facts->stranger = SPF_STRANGER_ACCEPTED;
    } else if (spf_conversation_outcome(state, spf_link_seen(talk->link)) == SPF_AUTH_REFUSED) {
        facts->stranger = SPF_STRANGER_REFUSED;
    }
    spf_conversation_arrive(talk, NULL);
}

/*
 * The server does not take the key; ssh, which asks for "none" first of all, would get in all the
 * same where that is enough (Tailscale SSH, an account without a password, some appliances). It is
 * asked for last here, so that a login that works pays nothing for it.
 */
static void ask_for_none(struct spf_conversation *talk)
{
    enum spf_link_state state = spf_link_none(talk->link);

    if (state == SPF_LINK_AGAIN) {
        spf_conversation_wait(talk, spf_link_events(talk->link));
        return;
    }
    talk->asking_last = false;
    talk->inquiry->facts->query->none_accepted = state == SPF_LINK_DONE;
    spf_conversation_arrive(talk, NULL);
}

static void keep_answer(struct spf_conversation *talk, enum spf_link_state state)
{
    struct spf_query_facts *facts = talk->inquiry->facts->query;
    const struct spf_seen *seen = spf_link_seen(talk->link);

    spf_offers_keep_sig_algs(talk->inquiry->facts->handshake, seen);
    facts->elapsed_ms = spf_now_ms() - talk->step_ms;
    facts->outcome = spf_conversation_outcome(state, seen);
    for (size_t i = 0; i < facts->asked.count; i++) {
        if (facts->outcome == SPF_AUTH_LOCAL_REFUSAL) {
            facts->outcome = facts->asked.items[i].outcome; /* of any that was really asked */
        }
    }
    spf_conversation_clean(facts->methods, sizeof facts->methods, seen->methods);
    spf_conversation_clean(facts->algorithm, sizeof facts->algorithm, seen->algorithm);
    spf_conversation_keep_banner(facts->banner, sizeof facts->banner, seen);
    if (facts->outcome != SPF_AUTH_ACCEPTED) {
        spf_conversation_keep_ending(talk, &facts->ending, facts->error, sizeof facts->error);
    }
    spf_conversation_keep_flow(talk, &facts->ending);
    facts->unlike_openssh = !spf_shows_openssh(seen);
    /* a yes to what proves nothing: to "none", or to the query itself, which ssh takes and libssh
     * ends the connection for */
    facts->none_accepted = seen->accepted;
    if (seen->accepted) {
        facts->outcome = SPF_AUTH_ACCEPTED;
    }
}

static bool none_may_do(const struct spf_conversation *talk)
{
    return talk->inquiry->facts->query->outcome == SPF_AUTH_REFUSED && !talk->asked_none &&
           spf_link_is_alive(talk->link) && !spf_conversation_key(talk).agent_signs;
}

static bool stranger_decides(const struct spf_conversation *talk)
{
    const struct spf_facts *facts = talk->inquiry->facts;

    return facts->query->outcome == SPF_AUTH_ACCEPTED && !facts->query->none_accepted &&
           facts->query->stranger == SPF_STRANGER_NOT_ASKED &&
           !spf_conversation_key(talk).can_sign &&
           !spf_query_proves(facts->identification->software, facts->query);
}

/* Of the key or keys and, if it came to that, of the certificate. */
static void all_answered(struct spf_conversation *talk)
{
    talk->asking_stranger = stranger_decides(talk);
    talk->asking_last = none_may_do(talk);
    if (talk->asking_last) {
        ask_for_none(talk);
    } else if (talk->asking_stranger) {
        ask_about_stranger(talk);
    } else {
        spf_conversation_arrive(talk, NULL);
    }
}

/*
 * ssh -i offers the key alone and then the certificate beside it (sshconnect2.c, pubkey_prepare);
 * also where no algorithm is left for the key alone, for a server may take certificates only.
 */
static bool certificate_is_next(const struct spf_conversation *talk)
{
    const struct spf_query_facts *facts = talk->inquiry->facts->query;

    return talk->inquiry->facts->key->certificate_line != NULL &&
           !spf_conversation_asks_several(talk) && spf_link_is_alive(talk->link) &&
           (facts->outcome == SPF_AUTH_LOCAL_REFUSAL ||
            (facts->outcome == SPF_AUTH_REFUSED && spf_names_have(facts->methods, "publickey")));
}

static void ask_about_certificate(struct spf_conversation *talk)
{
    struct spf_query_facts *facts = talk->inquiry->facts->query;
    enum spf_link_state state =
        spf_link_query_certificate(talk->link, talk->inquiry->facts->key->certificate_line);

    if (state == SPF_LINK_AGAIN) {
        spf_conversation_wait(talk, spf_link_events(talk->link));
        return;
    }
    talk->asking_certificate = false;
    if (state != SPF_LINK_LOCAL) { /* else it was not asked, and the answer to the key stands */
        facts->of_certificate = true;
        /* the key alone, which the server does not know, is as good as one that nobody has */
        if (facts->outcome == SPF_AUTH_REFUSED) {
            facts->stranger = SPF_STRANGER_REFUSED;
        }
        keep_answer(talk, state);
    }
    all_answered(talk);
}

static void query_answered(struct spf_conversation *talk, enum spf_link_state state)
{
    keep_answer(talk, state);
    spf_conversation_recall_accepted(talk);
    talk->inquiry->facts->query->of_certificate = spf_conversation_key(talk).certificate != NULL;
    talk->asking_certificate = certificate_is_next(talk);
    if (talk->asking_certificate) {
        ask_about_certificate(talk);
    } else {
        all_answered(talk);
    }
}

static enum spf_link_state query(struct spf_conversation *talk)
{
    const struct spf_query_key key = spf_conversation_key(talk);

    if (key.certificate != NULL) {
        return spf_link_query_certificate(talk->link, key.certificate);
    }
    return key.agent_signs ? spf_link_query_for_agent(talk->link, key.algorithm, key.blob)
                           : spf_link_query(talk->link, key.algorithm, key.blob);
}

/* libssh chooses RSA's algorithm from an EXT_INFO that may not have been read yet. */
static bool wants_extensions(const struct spf_conversation *talk, enum spf_link_state state)
{
    return state == SPF_LINK_LOCAL && !talk->asked_none &&
           spf_link_seen(talk->link)->sig_algs == NULL &&
           strcmp(spf_conversation_key(talk).algorithm, "ssh-rsa") == 0;
}

/* True: another request goes out, in place of one that came to nothing, or to the next key. */
static bool goes_on(struct spf_conversation *talk, enum spf_link_state state)
{
    if (talk->asking_none) {
        talk->asking_none = false;
        return state == SPF_LINK_REFUSED || state == SPF_LINK_PARTIAL;
    }
    if (wants_extensions(talk, state)) {
        talk->asking_none = talk->asked_none = true;
        return true;
    }
    return spf_conversation_asks_several(talk) && spf_conversation_next_key(talk, state);
}

/*
 * Before several keys comes "none", as with ssh. Where the given one stands first, as it does
 * without an agent that holds others, it is asked for last, and a login that works pays nothing.
 */
static bool begins_with_none(const struct spf_conversation *talk)
{
    const struct spf_target *target = talk->inquiry->target;

    return spf_conversation_asks_several(talk) && !talk->asked_none &&
           !(spf_target_has_typed_key(target) &&
             target->offer == talk->inquiry->facts->ssh_config->offers.items);
}

void spf_conversation_query(struct spf_conversation *talk)
{
    enum spf_link_state state;

    if (talk->asking_last) {
        ask_for_none(talk);
        return;
    }
    if (talk->asking_certificate) {
        ask_about_certificate(talk);
        return;
    }
    if (talk->asking_stranger) {
        ask_about_stranger(talk);
        return;
    }
    spf_conversation_pad(talk);
    if (begins_with_none(talk)) {
        talk->asking_none = talk->asked_none = true;
    }
    do {
        state = talk->asking_none ? spf_link_none(talk->link) : query(talk);
    } while (state != SPF_LINK_AGAIN && goes_on(talk, state));
    if (state == SPF_LINK_AGAIN) {
        spf_conversation_wait(talk, spf_link_events(talk->link));
    } else {
        query_answered(talk, state);
    }
}
