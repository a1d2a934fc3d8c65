#include "cloud_fixture.h"
#include "evidence.h"

/* From which address the rules see us come. */

START_TEST(sources)
{
    struct fixture fixture;

    set(&fixture);
    fixture.target.source_ip = (struct spf_ip){0};
    own(&fixture, "192.168.1.5", 24);
    rule(&fixture, SPF_POLICY_ACCEPT, 10, "198.51.100.0/24");
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_SOURCE_UNKNOWN);

    rule(&fixture, SPF_POLICY_ACCEPT, 10, "0.0.0.0/0");
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_OPEN_TO_WORLD);
    ck_assert(fixture.opinion.holds);
    rule(&fixture, SPF_POLICY_DROP, 1, "0.0.0.0/0");
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_RULE_DENIES);
    ck_assert_str_eq(command(&fixture), "aliyun ecs RevokeSecurityGroup --RegionId cn-hangzhou "
                                        "--SecurityGroupId sg-1 --SecurityGroupRuleId.1 sgr-3");
    fixture.facts.rules->rules.count = 1;

    /* Our own address, where it is public. */
    own(&fixture, "8.8.8.8", 24);
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_SOURCE_EXCLUDED);
    ck_assert_str_eq(evidence_text(&fixture.result, "source_ip"), "8.8.8.8");

    /* Inside the VPC it is the private one. */
    own(&fixture, "10.0.1.5", 24);
    fixture.target.address = SPF_ADDRESS_PRIVATE;
    spf_block_set(&fixture.facts.rules->rules.items[0].source, "10.0.1.5/32");
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_NO_FINDING);
    clean(&fixture);
}
END_TEST

START_TEST(sources_behind_a_jump_host)
{
    struct fixture fixture;

    set(&fixture);
    fixture.target.jump = "root@bastion";
    fixture.target.source_ip = (struct spf_ip){0};
    fixture.target.address = SPF_ADDRESS_PUBLIC;
    own(&fixture, "8.8.8.8", 24);
    own(&fixture, "10.0.1.5", 24);
    rule(&fixture, SPF_POLICY_ACCEPT, 10, "9.9.9.9/32");
    fixture.facts.group[SPF_GROUP_TCP].phase = SPF_PRESENT;
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_SOURCE_UNKNOWN);
    strcpy(fixture.facts.tcp->jump_address, "9.9.9.9");
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_NO_FINDING);
    ck_assert_str_eq(evidence_text(&fixture.result, "source_ip"), "9.9.9.9");

    /* Its public address says nothing of the one it has in the VPC. */
    fixture.target.address = SPF_ADDRESS_PRIVATE;
    fixture.facts.group[SPF_GROUP_JUMP_INSTANCE].phase = SPF_ABSENT;
    judge(&fixture, spf_judge_cloud_security_group);
    ck_assert_int_eq(fixture.opinion.kind, SPF_OPINION_WANTS);
    ck_assert_uint_eq(fixture.opinion.wants, SPF_GROUP_BIT(JUMP_INSTANCE));
    fixture.facts.group[SPF_GROUP_JUMP_INSTANCE].phase = SPF_PRESENT;
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_SOURCE_UNKNOWN);
    ck_assert_ptr_nonnull(strstr(fixture.result.summary, "only its public one, 9.9.9.9, is known"));
    /* The cloud knows both. */
    fixture.facts.jump_instance->private_ip = ip("10.0.1.7");
    spf_copy(fixture.facts.jump_instance->vpc, sizeof fixture.facts.jump_instance->vpc,
             fixture.facts.instance->vpc);
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_SOURCE_EXCLUDED);
    ck_assert_str_eq(evidence_text(&fixture.result, "source_ip"), "10.0.1.7");
    strcpy(fixture.facts.tcp->jump_address, "10.0.1.9");
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_SOURCE_EXCLUDED);
    ck_assert_str_eq(evidence_text(&fixture.result, "source_ip"), "10.0.1.9");
    clean(&fixture);
}
END_TEST

START_TEST(what_the_server_saw)
{
    static const struct {
        const char *peer;
        enum spf_finding finding;
        const char *source;
    } cases[] = {
        {"", SPF_SG_SOURCE_UNKNOWN, NULL},
        {"198.51.100.7", SPF_NO_FINDING, "198.51.100.7"},
        {"203.0.113.9", SPF_SG_SOURCE_EXCLUDED, "203.0.113.9"},
        {"127.0.0.1", SPF_SG_SOURCE_UNKNOWN, NULL},
        {"2001:db8::1", SPF_SG_SOURCE_UNKNOWN, NULL},
        {"no address", SPF_SG_SOURCE_UNKNOWN, NULL},
    };

    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        struct fixture fixture;
        bool jumps = i % 2 == 1;

        set(&fixture);
        fixture.target.source_ip = (struct spf_ip){0};
        fixture.target.jump = jumps ? "root@bastion" : NULL;
        fixture.target.address = SPF_ADDRESS_PUBLIC;
        own(&fixture, "192.168.1.5", 24);
        rule(&fixture, SPF_POLICY_ACCEPT, 10, "198.51.100.0/24");
        fixture.facts.group[SPF_GROUP_TCP].phase = SPF_PRESENT;
        fixture.facts.group[SPF_GROUP_SESSION].phase = SPF_PRESENT;
        strcpy(fixture.facts.session->peer, cases[i / 2].peer);
        judge(&fixture, spf_judge_cloud_security_group);
        FOUND(fixture, cases[i / 2].finding);
        if (cases[i / 2].source != NULL) {
            ck_assert_str_eq(evidence_text(&fixture.result, "source_ip"), cases[i / 2].source);
            ck_assert_str_eq(evidence_text(&fixture.result, "source_from"),
                             "the server, which saw it");
        }
        clean(&fixture);
    }
}
END_TEST

/* The lookup is wanted where it is asked for and bears on the answer, and for the internet only. */
START_TEST(a_service_that_tells)
{
    struct spf_failure failure;
    struct fixture fixture;

    set(&fixture);
    fixture.target.source_ip = (struct spf_ip){0};
    fixture.target.source_lookup = "https://service.example/ip";
    own(&fixture, "8.8.8.8", 24);
    own(&fixture, "10.0.1.5", 24);
    rule(&fixture, SPF_POLICY_ACCEPT, 10, "198.51.100.0/24");
    fixture.facts.group[SPF_GROUP_LOOKUP].phase = SPF_ABSENT;
    fixture.facts.group[SPF_GROUP_RULES].phase = SPF_ABSENT;
    judge(&fixture, spf_judge_cloud_security_group);
    ck_assert_int_eq(fixture.opinion.kind, SPF_OPINION_WANTS);
    ck_assert_uint_eq(fixture.opinion.wants, SPF_GROUP_BIT(LOOKUP) | SPF_GROUP_BIT(RULES));
    fixture.facts.group[SPF_GROUP_RULES].phase = SPF_PRESENT;
    fixture.facts.group[SPF_GROUP_LOOKUP].phase = SPF_PRESENT;
    fixture.facts.lookup->address = ip("198.51.100.7");
    strcpy(fixture.facts.lookup->service, "service.example");
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_NO_FINDING);
    ck_assert_str_eq(evidence_text(&fixture.result, "source_from"), "service.example");
    fixture.facts.lookup->address = ip("2001:db8::1"); /* of no use for an IPv4 address */
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_SOURCE_UNKNOWN);

    failure = spf_failure(SPF_SG_SOURCE_UNKNOWN, "it is down");
    spf_group_settle(&fixture.facts.group[SPF_GROUP_LOOKUP], &failure);
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_SOURCE_UNKNOWN);
    ck_assert_str_eq(evidence_text(&fixture.result, "lookup_failed"), "it is down");

    /* On the way to a private address the internet's view of us says nothing. */
    fixture.target.address = SPF_ADDRESS_PRIVATE;
    fixture.facts.group[SPF_GROUP_LOOKUP].phase = SPF_ABSENT;
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_SOURCE_EXCLUDED);
    ck_assert_str_eq(evidence_text(&fixture.result, "source_ip"), "10.0.1.5");
    clean(&fixture);
}
END_TEST

int main(void)
{
    return unit_main("cloud_sources",
                     (const TTest *const[]){sources, sources_behind_a_jump_host,
                                            what_the_server_saw, a_service_that_tells, NULL});
}
