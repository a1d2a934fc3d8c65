#include "cli/key_look.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/loop.h"
#include "key/agent.h"

struct look {
    struct spf_job job; /* first: the loop hands it back */
    char *path;
    struct spf_key_file file;
    bool wants;
    /* the caller's */
    struct spf_key_file *found;
    bool *wanted, *over;
};

static void work(struct spf_job *job)
{
    struct look *look = (struct look *)job;
    struct spf_key_facts facts = {0};
    bool wants;

    spf_key_file_look(look->path, &look->file);
    wants = spf_key_file_parse(&look->file, look->path, NULL, &facts, NULL) && facts.encrypted &&
            !facts.usable;
    if (wants) {
        spf_agent_ask_about(NULL, &facts);
    }
    look->wants = wants && !spf_key_agent_signs(&facts);
    spf_shape_clear(&spf_key_shape, &facts);
}

static void done(struct spf_job *job)
{
    struct look *look = (struct look *)job;

    *look->found = look->file;
    look->file = (struct spf_key_file){0};
    *look->wanted = look->wants;
    *look->over = true;
}

static void release(struct spf_job *job)
{
    struct look *look = (struct look *)job;

    spf_key_file_clear(&look->file);
    free(look->path);
    free(look);
}

static void stopped(struct spf_watch *watch, short revents)
{
    bool *over = watch->owner;

    (void)revents;
    *over = true;
}

bool spf_wants_passphrase_in_time(const char *path, unsigned seconds, int stop_fd,
                                  struct spf_key_file *file)
{
    const int64_t end_ms = spf_now_ms() + (int64_t)seconds * 1000;
    struct spf_loop *loop = spf_loop_new();
    struct look *look = calloc(1, sizeof *look);
    bool wanted = false;
    bool over = false;
    struct spf_watch stop = {.fd = stop_fd, .events = POLLIN, .ready = stopped, .owner = &over};

    if (look != NULL) {
        *look = (struct look){.job = {.work = work, .done = done, .release = release},
                              .path = strdup(path),
                              .found = file,
                              .wanted = &wanted,
                              .over = &over};
    }
    if (loop == NULL || look == NULL || look->path == NULL ||
        (stop_fd >= 0 && !spf_loop_add(loop, &stop))) {
        if (look != NULL) {
            release(&look->job);
        }
        spf_loop_free(loop);
        return false; /* the round will find no memory, either, and say so */
    }
    over = !spf_loop_submit(loop, &look->job);
    while (!over && spf_now_ms() < end_ms && spf_loop_turn(loop, end_ms).code == SPF_OK) {
        continue;
    }
    spf_loop_free(loop);
    return wanted;
}
