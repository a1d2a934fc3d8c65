#ifndef SPF_TESTS_CLOUD_DESK_H
#define SPF_TESTS_CLOUD_DESK_H

#include <stdio.h>

#include "base/json.h"
#include "cloud/address.h"
#include "pipeline/check.h"
#include "pipeline/slots.h"
#include "unit.h"

/* A target with all that the judges ask for, healthy; each test spoils what it is about. */
struct desk {
    struct spf_target target;
    struct spf_facts facts;
    struct spf_result results[SPF_CHECK_COUNT];
    struct spf_view view;
    struct spf_result result;
    struct spf_opinion opinion;
};

static inline struct spf_ip ip(const char *text)
{
    struct spf_ip value = {0};

    ck_assert(spf_ip_parse(text, &value));
    return value;
}

static inline struct spf_address *address(struct desk *desk, enum spf_address_class class,
                                          const char *text)
{
    struct spf_address *added = SPF_APPEND(&desk->facts.instance.addresses);

    added->class = class;
    added->ip = ip(text);
    added->private_ip = ip("10.0.1.11");
    added->bandwidth = class == SPF_CLASS_PRIVATE ? 0 : 5;
    return added;
}

static inline struct spf_rule *rule(struct desk *desk, enum spf_policy policy, int priority,
                                    const char *source)
{
    struct spf_rule *added = SPF_APPEND(&desk->facts.rules.rules);

    added->policy = policy;
    added->priority = priority;
    strcpy(added->protocol, "TCP");
    spf_ports_set(&added->ports, "22/22");
    strcpy(added->group, "sg-1");
    (void)snprintf(added->id, sizeof added->id, "sgr-%zu", desk->facts.rules.rules.count);
    spf_block_set(&added->source, source);
    return added;
}

static inline struct spf_acl_entry acl_entry(const char *ports, const char *cidr)
{
    struct spf_acl_entry entry = {.protocol = "tcp"};

    spf_ports_set(&entry.ports, ports);
    spf_block_set(&entry.cidr, cidr);
    return entry;
}

static inline void own(struct desk *desk, const char *text, int bits)
{
    struct spf_own_address *added = SPF_APPEND(&desk->facts.local_environment.own);

    added->ip = ip(text);
    added->bits = bits;
}

static inline void set(struct desk *desk)
{
    memset(desk, 0, sizeof *desk);
    desk->target = (struct spf_target){.instance_id = "i-bp1lab0000000000web1",
                                       .user = "root",
                                       .port = 22,
                                       .key_path = "key.pem",
                                       .source_ip = ip("203.0.113.7"),
                                       .selected = SPF_ALL_CHECKS};
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        spf_result_init(&desk->results[i]);
    }
    spf_result_init(&desk->result);
    for (int i = 0; i <= SPF_GROUP_KEY_PAIR; i++) {
        desk->facts.group[i].phase = SPF_PRESENT;
    }
    strcpy(desk->facts.instance.id, desk->target.instance_id);
    strcpy(desk->facts.instance.region, "cn-hangzhou");
    strcpy(desk->facts.instance.state_name, "Running");
    address(desk, SPF_CLASS_ELASTIC, "203.0.113.10");
    address(desk, SPF_CLASS_PRIVATE, "10.0.1.11");
    strcpy(SPF_APPEND(&desk->facts.rules.groups)->id, "sg-1");
    desk->view = (struct spf_view){&desk->target, &desk->facts, desk->results};
}

static inline void clean(struct desk *desk)
{
    spf_facts_clear(&desk->facts);
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        spf_result_clear(&desk->results[i]);
    }
    spf_result_clear(&desk->result);
}

static inline void judge(struct desk *desk, spf_judge *judge_of)
{
    spf_result_forget(&desk->result);
    desk->opinion = judge_of(&desk->view, &desk->result);
}

#define FOUND(desk, cause)                                        \
    ck_assert_msg((desk).opinion.kind == SPF_OPINION_CONCLUDES && \
                      (desk).opinion.finding == (cause),          \
                  "kind %d, %s: %s", (int)(desk).opinion.kind,    \
                  spf_findings[(desk).opinion.finding].id, (desk).result.summary)

/* The first remedy with a command, as it will be printed. */
static inline const char *command(struct desk *desk)
{
    static char text[1000];
    const struct spf_remedy *remedy = spf_findings[desk->opinion.finding].remedies;

    for (; remedy->text != NULL; remedy++) {
        struct spf_buf words, buf;
        bool ok;

        spf_buf_init(&words, 2000);
        spf_buf_init(&buf, 2000);
        ok = spf_slots_expand(&words, remedy->text, SPF_SLOT_TEXT, &desk->view, &desk->result) &&
             remedy->command != NULL &&
             spf_slots_expand(&buf, remedy->command, SPF_SLOT_COMMAND, &desk->view, &desk->result);
        (void)snprintf(text, sizeof text, "%s", buf.data);
        spf_buf_clear(&words);
        spf_buf_clear(&buf);
        if (ok) {
            return text;
        }
    }
    return "";
}

#endif
