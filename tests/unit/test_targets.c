/* Lists of targets (cli/target_lines.c): what a line may be, and what it takes from the command
 * line. */
#include <stdlib.h>
#include <string.h>

#include "cli/parse.h"
#include "cli/target_lines.h"
#include "unit.h"

static struct spf_options options;
static struct spf_targets targets;

static void take_options(const char *line)
{
    static char copy[500];
    static char *argv[40] = {(char *)"sshpreflight"};
    int argc = 1;

    ck_assert(spf_copy_whole(copy, sizeof copy, line));
    for (char *at = copy, *word; (word = strsep(&at, " ")) != NULL;) {
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    ck_assert_int_eq(spf_options_parse(argc, argv, &options).code, SPF_OK);
}

static struct spf_error read_list(bool of_instances, const char *list)
{
    char *text = strdup(list);
    struct spf_error error = spf_targets_take(&targets, &options);

    ck_assert_ptr_nonnull(text);
    if (error.code == SPF_OK) {
        error = spf_targets_read(&targets, &options, of_instances, "hosts", text);
    }
    free(text);
    return error;
}

static void clear(void)
{
    spf_targets_clear(&targets);
    spf_options_clear(&options);
}

/* "user@host port key": what ssh would be given. */
static void check_line(const char *command_line, const char *line, const char *expected)
{
    const struct spf_target *target;
    char said[300];

    take_options(command_line);
    ck_assert_int_eq(read_list(false, line).code, SPF_OK);
    if (targets.left_out.count > 0) {
        ck_abort_msg("\"%s\": %s", line, targets.left_out.items[0].why);
    }
    ck_assert_uint_eq(targets.list.count, 1);
    target = targets.list.items[0];
    ck_assert(spf_format_whole(said, sizeof said, "%s%s%s@%s %u %s",
                               target->instance_id != NULL ? target->instance_id : "",
                               target->instance_id != NULL ? "=" : "", target->user,
                               target->host != NULL ? target->host : "-", (unsigned)target->port,
                               target->key_path));
    ck_assert_str_eq(said, expected);
    clear();
}

START_TEST(a_line_is_a_target)
{
    static const char *const lines[][2] = {
        {"web1", "root@web1 22 k"},
        {"web1:2222", "root@web1 2222 k"},
        {"ecs-user@web1", "ecs-user@web1 22 k"},
        {"ecs-user@web1:2222", "ecs-user@web1 2222 k"},
        {"  web1\t\r", "root@web1 22 k"},
        {"203.0.113.9:23", "root@203.0.113.9 23 k"},
        {"2001:db8::9", "root@2001:db8::9 22 k"},
        {"[2001:db8::9]", "root@2001:db8::9 22 k"},
        {"[2001:db8::9]:2222", "root@2001:db8::9 2222 k"},
        {"ssh://u@web1:24", "u@web1 24 k"},
        {"i-bp1a2b3c", "i-bp1a2b3c=root@- 22 k"},
        {"DOMAIN\\u@web1", "DOMAIN\\u@web1 22 k"},
        {"web1 -p 2222 -l admin", "admin@web1 2222 k"},
        {"web1:2222 -l admin", "admin@web1 2222 k"},
        {"-p 2222 web1", "root@web1 2222 k"},
        {"web1 --key 'my key'", "root@web1 22 my key"},
        {"i-bp1a2b3c --host web1", "i-bp1a2b3c=root@web1 22 k"},
        {"web1 # the first", "root@web1 22 k"},
        {"ssh -p 2222 u@web1", "u@web1 2222 k"},
        {"\xef\xbb\xbfweb1", "root@web1 22 k"},
        {"\n# all of them\n\nweb1\n", "root@web1 22 k"},
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        check_line("--hosts-file list --key k", lines[i][0], lines[i][1]);
    }
}
END_TEST

START_TEST(a_line_adds_to_the_command_line)
{
    check_line("--hosts-file list --key k -l ecs-user -p 2200", "web1", "ecs-user@web1 2200 k");
    check_line("--hosts-file list --key k -l ecs-user -p 2200", "root@web1:22", "root@web1 22 k");
    check_line("--hosts-file list -l ecs-user", "web1 -i other", "ecs-user@web1 22 other");
    check_line("--hosts-file list --key k --console", "web1", "root@web1 22 k");
}
END_TEST

START_TEST(instances_are_words_of_their_list)
{
    take_options("--instances-file list --key k");
    ck_assert_int_eq(read_list(true, "web-1\n203.0.113.9\ni-bp1a2b3c -l ecs-user\n").code, SPF_OK);
    ck_assert_uint_eq(targets.list.count, 3);
    ck_assert_str_eq(targets.list.items[0]->instance_id, "web-1");
    ck_assert_str_eq(targets.list.items[1]->instance_id, "203.0.113.9");
    ck_assert_str_eq(targets.list.items[2]->user, "ecs-user");
    ck_assert_ptr_null(targets.list.items[1]->host);
    clear();
}
END_TEST

/* The words that lines to rerun repeat, between blanks. */
static void check_repeated(const struct spf_target *target, const char *expected)
{
    char said[200] = "";
    size_t len = 0;

    for (size_t i = 0; target->other_options != NULL && target->other_options[i] != NULL; i++) {
        len += (size_t)snprintf(said + len, sizeof said - len, "%s%s", i > 0 ? " " : "",
                                target->other_options[i]);
    }
    ck_assert_str_eq(said, expected);
}

START_TEST(lines_have_accounts_of_their_own)
{
    static const struct {
        const char *line, *region, *profile, *repeated;
        unsigned account;
    } rows[] = {
        {"i-1", "a", "one", "--timeout 5 --region a --profile one", 0},
        {"i-2 --region b", "b", "one", "--timeout 5 --region b --profile one", 1},
        {"i-3 --prof=two", "a", "two", "--timeout 5 --region a --profile two", 2},
        {"i-4 --profile two --region b -4", "b", "two", "--timeout 5 -4 --region b --profile two",
         3},
        {"i-5 --region=b", "b", "one", "--timeout 5 --region b --profile one", 1},
        {"--host h", "a", "one", "--timeout 5 --region a --profile one", 0},
    };
    char list[400] = "";
    size_t len = 0;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        len += (size_t)snprintf(list + len, sizeof list - len, "%s\n", rows[i].line);
    }
    take_options("--instances-file list --key k --region a --timeout 5 --profile one");
    ck_assert_int_eq(spf_targets_take(&targets, &options).code, SPF_OK);
    ck_assert_int_eq(read_list(true, list).code, SPF_OK);
    ck_assert_uint_eq(targets.list.count, sizeof rows / sizeof *rows);
    ck_assert_uint_eq(targets.accounts.count, 4);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct spf_target *target = targets.list.items[i];

        ck_assert_uint_eq(target->account, rows[i].account);
        ck_assert_str_eq(target->profile, rows[i].profile);
        ck_assert_str_eq(targets.accounts.items[target->account]->cloud.region, rows[i].region);
        check_repeated(target, rows[i].repeated);
    }
    clear();
}
END_TEST

START_TEST(what_is_wrong_has_its_number)
{
    static const char *const lines[][2] = {
        {"web1 --format json", "--format is for the whole run"},
        {"web1 --endpoint http://127.0.0.1", "--endpoint is for the whole run"},
        {"web1 --hosts-file more", "--hosts-file is for the whole run"},
        {"web1 --no-such", "there is no option --no-such"},
        {"web1 web2", "two hosts"},
        {"web1 --timeout 9", "--timeout can be given once"},
        {"explain port-silent", "two hosts"},
        {"--instance i-1 --region a --region b", "several --region"},
        {"i-1 --profile=", "--profile is empty"},
        {"web1 $(id)", "only the shell"},
        {"web1 'open", "quot"},
        {"-p 22", "say what to check"},
        {"u:v:w:9", "port goes with -p"},
        {"-oProxyCommand=x", "say what to check"},
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char list[200];

        take_options("--hosts-file list --key k --timeout 5");
        ck_assert(spf_format_whole(list, sizeof list, "good1\n\n%s\ngood2\n", lines[i][0]));
        ck_assert_int_eq(read_list(false, list).code, SPF_OK);
        ck_assert_msg(targets.left_out.count == 1, "\"%s\" is taken", lines[i][0]);
        ck_assert_str_eq(targets.left_out.items[0].where, "hosts line 3");
        if (strstr(targets.left_out.items[0].why, lines[i][1]) == NULL) {
            ck_abort_msg("\"%s\": %s", lines[i][0], targets.left_out.items[0].why);
        }
        ck_assert_uint_eq(targets.list.count, 2);
        clear();
    }
}
END_TEST

/* All of a line that decides what is checked, however its files are spelled. */
START_TEST(a_line_says_which_target_it_is)
{
    char list[] = "h\nh -i other\nh -i k2\nh -p 22\nh -p 23\nh -l root\nh -l u\nh -J j\nh -4\n"
                  "h -o Port=23\nh -o Port=24\nh -o Port=23 -o Port=24\nh -o Port=23 -p 22\n"
                  "h --known-hosts kh\nh --timeout 9\nh --region r\nh --profile p\n"
                  "h --no-session\nh2\nssh -i other h\n";
    size_t lines = 0;

    for (const char *at = list; *at != '\0'; at++) {
        lines += *at == '\n';
    }
    take_options("--hosts-file list --key k -F cfg --only net");
    ck_assert_int_eq(read_list(false, list).code, SPF_OK);
    for (size_t i = 0; i < targets.left_out.count; i++) {
        ck_abort_msg("%s: %s", targets.left_out.items[i].where, targets.left_out.items[i].why);
    }
    ck_assert_uint_eq(targets.list.count, lines);
    clear();
    take_options("--hosts-file list --key k -F cfg");
    ck_assert_int_eq(read_list(false, "h -i /a/k\nh -i /a/./k\nh -i /a/b/../k\nh -i //a//k\n"
                                      "h -i /../a/k\nh -i /a/b/.././k\n")
                         .code,
                     SPF_OK);
    ck_assert_uint_eq(targets.list.count, 1);
    clear();
}
END_TEST

/* An identity is the same wherever a path is said from, and of every release: records are kept. */
START_TEST(an_identity_stays)
{
    struct spf_place place = {.directory = "/w", .known = true};
    struct spf_target target = {.host = "h", .user = "root", .port = 22, .ssh_config = "cfg"};
    uint64_t identity = spf_target_identity(&target, NULL, &place);
    char text[SPF_IDENTITY_SIZE];

    ck_assert_str_eq(spf_identity_format(identity, text), "aec633cdedbe91bd");
    ck_assert_uint_eq(spf_identity_parse(text), identity);
    target.ssh_config = "/w/x/../cfg";
    ck_assert_uint_eq(spf_target_identity(&target, NULL, &place), identity);
    spf_copy(place.directory, sizeof place.directory, "/other");
    ck_assert_uint_eq(spf_target_identity(&target, NULL, &place), identity);
    target.ssh_config = "cfg";
    ck_assert(spf_target_identity(&target, NULL, &place) != identity);
    ck_assert_uint_eq(spf_identity_parse(NULL), 0);
    ck_assert_uint_eq(spf_identity_parse("0123456789abcdeg"), 0);
    ck_assert_uint_eq(spf_identity_parse("0123456789abcde"), 0);
}
END_TEST

START_TEST(two_alike_are_one)
{
    take_options("--hosts-file list --key k root@web1");
    ck_assert_int_eq(
        read_list(false, "web2\nweb1\nroot@web1\nweb1:22\nweb2 -i k\nu@web2\nweb2 -i k2\n").code,
        SPF_OK);
    ck_assert_uint_eq(targets.left_out.count, 0);
    ck_assert_uint_eq(targets.list.count, 4);
    ck_assert_uint_eq(targets.alike, 4);
    clear();
}
END_TEST

START_TEST(instances_of_the_command_line)
{
    take_options("--instance i-1 --instance i-2 i-3 --instance i-1 --key k");
    ck_assert_int_eq(spf_targets_take(&targets, &options).code, SPF_OK);
    ck_assert_uint_eq(targets.list.count, 3);
    ck_assert_str_eq(targets.list.items[2]->instance_id, "i-3");
    ck_assert_uint_eq(targets.alike, 1);
    clear();
}
END_TEST

/* Most lines say no more than the target: what they borrow is kept once. */
START_TEST(many_lines_are_small)
{
    struct spf_buf list;

    spf_buf_init(&list, 1 << 20);
    for (unsigned i = 0; i < 10000; i++) {
        spf_buf_addf(&list, "host%u:%u\n", i, 22 + i % 2);
    }
    take_options("--hosts-file list");
    ck_assert_int_eq(read_list(false, list.data).code, SPF_OK);
    ck_assert_uint_eq(targets.list.count, 10000);
    ck_assert_uint_le(targets.kept.count, 2);
    ck_assert_str_eq(targets.list.items[9999]->host, "host9999");
    ck_assert_str_eq(targets.list.items[9999]->other_options[0], "--ssh-config");
    clear();
    spf_buf_clear(&list);
}
END_TEST

/* What is kept of a whole list says of each target what was read. */
START_TEST(a_whole_list_says_the_same)
{
    struct spf_target *before;
    struct spf_target room;

    take_options("--hosts-file list -l deploy");
    ck_assert_int_eq(read_list(false,
                               "a\na:2222\n-p 22 b\nadmin@c:23\nd --key other.pem -4 --skip key\n"
                               "e --timeout 3 -J jump\n")
                         .code,
                     SPF_OK);
    ck_assert_uint_eq(targets.list.count, 6);
    before = calloc(targets.list.count, sizeof *before);
    ck_assert_ptr_nonnull(before);
    for (size_t i = 0; i < targets.list.count; i++) {
        before[i] = *targets.list.items[i];
    }
    spf_targets_settle(&targets);
    for (size_t i = 0; i < targets.list.count; i++) {
        const struct spf_target *now = spf_targets_at(&targets, i, &room);

        ck_assert_mem_eq(now, &before[i], sizeof room);
    }
    free(before);
    clear();
}
END_TEST

/* A single target may be changed yet, and stays where it is. */
START_TEST(a_list_of_one)
{
    struct spf_target room;

    take_options("--hosts-file list");
    ck_assert_int_eq(read_list(false, "a\n").code, SPF_OK);
    spf_targets_settle(&targets);
    ck_assert_ptr_eq(spf_targets_at(&targets, 0, &room), targets.list.items[0]);
    ck_assert_str_eq(targets.list.items[0]->host, "a");
    clear();
}
END_TEST

#define BODY "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7MaGvzv5fJ8rTb2Qd"

/* The list and the key were given the wrong way round: nothing of it is said or kept. */
START_TEST(a_private_key_is_no_list)
{
    static const char *const lists[] = {
        "-----BEGIN RSA PRIVATE KEY-----\n" BODY "\n-----END RSA PRIVATE KEY-----\n",
        "10.0.0.1\n  -----BEGIN OPENSSH PRIVATE KEY-----\r\nb3BlbnNzaC1rZXk\r\n",
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: me\n",
        "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nP2/56wAA\n",
        "10.0.0.1\n" BODY "\n", /* its first line is lost */
        "> " BODY "\n",
        "-----BEGIN PRIVATE KEY-----\\nMC4CAQAwBQYDK2VwBCIEIA\\n\n"};
    static const char *const fair[] = {
        "10.0.0.1\n# not a -----BEGIN RSA PRIVATE KEY----- line\n", "10.0.0.1 --user begin\n",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.example\n",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n"};

    take_options("--hosts-file list --key k");
    for (size_t i = 0; i < 2 * sizeof lists / sizeof *lists; i++) {
        struct spf_error error = read_list(i % 2, lists[i / 2]);

        ck_assert_int_eq(error.code, SPF_ERR_USAGE);
        ck_assert(strstr(error.text, "private key") != NULL);
        ck_assert(strstr(error.text, "MII") == NULL && strstr(error.text, "BEGIN") == NULL);
        ck_assert_uint_eq(targets.list.count, 0);
        ck_assert_uint_eq(targets.left_out.count, 0);
        spf_targets_clear(&targets);
    }
    for (size_t i = 0; i < sizeof fair / sizeof *fair; i++) {
        ck_assert_int_eq(read_list(false, fair[i]).code, SPF_OK);
        ck_assert_uint_eq(targets.list.count, 1);
        spf_targets_clear(&targets);
    }
    clear();
}
END_TEST

int main(void)
{
    return unit_main("targets", (const TTest *const[]){
                                    a_line_is_a_target, a_line_adds_to_the_command_line,
                                    instances_are_words_of_their_list,
                                    lines_have_accounts_of_their_own, what_is_wrong_has_its_number,
                                    two_alike_are_one, a_line_says_which_target_it_is,
                                    an_identity_stays, instances_of_the_command_line,
                                    many_lines_are_small, a_whole_list_says_the_same, a_list_of_one,
                                    a_private_key_is_no_list, NULL});
}
