#include "cli/progress.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/language.h"
#include "base/text.h"
#include "platform/files.h"
#include "platform/terminal.h"
#include "report/page.h"

#define AGAIN_MS 100 /* of a fleet no line is redrawn sooner */

void spf_progress_init(struct spf_progress *progress, bool wanted)
{
    *progress = (struct spf_progress){.wanted = wanted && spf_terminal_obeys(STDERR_FILENO)};
}

/*
 * A line is written over the one before, and only then its rest is erased: nothing flickers. The
 * cursor waits at its beginning: should the terminal become narrower and wrap the line, it is still
 * in the first of its rows, and those below are erased as well. (Not all that is below: tmux keeps
 * what is erased from its first row on as history.)
 */
static void draw(struct spf_progress *progress, const char *text, unsigned columns)
{
    const char *rest = progress->shown;
    size_t len = spf_page_fit(text, columns);
    struct spf_buf bytes;

    spf_buf_init(&bytes, 2 * sizeof progress->shown);
    spf_buf_addstr(&bytes, "\r");
    rest += spf_page_fit(rest, columns + 1);
    if (rest[0] != '\0') {
        spf_buf_addstr(&bytes, "\0337");
        while (rest[0] != '\0' && bytes.len < 500) {
            spf_buf_addstr(&bytes, "\x1b[B\x1b[2K");
            rest += spf_page_fit(rest, columns + 1);
        }
        spf_buf_addstr(&bytes, "\0338");
    }
    spf_buf_add(&bytes, text, len);
    spf_buf_addstr(&bytes, "\x1b[K\r");
    (void)spf_write_all(STDERR_FILENO, bytes.data, bytes.len);
    spf_format(progress->shown, sizeof progress->shown, "%.*s", (int)len, text);
    spf_buf_clear(&bytes);
}

/* The last column stays free: a character there makes some terminals wrap. */
static unsigned columns_now(void)
{
    int width = spf_terminal_width(STDERR_FILENO);

    return width > 1 ? (unsigned)width - 1 : 1;
}

void spf_progress_wipe(struct spf_progress *progress)
{
    if (progress->shown[0] != '\0') {
        draw(progress, "", columns_now());
    }
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
    unsigned judged = 0;
    unsigned active = 0;
    bool waits = false;

    for (int k = 0; k < SPF_CHECK_COUNT; k++) {
        bool runs_it = run->active >> k & 1;

        active += runs_it;
        judged += runs_it && run->results[k].status != SPF_PENDING;
    }
    spf_buf_addf(line, _("%u of %u checks"), judged, active);
    for (int k = 0; k < SPF_GROUP_COUNT; k++) {
        if (run->facts.group[k].phase != SPF_ASKED) {
            continue;
        }
        spf_buf_addf(line, "%s%s", waits ? _(", ") : _("; waiting for "),
                     phrase((enum spf_group)k));
        waits = true;
    }
}

/* "812 of 2000 targets, 41 a second, 29 s left" */
static void add_fleet(struct spf_buf *line, const struct spf_driver_state *state,
                      int64_t elapsed_ms)
{
    spf_buf_addf(line, _("%zu of %zu targets"), state->finished, state->count);
    if (state->finished == 0 || elapsed_ms < 1000) {
        return;
    }
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
    unsigned columns;
    size_t len;

    if (!progress->wanted) {
        return;
    }
    now_ms = spf_now_ms();
    if (progress->started_ms == 0) {
        progress->started_ms = now_ms;
    }
    if (state->only == NULL && progress->shown[0] != '\0' &&
        now_ms - progress->shown_ms < AGAIN_MS) {
        return;
    }
    progress->shown_ms = now_ms;
    spf_buf_init(&line, sizeof progress->shown - 1);
    if (state->only != NULL) {
        add_run(&line, state->only);
    } else {
        add_fleet(&line, state, now_ms - progress->started_ms);
    }
    columns = columns_now();
    len = spf_page_fit(line.data, columns);
    if (strlen(progress->shown) != len || strncmp(progress->shown, line.data, len) != 0) {
        draw(progress, line.data, columns);
    }
    spf_buf_clear(&line);
}
