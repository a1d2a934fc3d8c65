#include "report/fleet.h"

#include <stdlib.h>
#include <string.h>

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

static const char *evidence_text(const struct spf_result *result, const char *name)
{
    struct json_object *value = NULL;

    return json_object_object_get_ex(result->evidence, name, &value) &&
                   json_object_is_type(value, json_type_string)
               ? json_object_get_string(value)
               : NULL;
}

/* What a target's cause comes of, as other targets may have it, too. */
struct trait {
    enum spf_finding cause;
    const char *thing, *value;
    size_t index;
};

static struct trait trait_of(const struct spf_report_target *target, size_t index)
{
    const struct spf_diagnosis *d = target->diagnosis;
    const struct spf_target *asked = target->run->target;
    struct trait trait = {.cause = d->cause, .index = index};

    for (size_t i = 0; i < 3 && trait.value == NULL && things[d->check][i] != NULL; i++) {
        trait.thing = things[d->check][i];
        trait.value = evidence_text(&target->run->results[d->check], trait.thing);
    }
    if (trait.value == NULL && d->check <= SPF_CHECK_KEY_FORMAT) {
        trait.thing = "key_file";
        trait.value = asked->key_path;
    }
    if (trait.value == NULL && d->check >= SPF_CHECK_NET_PORT) {
        trait.thing = "jump";
        trait.value = asked->jump;
    }
    if (trait.value == NULL)
        trait.thing = NULL;
    return trait;
}

static int by_trait(const void *a, const void *b)
{
    const struct trait *one = a, *other = b;
    int order = (one->cause > other->cause) - (one->cause < other->cause);

    if (order == 0)
        order =
            strcmp(one->thing != NULL ? one->thing : "", other->thing != NULL ? other->thing : "");
    if (order == 0)
        order =
            strcmp(one->value != NULL ? one->value : "", other->value != NULL ? other->value : "");
    return order != 0 ? order : (one->index > other->index) - (one->index < other->index);
}

static bool same_trait(const struct spf_fleet_group *group, const struct trait *trait)
{
    const struct trait of_group = {group->cause, group->thing, group->value, trait->index};

    return by_trait(&of_group, trait) == 0;
}

static int by_size(const void *a, const void *b)
{
    const struct spf_fleet_group *one = a, *other = b;
    size_t first = one->members.items[0], second = other->members.items[0];

    if (one->members.count != other->members.count)
        return one->members.count > other->members.count ? -1 : 1;
    return (first > second) - (first < second);
}

bool spf_fleet_group(const struct spf_report *report, struct spf_fleet *fleet)
{
    struct trait *traits = calloc(report->count + 1, sizeof *traits);
    struct spf_fleet_group *group = NULL;
    bool whole = traits != NULL;
    size_t count = 0;

    *fleet = (struct spf_fleet){0};
    for (size_t i = 0; whole && i < report->count; i++) {
        if (report->targets[i].diagnosis->cause != SPF_NO_FINDING)
            traits[count++] = trait_of(&report->targets[i], i);
    }
    if (count > 0)
        qsort(traits, count, sizeof *traits, by_trait);
    for (size_t i = 0; whole && i < count; i++) {
        size_t *member;

        if (group == NULL || !same_trait(group, &traits[i])) {
            group = SPF_APPEND(&fleet->groups);
            if (group != NULL)
                *group = (struct spf_fleet_group){
                    .cause = traits[i].cause, .thing = traits[i].thing, .value = traits[i].value};
        }
        member = group != NULL ? SPF_APPEND(&group->members) : NULL;
        whole = member != NULL;
        if (whole)
            *member = traits[i].index;
    }
    if (whole && fleet->groups.count > 0)
        qsort(fleet->groups.items, fleet->groups.count, sizeof *fleet->groups.items, by_size);
    free(traits);
    return whole;
}

void spf_fleet_clear(struct spf_fleet *fleet)
{
    for (size_t i = 0; i < fleet->groups.count; i++)
        free(fleet->groups.items[i].members.items);
    free(fleet->groups.items);
    *fleet = (struct spf_fleet){0};
}

static const struct spf_result *result_of(const struct spf_report *report,
                                          const struct spf_fleet_group *group, size_t member)
{
    const struct spf_report_target *target = &report->targets[group->members.items[member]];

    return &target->run->results[target->diagnosis->check];
}

struct json_object *spf_fleet_shared(const struct spf_report *report,
                                     const struct spf_fleet_group *group)
{
    struct json_object *shared = json_object_new_object();

    if (group->thing != NULL)
        (void)json_object_object_add(shared, group->thing, spf_clean_json(group->value));
    json_object_object_foreach(result_of(report, group, 0)->evidence, name, value)
    {
        bool same = value != NULL && !json_object_is_type(value, json_type_array) &&
                    !json_object_is_type(value, json_type_object);

        for (size_t i = 1; same && i < group->members.count; i++) {
            struct json_object *other = NULL;

            same = json_object_object_get_ex(result_of(report, group, i)->evidence, name, &other) &&
                   json_object_equal(value, other) == 1;
        }
        if (same)
            (void)json_object_object_add(shared, name, json_object_get(value));
    }
    return shared;
}

struct json_object *spf_fleet_json(const struct spf_report *report)
{
    struct json_object *list = json_object_new_array();
    struct spf_fleet fleet;
    struct spf_buf title;

    if (!spf_fleet_group(report, &fleet)) {
        spf_fleet_clear(&fleet);
        json_object_put(list);
        return NULL;
    }
    spf_buf_init(&title, 600);
    for (size_t i = 0; i < fleet.groups.count; i++) {
        const struct spf_fleet_group *group = &fleet.groups.items[i];
        struct json_object *one = json_object_new_object(), *names = json_object_new_array();

        (void)json_object_object_add(one, "cause",
                                     json_object_new_string(spf_findings[group->cause].id));
        (void)json_object_object_add(one, "shared", spf_fleet_shared(report, group));
        for (size_t k = 0; k < group->members.count; k++) {
            spf_buf_clear(&title);
            spf_target_title(&title, report->targets[group->members.items[k]].run);
            (void)json_object_array_add(names, spf_clean_json(title.data));
        }
        (void)json_object_object_add(one, "targets", names);
        (void)json_object_array_add(list, one);
    }
    spf_buf_clear(&title);
    spf_fleet_clear(&fleet);
    return list;
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

static void add_names(struct spf_page *page, const struct spf_report *report,
                      const struct spf_fleet_group *group)
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
        if (i > 0)
            spf_buf_addch(&title, ' ');
        spf_target_title(&title, report->targets[group->members.items[i]].run);
        if (i + 1 < group->members.count)
            spf_buf_addch(&title, ',');
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

static void add_group(struct spf_page *page, const struct spf_report *report,
                      const struct spf_fleet_group *group)
{
    size_t count = group->members.count;
    struct spf_buf line;

    spf_buf_init(&line, 1000);
    spf_buf_addf(&line, _("%zu of %zu: "), count, report->count);
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
    add_names(page, report, group);
}

void spf_fleet_text(struct spf_page *page, const struct spf_report *report)
{
    size_t count[3] = {0};
    struct spf_fleet fleet;
    char line[160];

    for (size_t i = 0; i < report->count; i++)
        count[report->targets[i].diagnosis->verdict]++;
    (void)spf_format(line, sizeof line, _("%zu targets: %zu pass, %zu fail, %zu unknown"),
                     report->count, count[SPF_VERDICT_PASS], count[SPF_VERDICT_FAIL],
                     count[SPF_VERDICT_UNKNOWN]);
    spf_page_line(page);
    spf_page_put(page, SPF_INK_BOLD, line);
    spf_page_line(page);
    if (spf_fleet_group(report, &fleet)) {
        for (size_t i = 0; i < fleet.groups.count; i++)
            add_group(page, report, &fleet.groups.items[i]);
    }
    spf_fleet_clear(&fleet);
    for (size_t i = 0; i < report->left_out_count; i++) {
        spf_page_tab(page, 2);
        page->indent = 6;
        spf_page_flow(page, SPF_INK_YELLOW, report->left_out[i].where);
        spf_page_flow(page, SPF_INK_YELLOW, _(" names no target: "));
        spf_page_flow(page, SPF_INK_YELLOW, report->left_out[i].why);
        spf_page_line(page);
    }
}
