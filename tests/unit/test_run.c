/* The pipeline, fed with facts by hand: what is judged, what is wanted, what is skipped and why. */
#include "unit.h"

#include "pipeline/run.h"

static struct spf_run run;

static const struct spf_target host_only = {.host = "203.0.113.9",
                                            .user = "root",
                                            .key_path = "key.pem",
                                            .port = 22,
                                            .selected = SPF_ALL_CHECKS,
                                            .timeout_ms = 1000};
static const struct spf_target instance = {.instance_id = "i-bp1",
                                           .user = "root",
                                           .key_path = "key.pem",
                                           .port = 22,
                                           .selected = SPF_ALL_CHECKS,
                                           .timeout_ms = 1000};

static void check_status(enum spf_check_id check, enum spf_status status)
{
    ck_assert_msg(run.results[check].status == status, "%s is %s, not %s",
                  spf_check_table[check].id, spf_status_name(run.results[check].status),
                  spf_status_name(status));
}

static void check_skip(enum spf_check_id check, enum spf_check_id because)
{
    check_status(check, SPF_SKIP);
    ck_assert_uint_eq(run.results[check].skip_reason, SPF_SKIP_NEED);
    ck_assert_str_eq(spf_check_table[run.results[check].because].id, spf_check_table[because].id);
}

static void fail_group(enum spf_group group, enum spf_finding cause)
{
    const struct spf_failure failure = spf_failure(cause, "because of the test");

    spf_run_arrived(&run, group, &failure, 5);
}

START_TEST(the_table_is_in_order)
{
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        ck_assert(spf_check_table[i].judge != NULL);
        ck_assert_uint_eq(spf_check_table[i].needs >> i, 0);
        ck_assert_int_eq(spf_check_by_id(spf_check_table[i].id), i);
    }
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        ck_assert_uint_eq(spf_groups_info[i].inputs >> i, 0);
    }
}
END_TEST

START_TEST(the_catalogue_is_whole)
{
    for (int i = SPF_NO_FINDING + 1; i < SPF_FINDING_COUNT; i++) {
        const struct spf_finding_info *info = &spf_findings[i];

        ck_assert_int_eq(spf_finding_by_id(info->id), i);
        ck_assert_msg(strspn(info->id, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(info->id),
                      "%s", info->id);
        ck_assert_msg(spf_check_by_id(info->check) >= 0 || strcmp(info->check, "cloud.*") == 0 ||
                          strcmp(info->check, "*") == 0 || strcmp(info->check, "target") == 0,
                      "%s: %s", info->id, info->check);
        ck_assert_msg(info->status == SPF_WARN || info->status == SPF_FAIL ||
                          info->status == SPF_UNKNOWN,
                      "%s", info->id);
        ck_assert_msg(info->remedies[0].text != NULL, "%s has no remedy", info->id);
        ck_assert_msg(info->sentence[strlen(info->sentence) - 1] != '.', "%s", info->id);
        ck_assert_msg(!info->advisory || info->status == SPF_WARN, "%s", info->id);
    }
}
END_TEST

START_TEST(a_host_alone_needs_no_cloud)
{
    spf_groups wants;

    spf_run_init(&run, &host_only);
    wants = spf_run_advance(&run, 1);
    for (int i = SPF_CHECK_CLOUD_ACCESS; i <= SPF_CHECK_CLOUD_KEY_PAIR; i++) {
        check_status((enum spf_check_id)i, SPF_SKIP);
        ck_assert_uint_eq(run.results[i].skip_reason, SPF_SKIP_NOT_APPLICABLE);
    }
    ck_assert(wants & SPF_GROUP_BIT(KEY));
    ck_assert(wants & SPF_GROUP_BIT(TCP));
    ck_assert(!(wants & SPF_GROUP_BIT(INSTANCE)));
    ck_assert(spf_run_expects(&run, SPF_CHECK_SSH_HANDSHAKE));
    spf_run_clear(&run);
}
END_TEST

START_TEST(a_missing_key_skips_the_login_and_is_never_dialled_for_it)
{
    spf_run_init(&run, &host_only);
    (void)spf_run_advance(&run, 1);
    ck_assert(spf_run_asked(&run, SPF_GROUP_KEY, 1));
    run.facts.key->outcome = SPF_KEY_ABSENT;
    spf_run_arrived(&run, SPF_GROUP_KEY, NULL, 2);
    (void)spf_run_advance(&run, 3);
    check_status(SPF_CHECK_KEY_FILE, SPF_FAIL);
    check_skip(SPF_CHECK_KEY_MODE, SPF_CHECK_KEY_FILE);
    check_skip(SPF_CHECK_KEY_FORMAT, SPF_CHECK_KEY_FILE);
    check_status(SPF_CHECK_SSH_AUTH, SPF_PENDING); /* the host key is still judged */
    fail_group(SPF_GROUP_TCP, SPF_SYSTEM_ERROR);
    (void)spf_run_advance(&run, 6);
    check_status(SPF_CHECK_NET_PORT, SPF_UNKNOWN);
    check_skip(SPF_CHECK_SSH_BANNER, SPF_CHECK_NET_PORT);
    ck_assert(spf_run_done(&run));
    spf_run_clear(&run);
}
END_TEST

START_TEST(without_credentials_the_rest_is_skipped_with_its_reason)
{
    spf_groups wants;

    spf_run_init(&run, &instance);
    wants = spf_run_advance(&run, 1);
    ck_assert(wants & SPF_GROUP_BIT(CREDENTIALS));
    ck_assert(!(wants & (SPF_GROUP_BIT(INSTANCE) | SPF_GROUP_BIT(TCP))));
    fail_group(SPF_GROUP_CREDENTIALS, SPF_CREDENTIALS_MISSING);
    fail_group(SPF_GROUP_LOCAL_ENVIRONMENT, SPF_SYSTEM_ERROR);
    fail_group(SPF_GROUP_KEY, SPF_SYSTEM_ERROR);
    (void)spf_run_advance(&run, 6);
    check_status(SPF_CHECK_CLOUD_ACCESS, SPF_UNKNOWN);
    ck_assert_uint_eq(run.results[SPF_CHECK_CLOUD_ACCESS].finding, SPF_CREDENTIALS_MISSING);
    check_skip(SPF_CHECK_CLOUD_INSTANCE, SPF_CHECK_CLOUD_ACCESS);
    check_skip(SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_CHECK_CLOUD_INSTANCE);
    check_skip(SPF_CHECK_NET_PORT, SPF_CHECK_CLOUD_ADDRESS);
    ck_assert(spf_run_done(&run));
    spf_run_clear(&run);
}
END_TEST

START_TEST(only_brings_what_it_needs)
{
    struct spf_target target = instance;

    target.selected = SPF_CHECK_BIT(NET_PORT);
    spf_run_init(&run, &target);
    (void)spf_run_advance(&run, 1);
    check_status(SPF_CHECK_CLOUD_ADDRESS, SPF_PENDING);
    check_status(SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_SKIP);
    ck_assert_uint_eq(run.results[SPF_CHECK_CLOUD_SECURITY_GROUP].skip_reason,
                      SPF_SKIP_NOT_SELECTED);
    check_status(SPF_CHECK_KEY_FILE, SPF_SKIP);
    spf_run_clear(&run);

    target.host = "203.0.113.9";
    spf_run_init(&run, &target);
    check_status(SPF_CHECK_CLOUD_ADDRESS, SPF_SKIP);
    spf_run_clear(&run);

    target.selected = SPF_CHECK_BIT(SSH_AUTH);
    spf_run_init(&run, &target);
    check_status(SPF_CHECK_CLOUD_ADDRESS, SPF_PENDING);
    spf_run_clear(&run);
}
END_TEST

/* Whatever comes, in whatever order, and whatever fails: the run ends, and without a pass for the
 * unseen. */
START_TEST(every_run_ends)
{
    unsigned seed = 1;

    for (int round = 0; round < 2000; round++) {
        const struct spf_target *target = round & 1 ? &host_only : &instance;
        spf_groups asked = 0;
        spf_groups answered = 0;

        spf_run_init(&run, target);
        for (int turn = 0; turn < 60 && !spf_run_done(&run); turn++) {
            spf_groups wants = spf_run_advance(&run, turn + 1);
            int group;

            ck_assert_uint_eq(wants & asked, 0);
            for (int i = 0; i < SPF_GROUP_COUNT; i++) {
                if (wants >> i & 1) {
                    ck_assert(spf_run_asked(&run, (enum spf_group)i, turn + 1));
                }
            }
            asked |= wants;
            if ((asked & ~answered) == 0) {
                break;
            }
            do {
                seed = seed * 1103515245u + 12345u;
                group = (int)(seed >> 16) % SPF_GROUP_COUNT;
            } while (!((asked & ~answered) >> group & 1));
            answered |= 1u << group;
            if (seed >> 9 & 1) {
                fail_group((enum spf_group)group, SPF_SYSTEM_ERROR);
            } else {
                spf_run_arrived(&run, (enum spf_group)group, NULL, turn + 1); /* zeroed facts */
            }
        }
        (void)spf_run_advance(&run, 100);
        ck_assert_msg(spf_run_done(&run), "round %d", round);
        spf_run_clear(&run);
    }
}
END_TEST

START_TEST(an_abandoned_run_is_unknown_with_its_cause)
{
    const struct spf_failure failure = spf_failure(SPF_INTERRUPTED, "Ctrl-C");

    spf_run_init(&run, &host_only);
    (void)spf_run_advance(&run, 1);
    spf_run_abandon(&run, &failure, 2);
    ck_assert(spf_run_done(&run));
    check_status(SPF_CHECK_KEY_FILE, SPF_UNKNOWN);
    ck_assert_uint_eq(run.results[SPF_CHECK_NET_PORT].finding, SPF_INTERRUPTED);
    spf_run_clear(&run);
}
END_TEST

int main(void)
{
    return unit_main(
        "run", (const TTest *const[]){the_table_is_in_order, the_catalogue_is_whole,
                                      a_host_alone_needs_no_cloud,
                                      a_missing_key_skips_the_login_and_is_never_dialled_for_it,
                                      without_credentials_the_rest_is_skipped_with_its_reason,
                                      only_brings_what_it_needs, every_run_ends,
                                      an_abandoned_run_is_unknown_with_its_cause, NULL});
}
