#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "openssh/config_alike.h"
#include "openssh/config_answers.h"
#include "platform/files.h"

static const struct {
    const char *text;
    enum spf_ssh_alike alike; /* of web */
    const char *sections;     /* NULL: they do not count */
} configurations[] = {
    {"", SPF_SSH_OF_SECTION, ""},
    {"# Host web\n#Match all\n\n", SPF_SSH_OF_SECTION, ""},
    {"Host *\n    SendEnv LANG LC_*\n", SPF_SSH_OF_SECTION, "*\n"},
    {"host=*\r\nHostKeyAlias web\n", SPF_SSH_OF_SECTION, "*\n"},
    {"User admin\nProxyCommand nc %h %p\nControlPath ~/%C\n", SPF_SSH_OF_SECTION, ""},
    {"IdentityFile ~/.ssh/%r\n", SPF_SSH_OF_SECTION, ""},
    {"# RemoteCommand %r\n", SPF_SSH_OF_SECTION, ""},
    {"HostName 10.0.0.1\n", SPF_SSH_OWN, ""},
    {"RemoteCommand echo %r\n", SPF_SSH_OWN, ""},
    {"UserKnownHostsFile ~/.ssh/known_%h\n", SPF_SSH_OWN, ""},
    {"ControlPath /tmp/%r\nControlPath /tmp/%h\n", SPF_SSH_OWN, ""},
    {"ControlPath \"/tmp/%r\"\n", SPF_SSH_OWN, ""},
    {"Matchless yes\n", SPF_SSH_OF_SECTION, ""},
    {"Host web", SPF_SSH_OF_SECTION, "web\n"},
    {"Host * !web\n", SPF_SSH_OF_SECTION, "* !web\n"},
    {"Host *.example \t\r\nHost ?\tb\n", SPF_SSH_OF_SECTION, "*.example\n?\tb\n"},
    {"Host db\nHostName 10.0.0.1\nUser %n\n", SPF_SSH_OF_SECTION, "db\n"},
    {"Host db !web\nHost web !db\nHostName 10.0.0.1\n", SPF_SSH_OWN, "db !web\nweb !db\n"},
    {"Host\n", SPF_SSH_UNLIKE, NULL},
    {"  \t hOsT \t web\n", SPF_SSH_OF_SECTION, "web\n"},
    {"\"Host\" web\n", SPF_SSH_OF_SECTION, "web\n"},
    {"Host = \"web\"\n", SPF_SSH_UNLIKE, NULL},
    {"Host \"*\" web\n", SPF_SSH_UNLIKE, NULL},
    {"Port 22\nMatch all\n", SPF_SSH_UNLIKE, NULL},
    {"Match=final\n", SPF_SSH_UNLIKE, NULL},
    {"Host db\nMatch all\n", SPF_SSH_UNLIKE, NULL},
    {"HostName %h.example\n", SPF_SSH_OWN, ""},
    {"User %n\n", SPF_SSH_OWN, ""},
};

START_TEST(what_a_file_says_of_a_host)
{
    char path[SPF_SSH_PATH_SIZE];
    struct spf_buf sections;

    for (size_t i = 0; i < sizeof configurations / sizeof *configurations; i++) {
        const char *text = configurations[i].text;

        path[0] = '\0';
        spf_buf_init(&sections, SPF_SSH_SECTIONS_MAX);
        ck_assert_msg(spf_ssh_config_read_sections(text, strlen(text), "web", &sections, path) ==
                          configurations[i].alike,
                      "%s", text);
        ck_assert_msg(configurations[i].sections == NULL ||
                          strcmp(sections.data, configurations[i].sections) == 0,
                      "%s: %s", text, sections.data);
        spf_buf_clear(&sections);
    }
    path[0] = '\0';
    spf_buf_init(&sections, SPF_SSH_SECTIONS_MAX);
    ck_assert_int_eq(spf_ssh_config_read_sections("a\0Host web", 10, "web", &sections, path),
                     SPF_SSH_UNLIKE);
    spf_buf_clear(&sections);
}
END_TEST

static enum spf_ssh_alike of_log(const char *log, size_t cap)
{
    char path[SPF_SSH_PATH_SIZE];
    struct spf_buf sections;
    enum spf_ssh_alike alike;

    spf_buf_init(&sections, cap);
    alike = spf_ssh_config_alike(log, "web", &sections, path);
    spf_buf_clear(&sections);
    return alike;
}

/* More Host lines than fit into what is kept of them. */
START_TEST(too_many_sections_are_nobodys)
{
    static const char text[] = "Host a b c d e f g h\n";
    char path[] = "/tmp/spf-alike-XXXXXX";
    int fd = mkstemp(path);
    char log[200];

    ck_assert_int_ge(fd, 0);
    ck_assert(spf_write_all(fd, text, strlen(text)));
    ck_assert_int_eq(close(fd), 0);
    ck_assert(spf_format_whole(log, sizeof log,
                               "OpenSSH_9.2p1\r\ndebug1: Reading configuration data %s\r\n", path));
    ck_assert_int_eq(of_log(log, SPF_SSH_SECTIONS_MAX), SPF_SSH_OF_SECTION);
    ck_assert_int_eq(of_log(log, 15), SPF_SSH_UNLIKE);
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(what_a_log_says)
{
    static const char log[] = "OpenSSH_9.2p1 Debian, OpenSSL 3\r\n"
                              "debug1: Reading configuration data /dev/null\r\n"
                              "/etc/x: line 1: Bad configuration option: y\r\nmore\n";
    size_t len;
    const char *complaint = spf_ssh_config_complaint(log, &len);

    ck_assert_uint_eq(len, strlen("/etc/x: line 1: Bad configuration option: y"));
    ck_assert(strncmp(complaint, "/etc/x: line 1: Bad", 19) == 0);
    (void)spf_ssh_config_complaint("OpenSSH_9.2p1\ndebug1: x", &len);
    ck_assert_uint_eq(len, 0);
    ck_assert_int_eq(of_log("OpenSSH_9.2p1\n", SPF_SSH_SECTIONS_MAX), SPF_SSH_OF_SECTION);
    /* as ssh 10 has it */
    ck_assert_int_eq(
        of_log("debug1: OpenSSH_10.0p2 Debian-7, OpenSSL 3.5.9\r\n", SPF_SSH_SECTIONS_MAX),
        SPF_SSH_OF_SECTION);
    (void)spf_ssh_config_complaint(
        "debug1: OpenSSH_10.0p2\r\nPseudo-terminal will not be allocated "
        "because stdin is not a terminal.\r\n",
        &len);
    ck_assert_uint_eq(len, 0);
    ck_assert_int_eq(of_log("", SPF_SSH_SECTIONS_MAX), SPF_SSH_UNLIKE); /* another ssh */
    ck_assert_int_eq(of_log("OpenSSH_9.2p1\n"
                            "debug1: Reading configuration data /nonexistent\n",
                            SPF_SSH_SECTIONS_MAX),
                     SPF_SSH_UNLIKE);
}
END_TEST

static int alone, first, served;

static void answered(struct spf_ssh_asker *asker, const char *says, size_t len)
{
    ck_assert(says == NULL || (len == 4 && asker->answer == NULL));
    alone += says == NULL && asker->answer == NULL;
    first += says == NULL && asker->answer != NULL;
    served += says != NULL;
}

static const char *const words[] = {"ssh", "-G", NULL};

START_TEST(one_asks_for_all)
{
    struct spf_ssh_answers *answers = spf_ssh_answers_new();
    struct spf_ssh_asker askers[4];
    static const char *const others[] = {"ssh", "-G", "-p22", NULL};

    for (int i = 0; i < 4; i++) {
        askers[i] = (struct spf_ssh_asker){.answered = answered, .host = "web"};
    }
    alone = first = served = 0;
    ck_assert_int_eq(spf_ssh_answers_ask(answers, words, &askers[0]), SPF_SSH_ASK_FIRST);
    ck_assert_int_eq(spf_ssh_answers_ask(answers, words, &askers[1]), SPF_SSH_WAIT);
    ck_assert_int_eq(spf_ssh_answers_ask(answers, words, &askers[2]), SPF_SSH_WAIT);
    ck_assert_int_eq(spf_ssh_answers_ask(answers, others, &askers[3]), SPF_SSH_ASK_FIRST);
    spf_ssh_answers_leave(&askers[1]);
    spf_ssh_answers_give(&askers[0], "", "says", 4);
    ck_assert_int_eq(served, 1);
    ck_assert_int_eq(spf_ssh_answers_ask(answers, words, &askers[1]), SPF_SSH_WAIT);
    ck_assert_int_eq(served, 2);
    /* Who asked first is gone: the others, now and later, ask for themselves. */
    ck_assert_int_eq(spf_ssh_answers_ask(answers, others, &askers[0]), SPF_SSH_WAIT);
    spf_ssh_answers_leave(&askers[3]);
    ck_assert_int_eq(alone, 1);
    ck_assert_int_eq(spf_ssh_answers_ask(answers, others, &askers[0]), SPF_SSH_ASK);
    ck_assert_int_eq(served, 2);
    ck_assert_int_eq(first, 0);
    spf_ssh_answers_free(answers);
}
END_TEST

/* One asks first; of those who waited, one for each other group of sections. */
START_TEST(one_asks_for_each_section)
{
    static const char *const hosts[] = {"web1", "web2", "db1", "db2", "jump", "db3"};
    static const char sections[] = "web* jump\ndb?\njump\n";
    struct spf_ssh_answers *answers = spf_ssh_answers_new();
    struct spf_ssh_asker askers[6];
    struct spf_ssh_asker *of_db;

    alone = first = served = 0;
    for (int i = 0; i < 6; i++) {
        askers[i] = (struct spf_ssh_asker){.answered = answered, .host = hosts[i]};
        ck_assert_int_eq(spf_ssh_answers_ask(answers, words, &askers[i]),
                         i == 0 ? SPF_SSH_ASK_FIRST : SPF_SSH_WAIT);
    }
    spf_ssh_answers_give(&askers[0], sections, "says", 4);
    ck_assert_int_eq(served, 1); /* web2 */
    ck_assert_int_eq(first, 2);  /* a db, and the jump host */
    ck_assert_int_eq(alone, 0);
    /* The jump host's is its own; the next one asks for itself as well. */
    spf_ssh_answers_give(&askers[4], sections, NULL, 0);
    askers[4].answer = NULL;
    ck_assert_int_eq(spf_ssh_answers_ask(answers, words, &askers[4]), SPF_SSH_ASK);
    /* One db asks, and one of those that wait for it is gone. */
    ck_assert_ptr_nonnull(askers[2].answer);
    of_db = &askers[5];
    spf_ssh_answers_leave(&askers[2]);
    ck_assert_int_eq(served + alone, 1);
    spf_ssh_answers_give(of_db, sections, "says", 4);
    ck_assert_int_eq(served, 2); /* db2 */
    /* Somebody wrote another configuration meanwhile: what it says holds for nobody else. */
    askers[0].host = "other";
    ck_assert_int_eq(spf_ssh_answers_ask(answers, words, &askers[0]), SPF_SSH_ASK_FIRST);
    spf_ssh_answers_give(&askers[0], "web*\n", "says", 4);
    ck_assert_int_eq(spf_ssh_answers_ask(answers, words, &askers[0]), SPF_SSH_ASK);
    spf_ssh_answers_free(answers);
}
END_TEST

int main(void)
{
    return unit_main("config_alike",
                     (const TTest *const[]){what_a_file_says_of_a_host,
                                            too_many_sections_are_nobodys, what_a_log_says,
                                            one_asks_for_all, one_asks_for_each_section, NULL});
}
