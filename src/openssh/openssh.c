#include "openssh/openssh.h"

#include <stdlib.h>
#include <string.h>

#include "openssh/ask.h"

#define SAYS_MAX 65536u /* of ssh -G; the longest, it prints 5 KiB */

/* What a worker asks ssh, for one group. */
struct answer {
    struct spf_job job; /* first: the loop hands it back */
    enum spf_group group;
    void *facts; /* the group's */
};

/* A group: asked for once, and handed to all who want it. */
struct topic {
    enum spf_group group;
    struct answer *running; /* NULL: none */
    void *facts;            /* the answer; NULL: not known yet */
    SPF_LIST(struct spf_inquiry *) waiting;
};

struct spf_openssh {
    struct spf_loop *loop;
    struct topic version, algorithms;
};

static void ask_version(struct answer *answer)
{
    spf_openssh_ask_version(answer->facts);
}

/* ssh before 8.6 has no "HostKeyAlgorithms" to ask about, but "key". */
static void ask_algorithms(struct answer *answer)
{
    static const char *const offer[] = {"ssh", "-G", "-F", "none", "localhost", NULL};
    struct spf_openssh_algorithms_facts *facts = answer->facts;
    const struct {
        const char *what;
        char **list;
    } questions[] = {
        {"kex", &facts->known_kex},       {"HostKeyAlgorithms", &facts->known_host_keys},
        {"key", &facts->known_host_keys}, {"cipher", &facts->known_ciphers},
        {"mac", &facts->known_macs},
    };
    struct spf_buf says;

    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        const char *const words[] = {"ssh", "-Q", questions[i].what, NULL};

        spf_buf_init(&says, SAYS_MAX);
        if (*questions[i].list == NULL && spf_openssh_ask(words, SPF_OPENSSH_OUTPUT, &says) &&
            says.len > 0) {
            *questions[i].list = spf_openssh_read_names(says.data);
        }
        spf_buf_clear(&says);
    }
    spf_buf_init(&says, SAYS_MAX);
    if (spf_openssh_ask(offer, SPF_OPENSSH_OUTPUT, &says) && says.len > 0) {
        spf_openssh_read_offer(says.data, facts);
    }
    spf_buf_clear(&says);
}

static void work(struct spf_job *job)
{
    struct answer *answer = (struct answer *)job;

    if (answer->group == SPF_GROUP_OPENSSH) {
        ask_version(answer);
    } else {
        ask_algorithms(answer);
    }
}

static void release(struct spf_job *job)
{
    struct answer *answer = (struct answer *)job;

    spf_facts_release(answer->group, answer->facts);
    free(answer);
}

static void tell(const struct topic *topic, struct spf_inquiry *inquiry)
{
    spf_facts_share(inquiry->facts, topic->group, topic->facts);
    inquiry->arrived(inquiry, topic->group, NULL);
}

static void done(struct spf_job *job)
{
    struct answer *answer = (struct answer *)job;
    struct topic *topic = job->owner;

    topic->running = NULL;
    topic->facts = answer->facts;
    answer->facts = NULL; /* the topic's now */
    for (size_t i = 0; i < topic->waiting.count; i++) {
        tell(topic, topic->waiting.items[i]);
    }
    topic->waiting.count = 0;
}

static bool start(struct spf_openssh *openssh, struct topic *topic)
{
    struct answer *answer = calloc(1, sizeof *answer);

    if (answer == NULL) {
        return false;
    }
    *answer = (struct answer){
        .job = {.work = work, .done = done, .release = release, .owner = topic},
        .group = topic->group,
        .facts = spf_facts_new(topic->group),
    };
    if (answer->facts == NULL) {
        free(answer);
        return false;
    }
    topic->running = answer;
    if (spf_loop_submit(openssh->loop, &answer->job)) {
        return true;
    }
    topic->running = NULL;
    return false;
}

struct spf_openssh *spf_openssh_new(struct spf_loop *loop)
{
    struct spf_openssh *openssh = calloc(1, sizeof *openssh);

    if (openssh == NULL) {
        return NULL;
    }
    openssh->loop = loop;
    openssh->version.group = SPF_GROUP_OPENSSH;
    openssh->algorithms.group = SPF_GROUP_OPENSSH_ALGORITHMS;
    return openssh;
}

void spf_openssh_serve(struct spf_openssh *openssh, struct spf_inquiry *inquiry,
                       enum spf_group group)
{
    struct topic *topic = group == SPF_GROUP_OPENSSH ? &openssh->version : &openssh->algorithms;
    struct spf_inquiry **waiting;

    if (topic->facts != NULL) {
        tell(topic, inquiry);
        return;
    }
    waiting = topic->running != NULL || start(openssh, topic) ? SPF_APPEND(&topic->waiting) : NULL;
    if (waiting != NULL) {
        *waiting = inquiry;
    } else {
        const struct spf_failure failure =
            spf_failure(SPF_SYSTEM_ERROR, "no memory or thread to ask ssh what it is");

        inquiry->arrived(inquiry, group, &failure);
    }
}

static void forget(struct topic *topic, const struct spf_inquiry *inquiry)
{
    size_t kept = 0;

    for (size_t i = 0; i < topic->waiting.count; i++) {
        if (topic->waiting.items[i] != inquiry) {
            topic->waiting.items[kept++] = topic->waiting.items[i];
        }
    }
    topic->waiting.count = kept;
}

void spf_openssh_cancel(struct spf_openssh *openssh, struct spf_inquiry *inquiry)
{
    forget(&openssh->version, inquiry);
    forget(&openssh->algorithms, inquiry);
}

static void clear_topic(struct topic *topic)
{
    if (topic->running != NULL) {
        spf_job_cancel(&topic->running->job);
    }
    spf_facts_release(topic->group, topic->facts);
    free(topic->waiting.items);
}

void spf_openssh_free(struct spf_openssh *openssh)
{
    if (openssh == NULL) {
        return;
    }
    clear_topic(&openssh->version);
    clear_topic(&openssh->algorithms);
    free(openssh);
}
