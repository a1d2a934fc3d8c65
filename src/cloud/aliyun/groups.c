#include <string.h>

#include "base/text.h"
#include "cloud/aliyun/ask.h"
#include "cloud/aliyun/parse.h"

/* The rules of all security groups of the interface: every group at once, the pages of each in
 * turn. */

static bool ask_page(struct spf_ask *ask, const char *group, const char *next);

static void page_done(struct spf_ask *ask, struct spf_errand *errand,
                      const struct spf_api_reply *reply)
{
    static const char action[] = "ecs:DescribeSecurityGroupAttribute";
    struct spf_rules_facts *facts = &ask->inquiry->facts->rules;
    char next[SPF_NEXT_SIZE] = "";
    size_t before = facts->rules.count;
    struct spf_error error;

    if (reply->failure != NULL) {
        spf_ask_finish(ask, reply->failure);
        return;
    }
    error = spf_parse_group(reply->body, facts, next);
    if (error.code == SPF_OK && next[0] != '\0' && facts->rules.count == before)
        error = spf_error(SPF_ERR_INVALID, "a page without rules promises another page");
    if (error.code != SPF_OK) {
        spf_ask_finish_parsed(ask, error, action, reply->request_id);
        return;
    }
    if (next[0] != '\0' && !ask_page(ask, errand->word, next))
        return;
    if (ask->errands == NULL)
        spf_ask_finish(ask, NULL);
}

static bool ask_page(struct spf_ask *ask, const char *group, const char *next)
{
    const char *region = ask->inquiry->facts->instance.region;
    const struct spf_sign_pair params[] = {{"RegionId", region},
                                           {"SecurityGroupId", group},
                                           {"Direction", "ingress"},
                                           {"MaxResults", "1000"},
                                           {"NextToken", next}};

    return spf_ask_call(ask, "ecs", "DescribeSecurityGroupAttribute", region, params,
                        SPF_COUNT(params) - (next[0] == '\0'), group, page_done);
}

void spf_ask_rules(struct spf_ask *ask)
{
    const struct spf_instance_facts *instance = &ask->inquiry->facts->instance;

    memcpy(ask->inquiry->facts->rules.interface_id, instance->interface_id,
           sizeof instance->interface_id);
    if (instance->security_groups.count == 0) {
        spf_ask_finish(ask, NULL);
        return;
    }
    for (size_t i = 0; i < instance->security_groups.count; i++)
        if (!ask_page(ask, instance->security_groups.items[i].id, ""))
            return;
}
