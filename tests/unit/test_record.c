/* What a record keeps, what it must not, and that a damaged one is recognised. */
#include <stdio.h>

#include "all_facts.h"
#include "unit.h"

#include "base/json.h"
#include "ledger/ledger.h"
#include "ledger/record.h"
#include "pipeline/inquiry.h"

static struct spf_facts replayed;
static struct spf_failure failed;
static bool came;

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    (void)inquiry;
    (void)group;
    came = failure == NULL;
    if (failure != NULL) {
        failed = *failure;
    }
}

static struct spf_error read_text(const char *text, struct spf_ledger **record)
{
    struct spf_buf remarks;
    struct spf_error error;

    spf_buf_init(&remarks, 10000);
    error = spf_ledger_read_text(text, strlen(text), &remarks, record);
    spf_buf_clear(&remarks);
    if (error.code == SPF_OK && spf_ledger_runs(*record) == 0) {
        spf_ledger_free(*record);
        *record = NULL;
        error.code = SPF_ERR_INVALID;
    }
    return error;
}

/* The record of a run as its text, to be freed; NULL: it could not be written. */
static char *write_record(const struct spf_run *run)
{
    const struct spf_report_target target = {.run = run, .duration_ms = 7};
    const struct spf_report report = {.started_utc = 1000, .targets = &target, .count = 1};
    struct spf_buf buf;

    spf_buf_init(&buf, 1024 * 1024);
    spf_record_write(&buf, &report);
    return spf_buf_take(&buf);
}

static struct spf_ledger *read_back(const char *text)
{
    struct spf_ledger *record = NULL;
    struct spf_error error = read_text(text, &record);

    ck_assert_msg(error.code == SPF_OK, "%s", error.text);
    return record;
}

static void serve(struct spf_ledger *record, enum spf_group group)
{
    struct spf_inquiry inquiry = {
        .target = spf_ledger_entry(record, 0)->target, .facts = &replayed, .arrived = arrived};

    open_all(&replayed);
    spf_ledger_serve(record, 0, &inquiry, group);
}

static const struct spf_target target = {.instance_id = "i-bp1",
                                         .user = "root",
                                         .key_path = "/home/someone/keys/prod.pem",
                                         .port = 2222,
                                         .selected = SPF_ALL_CHECKS,
                                         .timeout_ms = 10000};

static char *record_of_a_run(void)
{
    const struct spf_failure denied =
        (struct spf_failure){.cause = SPF_PERMISSION_DENIED,
                             .text = "refused",
                             .action = "ecs:DescribeSecurityGroupAttribute",
                             .request_id = "R-1",
                             .explicit_deny = true};
    struct spf_run run;
    char *text;

    ck_assert_int_eq(setenv("HOME", "/home/someone//", 1), 0);
    spf_run_init(&run, &target);
    open_all(&run.facts);
    (void)snprintf(run.facts.tcp->address, sizeof run.facts.tcp->address, "203.0.113.9");
    spf_run_arrived(&run, SPF_GROUP_TCP, NULL, 5);
    (void)snprintf(run.facts.session->output, sizeof run.facts.session->output,
                   "canary of a command");
    spf_run_arrived(&run, SPF_GROUP_SESSION, NULL, 6);
    spf_run_arrived(&run, SPF_GROUP_RULES, &denied, 7);
    text = write_record(&run);
    ck_assert_ptr_nonnull(text);
    spf_run_clear(&run);
    return text;
}

START_TEST(facts_and_failures_come_back)
{
    char *text = record_of_a_run();
    struct spf_ledger *record = read_back(text);

    ck_assert_uint_eq(spf_ledger_count(record), 1);
    ck_assert_str_eq(spf_ledger_entry(record, 0)->target->instance_id, "i-bp1");
    ck_assert_uint_eq(spf_ledger_entry(record, 0)->target->port, 2222);
    serve(record, SPF_GROUP_TCP);
    ck_assert(came);
    ck_assert_str_eq(replayed.tcp->address, "203.0.113.9");
    serve(record, SPF_GROUP_RULES);
    ck_assert(!came);
    ck_assert_uint_eq(failed.cause, SPF_PERMISSION_DENIED);
    ck_assert_str_eq(failed.action, "ecs:DescribeSecurityGroupAttribute");
    ck_assert_str_eq(failed.request_id, "R-1");
    ck_assert(failed.explicit_deny);
    serve(record, SPF_GROUP_KEY);
    ck_assert(!came);
    ck_assert_uint_eq(failed.cause, SPF_NOT_RECORDED);
    spf_ledger_free(record);
    spf_facts_clear(&replayed);
    free(text);
}
END_TEST

/* Written and read, every text is the same, whatever bytes it has and however long it is. */
START_TEST(texts_come_back_byte_for_byte)
{
    static const char *const words[] = {"--region", "cn-\x80x", NULL};
    struct spf_target odd = {.host = "h\xff\xc3\x28.example",
                             .user = "\xe2\x80\xaeroot",
                             .key_path = "/k\x1b[2J\n\x7f",
                             .ssh_config = "",
                             .find_key = "",
                             .other_options = words,
                             .port = 22,
                             .port_given = true,
                             .deadline_s = 7,
                             .selected = SPF_ALL_CHECKS};
    struct spf_failure refused = {.cause = SPF_API_ERROR};
    struct spf_ledger *record;
    struct spf_run run;
    char *text;

    /* a message of the API in Chinese that fills its room, cut where a character ends */
    for (size_t len = 0; len + 3 < sizeof refused.text; len += 3) {
        (void)strcat(refused.text, "\xe6\x9d\x83");
    }
    spf_run_init(&run, &odd);
    spf_run_arrived(&run, SPF_GROUP_INSTANCE, &refused, 7);
    text = write_record(&run);
    spf_run_clear(&run);
    record = read_back(text);
    ck_assert_str_eq(spf_ledger_entry(record, 0)->target->host, odd.host);
    ck_assert_str_eq(spf_ledger_entry(record, 0)->target->user, odd.user);
    ck_assert_str_eq(spf_ledger_entry(record, 0)->target->key_path, odd.key_path);
    ck_assert_str_eq(spf_ledger_entry(record, 0)->target->ssh_config, "");
    ck_assert_str_eq(spf_ledger_entry(record, 0)->target->find_key, "");
    ck_assert_str_eq(spf_ledger_entry(record, 0)->target->other_options[1], words[1]);
    ck_assert_ptr_null(spf_ledger_entry(record, 0)->target->other_options[2]);
    ck_assert(spf_ledger_entry(record, 0)->target->port_given &&
              !spf_ledger_entry(record, 0)->target->user_given);
    ck_assert_uint_eq(spf_ledger_entry(record, 0)->target->deadline_s, 7);
    ck_assert_int_eq(spf_ledger_run(record, 0)->started_utc, 1000);
    serve(record, SPF_GROUP_INSTANCE);
    ck_assert_str_eq(failed.text, refused.text);
    spf_ledger_free(record);
    free(text);
}
END_TEST

/* --only key asks about no host. */
START_TEST(a_record_of_the_key_alone_is_read)
{
    const struct spf_target alone = {
        .key_path = "k", .user = "root", .port = 22, .selected = SPF_CHECK_BIT(KEY_FORMAT)};
    struct spf_run run;
    char *text;

    spf_run_init(&run, &alone);
    text = write_record(&run);
    spf_run_clear(&run);
    spf_ledger_free(read_back(text));
    free(text);
}
END_TEST

START_TEST(no_home_and_no_output_is_kept)
{
    char *text = record_of_a_run();

    ck_assert_ptr_null(strstr(text, "/home/someone"));
    ck_assert_ptr_nonnull(strstr(text, "~/keys/prod.pem"));
    ck_assert_ptr_null(strstr(text, "canary"));
    free(text);
}
END_TEST

#define HEAD   "\"recorded_at\":\"2026-11-22T10:00:00Z\",\"targets\":"
#define RECORD "{\"schema\":\"sshpreflight.record/1\"," HEAD

START_TEST(what_is_no_record_is_refused)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"schema\":\"sshpreflight.report/1\",\"targets\":[]}",
        RECORD "[]}",
        RECORD "[{}]}",
        RECORD "[{\"target\":{\"host\":\"h\",\"port\":0}}]}",
        RECORD "[{\"target\":{\"port\":22,\"selected\":32767}}]}",
        RECORD "[{\"target\":{\"host\":\"h\",\"port\":22,\"family\":5}}]}",
        RECORD "[{\"target\":{\"host\":{\"base64\":\"aABo\"},\"port\":22}}]}",
        RECORD "[{\"target\":{\"host\":{\"base64\":\"a\"},\"port\":22}}]}",
        ("{\"schema\":\"sshpreflight.record/"
         "1\",\"targets\":[{\"target\":{\"host\":\"h\",\"port\":22}}]}"),
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct spf_ledger *record = NULL;

        ck_assert_msg(read_text(bad[i], &record).code == SPF_ERR_INVALID, "%s", bad[i]);
        ck_assert_ptr_null(record);
    }
}
END_TEST

START_TEST(a_damaged_group_is_not_recorded)
{
    static const char *const groups[] = {
        "{\"tcp\":{\"facts\":{\"outcome\":\"no such outcome\"}}}", "{\"tcp\":{\"facts\":[]}}",
        "{\"tcp\":{\"failure\":{\"cause\":\"no-such-cause\"}}}",
        "{\"tcp\":{\"failure\":{\"cause\":\"port-silent\"}}}", /* a finding is no failure */
    };

    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        char text[400];
        struct spf_ledger *record;

        (void)snprintf(text, sizeof text,
                       RECORD "[{\"target\":{\"host\":\"h\",\"port\":22},\"groups\":%s}]}",
                       groups[i]);
        record = read_back(text);
        serve(record, SPF_GROUP_TCP);
        ck_assert_msg(!came && failed.cause == SPF_NOT_RECORDED, "%s", groups[i]);
        spf_ledger_free(record);
    }
    spf_facts_clear(&replayed);
}
END_TEST

int main(void)
{
    return unit_main("record",
                     (const TTest *const[]){
                         facts_and_failures_come_back, texts_come_back_byte_for_byte,
                         a_record_of_the_key_alone_is_read, no_home_and_no_output_is_kept,
                         what_is_no_record_is_refused, a_damaged_group_is_not_recorded, NULL});
}
