/* What may become part of a command that somebody pastes, and what may not. */
#include "unit.h"

#include "pipeline/run.h"
#include "pipeline/slots.h"

static struct spf_target target;
static struct spf_run run;

static void begin(void)
{
    target = (struct spf_target){.instance_id = "i-bp1",
                                 .host = "203.0.113.9",
                                 .user = "root",
                                 .key_path = "key.pem",
                                 .port = 22,
                                 .selected = SPF_ALL_CHECKS};
    spf_run_init(&run, &target);
}

/* want NULL: the template cannot be filled in. */
static void check_command(const char *template, const char *want)
{
    const struct spf_view view = {&target, &run.facts, run.results};
    struct spf_buf buf;
    bool filled;

    spf_buf_init(&buf, 5000);
    spf_buf_addstr(&buf, "before ");
    filled = spf_slots_expand(&buf, template, SPF_SLOT_COMMAND, &view,
                              &run.results[SPF_CHECK_CLOUD_SECURITY_GROUP]);
    ck_assert_msg(filled == (want != NULL), "%s", template);
    ck_assert_str_eq(buf.data + 7, want != NULL ? want : "");
    spf_buf_clear(&buf);
}

START_TEST(lines_for_the_target)
{
    begin();
    check_command("{ssh}", "ssh -i key.pem root@203.0.113.9");
    check_command("{rerun}", "sshpreflight --instance i-bp1 --host 203.0.113.9 --key key.pem");
    check_command("{rerun_without_host}", "sshpreflight --instance i-bp1 --key key.pem");
    target.find_key = "";
    check_command("{rerun_without_host}", "sshpreflight --instance i-bp1 --key key.pem --find-key");
    target.find_key = "my keys";
    check_command("{rerun_without_host}",
                  "sshpreflight --instance i-bp1 --key key.pem --find-key='my keys'");
    target.find_key = NULL;
    check_command("{rerun_as_other_user}",
                  "sshpreflight --instance i-bp1 --host 203.0.113.9 --key key.pem -l ecs-user");
    target.host = "::1"; /* without brackets: ssh takes them for a part of a name */
    check_command("{ssh}", "ssh -i key.pem root@::1");
    check_command("{rerun}", "sshpreflight --instance i-bp1 --host ::1 --key key.pem");
    target.host = ":1";
    check_command("{ssh}", NULL);
    target.host = "203.0.113.9";
    target.port = 2222;
    check_command("{ssh}", "ssh -i key.pem -p 2222 root@203.0.113.9");
    check_command("ssh-keygen -R {known_hosts_name}", "ssh-keygen -R '[203.0.113.9]:2222'");
    spf_run_clear(&run);
}
END_TEST

/* One word between double quotes, in cmd as in PowerShell; what either would expand, or end it
 * with, is none. */
START_TEST(a_path_of_windows)
{
    static const char *const refused[] = {"C:\\%TEMP%\\key",
                                          "C:\\$key",
                                          "a`b",
                                          "a\"b",
                                          "-key",
                                          "",
                                          "C:\\keys\\",
                                          "a\xe2\x80\x9d"
                                          "b",
                                          "a\xe2\x80\x9e"
                                          "b",
                                          "a\xe2\x80\xae"
                                          "b",
                                          "a\nb",
                                          "a\xc2\x85"
                                          "b",
                                          "a\xff"
                                          "b"};

    begin();
    target.key_path = "C:\\Users\\\xe5\xbc\xa0\xe4\xb8\x89 (it's \xc3\xa9)\\me@firm, R&D.pem";
    check_command(
        "icacls \"{windows_key}\"",
        "icacls \"C:\\Users\\\xe5\xbc\xa0\xe4\xb8\x89 (it's \xc3\xa9)\\me@firm, R&D.pem\"");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        target.key_path = refused[i];
        check_command("icacls \"{windows_key}\"", NULL);
    }
    spf_run_clear(&run);
}
END_TEST

/* What a remedy writes behind the line takes the place of what the user gave. */
START_TEST(options_are_given_once)
{
    static const char deadline[] = "{rerun} --deadline {longer_deadline}";
    static const struct {
        const char *given[5], *template, *want;
    } cases[] = {
        {{"--deadline", "5", "--profile", "x"}, deadline, "--profile x --deadline 120"},
        {{"--deadline=5", "-4"}, deadline, "-4 --deadline 120"},
        {{"--dead", "5"}, deadline, "--deadline 120"},
        {{"--region", "--deadline"},
         "{rerun} --timeout {longer_timeout}",
         "--region --deadline --timeout 60"},
        {{"-6", "--region", "r"}, "{rerun} -4", "--region r -4"},
        {{"--session", "never"}, "{rerun} --session=always", "--session=always"},
        {{"--session=never"}, "{rerun}", "--session=never"},
    };
    char want[200];

    begin();
    target.deadline_s = 5;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        target.other_options = cases[i].given;
        spf_format(want, sizeof want,
                   "sshpreflight --instance i-bp1 --host 203.0.113.9 --key key.pem %s",
                   cases[i].want);
        check_command(cases[i].template, want);
    }
    target.other_options = NULL;
    target.deadline_s = 300;
    target.timeout_ms = 3000000;
    check_command("x --deadline {longer_deadline} --timeout {longer_timeout}",
                  "x --deadline 600 --timeout 3600");
    ck_assert(spf_run_asked(&run, SPF_GROUP_LOCAL_ENVIRONMENT, 1));
    run.facts.local_environment->agent_running = true;
    check_command("{ssh} -o IdentitiesOnly=yes",
                  "ssh -i key.pem root@203.0.113.9 -o IdentitiesOnly=yes");
    target.instance_id = target.host = NULL;
    check_command("{rerun}", "sshpreflight --key key.pem --only key");
    spf_run_clear(&run);
}
END_TEST

START_TEST(a_key_from_standard_input_has_no_path)
{
    begin();
    target.key_path = "-";
    check_command("{rerun}", "sshpreflight --instance i-bp1 --host 203.0.113.9 --key -");
    check_command("{rerun_with_file} --fix", NULL);
    check_command("chmod 400 {key}", NULL);
    check_command("{ssh}", NULL);
    spf_run_clear(&run);
}
END_TEST

START_TEST(paths_are_quoted_whatever_they_hold)
{
    static const struct {
        const char *path, *want;
    } cases[] = {
        {"my key.pem", "chmod 400 'my key.pem'"},
        {"-rf", "chmod 400 ./-rf"},
        {"$(reboot)", "chmod 400 '$(reboot)'"},
        {"a'b", "chmod 400 'a'\\''b'"},
        {"a\033[2Jb", "chmod 400 \"$(printf 'a\\033[2Jb')\""},
        {"a\nb", "chmod 400 \"$(printf 'a\\012b')\""},
    };

    begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        target.key_path = cases[i].path;
        check_command("chmod 400 {key}", cases[i].want);
    }
    target.key_path = "100%.pem";
    check_command("{ssh}", "ssh -o 'IdentityFile=\"100%%.pem\"' root@203.0.113.9");
    spf_run_clear(&run);
}
END_TEST

START_TEST(a_value_that_does_not_fit_makes_no_command)
{
    static const char *const users[] = {
        "-oProxyCommand=x", "a b", "a;b", "9lives", "a$b", "", "x\n"};
    static const char *const rules[] = {"sgr-1;reboot", "--help", "$(x)", "a b", "sgr-1\n", ""};
    struct spf_result *result;

    begin();
    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        target.user = users[i];
        check_command("{ssh}", NULL);
    }
    target.user = "root";
    target.host = "h;reboot";
    check_command("{ssh}", NULL);
    result = &run.results[SPF_CHECK_CLOUD_SECURITY_GROUP];
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        spf_note_text(result, "rule", rules[i]);
        check_command("aliyun --rule {rule}", NULL);
    }
    spf_note_text(result, "rule", "sgr-bp1x");
    check_command("aliyun --rule {rule}", "aliyun --rule sgr-bp1x");
    spf_run_clear(&run);
}
END_TEST

START_TEST(sources_become_single_addresses)
{
    begin();
    check_command("{source_cidr}", NULL);
    ck_assert(spf_ip_parse("198.51.100.7", &target.source_ip));
    check_command("{source_cidr}", "198.51.100.7/32");
    ck_assert(spf_ip_parse("2001:db8::7", &target.source_ip));
    check_command("{source_cidr}", "2001:db8::7/128");
    spf_run_clear(&run);
}
END_TEST

int main(void)
{
    return unit_main("slots", (const TTest *const[]){lines_for_the_target, a_path_of_windows,
                                                     options_are_given_once,
                                                     a_key_from_standard_input_has_no_path,
                                                     paths_are_quoted_whatever_they_hold,
                                                     a_value_that_does_not_fit_makes_no_command,
                                                     sources_become_single_addresses, NULL});
}
