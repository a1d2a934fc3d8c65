#include "report/fleet.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_build.h"
#include "base/language.h"
#include "report/title.h"

enum spf_thing spf_thing_of(const struct spf_report_target *target, const char **id)
{
    const struct spf_diagnosis *d = target->diagnosis;
    const struct spf_result *result = &target->run->results[d->check];
    enum spf_thing thing = SPF_THING_NONE;

    *id = NULL;
    if (d->cause == SPF_NO_FINDING) {
        return thing;
    }
    if (result->thing != SPF_THING_NONE) {
        *id = result->thing_id;
        thing = result->thing;
    } else if (d->check <= SPF_CHECK_KEY_FORMAT) {
        *id = target->run->target->key_path;
        thing = SPF_THING_KEY_FILE;
    } else if (d->check >= SPF_CHECK_NET_PORT) {
        *id = target->run->target->jump;
        thing = SPF_THING_JUMP;
    }
    return *id != NULL ? thing : SPF_THING_NONE;
}

/* ---- groups ------------------------------------------------------------------------------- */

static int compare_ids(const char *one, const char *other)
{
    return strcmp(one != NULL ? one : "", other != NULL ? other : "");
}

static int by_trait(const void *a, const void *b)
{
    const struct spf_fleet_member *one = a;
    const struct spf_fleet_member *other = b;
    int order = (one->cause > other->cause) - (one->cause < other->cause);

    if (order == 0) {
        order = (one->thing > other->thing) - (one->thing < other->thing);
    }
    if (order == 0) {
        order = compare_ids(one->id, other->id);
    }
    return order != 0 ? order : (one->target > other->target) - (one->target < other->target);
}

static bool same_trait(const struct spf_fleet_member *one, const struct spf_fleet_member *other)
{
    return one->cause == other->cause && one->thing == other->thing &&
           compare_ids(one->id, other->id) == 0;
}

static int by_size(const void *a, const void *b)
{
    const struct spf_fleet_group *one = a;
    const struct spf_fleet_group *other = b;

    if (one->count != other->count) {
        return one->count > other->count ? -1 : 1;
    }
    return (one->members->target > other->members->target) -
           (one->members->target < other->members->target);
}

/* The first remedy of the cause. */
static const struct spf_advice *first_remedy(const struct spf_report_target *target)
{
    const struct spf_diagnosis *d = target->diagnosis;

    return d->remedies.count > 0 && d->remedies.items[0].cause == d->cause &&
                   d->remedies.items[0].command != NULL
               ? &d->remedies.items[0]
               : NULL;
}

/* One repair serves a group where each of it would be repaired by the very same command. */
static const struct spf_advice *common_remedy(const struct spf_fleet_group *group)
{
    const struct spf_advice *remedy = first_remedy(group->members[0].target);

    for (size_t i = 1; remedy != NULL && i < group->count; i++) {
        const struct spf_advice *other = first_remedy(group->members[i].target);

        if (other == NULL || strcmp(other->command, remedy->command) != 0) {
            return NULL;
        }
    }
    return remedy;
}

void spf_fleet_clear(struct spf_fleet *fleet)
{
    free(fleet->members);
    free(fleet->groups);
}

bool spf_fleet_init(struct spf_fleet *fleet, const struct spf_report *report)
{
    size_t count = 0;

    *fleet = (struct spf_fleet){.report = report};
    fleet->members = calloc(report->count + 1, sizeof *fleet->members);
    fleet->groups = calloc(report->count + 1, sizeof *fleet->groups);
    if (fleet->members == NULL || fleet->groups == NULL) {
        return false;
    }
    for (size_t i = 0; i < report->count; i++) {
        struct spf_fleet_member *member = &fleet->members[count];

        *member = (struct spf_fleet_member){.target = &report->targets[i],
                                            .cause = report->targets[i].diagnosis->cause};
        member->thing = spf_thing_of(member->target, &member->id);
        count += member->cause != SPF_NO_FINDING;
    }
    if (count > 0) {
        qsort(fleet->members, count, sizeof *fleet->members, by_trait);
    }
    for (size_t i = 0; i < count; i++) {
        const struct spf_fleet_member *member = &fleet->members[i];

        if (i == 0 || !same_trait(member, member - 1)) {
            fleet->groups[fleet->count++].members = member;
        }
        fleet->groups[fleet->count - 1].count++;
    }
    for (size_t i = 0; i < fleet->count; i++) {
        fleet->groups[i].remedy = common_remedy(&fleet->groups[i]);
    }
    if (fleet->count > 0) {
        qsort(fleet->groups, fleet->count, sizeof *fleet->groups, by_size);
    }
    return true;
}

static void count_verdicts(const struct spf_report *report, size_t count[3])
{
    for (size_t i = 0; i < report->count; i++) {
        count[report->targets[i].diagnosis->verdict]++;
    }
}

/* ---- for programs ------------------------------------------------------------------------- */

static struct json_object *group_json(const struct spf_fleet_group *group)
{
    struct json_object *one = spf_json_object();
    struct json_object *names = spf_json_array();
    struct json_object *shared = spf_json_object();
    const struct spf_fleet_member *first = group->members;

    if (first->thing != SPF_THING_NONE) {
        spf_json_add(shared, spf_thing_name(first->thing), spf_clean_json(first->id));
    }
    for (size_t i = 0; i < group->count; i++) {
        struct spf_buf title;

        spf_buf_init(&title, 700);
        spf_target_title(&title, first[i].target->run);
        spf_json_append(names, spf_clean_json(title.data));
        spf_buf_clear(&title);
    }
    spf_json_add(one, "cause", spf_json_string(spf_findings[first->cause].id));
    spf_json_add(one, "shared", shared);
    spf_json_add(one, "targets", names);
    spf_json_add(one, "command",
                 group->remedy != NULL ? spf_json_string(group->remedy->command) : NULL);
    return one;
}

static struct json_object *groups_json(const struct spf_report *report)
{
    struct json_object *list = NULL;
    struct spf_fleet fleet;

    if (spf_fleet_init(&fleet, report)) {
        list = spf_json_array();
        for (size_t i = 0; i < fleet.count; i++) {
            spf_json_append(list, group_json(&fleet.groups[i]));
        }
    }
    spf_fleet_clear(&fleet);
    return list;
}

struct json_object *spf_fleet_json(const struct spf_report *report)
{
    struct json_object *object = spf_json_object();
    size_t count[3] = {0};

    count_verdicts(report, count);
    spf_json_add(object, "targets", spf_json_integer((int64_t)report->count));
    for (int verdict = SPF_VERDICT_PASS; verdict <= SPF_VERDICT_UNKNOWN; verdict++) {
        spf_json_add(object, spf_verdict_name((enum spf_verdict)verdict),
                     spf_json_integer((int64_t)count[verdict]));
    }
    spf_json_add(object, "groups", groups_json(report));
    return object;
}

/* ---- for people --------------------------------------------------------------------------- */

/* How the thing that a group shares is called in a sentence. */
static const char *noun(enum spf_thing thing)
{
    static const char *const nouns[SPF_THING_COUNT] = {
        [SPF_THING_NONE] = "",
        [SPF_THING_GROUP] = N_("security group"),
        [SPF_THING_OPEN_GROUP] = N_("security group"),
        [SPF_THING_ACL] = N_("network ACL"),
        [SPF_THING_VSWITCH] = N_("vSwitch"),
        [SPF_THING_GATEWAY] = N_("gateway"),
        [SPF_THING_ROUTE_TABLE] = N_("route table"),
        [SPF_THING_NAT_GATEWAY] = N_("NAT gateway"),
        [SPF_THING_PRINCIPAL] = N_("identity"),
        [SPF_THING_CREDENTIALS] = N_("credentials of"),
        [SPF_THING_KEY_PAIR] = N_("key pair"),
        [SPF_THING_KEY_FILE] = N_("key file"),
        [SPF_THING_JUMP] = N_("jump host"),
    };

    return spf_tr(nouns[thing]);
}

static const char *promise(const struct spf_fleet_group *group)
{
    switch (group->members->thing) {
    case SPF_THING_GROUP:
    case SPF_THING_OPEN_GROUP:
        return _("; one rule repairs them");
    case SPF_THING_ACL:
        return _("; one entry repairs them");
    default:
        return _("; the same command for each");
    }
}

void spf_fleet_shared(struct spf_buf *buf, const struct spf_fleet_group *group)
{
    const struct spf_fleet_member *first = group->members;

    if (first->thing != SPF_THING_NONE) {
        spf_buf_addf(buf, group->count > 1 ? _(", all by %s ") : _(", by %s "), noun(first->thing));
        spf_buf_add_clean(buf, first->id, strlen(first->id), 300);
    }
    if (group->remedy != NULL && group->count > 1) {
        spf_buf_addstr(buf, promise(group));
    }
}

void spf_names_text(struct spf_page *page, size_t count, spf_target_at *at, const void *list)
{
    const bool all = page->style->detail > 0 || count <= SPF_FLEET_NAMES;
    const size_t shown = all ? count : SPF_FLEET_NAMES;
    struct spf_buf word;

    spf_buf_init(&word, 800);
    spf_page_tab(page, 6);
    page->indent = 6;
    for (size_t i = 0; i < shown; i++) {
        spf_buf_addstr(&word, i > 0 ? " " : "");
        spf_target_title(&word, at(list, i)->run);
        spf_buf_addstr(&word, i + 1 < count ? "," : "");
        spf_page_flow(page, SPF_INK_DIM, word.data);
        spf_buf_clear(&word);
    }
    if (shown < count) {
        spf_buf_addf(&word, _(" and %zu more"), count - shown);
        spf_page_flow(page, SPF_INK_DIM, word.data);
    }
    spf_page_line(page);
    spf_buf_clear(&word);
}

static const struct spf_report_target *member_at(const void *list, size_t i)
{
    const struct spf_fleet_member *members = list;

    return members[i].target;
}

/* "412 of 2000: sg-source-excluded, all by security group sg-1; one rule repairs them" */
static void add_group(struct spf_page *page, const struct spf_fleet *fleet,
                      const struct spf_fleet_group *group)
{
    const struct spf_fleet_member *first = group->members;
    struct spf_buf line;

    spf_buf_init(&line, 1000);
    spf_buf_addf(&line, _("%zu of %zu: "), group->count, fleet->report->count);
    spf_page_tab(page, 2);
    page->indent = 6;
    spf_page_put(page, SPF_INK_BOLD, line.data);
    spf_page_flow(page, SPF_INK_PLAIN, spf_findings[first->cause].id);
    spf_buf_clear(&line);
    spf_fleet_shared(&line, group);
    spf_page_flow(page, SPF_INK_PLAIN, line.data);
    spf_page_line(page);
    spf_buf_clear(&line);
    if (group->remedy != NULL && group->count > 1) {
        spf_page_tab(page, 6);
        spf_page_put(page, SPF_INK_CYAN, group->remedy->command);
        spf_page_line(page);
    }
    spf_names_text(page, group->count, member_at, group->members);
}

void spf_fleet_text(struct spf_page *page, const struct spf_report *report)
{
    size_t count[3] = {0};
    struct spf_fleet fleet;
    char line[160];

    count_verdicts(report, count);
    spf_format(line, sizeof line,
               report->count == 1 ? _("%zu target: %zu pass, %zu fail, %zu unknown")
                                  : _("%zu targets: %zu pass, %zu fail, %zu unknown"),
               report->count, count[SPF_VERDICT_PASS], count[SPF_VERDICT_FAIL],
               count[SPF_VERDICT_UNKNOWN]);
    spf_page_line(page);
    spf_page_put(page, SPF_INK_BOLD, line);
    spf_page_line(page);
    if (spf_fleet_init(&fleet, report)) {
        for (size_t i = 0; i < fleet.count; i++) {
            add_group(page, &fleet, &fleet.groups[i]);
        }
    } else {
        page->buf->failed = true;
    }
    spf_fleet_clear(&fleet);
}

void spf_left_out_text(struct spf_page *page, const struct spf_report *report)
{
    char line[600];

    for (size_t i = 0; i < report->left_out_count; i++) {
        spf_page_tab(page, 2);
        page->indent = 6;
        spf_format(line, sizeof line, _("%s names no target: %s"), report->left_out[i].where,
                   report->left_out[i].why);
        spf_page_flow(page, SPF_INK_YELLOW, line);
        spf_page_line(page);
    }
    if (report->lacks_count == 0) {
        return;
    }
    spf_page_line(page);
    spf_page_put(page, SPF_INK_RED, _("This is not the whole fleet:"));
    spf_page_line(page);
    for (size_t i = 0; i < report->lacks_count; i++) {
        spf_page_tab(page, 2);
        page->indent = 6;
        spf_format(line, sizeof line, "%s %s", report->lacks[i].where, report->lacks[i].why);
        spf_page_flow(page, SPF_INK_YELLOW, line);
        spf_page_line(page);
    }
}
