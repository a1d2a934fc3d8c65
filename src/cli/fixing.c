#include "cli/fixing.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/language.h"
#include "base/loop.h"

struct fixing {
    struct spf_job job; /* first: the loop hands it back */
    const char *path;
    const struct spf_secret *passphrase;
    struct spf_key_fixed *fixed;
    struct spf_error error;
    struct spf_error *result; /* the caller's, as is over */
    bool *over;
};

static void fixing_work(struct spf_job *job)
{
    struct fixing *fixing = (struct fixing *)job;

    fixing->error = spf_key_fix(fixing->path, fixing->passphrase, fixing->fixed);
}

static void fixing_done(struct spf_job *job)
{
    struct fixing *fixing = (struct fixing *)job;

    *fixing->result = fixing->error;
    *fixing->over = true;
}

static void fixing_release(struct spf_job *job)
{
    free(job);
}

static void stopped(struct spf_watch *watch, short revents)
{
    struct fixing *fixing = watch->owner;

    (void)revents;
    *fixing->result = spf_error(SPF_ERR_TOO_BIG, _("--fix was interrupted; nothing was changed"));
    *fixing->over = true;
}

struct spf_error spf_fix_in_time(const char *path, const struct spf_secret *passphrase,
                                 unsigned seconds, int stop_fd, struct spf_key_fixed *fixed)
{
    struct spf_error result = spf_error(SPF_ERR_TOO_BIG,
                                        _("--fix was not done within %u s "
                                          "(--deadline); nothing was changed"),
                                        seconds);
    struct spf_loop *loop = spf_loop_new();
    struct fixing *fixing = calloc(1, sizeof *fixing);
    bool over = false;
    struct spf_watch stop = {.fd = stop_fd, .events = POLLIN, .ready = stopped, .owner = fixing};
    int64_t end_ms = spf_now_ms() + (int64_t)seconds * 1000;

    atomic_store(&fixed->unproved, false);
    if (loop == NULL || fixing == NULL || (stop_fd >= 0 && !spf_loop_add(loop, &stop))) {
        free(fixing);
        spf_loop_free(loop);
        return spf_no_memory();
    }
    *fixing = (struct fixing){.job = {.work = fixing_work,
                                      .done = fixing_done,
                                      .release = fixing_release,
                                      .computes = true},
                              .path = path,
                              .passphrase = passphrase,
                              .fixed = fixed,
                              .result = &result,
                              .over = &over};
    if (!spf_loop_submit(loop, &fixing->job)) {
        spf_loop_free(loop);
        return spf_error(SPF_ERR_NOMEM, _("no thread for --fix"));
    }
    while (!over && spf_now_ms() < end_ms) {
        if (spf_loop_turn(loop, end_ms).code != SPF_OK) {
            break;
        }
    }
    spf_loop_free(loop);
    if (result.code == SPF_ERR_TOO_BIG && atomic_load(&fixed->unproved)) {
        (void)unlink(fixed->path);
    }
    return result;
}
