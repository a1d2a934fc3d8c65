#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "report/page.h"
#include "report/timeline.h"

/*
 * The report for people. A group of checks is a line; what is not well gets a line of its own. The
 * conclusion comes last, because that is what stays on the screen: first the sentence, then the
 * line to paste, then where to read more.
 */
#define LABEL  12 /* columns of "Local key   " */
#define MARGIN 10 /* columns of "  Fix     " */

static const struct group {
    const char *label;
    enum spf_check_id first, last;
} groups[] = {
    {"Local key", SPF_CHECK_KEY_FILE, SPF_CHECK_KEY_FORMAT},
    {"Cloud", SPF_CHECK_CLOUD_ACCESS, SPF_CHECK_CLOUD_KEY_PAIR},
    {"Network", SPF_CHECK_NET_PORT, SPF_CHECK_NET_PORT},
    {"SSH", SPF_CHECK_SSH_BANNER, SPF_CHECK_SSH_SESSION},
};

struct writer {
    struct spf_page page;
    const struct spf_run *run;
    const struct spf_diagnosis *d;
};

static char *words_of(const struct spf_run *run, enum spf_check_id check)
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
    const struct spf_result *one = &run->results[a], *two = &run->results[b];

    return one->status == SPF_SKIP && two->status == SPF_SKIP &&
           one->skip_reason == two->skip_reason &&
           (one->skip_reason != SPF_SKIP_NEED || blocker(run, a) == blocker(run, b));
}

/* Starts a line of its own within a group; the first one stands beside the label. */
static void own_line(struct spf_page *page)
{
    if (page->column > LABEL)
        spf_page_line(page);
    if (page->column < LABEL)
        spf_page_tab(page, LABEL);
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

    if (page->column > LABEL && spf_page_fits(page, width + 3))
        spf_page_put(page, SPF_INK_PLAIN, "   ");
    else
        own_line(page);
    add_symbol(page, SPF_PASS, SPF_INK_GREEN);
    page->indent = page->column > LABEL + 10 ? LABEL + 2 : page->column;
    wraps = !spf_page_fits(page, spf_page_width(page, words));
    spf_page_flow(page, SPF_INK_PLAIN, words);
    if (wraps)
        spf_page_line(page); /* the next one would look like a part of it */
}

static void add_trouble(struct writer *w, enum spf_check_id check, const char *words)
{
    const struct spf_result *result = &w->run->results[check];
    const struct spf_finding_info *info = &spf_findings[result->finding];
    bool dim = result->status == SPF_WARN && info->advisory;

    own_line(&w->page);
    add_symbol(&w->page, result->status, dim ? SPF_INK_DIM : spf_status_ink(result->status));
    w->page.indent = w->page.column;
    spf_page_flow(&w->page, dim ? SPF_INK_DIM : SPF_INK_PLAIN, words);
    if (info->id) {
        char id[80];

        spf_format(id, sizeof id, " [%s]", info->id);
        spf_page_flow(&w->page, SPF_INK_DIM, id);
    }
    spf_page_line(&w->page);
}

/* Skips for one reason share a line, which names them if they are not the whole group. Returns the
 * last of them. */
static enum spf_check_id add_skips(struct writer *w, enum spf_check_id from,
                                   const struct group *group)
{
    const struct spf_result *result = &w->run->results[from];
    enum spf_check_id check = from;
    struct spf_buf line;

    while (check < group->last && is_same_skip(w->run, from, check + 1))
        check++;
    spf_buf_init(&line, 1000);
    for (enum spf_check_id i = from; i <= check && check - from < group->last - group->first; i++)
        spf_buf_addf(&line, "%s%s", spf_check_table[i].title, i < check ? ", " : ": ");
    if (result->skip_reason == SPF_SKIP_NEED)
        spf_buf_addf(&line, "not reached (needs %s)", spf_check_table[blocker(w->run, from)].id);
    else if (result->skip_reason == SPF_SKIP_NOT_SELECTED)
        spf_buf_addstr(&line, "not selected");
    else if (SPF_CLOUD_CHECKS >> from & 1 && !w->run->target->instance_id)
        spf_buf_addstr(&line, "not asked, as no --instance was given");
    else
        spf_buf_addstr(&line, "does not apply here");
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
    for (enum spf_check_id check = group->first; check <= group->last; check++)
        if (run->results[check].status != SPF_SKIP ||
            run->results[check].skip_reason != SPF_SKIP_NOT_SELECTED)
            return false;
    return true;
}

/* What a transcript does not show shares a line. Returns the last of them. */
static enum spf_check_id add_not_shown(struct writer *w, enum spf_check_id from,
                                       const struct group *group)
{
    enum spf_check_id check = from;
    struct spf_buf line;

    spf_buf_init(&line, 1000);
    spf_buf_addstr(&line, spf_check_table[from].title);
    while (check < group->last && w->run->results[check + 1].finding == SPF_NOT_IN_TRANSCRIPT &&
           w->run->results[check + 1].summary[0] == '\0') {
        check++;
        spf_buf_addf(&line, ", %s", spf_check_table[check].title);
    }
    spf_buf_addstr(&line, ": not in the transcript");
    own_line(&w->page);
    add_symbol(&w->page, SPF_UNKNOWN, SPF_INK_DIM);
    w->page.indent = w->page.column;
    spf_page_flow(&w->page, SPF_INK_DIM, line.data);
    spf_page_line(&w->page);
    spf_buf_clear(&line);
    return check;
}

static void add_group(struct writer *w, const struct group *group)
{
    if (is_unselected(w->run, group))
        return;
    spf_page_put(&w->page, SPF_INK_BOLD, group->label);
    spf_page_tab(&w->page, LABEL);
    for (enum spf_check_id check = group->first; check <= group->last; check++) {
        char *words = words_of(w->run, check);

        if (w->run->results[check].status == SPF_SKIP)
            check = add_skips(w, check, group);
        else if (w->run->results[check].finding == SPF_NOT_IN_TRANSCRIPT &&
                 w->run->results[check].summary[0] == '\0')
            check = add_not_shown(w, check, group);
        else if (w->run->results[check].status == SPF_PASS)
            add_pass(&w->page, words ? words : spf_check_table[check].title);
        else
            add_trouble(w, check, words ? words : spf_check_table[check].title);
        free(words);
    }
    if (w->page.column > 0)
        spf_page_line(&w->page);
}

/* Verbose: one line a check, and its evidence beneath. */
static void add_detail(struct writer *w, enum spf_check_id check)
{
    const struct spf_result *result = &w->run->results[check];
    char *words = words_of(w->run, check);
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
    spf_page_flow(&w->page, SPF_INK_PLAIN, words ? words : "");
    spf_page_line(&w->page);
    free(words);
    json_object_object_foreach(result->evidence, name, value)
    {
        const char *shown =
            json_object_is_type(value, json_type_string)
                ? json_object_get_string(value)
                : json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE);

        if (!value)
            continue;
        spf_page_tab(&w->page, 6);
        spf_page_put(&w->page, SPF_INK_DIM, name);
        spf_page_put(&w->page, SPF_INK_DIM, ": ");
        w->page.indent = 10;
        spf_page_flow(&w->page, SPF_INK_PLAIN, shown);
        spf_page_line(&w->page);
    }
}

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
    if (page->style->colour)
        spf_buf_addstr(page->buf, "\x1b[36m");
    spf_buf_addstr(page->buf, command); /* quoted for the shell, so that no control byte is left */
    if (page->style->colour)
        spf_buf_addstr(page->buf, "\x1b[0m");
    spf_page_line(page);
}

/* What it does besides repairing is said before the command that does it. */
static void add_advice(struct spf_page *page, const char *label, const struct spf_advice *advice)
{
    const char *colon = advice->command ? ":" : "";
    struct spf_buf words;

    spf_buf_init(&words, 4000);
    spf_buf_addf(&words, "%s%s", advice->text, advice->impact ? "" : colon);
    add_label(page, label);
    spf_page_flow(page, SPF_INK_PLAIN, words.data);
    spf_buf_clear(&words);
    if (advice->impact) {
        spf_buf_addf(&words, " (%s)%s", advice->impact, colon);
        spf_page_flow(page, SPF_INK_YELLOW, words.data);
    }
    spf_buf_clear(&words);
    spf_page_line(page);
    if (advice->command) {
        spf_page_tab(page, MARGIN + 2);
        add_command(page, advice->command);
    }
}

/*
 * The first remedy of a cause is the fix; the next ones are other ways. Under a list of
 * explanations, which say themselves what to look at, only what can be pasted.
 */
static void add_remedies(struct writer *w, enum spf_finding cause, const char *first)
{
    bool explained = cause == w->d->cause && w->d->candidates.count > 1;
    const char *label = first;

    for (size_t i = 0; i < w->d->remedies.count; i++) {
        const struct spf_advice *advice = &w->d->remedies.items[i];

        if (advice->cause != cause || (explained && !advice->command))
            continue;
        add_advice(&w->page, label, advice);
        label = "Or";
    }
}

#define CANDIDATES_SHOWN 3 /* without -v */

static void add_candidates(struct writer *w)
{
    struct spf_page *page = &w->page;

    size_t shown = w->d->candidates.count;
    char rest[80];

    if (shown == 0)
        return;
    if (page->style->detail <= 0 && shown > CANDIDATES_SHOWN)
        shown = CANDIDATES_SHOWN;
    add_label(page, "Why");
    spf_page_flow(page, SPF_INK_PLAIN,
                  w->d->candidates.count == 1 ? "not certain; it may be this:"
                                              : "not certain; likeliest first:");
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
        if (w->d->inside && page->style->detail <= 0)
            continue; /* one paste tells them apart */
        spf_page_tab(page, page->indent);
        spf_page_put(page, SPF_INK_PLAIN, page->style->utf8 ? "→ " : "-> ");
        page->indent = page->column;
        spf_page_flow(page, SPF_INK_PLAIN, candidate->tell_apart);
        spf_page_line(page);
    }
    if (shown < w->d->candidates.count) {
        spf_page_tab(page, MARGIN);
        spf_format(rest, sizeof rest, "-v shows %zu more, and how to tell each",
                   w->d->candidates.count - shown);
        spf_page_flow(page, SPF_INK_DIM, rest);
        spf_page_line(page);
    }
    if (w->d->inside) {
        add_label(page, "Inside");
        spf_page_flow(page, SPF_INK_PLAIN,
                      "as root (Workbench, Session Manager or VNC in the ECS console), one paste "
                      "tells most of them apart:");
        spf_page_line(page);
        spf_page_tab(page, MARGIN + 2);
        add_command(page, w->d->inside);
    }
}

static void add_connect(struct writer *w)
{
    if (!w->d->openssh)
        return;
    add_label(&w->page, "ssh");
    add_command(&w->page, w->d->openssh);
    if (w->d->putty_prepare) {
        add_label(&w->page, "PuTTY");
        add_command(&w->page, w->d->putty_prepare);
    }
    if (w->d->putty) {
        add_label(&w->page, w->d->putty_prepare ? "" : "PuTTY");
        add_command(&w->page, w->d->putty);
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
static void add_warnings(struct writer *w)
{
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        const struct spf_result *result = &w->run->results[i];
        spf_advice_list list = {0};

        if (result->status != SPF_WARN || spf_findings[result->finding].advisory)
            continue;
        spf_advise(w->run, (enum spf_check_id)i, result->finding, &list);
        if (list.count > 0)
            add_advice(&w->page, "Better", &list.items[0]);
        spf_advice_clear(&list);
        add_more(&w->page, "More", result->finding);
    }
}

/* The lines of the transcript on which the answer rests. */
static void add_lines(struct writer *w)
{
    const struct spf_transcript_facts *text = &w->run->facts.transcript;
    const char *label = "Text";
    char number[40];

    for (size_t i = 0; i < text->shown.count; i++) {
        const struct spf_transcript_line *line = &text->shown.items[i];

        if (strcmp(line->check, text->stopped_at) != 0)
            continue;
        add_label(&w->page, label);
        spf_format(number, sizeof number, "line %lld: ", (long long)line->number);
        spf_page_put(&w->page, SPF_INK_DIM, number);
        spf_page_flow(&w->page, SPF_INK_PLAIN, line->text);
        spf_page_line(&w->page);
        label = "";
    }
    if (text->harmless[0] != '\0') {
        add_label(&w->page, "Note");
        spf_page_put(&w->page, SPF_INK_DIM, "harmless: ");
        spf_page_flow(&w->page, SPF_INK_PLAIN, text->harmless);
        spf_page_line(&w->page);
    }
}

static void add_conclusion(struct writer *w)
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
        if (d->verdict == SPF_VERDICT_PASS)
            add_connect(w);
        return;
    }
    add_candidates(w);
    if (d->verdict == SPF_VERDICT_FAIL)
        add_remedies(w, d->cause, d->candidates.count > 0 ? "Try" : "Fix");
    else
        add_remedies(w, d->cause, "Next");
    for (size_t i = 0; i < d->further_count; i++) {
        char *words = words_of(w->run, d->further_check[i]);

        add_label(page, "Also");
        spf_page_flow(page, SPF_INK_PLAIN, words ? words : spf_findings[d->further[i]].id);
        spf_page_line(page);
        free(words);
        add_remedies(w, d->further[i], "Fix");
    }
    add_more(page, "More", d->cause);
    for (size_t i = 0; i < d->further_count; i++)
        add_more(page, "", d->further[i]);
}

static void add_title(struct writer *w)
{
    const struct spf_target *target = w->run->target;
    const struct spf_instance_facts *instance = &w->run->facts.instance;
    const char *name = target->instance_id ? target->instance_id
                       : target->alias     ? target->alias
                                           : target->host;

    spf_page_put(&w->page, SPF_INK_BOLD, name ? name : "?");
    if (target->instance_id && instance->name[0]) {
        spf_page_put(&w->page, SPF_INK_PLAIN, "  ");
        spf_page_put(&w->page, SPF_INK_PLAIN, instance->name);
    }
    spf_page_line(&w->page);
}

/* What was evaluated is what somebody pasted; nobody was asked. */
static void add_source(struct writer *w)
{
    const struct spf_transcript_facts *text = &w->run->facts.transcript;
    char line[300];

    if (!w->run->target->from_transcript)
        return;
    (void)spf_format(
        line, sizeof line, "From a transcript of %lld line%s%s%s; %s", (long long)text->lines,
        text->lines == 1 ? "" : "s", text->client[0] ? ", " : "", text->client,
        w->run->target->instance_id ? "only the cloud was asked" : "nothing was contacted");
    spf_page_flow(&w->page, SPF_INK_DIM, line);
    spf_page_line(&w->page);
    if (text->private_key) {
        spf_page_flow(&w->page, SPF_INK_RED,
                      "The text contains a private key. Treat it as compromised: make a new one, "
                      "and remove this one wherever it is authorized.");
        spf_page_line(&w->page);
    }
}

/* What was checked is not only what was asked for. */
static void add_configuration(struct writer *w)
{
    const char *says = w->run->facts.ssh_config.says;
    char line[800];

    if (w->run->target->ssh_config == NULL || !spf_facts_have(&w->run->facts, SPF_GROUP_SSH_CONFIG))
        return;
    (void)spf_format(line, sizeof line, "From the ssh configuration: %s", says);
    w->page.indent = 4;
    spf_page_flow(&w->page, SPF_INK_DIM, says[0] ? line : "From the ssh configuration: nothing");
    spf_page_line(&w->page);
}

/* What overlapped with what, and where the time went. */
static void add_timeline(struct writer *w, const struct spf_report *report)
{
    const struct spf_timeline timeline = spf_timeline_of(report, w->run);

    if (timeline.total_ms == 0)
        return;
    spf_page_line(&w->page);
    spf_timeline_draw(&w->page, &timeline, w->run);
}

static void add_tally(struct spf_page *page, const struct spf_report *report)
{
    size_t count[3] = {0};
    char line[120];

    for (size_t i = 0; i < report->count; i++)
        count[report->targets[i].diagnosis->verdict]++;
    spf_format(line, sizeof line, "%zu targets: %zu pass, %zu fail, %zu unknown", report->count,
               count[SPF_VERDICT_PASS], count[SPF_VERDICT_FAIL], count[SPF_VERDICT_UNKNOWN]);
    spf_page_line(page);
    spf_page_put(page, SPF_INK_BOLD, line);
    spf_page_line(page);
}

/* --strict: an exit status that is not the verdict's, and the check that made it so. */
static void add_strictness(struct spf_page *page, const struct spf_report *report)
{
    static const int usual[] = {
        [SPF_VERDICT_PASS] = 0, [SPF_VERDICT_FAIL] = 1, [SPF_VERDICT_UNKNOWN] = 2};
    enum spf_status wanted = report->exit_status == 1 ? SPF_WARN : SPF_UNKNOWN;
    char line[200];

    if ((report->exit_status != 1 && report->exit_status != 2) ||
        report->exit_status == usual[spf_report_verdict(report)])
        return;
    for (size_t i = 0; i < report->count; i++) {
        for (int k = 0; k < SPF_CHECK_COUNT; k++) {
            const struct spf_result *result = &report->targets[i].run->results[k];

            if (result->status != wanted || spf_findings[result->finding].advisory)
                continue;
            spf_format(line, sizeof line, "Exit status %d because of --strict: %s is %s, %s",
                       report->exit_status, spf_check_table[k].id, spf_status_name(wanted),
                       spf_findings[result->finding].id);
            page->indent = 2;
            spf_page_flow(page, SPF_INK_YELLOW, line);
            spf_page_line(page);
            return;
        }
    }
}

/* A replay says what it is before anything else: its verdict is about then. */
static void add_origin(struct spf_page *page, const struct spf_report *report)
{
    char when[SPF_UTC_SIZE], line[120];

    if (report->replayed_utc == 0)
        return;
    spf_utc_format(report->replayed_utc, when);
    spf_format(line, sizeof line, "Replay of evidence recorded at %s; nothing was contacted", when);
    spf_page_flow(page, SPF_INK_YELLOW, line);
    spf_page_line(page);
    if (page->style->detail >= 0)
        spf_page_line(page);
}

void spf_report_text(struct spf_buf *buf, const struct spf_report *report,
                     const struct spf_style *style)
{
    add_origin(&(struct spf_page){buf, style, 0, 0}, report);
    for (size_t i = 0; i < report->count; i++) {
        struct writer w = {
            {buf, style, 0, 0}, report->targets[i].run, report->targets[i].diagnosis};

        if (i > 0)
            spf_page_line(&w.page);
        if (report->count > 1)
            add_title(&w);
        if (style->detail >= 0)
            add_configuration(&w);
        if (style->detail >= 0)
            add_source(&w);
        for (int check = 0; style->detail > 0 && check < SPF_CHECK_COUNT; check++)
            add_detail(&w, (enum spf_check_id)check);
        if (style->detail > 1)
            add_timeline(&w, report);
        for (size_t g = 0; style->detail == 0 && g < sizeof groups / sizeof *groups; g++)
            add_group(&w, &groups[g]);
        if (style->detail >= 0)
            spf_page_line(&w.page);
        add_conclusion(&w);
    }
    if (report->count > 1)
        add_tally(&(struct spf_page){buf, style, 0, 0}, report);
    add_strictness(&(struct spf_page){buf, style, 0, 0}, report);
}
