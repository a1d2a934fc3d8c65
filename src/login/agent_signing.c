#include "login/agent_signing.h"

#include <stdlib.h>

#include "login/agent_proxy.h"

/* In a worker, which has the link. */
struct turn {
    struct spf_job job; /* first: the loop hands it back */
    struct spf_link *link;
    enum spf_link_state state;
};

struct spf_agent_signing {
    struct spf_loop *loop;
    struct spf_agent_proxy *proxy;
    struct turn *turn;      /* under way; NULL: none */
    struct spf_watch timer; /* with it */
    spf_agent_signed *done;
    void *owner;
};

static void work(struct spf_job *job)
{
    struct turn *turn = (struct turn *)job;

    turn->state = spf_link_sign_by_agent(turn->link);
}

static void release(struct spf_job *job)
{
    struct turn *turn = (struct turn *)job;

    spf_link_free(turn->link);
    free(turn);
}

static void leave_turn(struct spf_agent_signing *signing)
{
    signing->turn = NULL;
    spf_loop_remove(signing->loop, &signing->timer);
}

static void work_done(struct spf_job *job)
{
    struct turn *turn = (struct turn *)job;
    struct spf_agent_signing *signing = job->owner;
    struct spf_link *link = turn->link;
    const enum spf_link_state state = turn->state;
    /* No signature, but the connection stands: nothing was sent. */
    const bool unsigned_yet_alive = state == SPF_LINK_ENDED && spf_link_is_alive(link);

    turn->link = NULL;
    leave_turn(signing);
    signing->done(signing->owner, link, state, unsigned_yet_alive ? "did not sign" : NULL);
}

static void is_late(struct spf_watch *watch, short revents)
{
    struct spf_agent_signing *signing = watch->owner;

    (void)revents;
    spf_job_cancel(&signing->turn->job);
    leave_turn(signing);
    signing->done(signing->owner, NULL, SPF_LINK_ENDED, "did not sign in time");
}

struct spf_agent_signing *spf_agent_signing_new(struct spf_loop *loop, const char *agent,
                                                const char *shown, const char *held,
                                                struct spf_link *link, spf_agent_signed *done,
                                                void *owner)
{
    struct spf_agent_signing *signing = calloc(1, sizeof *signing);

    if (signing == NULL) {
        return NULL;
    }
    *signing = (struct spf_agent_signing){.loop = loop,
                                          .proxy = spf_agent_proxy_new(loop, agent, shown, held),
                                          .timer = {.fd = -1, .ready = is_late, .owner = signing},
                                          .done = done,
                                          .owner = owner};
    if (signing->proxy == NULL || !spf_link_use_agent(link, spf_agent_proxy_take(signing->proxy))) {
        spf_agent_signing_free(signing);
        return NULL;
    }
    return signing;
}

bool spf_agent_signing_start(struct spf_agent_signing *signing, struct spf_link *link,
                             int64_t until_ms)
{
    struct turn *turn = calloc(1, sizeof *turn);

    signing->timer.due_ms = until_ms;
    if (turn == NULL || !spf_loop_add(signing->loop, &signing->timer)) {
        free(turn);
        spf_link_free(link);
        return false;
    }
    *turn = (struct turn){
        .job = {.work = work, .done = work_done, .release = release, .owner = signing},
        .link = link};
    signing->turn = turn;
    if (spf_loop_submit(signing->loop, &turn->job)) {
        return true;
    }
    leave_turn(signing);
    return false;
}

bool spf_agent_signing_is_answered(const struct spf_agent_signing *signing)
{
    return spf_agent_proxy_answered(signing->proxy);
}

void spf_agent_signing_free(struct spf_agent_signing *signing)
{
    if (signing == NULL) {
        return;
    }
    if (signing->turn != NULL) {
        spf_job_cancel(&signing->turn->job);
    }
    spf_loop_remove(signing->loop, &signing->timer);
    spf_agent_proxy_free(signing->proxy);
    free(signing);
}
