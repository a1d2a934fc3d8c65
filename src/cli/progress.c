#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

void spf_progress_init(struct spf_progress *progress, bool wanted)
{
    const char *term = getenv("TERM");
    struct winsize size = {0};

    *progress = (struct spf_progress){0};
    if (!wanted || isatty(STDERR_FILENO) != 1 || term == NULL || strcmp(term, "dumb") == 0)
        return;
    progress->width =
        ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void spf_progress_wipe(struct spf_progress *progress)
{
    if (progress->shown)
        (void)fputs("\r\x1b[K", stderr);
    progress->shown = false;
}

void spf_progress_show(void *context, const struct spf_run *runs, size_t count)
{
    struct spf_progress *progress = context;
    unsigned judged = 0, active = 0;
    struct spf_buf line;

    if (progress->width == 0)
        return;
    spf_buf_init(&line, 1000);
    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < SPF_CHECK_COUNT; k++) {
            bool runs_it = runs[i].active >> k & 1;

            active += runs_it;
            judged += runs_it && runs[i].results[k].status != SPF_PENDING;
        }
        for (int k = 0; count == 1 && k < SPF_GROUP_COUNT; k++) {
            if (runs[i].facts.group[k].phase == SPF_ASKED)
                spf_buf_addf(&line, "%s%s", line.len > 0 ? ", " : "", spf_groups_info[k].name);
        }
    }
    (void)fputs("\r\x1b[K", stderr);
    (void)fprintf(stderr, "%u of %u checks judged", judged, active);
    if (line.len > 0 && progress->width > 50)
        (void)fprintf(stderr, "; asking: %.*s", progress->width - 40, line.data);
    (void)fflush(stderr);
    progress->shown = true;
    spf_buf_clear(&line);
}
