#include <stdio.h>

#include "all_facts.h"
#include "unit.h"

#include "base/json.h"
#include "key/text.h"
#include "pipeline/check.h"

static char some_blob[] = "AAAA";

/* The judges, fed with facts. */
static const struct verdict {
    const char *name;
    struct spf_key_facts facts;
    const char *file, *mode, *format; /* "pass", "warn key-is-ppk" */
    const char *says;                 /* a part of one of the summaries; NULL: any */
} verdicts[] = {
    {"good",
     {.mode = 0400, .mine = true, .openssh_accepts = true, .usable = true},
     "pass",
     "pass",
     "pass"},
    {"absent", {.outcome = SPF_KEY_ABSENT}, "fail key-missing", NULL, NULL},
    {"a FIFO", {.outcome = SPF_KEY_NOT_A_FILE, .kind = "FIFO"}, "fail key-not-regular", NULL, NULL},
    {"unreadable", {.outcome = SPF_KEY_UNREADABLE}, "fail key-unreadable", NULL, NULL},
    {"empty", {.outcome = SPF_KEY_ZERO_BYTES}, "fail key-empty", NULL, NULL},
    {"huge", {.outcome = SPF_KEY_HUGE}, "fail key-too-large", NULL, NULL},
    {"0600", {.mode = 0600, .mine = true}, "pass", "warn key-mode-not-0400", "pass"},
    {"0644", {.mode = 0644, .mine = true}, "pass", "fail key-mode-too-open", "pass"},
    {"0404", {.mode = 0404, .mine = true}, "pass", "fail key-mode-too-open", "pass"},
    {"0644 of another", {.mode = 0644}, "pass", "warn key-owner-other", "pass"},
    {"0644 PPK",
     {.mode = 0644,
      .mine = true,
      .container = SPF_CONTAINER_PPK2,
      .damage = "key-is-ppk",
      .usable = true},
     "pass",
     "warn key-mode-too-open",
     "warn key-is-ppk"},
    {"open folder",
     {.mode = 0400, .mine = true, .dir_writable = true, .dir = "/d"},
     "pass",
     "warn key-dir-writable",
     "pass"},
    /* Windows' ssh: owner and every entry among four accounts, and a mode means nothing. */
    {"Windows, mine alone", {.by_list = true, .owner_trusted = true}, "pass", "pass", "pass"},
    {"Windows, others have access",
     {.by_list = true, .owner_trusted = true, .mine = true, .strangers = "Everyone"},
     "pass",
     "fail key-mode-too-open",
     "pass",
     "Everyone has access to"},
    {"Windows, several have access",
     {.by_list = true, .owner_trusted = true, .strangers = "Everyone, BUILTIN\\Users"},
     "pass",
     "fail key-mode-too-open",
     "pass",
     "have access to"},
    {"Windows, a stranger's",
     {.by_list = true, .owner = "PC\\eve"},
     "pass",
     "fail key-owner-untrusted",
     "pass"},
    {"Windows, others have access to a PPK",
     {.by_list = true,
      .owner_trusted = true,
      .strangers = "Everyone",
      .container = SPF_CONTAINER_PPK2,
      .damage = "key-is-ppk",
      .usable = true},
     "pass",
     "warn key-mode-too-open",
     "warn key-is-ppk"},
    {"standard input", {.from_stdin = true}, "pass", "skip", "pass"},
    {"CRLF in PEM",
     {.mode = 0400, .mine = true, .damage = "key-crlf", .openssh_accepts = true},
     "pass",
     "pass",
     "warn key-crlf"},
    {"CRLF in OpenSSH",
     {.mode = 0400, .mine = true, .damage = "key-crlf", .usable = true},
     "pass",
     "pass",
     "fail key-crlf"},
    {"RSA 1024",
     {.mode = 0400, .mine = true, .damage = "key-weak", .openssh_accepts = true, .bits = 1024},
     "pass",
     "pass",
     "warn key-weak"},
    {"RSA 768",
     {.mode = 0400, .mine = true, .damage = "key-weak", .bits = 768},
     "pass",
     "pass",
     "fail key-weak"},
    {"FIDO, beside its .pub file",
     {.mode = 0400,
      .mine = true,
      .damage = "key-needs-device",
      .openssh_accepts = true,
      .public_blob = some_blob,
      .algorithm = "sk-ssh-ed25519@openssh.com"},
     "pass",
     "pass",
     "warn key-needs-device"},
    {"Ed448 of PuTTY's",
     {.mode = 0400,
      .mine = true,
      .damage = "key-algorithm-unsupported",
      .container = SPF_CONTAINER_PPK3,
      .putty_accepts = true,
      .algorithm = "ssh-ed448"},
     "pass",
     "pass",
     "warn key-algorithm-unsupported"},
    {"numbers that ssh can do without",
     {.mode = 0400,
      .mine = true,
      .damage = "key-parts-mismatch",
      .openssh_accepts = true,
      .usable = true,
      .algorithm = "ssh-rsa"},
     "pass",
     "pass",
     "warn key-parts-mismatch"},
    {"numbers of two keys",
     {.mode = 0400,
      .mine = true,
      .damage = "key-parts-mismatch",
      .openssh_accepts = true,
      .algorithm = "ssh-rsa"},
     "pass",
     "pass",
     "fail key-parts-mismatch"},
    {"a key derivation beyond us, public key known",
     {.mode = 0400,
      .mine = true,
      .damage = "key-kdf-too-costly",
      .encrypted = true,
      .openssh_accepts = true,
      .public_blob = some_blob},
     "pass",
     "pass",
     "unknown key-kdf-too-costly"},
    {"a key derivation beyond us, nothing known",
     {.mode = 0400,
      .mine = true,
      .damage = "key-kdf-too-costly",
      .encrypted = true,
      .openssh_accepts = true},
     "pass",
     "pass",
     "unknown key-kdf-too-costly"},
    {"DSA",
     {.mode = 0400,
      .mine = true,
      .damage = "key-algorithm-unsupported",
      .openssh_accepts = true,
      .algorithm = "ssh-dss"},
     "pass",
     "pass",
     "fail key-algorithm-unsupported"},
    {"encrypted, nothing known",
     {.mode = 0400,
      .mine = true,
      .damage = "key-encrypted",
      .encrypted = true,
      .openssh_accepts = true},
     "pass",
     "pass",
     "unknown key-encrypted"},
    {"encrypted, in the agent",
     {.mode = 0400,
      .mine = true,
      .damage = "key-encrypted",
      .encrypted = true,
      .openssh_accepts = true,
      .public_blob = some_blob,
      .in_agent = true},
     "pass",
     "pass",
     "warn key-encrypted",
     "the ssh-agent holds this key"},
    {"public",
     {.mode = 0644, .mine = true, .damage = "key-is-public", .public_blob = some_blob},
     "pass",
     "skip",
     "fail key-is-public"},
    {"public, in the agent",
     {.mode = 0644,
      .mine = true,
      .damage = "key-is-public",
      .public_blob = some_blob,
      .in_agent = true},
     "pass",
     "skip",
     "warn key-is-public",
     "the ssh-agent holds the private one"},
    {"open to all, in the agent",
     {.mode = 0644,
      .mine = true,
      .container = SPF_CONTAINER_OPENSSH,
      .openssh_accepts = true,
      .public_blob = some_blob,
      .in_agent = true},
     "pass",
     "warn key-mode-too-open",
     "pass"},
    {"PEM and open to all, in the agent",
     {.mode = 0644,
      .mine = true,
      .container = SPF_CONTAINER_PKCS1,
      .openssh_accepts = true,
      .public_blob = some_blob,
      .in_agent = true},
     "pass",
     "fail key-mode-too-open",
     "pass"},
    {"on a FAT stick",
     {.mode = 0777, .mine = true, .file_system = "vfat"},
     "pass",
     "fail key-mode-too-open",
     "pass",
     "(vfat) keeps no modes"},
    {"on a Windows drive under WSL",
     {.mode = 0777, .mine = true, .file_system = "drvfs"},
     "pass",
     "fail key-mode-too-open",
     "pass",
     "(drvfs) keeps no modes"},
    {"on a FAT stick, mounted for me alone",
     {.mode = 0700, .mine = true, .file_system = "vfat"},
     "pass",
     "warn key-mode-not-0400",
     "pass"},
    {"an access control list",
     {.mode = 0440, .mine = true, .acl = true},
     "pass",
     "fail key-mode-too-open",
     "pass",
     "an access control list lets others read"},
};

/* True where the judge said what the row has it say. */
static bool check_judge(spf_judge *judge, const struct verdict *verdict, const char *want)
{
    static const struct spf_target target = {.key_path = "k", .user = "root", .port = 22};
    struct spf_key_facts key = verdict->facts;
    struct spf_facts facts = facts_of_key(&key);
    struct spf_result results[SPF_CHECK_COUNT] = {0};
    struct spf_result result;
    const struct spf_view view = {&target, &facts, results};
    struct spf_opinion opinion;
    char got[80];
    bool said;

    if (want == NULL) {
        return false;
    }
    spf_result_init(&result);
    opinion = judge(&view, &result);
    snprintf(got, sizeof got, "%s%s%s",
             opinion.kind == SPF_OPINION_SKIPS ? "skip" : spf_status_name(opinion.status),
             opinion.finding ? " " : "", opinion.finding ? spf_findings[opinion.finding].id : "");
    ck_assert_msg(strcmp(got, want) == 0, "%s: %s, not %s", verdict->name, got, want);
    said = verdict->says != NULL && strstr(result.summary, verdict->says) != NULL;
    spf_result_clear(&result);
    return said;
}

START_TEST(facts_are_judged)
{
    const struct verdict *verdict = &verdicts[_i];
    bool said = check_judge(spf_judge_key_file, verdict, verdict->file);

    said |= check_judge(spf_judge_key_mode, verdict, verdict->mode);
    said |= check_judge(spf_judge_key_format, verdict, verdict->format);
    ck_assert_msg(said || verdict->says == NULL, "%s: no summary has '%s'", verdict->name,
                  verdict->says);
}
END_TEST

START_TEST(nothing_is_judged_without_facts)
{
    static const struct spf_target target = {.key_path = "k"};
    struct spf_facts facts;
    struct spf_result results[SPF_CHECK_COUNT] = {0};
    struct spf_result result;
    const struct spf_view view = {&target, &facts, results};

    spf_facts_init(&facts);
    spf_result_init(&result);
    ck_assert(spf_judge_key_file(&view, &result).wants == SPF_GROUP_BIT(KEY));
    ck_assert(spf_judge_key_mode(&view, &result).wants == SPF_GROUP_BIT(KEY));
    ck_assert(spf_judge_key_format(&view, &result).wants == SPF_GROUP_BIT(KEY));
    spf_result_clear(&result);
}
END_TEST

/* The members that the report promises are there whatever the file is. */
START_TEST(evidence_is_complete)
{
    static const char *const members[] = {
        "format",          "algorithm",       "bits",          "fingerprint_sha256",
        "fingerprint_md5", "openssh_accepts", "putty_accepts", "encrypted"};
    static const struct spf_target target = {.key_path = "k"};
    struct spf_key_facts key = verdicts[_i].facts;
    struct spf_facts facts = facts_of_key(&key);
    struct spf_result results[SPF_CHECK_COUNT] = {0};
    struct spf_result result;
    const struct spf_view view = {&target, &facts, results};
    struct json_object *evidence;

    spf_result_init(&result);
    (void)spf_judge_key_format(&view, &result);
    evidence = spf_result_evidence(&result);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        ck_assert_msg(json_object_object_get_ex(evidence, members[i], NULL), "%s", members[i]);
    }
    json_object_put(evidence);
    spf_result_clear(&result);
}
END_TEST

/* Every id that the reader can say is in the catalogue. */
START_TEST(damages_have_causes)
{
    for (int i = 0; i < SPF_DAMAGE_COUNT; i++) {
        ck_assert_msg(spf_finding_by_id(spf_damage_cause((enum spf_damage)i)) != SPF_NO_FINDING,
                      "%s", spf_damage_cause((enum spf_damage)i));
    }
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof *table)

int main(void)
{
    Suite *suite = suite_create("key_check");
    TCase *tcase = unit_case(suite, "key_check");

    tcase_add_loop_test(tcase, facts_are_judged, 0, COUNT(verdicts));
    tcase_add_loop_test(tcase, evidence_is_complete, 0, COUNT(verdicts));
    tcase_add_test(tcase, nothing_is_judged_without_facts);
    tcase_add_test(tcase, damages_have_causes);
    return unit_run(suite);
}
