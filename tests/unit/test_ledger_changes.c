#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "ledger/changes.h"

/* Two finished runs of one target, as an earlier one left it and as it is. */
static struct fixture before;
static struct fixture now;

static void begin(void)
{
    healthy(&before);
    healthy(&now);
}

static void add_rule(struct fixture *f, const char *id, const char *group, const char *source)
{
    struct spf_rules_facts *rules = f->run.facts.rules;
    struct spf_rule *rule = SPF_APPEND(&rules->rules);

    present(f, SPF_GROUP_RULES);
    ck_assert_ptr_nonnull(rule);
    *rule = (struct spf_rule){.policy = SPF_POLICY_ACCEPT, .priority = 1, .protocol = "TCP"};
    spf_copy(rule->id, sizeof rule->id, id);
    spf_copy(rule->group, sizeof rule->group, group);
    spf_copy(rule->source.text, sizeof rule->source.text, source);
    spf_copy(rule->ports.text, sizeof rule->ports.text, "22/22");
}

static void add_group(struct fixture *f, const char *id)
{
    struct spf_group_of_rules *group = SPF_APPEND(&f->run.facts.rules->groups);

    present(f, SPF_GROUP_RULES);
    ck_assert_ptr_nonnull(group);
    *group = (struct spf_group_of_rules){0};
    spf_copy(group->id, sizeof group->id, id);
}

/* What is found, a line each, in its order. */
static void check_found(const char *expected)
{
    struct spf_report_target one = {.run = &before.run, .diagnosis = &before.d};
    struct spf_report_target other = {.run = &now.run, .diagnosis = &now.d};
    struct spf_changes *changes = calloc(1, sizeof *changes);
    struct spf_buf said;

    ck_assert_ptr_nonnull(changes);
    judge(&before);
    judge(&now);
    ck_assert(spf_changes_find(&one, &other, changes));
    spf_buf_init(&said, 4000);
    for (size_t i = 0; i < changes->facts.count; i++) {
        spf_buf_addf(&said, "%s: %s\n", changes->facts.items[i].fact, changes->facts.items[i].text);
    }
    ck_assert_str_eq(said.data, expected);
    spf_buf_clear(&said);
    spf_changes_free(changes);
    fixture_clear(&before);
    fixture_clear(&now);
}

START_TEST(nothing_is_different)
{
    begin();
    check_found("");
}
END_TEST

START_TEST(rules_by_their_ids)
{
    begin();
    add_group(&before, "sg-1");
    add_group(&now, "sg-1");
    add_rule(&before, "sgr-gone", "sg-1", "192.0.2.0/24");
    add_rule(&before, "sgr-other", "sg-1", "192.0.2.0/24");
    add_rule(&now, "sgr-other", "sg-1", "203.0.113.0/24");
    add_rule(&now, "sgr-new", "sg-1", "0.0.0.0/0");
    check_found("rule: rule sgr-gone of sg-1 was removed: accept TCP 22/22 from 192.0.2.0/24, "
                "priority 1\n"
                "rule: rule sgr-new of sg-1 was added: accept TCP 22/22 from 0.0.0.0/0, priority "
                "1\n"
                "rule: rule sgr-other of sg-1 was changed: accept TCP 22/22 from 192.0.2.0/24, "
                "priority 1, now accept TCP 22/22 from 203.0.113.0/24, priority 1\n");
}
END_TEST

/* Of a group that was left its rules are not said one by one. */
START_TEST(groups_that_were_left_and_joined)
{
    begin();
    add_group(&before, "sg-old");
    add_rule(&before, "sgr-1", "sg-old", "192.0.2.0/24");
    add_group(&now, "sg-new");
    add_rule(&now, "sgr-2", "sg-new", "192.0.2.0/24");
    check_found("security_group: the instance joined security group sg-new\n"
                "security_group: the instance left security group sg-old\n");
}
END_TEST

/* What one of the runs does not know is no difference. */
START_TEST(what_is_not_known_is_no_change)
{
    begin();
    add_group(&now, "sg-1");
    add_rule(&now, "sgr-1", "sg-1", "192.0.2.0/24");
    before.run.facts.group[SPF_GROUP_RULES].phase = SPF_FAILED;
    before.run.facts.handshake->host_key_sha256[0] = '\0';
    spf_copy(now.run.facts.handshake->host_key_sha256,
             sizeof now.run.facts.handshake->host_key_sha256, "SHA256:b");
    check_found("");
}
END_TEST

/* A report holds no rules: of them it says which one decided. */
START_TEST(of_a_report_the_rule_that_decided)
{
    begin();
    before.run.facts.group[SPF_GROUP_RULES].phase = SPF_FAILED;
    now.run.facts.group[SPF_GROUP_RULES].phase = SPF_FAILED;
    before.run.results[SPF_CHECK_CLOUD_SECURITY_GROUP].rule = "sgr-1";
    now.run.results[SPF_CHECK_CLOUD_SECURITY_GROUP].rule = "sgr-2";
    check_found("rule: rule sgr-1 decided, now sgr-2 does\n");
}
END_TEST

/* Whatever else is different: the fact that the cause rests on comes first. */
START_TEST(what_the_cause_rests_on_is_first)
{
    begin();
    spf_copy(before.run.facts.identification->software,
             sizeof before.run.facts.identification->software, "OpenSSH_9.2");
    spf_copy(now.run.facts.identification->software, sizeof now.run.facts.identification->software,
             "OpenSSH_9.6");
    spf_copy(before.run.facts.query->methods, sizeof before.run.facts.query->methods, "publickey");
    spf_copy(now.run.facts.query->methods, sizeof now.run.facts.query->methods, "password");
    refused(&now, NULL);
    check_found("methods: the server offered publickey, now password\n"
                "software: the server was OpenSSH_9.2, now OpenSSH_9.6\n");
}
END_TEST

int main(void)
{
    return unit_main("ledger_changes",
                     (const TTest *const[]){
                         nothing_is_different, rules_by_their_ids, groups_that_were_left_and_joined,
                         what_is_not_known_is_no_change, of_a_report_the_rule_that_decided,
                         what_the_cause_rests_on_is_first, NULL});
}
