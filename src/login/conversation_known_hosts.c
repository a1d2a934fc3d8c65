#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "login/conversation_parts.h"
#include "openssh/known_hosts_files.h"

/* The files may be large, or lie on a file system that answers slowly: a worker reads them. */
struct spf_known_hosts_job {
    struct spf_job job; /* first: the loop hands it back */
    char host[300];
    struct spf_target named;             /* what the reader needs of it, its strings owned here */
    const char **files;                  /* up to a NULL; NULL: the usual ones */
    struct spf_known_hosts_cache *cache; /* held; NULL: none */
    struct spf_known_hosts_facts facts;
    bool good;
};

static void work(struct spf_job *job)
{
    struct spf_known_hosts_job *reading = (struct spf_known_hosts_job *)job;

    reading->good = reading->cache != NULL
                        ? spf_known_hosts_gather_cached(reading->cache, &reading->named,
                                                        reading->host, &reading->facts)
                        : spf_known_hosts_gather(&reading->named, reading->host, &reading->facts);
}

static void release(struct spf_job *job)
{
    struct spf_known_hosts_job *reading = (struct spf_known_hosts_job *)job;

    spf_shape_clear(&spf_known_hosts_shape, &reading->facts);
    for (size_t i = 0; reading->files != NULL && reading->files[i] != NULL; i++) {
        free((char *)(uintptr_t)reading->files[i]);
    }
    free(reading->files);
    if (reading->cache != NULL) {
        spf_known_hosts_cache_leave(reading->cache);
    }
    free(reading);
}

static void arrive(struct spf_inquiry *inquiry, const char *failed)
{
    const struct spf_failure failure =
        spf_failure(SPF_SYSTEM_ERROR, "%s", failed != NULL ? failed : "");

    inquiry->arrived(inquiry, SPF_GROUP_KNOWN_HOSTS, failed != NULL ? &failure : NULL);
}

static void done(struct spf_job *job)
{
    struct spf_known_hosts_job *reading = (struct spf_known_hosts_job *)job;
    struct spf_conversation *talk = job->owner;

    talk->known_hosts = NULL;
    if (reading->good) {
        *talk->inquiry->facts->known_hosts = reading->facts;
        reading->facts = (struct spf_known_hosts_facts){0};
    }
    arrive(talk->inquiry, reading->good ? NULL : "no memory for known_hosts");
}

/* Takes what the reader needs of the target, which the job may outlive. */
static bool copy_target(struct spf_known_hosts_job *reading, const struct spf_target *target)
{
    size_t count = 0;

    reading->named = (struct spf_target){.port = target->port,
                                         .putty_cache = target->putty_cache,
                                         .ssh_config = target->ssh_config != NULL ? "" : NULL};
    if (target->known_hosts == NULL) {
        return true;
    }
    while (target->known_hosts[count] != NULL) {
        count++;
    }
    reading->named.known_hosts = reading->files = calloc(count + 1, sizeof *reading->files);
    for (size_t i = 0; reading->files != NULL && i < count; i++) {
        reading->files[i] = strdup(target->known_hosts[i]);
        if (reading->files[i] == NULL) {
            return false;
        }
    }
    return reading->files != NULL;
}

void spf_conversation_gather_known_hosts(struct spf_conversation *talk)
{
    struct spf_inquiry *inquiry = talk->inquiry;
    const char *alias = inquiry->facts->ssh_config->host_key_alias;
    struct spf_known_hosts_job *reading = calloc(1, sizeof *reading);
    bool good;

    if (reading == NULL) {
        arrive(inquiry, "no memory for known_hosts");
        return;
    }
    reading->job = (struct spf_job){
        .work = work, .done = done, .release = release, .owner = talk, .computes = true};
    if (!copy_target(reading, inquiry->target)) {
        release(&reading->job);
        arrive(inquiry, "no memory for known_hosts");
        return;
    }
    if (inquiry->target->ssh_config != NULL && alias[0] != '\0') { /* it stands for a port, too */
        good = spf_copy_whole(reading->host, sizeof reading->host, alias);
        reading->named.port = 22;
    } else {
        good = spf_conversation_host(talk, reading->host, sizeof reading->host);
    }
    if (!good) {
        release(&reading->job);
        arrive(inquiry, "no host to look up in known_hosts");
        return;
    }
    talk->known_hosts = reading;
    if (inquiry->login != NULL) {
        reading->cache = inquiry->login->known_hosts;
        spf_known_hosts_cache_hold(reading->cache);
        if (spf_known_hosts_cache_is_quick(reading->cache)) {
            work(&reading->job);
            done(&reading->job);
            release(&reading->job);
            return;
        }
    }
    if (spf_loop_submit(inquiry->loop, &reading->job)) {
        return;
    }
    talk->known_hosts = NULL;
    arrive(inquiry, "no worker for known_hosts");
}

void spf_conversation_abandon_known_hosts(struct spf_conversation *talk)
{
    if (talk->known_hosts == NULL) {
        return;
    }
    spf_job_cancel(&talk->known_hosts->job);
    talk->known_hosts = NULL;
}
