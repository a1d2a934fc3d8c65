#include "report/changes.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_build.h"
#include "base/language.h"
#include "report/fleet.h"

#define LABEL       12 /* columns, as of the groups of checks */
#define FACTS_SHOWN 5  /* without -v */

static const struct {
    const char *id, *said;
} words[SPF_SINCE_COUNT] = {
    [SPF_SINCE_SAME] = {"same", N_("unchanged")},
    [SPF_SINCE_NEW] = {"new", N_("new")},
    [SPF_SINCE_FAILING] = {"newly-failing", N_("newly failing")},
    [SPF_SINCE_UNKNOWN] = {"newly-unknown", N_("newly unknown")},
    [SPF_SINCE_OTHER_CAUSE] = {"other-cause", N_("another cause")},
    [SPF_SINCE_REPAIRED] = {"repaired", N_("repaired")},
    [SPF_SINCE_KNOWN] = {"newly-known", N_("known now")},
    [SPF_SINCE_UNCOMPARED] = {"not-compared", N_("not compared")},
};

bool spf_has_changed(const struct spf_report_target *target)
{
    const struct spf_changes *changes = target->changes;

    return changes != NULL && (changes->since != SPF_SINCE_SAME || changes->facts.count > 0);
}

/* What became of it: "newly failing; before it could log in". */
static void add_outcome(struct spf_buf *buf, const struct spf_report_target *target)
{
    const struct spf_changes *changes = target->changes;
    enum spf_finding cause = target->diagnosis->cause;

    spf_buf_addstr(buf, spf_tr(words[changes->since].said));
    switch (changes->since) {
    case SPF_SINCE_FAILING:
    case SPF_SINCE_UNKNOWN:
        spf_buf_addf(buf, " (%s)", cause != SPF_NO_FINDING ? spf_findings[cause].id : "-");
        spf_buf_addf(buf, "; %s",
                     changes->verdict == SPF_VERDICT_PASS   ? _("before, it passed")
                     : changes->verdict == SPF_VERDICT_FAIL ? _("before, it failed")
                                                            : _("before, it was unknown"));
        break;
    case SPF_SINCE_OTHER_CAUSE:
        spf_buf_addf(buf, ": %s", cause != SPF_NO_FINDING ? spf_findings[cause].id : "-");
        /* fall through */
    case SPF_SINCE_REPAIRED:
    case SPF_SINCE_KNOWN:
        if (changes->cause != SPF_NO_FINDING) {
            spf_buf_addf(buf, _("; before, %s"), spf_findings[changes->cause].id);
        }
        break;
    case SPF_SINCE_NEW:
        spf_buf_addstr(buf, _("; it is not in the baseline"));
        break;
    case SPF_SINCE_UNCOMPARED:
        spf_buf_addstr(buf, _("; the baseline does not say which of its targets it was"));
        break;
    case SPF_SINCE_SAME:
    case SPF_SINCE_COUNT:
        break;
    }
}

void spf_changes_phrase(struct spf_buf *buf, const struct spf_report_target *target)
{
    const struct spf_changes *changes = target->changes;

    if (changes->facts.count > 0) {
        spf_buf_addf(buf, "%s; ", changes->facts.items[0].text);
    }
    add_outcome(buf, target);
}

/* ---- for programs ------------------------------------------------------------------------- */

static void add(struct json_object *object, const char *name, struct json_object *value)
{
    spf_json_add(object, name, value);
}

struct json_object *spf_changes_json(const struct spf_report_target *target)
{
    const struct spf_changes *changes = target->changes;
    struct json_object *object;
    struct json_object *facts;
    bool known;

    if (changes == NULL) {
        return NULL;
    }
    known = changes->since != SPF_SINCE_NEW && changes->since != SPF_SINCE_UNCOMPARED;
    object = spf_json_object();
    facts = spf_json_array();
    add(object, "since", spf_json_string(words[changes->since].id));
    add(object, "verdict_before",
        known ? spf_json_string(spf_verdict_name(changes->verdict)) : NULL);
    add(object, "cause_before", spf_clean_json(spf_findings[changes->cause].id));
    for (size_t i = 0; i < changes->facts.count; i++) {
        const struct spf_change *change = &changes->facts.items[i];
        struct json_object *one = spf_json_object();

        add(one, "fact", spf_json_string(change->fact));
        add(one, "check", spf_json_string(spf_check_table[change->check].id));
        add(one, "text", spf_clean_json(change->text));
        add(one, "before", spf_clean_json(change->before));
        add(one, "now", spf_clean_json(change->now));
        spf_json_append(facts, one);
    }
    add(object, "facts", facts);
    return object;
}

struct json_object *spf_baseline_json(const struct spf_report *report)
{
    const struct spf_report_baseline *baseline = report->baseline;
    struct json_object *object;
    struct json_object *gone;
    char when[SPF_UTC_SIZE];

    if (baseline == NULL) {
        return NULL;
    }
    object = spf_json_object();
    gone = spf_json_array();
    spf_utc_format(baseline->recorded_utc, when);
    add(object, "recorded_at", spf_json_string(when));
    for (int i = 0; i < SPF_SINCE_COUNT; i++) {
        add(object, words[i].id, spf_json_integer((int64_t)baseline->count[i]));
    }
    for (size_t i = 0; i < baseline->gone_count; i++) {
        spf_json_append(gone, spf_clean_json(baseline->gone[i]));
    }
    add(object, "gone", gone);
    return object;
}

/* ---- for people --------------------------------------------------------------------------- */

static void add_line(struct spf_page *page, enum spf_ink ink, const char *text)
{
    spf_page_tab(page, LABEL);
    page->indent = LABEL;
    spf_page_flow(page, ink, text);
    spf_page_line(page);
}

void spf_changes_text(struct spf_page *page, const struct spf_report_target *target)
{
    const struct spf_changes *changes = target->changes;
    size_t shown = changes != NULL ? changes->facts.count : 0;
    struct spf_buf line;

    if (!spf_has_changed(target)) {
        return;
    }
    if (page->style->detail <= 0 && shown > FACTS_SHOWN) {
        shown = FACTS_SHOWN;
    }
    spf_buf_init(&line, 1000);
    spf_page_put(page, SPF_INK_BOLD, _("Changed"));
    for (size_t i = 0; i < shown; i++) {
        add_line(page, SPF_INK_YELLOW, changes->facts.items[i].text);
    }
    if (shown < changes->facts.count) {
        spf_buf_addf(&line, _("and %zu more"), changes->facts.count - shown);
        add_line(page, SPF_INK_DIM, line.data);
        spf_buf_clear(&line);
    }
    if (changes->since != SPF_SINCE_SAME) {
        add_outcome(&line, target);
        add_line(page, SPF_INK_PLAIN, line.data);
    }
    spf_buf_clear(&line);
}

/* Those that something became of, side by side where the same fact changed. */
static const char *first_fact(const struct spf_report_target *target)
{
    return target->changes->facts.count > 0 ? target->changes->facts.items[0].text : "";
}

static int by_change(const void *a, const void *b)
{
    const struct spf_report_target *one = *(const struct spf_report_target *const *)a;
    const struct spf_report_target *other = *(const struct spf_report_target *const *)b;
    int order = (one->changes->since > other->changes->since) -
                (one->changes->since < other->changes->since);

    if (order == 0) {
        order = strcmp(first_fact(one), first_fact(other));
    }
    return order != 0 ? order : (one > other) - (one < other);
}

static const struct spf_report_target *target_at(const void *list, size_t i)
{
    const struct spf_report_target *const *targets = list;

    return targets[i];
}

/* "  12 newly failing: rule sgr-1 of sg-1 was removed: …" */
static void add_group(struct spf_page *page, const struct spf_report_target *const *targets,
                      size_t count)
{
    char line[100];

    spf_format(line, sizeof line, "%zu %s", count, spf_tr(words[targets[0]->changes->since].said));
    spf_page_tab(page, 2);
    page->indent = 6;
    spf_page_put(page, SPF_INK_BOLD, line);
    if (first_fact(targets[0])[0] != '\0') {
        spf_page_put(page, SPF_INK_PLAIN, _(": "));
        spf_page_flow(page, SPF_INK_YELLOW, first_fact(targets[0]));
    }
    spf_page_line(page);
    spf_names_text(page, count, target_at, targets);
}

static void add_groups(struct spf_page *page, const struct spf_report *report)
{
    const struct spf_report_target **targets = calloc(report->count + 1, sizeof(*targets));
    size_t count = 0;

    if (targets == NULL) {
        page->buf->failed = true;
        return;
    }
    for (size_t i = 0; i < report->count; i++) {
        if (spf_has_changed(&report->targets[i])) {
            targets[count++] = &report->targets[i];
        }
    }
    if (count > 0) {
        qsort(targets, count, sizeof(*targets), by_change);
    }
    for (size_t i = 0, size; i < count; i += size) {
        for (size = 1;
             i + size < count && targets[i + size]->changes->since == targets[i]->changes->since &&
             strcmp(first_fact(targets[i + size]), first_fact(targets[i])) == 0;
             size++) {
        }
        add_group(page, &targets[i], size);
    }
    free(targets);
}

void spf_baseline_text(struct spf_page *page, const struct spf_report *report)
{
    const struct spf_report_baseline *baseline = report->baseline;
    char when[SPF_UTC_SIZE];
    struct spf_buf line;

    if (baseline == NULL) {
        return;
    }
    spf_buf_init(&line, 2000);
    spf_utc_format(baseline->recorded_utc, when);
    spf_buf_addf(&line, _("Since %s: "), when);
    for (int i = 0, any = 0; i < SPF_SINCE_COUNT; i++) {
        if (baseline->count[i] == 0) {
            continue;
        }
        spf_buf_addf(&line, "%s%zu %s", any++ > 0 ? _(", ") : "", baseline->count[i],
                     spf_tr(words[i].said));
    }
    spf_page_line(page);
    page->indent = 2;
    spf_page_flow(page, SPF_INK_BOLD, line.data);
    spf_page_line(page);
    if (report->count > 1) {
        add_groups(page, report);
    }
    for (size_t i = 0; i < baseline->gone_count; i++) {
        spf_buf_clear(&line);
        spf_buf_addf(&line, _("not in this run any more: %s"), baseline->gone[i]);
        spf_page_tab(page, 2);
        page->indent = 6;
        spf_page_flow(page, SPF_INK_PLAIN, line.data);
        spf_page_line(page);
    }
    spf_buf_clear(&line);
}
