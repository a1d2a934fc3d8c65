#include "unit.h"

#include <string.h>

#include "openssh/config_alike.h"
#include "openssh/config_answers.h"

static const struct {
    const char *text;
    bool differs;
} configurations[] = {
    {"", false},
    {"# Host web\n#Match all\n\n", false},
    {"Host *\n    SendEnv LANG LC_*\n", false},
    {"host=*\r\nHostKeyAlias web\n", false},
    {"HostName 10.0.0.1\nUser admin\nProxyCommand nc %h %p\nControlPath ~/%C\n", false},
    {"IdentityFile ~/.ssh/%r\n", false},
    {"# RemoteCommand %r\n", false},
    {"RemoteCommand echo %r\n", true},
    {"UserKnownHostsFile ~/.ssh/known_%h\n", true},
    {"ControlPath /tmp/%r\nControlPath /tmp/%h\n", true},
    {"ControlPath \"/tmp/%r\"\n", true},
    {"Matchless yes\n", false},
    {"Host web", true},
    {"Host * !web\n", true},
    {"Host *.example\n", true},
    {"Host ?\n", true},
    {"Host\n", true},
    {"  \t hOsT \t web\n", true},
    {"\"Host\" web\n", true},
    {"Host = \"web\"\n", true},
    {"Host \"*\" web\n", true},
    {"Port 22\nMatch all\n", true},
    {"Match=final\n", true},
    {"HostName %h.example\n", true},
    {"User %n\n", true},
};

START_TEST(what_may_differ_by_host)
{
    char path[SPF_SSH_PATH_SIZE];

    for (size_t i = 0; i < sizeof configurations / sizeof *configurations; i++) {
        path[0] = '\0';
        ck_assert_msg(spf_ssh_config_differs(configurations[i].text, strlen(configurations[i].text),
                                             path) == configurations[i].differs,
                      "%s", configurations[i].text);
    }
    path[0] = '\0';
    ck_assert(spf_ssh_config_differs("a\0Host web", 10, path));
}
END_TEST

START_TEST(what_a_log_says)
{
    char path[SPF_SSH_PATH_SIZE];
    static const char log[] = "OpenSSH_9.2p1 Debian, OpenSSL 3\r\n"
                              "debug1: Reading configuration data /dev/null\r\n"
                              "/etc/x: line 1: Bad configuration option: y\r\nmore\n";
    size_t len;
    const char *complaint = spf_ssh_config_complaint(log, &len);

    ck_assert_uint_eq(len, strlen("/etc/x: line 1: Bad configuration option: y"));
    ck_assert(strncmp(complaint, "/etc/x: line 1: Bad", 19) == 0);
    (void)spf_ssh_config_complaint("OpenSSH_9.2p1\ndebug1: x", &len);
    ck_assert_uint_eq(len, 0);
    ck_assert(spf_ssh_config_is_alike("OpenSSH_9.2p1\n", path));
    /* as ssh 10 has it */
    ck_assert(spf_ssh_config_is_alike("debug1: OpenSSH_10.0p2 Debian-7, OpenSSL 3.5.9\r\n", path));
    (void)spf_ssh_config_complaint(
        "debug1: OpenSSH_10.0p2\r\nPseudo-terminal will not be allocated "
        "because stdin is not a terminal.\r\n",
        &len);
    ck_assert_uint_eq(len, 0);
    ck_assert(!spf_ssh_config_is_alike("", path)); /* another ssh */
    ck_assert(!spf_ssh_config_is_alike("OpenSSH_9.2p1\n"
                                       "debug1: Reading configuration data /nonexistent\n",
                                       path));
}
END_TEST

static int alone, served;

static void answered(struct spf_ssh_asker *asker, const char *says, size_t len)
{
    ck_assert_ptr_null(asker->question);
    ck_assert(says == NULL || len == 4);
    alone += says == NULL;
    served += says != NULL;
}

static const char *const words[] = {"ssh", "-G", NULL};

START_TEST(one_asks_for_all)
{
    struct spf_ssh_answers *answers = spf_ssh_answers_new();
    struct spf_ssh_asker askers[4] = {{answered, NULL, NULL, NULL},
                                      {answered, NULL, NULL, NULL},
                                      {answered, NULL, NULL, NULL},
                                      {answered, NULL, NULL, NULL}};
    static const char *const others[] = {"ssh", "-G", "-p22", NULL};

    alone = served = 0;
    ck_assert_int_eq(spf_ssh_answers_ask(answers, words, &askers[0]), SPF_SSH_ASK_FIRST);
    ck_assert_int_eq(spf_ssh_answers_ask(answers, words, &askers[1]), SPF_SSH_WAIT);
    ck_assert_int_eq(spf_ssh_answers_ask(answers, words, &askers[2]), SPF_SSH_WAIT);
    ck_assert_int_eq(spf_ssh_answers_ask(answers, others, &askers[3]), SPF_SSH_ASK_FIRST);
    spf_ssh_answers_leave(&askers[1]);
    spf_ssh_answers_give(&askers[0], "says", 4);
    ck_assert_int_eq(served, 1);
    ck_assert_int_eq(spf_ssh_answers_ask(answers, words, &askers[1]), SPF_SSH_WAIT);
    ck_assert_int_eq(served, 2);
    /* Who asked first is gone: the others, now and later, ask for themselves. */
    ck_assert_int_eq(spf_ssh_answers_ask(answers, others, &askers[0]), SPF_SSH_WAIT);
    spf_ssh_answers_leave(&askers[3]);
    ck_assert_int_eq(alone, 1);
    ck_assert_int_eq(spf_ssh_answers_ask(answers, others, &askers[0]), SPF_SSH_ASK);
    ck_assert_int_eq(served, 2);
    spf_ssh_answers_free(answers);
}
END_TEST

int main(void)
{
    return unit_main(
        "config_alike",
        (const TTest *const[]){what_may_differ_by_host, what_a_log_says, one_asks_for_all, NULL});
}
