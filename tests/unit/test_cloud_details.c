#include "cloud/facts.h"
#include "cloud/key_pair.h"
#include "cloud_fixture.h"
#include "evidence.h"

/* What judges say of facts that come seldom: each list at its ends, each word in its other cases.
 */

#define SAYS(fixture, part) \
    ck_assert_msg(strstr((fixture).result.summary, (part)) != NULL, "%s", (fixture).result.summary)

/* ---- an instance ----------------------------------------------------------------------------- */

static void event(struct fixture *fixture, const char *type, const char *state, int64_t not_before)
{
    struct spf_event *added = SPF_APPEND(&fixture->facts.events->events);

    strcpy(added->type, type);
    strcpy(added->state, state);
    added->not_before = not_before;
}

/* One under way before one that is planned, the next before a later one; what is over is none. */
START_TEST(what_the_provider_plans)
{
    static const struct {
        struct {
            const char *type, *state;
            int64_t not_before;
        } events[3];
        const char *text; /* NULL: none */
        int now;          /* which is under way or due at 1500; -1 none */
    } cases[] = {
        {{{NULL}}, NULL, -1},
        {{{"Reboot", "Executed", 1000}, {"Reboot", "Canceled", 1000}, {"Reboot", "Avoided", 0}},
         NULL,
         -1},
        {{{"Reboot", "Scheduled", 2000}}, "Reboot, Scheduled, from 1970-01-01T00:33:20Z", -1},
        {{{"Reboot", "Scheduled", 0}}, "Reboot, Scheduled", -1},
        {{{"Stop", "Inquiring", 1000}}, "Stop, Inquiring, from 1970-01-01T00:16:40Z", 0},
        {{{"Stop", "Scheduled", 3000}, {"Reboot", "Scheduled", 2000}},
         "Reboot, Scheduled, from 1970-01-01T00:33:20Z",
         -1},
        {{{"Reboot", "Scheduled", 2000}, {"Stop", "Scheduled", 3000}},
         "Reboot, Scheduled, from 1970-01-01T00:33:20Z",
         -1},
        {{{"Stop", "Scheduled", 1000}, {"Redeploy", "Executing", 3000}},
         "Redeploy, Executing, from 1970-01-01T00:50:00Z",
         0},
        {{{"Redeploy", "Executing", 3000}, {"Stop", "Scheduled", 1000}},
         "Redeploy, Executing, from 1970-01-01T00:50:00Z",
         0},
        {{{"Over", "Executed", 1000}, {"Redeploy", "Executing", 0}, {"Stop", "Inquiring", 1}},
         "Redeploy, Executing",
         1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct spf_event *now;
        struct fixture fixture;

        set(&fixture);
        fixture.facts.group[SPF_GROUP_EVENTS].phase = SPF_PRESENT;
        for (size_t k = 0; k < 3 && cases[i].events[k].type != NULL; k++) {
            event(&fixture, cases[i].events[k].type, cases[i].events[k].state,
                  cases[i].events[k].not_before);
        }
        judge(&fixture, spf_judge_cloud_instance);
        FOUND(fixture, cases[i].text != NULL ? SPF_INSTANCE_EVENT : SPF_NO_FINDING);
        if (cases[i].text != NULL) {
            ck_assert_str_eq(evidence_text(&fixture.result, "planned_event"), cases[i].text);
        }
        now = spf_event_now(fixture.facts.events, 1500);
        ck_assert_msg(
            now == (cases[i].now < 0 ? NULL : &fixture.facts.events->events.items[cases[i].now]),
            "case %zu", i);
        clean(&fixture);
    }
}
END_TEST

START_TEST(several_of_one_name)
{
    for (size_t count = 2; count <= 6; count++) {
        struct fixture fixture;

        set(&fixture);
        fixture.target.instance_id = "web";
        fixture.facts.instance->search = SPF_INSTANCE_SEVERAL;
        for (size_t i = 0; i < count; i++) {
            struct spf_id *id = SPF_APPEND(&fixture.facts.instance->several);

            (void)snprintf(id->id, sizeof id->id, "i-%zu", i);
        }
        judge(&fixture, spf_judge_cloud_instance);
        FOUND(fixture, SPF_INSTANCE_AMBIGUOUS);
        ck_assert_int_eq(strstr(fixture.result.summary, "…") != NULL, count > 4);
        ck_assert_int_eq(strstr(fixture.result.summary, "i-3") != NULL, count > 3);
        ck_assert_ptr_null(strstr(fixture.result.summary, "i-4"));
        clean(&fixture);
    }
}
END_TEST

START_TEST(regions_that_did_not_answer)
{
    static const struct {
        size_t failed;
        const char *says;
    } cases[] = {{1, "1 did not: r-0"},
                 {5, "5 did not: r-0, r-1, r-2, r-3, r-4"},
                 {7, "7 did not: r-0, r-1, r-2, r-3 and 3 more"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int known = 0; known < 3; known++) { /* who asked: not told, without a name, known */
            struct fixture fixture;

            set(&fixture);
            fixture.facts.instance->search = SPF_INSTANCE_NOWHERE;
            for (size_t k = 0; k < cases[i].failed; k++) {
                struct spf_id *id = SPF_APPEND(&fixture.facts.instance->regions_failed);

                (void)snprintf(id->id, sizeof id->id, "r-%zu", k);
            }
            strcpy(SPF_APPEND(&fixture.facts.instance->regions_asked)->id, "cn-hangzhou");
            if (known == 0) {
                spf_group_settle(&fixture.facts.group[SPF_GROUP_IDENTITY],
                                 &(struct spf_failure){.cause = SPF_API_ERROR});
            } else if (known == 2) {
                strcpy(fixture.facts.identity->principal, "acs:ram::1:user/u");
            }
            judge(&fixture, spf_judge_cloud_instance);
            FOUND(fixture, SPF_INSTANCE_NOT_FOUND);
            ck_assert_int_eq(fixture.opinion.status, SPF_UNKNOWN);
            SAYS(fixture, cases[i].says);
            SAYS(fixture, known == 2 ? "acs:ram::1:user/u" : "this identity");
            clean(&fixture);
        }
    }
}
END_TEST

/* Whose region it is decides the words; nothing is proved by one region alone. */
START_TEST(the_region_that_was_given)
{
    static const struct {
        const char *hint, *says;
    } cases[] = {
        {"", "the region given, or not visible to"},
        {"cn-hangzhou", "the region given, or not visible to"},
        {"cn-beijing", "its id looks like one of cn-beijing"},
    };
    struct fixture fixture;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set(&fixture);
        fixture.facts.instance->search = SPF_INSTANCE_NOWHERE;
        fixture.facts.instance->region_was_given = true;
        strcpy(fixture.facts.instance->region_hint, cases[i].hint);
        judge(&fixture, spf_judge_cloud_instance);
        FOUND(fixture, SPF_INSTANCE_NOT_FOUND);
        ck_assert_int_eq(fixture.opinion.status, SPF_UNKNOWN);
        SAYS(fixture, cases[i].says);
        clean(&fixture);
    }
    set(&fixture);
    fixture.facts.instance->search = SPF_INSTANCE_REGION_UNKNOWN;
    strcpy(fixture.facts.credentials->region, "cn-nowhere");
    judge(&fixture, spf_judge_cloud_instance);
    FOUND(fixture, SPF_REGION_UNKNOWN);
    SAYS(fixture, "cn-nowhere");
    fixture.facts.instance->search = SPF_INSTANCE_NOWHERE;
    fixture.facts.group[SPF_GROUP_IDENTITY].phase = SPF_ABSENT;
    judge(&fixture, spf_judge_cloud_instance);
    ck_assert_uint_eq(fixture.opinion.wants, SPF_GROUP_BIT(IDENTITY));
    clean(&fixture);
}
END_TEST

START_TEST(kinds_of_locks)
{
    static const struct {
        const char *reason, *kind;
    } cases[] = {{"financial", "financial_lock"}, {"dedicatedhostfinancial", "financial_lock"},
                 {"Security", "security_lock"},   {"RECYCLING", "spot_lock"},
                 {"refunded", "other_lock"},      {"a new one", "other_lock"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_lock *lock;
        struct fixture fixture;

        set(&fixture);
        lock = SPF_APPEND(&fixture.facts.instance->locks);
        strcpy(lock->reason, cases[i].reason);
        if (i % 2 == 0) {
            strcpy(lock->message, "why");
        }
        judge(&fixture, spf_judge_cloud_instance);
        FOUND(fixture, SPF_INSTANCE_LOCKED);
        ck_assert_str_eq(evidence_text(&fixture.result, cases[i].kind), cases[i].reason);
        ck_assert_int_eq(evidence_text(&fixture.result, "lock_message") != NULL, i % 2 == 0);
        clean(&fixture);
    }
}
END_TEST

START_TEST(clocks)
{
    static const struct {
        int64_t off;
        const char *says; /* NULL: near enough */
    } cases[] = {{0, NULL}, {1, NULL}, {86400, "86400 s slow"}, {-86400, "86400 s fast"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture fixture;

        set(&fixture);
        fixture.facts.instance->clock_off = cases[i].off;
        judge(&fixture, spf_judge_cloud_access);
        FOUND(fixture, cases[i].says != NULL ? SPF_CLOCK_OFF : SPF_NO_FINDING);
        if (cases[i].says != NULL) {
            SAYS(fixture, cases[i].says);
        }
        clean(&fixture);
    }
}
END_TEST

/* ---- the console ----------------------------------------------------------------------------- */

START_TEST(whose_keys_the_console_shows)
{
    static const struct {
        const char *user, *print;
    } lines[] = {{"root", ""}, {"ecs-user", "SHA256:a"}, {"admin", "MD5:b"}};
    struct spf_console_facts console = {0};

    for (size_t i = 0; i < 3; i++) {
        struct spf_console_authorized *line = SPF_APPEND(&console.authorized);

        strcpy(line->user, lines[i].user);
        strcpy(line->fingerprint, lines[i].print);
    }
    ck_assert(!spf_console_authorizes(&console, "", "", NULL)); /* no key of ours is known */
    ck_assert(spf_console_authorizes(&console, "SHA256:a", "", NULL));
    ck_assert(spf_console_authorizes(&console, "SHA256:x", "MD5:b", NULL));
    ck_assert(!spf_console_authorizes(&console, "SHA256:a", "", "root"));
    ck_assert(!spf_console_authorizes(&console, "SHA256:x", "MD5:x", "admin"));
    ck_assert_ptr_null(spf_console_user(&console, "SHA256:a", "", "ecs-user"));
    ck_assert_str_eq(spf_console_user(&console, "SHA256:a", "", "root"), "ecs-user");
    ck_assert_str_eq(spf_console_user(&console, "", "MD5:b", "root"), "admin");
    ck_assert_ptr_null(spf_console_user(&console, "SHA256:x", "MD5:x", "root"));
    spf_shape_clear(&spf_console_shape, &console);
}
END_TEST

/* ---- a key pair ------------------------------------------------------------------------------ */

#define BLOB "AAAAB3NzaC1yc2E="

START_TEST(is_it_the_pairs_key)
{
    static const struct {
        bool bound;
        const char *line, *blob;
        bool is;
    } cases[] = {
        {true, "ssh-rsa " BLOB " comment", BLOB, true},
        {true, "ssh-rsa " BLOB, BLOB, true},
        {true, "ssh-rsa  \t" BLOB "\r\n", BLOB, true},
        {false, "ssh-rsa " BLOB, BLOB, false},
        {true, "ssh-rsa " BLOB, NULL, false},
        {true, NULL, BLOB, false},
        {true, "ssh-rsa", BLOB, false},
        {true, "ssh-rsa ", BLOB, false},
        {true, "ssh-rsa %%", BLOB, false},
        {true, "", BLOB, false},
        {true, "ssh-rsa AAAAB3NzaC1yc2EA", BLOB, false},
        {true, "ssh-rsa AAAAB3NzaC1yc2I=", BLOB, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_key_pair_facts pair = {.bound = cases[i].bound,
                                          .public_key = (char *)(uintptr_t)cases[i].line};

        ck_assert_msg(spf_key_pair_is(&pair, cases[i].blob) == cases[i].is, "case %zu", i);
    }
}
END_TEST

/* Half a fingerprint, or one of no digits, tells nothing. */
START_TEST(fingerprints_that_are_none)
{
    static const char *const prints[] = {"",
                                         "00:11",
                                         "0011223344556677-8899AABBCCDDEEFF",
                                         "MD5:00112233445566778899AABBCCDDEEFF00",
                                         "g0112233445566778899AABBCCDDEEFF",
                                         "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
                                         "00112233445566778899aabbccddeeff001122334",
                                         "zz112233445566778899aabbccddeeff00112233"};

    for (size_t i = 0; i < sizeof prints / sizeof *prints; i++) {
        struct fixture fixture;

        set(&fixture);
        fixture.facts.key_pair->bound = fixture.facts.key_pair->found = true;
        strcpy(fixture.facts.key_pair->name, "k");
        strcpy(fixture.facts.key->md5, "MD5:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff");
        strcpy(fixture.facts.key_pair->fingerprint, prints[i]);
        fixture.facts.key->public_blob = strdup(BLOB);
        judge(&fixture, spf_judge_cloud_key_pair);
        FOUND(fixture, SPF_KEY_PAIR_UNPROVEN);
        ck_assert_str_eq(evidence_text(&fixture.result, "match"), "name-only");
        clean(&fixture);
    }
}
END_TEST

/* MD5 of the blob, where the API gives no public key: another one is another key. */
START_TEST(md5_fingerprints)
{
    struct fixture fixture;

    set(&fixture);
    fixture.facts.key_pair->bound = fixture.facts.key_pair->found = true;
    strcpy(fixture.facts.key_pair->name, "k");
    strcpy(fixture.facts.key->md5, "MD5:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff");
    strcpy(fixture.facts.key_pair->fingerprint, "00112233445566778899aabbccddee00");
    judge(&fixture, spf_judge_cloud_key_pair);
    FOUND(fixture, SPF_KEY_PAIR_DIFFERENT);
    ck_assert_str_eq(evidence_text(&fixture.result, "key_to_find"), "k");
    spf_group_settle(&fixture.facts.group[SPF_GROUP_KEY],
                     &(struct spf_failure){.cause = SPF_KEY_ENCRYPTED});
    judge(&fixture, spf_judge_cloud_key_pair);
    FOUND(fixture, SPF_KEY_PAIR_UNPROVEN);
    fixture.facts.group[SPF_GROUP_KEY].phase = SPF_ABSENT;
    judge(&fixture, spf_judge_cloud_key_pair);
    ck_assert_uint_eq(fixture.opinion.wants, SPF_GROUP_BIT(KEY));
    clean(&fixture);
}
END_TEST

/* --find-key and --key-dir: what was found, and what not finding it proves. */
START_TEST(the_key_that_was_looked_for)
{
    static const struct {
        bool by_dir, with_public, with_key;
        struct spf_found_key_facts found;
        enum spf_finding cause;
        enum spf_status status;
        const char *says;
    } cases[] = {
        {true, true, false, {.path = "/k/a"}, SPF_NO_FINDING, SPF_PASS, "/k/a is the private key"},
        {false, true, false, {.path = "/k/a"}, SPF_NO_FINDING, SPF_PASS, "/k/a is the private key"},
        {false,
         false,
         false,
         {.path = "/k/a"},
         SPF_KEY_PAIR_UNPROVEN,
         SPF_UNKNOWN,
         "gave no public key"},
        {true, false, false, {.path = "/k/a", .by_name = true}, SPF_NO_FINDING, SPF_PASS, "/k/a"},
        {true,
         false,
         false,
         {.folder = "/k", .all = true},
         SPF_KEY_PAIR_FILE_MISSING,
         SPF_UNKNOWN,
         "/k has no file of its name"},
        {true,
         true,
         false,
         {.public_only = "/k/a.pub", .all = true},
         SPF_KEY_PAIR_FILE_MISSING,
         SPF_FAIL,
         "the private key is not beside it"},
        {true,
         true,
         false,
         {.folder = "/k", .looked_at = 9},
         SPF_KEY_PAIR_FILE_MISSING,
         SPF_UNKNOWN,
         "more files than the 9"},
        {true,
         true,
         false,
         {.folder = "/k", .all = true, .unclear = 2},
         SPF_KEY_PAIR_FILE_MISSING,
         SPF_UNKNOWN,
         "2 encrypted"},
        {true, true, false, {.folder = "/k", .all = true}, SPF_KEY_PAIR_FILE_MISSING, SPF_FAIL, ""},
        {true, true, true, {.path = "/k/a"}, SPF_KEY_PAIR_DIFFERENT, SPF_FAIL, ""},
        {false,
         true,
         true,
         {.path = "/k/a", .by_name = true},
         SPF_KEY_PAIR_DIFFERENT,
         SPF_FAIL,
         ""},
        {false, true, true, {.public_only = "/k/a.pub"}, SPF_KEY_PAIR_DIFFERENT, SPF_FAIL, ""},
        {false, true, true, {.folder = "/k", .all = true}, SPF_KEY_PAIR_DIFFERENT, SPF_FAIL, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture fixture;

        set(&fixture);
        fixture.facts.key_pair->bound = fixture.facts.key_pair->found = true;
        strcpy(fixture.facts.key_pair->name, "k");
        fixture.target.key_path = cases[i].with_key ? "key.pem" : NULL;
        *(cases[i].by_dir ? &fixture.target.key_dir : &fixture.target.find_key) = "/k";
        if (cases[i].with_public) {
            fixture.facts.key_pair->public_key = strdup("ssh-rsa AAAAC3NzaC1yc2E=");
        }
        if (cases[i].with_key) {
            fixture.facts.key->public_blob = strdup(BLOB);
        }
        judge(&fixture, spf_judge_cloud_key_pair);
        if (fixture.opinion.kind == SPF_OPINION_WANTS) {
            ck_assert_uint_eq(fixture.opinion.wants, SPF_GROUP_BIT(FOUND_KEY));
            fixture.facts.group[SPF_GROUP_FOUND_KEY].phase = SPF_PRESENT;
            *fixture.facts.found_key = cases[i].found;
            judge(&fixture, spf_judge_cloud_key_pair);
        }
        FOUND(fixture, cases[i].cause);
        ck_assert_msg(fixture.opinion.status == cases[i].status || cases[i].status == SPF_PASS ||
                          fixture.opinion.status == spf_findings[cases[i].cause].status,
                      "case %zu: status %d", i, (int)fixture.opinion.status);
        SAYS(fixture, cases[i].says);
        /* what could not be looked for leaves the comparison as it is */
        if (cases[i].with_key) {
            spf_group_settle(&fixture.facts.group[SPF_GROUP_FOUND_KEY],
                             &(struct spf_failure){.cause = SPF_SYSTEM_ERROR, .text = "why"});
            judge(&fixture, spf_judge_cloud_key_pair);
            FOUND(fixture, SPF_KEY_PAIR_DIFFERENT);
            ck_assert_str_eq(evidence_text(&fixture.result, "find_key"), "why");
        }
        clean(&fixture);
    }
}
END_TEST

/* ---- rules ----------------------------------------------------------------------------------- */

/* Only so many are named, however many there are. */
START_TEST(crowds_of_rules)
{
    struct fixture fixture;

    set(&fixture);
    for (int i = 0; i < 30; i++) {
        rule(&fixture, SPF_POLICY_ACCEPT, i + 1, "198.51.100.0/24");
    }
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_SOURCE_EXCLUDED);
    ck_assert_uint_eq(evidence_count(&fixture.result, "near_misses"), 10);
    for (int i = 0; i < 30; i++) {
        rule(&fixture, SPF_POLICY_ACCEPT, i + 1, "203.0.113.0/24");
    }
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_NO_FINDING);
    ck_assert_uint_eq(evidence_count(&fixture.result, "trace"), 20);
    clean(&fixture);
}
END_TEST

START_TEST(another_port)
{
    static const struct {
        const char *ports, *description, *says; /* NULL: nothing of it */
    } cases[] = {
        {"2222/2222", "", "accepts you at 2222/2222: was another port meant (-p 2222)?"},
        {"8022/8030", "the new one", "rule sgr-1 (the new one) accepts you at 8022/8030"},
        {"-1/-1", "", NULL},
        {"x", "", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int groups = 1; groups <= 2; groups++) {
            struct spf_rule *added;
            struct fixture fixture;

            set(&fixture);
            if (groups == 2) {
                strcpy(SPF_APPEND(&fixture.facts.rules->groups)->id, "sg-2");
            }
            added = rule(&fixture, SPF_POLICY_ACCEPT, 1, "203.0.113.0/24");
            spf_ports_set(&added->ports, cases[i].ports);
            strcpy(added->description, cases[i].description);
            judge(&fixture, spf_judge_cloud_security_group);
            if (cases[i].says != NULL) {
                FOUND(fixture, SPF_SG_NO_RULE);
                SAYS(fixture, cases[i].says);
                SAYS(fixture,
                     groups == 2 ? "its 2 security groups have" : "its security group has");
            } else {
                ck_assert_ptr_null(strstr(fixture.result.summary, "another port"));
            }
            clean(&fixture);
        }
    }
}
END_TEST

/* By one rule, by another than ours is allowed by, by several together. */
START_TEST(open_to_the_whole_internet)
{
    struct fixture fixture;

    set(&fixture);
    rule(&fixture, SPF_POLICY_ACCEPT, 1, "0.0.0.0/0");
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_OPEN_TO_WORLD);
    SAYS(fixture, "open to the whole internet by sg-1/sgr-1");
    ck_assert_str_eq(evidence_text(&fixture.result, "open_rule"), "sgr-1");
    fixture.facts.rules->rules.items[0].priority = 5;
    rule(&fixture, SPF_POLICY_ACCEPT, 1, "203.0.113.0/24");
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_OPEN_TO_WORLD);
    SAYS(fixture, "is allowed by sg-1/sgr-2, priority 1");
    clean(&fixture);

    set(&fixture);
    rule(&fixture, SPF_POLICY_ACCEPT, 1, "0.0.0.0/1");
    rule(&fixture, SPF_POLICY_ACCEPT, 1, "128.0.0.0/1");
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_OPEN_TO_WORLD);
    SAYS(fixture, "by several rules together");
    ck_assert_ptr_null(evidence_text(&fixture.result, "open_rule"));
    clean(&fixture);
}
END_TEST

/* ---- addresses ------------------------------------------------------------------------------- */

/* How a NAT gateway's ports go inside; another thing is not guessed. */
START_TEST(forwarded_ports)
{
    static const struct {
        const char *protocol, *ports, *inside_ports;
        int inside; /* 0: it is not forwarded */
    } cases[] = {
        {"tcp", "22", "22", 22},    {"TCP", "22/22", "2222", 2222},
        {"Any", "any", "any", 22},  {"tcp", "20/30", "120/130", 122},
        {"tcp", "20/30", "22", 22}, {"udp", "22", "22", 0},
        {"tcp", "23", "22", 0},     {"tcp", "1/21", "1/21", 0},
        {"tcp", "x", "22", 0},      {"tcp", "22", "x", 0},
        {"tcp", "", "22", 0},       {"tcp", "1/65535", "65520/65535", 0},
        {"tcp", "22/30", "0/8", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int owned = 0; owned < 2; owned++) {
            const struct spf_forward *found;
            struct spf_forward *forward;
            uint16_t port = 0;
            struct fixture fixture;

            set(&fixture);
            forward = SPF_APPEND(&fixture.facts.gateway->forwards);
            strcpy(forward->protocol, cases[i].protocol);
            strcpy(forward->ports, cases[i].ports);
            strcpy(forward->inside_ports, cases[i].inside_ports);
            forward->inside = ip(owned ? "10.0.1.11" : "10.0.1.99");
            found = spf_cloud_forward(&fixture.target, &fixture.facts, &port);
            ck_assert_msg((found != NULL) == (owned && cases[i].inside != 0), "case %zu", i);
            ck_assert_msg(found == NULL || port == cases[i].inside, "case %zu: %d", i, port);
            clean(&fixture);
        }
    }
}
END_TEST

/* With a private address alone: only what is in a network of ours can be dialled. */
START_TEST(private_addresses_beside_us)
{
    static const struct {
        const char *own;
        int bits, family;
        bool dialled;
    } cases[] = {
        {"10.0.1.5", 24, 0, true}, {"10.0.1.5", 0, 0, false},  {"10.0.2.5", 24, 0, false},
        {"10.0.1.5", 24, 4, true}, {"10.0.1.5", 24, 6, false}, {"fd00::1", 64, 0, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_address dialled;
        struct fixture fixture;

        set(&fixture);
        fixture.facts.instance->addresses.count = 0;
        address(&fixture, SPF_CLASS_PRIVATE, "10.0.1.11");
        own(&fixture, cases[i].own, cases[i].bits);
        fixture.target.family = cases[i].family;
        ck_assert_msg(spf_cloud_dial_address(&fixture.target, &fixture.facts, &dialled) ==
                          cases[i].dialled,
                      "case %zu", i);
        clean(&fixture);
    }
}
END_TEST

int main(void)
{
    return unit_main("cloud_details",
                     (const TTest *const[]){
                         what_the_provider_plans, several_of_one_name, regions_that_did_not_answer,
                         the_region_that_was_given, kinds_of_locks, clocks,
                         whose_keys_the_console_shows, is_it_the_pairs_key,
                         fingerprints_that_are_none, md5_fingerprints, the_key_that_was_looked_for,
                         crowds_of_rules, another_port, open_to_the_whole_internet, forwarded_ports,
                         private_addresses_beside_us, NULL});
}
