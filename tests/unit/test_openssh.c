#include "all_facts.h"
#include "unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "openssh/ask.h"
#include "openssh/control_path.h"
#include "openssh/key_support.h"
#include "openssh/keywords.h"
#include "openssh/version.h"
#include "pipeline/check.h"

/* The first word of each line; a keyword that is in no row fails. */
static void expect_rows(FILE *list, const char *where)
{
    char line[8192];
    size_t count = 0;

    while (fgets(line, sizeof line, list) != NULL) {
        line[strcspn(line, " \r\n")] = '\0';
        ck_assert_msg(line[0] == '\0' || spf_openssh_keyword(line) != NULL,
                      "%s: ssh -G prints %s, which is in no row of keywords.c", where, line);
        count++;
    }
    ck_assert_msg(count > 60, "%s: %zu lines", where, count);
}

START_TEST(every_keyword_of_ssh_has_a_row)
{
    /* with all that has no default, so that it is printed: Debian 12's 9.2, trixie's 10.0, sid's
     * 10.6 */
    static const char *const lists[] = {"bookworm", "trixie", "sid"};
    FILE *list;

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char path[1024];

        ck_assert(
            spf_format_whole(path, sizeof path, TEST_DATA "/openssh/keywords-%s.txt", lists[i]));
        list = fopen(path, "re");
        ck_assert_ptr_nonnull(list);
        expect_rows(list, lists[i]);
        ck_assert_int_eq(fclose(list), 0);
    }
    if (system("ssh -V 2>/dev/null") != 0) {
        return;
    }
    list = popen("ssh -F none -G localhost 2>/dev/null", "re");
    ck_assert_ptr_nonnull(list);
    expect_rows(list, "the ssh of this machine");
    ck_assert_int_eq(pclose(list), 0);
}
END_TEST

START_TEST(a_control_path_ends_ssh_or_not)
{
    char folder[] = "/tmp/spf-control-XXXXXX";
    char path[300];
    char why[300];

    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert(spf_format_whole(path, sizeof path, "%s/x", folder));
    ck_assert(!spf_control_path_fails("", true, why, sizeof why));
    ck_assert(!spf_control_path_fails(path, true, why, sizeof why));
    ck_assert(!spf_control_path_is_open(path));
    ck_assert(spf_format_whole(path, sizeof path, "%s/none/x", folder));
    ck_assert(!spf_control_path_fails(path, false, why, sizeof why)); /* it only looks */
    ck_assert(spf_control_path_fails(path, true, why, sizeof why));
    ck_assert_ptr_nonnull(strstr(why, "whose directory does not exist"));
    /* 108 bytes with the NUL, of which ssh wants 17 for itself where it listens */
    ck_assert(spf_format_whole(path, sizeof path, "/tmp/%086d", 0));
    ck_assert(spf_control_path_fails(path, true, why, sizeof why));
    ck_assert(!spf_control_path_fails(path, false, why, sizeof why));
    path[90] = '\0';
    ck_assert(!spf_control_path_fails(path, true, why, sizeof why));
    ck_assert(spf_format_whole(path, sizeof path, "/tmp/%0103d", 0));
    ck_assert(spf_control_path_fails(path, false, why, sizeof why));
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(the_version_line_becomes_numbers)
{
    static const struct {
        const char *says, *line, *crypto;
        int64_t version, crypto_version;
    } cases[] = {
        {"OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026\r\n",
         "OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026", "OpenSSL", 902, 300},
        {"OpenSSH_10.0p2 Debian-7+deb13u4, OpenSSL 3.5.9 29 Sep 2026\n",
         "OpenSSH_10.0p2 Debian-7+deb13u4, OpenSSL 3.5.9 29 Sep 2026", "OpenSSL", 1000, 305},
        {"OpenSSH_10.6p1 Debian-1, OpenSSL 3.6.5 29 Sep 2026",
         "OpenSSH_10.6p1 Debian-1, OpenSSL 3.6.5 29 Sep 2026", "OpenSSL", 1006, 306},
        {"OpenSSH_for_Windows_9.5p1, LibreSSL 3.8.2\r\n",
         "OpenSSH_for_Windows_9.5p1, LibreSSL 3.8.2", "LibreSSL", 905, 308},
        {"OpenSSH_7.4p1, OpenSSL 1.0.2k-fips  26 Jan 2017\n",
         "OpenSSH_7.4p1, OpenSSL 1.0.2k-fips  26 Jan 2017", "OpenSSL", 704, 100},
        {"OpenSSH_9.9p2, without OpenSSL\n", "OpenSSH_9.9p2, without OpenSSL", "", 909, 0},
        /* what a wrapper says first is not ssh's */
        {"this host is monitored\nOpenSSH_9.6p1 Ubuntu-3, OpenSSL 3.0.13 30 Jan 2024\n",
         "OpenSSH_9.6p1 Ubuntu-3, OpenSSL 3.0.13 30 Jan 2024", "OpenSSL", 906, 300},
        /* not OpenSSH, or nothing that is a version */
        {"Dropbear v2022.83\n", "Dropbear v2022.83", "", 0, 0},
        {"OpenSSH_\n", "OpenSSH_", "", 0, 0},
        {"OpenSSH_9\n", "OpenSSH_9", "", 0, 0},
        {"OpenSSH_9.\n", "OpenSSH_9.", "", 0, 0},
        {"OpenSSH_99999999999999999999.1\n", "OpenSSH_99999999999999999999.1", "", 0, 0},
        {"OpenSSH_9.100p1\n", "OpenSSH_9.100p1", "", 0, 0},
        {"\033[2JOpenSSH_9.2p1\n", "\\x1b[2JOpenSSH_9.2p1", "", 0, 0},
        {"", "", "", 0, 0},
        {"\n\n", "", "", 0, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_openssh_facts facts;

        spf_openssh_read_version(cases[i].says, strlen(cases[i].says), &facts);
        ck_assert_str_eq(facts.line, cases[i].line);
        ck_assert_msg(facts.version == cases[i].version, "%s: %lld", cases[i].says,
                      (long long)facts.version);
        ck_assert_str_eq(facts.crypto, cases[i].crypto);
        ck_assert_int_eq(facts.crypto_version, cases[i].crypto_version);
    }
}
END_TEST

START_TEST(a_version_is_written_as_people_say_it)
{
    char text[16];

    spf_openssh_version_format(902, text, sizeof text);
    ck_assert_str_eq(text, "9.2");
    spf_openssh_version_format(1006, text, sizeof text);
    ck_assert_str_eq(text, "10.6");
    spf_openssh_version_format(0, text, sizeof text);
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(what_a_file_needs_decides_which_ssh_loads_it)
{
    static const struct {
        enum spf_key_needs needs;
        const char *version; /* NULL: there is no ssh */
        bool loads;
    } cases[] = {
        {SPF_NEEDS_NOTHING, "OpenSSH_7.4p1, OpenSSL 1.0.2k 26 Jan 2017", true},
        {SPF_NEEDS_NOTHING, NULL, true},
        {SPF_NEEDS_ED25519_PKCS8, "OpenSSH_9.2p1, OpenSSL 3.0.19 27 Jan 2026", false},
        {SPF_NEEDS_ED25519_PKCS8, "OpenSSH_9.5p1, OpenSSL 3.5.0 1 Jan 2026", false},
        {SPF_NEEDS_ED25519_PKCS8, "OpenSSH_9.6p1, OpenSSL 3.0.13 30 Jan 2024", true},
        {SPF_NEEDS_ED25519_PKCS8, "OpenSSH_10.6p1, OpenSSL 3.6.5 29 Sep 2026", true},
        {SPF_NEEDS_ED25519_PKCS8, NULL, true},
        {SPF_NEEDS_ED25519_PKCS8, "Dropbear v2022.83", true},
        {SPF_NEEDS_ED25519_PKCS8_V2, "OpenSSH_9.6p1, OpenSSL 3.0.13 30 Jan 2024", false},
        {SPF_NEEDS_ED25519_PKCS8_V2, "OpenSSH_10.0p2, OpenSSL 3.5.9 29 Sep 2026", true},
        {SPF_NEEDS_ED25519_PKCS8_V2, "OpenSSH_10.0p2, LibreSSL 4.1.0", false},
        {SPF_NEEDS_ED25519_PKCS8_V2, NULL, false},
        {SPF_NEEDS_PKCS8_V2, "OpenSSH_9.2p1, OpenSSL 3.5.9 29 Sep 2026", true},
        {SPF_NEEDS_PKCS8_V2, "OpenSSH_9.2p1, OpenSSL 3.0.19 27 Jan 2026", false},
        {SPF_NEEDS_DSA, "OpenSSH_9.2p1, OpenSSL 3.0.19 27 Jan 2026", true},
        {SPF_NEEDS_DSA, "OpenSSH_10.0p2, OpenSSL 3.5.9 29 Sep 2026", false},
        {SPF_NEEDS_DSA, NULL, false},
        {SPF_NEEDS_MLDSA44_ED25519, "OpenSSH_10.0p2, OpenSSL 3.5.9 29 Sep 2026", false},
        {SPF_NEEDS_MLDSA44_ED25519, "OpenSSH_10.6p1, OpenSSL 3.6.5 29 Sep 2026", true},
        {SPF_NEEDS_MLDSA44_ED25519, NULL, false},
        {SPF_NEEDS_LEGACY_CIPHER, "OpenSSH_8.4p1, OpenSSL 1.1.1w 11 Sep 2023", true},
        {SPF_NEEDS_LEGACY_CIPHER, "OpenSSH_9.2p1, OpenSSL 3.0.19 27 Jan 2026", false},
        {SPF_NEEDS_LEGACY_CIPHER, "OpenSSH_9.8p1, LibreSSL 3.3.6", true},
        {SPF_NEEDS_LEGACY_CIPHER, NULL, false},
        {SPF_NEEDS_ED25519_COPY, "OpenSSH_10.0p2, OpenSSL 3.5.9 29 Sep 2026", false},
        {SPF_NEEDS_ED25519_COPY, "OpenSSH_10.6p1, OpenSSL 3.6.5 29 Sep 2026", true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_key_facts key = {.openssh_accepts = true, .needs = cases[i].needs};
        struct spf_openssh_facts ssh = {0};

        if (cases[i].version != NULL) {
            spf_openssh_read_version(cases[i].version, strlen(cases[i].version), &ssh);
        }
        ck_assert_msg(spf_openssh_loads(cases[i].version != NULL ? &ssh : NULL, &key) ==
                          cases[i].loads,
                      "%zu: %s", i, cases[i].version != NULL ? cases[i].version : "none");
        key.openssh_accepts = false;
        ck_assert(!spf_openssh_loads(&ssh, &key));
    }
}
END_TEST

/* key.format of an Ed25519 key in PKCS#8, with an ssh that says this to -V. */
static struct spf_opinion judge(const char *says, enum spf_group_phase phase,
                                struct spf_result *result)
{
    static const struct spf_target target = {.key_path = "k", .user = "root", .port = 22};
    struct spf_key_facts key = {.openssh_accepts = true,
                                .usable = true,
                                .damage = "key-pkcs8-ed25519",
                                .algorithm = "ssh-ed25519",
                                .container = SPF_CONTAINER_PKCS8,
                                .needs = SPF_NEEDS_ED25519_PKCS8};
    struct spf_openssh_facts ssh = {0};
    struct spf_facts facts = facts_of_key(&key);
    struct spf_result results[SPF_CHECK_COUNT] = {0};
    const struct spf_view view = {&target, &facts, results};

    facts.group[SPF_GROUP_OPENSSH].phase = phase;
    facts.openssh = &ssh;
    if (says != NULL) {
        spf_openssh_read_version(says, strlen(says), &ssh);
    }
    spf_result_init(result);
    return spf_judge_key_format(&view, result);
}

START_TEST(the_key_is_judged_for_the_ssh_of_this_machine)
{
    struct spf_opinion opinion;
    struct spf_result result;

    opinion = judge(NULL, SPF_ABSENT, &result);
    ck_assert_int_eq(opinion.kind, SPF_OPINION_WANTS);
    ck_assert(opinion.wants == SPF_GROUP_BIT(OPENSSH));
    spf_result_clear(&result);

    opinion = judge("OpenSSH_9.2p1, OpenSSL 3.0.19 27 Jan 2026", SPF_PRESENT, &result);
    ck_assert_int_eq(opinion.status, SPF_FAIL);
    ck_assert_int_eq(opinion.finding, SPF_KEY_PKCS8_ED25519);
    ck_assert_str_eq(result.summary, "k is Ed25519, PEM (PKCS#8): OpenSSH 9.2 here can't read it; "
                                     "OpenSSH 9.6 and later can");
    spf_result_clear(&result);

    opinion = judge("OpenSSH_10.6p1, OpenSSL 3.6.5 29 Sep 2026", SPF_PRESENT, &result);
    ck_assert_int_eq(opinion.status, SPF_PASS);
    ck_assert_ptr_nonnull(strstr(result.summary, "OpenSSH 10.6 here reads it"));
    spf_result_clear(&result);

    /* no ssh here, or a record that does not say which one there was */
    opinion = judge("", SPF_PRESENT, &result);
    ck_assert_int_eq(opinion.status, SPF_PASS);
    ck_assert_ptr_nonnull(strstr(result.summary, "OpenSSH 9.6 and later read it"));
    spf_result_clear(&result);
    opinion = judge(NULL, SPF_FAILED, &result);
    ck_assert_int_eq(opinion.status, SPF_PASS);
    spf_result_clear(&result);
}
END_TEST

/* A directory of its own that PATH then consists of, with an ssh that does what script says. */
static char place[] = "/tmp/spf-openssh-XXXXXX";

static void put_ssh(const char *script)
{
    char path[80];
    FILE *file;

    strcpy(place, "/tmp/spf-openssh-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(place));
    snprintf(path, sizeof path, "%s/ssh", place);
    if (script != NULL) {
        file = fopen(path, "w");
        ck_assert_ptr_nonnull(file);
        fprintf(file, "#!/bin/sh\n%s\n", script);
        fclose(file);
        ck_assert_int_eq(chmod(path, 0700), 0);
    }
    setenv("PATH", place, 1);
}

static void take_away(void)
{
    char path[80];

    snprintf(path, sizeof path, "%s/ssh", place);
    (void)unlink(path);
    (void)rmdir(place);
    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
}

static bool ask(const char *option, enum spf_openssh_stream stream, struct spf_buf *says)
{
    const char *const words[] = {"ssh", option, NULL};

    spf_buf_init(says, 1000);
    return spf_openssh_ask(words, stream, says);
}

START_TEST(ssh_is_asked_on_the_right_stream)
{
    struct spf_buf says;

    put_ssh("echo errors >&2; echo \"$1\"");
    ck_assert(ask("-V", SPF_OPENSSH_ERRORS, &says));
    ck_assert_str_eq(says.data, "errors\n");
    spf_buf_clear(&says);
    ck_assert(ask("-Q", SPF_OPENSSH_OUTPUT, &says));
    ck_assert_str_eq(says.data, "-Q\n");
    spf_buf_clear(&says);
    take_away();
}
END_TEST

START_TEST(an_ssh_that_fails_floods_or_is_missing_says_nothing)
{
    static const char *const scripts[] = {NULL, "exit 3", "echo x >&2; exit 1",
                                          "while :; do echo flood >&2; done"};
    struct spf_buf says;

    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        put_ssh(scripts[i]);
        ck_assert_msg(!ask("-V", SPF_OPENSSH_ERRORS, &says), "%zu", i);
        spf_buf_clear(&says);
        take_away();
    }
}
END_TEST

START_TEST(an_ssh_that_hangs_is_ended)
{
    struct spf_buf says;

    put_ssh("kill -STOP $$");
    ck_assert(!ask("-V", SPF_OPENSSH_ERRORS, &says));
    spf_buf_clear(&says);
    take_away();
}
END_TEST

START_TEST(it_has_no_passphrase_and_no_input)
{
    struct spf_buf says;

    setenv("SSHPREFLIGHT_PASSPHRASE", "canary", 1);
    put_ssh("read line && echo input; echo \"<$SSHPREFLIGHT_PASSPHRASE>\"");
    ck_assert(ask("-Q", SPF_OPENSSH_OUTPUT, &says));
    ck_assert_str_eq(says.data, "<>\n");
    spf_buf_clear(&says);
    take_away();
    unsetenv("SSHPREFLIGHT_PASSPHRASE");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {the_version_line_becomes_numbers,
                                  a_version_is_written_as_people_say_it,
                                  what_a_file_needs_decides_which_ssh_loads_it,
                                  the_key_is_judged_for_the_ssh_of_this_machine,
                                  ssh_is_asked_on_the_right_stream,
                                  an_ssh_that_fails_floods_or_is_missing_says_nothing,
                                  an_ssh_that_hangs_is_ended,
                                  it_has_no_passphrase_and_no_input,
                                  every_keyword_of_ssh_has_a_row,
                                  a_control_path_ends_ssh_or_not,
                                  NULL};

    return unit_main("openssh", tests);
}
