#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/language.h"
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
        [SPF_GROUP_KEY] = N_("the key file"),
        [SPF_GROUP_CREDENTIALS] = N_("credentials"),
        [SPF_GROUP_IDENTITY] = N_("the cloud's API"),
        [SPF_GROUP_INSTANCE] = N_("the cloud's API"),
        [SPF_GROUP_LOOKUP] = N_("your public address"),
        [SPF_GROUP_SSH_CONFIG] = N_("the ssh configuration"),
        [SPF_GROUP_RULES] = N_("security groups"),
        [SPF_GROUP_NETWORK_ACL] = N_("the network ACL"),
        [SPF_GROUP_ASSISTANT] = N_("Cloud Assistant"),
        [SPF_GROUP_KEY_PAIR] = N_("the key pair"),
        [SPF_GROUP_FOUND_KEY] = N_("the search for its key"),
        [SPF_GROUP_CONSOLE] = N_("console output"),
        [SPF_GROUP_TCP] = N_("the port"),
        [SPF_GROUP_IDENTIFICATION] = N_("the server's identification"),
        [SPF_GROUP_HANDSHAKE] = N_("the handshake"),
        [SPF_GROUP_QUERY] = N_("an answer about the key"),
        [SPF_GROUP_SIGNATURE] = N_("the login"),
        [SPF_GROUP_SESSION] = N_("a session"),
        [SPF_GROUP_HOST_KEY_AGAIN] = N_("the host key of another connection"),
        [SPF_GROUP_TRANSCRIPT] = N_("the transcript"),
    };

    return phrases[group] != NULL ? spf_tr(phrases[group]) : spf_groups_info[group].name;
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
    spf_buf_addf(line, _("%u of %u checks"), judged, active);
    for (int k = 0; k < SPF_GROUP_COUNT; k++) {
        if (run->facts.group[k].phase != SPF_ASKED)
            continue;
        spf_buf_addf(line, "%s%s", waits ? ", " : _("; waiting for "), phrase((enum spf_group)k));
        waits = true;
    }
}

/* "812 of 2000 targets, 41 a second, 29 s left" */
static void add_fleet(struct spf_buf *line, const struct spf_driver_state *state,
                      int64_t elapsed_ms)
{
    spf_buf_addf(line, _("%zu of %zu targets"), state->finished, state->count);
    if (state->finished == 0 || elapsed_ms < 1000)
        return;
    spf_buf_addf(line, _(", %lld a second, %lld s left"),
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
