#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "platform/terminal.h"

#define AGAIN_MS 100 /* of a fleet no line is redrawn sooner */

void spf_progress_init(struct spf_progress *progress, bool wanted)
{
    *progress = (struct spf_progress){0};
    if (wanted && spf_terminal_obeys(STDERR_FILENO))
        progress->width = spf_terminal_width(STDERR_FILENO);
}

void spf_progress_wipe(struct spf_progress *progress)
{
    if (progress->shown)
        (void)fputs("\r\x1b[K", stderr);
    progress->shown = false;
}

/* What is being waited for, in a few words. */
static const char *phrase(enum spf_group group)
{
    static const char *const phrases[SPF_GROUP_COUNT] = {
        [SPF_GROUP_KEY] = "the key file",
        [SPF_GROUP_CREDENTIALS] = "credentials",
        [SPF_GROUP_IDENTITY] = "the cloud's API",
        [SPF_GROUP_INSTANCE] = "the cloud's API",
        [SPF_GROUP_LOOKUP] = "your address in the internet",
        [SPF_GROUP_SSH_CONFIG] = "the ssh configuration",
        [SPF_GROUP_RULES] = "security groups",
        [SPF_GROUP_NETWORK_ACL] = "the network ACL",
        [SPF_GROUP_ASSISTANT] = "Cloud Assistant",
        [SPF_GROUP_KEY_PAIR] = "the key pair",
        [SPF_GROUP_FOUND_KEY] = "a look for its key",
        [SPF_GROUP_CONSOLE] = "console output",
        [SPF_GROUP_TCP] = "the port to answer",
        [SPF_GROUP_IDENTIFICATION] = "the server's greeting",
        [SPF_GROUP_HANDSHAKE] = "the handshake",
        [SPF_GROUP_QUERY] = "whether the key would do",
        [SPF_GROUP_SIGNATURE] = "the login",
        [SPF_GROUP_SESSION] = "a session",
        [SPF_GROUP_HOST_KEY_AGAIN] = "the host key of another connection",
        [SPF_GROUP_TRANSCRIPT] = "the transcript",
    };

    return phrases[group] != NULL ? phrases[group] : spf_groups_info[group].name;
}

static void add_run(struct spf_buf *line, const struct spf_run *run)
{
    unsigned judged = 0, active = 0;
    bool waits = false;

    for (int k = 0; k < SPF_CHECK_COUNT; k++) {
        bool runs_it = run->active >> k & 1;

        active += runs_it;
        judged += runs_it && run->results[k].status != SPF_PENDING;
    }
    spf_buf_addf(line, "%u of %u checks", judged, active);
    for (int k = 0; k < SPF_GROUP_COUNT; k++) {
        if (run->facts.group[k].phase != SPF_ASKED)
            continue;
        spf_buf_addf(line, "%s%s", waits ? ", " : "; waiting for ", phrase((enum spf_group)k));
        waits = true;
    }
}

/* "812 of 2000 targets, 41 a second, 29 s left" */
static void add_fleet(struct spf_buf *line, const struct spf_driver_state *state,
                      int64_t elapsed_ms)
{
    spf_buf_addf(line, "%zu of %zu targets", state->finished, state->count);
    if (state->finished == 0 || elapsed_ms < 1000)
        return;
    spf_buf_addf(line, ", %lld a second, %lld s left",
                 (long long)((int64_t)state->finished * 1000 / elapsed_ms),
                 (long long)((int64_t)(state->count - state->finished) * elapsed_ms /
                             (int64_t)state->finished / 1000));
}

void spf_progress_show(void *context, const struct spf_driver_state *state)
{
    struct spf_progress *progress = context;
    int64_t now_ms;
    struct spf_buf line;

    if (progress->width == 0)
        return;
    now_ms = spf_now_ms();
    if (progress->started_ms == 0)
        progress->started_ms = now_ms;
    if (state->only == NULL && progress->shown && now_ms - progress->shown_ms < AGAIN_MS)
        return;
    progress->shown_ms = now_ms;
    spf_buf_init(&line, 2000);
    if (state->only != NULL)
        add_run(&line, state->only);
    else
        add_fleet(&line, state, now_ms - progress->started_ms);
    (void)fprintf(stderr, "\r\x1b[K%.*s", progress->width - 1, line.data);
    (void)fflush(stderr);
    progress->shown = true;
    spf_buf_clear(&line);
}
