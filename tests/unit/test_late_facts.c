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
        if (cases[i].spoil != NULL) {
            cases[i].spoil(&f);
        }
        ck_assert_msg(((spf_diagnosis_wants(&f.run) & SPF_GROUP_BIT(CONSOLE)) != 0) ==
                          cases[i].wanted,
                      "case %zu", i);
        fixture_clear(&f);
    }
}
END_TEST

static void closed_early(struct fixture *f)
{
    skip_ssh(f);
    set(f, SPF_CHECK_SSH_BANNER, SPF_FAIL, SPF_SSH_CLOSED_EARLY, NULL);
}

static void no_user_pty(struct fixture *f)
{
    set(f, SPF_CHECK_SSH_SESSION, SPF_FAIL, SPF_SESSION_NO_SHELL, NULL);
}

static void stopped(struct fixture *f)
{
    refused(f, NULL);
    set(f, SPF_CHECK_CLOUD_INSTANCE, SPF_FAIL, SPF_INSTANCE_STOPPED, NULL);
}

static void other_pair_and_login_to_come(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_KEY_PAIR, SPF_FAIL, SPF_KEY_PAIR_DIFFERENT, NULL);
    set(f, SPF_CHECK_SSH_AUTH, SPF_PENDING, SPF_NO_FINDING, NULL);
}

static void other_pair_and_a_login(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_KEY_PAIR, SPF_FAIL, SPF_KEY_PAIR_DIFFERENT, NULL);
}

static void open_to_the_world(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_WARN, SPF_SG_OPEN_TO_WORLD, NULL);
}

static void refused_without_image(struct fixture *f)
{
    refused(f, NULL);
    f->run.facts.instance->image[0] = '\0';
}

static void already_asked(struct fixture *f)
{
    refused(f, NULL);
    f->run.facts.group[SPF_GROUP_IMAGE].phase = SPF_FAILED;
    f->run.facts.group[SPF_GROUP_ASSISTANT].phase = SPF_ASKED;
}

/* The image where it can explain a refused key; the agent where something is to be done inside. */
START_TEST(the_image_and_the_agent_are_wanted_where_they_can_help)
{
    static const struct {
        void (*spoil)(struct fixture *f);
        bool image, agent;
    } cases[] = {
        {NULL, false, false},
        {asked_for, false, false},
        {open_to_the_world, false, false},
        {bound_long_ago, true, true},
        {another_pair, false, true},
        {other_pair_and_login_to_come, false, false},
        {other_pair_and_a_login, false, false},
        {no_user_pty, false, true},
        {stopped, false, false},
        {silent_and_denied, false, false},
        {blocked_past_the_rules, false, true},
        {refused_port, false, true},
        {refused_at_a_stranger, false, true},
        {closed_early, false, true},
        {host_alone_refused, false, false},
        {refused_without_image, false, true},
        {already_asked, false, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        spf_groups wants;

        healthy(&f);
        spf_copy(f.run.facts.instance->image, sizeof f.run.facts.instance->image, "m-bp1x");
        if (cases[i].spoil != NULL) {
            cases[i].spoil(&f);
        }
        wants = spf_diagnosis_wants(&f.run);
        ck_assert_msg(((wants & SPF_GROUP_BIT(IMAGE)) != 0) == cases[i].image, "image, case %zu",
                      i);
        ck_assert_msg(((wants & SPF_GROUP_BIT(ASSISTANT)) != 0) == cases[i].agent,
                      "agent, case %zu", i);
        fixture_clear(&f);
    }
}
END_TEST

/* What is to be done inside has the line that leads there, where that is known to be open. */
START_TEST(session_manager_is_the_way_in)
{
    struct fixture f;
    size_t lines = 0;

    healthy(&f);
    refused(&f, NULL);
    f.target.instance_id = "i-bp1a2b3c";
    present(&f, SPF_GROUP_ASSISTANT);
    f.run.facts.assistant->connected = f.run.facts.assistant->session_manager = true;
    present(&f, SPF_GROUP_CREDENTIALS);
    f.run.facts.credentials->identity = SPF_IDENTITY_PROFILE;
    f.run.facts.credentials->instance_cli = true;
    spf_diagnose(&f.run, FIXTURE_NOW, &f.d);
    for (size_t i = 0; i < f.d.remedies.count; i++) {
        const char *command = f.d.remedies.items[i].command;

        if (command != NULL && strncmp(command, "ali-instance-cli ", 17) == 0) {
            ck_assert_str_eq(command,
                             "ali-instance-cli session --instance i-bp1a2b3c --region cn-hangzhou "
                             "--config-path ~/.aliyun/config.json");
            ck_assert_ptr_nonnull(strstr(f.d.remedies.items[i].text, "Session Manager or VNC"));
            lines++;
        }
    }
    ck_assert_uint_eq(lines, 1);
    spf_diagnosis_clear(&f.d);

    f.run.facts.credentials->instance_cli = false;
    spf_diagnose(&f.run, FIXTURE_NOW, &f.d);
    for (size_t i = 0; i < f.d.remedies.count; i++) {
        ck_assert(f.d.remedies.items[i].command == NULL ||
                  strstr(f.d.remedies.items[i].command, "ali-instance-cli") == NULL);
    }
    spf_diagnosis_clear(&f.d);

    f.run.facts.credentials->instance_cli = true;
    f.run.facts.assistant->session_manager = false;
    spf_diagnose(&f.run, FIXTURE_NOW, &f.d);
    for (size_t i = 0; i < f.d.remedies.count; i++) {
        ck_assert(f.d.remedies.items[i].command == NULL ||
                  strstr(f.d.remedies.items[i].command, "ali-instance-cli") == NULL);
    }
    fixture_clear(&f);
}
END_TEST

int main(void)
{
    return unit_main("late_facts",
                     (const TTest *const[]){the_console_is_wanted_where_it_can_help,
                                            the_image_and_the_agent_are_wanted_where_they_can_help,
                                            session_manager_is_the_way_in, NULL});
}
