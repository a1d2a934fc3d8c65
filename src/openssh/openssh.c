#include "openssh/openssh.h"

#include <stdlib.h>

#include "openssh/ask.h"

struct version_job {
    struct spf_job job; /* first: the loop hands it back */
    struct spf_openssh_facts facts;
};

struct spf_openssh {
    struct spf_loop *loop;
    struct version_job *running; /* NULL: none */
    bool known;
    struct spf_openssh_facts facts;
    SPF_LIST(struct spf_inquiry *) waiting;
};

static void work(struct spf_job *job)
{
    spf_openssh_ask_version(&((struct version_job *)job)->facts);
}

static void release(struct spf_job *job)
{
    free(job);
}

static void tell(const struct spf_openssh *openssh, struct spf_inquiry *inquiry)
{
    inquiry->facts->openssh = openssh->facts;
    inquiry->arrived(inquiry, SPF_GROUP_OPENSSH, NULL);
}

static void done(struct spf_job *job)
{
    struct spf_openssh *openssh = job->owner;

    openssh->running = NULL;
    openssh->facts = ((struct version_job *)job)->facts;
    openssh->known = true;
    for (size_t i = 0; i < openssh->waiting.count; i++)
        tell(openssh, openssh->waiting.items[i]);
    openssh->waiting.count = 0;
}

static bool start(struct spf_openssh *openssh)
{
    struct version_job *version = calloc(1, sizeof *version);

    if (version == NULL)
        return false;
    version->job =
        (struct spf_job){.work = work, .done = done, .release = release, .owner = openssh};
    openssh->running = version;
    if (spf_loop_submit(openssh->loop, &version->job))
        return true;
    openssh->running = NULL;
    return false;
}

struct spf_openssh *spf_openssh_new(struct spf_loop *loop)
{
    struct spf_openssh *openssh = calloc(1, sizeof *openssh);

    if (openssh != NULL)
        openssh->loop = loop;
    return openssh;
}

void spf_openssh_serve(struct spf_openssh *openssh, struct spf_inquiry *inquiry)
{
    struct spf_inquiry **waiting;

    if (openssh->known) {
        tell(openssh, inquiry);
        return;
    }
    waiting = openssh->running != NULL || start(openssh) ? SPF_APPEND(&openssh->waiting) : NULL;
    if (waiting != NULL) {
        *waiting = inquiry;
    } else {
        const struct spf_failure failure =
            spf_failure(SPF_SYSTEM_ERROR, "no memory or thread to ask ssh for its version");

        inquiry->arrived(inquiry, SPF_GROUP_OPENSSH, &failure);
    }
}

void spf_openssh_free(struct spf_openssh *openssh)
{
    if (openssh == NULL)
        return;
    if (openssh->running != NULL)
        spf_loop_cancel(openssh->loop, &openssh->running->job);
    free(openssh->waiting.items);
    free(openssh);
}
