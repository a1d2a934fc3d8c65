#pragma once

#include "report/page.h"

/*
 * When each check was waiting for its facts and when it was decided: what overlapped with what, and
 * where the time went. From the first facts asked for; skipped checks have no row.
 */
struct spf_timeline {
    int64_t total_ms; /* 0: nothing to draw (a replay, a transcript) */
    struct spf_timeline_row {
        bool shown;
        int64_t from_ms, to_ms; /* since the beginning */
    } rows[SPF_CHECK_COUNT];
};

struct spf_timeline spf_timeline_of(const struct spf_report *report, const struct spf_run *run);

/* For the terminal: a line a check. */
void spf_timeline_draw(struct spf_page *page, const struct spf_timeline *timeline,
                       const struct spf_run *run);
/* The same as an SVG element, to stand in HTML. */
void spf_timeline_svg(struct spf_buf *buf, const struct spf_timeline *timeline,
                      const struct spf_run *run);
