#include "fixture.h"
#include "platform/files.h"

/* What the diagnosis comes to where the login was not tried, or not all of it, and how it says so.
 */
/* Deselects all but these, as --only does. */
static void only(struct fixture *f, spf_checks checks)
{
    f->target.selected = checks;
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        if (checks >> i & 1) {
            continue;
        }
        set(f, (enum spf_check_id)i, SPF_SKIP, SPF_NO_FINDING, NULL);
        f->run.results[i].skip_reason = SPF_SKIP_NOT_SELECTED;
    }
}

START_TEST(without_a_login_to_try_the_checks_that_ran_decide)
{
    static const struct {
        enum spf_status status;
        enum spf_verdict verdict;
        const char *summary;
    } cases[] = {
        {SPF_PASS, SPF_VERDICT_PASS, "No problem found"},
        {SPF_WARN, SPF_VERDICT_PASS, "No problem found"},
        {SPF_FAIL, SPF_VERDICT_FAIL, "Something is wrong: the rules"},
        {SPF_UNKNOWN, SPF_VERDICT_UNKNOWN, "Not everything could be checked: the rules"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum spf_check_id goal;
        struct fixture f;

        healthy(&f);
        only(&f, SPF_CHECK_BIT(CLOUD_ACCESS) | SPF_CHECK_BIT(CLOUD_INSTANCE) |
                     SPF_CHECK_BIT(CLOUD_SECURITY_GROUP));
        if (cases[i].status != SPF_PASS) {
            set(&f, SPF_CHECK_CLOUD_SECURITY_GROUP, cases[i].status, SPF_SG_SOURCE_UNKNOWN, NULL);
        }
        judge(&f);
        ck_assert(!spf_goal(&f.run, &goal));
        ck_assert_int_eq(f.d.verdict, cases[i].verdict);
        ck_assert_msg(spf_starts_with(f.d.summary, cases[i].summary), "%s", f.d.summary);
        ck_assert_int_eq(f.d.cause != SPF_NO_FINDING, f.d.verdict != SPF_VERDICT_PASS);
        fixture_clear(&f);
    }
}
END_TEST

/* Without a session asked for, an accepted login is the goal, and no more is said than that. */
START_TEST(without_a_session_the_login_is_the_goal)
{
    enum spf_check_id goal;
    struct fixture f;

    healthy(&f);
    f.target.session = SPF_SESSION_NEVER;
    set(&f, SPF_CHECK_SSH_SESSION, SPF_SKIP, SPF_NO_FINDING, NULL);
    f.run.results[SPF_CHECK_SSH_SESSION].skip_reason = SPF_SKIP_NOT_SELECTED;
    judge(&f);
    ck_assert(spf_goal(&f.run, &goal));
    ck_assert_int_eq(goal, SPF_CHECK_SSH_AUTH);
    ck_assert_int_eq(f.d.verdict, SPF_VERDICT_PASS);
    ck_assert_str_eq(f.d.summary, "The server accepts key.pem for root at 203.0.113.9");
    fixture_clear(&f);
}
END_TEST

/* Everything the cloud was asked is unknown, and the port is open: the login decides alone. */
START_TEST(what_the_cloud_does_not_tell_is_no_cause_beside_a_refused_login)
{
    struct fixture f;

    healthy(&f);
    for (int i = SPF_CHECK_CLOUD_SECURITY_GROUP; i <= SPF_CHECK_CLOUD_KEY_PAIR; i++) {
        set(&f, (enum spf_check_id)i, SPF_UNKNOWN, SPF_PERMISSION_DENIED, NULL);
    }
    refused(&f, NULL);
    judge(&f);
    ck_assert_int_eq(f.d.cause, SPF_AUTH_KEY_REFUSED);
    ck_assert_uint_eq(f.d.further_count, 0);
    fixture_clear(&f);
}
END_TEST

START_TEST(several_reasons_are_counted)
{
    struct fixture f;

    healthy(&f);
    set(&f, SPF_CHECK_KEY_MODE, SPF_FAIL, SPF_KEY_MODE_TOO_OPEN, NULL);
    set(&f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_FAIL, SPF_SG_SOURCE_EXCLUDED, NULL);
    note(&f, SPF_CHECK_CLOUD_SECURITY_GROUP, "source_ip", "198.51.100.7");
    spf_copy(f.run.results[SPF_CHECK_CLOUD_SECURITY_GROUP].source_ip, SPF_IP_TEXT_SIZE,
             "198.51.100.7");
    silent(&f, NULL);
    judge(&f);
    ck_assert_msg(spf_starts_with(f.d.summary, "You can't log in, for 2 reasons; the first: the "),
                  "%s", f.d.summary);
    fixture_clear(&f);

    healthy(&f);
    set(&f, SPF_CHECK_KEY_MODE, SPF_FAIL, SPF_KEY_MODE_TOO_OPEN, NULL);
    judge(&f);
    ck_assert_msg(spf_starts_with(f.d.summary, "The server accepts this key, but ssh can't use "
                                               "the file: "),
                  "%s", f.d.summary);
    fixture_clear(&f);
}
END_TEST

/* A remedy for a host alone is not given where an instance was named, and the other way round. */
START_TEST(remedies_fit_what_was_asked)
{
    static const char advice[] = "name the instance with --instance";
    static const char source[] = "--source-ip";

    for (int alone = 0; alone <= 1; alone++) {
        struct fixture f;
        bool has_advice = false, has_source = false;

        healthy(&f);
        if (alone) {
            host_only(&f, "203.0.113.9");
        } else {
            set(&f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_UNKNOWN, SPF_SG_SOURCE_UNKNOWN, NULL);
        }
        silent(&f, NULL);
        judge(&f);
        for (size_t i = 0; i < f.d.remedies.count; i++) {
            const struct spf_advice *given = &f.d.remedies.items[i];

            has_advice |= strstr(given->text, advice) != NULL;
            has_source |= given->command != NULL && strstr(given->command, source) != NULL;
        }
        ck_assert_int_eq(has_advice, alone == 1);
        ck_assert_int_eq(has_source, alone == 0);
        fixture_clear(&f);
    }
}
END_TEST

/* What --fix has just done or refused is not advised again, nor a mode where none can be set. */
START_TEST(what_was_tried_is_not_advised)
{
    unsigned with_fix = 0;

    for (int finding = SPF_NO_FINDING + 1; finding < SPF_FINDING_COUNT; finding++) {
        enum spf_check_id check = SPF_CHECK_KEY_FORMAT;
        spf_advice_list before = {0};
        spf_advice_list after = {0};
        struct fixture f;

        if (strncmp(spf_findings[finding].check, "key.", 4) != 0) {
            continue;
        }
        healthy(&f);
        set(&f, check, SPF_FAIL, (enum spf_finding)finding, NULL);
        f.run.facts.key->repairable = true;
        spf_advise(&f.run, check, (enum spf_finding)finding, &before);
        f.target.fix_tried = true;
        spf_advise(&f.run, check, (enum spf_finding)finding, &after);
        for (size_t i = 0; i < before.count; i++) {
            with_fix +=
                before.items[i].command != NULL && strstr(before.items[i].command, "--fix") != NULL;
        }
        for (size_t i = 0; i < after.count; i++) {
            const char *command = after.items[i].command;

            ck_assert_msg(command == NULL || strcmp(command, "chmod 400 key.pem") != 0, "%s",
                          spf_findings[finding].id);
            ck_assert_msg(command == NULL || strstr(command, "--fix") == NULL ||
                              strstr(command, "--key ~/.ssh/login-key") != NULL,
                          "%s: %s", spf_findings[finding].id, command);
        }
        spf_advice_clear(&before);
        spf_advice_clear(&after);
        fixture_clear(&f);
    }
    ck_assert_uint_ge(with_fix, 10);
}
END_TEST

START_TEST(where_no_mode_can_be_set_the_copy_is_advised_first)
{
    for (int fixed = 0; fixed < 2; fixed++) {
        spf_advice_list list = {0};
        struct fixture f;

        healthy(&f);
        set(&f, SPF_CHECK_KEY_MODE, SPF_FAIL, SPF_KEY_MODE_TOO_OPEN, NULL);
        if (fixed) {
            note(&f, SPF_CHECK_KEY_MODE, "mode_fixed", "it is mounted read-only");
        }
        spf_advise(&f.run, SPF_CHECK_KEY_MODE, SPF_KEY_MODE_TOO_OPEN, &list);
        ck_assert_uint_gt(list.count, 0);
        ck_assert_int_eq(strstr(list.items[0].command, "~/.ssh/login-key") != NULL, fixed);
        ck_assert_uint_eq(list.count, fixed ? 1 : 2);
        spf_advice_clear(&list);
        fixture_clear(&f);
    }
}
END_TEST

/* Causes that only Linux's own files, modes and counters can tell of. */
static bool is_of_linux(int finding)
{
    static const enum spf_finding all[] = {SPF_KEY_MODE_NOT_0400,  SPF_KEY_OWNER_OTHER,
                                           SPF_KEY_DIR_WRITABLE,   SPF_OWN_FIREWALL_REJECTS,
                                           SPF_OWN_FIREWALL_DROPS, SPF_HOSTS_FILE_SHADOWS};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (finding == (int)all[i]) {
            return true;
        }
    }
    return false;
}

/* Windows' users get no line of a POSIX shell and no program of Linux, whatever the cause; and of a
 * key's some way all the same. */
START_TEST(on_windows_nothing_is_advised_for_a_posix_shell)
{
    static const char *const posix[] = {"umask",   "chmod ",   "chown ", "sudo ",    "=$(",
                                        "ls -ld",  "mkdir ",   "(cp ",   "`export ", "resolv.conf",
                                        "getent ", "ip route", "`nc ",   "`dig ",    "`ls`",
                                        "`ss ",    "sysctl "};
    unsigned commands = 0;

    for (int finding = SPF_NO_FINDING + 1; finding < SPF_FINDING_COUNT; finding++) {
        const struct spf_finding_info *cause = &spf_findings[finding];
        spf_advice_list there = {0};
        spf_advice_list here = {0};
        struct fixture f;

        healthy(&f);
        set(&f, SPF_CHECK_KEY_FORMAT, SPF_FAIL, (enum spf_finding)finding, NULL);
        spf_advise(&f.run, SPF_CHECK_KEY_FORMAT, (enum spf_finding)finding, &here);
        f.run.facts.key->by_list = true;
        spf_advise(&f.run, SPF_CHECK_KEY_FORMAT, (enum spf_finding)finding, &there);
        for (size_t i = 0; i < there.count; i++) {
            const struct spf_advice *advice = &there.items[i];
            const bool inside = is_of_linux(finding) || strstr(advice->text, "jump host") != NULL ||
                                strstr(advice->text, "Session Manager") != NULL;

            commands += advice->command != NULL;
            for (size_t k = 0; k < sizeof posix / sizeof *posix; k++) {
                ck_assert_msg(advice->command == NULL || strstr(advice->command, posix[k]) == NULL,
                              "%s: %s", cause->id, advice->command);
                ck_assert_msg(inside || strstr(advice->text, posix[k]) == NULL, "%s: %s", cause->id,
                              advice->text);
            }
        }
        if (!is_of_linux(finding)) {
            ck_assert_msg(here.count == 0 || there.count > 0, "%s", cause->id);
        }
        spf_advice_clear(&here);
        spf_advice_clear(&there);
        fixture_clear(&f);
    }
    ck_assert_uint_ge(commands, 40);
}
END_TEST

/* Who may read it is not the matter with a file that another program has opened for itself. */
START_TEST(a_locked_key_file_is_let_go)
{
    struct fixture f;

    for (int locked = 0; locked < 2; locked++) {
        spf_advice_list list = {0};
        bool close = false;
        bool rights = false;

        healthy(&f);
        f.run.facts.key->by_list = true;
        spf_copy(f.run.facts.key->error, sizeof f.run.facts.key->error,
                 locked ? SPF_FILE_LOCKED : "Permission denied");
        set(&f, SPF_CHECK_KEY_FILE, SPF_FAIL, SPF_KEY_NOT_READABLE, NULL);
        spf_advise(&f.run, SPF_CHECK_KEY_FILE, SPF_KEY_NOT_READABLE, &list);
        for (size_t i = 0; i < list.count; i++) {
            close |= strstr(list.items[i].text, "Close the program") != NULL;
            rights |= list.items[i].command != NULL;
        }
        ck_assert_msg(close == (locked == 1) && rights == (locked == 0), "%d", locked);
        spf_advice_clear(&list);
        fixture_clear(&f);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        on_windows_nothing_is_advised_for_a_posix_shell,
        a_locked_key_file_is_let_go,
        without_a_login_to_try_the_checks_that_ran_decide,
        without_a_session_the_login_is_the_goal,
        what_the_cloud_does_not_tell_is_no_cause_beside_a_refused_login,
        several_reasons_are_counted,
        remedies_fit_what_was_asked,
        what_was_tried_is_not_advised,
        where_no_mode_can_be_set_the_copy_is_advised_first,
        NULL,
    };

    return unit_main("diagnosis_words", tests);
}
