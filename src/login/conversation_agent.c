#include <stdlib.h>

#include "login/agent_door.h"
#include "login/conversation_parts.h"

/* The signature of a key that only an agent holds. */

/* libssh waits for an agent: in a worker, which has the link as long as that takes. */
struct spf_signing {
    struct spf_job job; /* first: the loop hands it back */
    struct spf_link *link;
    enum spf_link_state state;
};

void spf_talk_abandon_signing(struct spf_conversation *talk)
{
    spf_loop_remove(talk->inquiry->loop, &talk->patience);
    if (talk->signing != NULL)
        spf_loop_cancel(talk->inquiry->loop, &talk->signing->job);
    talk->signing = NULL;
    spf_agent_door_free(talk->door);
    talk->door = NULL;
}

/* An agent that refuses, is locked, or waits for its user: the key is as good as none. */
static void arrive_unsigned(struct spf_conversation *talk, const char *why)
{
    const struct spf_failure failure = spf_failure(
        SPF_KEY_ENCRYPTED, "The server takes this key for %s; the ssh-agent holds it, but %s",
        talk->inquiry->target->user, why);

    spf_talk_abandon_signing(talk);
    spf_talk_arrive(talk, &failure);
}

static void agent_is_late(struct spf_watch *watch, short revents)
{
    (void)revents;
    arrive_unsigned(watch->owner, "did not sign in time");
}

void spf_talk_await_agent(struct spf_conversation *talk)
{
    talk->patience = (struct spf_watch){.fd = -1, .ready = agent_is_late, .owner = talk};
}

static void signing_work(struct spf_job *job)
{
    struct spf_signing *signing = (struct spf_signing *)job;

    signing->state = spf_link_sign_by_agent(signing->link);
}

static void signing_release(struct spf_job *job)
{
    struct spf_signing *signing = (struct spf_signing *)job;

    spf_link_free(signing->link);
    free(signing);
}

static void signing_done(struct spf_job *job)
{
    struct spf_signing *signing = (struct spf_signing *)job;
    struct spf_conversation *talk = job->owner;
    enum spf_link_state state = signing->state;

    talk->link = signing->link;
    signing->link = NULL;
    talk->signing = NULL;
    spf_loop_remove(talk->inquiry->loop, &talk->patience);
    /* No signature, but the connection stands: nothing was sent. */
    if (state == SPF_LINK_ENDED && spf_link_is_alive(talk->link)) {
        arrive_unsigned(talk, "did not sign");
        return;
    }
    spf_talk_signed_or_not(talk, state);
}

/* Reading a message from an agent blocks within libssh: a worker has the link meanwhile. */
static void start_signing(struct spf_conversation *talk)
{
    struct spf_signing *signing = calloc(1, sizeof *signing);

    talk->patience.due_ms = talk->step_ms + talk->inquiry->target->timeout_ms;
    if (signing == NULL || !spf_loop_add(talk->inquiry->loop, &talk->patience)) {
        free(signing);
        spf_talk_arrive_failed(talk, "no memory");
        return;
    }
    spf_loop_remove(talk->inquiry->loop, &talk->watch);
    *signing = (struct spf_signing){.job = {.work = signing_work,
                                            .done = signing_done,
                                            .release = signing_release,
                                            .owner = talk},
                                    .link = talk->link};
    talk->link = NULL;
    talk->signing = signing;
    if (spf_loop_submit(talk->inquiry->loop, &signing->job))
        return;
    talk->signing = NULL;
    spf_talk_abandon_signing(talk);
    spf_talk_arrive_failed(talk, "no worker for the agent's signature");
}

void spf_talk_sign_by_agent(struct spf_conversation *talk)
{
    struct spf_inquiry *inquiry = talk->inquiry;

    if (talk->door == NULL) {
        talk->door = spf_agent_door_new(inquiry->loop, inquiry->target->agent,
                                        inquiry->facts->key.public_blob);
        if (talk->door == NULL ||
            !spf_link_use_agent(talk->link, spf_agent_door_take(talk->door))) {
            spf_talk_arrive_failed(talk, "the agent could not be asked");
            return;
        }
    }
    if (spf_agent_door_answered(talk->door))
        spf_talk_signed_or_not(talk, spf_link_sign_by_agent(talk->link));
    else
        start_signing(talk);
}
