#ifndef SPF_TESTS_CLOUD_DESK_H
#define SPF_TESTS_CLOUD_DESK_H

#include <stdio.h>

#include "all_facts.h"
#include "base/json.h"
#include "cloud/address.h"
#include "pipeline/check.h"
#include "pipeline/slots.h"
#include "unit.h"

/* A target with all that the judges ask for, healthy; each test spoils what it is about. */
struct fixture {
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

static inline struct spf_address *address(struct fixture *fixture, enum spf_address_class class,
                                          const char *text)
{
    struct spf_address *added = SPF_APPEND(&fixture->facts.instance->addresses);

    added->class = class;
    added->ip = ip(text);
    added->private_ip = ip("10.0.1.11");
    added->bandwidth = class == SPF_CLASS_PRIVATE ? 0 : 5;
    return added;
}

static inline struct spf_rule *rule(struct fixture *fixture, enum spf_policy policy, int priority,
                                    const char *source)
{
    struct spf_rule *added = SPF_APPEND(&fixture->facts.rules->rules);

    added->policy = policy;
    added->priority = priority;
    strcpy(added->protocol, "TCP");
    spf_ports_set(&added->ports, "22/22");
    strcpy(added->group, "sg-1");
    (void)snprintf(added->id, sizeof added->id, "sgr-%zu", fixture->facts.rules->rules.count);
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

static inline void own(struct fixture *fixture, const char *text, int bits)
{
    struct spf_own_address *added = SPF_APPEND(&fixture->facts.local_environment->own);

    added->ip = ip(text);
    added->bits = bits;
}

static inline void set(struct fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    open_all(&fixture->facts);
    fixture->target = (struct spf_target){.instance_id = "i-bp1lab0000000000web1",
                                          .user = "root",
                                          .port = 22,
                                          .key_path = "key.pem",
                                          .source_ip = ip("203.0.113.7"),
                                          .selected = SPF_ALL_CHECKS};
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        spf_result_init(&fixture->results[i]);
    }
    spf_result_init(&fixture->result);
    for (int i = 0; i <= SPF_GROUP_KEY_PAIR; i++) {
        fixture->facts.group[i].phase = SPF_PRESENT;
    }
    strcpy(fixture->facts.instance->id, fixture->target.instance_id);
    strcpy(fixture->facts.instance->region, "cn-hangzhou");
    strcpy(fixture->facts.instance->state_name, "Running");
    address(fixture, SPF_CLASS_ELASTIC, "203.0.113.10");
    address(fixture, SPF_CLASS_PRIVATE, "10.0.1.11");
    strcpy(SPF_APPEND(&fixture->facts.rules->groups)->id, "sg-1");
    fixture->view = (struct spf_view){&fixture->target, &fixture->facts, fixture->results};
}

static inline void clean(struct fixture *fixture)
{
    spf_facts_clear(&fixture->facts);
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        spf_result_clear(&fixture->results[i]);
    }
    spf_result_clear(&fixture->result);
}

static inline void judge(struct fixture *fixture, spf_judge *judge_of)
{
    spf_result_forget(&fixture->result);
    fixture->opinion = judge_of(&fixture->view, &fixture->result);
}

#define FOUND(fixture, cause)                                        \
    ck_assert_msg((fixture).opinion.kind == SPF_OPINION_CONCLUDES && \
                      (fixture).opinion.finding == (cause),          \
                  "kind %d, %s: %s", (int)(fixture).opinion.kind,    \
                  spf_findings[(fixture).opinion.finding].id, (fixture).result.summary)

/* The first remedy with a command, as it will be printed. */
static inline const char *command(struct fixture *fixture)
{
    static char text[1000];
    const struct spf_remedy *remedy = spf_findings[fixture->opinion.finding].remedies;

    for (; remedy->text != NULL; remedy++) {
        struct spf_buf words, buf;
        bool ok;

        spf_buf_init(&words, 2000);
        spf_buf_init(&buf, 2000);
        ok = spf_slots_expand(&words, remedy->text, SPF_SLOT_TEXT, &fixture->view,
                              &fixture->result) &&
             remedy->command != NULL &&
             spf_slots_expand(&buf, remedy->command, SPF_SLOT_COMMAND, &fixture->view,
                              &fixture->result);
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
