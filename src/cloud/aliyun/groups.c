#include <string.h>

#include "base/text.h"
#include "cloud/address.h"
#include "cloud/aliyun/operation.h"
#include "cloud/aliyun/parse.h"
#include "cloud/rules.h"

/*
 * The rules of all security groups of the interface that carries the dialled address: every group
 * at once, the pages of each in turn, then the prefix lists and port lists that they name, all at
 * once.
 */
#define LISTS_MAX 100

static bool ask_page(struct spf_operation *operation, const char *group, const char *next,
                     bool intranet);

static struct spf_named_list *list_of(struct spf_named_list *lists, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(lists[i].id, id) == 0) {
            return &lists[i];
        }
    }
    return NULL;
}

/* A list that is unavailable leaves its rules in doubt, no more. */
static void list_done(struct spf_operation *operation, struct spf_call *call,
                      const struct spf_api_reply *reply)
{
    struct spf_rules_facts *facts = operation->inquiry->facts->rules;
    struct spf_named_list *list =
        list_of(facts->prefix_lists.items, facts->prefix_lists.count, call->word);
    struct spf_error error = spf_ok();

    if (list != NULL && reply->failure == NULL) {
        error = spf_parse_prefix_list(reply->body, list);
    } else if (reply->failure == NULL) {
        list = list_of(facts->port_lists.items, facts->port_lists.count, call->word);
        error = spf_parse_port_list(reply->body, list);
    } else if (list == NULL) {
        list = list_of(facts->port_lists.items, facts->port_lists.count, call->word);
    }
    if (reply->failure != NULL) {
        spf_format(list->error, sizeof list->error, "%s %s", spf_findings[reply->failure->cause].id,
                   reply->failure->action);
    } else if (error.code != SPF_OK) {
        spf_copy(list->error, sizeof list->error, error.text);
    }
    if (operation->calls == NULL) {
        spf_operation_finish(operation, NULL);
    }
}

static bool ask_list(struct spf_operation *operation, const char *id, bool ports)
{
    struct spf_rules_facts *facts = operation->inquiry->facts->rules;
    const char *region = operation->inquiry->facts->instance->region;
    const struct spf_sign_pair params[] = {{"RegionId", region},
                                           {ports ? "PortRangeListId" : "PrefixListId", id}};
    struct spf_named_list *lists = ports ? facts->port_lists.items : facts->prefix_lists.items;
    size_t count = ports ? facts->port_lists.count : facts->prefix_lists.count;
    struct spf_named_list *list;

    if (id[0] == '\0' || count >= LISTS_MAX || list_of(lists, count, id) != NULL) {
        return true;
    }
    list = ports ? SPF_APPEND(&facts->port_lists) : SPF_APPEND(&facts->prefix_lists);
    if (list == NULL) {
        return true; /* a list that is not there leaves its rules in doubt */
    }
    spf_copy(list->id, sizeof list->id, id);
    return spf_operation_call(
        operation, "ecs", ports ? "DescribePortRangeListEntries" : "DescribePrefixListAttributes",
        region, params, SPF_COUNT(params), id, list_done);
}

/* All pages are there: now the lists that the rules for TCP name. */
static void pages_done(struct spf_operation *operation)
{
    const struct spf_rules_facts *facts = operation->inquiry->facts->rules;

    for (size_t i = 0; i < facts->rules.count; i++) {
        const struct spf_rule *rule = &facts->rules.items[i];

        if (spf_protocol_parse(rule->protocol) == SPF_PROTOCOL_OTHER) {
            continue;
        }
        if (!ask_list(operation, rule->source_prefix_list, false) ||
            !ask_list(operation, rule->port_list, true)) {
            return;
        }
    }
    if (operation->calls == NULL) {
        spf_operation_finish(operation, NULL);
    }
}

static void take_page(struct spf_operation *operation, struct spf_call *call,
                      const struct spf_api_reply *reply, bool intranet)
{
    static const char action[] = "ecs:DescribeSecurityGroupAttribute";
    struct spf_rules_facts *facts = operation->inquiry->facts->rules;
    char next[SPF_NEXT_SIZE] = "";
    size_t before = facts->rules.count;
    struct spf_error error;

    if (reply->failure != NULL) {
        spf_operation_finish(operation, reply->failure);
        return;
    }
    error = spf_parse_group(reply->body, operation->inquiry->facts->instance->classic, facts, next);
    if (error.code == SPF_OK && next[0] != '\0' && facts->rules.count == before) {
        error = spf_error(SPF_ERR_INVALID, "a page without rules promises another page");
    }
    if (error.code == SPF_OK && next[0] != '\0') {
        error = spf_operation_goes_on(operation, call, next);
    }
    if (error.code != SPF_OK) {
        spf_operation_finish_parsed(operation, error, action, reply->request_id);
        return;
    }
    if (next[0] != '\0' && !ask_page(operation, call->word, next, intranet)) {
        return;
    }
    if (operation->calls == NULL) {
        pages_done(operation);
    }
}

static void page_done(struct spf_operation *operation, struct spf_call *call,
                      const struct spf_api_reply *reply)
{
    take_page(operation, call, reply, false);
}

static void intranet_page_done(struct spf_operation *operation, struct spf_call *call,
                               const struct spf_api_reply *reply)
{
    take_page(operation, call, reply, true);
}

/* In the classic network rules are of two kinds, told one kind a call; in a VPC there is but one.
 */
static bool ask_page(struct spf_operation *operation, const char *group, const char *next,
                     bool intranet)
{
    const char *region = operation->inquiry->facts->instance->region;
    struct spf_sign_pair params[6] = {{"RegionId", region},
                                      {"SecurityGroupId", group},
                                      {"Direction", "ingress"},
                                      {"MaxResults", "1000"}};
    size_t count = 4;

    if (operation->inquiry->facts->instance->classic) {
        params[count++] = (struct spf_sign_pair){"NicType", intranet ? "intranet" : "internet"};
    }
    if (next[0] != '\0') {
        params[count++] = (struct spf_sign_pair){"NextToken", next};
    }
    return spf_operation_call(operation, "ecs", "DescribeSecurityGroupAttribute", region, params,
                              count, group, intranet ? intranet_page_done : page_done);
}

void spf_operation_rules(struct spf_operation *operation)
{
    const struct spf_instance_facts *instance = operation->inquiry->facts->instance;
    struct spf_rules_facts *facts = operation->inquiry->facts->rules;
    const struct spf_id *groups = instance->security_groups.items;
    size_t count = instance->security_groups.count;
    bool in_doubt = instance->groups_in_doubt;
    const struct spf_error no_memory = spf_no_memory();
    struct spf_address dialled =
        spf_cloud_judged_address(operation->inquiry->target, operation->inquiry->facts);
    const struct spf_interface *interface = spf_cloud_interface(instance, &dialled);

    memcpy(facts->interface_id, instance->interface_id, sizeof facts->interface_id);
    if (interface != NULL) {
        memcpy(facts->interface_id, interface->id, sizeof facts->interface_id);
        groups = interface->security_groups.items;
        count = interface->security_groups.count;
        in_doubt = interface->groups_in_doubt;
    }
    in_doubt |= spf_cloud_judged_in_doubt(operation->inquiry->target, operation->inquiry->facts);
    /* An interface has at least one group. */
    if ((count == 0 || in_doubt) &&
        !spf_doubt_rules(facts, "",
                         "the reply does not name all security groups of the interface")) {
        spf_operation_finish_parsed(operation, no_memory, "ecs:DescribeInstances", "");
        return;
    }
    if (count == 0) {
        spf_operation_finish(operation, NULL);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (!ask_page(operation, groups[i].id, "", false) ||
            (instance->classic && !ask_page(operation, groups[i].id, "", true))) {
            return;
        }
    }
}
