#include "report/fleet.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/language.h"
#include "report/format.h"

#define NAMES_SHOWN 8 /* of a group's targets, without -v */

/* The evidence that says what a check's fail comes of; the first that is there counts. */
static const char *const things[SPF_CHECK_COUNT][3] = {
    [SPF_CHECK_CLOUD_ACCESS] = {"principal", "source"},
    [SPF_CHECK_CLOUD_ADDRESS] = {"gateway", "route_table", "nat_gateway"},
    [SPF_CHECK_CLOUD_SECURITY_GROUP] = {"group", "open_in"},
    [SPF_CHECK_CLOUD_NETWORK_ACL] = {"acl", "vswitch"},
    [SPF_CHECK_CLOUD_KEY_PAIR] = {"name"},
};

struct group {
    enum spf_finding cause;
    const char *thing, *value;
    SPF_LIST(size_t) members; /* indexes, in the order of the targets */
};

struct fleet {
    SPF_LIST(struct group) groups; /* the largest first */
};

static const char *evidence_text(struct json_object *evidence, const char *name)
{
    struct json_object *value = spf_json_get(evidence, name);

    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

bool spf_fleet_add(spf_fleet_members *members, const char *title,
                   const struct spf_fleet_member *target, enum spf_check_id check,
                   const char *key_file, const char *jump)
{
    struct spf_fleet_member *member = SPF_APPEND(members);

    if (member == NULL)
        return false;
    *member = *target;
    member->title = strdup(title);
    if (member->cause == SPF_NO_FINDING)
        return member->title != NULL;
    for (size_t i = 0; i < 3 && member->value == NULL && things[check][i] != NULL; i++) {
        member->thing = things[check][i];
        member->value = evidence_text(member->evidence, member->thing);
    }
    if (member->value == NULL && check <= SPF_CHECK_KEY_FORMAT) {
        member->thing = "key_file";
        member->value = key_file;
    }
    if (member->value == NULL && check >= SPF_CHECK_NET_PORT) {
        member->thing = "jump";
        member->value = jump;
    }
    if (member->value == NULL)
        member->thing = NULL;
    return member->title != NULL;
}

bool spf_fleet_of(const struct spf_report *report, spf_fleet_members *members)
{
    bool whole = true;

    for (size_t i = 0; whole && i < report->count; i++) {
        const struct spf_run *run = report->targets[i].run;
        const struct spf_diagnosis *d = report->targets[i].diagnosis;
        const struct spf_fleet_member member = {
            .verdict = d->verdict, .cause = d->cause, .evidence = run->results[d->check].evidence};
        struct spf_buf title;

        spf_buf_init(&title, 600);
        spf_target_title(&title, run);
        whole = spf_fleet_add(members, title.data, &member, d->check, run->target->key_path,
                              run->target->jump);
        spf_buf_clear(&title);
    }
    return whole;
}

void spf_fleet_members_clear(spf_fleet_members *members)
{
    for (size_t i = 0; i < members->count; i++)
        free(members->items[i].title);
    free(members->items);
    *members = (spf_fleet_members){0};
}

static int compare_text(const char *one, const char *other)
{
    return strcmp(one != NULL ? one : "", other != NULL ? other : "");
}

/* Borrowed members; those of one group side by side, in their order. */
static int by_trait(const void *a, const void *b)
{
    const struct spf_fleet_member *one = *(struct spf_fleet_member *const *)a;
    const struct spf_fleet_member *other = *(struct spf_fleet_member *const *)b;
    int order = (one->cause > other->cause) - (one->cause < other->cause);

    if (order == 0)
        order = compare_text(one->thing, other->thing);
    if (order == 0)
        order = compare_text(one->value, other->value);
    return order != 0 ? order : (one > other) - (one < other);
}

static bool same_trait(const struct group *group, const struct spf_fleet_member *member)
{
    return group->cause == member->cause && compare_text(group->thing, member->thing) == 0 &&
           compare_text(group->value, member->value) == 0;
}

static int by_size(const void *a, const void *b)
{
    const struct group *one = a, *other = b;
    size_t first = one->members.items[0], second = other->members.items[0];

    if (one->members.count != other->members.count)
        return one->members.count > other->members.count ? -1 : 1;
    return (first > second) - (first < second);
}

/* False: no memory, and the groups that are there are not all. Cleared in any case. */
static bool make_groups(const spf_fleet_members *members, struct fleet *fleet)
{
    struct spf_fleet_member **sorted = calloc(members->count + 1, sizeof(void *));
    struct group *group = NULL;
    bool whole = sorted != NULL;
    size_t count = 0;

    *fleet = (struct fleet){0};
    for (size_t i = 0; whole && i < members->count; i++) {
        if (members->items[i].cause != SPF_NO_FINDING)
            sorted[count++] = &members->items[i];
    }
    if (count > 0)
        qsort(sorted, count, sizeof *sorted, by_trait);
    for (size_t i = 0; whole && i < count; i++) {
        size_t *member;

        if (group == NULL || !same_trait(group, sorted[i])) {
            group = SPF_APPEND(&fleet->groups);
            if (group != NULL)
                *group = (struct group){.cause = sorted[i]->cause,
                                        .thing = sorted[i]->thing,
                                        .value = sorted[i]->value};
        }
        member = group != NULL ? SPF_APPEND(&group->members) : NULL;
        whole = member != NULL;
        if (whole)
            *member = (size_t)(sorted[i] - members->items);
    }
    if (whole && fleet->groups.count > 0)
        qsort(fleet->groups.items, fleet->groups.count, sizeof *fleet->groups.items, by_size);
    free(sorted);
    return whole;
}

static void clear_groups(struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->groups.count; i++)
        free(fleet->groups.items[i].members.items);
    free(fleet->groups.items);
}

static struct json_object *evidence_of(const spf_fleet_members *members, const struct group *group,
                                       size_t member)
{
    return members->items[group->members.items[member]].evidence;
}

/* The evidence that all members of the group have in common. */
static struct json_object *shared_by(const spf_fleet_members *members, const struct group *group)
{
    struct json_object *shared = json_object_new_object(), *first = evidence_of(members, group, 0);

    if (group->thing != NULL)
        (void)json_object_object_add(shared, group->thing, spf_clean_json(group->value));
    if (!json_object_is_type(first, json_type_object))
        return shared;
    json_object_object_foreach(first, name, value)
    {
        bool same = value != NULL && !json_object_is_type(value, json_type_array) &&
                    !json_object_is_type(value, json_type_object);

        for (size_t i = 1; same && i < group->members.count; i++) {
            struct json_object *other = spf_json_get(evidence_of(members, group, i), name);

            same = other != NULL && json_object_equal(value, other) == 1;
        }
        if (same)
            (void)json_object_object_add(shared, name, json_object_get(value));
    }
    return shared;
}

static struct json_object *groups_json(const spf_fleet_members *members)
{
    struct json_object *list = json_object_new_array();
    struct fleet fleet;

    if (!make_groups(members, &fleet)) {
        clear_groups(&fleet);
        json_object_put(list);
        return NULL;
    }
    for (size_t i = 0; i < fleet.groups.count; i++) {
        const struct group *group = &fleet.groups.items[i];
        struct json_object *one = json_object_new_object(), *names = json_object_new_array();

        (void)json_object_object_add(one, "cause",
                                     json_object_new_string(spf_findings[group->cause].id));
        (void)json_object_object_add(one, "shared", shared_by(members, group));
        for (size_t k = 0; k < group->members.count; k++)
            (void)json_object_array_add(
                names, spf_clean_json(members->items[group->members.items[k]].title));
        (void)json_object_object_add(one, "targets", names);
        (void)json_object_array_add(list, one);
    }
    clear_groups(&fleet);
    return list;
}

static void count_verdicts(const spf_fleet_members *members, size_t count[3])
{
    for (size_t i = 0; i < members->count; i++)
        count[members->items[i].verdict]++;
}

struct json_object *spf_fleet_json(const spf_fleet_members *members)
{
    struct json_object *object = json_object_new_object();
    size_t count[3] = {0};

    count_verdicts(members, count);
    (void)json_object_object_add(object, "targets", json_object_new_int64((int64_t)members->count));
    for (int verdict = SPF_VERDICT_PASS; verdict <= SPF_VERDICT_UNKNOWN; verdict++)
        (void)json_object_object_add(object, spf_verdict_name((enum spf_verdict)verdict),
                                     json_object_new_int64((int64_t)count[verdict]));
    (void)json_object_object_add(object, "groups", groups_json(members));
    return object;
}

/* How the thing that a group shares is called in a sentence. */
static const char *noun(const char *thing)
{
    static const char *const nouns[][2] = {
        {"principal", N_("the identity")},      {"source", N_("the credentials of")},
        {"gateway", N_("the gateway")},         {"route_table", N_("the route table")},
        {"nat_gateway", N_("the NAT gateway")}, {"group", N_("the security group")},
        {"open_in", N_("the security group")},  {"acl", N_("the network ACL")},
        {"vswitch", N_("the vSwitch")},         {"name", N_("the key pair")},
        {"key_file", N_("the key file")},       {"jump", N_("the jump host")},
    };

    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
        if (strcmp(nouns[i][0], thing) == 0)
            return spf_tr(nouns[i][1]);
    return thing;
}

static void add_names(struct spf_page *page, const spf_fleet_members *members,
                      const struct group *group)
{
    size_t shown = group->members.count;
    struct spf_buf title;

    if (page->style->detail <= 0 && shown > NAMES_SHOWN)
        shown = NAMES_SHOWN;
    spf_buf_init(&title, 700);
    spf_page_tab(page, 6);
    page->indent = 6;
    for (size_t i = 0; i < shown; i++) {
        spf_buf_clear(&title);
        spf_buf_addf(&title, "%s%s%s", i > 0 ? " " : "",
                     members->items[group->members.items[i]].title,
                     i + 1 < group->members.count ? "," : "");
        spf_page_flow(page, SPF_INK_DIM, title.data);
    }
    spf_buf_clear(&title);
    if (shown < group->members.count) {
        spf_buf_addf(&title, _(" and %zu more"), group->members.count - shown);
        spf_page_flow(page, SPF_INK_DIM, title.data);
    }
    spf_page_line(page);
    spf_buf_clear(&title);
}

static void add_group(struct spf_page *page, const spf_fleet_members *members,
                      const struct group *group)
{
    size_t count = group->members.count;
    struct spf_buf line;

    spf_buf_init(&line, 1000);
    spf_buf_addf(&line, _("%zu of %zu: "), count, members->count);
    spf_page_tab(page, 2);
    page->indent = 6;
    spf_page_put(page, SPF_INK_BOLD, line.data);
    spf_page_flow(page, SPF_INK_PLAIN, spf_findings[group->cause].id);
    spf_buf_clear(&line);
    if (group->thing != NULL && count > 1) {
        spf_buf_addf(&line, _(", all by %s "), noun(group->thing));
        spf_buf_add_clean(&line, group->value, strlen(group->value), 300);
        spf_buf_addstr(&line, _(": one repair serves them all"));
    } else if (group->thing != NULL) {
        spf_buf_addf(&line, _(", by %s "), noun(group->thing));
        spf_buf_add_clean(&line, group->value, strlen(group->value), 300);
    }
    spf_page_flow(page, SPF_INK_PLAIN, line.data);
    spf_page_line(page);
    spf_buf_clear(&line);
    add_names(page, members, group);
}

void spf_fleet_text(struct spf_page *page, const spf_fleet_members *members)
{
    size_t count[3] = {0};
    struct fleet fleet;
    char line[160];

    count_verdicts(members, count);
    (void)spf_format(line, sizeof line, _("%zu targets: %zu pass, %zu fail, %zu unknown"),
                     members->count, count[SPF_VERDICT_PASS], count[SPF_VERDICT_FAIL],
                     count[SPF_VERDICT_UNKNOWN]);
    spf_page_line(page);
    spf_page_put(page, SPF_INK_BOLD, line);
    spf_page_line(page);
    if (make_groups(members, &fleet)) {
        for (size_t i = 0; i < fleet.groups.count; i++)
            add_group(page, members, &fleet.groups.items[i]);
    }
    clear_groups(&fleet);
}

void spf_left_out_text(struct spf_page *page, const struct spf_report_left_out *lines, size_t count)
{
    char line[600];

    for (size_t i = 0; i < count; i++) {
        spf_page_tab(page, 2);
        page->indent = 6;
        (void)spf_format(line, sizeof line, _("%s names no target: %s"), lines[i].where,
                         lines[i].why);
        spf_page_flow(page, SPF_INK_YELLOW, line);
        spf_page_line(page);
    }
}
