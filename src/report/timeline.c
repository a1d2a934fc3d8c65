#include "report/timeline.h"

#define ID_WIDTH 22 /* columns of "cloud.security-group  " */
#define MS_WIDTH 10 /* columns of "  12345 ms" */

struct spf_timeline spf_timeline_of(const struct spf_report *report, const struct spf_run *run)
{
    struct spf_timeline timeline = {0};
    int64_t begin = INT64_MAX;
    int64_t end = 0;

    if (report->replayed_utc != 0 || run->replayed || run->target->from_transcript) {
        return timeline; /* how long it took to read that says nothing */
    }
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        const struct spf_result *result = &run->results[i];

        if (result->status == SPF_SKIP || result->started_ms == 0) {
            continue;
        }
        timeline.rows[i] =
            (struct spf_timeline_row){true, result->started_ms, result->concluded_ms};
        begin = result->started_ms < begin ? result->started_ms : begin;
        end = result->concluded_ms > end ? result->concluded_ms : end;
    }
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        timeline.rows[i].from_ms -= begin;
        timeline.rows[i].to_ms -= begin;
    }
    timeline.total_ms = end > begin ? end - begin : 0;
    return timeline;
}

void spf_timeline_draw(struct spf_page *page, const struct spf_timeline *timeline,
                       const struct spf_run *run)
{
    unsigned width = page->style->width;
    int64_t room;

    if (timeline->total_ms == 0) {
        return;
    }
    width = width == 0 || width > 120 ? 120 : width;
    room = width < ID_WIDTH + MS_WIDTH + 10 ? 10 : (int64_t)width - ID_WIDTH - MS_WIDTH;
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        const struct spf_timeline_row *row = &timeline->rows[i];
        int64_t from = row->from_ms * (room - 1) / timeline->total_ms;
        int64_t to = row->to_ms * (room - 1) / timeline->total_ms;
        char ms[32];

        if (!row->shown) {
            continue;
        }
        spf_page_put(page, SPF_INK_DIM, spf_check_table[i].id);
        spf_page_tab(page, ID_WIDTH + (unsigned)from);
        for (int64_t at = from; at <= to; at++) {
            spf_page_put(page, spf_status_ink(run->results[i].status),
                         page->style->utf8 ? "━" : "=");
        }
        spf_format(ms, sizeof ms, " %lld ms", (long long)(row->to_ms - row->from_ms));
        spf_page_put(page, SPF_INK_DIM, ms);
        spf_page_line(page);
    }
}

/* Thousandths of the whole as per cent. */
static void add_percent(struct spf_buf *buf, const char *name, int64_t part, int64_t total)
{
    int64_t thousandths = part * 1000 / total;

    spf_buf_addf(buf, " %s=\"%lld.%lld%%\"", name, (long long)(thousandths / 10),
                 (long long)(thousandths % 10));
}

/* Positions in per cent and texts in pixels: so it is as wide as its place, and as readable. */
void spf_timeline_svg(struct spf_buf *buf, const struct spf_timeline *timeline,
                      const struct spf_run *run)
{
    unsigned y = 20;
    unsigned rows = 0;

    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        rows += timeline->rows[i].shown;
    }
    spf_buf_addf(
        buf,
        "<svg class=\"timeline\" role=\"img\" aria-label=\"When each check began and ended; "
        "%lld ms in all\" height=\"%u\">\n",
        (long long)timeline->total_ms, y + rows * 32);
    for (int quarter = 0; quarter <= 4; quarter++) {
        spf_buf_addf(buf, "<line x1=\"%d%%\" x2=\"%d%%\" y1=\"16\" y2=\"%u\"/>\n", 25 * quarter,
                     25 * quarter, y + rows * 32);
    }
    for (int half = 0; half <= 2; half++) { /* on a phone there is room for three */
        spf_buf_addf(buf,
                     "<text class=\"axis\" x=\"%d%%\" y=\"12\" text-anchor=\"%s\">%lld ms</text>\n",
                     50 * half,
                     half == 0   ? "start"
                     : half == 2 ? "end"
                                 : "middle",
                     (long long)(timeline->total_ms * half / 2));
    }
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        const struct spf_timeline_row *row = &timeline->rows[i];
        int64_t width = row->to_ms - row->from_ms;
        bool late = row->from_ms > timeline->total_ms / 2;

        if (!row->shown) {
            continue;
        }
        spf_buf_addstr(buf, "<text");
        add_percent(buf, "x", late ? row->to_ms : row->from_ms, timeline->total_ms);
        spf_buf_addf(buf, " y=\"%u\" text-anchor=\"%s\">%s %lld ms</text><rect class=\"%s\"",
                     y + 14, late ? "end" : "start", spf_check_table[i].id, (long long)width,
                     spf_status_name(run->results[i].status));
        add_percent(buf, "x", row->from_ms, timeline->total_ms);
        add_percent(buf, "width",
                    width * 250 > timeline->total_ms ? width : timeline->total_ms / 250 + 1,
                    timeline->total_ms);
        spf_buf_addf(buf, " y=\"%u\" height=\"8\" rx=\"2\"/>\n", y + 18);
        y += 32;
    }
    spf_buf_addstr(buf, "</svg>\n");
}
