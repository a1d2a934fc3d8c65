/* The user's ssh configuration in the pipeline: what waits for it, what it changes, what it is
 * compared with. */
#include "fixture.h"

#include "base/text.h"

static struct spf_run run;

static const struct spf_target by_name = {.host = "web",
                                          .user = "root",
                                          .port = 22,
                                          .ssh_config = "",
                                          .selected = SPF_ALL_CHECKS,
                                          .timeout_ms = 1000};

static void says(struct spf_facts *known, const char *asked, const char *host)
{
    struct spf_ssh_config_facts *facts = spf_facts_group(known, SPF_GROUP_SSH_CONFIG);

    ck_assert_ptr_nonnull(facts);
    spf_copy(facts->asked, sizeof facts->asked, asked);
    spf_copy(facts->host, sizeof facts->host, host);
    spf_copy(facts->user, sizeof facts->user, "deploy");
    facts->port = 2222;
}

static void add_identity(const char *path, bool exists)
{
    struct spf_ssh_file *file = SPF_APPEND(&run.facts.ssh_config->identities);

    file->path = strdup(path);
    ck_assert_ptr_nonnull(file->path);
    file->exists = exists;
}

START_TEST(all_waits_for_it)
{
    spf_run_init(&run, &by_name);
    ck_assert_uint_eq(spf_run_advance(&run, 1), SPF_GROUP_BIT(SSH_CONFIG));
    says(&run.facts, "web", "10.0.0.5");
    add_identity("/none", false);
    add_identity("/key", true);
    ck_assert(spf_run_asked(&run, SPF_GROUP_SSH_CONFIG, 1));
    ck_assert_uint_eq(spf_run_advance(&run, 2), 0);
    spf_run_arrived(&run, SPF_GROUP_SSH_CONFIG, NULL, 3);
    ck_assert_str_eq(run.target->host, "10.0.0.5");
    ck_assert_str_eq(run.target->alias, "web");
    ck_assert_str_eq(run.target->user, "deploy");
    ck_assert_str_eq(run.target->key_path, "/key");
    ck_assert_uint_eq(run.target->port, 2222);
    ck_assert(run.target->key_configured);
    ck_assert_ptr_eq(run.asked, &by_name);
    ck_assert_uint_eq(spf_run_advance(&run, 4) & (SPF_GROUP_BIT(KEY) | SPF_GROUP_BIT(TCP)),
                      SPF_GROUP_BIT(KEY) | SPF_GROUP_BIT(TCP));
    spf_run_clear(&run);
}
END_TEST

START_TEST(a_key_that_is_given_waits_for_nothing)
{
    struct spf_target target = by_name;

    target.key_path = "key.pem";
    spf_run_init(&run, &target);
    ck_assert_uint_eq(spf_run_advance(&run, 1), SPF_GROUP_BIT(SSH_CONFIG) | SPF_GROUP_BIT(KEY));
    says(&run.facts, "web", "web");
    add_identity("/key", true);
    spf_run_arrived(&run, SPF_GROUP_SSH_CONFIG, NULL, 3);
    ck_assert_str_eq(run.target->key_path, "key.pem");
    ck_assert(!run.target->key_configured);
    ck_assert_ptr_null(run.target->alias);
    spf_run_clear(&run);
}
END_TEST

static void add_offer(const char *path)
{
    struct spf_ssh_offer *offer = SPF_APPEND(&run.facts.ssh_config->offers);

    spf_copy(offer->path, sizeof offer->path, path);
    offer->blob = strdup(path[0] == '\0' ? "AAAB" : "AAAA");
    offer->in_agent = path[0] == '\0';
}

/* ssh -i offers others as well: which of them there are decides what the server is asked about. */
START_TEST(a_key_of_an_ssh_command_is_one_among_others)
{
    struct spf_target target = by_name;
    struct spf_asked_key *asked;

    target.key_path = "k";
    target.openssh_typed = true;
    for (int others = 0; others < 2; others++) {
        spf_run_init(&run, &target);
        says(&run.facts, "web", "10.0.0.5");
        if (others > 0) {
            add_offer("");
        }
        add_offer("k");
        ck_assert_uint_eq(spf_run_advance(&run, 1), SPF_GROUP_BIT(SSH_CONFIG));
        ck_assert(spf_run_asked(&run, SPF_GROUP_SSH_CONFIG, 1));
        spf_run_arrived(&run, SPF_GROUP_SSH_CONFIG, NULL, 2);
        ck_assert_str_eq(run.target->key_path, "k");
        ck_assert(!run.target->key_configured);
        ck_assert_ptr_eq(run.target->offer,
                         others > 0 ? &run.facts.ssh_config->offers.items[1] : NULL);
        if (others == 0) {
            spf_run_clear(&run);
        }
    }
    ck_assert(spf_run_asked(&run, SPF_GROUP_QUERY, 3));
    asked = SPF_APPEND(&run.facts.query->asked);
    asked->offer = 0;
    asked->outcome = SPF_AUTH_ACCEPTED;
    run.facts.query->outcome = SPF_AUTH_ACCEPTED;
    spf_run_arrived(&run, SPF_GROUP_QUERY, NULL, 4);
    ck_assert_ptr_eq(run.target->offer, &run.facts.ssh_config->offers.items[0]);
    ck_assert_ptr_null(run.target->key_path);
    spf_run_clear(&run);
}
END_TEST

START_TEST(without_it_nothing_is_judged_that_it_may_change)
{
    const struct spf_failure failure = spf_failure(SPF_SSH_CONFIG_UNUSABLE, "no");

    spf_run_init(&run, &by_name);
    (void)spf_run_advance(&run, 1);
    spf_run_arrived(&run, SPF_GROUP_SSH_CONFIG, &failure, 2);
    (void)spf_run_advance(&run, 3);
    ck_assert(spf_run_done(&run));
    ck_assert_int_eq(run.results[SPF_CHECK_NET_PORT].finding, SPF_SSH_CONFIG_UNUSABLE);
    ck_assert_int_eq(run.results[SPF_CHECK_NET_PORT].status, SPF_UNKNOWN);
    ck_assert_int_eq(run.results[SPF_CHECK_KEY_FILE].status, SPF_UNKNOWN);
    spf_run_clear(&run);
}
END_TEST

START_TEST(no_key_file_is_not_known)
{
    spf_run_init(&run, &by_name);
    says(&run.facts, "web", "web");
    add_identity("/none", false);
    spf_run_arrived(&run, SPF_GROUP_SSH_CONFIG, NULL, 1);
    (void)spf_run_advance(&run, 2);
    ck_assert_int_eq(run.results[SPF_CHECK_KEY_FILE].finding, SPF_KEY_MISSING);
    ck_assert_int_eq(run.results[SPF_CHECK_KEY_FILE].status, SPF_UNKNOWN);
    ck_assert(!(spf_run_advance(&run, 2) & SPF_GROUP_BIT(KEY)));
    spf_run_clear(&run);
}
END_TEST

/* Of an instance, the address that was asked about is the one to try where it has a way. */
START_TEST(an_instance_behind_a_way)
{
    struct spf_target target = by_name;

    target.host = NULL;
    target.instance_id = "i-bp1";
    spf_run_init(&run, &target);
    ck_assert(!(spf_run_advance(&run, 1) & SPF_GROUP_BIT(SSH_CONFIG))); /* there is no name yet */
    says(&run.facts, "10.0.0.5", "10.0.0.5");
    spf_run_arrived(&run, SPF_GROUP_SSH_CONFIG, NULL, 2);
    ck_assert_ptr_null(run.target->host);
    ck_assert(!spf_target_is_proxied(run.target));

    spf_copy(run.facts.ssh_config->jump, 10, "bastion");
    spf_run_reconfigure(&run, SPF_GROUP_SSH_CONFIG);
    ck_assert_str_eq(run.target->host, "10.0.0.5");
    ck_assert_str_eq(run.target->jump, "bastion");
    ck_assert(run.target->jump_configured && run.target->alias == NULL);

    run.facts.ssh_config->jump[0] = '\0';
    spf_copy(run.facts.ssh_config->proxy_program, 10, "relay");
    spf_run_reconfigure(&run, SPF_GROUP_SSH_CONFIG);
    ck_assert_ptr_null(run.target->jump);
    ck_assert(spf_target_is_proxied(run.target));
    spf_run_clear(&run);
}
END_TEST

START_TEST(nonsense_of_a_record_is_passed_over)
{
    spf_run_init(&run, &by_name);
    says(&run.facts, "web", "10.0.0.5");
    run.facts.ssh_config->port = 70000;
    spf_run_arrived(&run, SPF_GROUP_SSH_CONFIG, NULL, 1);
    ck_assert_ptr_eq(run.target, &by_name);
    run.facts.ssh_config->port = 22;
    run.facts.ssh_config->host[0] = '\0';
    spf_run_reconfigure(&run, SPF_GROUP_SSH_CONFIG);
    ck_assert_ptr_eq(run.target, &by_name);
    spf_run_clear(&run);
}
END_TEST

static void differs(struct fixture *f)
{
    healthy(f);
    ck_assert_uint_eq(spf_diagnosis_wants(&f->run) & SPF_GROUP_BIT(SSH_CONFIG),
                      SPF_GROUP_BIT(SSH_CONFIG));
    says(&f->run.facts, "203.0.113.9", "203.0.113.9");
    spf_copy(f->run.facts.ssh_config->says, 100, "User deploy");
    present(f, SPF_GROUP_SSH_CONFIG);
    ck_assert(!(spf_diagnosis_wants(&f->run) & SPF_GROUP_BIT(SSH_CONFIG)));
}

START_TEST(what_is_not_used_is_compared)
{
    struct fixture f;

    differs(&f);
    spf_diagnosis_reconcile(&f.run);
    spf_diagnosis_reconcile(&f.run);
    spf_diagnose(&f.run, FIXTURE_NOW, &f.d);
    ck_assert_int_eq(f.d.verdict, SPF_VERDICT_PASS);
    ck_assert_int_eq(f.run.results[SPF_CHECK_NET_PORT].status, SPF_WARN);
    ck_assert_int_eq(f.run.results[SPF_CHECK_NET_PORT].finding, SPF_SSH_CONFIG_DIFFERS);
    ck_assert(spf_findings[SPF_SSH_CONFIG_DIFFERS].advisory);
    ck_assert_str_eq(f.d.openssh, "ssh -F none -i key.pem root@203.0.113.9");
    fixture_clear(&f);
}
END_TEST

START_TEST(beside_a_closed_port_it_is_a_remedy)
{
    struct fixture f;
    bool told = false;

    differs(&f);
    f.run.facts.tcp->outcome = SPF_TCP_REFUSED;
    f.target.user_given = true;
    spf_diagnosis_reconcile(&f.run);
    skip_ssh(&f);
    spf_diagnose(&f.run, FIXTURE_NOW, &f.d);
    ck_assert_int_eq(f.d.cause, SPF_PORT_REFUSED);
    for (size_t i = 0; i < f.d.remedies.count; i++) {
        const struct spf_advice *advice = &f.d.remedies.items[i];

        told |= advice->command != NULL &&
                strcmp(advice->command, "sshpreflight --instance i-bp1a2b3c --key key.pem "
                                        "--ssh-config -l root") == 0;
    }
    ck_assert(told);
    fixture_clear(&f);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {all_waits_for_it,
                                  a_key_that_is_given_waits_for_nothing,
                                  a_key_of_an_ssh_command_is_one_among_others,
                                  without_it_nothing_is_judged_that_it_may_change,
                                  no_key_file_is_not_known,
                                  an_instance_behind_a_way,
                                  nonsense_of_a_record_is_passed_over,
                                  what_is_not_used_is_compared,
                                  beside_a_closed_port_it_is_a_remedy,
                                  NULL};

    return unit_main("configure", tests);
}
