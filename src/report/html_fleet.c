/*
 * What a page of several targets begins with: how many there are, the groups of those with one
 * cause, and a filter. The filter is a row of radio buttons and the style sheet's :has(); a browser
 * without it shows all, and no filter.
 */
#include <stdlib.h>

#include "base/language.h"
#include "report/fleet.h"
#include "report/html_parts.h"
#include "report/markup.h"
#include "report/title.h"

#define CHOICES_MAX  40 /* causes; what is rarer is found by its verdict */
#define GROUPS_SHOWN 20 /* the rest is folded */

/* Beside html_style.c's; then a rule for each choice. A target that is not in sight costs nothing
 * to lay out; on paper nothing is folded that was not before. */
static const char style[] =
    ".target>summary{color:inherit;font-size:1rem}.target>summary h2{display:inline}\n"
    ".target{content-visibility:auto;contain-intrinsic-size:auto 6rem}\n"
    ".groups{padding-left:1.2rem}.groups li{margin:.5rem 0}\n"
    ".filter{display:flex;flex-wrap:wrap;gap:.35rem;border:1px solid var(--line);"
    "border-radius:.5rem;margin:1rem 0;min-width:0}\n"
    ".filter label{border:1px solid var(--line);border-radius:1rem;padding:.15rem .7rem;"
    "cursor:pointer;overflow-wrap:anywhere}\n"
    ".filter label:has(:checked){border-color:var(--ink);background:var(--soft)}\n"
    "@supports not selector(:has(a)){.filter{display:none}}\n"
    "@media print{.target{content-visibility:visible}\n"
    ".target::details-content,header "
    "details::details-content{content-visibility:visible;block-size:auto}}\n";

static const enum spf_verdict verdicts[] = {SPF_VERDICT_FAIL, SPF_VERDICT_UNKNOWN,
                                            SPF_VERDICT_PASS};
#define VERDICTS (sizeof verdicts / sizeof *verdicts)

/* A class of targets that can be shown alone. */
struct choice {
    const char *word;
    size_t count;
};

struct choices {
    struct choice items[VERDICTS + CHOICES_MAX];
    size_t count;
};

static int by_count(const void *a, const void *b)
{
    const struct choice *one = a;
    const struct choice *other = b;

    return (one->count < other->count) - (one->count > other->count);
}

/* The verdicts, then the causes, the most frequent first. */
static void find_choices(struct choices *choices, const struct spf_report *report)
{
    struct choice causes[SPF_FINDING_COUNT];
    struct spf_tally tally = {0};

    for (size_t i = 0; i < SPF_FINDING_COUNT; i++) {
        causes[i] = (struct choice){spf_findings[i].id, 0};
    }
    for (size_t i = 0; i < report->count; i++) {
        spf_tally_add(&tally, &report->targets[i]);
        causes[report->targets[i].diagnosis->cause].count++;
    }
    causes[SPF_NO_FINDING].count = 0;
    qsort(causes, SPF_FINDING_COUNT, sizeof *causes, by_count);
    choices->count = 0;
    for (size_t i = 0; i < VERDICTS; i++) {
        if (tally.verdicts[verdicts[i]] > 0) {
            choices->items[choices->count++] =
                (struct choice){spf_verdict_name(verdicts[i]), tally.verdicts[verdicts[i]]};
        }
    }
    for (size_t i = 0; i < CHOICES_MAX && causes[i].count > 0; i++) {
        choices->items[choices->count++] = causes[i];
    }
}

/* The header alone is asked: :has() of what holds the targets would be asked again for each of them
 * as a browser reads the page. */
void spf_html_fleet_style(struct spf_buf *buf, const struct spf_report *report)
{
    struct choices choices;

    find_choices(&choices, report);
    spf_buf_addstr(buf, style);
    for (size_t i = 0; i < choices.count; i++) {
        spf_buf_addf(buf, "header:has([value=%s]:checked)~.target:not(.%s){display:none}\n",
                     choices.items[i].word, choices.items[i].word);
    }
}

static void add_filter(struct spf_buf *buf, const struct spf_report *report)
{
    static const char button[] = "<label><input type=\"radio\" name=\"show\" value=\"%s\"%s> %s "
                                 "<b>%zu</b></label>\n";
    struct choices choices;

    find_choices(&choices, report);
    spf_buf_addf(buf, "<fieldset class=\"filter\">\n<legend>%s</legend>\n", _("Show"));
    spf_buf_addf(buf, button, "all", " checked", _("all"), report->count);
    for (size_t i = 0; i < choices.count; i++) {
        spf_buf_addf(buf, button, choices.items[i].word, "", choices.items[i].word,
                     choices.items[i].count);
    }
    spf_buf_addstr(buf, "</fieldset>\n");
}

/* The first few of a group's targets, the others folded. */
static void add_names(struct spf_buf *buf, const struct spf_fleet_group *group)
{
    bool folded = group->count > SPF_FLEET_NAMES;
    struct spf_buf title;

    spf_buf_init(&title, 700);
    spf_buf_addstr(buf, folded ? "<details><summary>" : "<p class=\"dim\">");
    for (size_t i = 0; i < group->count; i++) {
        if (i == SPF_FLEET_NAMES) {
            spf_buf_addf(buf, _(" and %zu more"), group->count - i);
            spf_buf_addstr(buf, "</summary><p class=\"dim\">");
        }
        spf_buf_clear(&title);
        spf_target_title(&title, group->members[i].target->run);
        spf_buf_addstr(buf, i > 0 ? " " : "");
        spf_add_markup(buf, title.data);
        spf_buf_addstr(buf, i + 1 < group->count ? "," : "");
    }
    spf_buf_addstr(buf, folded ? "</p></details>" : "</p>");
    spf_buf_clear(&title);
}

static void add_group(struct spf_buf *buf, const struct spf_fleet *fleet,
                      const struct spf_fleet_group *group)
{
    struct spf_buf shared;

    spf_buf_init(&shared, 1000);
    spf_fleet_shared(&shared, group);
    spf_buf_addstr(buf, "<li><b>");
    spf_buf_addf(buf, _("%zu of %zu: "), group->count, fleet->report->count);
    spf_buf_addf(buf, "</b><code>%s</code>", spf_findings[group->members->cause].id);
    spf_add_markup(buf, shared.data);
    spf_buf_clear(&shared);
    if (group->remedy != NULL && group->count > 1) {
        spf_buf_addstr(buf, "<pre><code>");
        spf_add_markup(buf, group->remedy->command);
        spf_buf_addstr(buf, "</code></pre>");
    }
    add_names(buf, group);
    spf_buf_addstr(buf, "</li>\n");
}

static void add_groups(struct spf_buf *buf, const struct spf_fleet *fleet)
{
    bool folded = fleet->count > GROUPS_SHOWN;

    if (fleet->count == 0) {
        return;
    }
    spf_buf_addstr(buf, "<ul class=\"groups\">\n");
    for (size_t i = 0; i < fleet->count; i++) {
        if (i == GROUPS_SHOWN) {
            spf_buf_addstr(buf, "</ul>\n<details><summary>");
            spf_buf_addf(buf, _(" and %zu more"), fleet->count - i);
            spf_buf_addstr(buf, "</summary>\n<ul class=\"groups\">\n");
        }
        add_group(buf, fleet, &fleet->groups[i]);
    }
    spf_buf_addstr(buf, folded ? "</ul></details>\n" : "</ul>\n");
}

void spf_html_fleet(struct spf_buf *buf, const struct spf_report *report)
{
    struct spf_tally tally = {0};
    struct spf_fleet fleet;

    for (size_t i = 0; i < report->count; i++) {
        spf_tally_add(&tally, &report->targets[i]);
    }
    spf_buf_addstr(buf, "<p>");
    spf_buf_addf(buf, _("%zu targets: %zu pass, %zu fail, %zu unknown"), report->count,
                 tally.verdicts[SPF_VERDICT_PASS], tally.verdicts[SPF_VERDICT_FAIL],
                 tally.verdicts[SPF_VERDICT_UNKNOWN]);
    spf_buf_addstr(buf, "</p>\n");
    if (spf_fleet_init(&fleet, report)) {
        add_groups(buf, &fleet);
    } else {
        spf_buf_fail(buf);
    }
    spf_fleet_clear(&fleet);
    add_filter(buf, report);
}
