#include "login_fixture.h"

/* The conversation with OpenSSH's real sshd on loopback. */

static void make_key(const struct place *place, const char *name, const char *kind)
{
    run("ssh-keygen -q -t %s -N '' -f %s/%s", kind, place->dir, name);
}

static void authorise(const struct place *place, const char *name, const char *options)
{
    char *path = text_of("%s/authorized_keys", place->dir);
    char *public = text_of("%s/%s.pub", place->dir, name);
    char *line = slurp(public);
    FILE *file = fopen(path, "a");

    ck_assert_ptr_nonnull(file);
    (void)fprintf(file, "%s%s", options, line);
    (void)fclose(file);
    free(path);
    free(public);
    free(line);
}

START_TEST(logs_in_with_every_kind_of_key)
{
    static const struct {
        const char *kind, *algorithm;
    } kinds[] = {
        {"ed25519", "ssh-ed25519"},
        {"rsa", "rsa-sha2-512"},
        {"ecdsa", "ecdsa-sha2-nistp256"},
    };
    struct place place;

    place_open(&place);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        make_key(&place, kinds[i].kind, kinds[i].kind);
        authorise(&place, kinds[i].kind, "");
    }
    start_sshd(&place, "");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct talk talk;

        talk_open(&talk, &place, "127.0.0.1", place.port);
        talk_use_key(&talk, &place, kinds[i].kind);
        ask_up_to(&talk, SPF_GROUP_SESSION);
        ck_assert_int_eq(talk.facts.tcp->outcome, SPF_TCP_OPEN);
        ck_assert_int_eq(talk.facts.identification->outcome, SPF_IDENTIFIED);
        ck_assert_ptr_nonnull(strstr(talk.facts.identification->software, "OpenSSH_"));
        ck_assert_int_eq(talk.facts.handshake->outcome, SPF_SHAKE_DONE);
        ck_assert_str_eq(talk.facts.handshake->host_key_algorithm, "ssh-ed25519");
        ck_assert_ptr_nonnull(strstr(talk.facts.handshake->server_host_keys, "ssh-ed25519"));
        ck_assert_ptr_nonnull(strstr(talk.facts.handshake->server_sig_algs, "rsa-sha2-512"));
        ck_assert_ptr_nonnull(strstr(talk.facts.handshake->host_key_sha256, "SHA256:"));
        ck_assert_int_eq(talk.facts.query->outcome, SPF_AUTH_ACCEPTED);
        ck_assert_str_eq(talk.facts.query->algorithm, kinds[i].algorithm);
        ck_assert_int_eq(talk.facts.signature->outcome, SPF_AUTH_ACCEPTED);
        ck_assert_int_eq(talk.facts.session->outcome, SPF_ECHO_BACK);
        ck_assert(talk.facts.session->options_seen);
        ck_assert(!talk.facts.session->forced_command);
        talk_close(&talk);
    }
    place_close(&place);
}
END_TEST

START_TEST(tells_refusals_apart)
{
    static const struct {
        const char *config;
        bool authorised;
        enum spf_auth_outcome query, signature;
        const char *methods;
    } cases[] = {
        {"", false, SPF_AUTH_REFUSED, 0, "publickey"},
        {"PubkeyAuthentication no", true, SPF_AUTH_REFUSED, 0, "password"},
        {"AuthenticationMethods publickey,password", true, SPF_AUTH_ACCEPTED, SPF_AUTH_PARTIAL,
         "password"},
        {"MaxAuthTries 1", false, SPF_AUTH_REFUSED, 0, ""},
        {"PermitRootLogin no", true, SPF_AUTH_ACCEPTED, SPF_AUTH_REFUSED, "publickey"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct place place;
        struct talk talk;

        if (strstr(cases[i].config, "PermitRootLogin") != NULL && getuid() != 0) {
            continue; /* only root can be refused as root */
        }
        place_open(&place);
        make_key(&place, "key", "ed25519");
        make_key(&place, "other", "ed25519");
        authorise(&place, cases[i].authorised ? "key" : "other", "");
        start_sshd(&place, cases[i].config);
        talk_open(&talk, &place, "127.0.0.1", place.port);
        talk_use_key(&talk, &place, "key");
        ask_up_to(&talk, SPF_GROUP_QUERY);
        ck_assert_msg(talk.facts.query->outcome == cases[i].query, "%s: query %d", cases[i].config,
                      (int)talk.facts.query->outcome);
        if (cases[i].query == SPF_AUTH_ACCEPTED) {
            ask(&talk, SPF_GROUP_SIGNATURE);
            ck_assert_msg(talk.facts.signature->outcome == cases[i].signature, "%s: signature %d",
                          cases[i].config, (int)talk.facts.signature->outcome);
            ck_assert_ptr_nonnull(strstr(talk.facts.signature->methods, cases[i].methods));
        } else {
            ck_assert_ptr_nonnull(strstr(talk.facts.query->methods, cases[i].methods));
        }
        talk_close(&talk);
        place_close(&place);
    }
}
END_TEST

START_TEST(recognises_a_forced_command_without_running_it)
{
    struct place place;
    struct talk talk;
    char *options;
    char *trace;

    place_open(&place);
    trace = text_of("%s/ran", place.dir);
    options = text_of("command=\"touch %s; echo deployed\" ", trace);
    make_key(&place, "key", "ed25519");
    authorise(&place, "key", options);
    start_sshd(&place, "");

    talk_open(&talk, &place, "127.0.0.1", place.port);
    talk_use_key(&talk, &place, "key");
    ask_up_to(&talk, SPF_GROUP_SESSION);
    ck_assert_int_eq(talk.facts.session->outcome, SPF_ECHO_WITHHELD);
    ck_assert(talk.facts.session->forced_command);
    talk_close(&talk);
    ck_assert_msg(access(trace, F_OK) != 0, "the command was run");

    talk_open(&talk, &place, "127.0.0.1", place.port);
    talk_use_key(&talk, &place, "key");
    talk.target.session = SPF_SESSION_ALWAYS;
    ask_up_to(&talk, SPF_GROUP_SESSION);
    ck_assert_int_eq(talk.facts.session->outcome, SPF_ECHO_OTHER);
    ck_assert_str_eq(talk.facts.session->output, "deployed");
    ck_assert_int_eq(talk.facts.session->exit_status, 0);
    talk_close(&talk);
    ck_assert_int_eq(access(trace, F_OK), 0);

    free(options);
    free(trace);
    place_close(&place);
}
END_TEST

START_TEST(hears_which_user_is_meant)
{
    struct place place;
    struct talk talk;

    place_open(&place);
    make_key(&place, "key", "ed25519");
    /* cloud-init's own line (cloudinit/ssh_util.py) */
    authorise(
        &place, "key",
        "no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command=\"echo 'Please login as "
        "the user \\\"ecs-user\\\" rather than the user \\\"root\\\".';echo;sleep 10;exit 142\" ");
    start_sshd(&place, "");
    talk_open(&talk, &place, "127.0.0.1", place.port);
    talk_use_key(&talk, &place, "key");
    talk.target.session = SPF_SESSION_ALWAYS;
    ask_up_to(&talk, SPF_GROUP_SESSION);
    ck_assert_int_eq(talk.facts.session->outcome, SPF_ECHO_OTHER);
    ck_assert_str_eq(talk.facts.session->other_user, "ecs-user");
    talk_close(&talk);
    place_close(&place);
}
END_TEST

START_TEST(offers_what_is_known_first)
{
    struct place place;
    struct talk talk;
    char *config;

    place_open(&place);
    config = text_of("HostKey %s/host_rsa", place.dir);
    run("ssh-keygen -q -t rsa -N '' -f %s/host_rsa", place.dir);
    start_sshd(&place, config);
    free(config);
    run("ssh-keyscan -t rsa -p %u 127.0.0.1 > %s/known_hosts 2>/dev/null", (unsigned)place.port,
        place.dir);
    talk_open(&talk, &place, "127.0.0.1", place.port);
    ask_up_to(&talk, SPF_GROUP_HANDSHAKE);
    ck_assert_uint_eq(talk.facts.known_hosts->lines.count, 1);
    ck_assert_str_eq(talk.facts.handshake->host_key_algorithm, "rsa-sha2-512");
    ck_assert_str_eq(talk.facts.handshake->host_key_sha256,
                     talk.facts.known_hosts->lines.items[0].sha256);
    talk_close(&talk);
    place_close(&place);
}
END_TEST

/* 63 MiB: whoever asks is not held up, gets the lines, and may leave at any time. */
START_TEST(a_large_known_hosts_holds_nobody_up)
{
    struct place place;
    struct talk talk;

    place_open(&place);
    run("yes '# a comment of a line, and no host' | head -c 66060288 > %s/known_hosts; "
        "ssh-keygen -q -t ed25519 -N '' -f %s/host; "
        "printf '\\nlab.example ' >> %s/known_hosts; cat %s/host.pub >> %s/known_hosts",
        place.dir, place.dir, place.dir, place.dir, place.dir);
    talk_open(&talk, &place, "lab.example", 22);
    spf_conversation_serve(talk.conversation, SPF_GROUP_KNOWN_HOSTS);
    ck_assert(!talk.there);
    talk_close(&talk);

    talk_open(&talk, &place, "lab.example", 22);
    ask(&talk, SPF_GROUP_KNOWN_HOSTS);
    ck_assert_uint_eq(talk.facts.known_hosts->lines.count, 1);
    ck_assert_uint_eq(talk.facts.known_hosts->unread.count, 0);
    talk_close(&talk);
    place_close(&place);
}
END_TEST

START_TEST(names_the_category_without_a_common_algorithm)
{
    static const struct {
        const char *config;
        enum spf_handshake_outcome outcome;
    } cases[] = {
        {"KexAlgorithms diffie-hellman-group1-sha1", SPF_SHAKE_NO_KEX},
        {"Ciphers aes256-cbc", SPF_SHAKE_NO_CIPHER},
        {"Ciphers aes256-ctr\nMACs hmac-md5", SPF_SHAKE_NO_MAC},
        {"HostKeyAlgorithms ssh-rsa\nHostKey %s/host_rsa", SPF_SHAKE_NO_HOST_KEY},
        {"MACs hmac-md5", SPF_SHAKE_DONE}, /* the preferred cipher needs none */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct place place;
        struct talk talk;
        char config[200];

        place_open(&place);
        run("ssh-keygen -q -t rsa -N '' -f %s/host_rsa", place.dir);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(config, sizeof config, cases[i].config, place.dir);
#pragma GCC diagnostic pop
        start_sshd(&place, config);
        talk_open(&talk, &place, "127.0.0.1", place.port);
        ask_up_to(&talk, SPF_GROUP_HANDSHAKE);
        ck_assert_msg(talk.facts.handshake->outcome == cases[i].outcome, "%s: %d %s", config,
                      (int)talk.facts.handshake->outcome, talk.facts.handshake->error);
        ck_assert_ptr_nonnull(talk.facts.handshake->server_kex);
        talk_close(&talk);
        place_close(&place);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        logs_in_with_every_kind_of_key,
        tells_refusals_apart,
        recognises_a_forced_command_without_running_it,
        hears_which_user_is_meant,
        offers_what_is_known_first,
        a_large_known_hosts_holds_nobody_up,
        names_the_category_without_a_common_algorithm,
        NULL,
    };

    return unit_main("login conversation", tests);
}
