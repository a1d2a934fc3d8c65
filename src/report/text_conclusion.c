#include <stdlib.h>
#include <string.h>

#include "base/language.h"
#include "report/text_conclusion.h"

#define MARGIN 10 /* columns of "  Fix     " */

static void add_label(struct spf_page *page, const char *label)
{
    if (*label) {
        spf_page_put(page, SPF_INK_PLAIN, "  ");
        spf_page_put(page, SPF_INK_BOLD, label);
    }
    spf_page_tab(page, MARGIN);
    page->indent = MARGIN;
}

/* A line to paste stands alone and is never broken. */
static void add_command(struct spf_page *page, const char *command)
{
    if (page->style->colour) {
        spf_buf_addstr(page->buf, "\x1b[36m");
    }
    spf_buf_addstr(page->buf, command); /* quoted for the shell, so that no control byte is left */
    if (page->style->colour) {
        spf_buf_addstr(page->buf, "\x1b[0m");
    }
    spf_page_line(page);
}

/* What it does besides repairing is said before the command that does it. */
static void add_advice(struct spf_page *page, const char *label, const struct spf_advice *advice)
{
    const char *colon = advice->command != NULL ? _(":") : "";
    struct spf_buf words;

    spf_buf_init(&words, 4000);
    spf_buf_addf(&words, "%s%s", advice->text, advice->impact != NULL ? "" : colon);
    add_label(page, label);
    spf_page_flow(page, SPF_INK_PLAIN, words.data);
    spf_buf_clear(&words);
    if (advice->impact != NULL) {
        spf_buf_addf(&words, _(" (%s)%s"), spf_tr(advice->impact), colon);
        spf_page_flow(page, SPF_INK_YELLOW, words.data);
    }
    spf_buf_clear(&words);
    spf_page_line(page);
    if (advice->command != NULL) {
        spf_page_tab(page, MARGIN + 2);
        add_command(page, advice->command);
    }
}

/*
 * The first remedy of a cause is the fix; the next ones are other ways. Under a list of
 * explanations, which say themselves what to look at, only what can be pasted.
 */
static void add_remedies(struct spf_text_writer *w, enum spf_finding cause, const char *first)
{
    bool explained = cause == w->d->cause && w->d->candidates.count > 1;
    const char *label = first;

    for (size_t i = 0; i < w->d->remedies.count; i++) {
        const struct spf_advice *advice = &w->d->remedies.items[i];

        if (advice->cause != cause || (explained && advice->command == NULL)) {
            continue;
        }
        add_advice(&w->page, label, advice);
        label = _("Or");
    }
}

#define CANDIDATES_SHOWN 3 /* without -v */

static void add_candidates(struct spf_text_writer *w)
{
    struct spf_page *page = &w->page;

    size_t shown = w->d->candidates.count;
    char rest[80];

    if (shown == 0) {
        return;
    }
    if (page->style->detail <= 0 && shown > CANDIDATES_SHOWN) {
        shown = CANDIDATES_SHOWN;
    }
    add_label(page, _("Why"));
    spf_page_flow(page, SPF_INK_PLAIN,
                  w->d->candidates.count == 1 ? _("not certain; it may be this:")
                                              : _("not certain; likeliest first:"));
    spf_page_line(page);
    for (size_t i = 0; i < shown; i++) {
        const struct spf_candidate *candidate = &w->d->candidates.items[i];
        char number[16];

        spf_page_tab(page, MARGIN);
        spf_format(number, sizeof number, "%zu. ", i + 1);
        spf_page_put(page, SPF_INK_BOLD, number);
        page->indent = page->column;
        spf_page_flow(page, SPF_INK_PLAIN, candidate->text);
        spf_page_line(page);
        if (w->d->inside != NULL && page->style->detail <= 0) {
            continue; /* one paste distinguishes them */
        }
        spf_page_tab(page, page->indent);
        spf_page_put(page, SPF_INK_PLAIN, page->style->utf8 ? "→ " : "-> ");
        page->indent = page->column;
        spf_page_flow(page, SPF_INK_PLAIN, candidate->tell_apart);
        spf_page_line(page);
    }
    if (shown < w->d->candidates.count) {
        spf_page_tab(page, MARGIN);
        spf_format(rest, sizeof rest, _("-v shows %zu more, and how to tell each"),
                   w->d->candidates.count - shown);
        spf_page_flow(page, SPF_INK_DIM, rest);
        spf_page_line(page);
    }
    if (w->d->inside != NULL) {
        add_label(page, _("Inside"));
        spf_page_flow(page, SPF_INK_PLAIN,
                      _("as root (Workbench, Session Manager or VNC in the ECS console), one paste "
                        "tells most of them apart:"));
        spf_page_line(page);
        spf_page_tab(page, MARGIN + 2);
        add_command(page, w->d->inside);
    }
}

static void add_connect(struct spf_text_writer *w)
{
    if (w->d->openssh != NULL) {
        add_label(&w->page, "ssh");
        add_command(&w->page, w->d->openssh);
    }
    if (w->d->putty_prepare != NULL) {
        add_label(&w->page, "PuTTY");
        add_command(&w->page, w->d->putty_prepare);
    }
    if (w->d->putty != NULL) {
        add_label(&w->page, w->d->putty_prepare != NULL ? "" : "PuTTY");
        add_command(&w->page, w->d->putty);
    }
    if (w->d->putty_settings != NULL) {
        add_label(&w->page, "");
        spf_page_flow(&w->page, SPF_INK_PLAIN, w->d->putty_settings);
        spf_page_line(&w->page);
    }
}

static void add_more(struct spf_page *page, const char *label, enum spf_finding cause)
{
    char line[120];

    add_label(page, label);
    spf_format(line, sizeof line, "sshpreflight explain %s", spf_findings[cause].id);
    spf_page_put(page, SPF_INK_PLAIN, line);
    spf_page_line(page);
}

/* Beside a login that works: what would make it better, one way each, and where to read more. */
static void add_warnings(struct spf_text_writer *w)
{
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        const struct spf_result *result = &w->run->results[i];
        spf_advice_list list = {0};

        if (result->status != SPF_WARN || spf_findings[result->finding].advisory) {
            continue;
        }
        spf_advise(w->run, (enum spf_check_id)i, result->finding, &list);
        if (list.count > 0) {
            add_advice(&w->page, _("Better"), &list.items[0]);
        }
        spf_advice_clear(&list);
        add_more(&w->page, _("More"), result->finding);
    }
}

/* The lines of the transcript on which the answer rests. */
static void add_lines(struct spf_text_writer *w)
{
    const struct spf_transcript_facts *text = w->run->facts.transcript;
    const char *label = _("Text");
    char number[40];

    for (size_t i = 0; i < text->shown.count; i++) {
        const struct spf_transcript_line *line = &text->shown.items[i];

        if (strcmp(line->check, text->stopped_at) != 0) {
            continue;
        }
        add_label(&w->page, label);
        spf_format(number, sizeof number, _("line %lld: "), (long long)line->number);
        spf_page_put(&w->page, SPF_INK_DIM, number);
        spf_page_flow(&w->page, SPF_INK_PLAIN, line->text);
        spf_page_line(&w->page);
        label = "";
    }
    if (text->harmless[0] != '\0') {
        add_label(&w->page, _("Note"));
        spf_page_put(&w->page, SPF_INK_DIM, _("harmless: "));
        spf_page_flow(&w->page, SPF_INK_PLAIN, text->harmless);
        spf_page_line(&w->page);
    }
}

void spf_text_conclusion(struct spf_text_writer *w)
{
    static const enum spf_ink inks[] = {SPF_INK_GREEN, SPF_INK_RED, SPF_INK_YELLOW};
    const struct spf_diagnosis *d = w->d;
    struct spf_page *page = &w->page;

    page->indent = 2;
    spf_page_flow(page, inks[d->verdict], d->summary);
    spf_page_line(page);
    add_lines(w);
    if (d->cause == SPF_NO_FINDING) {
        add_warnings(w);
        if (d->verdict == SPF_VERDICT_PASS) {
            add_connect(w);
        }
        return;
    }
    add_candidates(w);
    if (d->verdict == SPF_VERDICT_FAIL) {
        add_remedies(w, d->cause, d->candidates.count > 0 ? _("Try") : _("Fix"));
    } else {
        add_remedies(w, d->cause, _("Next"));
    }
    for (size_t i = 0; i < d->further_count; i++) {
        struct spf_buf words;

        spf_buf_init(&words, 1000);
        spf_words(&words, w->run, d->further_check[i]);
        add_label(page, _("Also"));
        spf_page_flow(page, SPF_INK_PLAIN,
                      spf_buf_failed(&words) ? spf_findings[d->further[i]].id : words.data);
        spf_page_line(page);
        spf_buf_clear(&words);
        add_remedies(w, d->further[i], _("Fix"));
    }
    add_more(page, _("More"), d->cause);
    for (size_t i = 0; i < d->further_count; i++) {
        add_more(page, "", d->further[i]);
    }
}
