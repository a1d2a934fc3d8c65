/* One answer of `ssh -G` for targets that differ in host and user: against the real ssh, asked
 * about each. */
#include "unit.h"

#include <json-c/json.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shape.h"
#include "openssh/config_answers.h"
#include "openssh/config_shared.h"
#include "openssh/config_words.h"
#include "platform/home.h"

#define SAYS_MAX 65536

static const struct {
    const char *host, *user; /* user NULL: none given */
} targets[] = {
    {"web", "alice"},
    {"web", "bob"},
    {"db.example", "alice"},
    {"DB.example", "root"},
    {"192.0.2.7", "a_longer.name-2"},
    {"2001:db8::7", "bob"},
    {"web", NULL},
    {"db.example", NULL},
};
#define TARGETS (sizeof targets / sizeof *targets)

static const struct {
    const char *text;
    unsigned asked;   /* so many of the targets; of those with a user and without at least one */
    const char *more; /* of another file, which it includes at its end; NULL: none */
} configurations[] = {
    {"", 2},
    {"Host *\n User deploy\n Port 2222\n SendEnv LANG\n", 2},
    {"# Match user bob\nProxyCommand nc -x proxy:1080 %h %p %r %n\n", 2},
    {"ProxyJump jump.example\nIdentityFile ~/.ssh/%r@%h\nCertificateFile ~/.ssh/%r-%n-%u.pub\n", 2},
    {"HostKeyAlias one\nControlMaster auto\nControlPath /tmp/%r@%h:%p\n", 2},
    {"ControlPath ~/.ssh/cm-%C\n", 2},
    {"Port 2200\nHostKeyAlias %h-alias\ncontrolpath=/tmp/%n-%k-%l-%L-%u-%i-%d-%%-%r\r\n", 2},
    {"ControlPath ${HOME}/%h-%r\n", 2},
    {"ControlPath /tmp/%r\n", 2, "Host *\n ConnectTimeout 7\n ControlPath /tmp/%r\n"},
    {"ControlPath none\nControlPath /tmp/%h\n", 2},
    /* which of two counts, ssh alone knows */
    {"ControlPath /tmp/one\nControlPath /tmp/%h\n", TARGETS},
    {"ControlPath \"/tmp/a b/%r@%h\"\n", TARGETS},
    {"ControlPath /tmp/%r # shared\n", TARGETS},
    {"ControlPath /tmp/%r\n", TARGETS, "ControlPath /tmp/%h\n"},
    {"IdentityAgent /tmp/agent-%r\n", TARGETS},
    {"UserKnownHostsFile /tmp/known-%h /tmp/known\n", TARGETS},
    {"UserKnownHostsFile /tmp/known-%C\n", TARGETS},
    {"RemoteCommand echo %r\n", TARGETS},
    {"LocalForward /tmp/%r /tmp/%h\n", TARGETS},
    {"HostName %h.example\n", TARGETS},
    {"HostName 10.0.0.5\n", TARGETS},
    {"HostName web\n", TARGETS}, /* as some are called */
    /* sections: web; db.example and DB.example, which are two to "Host"; both addresses */
    {"Host web\n User deploy\n", 4},
    {"Host=web\n User deploy\n", 4},
    {"", 4, "Host web\n User deploy\n"},
    {"Host web\n", 4, "Port 2222\n"},
    {"Host web\n", TARGETS, "HostName web.internal\n"},
    {"Host bob@web\n Port 2222\n", 2}, /* of none */
    {"Host a,web\n Port 2222\n", 2},   /* of none: no list */
    {"Host * !web\n Port 2222\n", 4},
    {"Host !web *\n Port 2222\n", 4},
    {"Host !web\n Port 2222\n", 2}, /* of none */
    {"Host d* 192.0.2.?\n User deploy\n Port 2200\nHost *\n Port 2222\n", 4},
    {"Host D* *:*\n Port 2200\nHost ?? we?\n Port 2222\n", 5},
    {"Host *.example\n HostName %h.internal\n", 5},
    {"Host *.example\n ProxyJump jump.internal\nHost jump.internal\n HostName 10.0.0.5\n", 4},
    {"Host web\n ControlPath /tmp/%r\nHost *\n ControlPath /tmp/%h\n", 5},
    {"Host web\n IdentityAgent /tmp/agent-%r\n", 5},
    {"Host \"web\"\n Port 2222\n", TARGETS},
    {"Host web # and others\n Port 2222\n", TARGETS},
    {"Host web x=y\n Port 2222\n", TARGETS},
    {"Match user bob\n Port 2222\n", TARGETS},
    {"Match originalhost web\n Port 2222\n", TARGETS},
    {"Match exec \"test %r = bob\"\n Port 2222\n", TARGETS},
    {"Match localuser root\n Port 2222\n", TARGETS},
    {"Match final\n Port 2222\n", TARGETS},
    {"Match canonical host web\n Port 2222\n", TARGETS},
    {"Host *\n Match host db.example user alice\n  Port 2222\n", TARGETS},
};

static char folder[40];
static struct spf_ssh_self self;

static void write_config(const char *text, const char *more)
{
    char path[100];
    FILE *file;

    if (more != NULL) {
        ck_assert(spf_format_whole(path, sizeof path, "%s/more", folder));
        file = fopen(path, "we");
        ck_assert_ptr_nonnull(file);
        ck_assert(fputs(more, file) >= 0);
        ck_assert_int_eq(fclose(file), 0);
    }
    ck_assert(spf_format_whole(path, sizeof path, "%s/config", folder));
    file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert(fputs(text, file) >= 0);
    ck_assert(more == NULL || fprintf(file, "Include %s/more\n", folder) > 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* All that ssh prints about a target, its log in the file named log. */
static void ask(size_t i, struct spf_buf *says)
{
    char command[400];
    char bytes[4096];
    size_t got;
    FILE *out;

    ck_assert(spf_format_whole(command, sizeof command,
                               "exec ssh -F %s/config -GTv -oCanonicalizeHostname=no %s %s -- %s "
                               "2>%s/log </dev/null",
                               folder, targets[i].user != NULL ? "-l" : "",
                               targets[i].user != NULL ? targets[i].user : "", targets[i].host,
                               folder));
    out = popen(command, "re");
    ck_assert_ptr_nonnull(out);
    while ((got = fread(bytes, 1, sizeof bytes, out)) > 0) {
        spf_buf_add(says, bytes, got);
    }
    ck_assert_int_eq(pclose(out), 0);
}

static void read_log(struct spf_buf *log)
{
    char path[100];
    char bytes[4096];
    size_t got;
    FILE *file;

    ck_assert(spf_format_whole(path, sizeof path, "%s/log", folder));
    file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    while ((got = fread(bytes, 1, sizeof bytes, file)) > 0) {
        spf_buf_add(log, bytes, got);
    }
    ck_assert_int_eq(fclose(file), 0);
}

/* The facts of a text as one line; own: it is a common text, of which these are the target's. */
static char *facts_of(size_t i, const struct spf_buf *says, bool own)
{
    struct spf_ssh_config_facts facts = {0};
    struct json_object *json;
    char *text;

    spf_copy(facts.asked, sizeof facts.asked, targets[i].host);
    ck_assert(spf_ssh_config_read(says->data, says->len, &facts));
    ck_assert(!own || spf_ssh_config_make_own(&facts, targets[i].user, &self));
    /* of the command, which is no part of a record, and the socket */
    spf_copy(facts.says, sizeof facts.says, facts.proxy_command);
    json = spf_shape_write(&spf_ssh_config_shape, &facts, NULL);
    ck_assert_ptr_nonnull(json);
    json_object_object_add(json, "socket", json_object_new_string(facts.manners.control_path));
    text = strdup(json_object_to_json_string(json));
    json_object_put(json);
    spf_shape_clear(&spf_ssh_config_shape, &facts);
    return text;
}

static void remove_folder(void)
{
    static const char *const names[] = {"config", "more", "log"};
    char path[100];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ck_assert(spf_format_whole(path, sizeof path, "%s/%s", folder, names[i]));
        (void)unlink(path);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}

/* What another's text makes of the target, and what ssh says of it. */
static void compare(const char *text, size_t target, const struct spf_buf *common)
{
    struct spf_buf says;
    char *ours;
    char *theirs;

    spf_buf_init(&says, SAYS_MAX);
    ask(target, &says);
    ours = facts_of(target, common, true);
    theirs = facts_of(target, &says, false);
    ck_assert_msg(strcmp(ours, theirs) == 0, "%s\nfor %zu:\n%s\nssh:\n%s", text, target, ours,
                  theirs);
    free(ours);
    free(theirs);
    spf_buf_clear(&says);
}

static struct spf_buf served; /* what another got, for the one that asked last */

static void answered(struct spf_ssh_asker *asker, const char *says, size_t len)
{
    ck_assert_ptr_null(asker->answer);
    spf_buf_add(&served, says, len);
}

/* Asks ssh about the target, whose answer may serve others. */
static void ask_for_others(size_t target, struct spf_ssh_asker *asker)
{
    struct spf_buf says;
    struct spf_buf log;
    struct spf_buf sections;
    struct spf_buf common;
    enum spf_ssh_alike alike;

    spf_buf_init(&says, SAYS_MAX);
    spf_buf_init(&log, SAYS_MAX);
    spf_buf_init(&sections, SPF_SSH_SECTIONS_MAX);
    spf_buf_init(&common, SAYS_MAX);
    ask(target, &says);
    read_log(&log);
    alike = spf_ssh_config_make_common((struct spf_bytes){(const uint8_t *)says.data, says.len},
                                       log.data, targets[target].host, &self, &sections, &common);
    spf_ssh_answers_give(asker, alike == SPF_SSH_UNLIKE ? NULL : sections.data,
                         alike == SPF_SSH_OF_SECTION ? common.data : NULL, common.len);
    spf_buf_clear(&says);
    spf_buf_clear(&log);
    spf_buf_clear(&sections);
    spf_buf_clear(&common);
}

/* All targets, one after the other from the first on; how many were asked about. */
static unsigned ask_about_all(const char *text, size_t first)
{
    static const char *const with_user[] = {"-l", NULL};
    static const char *const without[] = {NULL};
    struct spf_ssh_answers *answers = spf_ssh_answers_new();
    unsigned asked = 0;

    for (size_t i = 0; i < TARGETS; i++) {
        size_t target = (first + i) % TARGETS;
        struct spf_ssh_asker asker = {.answered = answered, .host = targets[target].host};
        enum spf_ssh_turn turn;

        spf_buf_init(&served, SAYS_MAX);
        turn = spf_ssh_answers_ask(answers, targets[target].user != NULL ? with_user : without,
                                   &asker);
        asked += turn != SPF_SSH_WAIT;
        if (turn == SPF_SSH_ASK_FIRST) {
            ask_for_others(target, &asker);
        } else if (turn == SPF_SSH_WAIT) {
            compare(text, target, &served);
        }
        spf_buf_clear(&served);
    }
    spf_ssh_answers_free(answers);
    return asked;
}

START_TEST(one_answer_is_what_ssh_says_of_each)
{
    const char *text = configurations[_i].text;

    if (system("ssh -V 2>/dev/null") != 0) {
        return;
    }
    spf_copy(folder, sizeof folder, "/tmp/spf-shared-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    write_config(text, configurations[_i].more);
    for (size_t first = 0; first < TARGETS; first += 3) { /* of each kind */
        unsigned asked = ask_about_all(text, first);

        ck_assert_msg(asked == configurations[_i].asked, "%s\nfrom %zu: %u", text, first, asked);
    }
    remove_folder();
}
END_TEST

START_TEST(what_ends_some_ssh_is_not_shared)
{
    static const char *const names[] = {"",    "-l",  "a b", "a@b",  "ssh://a",
                                        "a;b", "a'b", "a\\", "$(a)", "fe80::1%eth0"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ck_assert_msg(!spf_ssh_config_can_be_shared(names[i]), "%s", names[i]);
    }
    for (size_t i = 0; i < TARGETS; i++) {
        ck_assert(spf_ssh_config_can_be_shared(targets[i].host));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_shared");
    TCase *tcase = unit_case(suite, "config_shared");
    struct spf_self who;

    if (!spf_self(&who) || gethostname(self.host, sizeof self.host - 1) != 0) {
        return EXIT_FAILURE;
    }
    spf_copy(self.user, sizeof self.user, who.name);
    spf_copy(self.home, sizeof self.home, who.home);
    tcase_add_loop_test(tcase, one_answer_is_what_ssh_says_of_each, 0,
                        sizeof configurations / sizeof *configurations);
    tcase_add_test(tcase, what_ends_some_ssh_is_not_shared);
    return unit_run(suite);
}
