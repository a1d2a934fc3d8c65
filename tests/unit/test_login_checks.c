#include "login_scene.h"

START_TEST(a_login_that_works)
{
    struct scene scene;

    set_scene(&scene);
    for (int i = SPF_CHECK_NET_PORT; i < SPF_CHECK_COUNT; i++) {
        expect(&scene, (enum spf_check_id)i, SPF_PASS, SPF_NO_FINDING);
        ck_assert_str_ne(scene.results[i].summary, "");
    }
    ck_assert_str_eq(evidence(&scene, SPF_CHECK_SSH_BANNER, "software"), "OpenSSH_9.2");
    ck_assert_str_eq(evidence(&scene, SPF_CHECK_SSH_HOST_KEY, "verified_by"), "known-hosts");
    ck_assert_str_eq(evidence(&scene, SPF_CHECK_SSH_HOST_KEY, "known_hosts_line"), "known_hosts:3");
    ck_assert_str_eq(evidence(&scene, SPF_CHECK_SSH_AUTH, "stage"), "signature");
    strike(&scene);
}
END_TEST

/* Step by step: nothing is wanted before the step before it has been judged well. */
START_TEST(one_step_after_the_other)
{
    static const struct {
        enum spf_check_id check;
        enum spf_group group;
    } steps[] = {
        {SPF_CHECK_NET_PORT, SPF_GROUP_TCP},
        {SPF_CHECK_SSH_BANNER, SPF_GROUP_IDENTIFICATION},
        {SPF_CHECK_SSH_HANDSHAKE, SPF_GROUP_HANDSHAKE},
        {SPF_CHECK_SSH_AUTH, SPF_GROUP_QUERY},
        {SPF_CHECK_SSH_AUTH, SPF_GROUP_SIGNATURE},
        {SPF_CHECK_SSH_SESSION, SPF_GROUP_SESSION},
    };
    struct scene scene;

    set_scene(&scene);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct spf_opinion opinion;

        scene.facts.group[steps[i].group].phase = SPF_ABSENT;
        opinion = judge(&scene, steps[i].check);
        ck_assert_int_eq(opinion.kind, SPF_OPINION_WANTS);
        ck_assert_uint_eq(opinion.wants, 1u << steps[i].group);
        have(&scene, steps[i].group);
    }
    /* a refused query leaves no wish for a signature */
    scene.facts.group[SPF_GROUP_SIGNATURE].phase = SPF_ABSENT;
    scene.facts.query->outcome = SPF_AUTH_REFUSED;
    expect(&scene, SPF_CHECK_SSH_AUTH, SPF_FAIL, SPF_AUTH_KEY_REFUSED);
    strike(&scene);
}
END_TEST

START_TEST(ports_and_banners)
{
    static const struct {
        enum spf_tcp_outcome outcome;
        enum spf_finding finding;
    } ports[] = {
        {SPF_TCP_REFUSED, SPF_PORT_REFUSED},         {SPF_TCP_SILENT, SPF_PORT_SILENT},
        {SPF_TCP_UNREACHABLE, SPF_PORT_UNREACHABLE}, {SPF_TCP_RESET, SPF_PORT_RESET},
        {SPF_TCP_UNRESOLVED, SPF_HOST_UNRESOLVED},   {SPF_TCP_FORBIDDEN, SPF_PORT_UNREACHABLE},
    };
    static const struct {
        enum spf_identification_outcome outcome;
        const char *before;
        enum spf_finding finding;
    } banners[] = {
        {SPF_IDENTIFICATION_SILENT, "", SPF_SSH_SILENT},
        {SPF_IDENTIFICATION_CLOSED, "", SPF_SSH_CLOSED_EARLY},
        {SPF_IDENTIFICATION_RESET, "", SPF_SSH_CLOSED_EARLY},
        {SPF_IDENTIFICATION_CLOSED, "Exceeded MaxStartups", SPF_SSH_BUSY},
        {SPF_IDENTIFICATION_RESET, "Exceeded MaxStartups", SPF_SSH_BUSY},
        {SPF_IDENTIFICATION_CLOSED, "Not allowed at this time", SPF_SSH_PENALISED},
        {SPF_IDENTIFICATION_SSH1, "", SPF_SSH_TOO_OLD},
        {SPF_IDENTIFICATION_INVALID, "", SPF_SSH_BANNER_INVALID},
        {SPF_IDENTIFICATION_OTHER, "HTTP/1.1 400", SPF_NOT_SSH},
    };
    struct scene scene;

    set_scene(&scene);
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        scene.facts.tcp->outcome = ports[i].outcome;
        expect(&scene, SPF_CHECK_NET_PORT, SPF_FAIL, ports[i].finding);
    }
    for (size_t i = 0; i < sizeof banners / sizeof *banners; i++) {
        scene.facts.identification->outcome = banners[i].outcome;
        (void)strcpy(scene.facts.identification->before, banners[i].before);
        expect(&scene, SPF_CHECK_SSH_BANNER, SPF_FAIL, banners[i].finding);
    }
    strike(&scene);
}
END_TEST

START_TEST(handshakes)
{
    struct scene scene;

    set_scene(&scene);
    scene.facts.handshake->outcome = SPF_SHAKE_TIMEOUT;
    expect(&scene, SPF_CHECK_SSH_HANDSHAKE, SPF_UNKNOWN, SPF_HANDSHAKE_TIMEOUT);
    scene.facts.handshake->outcome = SPF_SHAKE_FAILED;
    expect(&scene, SPF_CHECK_SSH_HANDSHAKE, SPF_FAIL, SPF_HANDSHAKE_FAILED);
    ck_assert_str_eq(evidence(&scene, SPF_CHECK_SSH_HANDSHAKE, "may_dislike"), "(null)");
    scene.facts.handshake->ending.kind = SPF_ENDING_CLOSED;
    expect(&scene, SPF_CHECK_SSH_HANDSHAKE, SPF_FAIL, SPF_HANDSHAKE_FAILED);
    ck_assert_ptr_nonnull(
        strstr(evidence(&scene, SPF_CHECK_SSH_HANDSHAKE, "may_dislike"), "identification line"));
    scene.facts.handshake->ending = (struct spf_ending){0};

    scene.facts.handshake->outcome = SPF_SHAKE_NO_HOST_KEY;
    scene.facts.handshake->server_host_keys = strdup("ssh-dss,ssh-rsa");
    expect(&scene, SPF_CHECK_SSH_HANDSHAKE, SPF_FAIL, SPF_HANDSHAKE_NO_COMMON_HOST_KEY);
    ck_assert_str_eq(evidence(&scene, SPF_CHECK_SSH_HANDSHAKE, "legacy"), "ssh-rsa");

    ck_assert_str_eq(evidence(&scene, SPF_CHECK_SSH_HANDSHAKE, "legacy_options"), "(null)");
    scene.facts.handshake->server_kex = strdup("diffie-hellman-group14-sha1");
    scene.facts.handshake->server_ciphers_out = strdup("aes128-cbc,3des-cbc");
    scene.facts.handshake->server_ciphers_in = strdup("3des-cbc");
    scene.facts.handshake->server_macs_out = strdup("hmac-sha1");
    scene.facts.handshake->server_macs_in = strdup("hmac-md5");
    expect(&scene, SPF_CHECK_SSH_HANDSHAKE, SPF_FAIL, SPF_HANDSHAKE_NO_COMMON_KEX);
    ck_assert_str_eq(evidence(&scene, SPF_CHECK_SSH_HANDSHAKE, "legacy_options"),
                     "-o KexAlgorithms=+diffie-hellman-group14-sha1 -o HostKeyAlgorithms=+ssh-rsa "
                     "-o Ciphers=+aes128-cbc,3des-cbc -o MACs=+hmac-md5 "
                     "-o PubkeyAcceptedAlgorithms=+ssh-rsa");
    spf_shape_clear(&spf_handshake_shape, scene.facts.handshake);

    /* what our library lacks is no fault of the server's: ssh itself has it */
    scene.facts.handshake->outcome = SPF_SHAKE_NO_KEX;
    scene.facts.handshake->server_kex = strdup("sntrup761x25519-sha512@openssh.com");
    expect(&scene, SPF_CHECK_SSH_HANDSHAKE, SPF_UNKNOWN, SPF_HANDSHAKE_BEYOND_US);
    /* which ssh has it, ssh says */
    scene.facts.openssh_algorithms->kex = strdup("curve25519-sha256");
    expect(&scene, SPF_CHECK_SSH_HANDSHAKE, SPF_FAIL, SPF_HANDSHAKE_NO_COMMON_KEX);
    ck_assert_str_eq(evidence(&scene, SPF_CHECK_SSH_HANDSHAKE, "legacy_options"), "(null)");
    scene.facts.openssh_algorithms->known_kex = strdup("sntrup761x25519-sha512@openssh.com");
    expect(&scene, SPF_CHECK_SSH_HANDSHAKE, SPF_FAIL, SPF_HANDSHAKE_NO_COMMON_KEX);
    ck_assert_str_eq(evidence(&scene, SPF_CHECK_SSH_HANDSHAKE, "legacy"),
                     "sntrup761x25519-sha512@openssh.com");
    free(scene.facts.openssh_algorithms->kex);
    scene.facts.openssh_algorithms->kex = strdup("new,sntrup761x25519-sha512@openssh.com");
    expect(&scene, SPF_CHECK_SSH_HANDSHAKE, SPF_UNKNOWN, SPF_HANDSHAKE_BEYOND_US);

    scene.facts.handshake->outcome = SPF_SHAKE_NO_MAC;
    scene.facts.handshake->server_macs_out = strdup("umac-64@openssh.com");
    scene.facts.handshake->server_macs_in = strdup("hmac-md5");
    expect(&scene, SPF_CHECK_SSH_HANDSHAKE, SPF_FAIL, SPF_HANDSHAKE_NO_COMMON_MAC);
    strike(&scene);
}
END_TEST

/* The host key is not the known one: what does one more connection show, if one may be made? */
static void see_another_host_key(struct scene *scene)
{
    struct spf_host_key_again_facts *again = scene->facts.host_key_again;
    struct spf_group_state *state = &scene->facts.group[SPF_GROUP_HOST_KEY_AGAIN];

    state->phase = SPF_ABSENT;
    ck_assert_uint_eq(judge(scene, SPF_CHECK_SSH_HOST_KEY).wants, SPF_GROUP_BIT(HOST_KEY_AGAIN));
    lack(scene, SPF_GROUP_HOST_KEY_AGAIN, SPF_NOT_RECORDED);
    expect(scene, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_CHANGED);
    lack(scene, SPF_GROUP_HOST_KEY_AGAIN, SPF_SYSTEM_ERROR); /* ours: it may be one of several */
    ck_assert_int_eq(judge(scene, SPF_CHECK_SSH_HOST_KEY).kind, SPF_OPINION_CANNOT_TELL);
    state->phase = SPF_PRESENT;
    again->blob = strdup(scene->facts.handshake->host_key_blob);
    spf_copy(again->sha256, sizeof again->sha256, scene->facts.handshake->host_key_sha256);
    expect(scene, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_CHANGED);
    (void)strcpy(again->sha256, "SHA256:next");
    expect(scene, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_FLIPS);
    ck_assert_str_eq(evidence(scene, SPF_CHECK_SSH_HOST_KEY, "next_fingerprint"), "SHA256:next");
    ck_assert_ptr_nonnull(strstr(scene->results[SPF_CHECK_SSH_HOST_KEY].summary, "not known"));
    free(again->blob);
    again->blob = strdup("BBBB");
    expect(scene, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_FLIPS);
    ck_assert_ptr_nonnull(strstr(scene->results[SPF_CHECK_SSH_HOST_KEY].summary, "the known key"));
    scene->target.jump = "bastion";
    expect(scene, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_CHANGED);
    scene->target.jump = NULL;
}

/* PuTTY's registry is none of ssh's files: what it knows is named, and the verdict stays. */
START_TEST(what_putty_knows_is_named)
{
    struct spf_known_host *key;
    struct scene scene;

    set_scene(&scene);
    (void)strcpy(scene.facts.handshake->host_key_algorithm, "ssh-ed25519");
    key = SPF_APPEND(&scene.facts.known_hosts->putty);
    ck_assert_ptr_nonnull(key);
    (void)strcpy(key->algorithm, "ssh-ed25519");
    key->blob = strdup("BBBB");
    expect(&scene, SPF_CHECK_SSH_HOST_KEY, SPF_PASS, SPF_NO_FINDING);
    ck_assert_str_eq(evidence(&scene, SPF_CHECK_SSH_HOST_KEY, "putty"), "changed");
    ck_assert_ptr_nonnull(strstr(scene.results[SPF_CHECK_SSH_HOST_KEY].summary, "PuTTY knows"));
    (void)strcpy(scene.facts.known_hosts->lines.items[0].algorithm, "ssh-rsa");
    (void)strcpy(key->blob, "AAAA");
    expect(&scene, SPF_CHECK_SSH_HOST_KEY, SPF_PASS, SPF_NO_FINDING);
    ck_assert_str_eq(evidence(&scene, SPF_CHECK_SSH_HOST_KEY, "putty"), "known");
    spf_shape_clear(&spf_known_hosts_shape, scene.facts.known_hosts);
    key = SPF_APPEND(&scene.facts.known_hosts->putty);
    key->blob = strdup("AAAA");
    expect(&scene, SPF_CHECK_SSH_HOST_KEY, SPF_WARN, SPF_HOST_KEY_UNKNOWN);
    ck_assert_str_eq(evidence(&scene, SPF_CHECK_SSH_HOST_KEY, "putty"), "known");
    ck_assert_ptr_nonnull(
        strstr(scene.results[SPF_CHECK_SSH_HOST_KEY].summary, "that PuTTY knows"));
    (void)strcpy(key->algorithm, "ssh-ed25519");
    (void)strcpy(key->blob, "BBBB");
    expect(&scene, SPF_CHECK_SSH_HOST_KEY, SPF_WARN, SPF_HOST_KEY_UNKNOWN);
    ck_assert_str_eq(evidence(&scene, SPF_CHECK_SSH_HOST_KEY, "putty"), "changed");
    ck_assert_ptr_nonnull(
        strstr(scene.results[SPF_CHECK_SSH_HOST_KEY].summary, "PuTTY knows another one"));
    strike(&scene);
}
END_TEST

START_TEST(host_keys)
{
    struct spf_known_host *line;
    struct scene scene;

    set_scene(&scene);
    line = &scene.facts.known_hosts->lines.items[0];
    (void)strcpy(line->blob, "BBBB");
    expect(&scene, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_CHANGED);
    ck_assert_str_eq(evidence(&scene, SPF_CHECK_SSH_HOST_KEY, "verified_by"), "(null)");
    see_another_host_key(&scene);
    (void)strcpy(line->blob, "AAAA");
    line->marker = SPF_MARKER_REVOKED;
    expect(&scene, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_REVOKED);
    line->marker = SPF_MARKER_CERT_AUTHORITY;
    expect(&scene, SPF_CHECK_SSH_HOST_KEY, SPF_WARN, SPF_HOST_KEY_UNKNOWN);
    strike(&scene);
}
END_TEST

/* What ssh would read and we did not may say anything; what ssh skips as well is said. */
START_TEST(files_that_were_not_read)
{
    struct spf_unread_file *unread;
    struct scene scene;

    set_scene(&scene);
    unread = SPF_APPEND(&scene.facts.known_hosts->unread);
    (void)strcpy(unread->file, "kh");
    (void)strcpy(unread->why, "it is a directory");
    expect(&scene, SPF_CHECK_SSH_HOST_KEY, SPF_PASS, SPF_NO_FINDING);
    ck_assert_ptr_nonnull(strstr(scene.results[SPF_CHECK_SSH_HOST_KEY].summary, "a directory"));
    unread->ssh_reads = true;
    expect(&scene, SPF_CHECK_SSH_HOST_KEY, SPF_UNKNOWN, SPF_KNOWN_HOSTS_UNREAD);
    scene.facts.known_hosts->lines.items[0].marker = SPF_MARKER_REVOKED;
    expect(&scene, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_REVOKED);
    strike(&scene);
}
END_TEST

/* Story 7: a changed key is recognised by what the instance printed on its console. */
START_TEST(host_keys_and_the_console)
{
    struct spf_console_host_key *printed;
    struct spf_opinion opinion;
    struct scene scene;

    set_scene(&scene);
    scene.target.instance_id = "i-1";
    (void)strcpy(scene.facts.known_hosts->lines.items[0].blob, "BBBB");
    (void)strcpy(scene.facts.handshake->host_key_sha256, "SHA256:new");
    (void)strcpy(scene.facts.handshake->host_key_algorithm, "ssh-ed25519");
    ck_assert_int_eq(judge(&scene, SPF_CHECK_SSH_HOST_KEY).kind, SPF_OPINION_WAITS);
    scene.results[SPF_CHECK_CLOUD_INSTANCE].status = SPF_PASS;
    scene.results[SPF_CHECK_CLOUD_INSTANCE].holds = true;
    scene.facts.group[SPF_GROUP_CONSOLE].phase = SPF_ABSENT;
    opinion = judge(&scene, SPF_CHECK_SSH_HOST_KEY);
    ck_assert_int_eq(opinion.kind, SPF_OPINION_WANTS);
    ck_assert_uint_eq(opinion.wants, SPF_GROUP_BIT(CONSOLE));
    scene.facts.group[SPF_GROUP_CONSOLE].phase = SPF_FAILED;
    expect(&scene, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_CHANGED);

    have(&scene, SPF_GROUP_CONSOLE);
    printed = SPF_APPEND(&scene.facts.console->host_keys);
    (void)strcpy(printed->algorithm, "ED25519");
    (void)strcpy(printed->sha256, "SHA256:old");
    expect(&scene, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_CHANGED);
    scene.facts.console->boot_seen = true;
    expect(&scene, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_NOT_OF_INSTANCE);
    (void)strcpy(printed->algorithm, "RSA");
    expect(&scene, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_CHANGED);
    (void)strcpy(printed->sha256, "SHA256:new");
    expect(&scene, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_REBUILT);
    ck_assert(judge(&scene, SPF_CHECK_SSH_HOST_KEY).holds);
    ck_assert_str_eq(evidence(&scene, SPF_CHECK_SSH_HOST_KEY, "verified_by"), "console");

    scene.facts.known_hosts->lines.items[0].marker = SPF_MARKER_CERT_AUTHORITY;
    expect(&scene, SPF_CHECK_SSH_HOST_KEY, SPF_WARN, SPF_HOST_KEY_UNKNOWN);
    ck_assert_str_eq(evidence(&scene, SPF_CHECK_SSH_HOST_KEY, "verified_by"), "console");
    strike(&scene);
}
END_TEST

START_TEST(authentication)
{
    static const struct {
        const char *name;
        enum spf_auth_outcome query, signature;
        const char *methods, *sig_algs, *error;
        enum spf_finding finding;
        const char *stage;
    } cases[] = {
        {"wrong key", SPF_AUTH_REFUSED, 0, "publickey,password", "rsa-sha2-512", "",
         SPF_AUTH_KEY_REFUSED, "query"},
        {"by disconnect", SPF_AUTH_REFUSED, 0, "", "rsa-sha2-512",
         "Too many authentication failures", SPF_AUTH_KEY_REFUSED, "query"},
        {"no capture to read methods from", SPF_AUTH_REFUSED, 0, "", "rsa-sha2-512",
         "Access denied for 'publickey'. Authentication that can continue: publickey",
         SPF_AUTH_KEY_REFUSED, "query"},
        {"no method left", SPF_AUTH_REFUSED, 0, "", "rsa-sha2-512",
         "Access denied for 'publickey'. Authentication that can continue: ",
         SPF_AUTH_PUBLICKEY_DISABLED, "offer"},
        {"no publickey", SPF_AUTH_REFUSED, 0, "password", "rsa-sha2-512", "",
         SPF_AUTH_PUBLICKEY_DISABLED, "offer"},
        {"SHA-1 only", SPF_AUTH_LOCAL_REFUSAL, 0, "", NULL, "", SPF_AUTH_ALGORITHM_REFUSED,
         "offer"},
        {"algorithm not announced", SPF_AUTH_REFUSED, 0, "publickey", "ssh-ed25519", "",
         SPF_AUTH_ALGORITHM_REFUSED, "offer"},
        {"cut off", SPF_AUTH_ENDED, 0, "", NULL, "Socket error: disconnected",
         SPF_AUTH_DISCONNECTED, "query"},
        {"too many before us", SPF_AUTH_ENDED, 0, "", NULL, "Too many authentication failures",
         SPF_AUTH_TOO_MANY, "query"},
        {"no answer", SPF_AUTH_SILENT, 0, "", NULL, "", SPF_AUTH_TIMEOUT, "query"},
        {"login refused", SPF_AUTH_ACCEPTED, SPF_AUTH_REFUSED, "publickey", NULL, "",
         SPF_AUTH_LOGIN_REFUSED, "signature"},
        {"second factor", SPF_AUTH_ACCEPTED, SPF_AUTH_PARTIAL, "password", NULL, "",
         SPF_AUTH_SECOND_FACTOR, "signature"},
        {"cut off at the end", SPF_AUTH_ACCEPTED, SPF_AUTH_ENDED, "", NULL, "",
         SPF_AUTH_DISCONNECTED, "signature"},
        {"no answer at the end", SPF_AUTH_ACCEPTED, SPF_AUTH_SILENT, "", NULL, "", SPF_AUTH_TIMEOUT,
         "signature"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;
        enum spf_status status;

        set_scene(&scene);
        free(scene.facts.handshake->server_sig_algs);
        scene.facts.handshake->server_sig_algs =
            cases[i].sig_algs != NULL ? strdup(cases[i].sig_algs) : NULL;
        scene.facts.query->outcome = cases[i].query;
        scene.facts.signature->outcome = cases[i].signature;
        (void)strcpy(scene.facts.query->methods, cases[i].methods);
        (void)strcpy(scene.facts.signature->methods, cases[i].methods);
        (void)strcpy(scene.facts.query->error, cases[i].error);
        status = cases[i].finding == SPF_AUTH_TIMEOUT ? SPF_UNKNOWN : SPF_FAIL; /* ssh waits on */
        expect(&scene, SPF_CHECK_SSH_AUTH, status, cases[i].finding);
        ck_assert_msg(strcmp(evidence(&scene, SPF_CHECK_SSH_AUTH, "stage"), cases[i].stage) == 0,
                      "%s: %s", cases[i].name, evidence(&scene, SPF_CHECK_SSH_AUTH, "stage"));
        /* ssh would have a certificate to offer next, where keys and their kind may come at all */
        (void)strcpy(scene.facts.key->certificate, "key.pem-cert.pub");
        if (cases[i].finding == SPF_AUTH_KEY_REFUSED ||
            cases[i].finding == SPF_AUTH_ALGORITHM_REFUSED) {
            expect(&scene, SPF_CHECK_SSH_AUTH, SPF_UNKNOWN, SPF_AUTH_CERTIFICATE_UNTRIED);
        } else {
            expect(&scene, SPF_CHECK_SSH_AUTH, status, cases[i].finding);
        }
        scene.facts.query->of_certificate = true; /* and it was offered */
        if (cases[i].finding == SPF_AUTH_KEY_REFUSED) {
            expect(&scene, SPF_CHECK_SSH_AUTH, SPF_FAIL, cases[i].finding);
        }
        strike(&scene);
    }
}
END_TEST

START_TEST(an_agent_that_is_too_full)
{
    struct scene scene;

    set_scene(&scene);
    scene.facts.key->agent_keys = 5;
    expect(&scene, SPF_CHECK_SSH_AUTH, SPF_PASS, SPF_NO_FINDING);
    scene.facts.key->agent_keys = 6;
    expect(&scene, SPF_CHECK_SSH_AUTH, SPF_WARN, SPF_AGENT_KEYS_TOO_MANY);
    scene.target.no_openssh = true; /* PuTTY offers none of them */
    expect(&scene, SPF_CHECK_SSH_AUTH, SPF_PASS, SPF_NO_FINDING);
    scene.target.no_openssh = false;
    scene.target.ssh_config = "";
    scene.facts.ssh_config->identities_only = true;
    expect(&scene, SPF_CHECK_SSH_AUTH, SPF_PASS, SPF_NO_FINDING);
    scene.facts.ssh_config->identities_only = false;
    scene.facts.key->in_agent = true;
    expect(&scene, SPF_CHECK_SSH_AUTH, SPF_PASS, SPF_NO_FINDING);
    strike(&scene);
}
END_TEST

/*
 * "AuthenticationMethods publickey,publickey": ssh goes on with its other keys, where it has any,
 * and this program has signed with one.
 */
START_TEST(a_second_key_is_wanted)
{
    static const struct {
        const char *methods;
        int64_t agent_keys;
        bool in_agent, transcript;
        enum spf_status status;
    } cases[] = {
        {"publickey", -1, false, false, SPF_FAIL},
        {"publickey", 0, false, false, SPF_FAIL},
        {"publickey", 1, true, false, SPF_FAIL}, /* the agent has no other key */
        {"publickey", 1, false, false, SPF_UNKNOWN},
        {"publickey", 2, true, false, SPF_UNKNOWN},
        {"password,publickey", 2, true, false, SPF_UNKNOWN},
        {"password", 2, true, false, SPF_FAIL},
        {"publickey", 2, true, true, SPF_FAIL}, /* ssh has tried them */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;

        set_scene(&scene);
        scene.facts.signature->outcome = SPF_AUTH_PARTIAL;
        (void)strcpy(scene.facts.signature->methods, cases[i].methods);
        scene.facts.key->agent_keys = cases[i].agent_keys;
        scene.facts.key->in_agent = cases[i].in_agent;
        scene.target.from_transcript = cases[i].transcript;
        expect(&scene, SPF_CHECK_SSH_AUTH, cases[i].status, SPF_AUTH_SECOND_FACTOR);
        strike(&scene);
    }
}
END_TEST

/* The same for the keys of the configuration; a certificate of the same key is no second key. */
START_TEST(a_second_key_of_the_configuration_is_wanted)
{
    struct spf_ssh_offer offers[2] = {{.path = "a", .sha256 = "SHA256:a"},
                                      {.path = "a", .sha256 = "SHA256:a"}};
    struct scene scene;

    set_scene(&scene);
    scene.facts.signature->outcome = SPF_AUTH_PARTIAL;
    (void)strcpy(scene.facts.signature->methods, "publickey");
    (void)strcpy(scene.facts.key->sha256, "SHA256:a");
    scene.facts.ssh_config->offers.items = offers;
    scene.facts.ssh_config->offers.count = 2;
    scene.facts.ssh_config->identities_only = true;
    scene.results[SPF_CHECK_CLOUD_KEY_PAIR].status = SPF_SKIP;
    expect(&scene, SPF_CHECK_SSH_AUTH, SPF_FAIL, SPF_AUTH_SECOND_FACTOR);
    (void)strcpy(offers[1].sha256, "SHA256:b");
    expect(&scene, SPF_CHECK_SSH_AUTH, SPF_UNKNOWN, SPF_AUTH_SECOND_FACTOR);
    offers[1].sha256[0] = '\0'; /* encrypted: which key it is, is not known */
    expect(&scene, SPF_CHECK_SSH_AUTH, SPF_UNKNOWN, SPF_AUTH_SECOND_FACTOR);
    scene.facts.ssh_config->offers.items = NULL;
    scene.facts.ssh_config->offers.count = 0;
    strike(&scene);
}
END_TEST

START_TEST(tinyssh_says_yes_to_any_query)
{
    struct scene scene;

    set_scene(&scene);
    (void)strcpy(scene.facts.identification->software, "tinyssh_noversion");
    scene.facts.signature->outcome = SPF_AUTH_REFUSED;
    expect(&scene, SPF_CHECK_SSH_AUTH, SPF_FAIL, SPF_AUTH_KEY_REFUSED);
    scene.facts.key->usable = false;
    scene.facts.key->encrypted = true;
    expect(&scene, SPF_CHECK_SSH_AUTH, SPF_UNKNOWN, SPF_KEY_ENCRYPTED);
    ck_assert_ptr_null(strstr(scene.results[SPF_CHECK_SSH_AUTH].summary, "takes this key"));
    strike(&scene);
}
END_TEST

START_TEST(an_encrypted_key_is_judged_by_its_public_half)
{
    struct scene scene;

    set_scene(&scene);
    scene.facts.key->usable = false;
    scene.facts.key->encrypted = true;
    expect(&scene, SPF_CHECK_SSH_AUTH, SPF_UNKNOWN, SPF_KEY_ENCRYPTED);
    ck_assert_ptr_nonnull(strstr(scene.results[SPF_CHECK_SSH_AUTH].summary, "takes this key"));
    scene.facts.query->outcome = SPF_AUTH_REFUSED;
    expect(&scene, SPF_CHECK_SSH_AUTH, SPF_FAIL, SPF_AUTH_KEY_REFUSED);
    strike(&scene);
}
END_TEST

START_TEST(no_key_is_shown_to_a_stranger)
{
    struct spf_result *address;
    struct spf_result *host_key;
    struct spf_opinion opinion;
    struct scene scene;

    set_scene(&scene);
    scene.target.instance_id = "i-1";
    address = &scene.results[SPF_CHECK_CLOUD_ADDRESS];
    host_key = &scene.results[SPF_CHECK_SSH_HOST_KEY];
    opinion = judge(&scene, SPF_CHECK_SSH_AUTH);
    ck_assert_int_eq(opinion.kind, SPF_OPINION_WAITS);

    address->status = SPF_FAIL;
    address->finding = SPF_ADDRESS_NOT_OF_INSTANCE;
    opinion = judge(&scene, SPF_CHECK_SSH_AUTH);
    ck_assert_int_eq(opinion.kind, SPF_OPINION_SKIPS);
    ck_assert_int_eq(opinion.because, SPF_CHECK_CLOUD_ADDRESS);

    host_key->verified = true;
    expect(&scene, SPF_CHECK_SSH_AUTH, SPF_PASS, SPF_NO_FINDING);
    host_key->verified = false;
    address->status = SPF_UNKNOWN; /* the API is down: with a host the login goes on (story 4) */
    address->finding = SPF_SYSTEM_ERROR;
    expect(&scene, SPF_CHECK_SSH_AUTH, SPF_PASS, SPF_NO_FINDING);
    strike(&scene);
}
END_TEST

START_TEST(sessions)
{
    struct scene scene;
    struct spf_opinion opinion;

    set_scene(&scene);
    scene.facts.session->outcome = SPF_ECHO_WITHHELD;
    scene.facts.session->options_seen = scene.facts.session->forced_command = true;
    expect(&scene, SPF_CHECK_SSH_SESSION, SPF_UNKNOWN, SPF_SESSION_FORCED_COMMAND);
    scene.facts.session->outcome = SPF_ECHO_OTHER;
    expect(&scene, SPF_CHECK_SSH_SESSION, SPF_UNKNOWN, SPF_SESSION_FORCED_COMMAND);
    (void)strcpy(scene.facts.session->other_user, "ecs-user");
    expect(&scene, SPF_CHECK_SSH_SESSION, SPF_FAIL, SPF_SESSION_OTHER_USER);
    scene.facts.session->other_user[0] = '\0';
    scene.facts.session->forced_command = false;
    expect(&scene, SPF_CHECK_SSH_SESSION, SPF_FAIL, SPF_SESSION_NO_SHELL);
    scene.facts.session->outcome = SPF_ECHO_REFUSED;
    expect(&scene, SPF_CHECK_SSH_SESSION, SPF_FAIL, SPF_SESSION_REFUSED);
    scene.facts.session->outcome = SPF_ECHO_TIMEOUT;
    expect(&scene, SPF_CHECK_SSH_SESSION, SPF_FAIL, SPF_SESSION_TIMEOUT);

    scene.target.session = SPF_SESSION_NEVER;
    opinion = judge(&scene, SPF_CHECK_SSH_SESSION);
    ck_assert_int_eq(opinion.kind, SPF_OPINION_SKIPS);
    ck_assert_int_eq(opinion.skip_reason, SPF_SKIP_NOT_SELECTED);
    /* a server that would not announce a forced command: a channel, and nothing on it */
    scene.target.session = SPF_SESSION_AUTO;
    scene.facts.session->outcome = SPF_ECHO_OPENED;
    expect(&scene, SPF_CHECK_SSH_SESSION, SPF_PASS, SPF_NO_FINDING);
    strike(&scene);
}
END_TEST

/* libssh keeps words of long ago, and has some for which there is no meaning: none are repeated. */
START_TEST(what_the_server_did)
{
    static const struct {
        struct spf_seen seen;
        const char *words;
        bool closed;
        const char *says;
    } cases[] = {
        {{0},
         "Can't verify server in known hosts if the host we should connect to has not been set",
         true,
         "the server closed the connection (after the server's identification line)"},
        {{.last = 20},
         "Can't verify server in known hosts if the host we should connect to has not been set",
         false,
         "the server sent something that the SSH library cannot go on with (after the server's "
         "SSH_MSG_KEXINIT)"},
        {{.last = 31}, "Failed to verify server hostkey signature", false, "does not prove"},
        {{.last = 20}, "Packet len too high(99 63)", false, "bytes that are no SSH packet"},
        {{.last = 6},
         "Socket error: No route to host",
         false,
         "the connection broke (after the server's "},
        {{.last = 20, .disconnected = true}, "", false, "disconnected without saying why"},
        {{.last = 92, .channel_refused = true}, "x", false, "opens no channel for it: text"},
        {{.last = 100}, "x", false, "refuses to run a command"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct spf_ending ending =
            spf_ending_of(&cases[i].seen, cases[i].words, cases[i].closed);
        struct spf_result result;

        spf_result_init(&result);
        spf_ending_say(&result, "it failed", &ending, cases[i].seen.channel_refused ? "text" : "");
        ck_assert_msg(strstr(result.summary, cases[i].says) != NULL, "case %zu: %s", i,
                      result.summary);
        spf_result_clear(&result);
    }
}
END_TEST

int main(void)
{
    return unit_main(
        "login checks",
        (const TTest *const[]){a_login_that_works, one_step_after_the_other, ports_and_banners,
                               handshakes, what_putty_knows_is_named, host_keys,
                               files_that_were_not_read, host_keys_and_the_console, authentication,
                               an_encrypted_key_is_judged_by_its_public_half,
                               tinyssh_says_yes_to_any_query, an_agent_that_is_too_full,
                               a_second_key_is_wanted, a_second_key_of_the_configuration_is_wanted,
                               no_key_is_shown_to_a_stranger, sessions, what_the_server_did, NULL});
}
