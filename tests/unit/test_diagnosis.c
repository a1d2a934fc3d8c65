#include "evidence.h"
#include "fixture.h"

/*
 * The stories that the design tells, and what each must come to. A story spoils a healthy run;
 * expectations are the verdict, the causes by their ids, and the candidates in order.
 */
static void stopped_with_stale_host(struct fixture *f)
{
    f->target.host = "203.0.113.9";
    set(f, SPF_CHECK_CLOUD_INSTANCE, SPF_FAIL, spf_finding_by_id("instance-stopped"),
        "i-bp1a2b3c is stopped");
    f->run.results[SPF_CHECK_CLOUD_INSTANCE].holds = true;
    set(f, SPF_CHECK_CLOUD_ADDRESS, SPF_FAIL, SPF_ADDRESS_NOT_OF_INSTANCE, NULL);
    skip(f, SPF_CHECK_SSH_AUTH, SPF_CHECK_CLOUD_ADDRESS);
    skip(f, SPF_CHECK_SSH_SESSION, SPF_CHECK_SSH_AUTH);
    f->run.facts.group[SPF_GROUP_QUERY].phase = SPF_ABSENT;
}

static void encrypted_but_taken(struct fixture *f)
{
    set(f, SPF_CHECK_KEY_FORMAT, SPF_WARN, SPF_KEY_ENCRYPTED, NULL);
    set(f, SPF_CHECK_SSH_AUTH, SPF_UNKNOWN, SPF_KEY_ENCRYPTED, NULL);
    skip(f, SPF_CHECK_SSH_SESSION, SPF_CHECK_SSH_AUTH);
}

static void encrypted_and_refused(struct fixture *f)
{
    set(f, SPF_CHECK_KEY_FORMAT, SPF_WARN, SPF_KEY_ENCRYPTED, NULL);
    set(f, SPF_CHECK_CLOUD_KEY_PAIR, SPF_UNKNOWN, SPF_KEY_PAIR_UNPROVEN, NULL);
    refused(f, NULL);
}

static void behind_a_bastion(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_UNKNOWN, SPF_SG_SOURCE_UNKNOWN, NULL);
}

static void api_down_with_host(struct fixture *f)
{
    f->target.host = "203.0.113.9";
    set(f, SPF_CHECK_CLOUD_ACCESS, SPF_UNKNOWN, SPF_API_UNREACHABLE, NULL);
    for (int i = SPF_CHECK_CLOUD_INSTANCE; i <= SPF_CHECK_CLOUD_KEY_PAIR; i++) {
        skip(f, (enum spf_check_id)i, SPF_CHECK_CLOUD_ACCESS);
    }
}

static void api_down_without_host(struct fixture *f)
{
    api_down_with_host(f);
    f->target.host = NULL;
    skip(f, SPF_CHECK_NET_PORT, SPF_CHECK_CLOUD_ADDRESS);
    skip_ssh(f);
}

static void not_found_in_given_region(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_INSTANCE, SPF_UNKNOWN, spf_finding_by_id("instance-not-found"), NULL);
    for (int i = SPF_CHECK_CLOUD_ADDRESS; i <= SPF_CHECK_CLOUD_KEY_PAIR; i++) {
        skip(f, (enum spf_check_id)i, SPF_CHECK_CLOUD_INSTANCE);
    }
    skip(f, SPF_CHECK_NET_PORT, SPF_CHECK_CLOUD_ADDRESS);
    skip_ssh(f);
}

static void excluded_and_0644(struct fixture *f)
{
    set(f, SPF_CHECK_KEY_MODE, SPF_FAIL, SPF_KEY_MODE_TOO_OPEN, NULL);
    set(f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_FAIL, SPF_SG_SOURCE_EXCLUDED, NULL);
    silent(f, NULL);
}

static void rebuilt_and_proved(struct fixture *f)
{
    set(f, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_REBUILT, NULL);
    f->run.results[SPF_CHECK_SSH_HOST_KEY].holds = true;
}

static void changed_and_unproved(struct fixture *f)
{
    set(f, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_CHANGED, NULL);
    note(f, SPF_CHECK_SSH_HOST_KEY, "fingerprint_sha256", "SHA256:uHk7rYfV0lqk2Yx3bJm5Zc");
    skip(f, SPF_CHECK_SSH_AUTH, SPF_CHECK_SSH_HOST_KEY);
    skip(f, SPF_CHECK_SSH_SESSION, SPF_CHECK_SSH_AUTH);
}

static void no_sha2_signatures(struct fixture *f)
{
    set(f, SPF_CHECK_SSH_AUTH, SPF_FAIL, SPF_AUTH_ALGORITHM_REFUSED, NULL);
    skip(f, SPF_CHECK_SSH_SESSION, SPF_CHECK_SSH_AUTH);
    f->run.facts.query->outcome = SPF_AUTH_LOCAL_REFUSAL;
}

static void private_only_from_outside(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_ADDRESS, SPF_FAIL, SPF_ADDRESS_PRIVATE_ONLY, NULL);
    silent(f, NULL);
}

static void putty_key(struct fixture *f)
{
    f->target.key_path = "key.ppk";
    f->run.facts.key->container = SPF_CONTAINER_PPK3;
    set(f, SPF_CHECK_KEY_FORMAT, SPF_WARN, SPF_KEY_IS_PPK, NULL);
}

static void bound_while_running(struct fixture *f)
{
    f->run.facts.key_pair->created = FIXTURE_NOW - 3600;
    refused(f, NULL);
}

static void bound_long_ago(struct fixture *f)
{
    refused(f, NULL);
}

static void silent_behind_nat(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_UNKNOWN, SPF_SG_SOURCE_UNKNOWN, NULL);
    silent(f, NULL);
}

static void wrong_user(struct fixture *f)
{
    f->run.facts.instance->login_as_non_root = true;
    refused(f, NULL);
}

static void open_despite_rules(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_FAIL, SPF_SG_SOURCE_EXCLUDED, NULL);
    set(f, SPF_CHECK_CLOUD_NETWORK_ACL, SPF_FAIL, SPF_ACL_DENIES_INBOUND, NULL);
}

static void accepted_though_unbound(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_KEY_PAIR, SPF_FAIL, SPF_KEY_PAIR_DIFFERENT, NULL);
}

static void open_at_a_stranger(struct fixture *f)
{
    f->target.host = "203.0.113.200";
    set(f, SPF_CHECK_CLOUD_ADDRESS, SPF_FAIL, SPF_ADDRESS_NOT_OF_INSTANCE, NULL);
    set(f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_FAIL, SPF_SG_NO_RULE, NULL);
    skip(f, SPF_CHECK_SSH_AUTH, SPF_CHECK_CLOUD_ADDRESS);
    skip(f, SPF_CHECK_SSH_SESSION, SPF_CHECK_SSH_AUTH);
    f->run.facts.group[SPF_GROUP_QUERY].phase = SPF_ABSENT;
}

static void another_host_answers(struct fixture *f)
{
    open_at_a_stranger(f);
    set(f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_PASS, SPF_NO_FINDING, NULL);
    set(f, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_CHANGED, NULL);
    note(f, SPF_CHECK_SSH_HOST_KEY, "fingerprint_sha256", "SHA256:uHk7rYfV0lqk2Yx3bJm5Zc");
}

static void blocked_past_the_rules(struct fixture *f)
{
    silent(f, NULL);
}

static void blocked_and_just_started(struct fixture *f)
{
    silent(f, NULL);
    f->run.facts.instance->started = FIXTURE_NOW - 30;
}

static void another_pair(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_KEY_PAIR, SPF_FAIL, SPF_KEY_PAIR_DIFFERENT, NULL);
    refused(f, NULL);
}

static void host_alone_silent(struct fixture *f)
{
    host_only(f, "203.0.113.9");
    silent(f, NULL);
}

static void host_alone_refused(struct fixture *f)
{
    host_only(f, "203.0.113.9");
    refused(f, NULL);
}

static void forced_command(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_KEY_PAIR, SPF_UNKNOWN, SPF_PERMISSION_DENIED, NULL);
    set(f, SPF_CHECK_SSH_SESSION, SPF_UNKNOWN, SPF_SESSION_FORCED_COMMAND, NULL);
}

static void too_open_though_it_works(struct fixture *f)
{
    set(f, SPF_CHECK_KEY_MODE, SPF_FAIL, SPF_KEY_MODE_TOO_OPEN, NULL);
}

static void stopped_says_the_api(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_INSTANCE, SPF_FAIL, spf_finding_by_id("instance-stopping"), NULL);
    f->run.results[SPF_CHECK_CLOUD_INSTANCE].holds = true;
}

static void refused_port_and_closed_rules(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_FAIL, SPF_SG_NO_RULE, NULL);
    set(f, SPF_CHECK_NET_PORT, SPF_FAIL, SPF_PORT_REFUSED, NULL);
    skip_ssh(f);
}

/* What this boot authorised for the user, as the console shows it; this key or another one. */
static void authorized(struct fixture *f, const char *user, bool this_key)
{
    static struct spf_console_authorized line;

    spf_copy(line.user, sizeof line.user, user);
    spf_copy(line.fingerprint, sizeof line.fingerprint, this_key ? "SHA256:mine" : "SHA256:other");
    spf_copy(f->run.facts.key->sha256, sizeof f->run.facts.key->sha256, "SHA256:mine");
    *SPF_APPEND(&f->run.facts.console->authorized) = line;
    present(f, SPF_GROUP_CONSOLE);
}

static void trouble(struct fixture *f)
{
    spf_copy(SPF_APPEND(&f->run.facts.console->trouble)->line, 200, "Kernel panic - not syncing");
    present(f, SPF_GROUP_CONSOLE);
}

static void console_names_user(struct fixture *f)
{
    authorized(f, "admin", true);
    refused(f, NULL);
}

static void console_shows_it_installed(struct fixture *f)
{
    authorized(f, "root", true);
    refused(f, NULL);
}

static void console_shows_it_left_out(struct fixture *f)
{
    authorized(f, "root", false);
    wrong_user(f);
}

static void blocked_by_a_panic(struct fixture *f)
{
    trouble(f);
    silent(f, NULL);
}

static void refused_port_in_trouble(struct fixture *f)
{
    trouble(f);
    set(f, SPF_CHECK_NET_PORT, SPF_FAIL, SPF_PORT_REFUSED, NULL);
    skip_ssh(f);
}

#define INSIDE                                                                                 \
    "authorized-keys-ignored user-not-allowed account-locked account-expired key-line-broken " \
    "key-line-excludes key-against-policy"

static const struct story {
    const char *name;
    void (*spoil)(struct fixture *f);
    const char *verdict, *cause, *further, *candidates;
    spf_checks contradicting;
} stories[] = {
    {"healthy", NULL, "pass", "", "", ""},
    {"1 stopped, stale host", stopped_with_stale_host, "fail", "instance-stopped",
     "address-not-of-instance", ""},
    {"2 encrypted, taken", encrypted_but_taken, "unknown", "key-encrypted", "", ""},
    {"2 encrypted, refused", encrypted_and_refused, "fail", "auth-key-refused", "",
     "key-pair-different user-not-of-image " INSIDE},
    {"3 bastion", behind_a_bastion, "pass", "", "", ""},
    {"4 API down, host", api_down_with_host, "pass", "", "", ""},
    {"4 API down, no host", api_down_without_host, "unknown", "api-unreachable", "", ""},
    {"5 explicit region", not_found_in_given_region, "unknown", "instance-not-found", "", ""},
    {"6 excluded and 0644", excluded_and_0644, "fail", "sg-source-excluded", "key-mode-too-open",
     ""},
    {"7 rebuilt", rebuilt_and_proved, "fail", "host-key-rebuilt", "", ""},
    {"7 changed", changed_and_unproved, "fail", "host-key-changed", "",
     "host-key-rebuilt address-answers-as-other-host"},
    {"8 no rsa-sha2", no_sha2_signatures, "fail", "auth-algorithm-refused", "", ""},
    {"9 private from outside", private_only_from_outside, "fail", "address-private-only", "", ""},
    {"10 ppk", putty_key, "pass", "", "", ""},
    {"11 bound while running", bound_while_running, "fail", "key-refused-though-bound", "",
     "key-pair-not-installed user-not-of-image " INSIDE},
    {"11 bound long ago", bound_long_ago, "fail", "key-refused-though-bound", "",
     "key-pair-not-installed user-not-of-image " INSIDE},
    {"12 silence behind NAT", silent_behind_nat, "fail", "port-silent", "",
     "sg-source-excluded guest-drops-packets own-network-blocks accept-queue-full"},
    {"12 wrong user", wrong_user, "fail", "key-refused-though-bound", "",
     "user-not-of-image key-pair-not-installed " INSIDE},
    {"open despite rules", open_despite_rules, "pass", "", "", "",
     SPF_CHECK_BIT(CLOUD_SECURITY_GROUP) | SPF_CHECK_BIT(CLOUD_NETWORK_ACL)},
    {"accepted though unbound", accepted_though_unbound, "pass", "", "", "",
     SPF_CHECK_BIT(CLOUD_KEY_PAIR)},
    {"a stranger's open port disproves nothing", open_at_a_stranger, "fail",
     "address-not-of-instance", "sg-no-rule", ""},
    {"another host answers", another_host_answers, "fail", "address-answers-as-other-host", "", ""},
    {"blocked past the rules", blocked_past_the_rules, "fail", "path-blocked-past-security-group",
     "", "guest-drops-packets own-network-blocks cloud-firewall-blocks accept-queue-full"},
    {"blocked, just started", blocked_and_just_started, "fail", "path-blocked-past-security-group",
     "",
     "instance-still-booting guest-drops-packets own-network-blocks cloud-firewall-blocks "
     "accept-queue-full"},
    {"another pair", another_pair, "fail", "key-pair-different", "", ""},
    {"host alone, silent", host_alone_silent, "fail", "port-silent", "",
     "sg-no-rule sg-source-excluded address-not-of-instance guest-drops-packets "
     "own-network-blocks accept-queue-full"},
    {"host alone, refused", host_alone_refused, "fail", "auth-key-refused", "",
     "key-pair-different user-not-of-image " INSIDE},
    {"forced command", forced_command, "unknown", "session-forced-command", "", ""},
    {"0644 though the login works", too_open_though_it_works, "fail", "key-mode-too-open", "", ""},
    {"stopping, says the API", stopped_says_the_api, "pass", "", "", "",
     SPF_CHECK_BIT(CLOUD_INSTANCE)},
    {"refused port, closed rules", refused_port_and_closed_rules, "fail", "sg-no-rule",
     "port-refused", "", SPF_CHECK_BIT(NET_PORT)},
    {"the console names the user", console_names_user, "fail", "key-refused-though-bound", "",
     "user-not-of-image key-pair-not-installed " INSIDE},
    {"the console shows the key installed", console_shows_it_installed, "fail",
     "key-refused-though-bound", "", INSIDE " key-pair-not-installed user-not-of-image"},
    {"the console shows the key left out", console_shows_it_left_out, "fail",
     "key-refused-though-bound", "", "key-pair-not-installed user-not-of-image " INSIDE},
    {"the console tells of a panic", blocked_by_a_panic, "fail", "path-blocked-past-security-group",
     "",
     "guest-in-trouble guest-drops-packets own-network-blocks cloud-firewall-blocks "
     "accept-queue-full"},
    {"the console tells why the port is refused", refused_port_in_trouble, "fail", "port-refused",
     "", "guest-in-trouble"},
};

static const char *id_or_empty(enum spf_finding finding)
{
    return finding == SPF_NO_FINDING ? "" : spf_findings[finding].id;
}

START_TEST(each_story_comes_out_as_told)
{
    const struct story *story = &stories[_i];
    struct fixture f;
    char further[400] = "";
    char candidates[400] = "";

    healthy(&f);
    if (story->spoil != NULL) {
        story->spoil(&f);
    }
    judge(&f);
    for (size_t i = 0; i < f.d.further_count; i++) {
        strcat(further, i ? " " : "");
        strcat(further, id_or_empty(f.d.further[i]));
    }
    for (size_t i = 0; i < f.d.candidates.count; i++) {
        strcat(candidates, i ? " " : "");
        strcat(candidates, id_or_empty(f.d.candidates.items[i].cause));
        ck_assert_msg(f.d.candidates.items[i].tell_apart[0] != '\0', "%s: tell_apart", story->name);
    }
    ck_assert_msg(strcmp(spf_verdict_name(f.d.verdict), story->verdict) == 0, "%s: verdict is %s",
                  story->name, spf_verdict_name(f.d.verdict));
    ck_assert_msg(strcmp(id_or_empty(f.d.cause), story->cause) == 0, "%s: cause is %s", story->name,
                  id_or_empty(f.d.cause));
    ck_assert_msg(strcmp(further, story->further) == 0, "%s: further: %s", story->name, further);
    ck_assert_msg(strcmp(candidates, story->candidates) == 0, "%s: candidates: %s", story->name,
                  candidates);
    ck_assert_msg(f.d.contradicting == story->contradicting, "%s: contradicting %x", story->name,
                  f.d.contradicting);
    ck_assert_msg(f.d.supporting != 0, "%s: it rests on something", story->name);
    ck_assert_msg(f.d.summary[0] && f.d.summary[strlen(f.d.summary) - 1] != '.', "%s: %s",
                  story->name, f.d.summary);
    fixture_clear(&f);
}
END_TEST

START_TEST(what_a_login_disproves_is_a_warn_that_says_so)
{
    struct fixture f;

    healthy(&f);
    open_despite_rules(&f);
    accepted_though_unbound(&f);
    judge(&f);
    spf_diagnosis_reconcile(&f.run); /* twice is once */
    ck_assert_int_eq(f.run.results[SPF_CHECK_CLOUD_SECURITY_GROUP].finding,
                     SPF_PATH_OPEN_DESPITE_RULES);
    ck_assert_int_eq(f.run.results[SPF_CHECK_CLOUD_SECURITY_GROUP].status, SPF_WARN);
    ck_assert_int_eq(f.run.results[SPF_CHECK_CLOUD_KEY_PAIR].finding,
                     SPF_KEY_ACCEPTED_THOUGH_UNBOUND);
    ck_assert_str_eq(evidence_text(&f.run.results[SPF_CHECK_CLOUD_KEY_PAIR], "disproved"),
                     "key-pair-different");
    fixture_clear(&f);
}
END_TEST

START_TEST(an_accepted_query_disproves_the_binding_even_if_the_login_is_refused)
{
    struct fixture f;

    healthy(&f);
    accepted_though_unbound(&f);
    (void)strcpy(f.run.facts.identification->software, "OpenSSH_9.2p1");
    set(&f, SPF_CHECK_SSH_AUTH, SPF_FAIL, SPF_AUTH_LOGIN_REFUSED, NULL);
    skip(&f, SPF_CHECK_SSH_SESSION, SPF_CHECK_SSH_AUTH);
    judge(&f);
    ck_assert_int_eq(f.d.cause, SPF_AUTH_LOGIN_REFUSED);
    ck_assert_uint_eq(f.d.further_count, 0);
    fixture_clear(&f);
}
END_TEST

/* Whatever the results: pass needs a passed goal and no fail; a verdict other than pass has a
 * cause. */
START_TEST(verdicts_are_consistent)
{
    static const struct {
        enum spf_status status;
        enum spf_finding finding;
    } outcomes[] = {{SPF_PASS, SPF_NO_FINDING},
                    {SPF_WARN, SPF_KEY_IS_PPK},
                    {SPF_FAIL, SPF_SYSTEM_ERROR},
                    {SPF_SKIP, SPF_NO_FINDING},
                    {SPF_UNKNOWN, SPF_DEADLINE_EXCEEDED}};
    unsigned seed = 12345;

    for (int round = 0; round < 5000; round++) {
        enum spf_check_id goal;
        bool fails = false, unknowns = false;
        struct fixture f;

        healthy(&f);
        f.target.session = round % 3 == 0 ? SPF_SESSION_NEVER : SPF_SESSION_AUTO;
        if (round % 7 == 0) {
            f.target.selected = (unsigned)round & SPF_ALL_CHECKS;
        }
        for (int i = 0; i < SPF_CHECK_COUNT; i++) {
            seed = seed * 1103515245u + 12345u;
            unsigned pick = seed >> 16 & 15;

            set(&f, (enum spf_check_id)i, outcomes[pick < 5 ? pick : 0].status,
                outcomes[pick < 5 ? pick : 0].finding, NULL);
        }
        judge(&f);
        for (int i = 0; i < SPF_CHECK_COUNT; i++) {
            fails |= f.run.results[i].status == SPF_FAIL;
            unknowns |= f.run.results[i].status == SPF_UNKNOWN;
        }
        ck_assert_int_eq(f.d.verdict == SPF_VERDICT_FAIL, fails);
        if (f.d.verdict == SPF_VERDICT_PASS && spf_goal(&f.run, &goal)) {
            ck_assert(f.run.results[goal].status == SPF_PASS ||
                      f.run.results[goal].status == SPF_WARN);
        }
        ck_assert_int_eq(f.d.cause != SPF_NO_FINDING,
                         f.d.verdict == SPF_VERDICT_FAIL ||
                             (f.d.verdict == SPF_VERDICT_UNKNOWN && unknowns));
        fixture_clear(&f);
    }
}
END_TEST

START_TEST(unknowns_of_the_cloud_beside_an_open_port_come_last)
{
    struct fixture f;

    healthy(&f);
    set(&f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_UNKNOWN, SPF_PERMISSION_DENIED, NULL);
    set(&f, SPF_CHECK_SSH_HANDSHAKE, SPF_UNKNOWN, SPF_DEADLINE_EXCEEDED, NULL);
    skip(&f, SPF_CHECK_SSH_HOST_KEY, SPF_CHECK_SSH_HANDSHAKE);
    skip(&f, SPF_CHECK_SSH_AUTH, SPF_CHECK_SSH_HOST_KEY);
    skip(&f, SPF_CHECK_SSH_SESSION, SPF_CHECK_SSH_AUTH);
    judge(&f);
    ck_assert_int_eq(f.d.cause, SPF_DEADLINE_EXCEEDED);
    ck_assert_int_eq(f.d.permanence, SPF_TRANSIENT);
    fixture_clear(&f);
}
END_TEST

START_TEST(lines_to_paste)
{
    struct fixture f;

    healthy(&f);
    f.target.port = 2222;
    judge(&f);
    ck_assert_str_eq(f.d.openssh, "ssh -i key.pem -p 2222 root@203.0.113.9");
    ck_assert_str_eq(f.d.putty, "plink -i key.ppk -P 2222 root@203.0.113.9");
    ck_assert_str_eq(f.d.putty_prepare, "puttygen key.pem -o key.ppk");
    fixture_clear(&f);

    healthy(&f);
    putty_key(&f);
    judge(&f);
    ck_assert_str_eq(f.d.openssh, "puttygen key.ppk -O private-openssh -o key.pem && "
                                  "ssh -i key.pem root@203.0.113.9");
    ck_assert_str_eq(f.d.putty, "plink -i key.ppk root@203.0.113.9");
    ck_assert_ptr_null(f.d.putty_prepare);
    fixture_clear(&f);

    healthy(&f); /* on Windows puttygen has no options, and PuTTY a window */
    f.run.facts.key->by_list = true;
    f.target.port = 2222;
    judge(&f);
    ck_assert_str_eq(f.d.openssh, "ssh -i key.pem -p 2222 root@203.0.113.9");
    ck_assert_str_eq(f.d.putty_prepare, "winscp.com /keygen key.pem /output=key.ppk");
    ck_assert_str_eq(
        f.d.putty_settings,
        "PuTTYgen: Conversions > Import key: key.pem; Save private key: key.ppk; "
        "PuTTY: Session: Host Name 203.0.113.9, Port 2222; Connection > Data: Auto-login "
        "username root; Connection > SSH > Auth > Credentials: Private key file key.ppk");
    fixture_clear(&f);

    healthy(&f); /* where the name of the file begins, and with it its ending */
    f.run.facts.key->by_list = true;
    f.target.key_path = "C:\\Users\\first.last\\.ssh\\id_rsa";
    judge(&f);
    ck_assert_ptr_nonnull(
        strstr(f.d.putty_settings, "Save private key: C:\\Users\\first.last\\.ssh\\id_rsa.ppk;"));
    fixture_clear(&f);

    healthy(&f);
    putty_key(&f);
    f.run.facts.key->by_list = true;
    judge(&f);
    ck_assert_ptr_null(f.d.openssh);
    ck_assert_str_eq(f.d.putty, "plink -i key.ppk root@203.0.113.9");
    ck_assert_str_eq(
        f.d.putty_settings,
        "PuTTY: Session: Host Name 203.0.113.9, Port 22; Connection > Data: Auto-login "
        "username root; Connection > SSH > Auth > Credentials: Private key file key.ppk");
    fixture_clear(&f);

    healthy(&f);
    f.run.facts.local_environment->agent_running = true;
    judge(&f);
    ck_assert_str_eq(f.d.openssh, "ssh -i key.pem -o IdentitiesOnly=yes root@203.0.113.9");
    fixture_clear(&f);

    healthy(&f);
    f.target.key_path = "my keys/it's";
    f.target.user = "root; reboot";
    judge(&f);
    ck_assert_ptr_null(f.d.openssh);
    ck_assert_ptr_null(f.d.putty);
    ck_assert_ptr_null(f.d.putty_prepare);
    fixture_clear(&f);

    healthy(&f);
    f.target.key_path = "-";
    judge(&f);
    ck_assert_ptr_null(f.d.openssh);
    fixture_clear(&f);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_a_login_disproves_is_a_warn_that_says_so,
        an_accepted_query_disproves_the_binding_even_if_the_login_is_refused,
        verdicts_are_consistent,
        unknowns_of_the_cloud_beside_an_open_port_come_last,
        lines_to_paste,
    };
    Suite *suite = suite_create("diagnosis");
    TCase *tcase = unit_case(suite, "diagnosis");

    tcase_add_loop_test(tcase, each_story_comes_out_as_told, 0, sizeof stories / sizeof *stories);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        tcase_add_test(tcase, tests[i]);
    }
    return unit_run(suite);
}
