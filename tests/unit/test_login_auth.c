#include "login_scene.h"

#include "base/clock.h"

/* What the judge of the authentication makes of the rarer facts: certificates, other keys, agents.
 */

#define AUTH SPF_CHECK_SSH_AUTH

static void says(struct scene *scene, const char *part)
{
    ck_assert_msg(strstr(scene->results[AUTH].summary, part) != NULL, "\"%s\" lacks \"%s\"",
                  scene->results[AUTH].summary, part);
}

static void says_not(struct scene *scene, const char *part)
{
    ck_assert_msg(strstr(scene->results[AUTH].summary, part) == NULL, "\"%s\" has \"%s\"",
                  scene->results[AUTH].summary, part);
}

static const char *noted(struct scene *scene, const char *name)
{
    return evidence(scene, AUTH, name);
}

/* Why the certificate was refused, as far as the certificate itself tells. */
START_TEST(refused_certificates)
{
    static const struct {
        struct spf_certificate_facts certified;
        const char *says, *until;
    } cases[] = {
        {{.host = true}, "(it is a host's and logs nobody in)", "(null)"},
        {{.valid_before = 1, .over = true, .principals = "root"},
         "(it expired at 1970-01-01T00:00:01Z)",
         "1970-01-01T00:00:01Z"},
        {{.valid_after = 2, .valid_before = SPF_FOR_EVER, .principals = "root"},
         "(it is not valid before 1970-01-01T00:00:02Z)",
         "(null)"},
        {{.valid_before = SPF_FOR_EVER, .in_time = true, .principals = "a,b"},
         "(its principals, a,b, do not include this user)",
         "(null)"},
        {{.valid_before = SPF_FOR_EVER, .in_time = true}, "(it names no principals", "(null)"},
        {{.valid_before = SPF_FOR_EVER, .in_time = true, .principals = "a,root"},
         "the certificate c.pub",
         "(null)"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;

        set_scene(&scene);
        (void)strcpy(scene.facts.key->certificate, "c.pub");
        scene.facts.key->certified = cases[i].certified;
        scene.facts.query->outcome = SPF_AUTH_REFUSED;
        (void)strcpy(scene.facts.query->methods, "publickey");
        scene.facts.query->of_certificate = true;
        expect(&scene, AUTH, SPF_FAIL, SPF_AUTH_KEY_REFUSED);
        says(&scene, "accepts neither this key for root nor the certificate c.pub");
        says(&scene, cases[i].says);
        ck_assert_str_eq(noted(&scene, "certificate_valid_until"), cases[i].until);
        ck_assert_str_eq(noted(&scene, "certificate_file"), "c.pub");
        scene.facts.query->of_certificate = false;
        expect(&scene, AUTH, SPF_UNKNOWN, SPF_AUTH_CERTIFICATE_UNTRIED);
        says(&scene, "which was not tried");
        /* behind a disconnect ssh offers nothing more */
        scene.facts.query->methods[0] = '\0';
        scene.facts.query->ending.kind = SPF_ENDING_DISCONNECT;
        (void)strcpy(scene.facts.query->error, "bye");
        expect(&scene, AUTH, SPF_FAIL, SPF_AUTH_KEY_REFUSED);
        says(&scene, "it answered by disconnecting: bye");
        strike(&scene);
    }
}
END_TEST

static void add_identity(struct scene *scene, const char *path, bool passed_over)
{
    struct spf_ssh_file *file = SPF_APPEND(&scene->facts.ssh_config->identities);

    ck_assert_ptr_nonnull(file);
    file->path = strdup(path);
    file->exists = true;
    file->passed_over = passed_over;
}

/* The configuration's first key is refused: ssh goes on with what else it has. */
START_TEST(ssh_goes_on_with_its_other_keys)
{
    static const struct {
        const char *key, *next;
        int64_t agent_keys;
        bool in_agent, only;
        enum spf_status status;
    } cases[] = {
        {"k1", "k2", 0, false, false, SPF_UNKNOWN}, {"k1", "k2", 0, false, true, SPF_UNKNOWN},
        {"k2", NULL, 0, false, false, SPF_FAIL},    {"k2", NULL, 1, false, false, SPF_UNKNOWN},
        {"k2", NULL, 1, false, true, SPF_FAIL},     {"k2", NULL, 1, true, false, SPF_FAIL},
        {"k2", NULL, 2, true, false, SPF_UNKNOWN},  {NULL, NULL, 0, false, false, SPF_FAIL},
        {"k2", NULL, -1, false, false, SPF_FAIL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;

        set_scene(&scene);
        add_identity(&scene, "k1", false);
        add_identity(&scene, "k2", false);
        add_identity(&scene, "k3", true);
        scene.target.key_configured = true;
        scene.target.key_path = cases[i].key;
        scene.facts.key->agent_keys = cases[i].agent_keys;
        scene.facts.key->in_agent = cases[i].in_agent;
        scene.facts.ssh_config->identities_only = cases[i].only;
        scene.facts.query->outcome = SPF_AUTH_REFUSED;
        (void)strcpy(scene.facts.query->methods, "publickey");
        expect(&scene, AUTH, cases[i].status, SPF_AUTH_KEY_REFUSED);
        ck_assert_str_eq(noted(&scene, "next_key_file"),
                         cases[i].next != NULL ? cases[i].next : "(null)");
        if (cases[i].status == SPF_UNKNOWN) {
            says(&scene, "ssh would try its other keys too");
        }
        scene.target.key_configured = false; /* this one was given, and no other counts */
        expect(&scene, AUTH, SPF_FAIL, SPF_AUTH_KEY_REFUSED);
        strike(&scene);
    }
}
END_TEST

/* A server that announces no algorithms, and is known to take some types of keys only. */
START_TEST(types_that_a_server_is_known_to_take)
{
    static const struct {
        const char *software, *key, *algorithm;
        enum spf_finding finding;
    } cases[] = {
        {"paramiko_3.0", "ssh-rsa", "rsa-sha2-512", SPF_AUTH_KEY_REFUSED},
        {"paramiko_3.0", "ssh-dss", "ssh-dss", SPF_AUTH_ALGORITHM_REFUSED},
        {"tinyssh_1", "ssh-rsa", "rsa-sha2-512", SPF_AUTH_ALGORITHM_REFUSED},
        {"tinyssh_1", "ssh-ed25519", "ssh-ed25519", SPF_AUTH_KEY_REFUSED},
        {"unheard-of", "ssh-rsa", "rsa-sha2-512", SPF_AUTH_KEY_REFUSED},
        {"tinyssh_1", "ssh-rsa", "", SPF_AUTH_KEY_REFUSED}, /* it was not seen */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;

        set_scene(&scene);
        free(scene.facts.handshake->server_sig_algs);
        scene.facts.handshake->server_sig_algs = NULL;
        (void)strcpy(scene.facts.identification->software, cases[i].software);
        (void)strcpy(scene.facts.key->algorithm, cases[i].key);
        (void)strcpy(scene.facts.query->algorithm, cases[i].algorithm);
        (void)strcpy(scene.facts.query->methods, "publickey");
        scene.facts.query->outcome = SPF_AUTH_REFUSED;
        expect(&scene, AUTH, SPF_FAIL, cases[i].finding);
        /* of a certificate it says nothing */
        scene.facts.query->of_certificate = true;
        expect(&scene, AUTH, SPF_FAIL, SPF_AUTH_KEY_REFUSED);
        strike(&scene);
    }
}
END_TEST

/* No algorithm in common: what would help, an older signature or a key of another type. */
START_TEST(ways_out_of_an_algorithm)
{
    static const struct {
        const char *key, *server, *accepted, *usable, *legacy;
        enum spf_status status;
    } cases[] = {
        {"ssh-rsa", "ssh-rsa", NULL, "(null)", "ssh-rsa", SPF_FAIL},
        {"ssh-rsa", "ssh-ed25519", NULL, "ed25519", "(null)", SPF_FAIL},
        {"ssh-ed25519", "ecdsa-sha2-nistp256", NULL, "ecdsa", "(null)", SPF_FAIL},
        {"ssh-ed25519", "ssh-ed25519", NULL, "(null)", "(null)", SPF_FAIL},
        {"ssh-ed25519", "rsa-sha2-256", NULL, "rsa", "(null)", SPF_FAIL},
        {"ssh-ed25519", "x", NULL, "(null)", "(null)", SPF_FAIL},
        {"ssh-ed25519", NULL, NULL, "ecdsa", "(null)", SPF_FAIL},
        {"ssh-rsa", NULL, NULL, "ed25519", "ssh-rsa", SPF_FAIL},
        {"ssh-rsa", "ssh-rsa", "ssh-ed25519,ssh-rsa", "(null)", "ssh-rsa", SPF_UNKNOWN},
        {"ssh-rsa", "ssh-rsa", "ssh-ed25519", "(null)", "ssh-rsa", SPF_FAIL},
        {"ssh-ed25519", "x", "ssh-rsa", "(null)", "(null)", SPF_FAIL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;

        set_scene(&scene);
        free(scene.facts.handshake->server_sig_algs);
        scene.facts.handshake->server_sig_algs =
            cases[i].server != NULL ? strdup(cases[i].server) : NULL;
        (void)strcpy(scene.facts.key->algorithm, cases[i].key);
        scene.facts.query->outcome = SPF_AUTH_LOCAL_REFUSAL;
        if (cases[i].accepted != NULL) {
            scene.target.ssh_config = "";
            scene.facts.ssh_config->accepted_algorithms = strdup(cases[i].accepted);
        }
        expect(&scene, AUTH, cases[i].status, SPF_AUTH_ALGORITHM_REFUSED);
        ck_assert_str_eq(noted(&scene, "usable_type"), cases[i].usable);
        ck_assert_str_eq(noted(&scene, "signature_algorithm"), cases[i].legacy);
        if (cases[i].status == SPF_UNKNOWN) {
            says(&scene, "signatures with SHA-1");
        }
        /* a query that was answered, and a signature for which none is left */
        scene.facts.query->outcome = SPF_AUTH_ACCEPTED;
        scene.facts.signature->outcome = SPF_AUTH_LOCAL_REFUSAL;
        expect(&scene, AUTH, cases[i].status, SPF_AUTH_ALGORITHM_REFUSED);
        strike(&scene);
    }
}
END_TEST

/* PAM's account phase comes last, and says why in a banner. */
START_TEST(logins_that_are_told_off)
{
    static const struct {
        const char *last, *banner;
        enum spf_finding finding;
        const char *says;
    } cases[] = {
        {"SSH_MSG_USERAUTH_BANNER", "Unprivileged users are not permitted to log in yet.",
         SPF_AUTH_NOT_YET, "it says: Unprivileged"},
        {"SSH_MSG_USERAUTH_BANNER", "System is going down.", SPF_AUTH_NOT_YET, "it says: System"},
        {"SSH_MSG_USERAUTH_BANNER", "Your account has expired", SPF_AUTH_LOGIN_REFUSED,
         "it says: Your account"},
        {"SSH_MSG_USERAUTH_BANNER", "Go away", SPF_AUTH_ACCOUNT_DENIED, "it says: Go away"},
        {"SSH_MSG_USERAUTH_BANNER", "", SPF_AUTH_ACCOUNT_DENIED, "PAM's account phase"},
        {"SSH_MSG_USERAUTH_FAILURE", "Welcome", SPF_AUTH_DISCONNECTED, "the server closed"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;

        set_scene(&scene);
        scene.facts.signature->outcome = SPF_AUTH_ENDED;
        scene.facts.signature->ending.kind = SPF_ENDING_CLOSED;
        (void)strcpy(scene.facts.signature->ending.last_message, cases[i].last);
        (void)strcpy(scene.facts.signature->banner, cases[i].banner);
        expect(&scene, AUTH, SPF_FAIL, cases[i].finding);
        says(&scene, cases[i].says);
        ck_assert_str_eq(noted(&scene, "stage"), "signature");
        strike(&scene);
    }
}
END_TEST

/* Nothing here can sign: what the answer to the question alone is worth. */
START_TEST(keys_that_cannot_sign_here)
{
    static const struct {
        const char *software, *damage;
        bool encrypted, unlike, of_certificate;
        enum spf_stranger stranger;
        enum spf_finding finding;
        const char *says;
    } cases[] = {
        {"OpenSSH_9.2", "", true, false, false, 0, SPF_KEY_ENCRYPTED, "takes this key for root"},
        {"OpenSSH_9.2", "", true, false, true, 0, SPF_KEY_ENCRYPTED,
         "takes the certificate in the ssh-agent for root"},
        {"OpenSSH_9.2", "", true, true, false, 0, SPF_KEY_ENCRYPTED, "may say yes to any key"},
        {"OpenSSH_9.2", "", true, true, false, SPF_STRANGER_REFUSED, SPF_KEY_ENCRYPTED,
         "takes this key for root"},
        {"OpenSSH_9.2", "", true, false, false, SPF_STRANGER_ACCEPTED, SPF_KEY_ENCRYPTED,
         "may say yes to any key"},
        {"dropbear_2022", "", true, true, false, 0, SPF_KEY_ENCRYPTED, "takes this key for root"},
        {"unheard-of", "", true, false, false, 0, SPF_KEY_ENCRYPTED, "may say yes to any key"},
        {"OpenSSH_9.2", "key-needs-device", false, false, false, 0, SPF_KEY_NEEDS_DEVICE,
         "the security key was not asked to sign"},
        {"unheard-of", "key-needs-device", false, false, false, 0, SPF_KEY_NEEDS_DEVICE, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;

        set_scene(&scene);
        (void)strcpy(scene.facts.identification->software, cases[i].software);
        (void)strcpy(scene.facts.key->damage, cases[i].damage);
        scene.facts.key->usable = false;
        scene.facts.key->encrypted = cases[i].encrypted;
        scene.facts.query->unlike_openssh = cases[i].unlike;
        scene.facts.query->stranger = cases[i].stranger;
        scene.facts.query->of_certificate = cases[i].of_certificate;
        expect(&scene, AUTH, SPF_UNKNOWN, cases[i].finding);
        says(&scene, cases[i].says);
        /* the agent has it, and signs */
        scene.facts.key->in_agent = true;
        scene.facts.key->public_blob = strdup("AAAA");
        expect(&scene, AUTH, SPF_PASS, SPF_NO_FINDING);
        ck_assert_str_eq(noted(&scene, "signed_by"), "agent");
        says(&scene, "(signed by the ssh-agent)");
        says(&scene,
             cases[i].of_certificate ? "certificate in the ssh-agent accepted" : "key accepted");
        strike(&scene);
    }
}
END_TEST

/* A signature that is refused says something of the key only where the query did not. */
START_TEST(refused_signatures)
{
    static const struct {
        const char *software, *certificate, *error;
        bool of_certificate;
        enum spf_ending_kind ending;
        enum spf_finding finding;
        const char *says;
    } cases[] = {
        {"OpenSSH_9.2", "", "", false, 0, SPF_AUTH_LOGIN_REFUSED, ""},
        {"OpenSSH_9.2", "", "bye", false, SPF_ENDING_DISCONNECT, SPF_AUTH_LOGIN_REFUSED,
         "knows this key, but refuses the login of root; it answered by disconnecting: bye"},
        {"OpenSSH_9.2", "c.pub", "", true, 0, SPF_AUTH_LOGIN_REFUSED,
         "accepts the certificate c.pub, but refuses the login"},
        {"OpenSSH_9.2", "", "", true, 0, SPF_AUTH_LOGIN_REFUSED,
         "accepts the certificate in the ssh-agent, but refuses the login"},
        {"unheard-of", "", "", false, 0, SPF_AUTH_KEY_REFUSED, "it refused the signature (its"},
        {"unheard-of", "", "bye", false, SPF_ENDING_DISCONNECT, SPF_AUTH_KEY_REFUSED,
         "it refused the signature and disconnected: bye (its"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;

        set_scene(&scene);
        (void)strcpy(scene.facts.identification->software, cases[i].software);
        (void)strcpy(scene.facts.key->certificate, cases[i].certificate);
        scene.facts.query->of_certificate = cases[i].of_certificate;
        scene.facts.signature->outcome = SPF_AUTH_REFUSED;
        scene.facts.signature->ending.kind = cases[i].ending;
        (void)strcpy(scene.facts.signature->error, cases[i].error);
        expect(&scene, AUTH, SPF_FAIL, cases[i].finding);
        says(&scene, cases[i].says);
        strike(&scene);
    }
}
END_TEST

/* What is decided before the server is asked. */
START_TEST(keys_that_are_not_offered)
{
    struct scene scene;

    set_scene(&scene);
    scene.facts.ssh_config->publickey_off = true;
    scene.facts.ssh_config->required_rsa = 2048;
    scene.facts.key->bits = 1024;
    expect(&scene, AUTH, SPF_PASS, SPF_NO_FINDING); /* it was not to be used */
    scene.target.ssh_config = "";
    expect(&scene, AUTH, SPF_UNKNOWN, SPF_SSH_CONFIG_UNUSABLE);
    says(&scene, "PubkeyAuthentication no");
    scene.facts.ssh_config->publickey_off = false;
    expect(&scene, AUTH, SPF_UNKNOWN, SPF_SSH_CONFIG_UNUSABLE);
    says(&scene, "this key has 1024 bits");
    scene.facts.key->bits = 2048;
    expect(&scene, AUTH, SPF_PASS, SPF_NO_FINDING);
    scene.facts.key->bits = 0; /* not known */
    expect(&scene, AUTH, SPF_PASS, SPF_NO_FINDING);
    scene.facts.key->bits = 256;
    (void)strcpy(scene.facts.key->algorithm, "ssh-ed25519");
    expect(&scene, AUTH, SPF_PASS, SPF_NO_FINDING);
    scene.facts.group[SPF_GROUP_KEY].phase = SPF_FAILED;
    expect(&scene, AUTH, SPF_PASS, SPF_NO_FINDING);
    have(&scene, SPF_GROUP_KEY);

    scene.facts.key->usable = false;
    scene.facts.key->public_blob = strdup("AAAA");
    (void)strcpy(scene.facts.key->damage, "key-algorithm-unsupported");
    expect(&scene, AUTH, SPF_UNKNOWN, SPF_KEY_ALGORITHM_UNSUPPORTED);
    says(&scene, "this program has no keys of type ssh-ed25519");
    (void)strcpy(scene.facts.key->damage, "key-truncated");
    expect(&scene, AUTH, SPF_PASS, SPF_NO_FINDING);
    strike(&scene);
}
END_TEST

START_TEST(none_is_enough)
{
    struct scene scene;

    set_scene(&scene);
    scene.facts.query->none_accepted = true;
    scene.facts.query->outcome = SPF_AUTH_REFUSED;
    expect(&scene, AUTH, SPF_WARN, SPF_AUTH_NONE_ACCEPTED);
    ck_assert_str_eq(noted(&scene, "stage"), "query");
    scene.facts.query->none_accepted = false;
    scene.facts.query->outcome = SPF_AUTH_PARTIAL; /* which no server should say to a query */
    expect(&scene, AUTH, SPF_FAIL, SPF_AUTH_KEY_REFUSED);
    strike(&scene);
}
END_TEST

static struct spf_ssh_offer *add_offer(struct scene *scene, const char *path, const char *answer)
{
    static const struct {
        const char *word;
        enum spf_auth_outcome outcome;
    } answers[] = {{"accepted", SPF_AUTH_ACCEPTED},
                   {"refused", SPF_AUTH_REFUSED},
                   {"no common algorithm", SPF_AUTH_LOCAL_REFUSAL},
                   {"no answer", SPF_AUTH_SILENT}};
    struct spf_ssh_offer *offer = SPF_APPEND(&scene->facts.ssh_config->offers);

    /* else the first key to ask about may be the bound pair's */
    scene->results[SPF_CHECK_CLOUD_KEY_PAIR].status = SPF_SKIP;

    ck_assert_ptr_nonnull(offer);
    (void)strcpy(offer->path, path);
    (void)strcpy(offer->algorithm, "ssh-ed25519");
    (void)strcpy(offer->sha256, path[0] != '\0' ? "" : "SHA256:0123456789abcdef");
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        if (strcmp(answers[i].word, answer) == 0) {
            struct spf_asked_key *asked = SPF_APPEND(&scene->facts.query->asked);

            ck_assert_ptr_nonnull(asked);
            asked->offer = (int64_t)scene->facts.ssh_config->offers.count - 1;
            asked->outcome = answers[i].outcome;
        }
    }
    return offer;
}

static const char *answer_noted(struct scene *scene, size_t offer)
{
    static char text[80];
    struct json_object *list = evidence_member(&scene->results[AUTH], "keys");
    struct json_object *answer = NULL;

    ck_assert(json_object_object_get_ex(json_object_array_get_idx(list, offer), "answer", &answer));
    ck_assert(spf_copy_whole(text, sizeof text, json_object_get_string(answer)));
    json_object_put(list);
    return text;
}

/* Several keys in turn, none of which is accepted: and what ssh would do next. */
START_TEST(several_keys_are_refused)
{
    static const char *const answers[] = {"refused", "no common algorithm", "no answer",
                                          "not asked"};
    struct spf_ssh_offer *last;
    struct scene scene;

    set_scene(&scene);
    scene.facts.query->outcome = SPF_AUTH_REFUSED;
    (void)strcpy(scene.facts.query->methods, "publickey");
    for (size_t i = 0; i < 3; i++) {
        (void)add_offer(&scene, i == 1 ? "" : "k", answers[i]);
    }
    expect(&scene, AUTH, SPF_FAIL, SPF_AUTH_KEY_REFUSED);
    says(&scene, "none of the 3 keys that ssh would offer for root: k, the agent's ssh-ed25519");
    last = add_offer(&scene, "k4", "not asked");
    expect(&scene, AUTH, SPF_UNKNOWN, SPF_AUTH_KEY_REFUSED);
    says(&scene, "ssh would also offer k4, once its passphrase is entered");
    ck_assert_str_eq(noted(&scene, "next_key_file"), "k4");
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        ck_assert_str_eq(answer_noted(&scene, i), answers[i]);
    }
    last->beyond_us = true;
    expect(&scene, AUTH, SPF_UNKNOWN, SPF_AUTH_KEY_REFUSED);
    says(&scene, "ssh would also offer k4, of a type that this program does not have");
    (void)strcpy(last->certificate, "k4-cert.pub");
    expect(&scene, AUTH, SPF_UNKNOWN, SPF_AUTH_KEY_REFUSED);
    says(&scene, "k4-cert.pub (certificate)");
    ck_assert_str_eq(noted(&scene, "certificate_file"), "k4-cert.pub");
    ck_assert_str_eq(noted(&scene, "next_key_file"), "(null)");
    (void)strcpy(last->certificate, "in the agent");
    last->path[0] = '\0';
    expect(&scene, AUTH, SPF_UNKNOWN, SPF_AUTH_KEY_REFUSED);
    says(&scene, "the agent's ssh-ed25519 ... (certificate)");
    ck_assert_str_eq(noted(&scene, "certificate_file"), "(null)");
    ck_assert_str_eq(noted(&scene, "next_key_file"), "(null)");
    (void)strcpy(scene.facts.query->error, "Too many authentication failures");
    expect(&scene, AUTH, SPF_FAIL, SPF_AUTH_TOO_MANY);
    says(&scene, "cuts ssh off after 3 keys");
    strike(&scene);
}
END_TEST

/* A sentence names four, and a record may name offers that are not there. */
START_TEST(many_keys_and_a_strange_record)
{
    struct scene scene;

    set_scene(&scene);
    scene.facts.query->outcome = SPF_AUTH_REFUSED;
    (void)strcpy(scene.facts.query->methods, "publickey");
    (void)strcpy(scene.facts.query->error, "Too many authentication failures");
    for (size_t i = 0; i < 6; i++) {
        (void)add_offer(&scene, "k", "refused");
    }
    expect(&scene, AUTH, SPF_FAIL, SPF_AUTH_KEY_REFUSED); /* cut off, with none left to offer */
    says(&scene, "k, k, k, k and 2 more");
    scene.facts.query->asked.items[0].offer = -1;
    scene.facts.query->asked.items[1].offer = 6;
    expect(&scene, AUTH, SPF_FAIL, SPF_AUTH_TOO_MANY); /* the first two were not asked about */
    says(&scene, "before k is offered");
    (void)add_offer(&scene, "given", "not asked"); /* the one that matters, where one was given */
    scene.facts.query->asked.items[1].offer = 1;
    scene.target.openssh_typed = true;
    scene.target.ssh_config = "";
    scene.target.key_path = "given";
    scene.target.offer = &scene.facts.ssh_config->offers.items[6];
    expect(&scene, AUTH, SPF_FAIL, SPF_AUTH_TOO_MANY);
    says(&scene, "before given is offered");
    ck_assert_str_eq(noted(&scene, "next_key_file"), "given");
    scene.results[SPF_CHECK_CLOUD_KEY_PAIR].status = SPF_PENDING;
    ck_assert_int_eq(judge(&scene, AUTH).kind, SPF_OPINION_CONCLUDES);
    scene.target.openssh_typed = false;
    ck_assert_int_eq(judge(&scene, AUTH).kind, SPF_OPINION_WAITS);
    strike(&scene);
    set_scene(&scene);
    scene.facts.query->outcome = SPF_AUTH_REFUSED;
    (void)strcpy(scene.facts.query->methods, "publickey");
    (void)add_offer(&scene, "only", "refused");
    expect(&scene, AUTH, SPF_FAIL, SPF_AUTH_KEY_REFUSED);
    says_not(&scene, "none of the");
    strike(&scene);
}
END_TEST

/* One of several is accepted: how many came before it, and whether sshd lets ssh come so far. */
START_TEST(one_of_several_keys_is_accepted)
{
    struct scene scene;

    set_scene(&scene);
    scene.target.key_configured = true;
    (void)add_offer(&scene, "k1", "accepted");
    expect(&scene, AUTH, SPF_PASS, SPF_NO_FINDING);
    says(&scene, "key accepted for root: k1");
    says_not(&scene, "before it");
    scene.facts.query->asked.items[0].offer = 9; /* a record may say anything */
    expect(&scene, AUTH, SPF_PASS, SPF_NO_FINDING);
    strike(&scene);

    set_scene(&scene);
    scene.target.key_configured = true;
    (void)add_offer(&scene, "k1", "not asked");
    (void)add_offer(&scene, "k2", "accepted");
    expect(&scene, AUTH, SPF_PASS, SPF_NO_FINDING);
    says(&scene, "k2 (ssh would offer 1 other first)");
    (void)add_offer(&scene, "k3", "not asked");
    scene.facts.query->asked.items[0].offer = 2;
    expect(&scene, AUTH, SPF_PASS, SPF_NO_FINDING);
    says(&scene, "k3 (ssh would offer 2 others first)");
    for (size_t i = 0; i < 4; i++) {
        (void)add_offer(&scene, "k", "not asked");
    }
    scene.facts.query->asked.items[0].offer = 6;
    expect(&scene, AUTH, SPF_WARN, SPF_AGENT_KEYS_TOO_MANY);
    (void)strcpy(scene.facts.identification->software, "OpenSSH_10.6"); /* which lets six go by */
    expect(&scene, AUTH, SPF_PASS, SPF_NO_FINDING);
    strike(&scene);

    set_scene(&scene);
    (void)add_offer(&scene, "k1", "refused");
    (void)add_offer(&scene, "k2", "accepted");
    scene.facts.key->usable = false;
    scene.facts.key->in_agent = true;
    scene.facts.key->public_blob = strdup("AAAA");
    expect(&scene, AUTH, SPF_PASS, SPF_NO_FINDING);
    says(&scene, "k2, signed by the ssh-agent (the server refused 1 other before it)");
    strike(&scene);
}
END_TEST

/* With --no-session the login is the last step: what a full-size packet would show is said there.
 */
START_TEST(without_a_session)
{
    struct scene scene;

    set_scene(&scene);
    scene.target.session = SPF_SESSION_NEVER;
    scene.facts.signature->ending.flow =
        (struct spf_flow){.known = true, .mss_in = 900, .mss_offered = 1460};
    expect(&scene, AUTH, SPF_PASS, SPF_NO_FINDING);
    says(&scene, "full-size packets to us were not tried");
    scene.target.session = SPF_SESSION_AUTO;
    expect(&scene, AUTH, SPF_PASS, SPF_NO_FINDING);
    says_not(&scene, "full-size");
    strike(&scene);
}
END_TEST

int main(void)
{
    return unit_main(
        "login auth",
        (const TTest *const[]){refused_certificates, ssh_goes_on_with_its_other_keys,
                               types_that_a_server_is_known_to_take, ways_out_of_an_algorithm,
                               logins_that_are_told_off, keys_that_cannot_sign_here,
                               refused_signatures, keys_that_are_not_offered, none_is_enough,
                               several_keys_are_refused, many_keys_and_a_strange_record,
                               one_of_several_keys_is_accepted, without_a_session, NULL});
}
