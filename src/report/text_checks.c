#include <stdlib.h>
#include <string.h>

#include "base/language.h"
#include "report/text_parts.h"

#define LABEL 12 /* columns of "Local key   " */

static const struct group {
    const char *label;
    enum spf_check_id first, last;
} groups[] = {
    {N_("Local key"), SPF_CHECK_KEY_FILE, SPF_CHECK_KEY_FORMAT},
    {N_("Cloud"), SPF_CHECK_CLOUD_ACCESS, SPF_CHECK_CLOUD_KEY_PAIR},
    {N_("Network"), SPF_CHECK_NET_PORT, SPF_CHECK_NET_PORT},
    {"SSH", SPF_CHECK_SSH_BANNER, SPF_CHECK_SSH_SESSION},
};

char *spf_text_words(const struct spf_run *run, enum spf_check_id check)
{
    struct spf_buf buf;

    spf_buf_init(&buf, 1000);
    spf_words(&buf, run, check);
    return spf_buf_take(&buf);
}

/* The check that a chain of skips goes back to. */
static enum spf_check_id blocker(const struct spf_run *run, enum spf_check_id check)
{
    const struct spf_result *result = &run->results[check];

    for (int i = 0;
         i < SPF_CHECK_COUNT && result->status == SPF_SKIP && result->skip_reason == SPF_SKIP_NEED;
         i++) {
        check = result->because;
        result = &run->results[check];
    }
    return check;
}

static bool is_same_skip(const struct spf_run *run, enum spf_check_id a, enum spf_check_id b)
{
    const struct spf_result *one = &run->results[a];
    const struct spf_result *two = &run->results[b];

    return one->status == SPF_SKIP && two->status == SPF_SKIP &&
           one->skip_reason == two->skip_reason &&
           (one->skip_reason != SPF_SKIP_NEED || blocker(run, a) == blocker(run, b));
}

/* Starts a line of its own within a group; the first one is next to the label. */
static void own_line(struct spf_page *page)
{
    if (page->column > LABEL) {
        spf_page_line(page);
    }
    if (page->column < LABEL) {
        spf_page_tab(page, LABEL);
    }
}

static void add_symbol(struct spf_page *page, enum spf_status status, enum spf_ink ink)
{
    spf_page_put(page, ink, spf_symbol(status, page->style));
    spf_page_put(page, SPF_INK_PLAIN, " ");
}

/* What passed runs on in one line, three spaces apart. */
static void add_pass(struct spf_page *page, const char *words)
{
    unsigned width =
        spf_page_width(page, words) + spf_page_width(page, spf_symbol(SPF_PASS, page->style)) + 1;

    bool wraps;

    if (page->column > LABEL && spf_page_fits(page, width + 3)) {
        spf_page_put(page, SPF_INK_PLAIN, "   ");
    } else {
        own_line(page);
    }
    add_symbol(page, SPF_PASS, SPF_INK_GREEN);
    page->indent = page->column > LABEL + 10 ? LABEL + 2 : page->column;
    wraps = !spf_page_fits(page, spf_page_width(page, words));
    spf_page_flow(page, SPF_INK_PLAIN, words);
    if (wraps) {
        spf_page_line(page); /* the next one would look like a part of it */
    }
}

static void add_trouble(struct spf_text_writer *w, enum spf_check_id check, const char *words)
{
    const struct spf_result *result = &w->run->results[check];
    const struct spf_finding_info *info = &spf_findings[result->finding];
    bool dim = result->status == SPF_WARN && info->advisory;

    own_line(&w->page);
    add_symbol(&w->page, result->status, dim ? SPF_INK_DIM : spf_status_ink(result->status));
    w->page.indent = w->page.column;
    spf_page_flow(&w->page, dim ? SPF_INK_DIM : SPF_INK_PLAIN, words);
    if (info->id != NULL) {
        char id[80];

        spf_format(id, sizeof id, " [%s]", info->id);
        spf_page_flow(&w->page, SPF_INK_DIM, id);
    }
    spf_page_line(&w->page);
}

/* Skips for one reason share a line, which names them if they are not the whole group. Returns the
 * last of them. */
static enum spf_check_id add_skips(struct spf_text_writer *w, enum spf_check_id from,
                                   const struct group *group)
{
    const struct spf_result *result = &w->run->results[from];
    enum spf_check_id check = from;
    struct spf_buf line;

    while (check < group->last && is_same_skip(w->run, from, check + 1)) {
        check++;
    }
    spf_buf_init(&line, 1000);
    for (enum spf_check_id i = from; i <= check && check - from < group->last - group->first; i++) {
        spf_buf_addf(&line, "%s%s", spf_tr(spf_check_table[i].title),
                     i < check ? _(", ") : _(": "));
    }
    if (result->skip_reason == SPF_SKIP_NEED) {
        spf_buf_addf(&line, _("not reached (needs %s)"), spf_check_table[blocker(w->run, from)].id);
    } else if (result->skip_reason == SPF_SKIP_NOT_SELECTED) {
        spf_buf_addstr(&line, _("not selected"));
    } else if (SPF_CLOUD_CHECKS >> from & 1 && w->run->target->instance_id == NULL) {
        spf_buf_addstr(&line, _("not asked, as no --instance was given"));
    } else {
        spf_buf_addstr(&line, _("does not apply here"));
    }
    own_line(&w->page);
    add_symbol(&w->page, SPF_SKIP, SPF_INK_DIM);
    w->page.indent = w->page.column;
    spf_page_flow(&w->page, SPF_INK_DIM, line.data);
    spf_page_line(&w->page);
    spf_buf_clear(&line);
    return check;
}

static bool is_unselected(const struct spf_run *run, const struct group *group)
{
    for (enum spf_check_id check = group->first; check <= group->last; check++) {
        if (run->results[check].status != SPF_SKIP ||
            run->results[check].skip_reason != SPF_SKIP_NOT_SELECTED) {
            return false;
        }
    }
    return true;
}

/* What a transcript does not show shares a line. Returns the last of them. */
static enum spf_check_id add_not_shown(struct spf_text_writer *w, enum spf_check_id from,
                                       const struct group *group)
{
    enum spf_check_id check = from;
    struct spf_buf line;

    spf_buf_init(&line, 1000);
    spf_buf_addstr(&line, spf_tr(spf_check_table[from].title));
    while (check < group->last && w->run->results[check + 1].finding == SPF_NOT_IN_TRANSCRIPT &&
           w->run->results[check + 1].summary[0] == '\0') {
        check++;
        spf_buf_addf(&line, "%s%s", _(", "), spf_tr(spf_check_table[check].title));
    }
    spf_buf_addstr(&line, _(": not in the transcript"));
    own_line(&w->page);
    add_symbol(&w->page, SPF_UNKNOWN, SPF_INK_DIM);
    w->page.indent = w->page.column;
    spf_page_flow(&w->page, SPF_INK_DIM, line.data);
    spf_page_line(&w->page);
    spf_buf_clear(&line);
    return check;
}

/* A question that a transcript leaves open for several checks of a group. */
static bool is_said_already(const struct spf_run *run, enum spf_check_id check)
{
    const struct spf_result *result = &run->results[check];
    const struct spf_result *before = result - 1;

    return result->finding == SPF_NOT_IN_TRANSCRIPT && before->finding == SPF_NOT_IN_TRANSCRIPT &&
           result->summary[0] != '\0' && strcmp(result->summary, before->summary) == 0;
}

static void add_group(struct spf_text_writer *w, const struct group *group)
{
    if (is_unselected(w->run, group)) {
        return;
    }
    spf_page_put(&w->page, SPF_INK_BOLD, spf_tr(group->label));
    spf_page_tab(&w->page, LABEL);
    for (enum spf_check_id check = group->first; check <= group->last; check++) {
        char *words = NULL;

        if (check > group->first && is_said_already(w->run, check)) {
            continue;
        }
        words = spf_text_words(w->run, check);
        if (w->run->results[check].status == SPF_SKIP) {
            check = add_skips(w, check, group);
        } else if (w->run->results[check].finding == SPF_NOT_IN_TRANSCRIPT &&
                   w->run->results[check].summary[0] == '\0') {
            check = add_not_shown(w, check, group);
        } else if (w->run->results[check].status == SPF_PASS) {
            add_pass(&w->page, words != NULL ? words : spf_tr(spf_check_table[check].title));
        } else {
            add_trouble(w, check, words != NULL ? words : spf_tr(spf_check_table[check].title));
        }
        free(words);
    }
    if (w->page.column > 0) {
        spf_page_line(&w->page);
    }
}

/* Verbose: one line a check, and its evidence beneath. */
static void add_detail(struct spf_text_writer *w, enum spf_check_id check)
{
    const struct spf_result *result = &w->run->results[check];
    char *words = spf_text_words(w->run, check);
    char text[80];

    add_symbol(&w->page, result->status, spf_status_ink(result->status));
    spf_page_tab(&w->page, w->page.style->utf8 ? 2 : 7);
    spf_page_put(&w->page, SPF_INK_BOLD, spf_check_table[check].id);
    if (result->concluded_ms > result->started_ms && result->status != SPF_SKIP) {
        spf_format(text, sizeof text, "  %lld ms",
                   (long long)(result->concluded_ms - result->started_ms));
        spf_page_put(&w->page, SPF_INK_DIM, text);
    }
    if (result->finding != SPF_NO_FINDING) {
        spf_format(text, sizeof text, "  [%s]", spf_findings[result->finding].id);
        spf_page_put(&w->page, SPF_INK_DIM, text);
    }
    spf_page_line(&w->page);
    w->page.indent = 6;
    spf_page_tab(&w->page, 6);
    spf_page_flow(&w->page, SPF_INK_PLAIN, words != NULL ? words : "");
    spf_page_line(&w->page);
    free(words);
    if (result->evidence == NULL) {
        return;
    }
    json_object_object_foreach(result->evidence, name, value)
    {
        const char *shown =
            json_object_is_type(value, json_type_string)
                ? json_object_get_string(value)
                : json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE);

        if (value == NULL) {
            continue;
        }
        spf_page_tab(&w->page, 6);
        spf_page_put(&w->page, SPF_INK_DIM, name);
        spf_page_put(&w->page, SPF_INK_DIM, ": ");
        w->page.indent = 10;
        spf_page_flow(&w->page, SPF_INK_PLAIN, shown);
        spf_page_line(&w->page);
    }
}

void spf_text_groups(struct spf_text_writer *w)
{
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        add_group(w, &groups[i]);
    }
}

void spf_text_details(struct spf_text_writer *w)
{
    for (int check = 0; check < SPF_CHECK_COUNT; check++) {
        add_detail(w, (enum spf_check_id)check);
    }
}
