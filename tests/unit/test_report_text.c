#include <stdio.h>

#include "reports.h"

/*
 * What people see, kept as files under tests/data/report, so that a change of words is a change
 * that somebody reads. SPF_UPDATE_GOLDEN=1 writes them again.
 */
static const struct {
    const char *name;
    struct spf_style style;
} styles[] = {
    {"txt", {false, true, 80, 0}},        {"ascii.txt", {false, false, 80, 0}},
    {"colour.txt", {true, true, 80, 0}},  {"verbose.txt", {false, true, 120, 1}},
    {"quiet.txt", {false, true, 80, -1}},
};
#define STYLES (sizeof styles / sizeof *styles)

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 65536);

    if (file != NULL) {
        ck_assert_uint_lt(fread(text, 1, 65535, file), 65535);
        fclose(file);
    }
    return text;
}

static void compare_with_golden(const char *name, const char *text)
{
    char path[400];
    char *golden;

    snprintf(path, sizeof path, "%s/report/%s", TEST_DATA, name);
    if (getenv("SPF_UPDATE_GOLDEN") != NULL) {
        FILE *file = fopen(path, "w");

        ck_assert_ptr_nonnull(file);
        fputs(text, file);
        fclose(file);
    }
    golden = read_file(path);
    ck_assert_msg(strcmp(golden, text) == 0, "%s differs:\n%s", name, text);
    free(golden);
}

START_TEST(reports_read_as_kept)
{
    for (size_t i = 0; i < REPORT_CASES; i++) {
        struct fixture f;
        struct spf_report_target target;
        struct spf_report report;

        begin_case(&f, &report_cases[i]);
        target = reported(&f);
        report = report_of(&target, 1);
        for (size_t k = 0; k < STYLES; k++) {
            struct spf_buf buf;
            char name[100];

            spf_buf_init(&buf, 60000);
            spf_report_text(&buf, &report, &styles[k].style);
            ck_assert(!spf_buf_failed(&buf));
            snprintf(name, sizeof name, "%s.%s", report_cases[i].name, styles[k].name);
            compare_with_golden(name, buf.data);
            spf_buf_clear(&buf);
        }
        fixture_clear(&f);
    }
}
END_TEST

/* No line but one to paste is wider than the page, and nothing that could drive a terminal gets
 * out. */
START_TEST(pages_hold_their_width_and_no_control_bytes)
{
    static const unsigned widths[] = {60, 80, 120};

    for (size_t i = 0; i < REPORT_CASES * 3; i++) {
        struct spf_style style = {false, false, widths[i % 3], 0};
        struct fixture f;
        struct spf_report_target target;
        struct spf_report report;
        struct spf_buf buf;
        char *line;
        char *rest;

        begin_case(&f, &report_cases[i / 3]);
        target = reported(&f);
        report = report_of(&target, 1);
        spf_buf_init(&buf, 60000);
        spf_report_text(&buf, &report, &style);
        for (const char *c = buf.data; *c; c++) {
            ck_assert_msg(*c == '\n' || (*c >= 0x20 && *c < 0x7f), "byte %02x in %s", *c,
                          report_cases[i / 3].name);
        }
        for (line = strtok_r(buf.data, "\n", &rest); line != NULL;
             line = strtok_r(NULL, "\n", &rest)) {
            const char *text = line + strspn(line, " ");
            bool one_word = strchr(text, ' ') == NULL;
            bool paste = strstr(line, "ssh") != NULL || strstr(line, "plink") != NULL ||
                         strstr(line, "puttygen") != NULL || strstr(line, "aliyun") != NULL ||
                         strstr(line, "chmod") != NULL;

            ck_assert_msg(strlen(line) <= style.width || one_word || paste, "%s at %u: %s",
                          report_cases[i / 3].name, style.width, line);
            ck_assert_msg(line[strlen(line) - 1] != ' ', "trailing space: %s", line);
        }
        spf_buf_clear(&buf);
        fixture_clear(&f);
    }
}
END_TEST

START_TEST(several_targets_end_with_a_tally)
{
    static const struct spf_style style = {false, true, 80, -1};
    struct fixture one;
    struct fixture two;
    struct spf_report_target targets[2];
    struct spf_report report;
    struct spf_buf buf;

    begin_case(&one, &report_cases[0]);
    begin_case(&two, &report_cases[1]);
    targets[0] = reported(&one);
    targets[1] = reported(&two);
    report = report_of(targets, 2);
    spf_buf_init(&buf, 60000);
    spf_report_text(&buf, &report, &style);
    ck_assert_ptr_nonnull(strstr(buf.data, "2 targets: 1 pass, 1 fail, 0 unknown\n"));
    ck_assert_int_eq(report.exit_status, 1);
    spf_buf_clear(&buf);
    fixture_clear(&one);
    fixture_clear(&two);
}
END_TEST

START_TEST(a_replay_says_so_first)
{
    static const char first[] = "Replay of evidence recorded at 2026-11-22T10:00:00Z; nothing was ";
    struct spf_report_target target;
    struct spf_report report;
    struct fixture f;
    struct spf_buf buf;

    begin_case(&f, &report_cases[0]);
    target = reported(&f);
    report = report_of(&target, 1);
    report.replayed_utc = 1795341600;
    for (int detail = -1; detail <= 1; detail++) {
        const struct spf_style style = {false, true, 80, detail};

        spf_buf_init(&buf, 60000);
        spf_report_text(&buf, &report, &style);
        ck_assert_msg(strncmp(buf.data, first, sizeof first - 1) == 0, "%.100s", buf.data);
        spf_buf_clear(&buf);
    }
    fixture_clear(&f);
}
END_TEST

/* --strict: the last line says what the exit status is for. */
START_TEST(strict_says_which_warning)
{
    static const struct spf_style style = {false, true, 100, 0};
    struct spf_report_target target;
    struct spf_report report;
    struct fixture f;
    struct spf_buf buf;

    healthy(&f);
    set(&f, SPF_CHECK_SSH_HOST_KEY, SPF_WARN, SPF_HOST_KEY_UNKNOWN, NULL);
    judge(&f);
    target = reported(&f);
    report = report_of(&target, 1);
    for (int strict = 0; strict <= 1; strict++) {
        report.exit_status = spf_report_exit_status(&report, strict);
        spf_buf_init(&buf, 60000);
        spf_report_text(&buf, &report, &style);
        ck_assert_int_eq(strstr(buf.data,
                                "\nExit status 1 because of --strict: ssh.host-key is warn, "
                                "host-key-unknown\n") != NULL,
                         strict);
        spf_buf_clear(&buf);
    }
    fixture_clear(&f);
}
END_TEST

/* What known_hosts is to have is one line at every width. */
START_TEST(a_line_for_known_hosts_is_whole)
{
    static const char pin[] =
        "[203.0.113.9]:2222 ssh-ed25519 "
        "AAAAC3NzaC1lZDI1NTE5AAAAIAtAIdXyhHf4VyPYUr3UQBfWXAyA2dyFeErBOTMhkzgE";
    static const unsigned widths[] = {60, 80, 120};

    for (size_t i = 0; i < 3; i++) {
        const struct spf_style style = {false, true, widths[i], 0};
        struct spf_report_target target;
        struct spf_report report;
        struct fixture f;
        struct spf_buf buf;
        char line[300];

        healthy(&f);
        set(&f, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_UNKNOWN, NULL);
        spf_note_text(&f.run.results[SPF_CHECK_SSH_HOST_KEY], "pin_line", pin);
        spf_note_text(&f.run.results[SPF_CHECK_SSH_HOST_KEY], "fingerprint_sha256", "SHA256:x");
        judge(&f);
        target = reported(&f);
        report = report_of(&target, 1);
        spf_buf_init(&buf, 60000);
        spf_report_text(&buf, &report, &style);
        (void)snprintf(line, sizeof line, "echo '%s' >> ", pin);
        ck_assert_msg(strstr(buf.data, line) != NULL, "%u: %s", widths[i], buf.data);
        spf_buf_clear(&buf);
        fixture_clear(&f);
    }
}
END_TEST

START_TEST(explaining)
{
    static const struct spf_style style = {false, true, 80, 0};
    struct json_object *json;
    struct spf_buf buf;

    for (int i = SPF_NO_FINDING + 1; i < SPF_FINDING_COUNT; i++) {
        spf_buf_init(&buf, 20000);
        ck_assert(spf_explain(&buf, spf_findings[i].id, &style));
        ck_assert(!spf_buf_failed(&buf));
        ck_assert_ptr_null(strchr(buf.data, '{'));
        ck_assert_ptr_null(strstr(buf.data, "RERUN")); /* lines have placeholders of their own */
        spf_buf_clear(&buf);
        spf_buf_init(&buf, 30000);
        ck_assert(spf_explain_json(&buf, spf_findings[i].id));
        json = json_tokener_parse(buf.data);
        ck_assert_str_eq(json_object_get_string(json_object_object_get(json, "cause")),
                         spf_findings[i].id);
        ck_assert_int_gt(json_object_get_string_len(json_object_object_get(json, "meaning")), 20);
        json_object_put(json);
        spf_buf_clear(&buf);
    }
    spf_buf_init(&buf, 20000);
    ck_assert(!spf_explain_json(&buf, "prot-silent"));
    spf_buf_clear(&buf);
    spf_buf_init(&buf, 20000);
    ck_assert(!spf_explain(&buf, "prot-silent", &style));
    ck_assert_str_eq(buf.data, "there is no cause \"prot-silent\"; did you mean port-silent?\n");
    spf_buf_clear(&buf);
    spf_buf_init(&buf, 20000);
    ck_assert(!spf_explain(&buf, "\x1b[2J", &style));
    ck_assert_ptr_null(strchr(buf.data, '\x1b'));
    spf_buf_clear(&buf);
    spf_buf_init(&buf, 20000);
    spf_list_checks(&buf, &style);
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        ck_assert_ptr_nonnull(strstr(buf.data, spf_check_table[i].id));
    }
    spf_buf_clear(&buf);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {reports_read_as_kept,
                                  pages_hold_their_width_and_no_control_bytes,
                                  several_targets_end_with_a_tally,
                                  a_replay_says_so_first,
                                  a_line_for_known_hosts_is_whole,
                                  strict_says_which_warning,
                                  explaining,
                                  NULL};

    return unit_main("report_text", tests);
}
