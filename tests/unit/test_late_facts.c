/* Which facts are wanted late, and when: only where they may explain what was found. */
#include "fixture.h"

static void blocked_past_the_rules(struct fixture *f)
{
    silent(f, NULL);
}

static void bound_long_ago(struct fixture *f)
{
    refused(f, NULL);
}

static void another_pair(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_KEY_PAIR, SPF_FAIL, SPF_KEY_PAIR_DIFFERENT, NULL);
    refused(f, NULL);
}

static void host_alone_refused(struct fixture *f)
{
    host_only(f, "203.0.113.9");
    refused(f, NULL);
}

static void unknown_host_key(struct fixture *f)
{
    set(f, SPF_CHECK_SSH_HOST_KEY, SPF_WARN, SPF_HOST_KEY_UNKNOWN, NULL);
}

static void silent_and_denied(struct fixture *f)
{
    silent(f, NULL);
    set(f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_FAIL, SPF_SG_NO_RULE, NULL);
}

static void silent_and_rules_to_come(struct fixture *f)
{
    silent(f, NULL);
    set(f, SPF_CHECK_CLOUD_NETWORK_ACL, SPF_PENDING, SPF_NO_FINDING, NULL);
}

static void refused_port(struct fixture *f)
{
    set(f, SPF_CHECK_NET_PORT, SPF_FAIL, SPF_PORT_REFUSED, NULL);
    skip_ssh(f);
}

static void refused_at_a_stranger(struct fixture *f)
{
    refused_port(f);
    set(f, SPF_CHECK_CLOUD_ADDRESS, SPF_FAIL, SPF_ADDRESS_NOT_OF_INSTANCE, NULL);
}

static void no_banner(struct fixture *f)
{
    set(f, SPF_CHECK_SSH_BANNER, SPF_FAIL, SPF_SSH_SILENT, NULL);
}

static void asked_for(struct fixture *f)
{
    f->target.console = true;
}

static void failed_before(struct fixture *f)
{
    refused_port(f);
    f->run.facts.group[SPF_GROUP_CONSOLE].phase = SPF_FAILED;
}

START_TEST(the_console_is_wanted_where_it_can_help)
{
    static const struct {
        void (*spoil)(struct fixture *f);
        bool wanted;
    } cases[] = {
        {NULL, false},
        {asked_for, true},
        {unknown_host_key, true},
        {silent_and_denied, false},
        {silent_and_rules_to_come, false},
        {blocked_past_the_rules, true},
        {refused_port, true},
        {refused_at_a_stranger, false},
        {no_banner, true},
        {bound_long_ago, true},
        {another_pair, false},
        {host_alone_refused, false},
        {failed_before, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;

        healthy(&f);
        if (cases[i].spoil)
            cases[i].spoil(&f);
        ck_assert_msg(((spf_diagnosis_wants(&f.run) & SPF_GROUP_BIT(CONSOLE)) != 0) ==
                          cases[i].wanted,
                      "case %zu", i);
        fixture_clear(&f);
    }
}
END_TEST

int main(void)
{
    return unit_main("late_facts",
                     (const TTest *const[]){the_console_is_wanted_where_it_can_help, NULL});
}
