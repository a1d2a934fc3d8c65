/* One answer of `ssh -G` for targets that differ in host and user: against the real ssh, asked
 * about each. */
#include "unit.h"

#include <json-c/json.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shape.h"
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
    bool shared;      /* else each is asked about */
    const char *more; /* of another file, which it includes at its end; NULL: none */
} configurations[] = {
    {"", true},
    {"Host *\n User deploy\n Port 2222\n SendEnv LANG\n", true},
    {"# Match user bob\nProxyCommand nc -x proxy:1080 %h %p %r %n\n", true},
    {"ProxyJump jump.example\nIdentityFile ~/.ssh/%r@%h\nCertificateFile ~/.ssh/%r-%n-%u.pub\n",
     true},
    {"HostKeyAlias one\nControlMaster auto\nControlPath /tmp/%r@%h:%p\n", true},
    {"ControlPath ~/.ssh/cm-%C\n", true},
    {"Port 2200\nHostKeyAlias %h-alias\ncontrolpath=/tmp/%n-%k-%l-%L-%u-%i-%d-%%-%r\r\n", true},
    {"ControlPath ${HOME}/%h-%r\n", true},
    {"ControlPath /tmp/%r\n", true, "Host *\n ConnectTimeout 7\n ControlPath /tmp/%r\n"},
    {"ControlPath none\nControlPath /tmp/%h\n", true},
    {"ControlPath /tmp/one\nControlPath /tmp/%h\n", false}, /* which counts, ssh alone knows */
    {"ControlPath \"/tmp/a b/%r@%h\"\n", false},
    {"ControlPath /tmp/%r # shared\n", false},
    {"ControlPath /tmp/%r\n", false, "ControlPath /tmp/%h\n"},
    {"", false, "Host web\n User deploy\n"},
    {"IdentityAgent /tmp/agent-%r\n", false},
    {"UserKnownHostsFile /tmp/known-%h /tmp/known\n", false},
    {"UserKnownHostsFile /tmp/known-%C\n", false},
    {"RemoteCommand echo %r\n", false},
    {"LocalForward /tmp/%r /tmp/%h\n", false},
    {"HostName %h.example\n", false},
    {"HostName 10.0.0.5\n", false},
    {"Host web\n User deploy\n", false},
    {"Host bob@web\n Port 2222\n", false},
    {"Host * !web\n Port 2222\n", false},
    {"Match user bob\n Port 2222\n", false},
    {"Match originalhost web\n Port 2222\n", false},
    {"Match exec \"test %r = bob\"\n Port 2222\n", false},
    {"Match localuser root\n Port 2222\n", false},
    {"Match final\n Port 2222\n", false},
    {"Match canonical host web\n Port 2222\n", false},
    {"Host *\n Match host db.example user alice\n  Port 2222\n", false},
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

/* What the text that `first` got makes of the other, and what ssh says of it. */
static void compare(const char *text, size_t first, size_t other, const struct spf_buf *common)
{
    struct spf_buf says;
    char *ours;
    char *theirs;

    spf_buf_init(&says, SAYS_MAX);
    ask(other, &says);
    ours = facts_of(other, common, true);
    theirs = facts_of(other, &says, false);
    ck_assert_msg(strcmp(ours, theirs) == 0, "%s\nof %zu for %zu:\n%s\nssh:\n%s", text, first,
                  other, ours, theirs);
    free(ours);
    free(theirs);
    spf_buf_clear(&says);
}

START_TEST(one_answer_is_what_ssh_says_of_each)
{
    const char *text = configurations[_i].text;
    struct spf_buf says;
    struct spf_buf log;
    struct spf_buf common;

    if (system("ssh -V 2>/dev/null") != 0) {
        return;
    }
    spf_copy(folder, sizeof folder, "/tmp/spf-shared-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    write_config(text, configurations[_i].more);
    for (size_t first = 0; first < TARGETS; first++) {
        spf_buf_init(&says, SAYS_MAX);
        spf_buf_init(&log, SAYS_MAX);
        spf_buf_init(&common, SAYS_MAX);
        ask(first, &says);
        read_log(&log);
        ck_assert_msg(spf_ssh_config_make_common(
                          (struct spf_bytes){(const uint8_t *)says.data, says.len}, log.data,
                          targets[first].host, &self, &common) == configurations[_i].shared,
                      "%s\nfor %zu", text, first);
        for (size_t other = 0; other < TARGETS && configurations[_i].shared; other++) {
            /* with a user given and without are two questions */
            if ((targets[first].user == NULL) == (targets[other].user == NULL)) {
                compare(text, first, other, &common);
            }
        }
        spf_buf_clear(&says);
        spf_buf_clear(&log);
        spf_buf_clear(&common);
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
