#include <stdio.h>

#include "all_facts.h"
#include "unit.h"

#include "base/json.h"
#include "base/text.h"
#include "pipeline/check.h"

/* The key's judges, fed with what was asked for besides the facts of the key itself. */

static char some_blob[] = "AAAA";

/* What a judge says and concludes: "pass", "warn key-missing", "skip", "wants". */
static void ask(spf_judge *judge, const struct spf_target *target, struct spf_facts *facts,
                char said[400])
{
    struct spf_result results[SPF_CHECK_COUNT] = {0};
    const struct spf_view view = {target, facts, results};
    struct spf_result result;
    struct spf_opinion opinion;

    spf_result_init(&result);
    opinion = judge(&view, &result);
    spf_format(said, 400, "%s%s%s: %s",
               opinion.kind == SPF_OPINION_SKIPS   ? "skip"
               : opinion.kind == SPF_OPINION_WANTS ? "wants"
                                                   : spf_status_name(opinion.status),
               opinion.finding ? " " : "", opinion.finding ? spf_findings[opinion.finding].id : "",
               result.summary);
    spf_result_clear(&result);
}

static void expect(const char *name, const char *said, const char *start, const char *part)
{
    ck_assert_msg(strncmp(said, start, strlen(start)) == 0, "%s: '%s', not '%s'", name, said,
                  start);
    ck_assert_msg(strstr(said, part) != NULL, "%s: '%s' lacks '%s'", name, said, part);
}

/* What ssh's configuration names. */
START_TEST(files_that_ssh_passes_over_are_named)
{
    static struct spf_ssh_file files[] = {
        {.path = "/k/a", .exists = true, .passed_over = true},
        {.path = "/k/key", .exists = true, .passed_over = true},
        {.path = "/k/good", .exists = true},
        {.path = "/k/b", .exists = true, .passed_over = true},
    };
    const struct spf_target configured = {.key_path = "/k/key", .key_configured = true};
    const struct spf_target given = {.key_path = "/k/key"};
    const struct spf_target without = {.key_configured = true, .from_transcript = true};
    struct spf_key_facts key = {0};
    struct spf_ssh_config_facts config = {.identities = {files, 4}};
    struct spf_facts facts = facts_of_key(&key);
    char said[400];

    facts.ssh_config = &config;
    ask(spf_judge_key_file, &configured, &facts, said);
    expect("configured", said, "pass: ", "ssh skips /k/a, /k/b, which it cannot use");
    ask(spf_judge_key_file, &given, &facts, said);
    expect("given", said, "pass: ", "file readable");
    ck_assert_ptr_null(strstr(said, "skips"));
    ask(spf_judge_key_file, &without, &facts, said);
    ck_assert_ptr_null(strstr(said, "skips"));
    facts.ssh_config->identities.count = 0;
    ask(spf_judge_key_file, &configured, &facts, said);
    ck_assert_ptr_null(strstr(said, "skips"));
}
END_TEST

START_TEST(no_key_at_all_is_said)
{
    static struct spf_ssh_file file = {.path = "/k/key"};
    const struct spf_target target = {0};
    struct spf_ssh_config_facts config = {.identities = {&file, 1}};
    struct spf_facts facts;
    char said[400];

    spf_facts_init(&facts);
    facts.ssh_config = &config;
    ask(spf_judge_key_file, &target, &facts, said);
    expect("one that is not there", said, "unknown key-missing", "/k/key, does not exist");
    file.exists = true;
    ask(spf_judge_key_file, &target, &facts, said);
    expect("one that is there", said, "unknown key-missing", "names no key file that exists");
    facts.ssh_config->identities.count = 0;
    ask(spf_judge_key_file, &target, &facts, said);
    expect("none", said, "unknown key-missing", "names no key file that exists");
}
END_TEST

START_TEST(a_directory_of_keys_gives_the_key)
{
    const struct spf_target looking = {.key_dir = "/keys"};
    const struct spf_target found = {.key_dir = "/keys", .key_path = "/keys/k"};
    struct spf_key_facts key = {0};
    struct spf_found_key_facts found_key = {0};
    struct spf_facts facts = facts_of_key(&key);
    char said[400];

    facts.found_key = &found_key;
    ask(spf_judge_key_file, &looking, &facts, said);
    expect("not searched yet", said, "wants", "");
    facts.group[SPF_GROUP_FOUND_KEY].phase = SPF_PRESENT;
    ask(spf_judge_key_file, &looking, &facts, said);
    expect("nothing in it", said, "skip", "");
    facts.group[SPF_GROUP_FOUND_KEY].phase = SPF_FAILED;
    ask(spf_judge_key_file, &looking, &facts, said);
    expect("not readable", said, "skip", "");
    ask(spf_judge_key_file, &found, &facts, said);
    expect("by its public key", said, "pass: ", "/keys/k is readable");
    found_key.by_name = true;
    ask(spf_judge_key_file, &found, &facts, said);
    expect("by its name", said, "pass: ", "/keys/k is readable");
}
END_TEST

START_TEST(where_the_key_is_from_is_said)
{
    const struct spf_target empty = {.key_path = ""};
    const struct spf_target input = {.key_path = "-"};
    const struct spf_target agents = {.from_transcript = true};
    struct spf_key_facts key = {.outcome = SPF_KEY_ABSENT};
    struct spf_facts facts = facts_of_key(&key);
    char said[400];

    ask(spf_judge_key_file, &empty, &facts, said);
    expect("no name", said, "fail key-missing", "is a variable not set?");
    ask(spf_judge_key_file, &agents, &facts, said);
    expect("none", said, "fail key-missing", "");
    key = (struct spf_key_facts){.from_stdin = true,
                                 .damage = "key-encrypted",
                                 .encrypted = true,
                                 .in_agent = true,
                                 .public_blob = some_blob};
    ask(spf_judge_key_file, &input, &facts, said);
    expect("standard input", said, "pass: ", "read from standard input");
    ask(spf_judge_key_format, &input, &facts, said);
    expect("standard input", said, "warn key-encrypted",
           "the key from standard input is encrypted");
    key = (struct spf_key_facts){.from_agent = true,
                                 .in_agent = true,
                                 .damage = "key-is-public",
                                 .algorithm = "ssh-ed25519",
                                 .public_blob = some_blob};
    ask(spf_judge_key_file, &agents, &facts, said);
    expect("the agent", said, "pass: ", "held by the ssh-agent");
    ask(spf_judge_key_mode, &agents, &facts, said);
    expect("the agent", said, "skip", "");
    ask(spf_judge_key_format, &agents, &facts, said);
    expect("the agent", said, "pass: ", "Ed25519, in the ssh-agent");
    key.in_agent = false;
    ask(spf_judge_key_format, &agents, &facts, said);
    expect("the agent no longer", said, "fail key-is-public", "");
}
END_TEST

/* Damages by their ids, as far as the table of test_key_check.c does not have them. */
static const struct row {
    const char *name;
    struct spf_key_facts facts;
    const char *format;
} rows[] = {
    {"BOM, ssh takes it",
     {.damage = "key-bom", .openssh_accepts = true, .usable = true},
     "warn key-bom"},
    {"no newline, ssh takes it",
     {.damage = "key-no-final-newline", .openssh_accepts = true, .usable = true},
     "warn key-no-final-newline"},
    {"several keys, ssh takes the first",
     {.damage = "key-multiple", .openssh_accepts = true, .usable = true},
     "warn key-multiple"},
    {"mangled, ssh takes it",
     {.damage = "key-header-mangled", .openssh_accepts = true, .usable = true},
     "warn key-header-mangled"},
    {"wrapped", {.damage = "key-wrapped", .usable = true}, "fail key-wrapped"},
    {"of another version's record",
     {.damage = "key-of-the-future", .openssh_accepts = true},
     "fail key-corrupt"},
    {"a wrong passphrase, public key known",
     {.damage = "key-passphrase-wrong", .encrypted = true, .public_blob = some_blob},
     "fail key-passphrase-wrong"},
    {"a wrong passphrase",
     {.damage = "key-passphrase-wrong", .encrypted = true},
     "fail key-passphrase-wrong"},
    {"a type that only ssh has",
     {.damage = "key-algorithm-unsupported", .openssh_accepts = true, .algorithm = "ssh-new"},
     "warn key-algorithm-unsupported"},
    {"a type that nobody has",
     {.damage = "key-algorithm-unsupported", .algorithm = "ssh-new"},
     "fail key-algorithm-unsupported"},
    {"two halves, not usable here",
     {.damage = "key-parts-mismatch", .openssh_accepts = true, .algorithm = "ssh-rsa"},
     "fail key-parts-mismatch"},
    {"two halves, ssh refuses it",
     {.damage = "key-parts-mismatch", .usable = true, .algorithm = "ssh-rsa"},
     "fail key-parts-mismatch"},
    {"FIDO, nothing known",
     {.damage = "key-needs-device", .openssh_accepts = true},
     "unknown key-needs-device"},
    {"a PPK newer than we know",
     {.damage = "key-ppk-version-new", .container = SPF_CONTAINER_PPK_NEWER},
     "fail key-ppk-version-new"},
    {"PPK 3",
     {.damage = "key-is-ppk",
      .container = SPF_CONTAINER_PPK3,
      .putty_accepts = true,
      .usable = true},
     "warn key-is-ppk"},
    {"PPK 3, damaged",
     {.damage = "key-indented", .container = SPF_CONTAINER_PPK3, .usable = true},
     "fail key-indented"},
};

START_TEST(damages_are_judged)
{
    const struct row *row = &rows[_i];
    const struct spf_target target = {.key_path = "k"};
    struct spf_key_facts key = row->facts;
    struct spf_facts facts = facts_of_key(&key);
    char said[400];

    ask(spf_judge_key_format, &target, &facts, said);
    expect(row->name, said, row->format, "");
}
END_TEST

static char path[] = "k.ppk";
static char blob[] = "AAAA";
static char other[] = "AAAB";

static struct spf_asked_key refused[] = {{0, SPF_AUTH_REFUSED}, {1, SPF_AUTH_REFUSED}};
static struct spf_asked_key repairable[] = {{0, SPF_AUTH_REFUSED}, {1, SPF_AUTH_ACCEPTED}};
static struct spf_asked_key accepted[] = {{0, SPF_AUTH_ACCEPTED}};
static struct spf_asked_key cut[] = {{1, SPF_AUTH_REFUSED}};

/* What the server answers to the agent's key decides how grave it is that ssh can't read the PPK.
 */
static const struct {
    const char *name;
    bool asks;
    struct spf_asked_key *asked;
    size_t count;
    enum spf_auth_outcome outcome;
    const char *error;
    const char *expected;
} walks[] = {
    {"not asked yet", false, NULL, 0, SPF_AUTH_REFUSED, "", "warn key-is-ppk"},
    {"the agent's is accepted", true, accepted, 1, SPF_AUTH_ACCEPTED, "", "warn key-is-ppk"},
    {"both are refused", true, refused, 2, SPF_AUTH_REFUSED, "", "fail ssh-needs-openssh-key"},
    {"the file's is accepted", true, repairable, 2, SPF_AUTH_ACCEPTED, "",
     "fail ssh-needs-openssh-key"},
    {"cut off before the agent's", true, cut, 1, SPF_AUTH_REFUSED,
     "Too many authentication failures", "warn key-is-ppk"},
    {"no answer", true, refused, 2, SPF_AUTH_SILENT, "", "warn key-is-ppk"},
};

/* What is a warning on its own is fatal where the program that logs in can't use the file. */
START_TEST(the_program_must_be_able_to_use_the_file)
{
    struct spf_target target = {.key_path = "k.ppk", .ssh_config = "", .openssh_typed = true};
    struct spf_key_facts key = {.damage = "key-is-ppk",
                                .container = SPF_CONTAINER_PPK3,
                                .putty_accepts = true,
                                .usable = true};
    struct spf_ssh_config_facts config = {0};
    struct spf_facts facts = facts_of_key(&key);
    struct spf_skipped_file file = {.path = path};
    struct spf_ssh_offer offers[] = {{.blob = blob, .in_agent = true},
                                     {.path = "k.ppk", .blob = other, .skipped = true}};
    struct spf_query_facts query = {0};
    char said[400];

    facts.ssh_config = &config;
    facts.query = &query;

    ask(spf_judge_key_format, &target, &facts, said);
    expect("ssh, PPK", said, "fail ssh-needs-openssh-key", "");
    key.in_agent = true;
    ask(spf_judge_key_format, &target, &facts, said);
    expect("ssh, PPK in an agent that is not asked", said, "fail ssh-needs-openssh-key", "");
    config.skipped.items = &file;
    config.skipped.count = 1;
    config.offers.items = offers;
    config.offers.count = 2;
    for (size_t i = 0; i < sizeof walks / sizeof *walks; i++) {
        query.asked.items = walks[i].asked;
        query.asked.count = walks[i].count;
        query.outcome = walks[i].outcome;
        spf_copy(query.error, sizeof query.error, walks[i].error);
        facts.group[SPF_GROUP_QUERY].phase = walks[i].asks ? SPF_PRESENT : SPF_ABSENT;
        ask(spf_judge_key_format, &target, &facts, said);
        expect(walks[i].name, said, walks[i].expected, "");
    }
    config = (struct spf_ssh_config_facts){0};
    target = (struct spf_target){.key_path = "k.ppk", .ssh_config = "", .key_configured = true};
    ask(spf_judge_key_format, &target, &facts, said);
    expect("IdentityFile, PPK", said, "fail ssh-needs-openssh-key", "");
    target = (struct spf_target){.key_path = "k.ppk", .no_openssh = true};
    ask(spf_judge_key_format, &target, &facts, said);
    expect("plink, PPK", said, "warn key-is-ppk", "");

    key = (struct spf_key_facts){.container = SPF_CONTAINER_PKCS1, .usable = true};
    ask(spf_judge_key_format, &target, &facts, said);
    expect("plink, PEM", said, "fail putty-needs-ppk", "k.ppk is not in PuTTY's own format");
    key.in_agent = true;
    ask(spf_judge_key_format, &target, &facts, said);
    expect("plink, PEM in an agent", said, "warn putty-needs-ppk", "");
}
END_TEST

/* PuTTY does not look at rights, whoever may read the file. */
START_TEST(rights_mean_less_for_putty)
{
    static const enum spf_key_container containers[] = {SPF_CONTAINER_PPK2, SPF_CONTAINER_PPK3,
                                                        SPF_CONTAINER_PPK_NEWER};
    const struct spf_target target = {.key_path = "k"};
    char said[400];

    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++) {
        struct spf_key_facts key = {.mode = 0644, .mine = true, .container = containers[i]};
        struct spf_facts facts = facts_of_key(&key);

        ask(spf_judge_key_mode, &target, &facts, said);
        expect("open", said, "warn key-mode-too-open", "");
        key.by_list = true;
        ask(spf_judge_key_mode, &target, &facts, said);
        expect("a stranger's", said, "warn key-owner-untrusted", "");
        key.container = SPF_CONTAINER_OPENSSH;
        ask(spf_judge_key_mode, &target, &facts, said);
        expect("a stranger's, ssh's", said, "fail key-owner-untrusted", "");
    }
}
END_TEST

/* A mode that can't be changed says why. */
START_TEST(a_mode_that_is_fixed_says_why)
{
    const struct spf_target target = {.key_path = "k"};
    struct spf_key_facts key = {.mode = 0644, .mine = true, .read_only = true};
    struct spf_facts facts = facts_of_key(&key);
    char said[400];

    ask(spf_judge_key_mode, &target, &facts, said);
    expect("read-only", said, "fail key-mode-too-open", "");
    spf_copy(key.file_system, sizeof key.file_system, "vfat");
    ask(spf_judge_key_mode, &target, &facts, said);
    expect("FAT, read-only", said, "fail key-mode-too-open", "(vfat) keeps no modes");
}
END_TEST

/* An access list that is open to others, on Windows: the agent's key signs all the same. */
START_TEST(an_agent_signs_for_an_open_file)
{
    const struct spf_target target = {.key_path = "k"};
    struct spf_key_facts key = {
        .by_list = true, .mine = true, .owner_trusted = true, .container = SPF_CONTAINER_OPENSSH};
    struct spf_facts facts = facts_of_key(&key);
    char said[400];

    spf_copy(key.strangers, sizeof key.strangers, "BUILTIN\\Users");
    ask(spf_judge_key_mode, &target, &facts, said);
    expect("no agent", said, "fail key-mode-too-open", "so Windows' ssh refuses it");
    key.in_agent = true;
    key.agent_keys = 1;
    ask(spf_judge_key_mode, &target, &facts, said);
    expect("the agent's", said, "warn key-mode-too-open",
           "BUILTIN\\Users has access: ssh ignores the file, and the ssh-agent");
    key.container = SPF_CONTAINER_PKCS1;
    ask(spf_judge_key_mode, &target, &facts, said);
    expect("a PEM", said, "fail key-mode-too-open", "so Windows' ssh refuses it");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("key_judges");
    TCase *tcase = unit_case(suite, "key_judges");

    tcase_add_test(tcase, files_that_ssh_passes_over_are_named);
    tcase_add_test(tcase, no_key_at_all_is_said);
    tcase_add_test(tcase, a_directory_of_keys_gives_the_key);
    tcase_add_test(tcase, where_the_key_is_from_is_said);
    tcase_add_test(tcase, the_program_must_be_able_to_use_the_file);
    tcase_add_test(tcase, rights_mean_less_for_putty);
    tcase_add_test(tcase, a_mode_that_is_fixed_says_why);
    tcase_add_test(tcase, an_agent_signs_for_an_open_file);
    tcase_add_loop_test(tcase, damages_are_judged, 0, sizeof rows / sizeof *rows);
    return unit_run(suite);
}
