#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reports.h"

#define SCHEMA   TEST_DATA "/../../src/report/report.schema.json"
#define VALIDATE TEST_DATA "/../unit/validate.py"

static char *json_of(const struct case_of_report *which)
{
    struct fixture f;
    struct spf_report_target target;
    struct spf_report report;
    struct spf_buf buf;

    begin_case(&f, which);
    target = reported(&f);
    report = report_of(&target, 1);
    spf_buf_init(&buf, 1 << 20);
    spf_report_json(&buf, &report);
    ck_assert(!spf_buf_failed(&buf));
    fixture_clear(&f);
    return spf_buf_take(&buf);
}

static int validate(const char *folder)
{
    char command[2000];
    int status;

    snprintf(command, sizeof command, "python3 %s %s %s/*.json", VALIDATE, SCHEMA, folder);
    status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[300];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s.json", folder, name);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void remove_folder(const char *folder)
{
    char command[300];

    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(reports_are_what_the_schema_says)
{
    char folder[] = "/tmp/spf-report-XXXXXX";
    int status;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (size_t i = 0; i < REPORT_CASES; i++) {
        char *text = json_of(&report_cases[i]);

        write_file(folder, report_cases[i].name, text);
        free(text);
    }
    status = validate(folder);
    remove_folder(folder);
    if (status == 77 || status == 127) {
        fprintf(stderr, "SKIPPED: python3-jsonschema is not installed\n");
    } else {
        ck_assert_int_eq(status, 0);
    }
}
END_TEST

/* A schema that lets everything through would prove nothing. */
START_TEST(the_schema_refuses_what_is_missing_or_misspelt)
{
    static const struct {
        const char *from, *to;
    } faults[] = {
        {"\"exit_status\"", "\"exitStatus\""},
        {"\"verdict\":\"fail\"", "\"verdict\":\"FAIL\""},
        {"\"because\":\"net.port\"", "\"because\":null"},
        {"\"tell_apart\"", "\"tellApart\""},
        {"\"port\":22", "\"port\":\"22\""},
        {"\"near_misses\":null", "\"misses\":null"},
        {"\"id\":\"ssh.auth\"", "\"id\":\"ssh.session\""},
    };
    char *text = json_of(&report_cases[3]);
    struct json_object *json = json_tokener_parse(text);
    const char *flat = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN);

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char folder[] = "/tmp/spf-report-XXXXXX";
        const char *at = strstr(flat, faults[i].from);
        char *broken = malloc(strlen(flat) + 100);
        int status;

        ck_assert_msg(at != NULL, "%s is not in the report", faults[i].from);
        sprintf(broken, "%.*s%s%s", (int)(at - flat), flat, faults[i].to,
                at + strlen(faults[i].from));
        ck_assert_ptr_nonnull(mkdtemp(folder));
        write_file(folder, "broken", broken);
        free(broken);
        status = validate(folder);
        remove_folder(folder);
        ck_assert_msg(status == 1 || status == 77 || status == 127, "%s passed", faults[i].to);
    }
    json_object_put(json);
    free(text);
}
END_TEST

/* Half a line must not be pasted. */
START_TEST(a_command_is_whole_or_null)
{
    static char path[6000];

    for (size_t len = 1500; len < sizeof path; len += 500) {
        struct spf_report_target target;
        struct spf_report report;
        struct json_object *json;
        struct json_object *targets;
        struct json_object *connect;
        struct json_object *line;
        struct fixture f;
        struct spf_buf buf;

        memset(path, 'k', len);
        path[len] = '\0';
        healthy(&f);
        f.target.key_path = path;
        judge(&f);
        target = reported(&f);
        report = report_of(&target, 1);
        spf_buf_init(&buf, 1 << 20);
        spf_report_json(&buf, &report);
        json = json_tokener_parse(buf.data);
        ck_assert(json_object_object_get_ex(json, "targets", &targets));
        ck_assert(
            json_object_object_get_ex(json_object_array_get_idx(targets, 0), "connect", &connect));
        ck_assert(json_object_object_get_ex(connect, "openssh", &line));
        ck_assert(len > 3500 || line != NULL);
        ck_assert(line == NULL || strstr(json_object_get_string(line), path) != NULL);
        json_object_put(json);
        spf_buf_clear(&buf);
        fixture_clear(&f);
    }
}
END_TEST

START_TEST(evidence_that_is_promised_is_there_even_for_skipped_checks)
{
    char *text = json_of(&report_cases[4]);
    struct json_object *json = json_tokener_parse(text);
    struct json_object *targets;
    struct json_object *checks;
    struct json_object *evidence;
    struct json_object *value;

    ck_assert(json_object_object_get_ex(json, "targets", &targets));
    ck_assert(json_object_object_get_ex(json_object_array_get_idx(targets, 0), "checks", &checks));
    ck_assert_uint_eq(json_object_array_length(checks), SPF_CHECK_COUNT);
    ck_assert(json_object_object_get_ex(
        json_object_array_get_idx(checks, SPF_CHECK_CLOUD_SECURITY_GROUP), "evidence", &evidence));
    ck_assert(json_object_object_get_ex(evidence, "near_misses", &value));
    ck_assert_ptr_null(value);
    json_object_put(json);
    free(text);
}
END_TEST

START_TEST(strict_counts_warns_but_no_advice)
{
    struct fixture f;
    struct spf_report_target target;
    struct spf_report report;

    healthy(&f);
    set(&f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_WARN, SPF_SG_OPEN_TO_WORLD, NULL);
    judge(&f);
    target = reported(&f);
    report = report_of(&target, 1);
    ck_assert_int_eq(spf_report_exit_status(&report, false), 0);
    ck_assert_int_eq(spf_report_exit_status(&report, true), 0);
    set(&f, SPF_CHECK_CLOUD_NETWORK_ACL, SPF_UNKNOWN, SPF_PERMISSION_DENIED, NULL);
    ck_assert_int_eq(spf_report_exit_status(&report, false), 0);
    ck_assert_int_eq(spf_report_exit_status(&report, true), 2);
    set(&f, SPF_CHECK_SSH_HOST_KEY, SPF_WARN, SPF_HOST_KEY_UNKNOWN, NULL);
    ck_assert_int_eq(spf_report_exit_status(&report, false), 0);
    ck_assert_int_eq(spf_report_exit_status(&report, true), 1);
    fixture_clear(&f);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {reports_are_what_the_schema_says,
                                  the_schema_refuses_what_is_missing_or_misspelt,
                                  a_command_is_whole_or_null,
                                  evidence_that_is_promised_is_there_even_for_skipped_checks,
                                  strict_counts_warns_but_no_advice,
                                  NULL};

    return unit_main("report_json", tests);
}
