#include "platform/limits.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "base/language.h"

#define FILES_NEEDED 64 /* a run with jump hosts and every API host at once holds about half */
#define FILES_WANTED 1024
#define FILES_EACH   8              /* of a target under way; seven have been seen */
#define STACK_NEEDED (256ul * 1024) /* TLS and the resolver take some 100 KiB */
#define STACK_WANTED (8ul * 1024 * 1024)
#define THREAD_STACK (1024ul * 1024)

/* False if the limit stays below what is needed; *is becomes what it is then. */
static bool raise(__rlimit_resource_t what, rlim_t needed, rlim_t wanted, rlim_t *is)
{
    struct rlimit limit;

    if (getrlimit(what, &limit) != 0) {
        return true;
    }
    if (limit.rlim_cur < wanted && limit.rlim_cur < limit.rlim_max) {
        const struct rlimit raised = {limit.rlim_max < wanted ? limit.rlim_max : wanted,
                                      limit.rlim_max};

        if (setrlimit(what, &raised) == 0) {
            limit.rlim_cur = raised.rlim_cur;
        }
    }
    *is = limit.rlim_cur;
    return limit.rlim_cur >= needed;
}

size_t spf_limits_jobs(size_t wanted)
{
    const rlim_t needed = FILES_NEEDED + (rlim_t)wanted * FILES_EACH;
    rlim_t is = needed;

    if (wanted <= 1 || raise(RLIMIT_NOFILE, needed, needed, &is)) {
        return wanted;
    }
    return is > FILES_NEEDED + FILES_EACH ? (size_t)(is - FILES_NEEDED) / FILES_EACH : 1;
}

struct spf_error spf_limits_prepare(void)
{
    pthread_attr_t threads;
    rlim_t is = 0;

    if (!raise(RLIMIT_NOFILE, FILES_NEEDED, FILES_WANTED, &is)) {
        return spf_error(
            SPF_ERR_SYS,
            _("the limit on open files of this process is %llu (ulimit -n), and %d are "
              "needed"),
            (unsigned long long)is, FILES_NEEDED);
    }
    if (!raise(RLIMIT_STACK, STACK_NEEDED, STACK_WANTED, &is)) {
        return spf_error(
            SPF_ERR_SYS,
            _("the limit on the stack of this process is %llu KiB (ulimit -s), and %lu "
              "are needed"),
            (unsigned long long)is / 1024, STACK_NEEDED / 1024);
    }
    /* Without this glibc gives every thread, libcurl's too, the stack limit that it was started
     * with. */
    if (pthread_attr_init(&threads) == 0) {
        if (pthread_attr_setstacksize(&threads, THREAD_STACK) == 0) {
            (void)pthread_setattr_default_np(&threads);
        }
        (void)pthread_attr_destroy(&threads);
    }
    return spf_ok();
}
