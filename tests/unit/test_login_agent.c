#include <stddef.h>

#include "login_fixture.h"

/* The agent signs, where the file gives no key to sign with: a real one, and bad ones. */

static void end(pid_t child)
{
    (void)kill(child, SIGTERM);
    (void)waitpid(child, NULL, 0);
    (void)unsetenv("SSH_AUTH_SOCK");
}

/* Answers every message with these octets (none: never), as a process of its own. */
static pid_t start_bad_agent(const struct place *place, const uint8_t *answer, size_t len)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pid_t child;

    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s/agent", place->dir);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    child = fork();
    if (child == 0) {
        (void)signal(SIGTERM, SIG_DFL); /* check's handler would end the whole group */
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        for (;;) {
            int fd = accept(listener, NULL, NULL);
            char request[4096];

            while (fd >= 0 && read(fd, request, sizeof request) > 0 && len > 0) {
                if (write(fd, answer, len) != (ssize_t)len || len == 1) {
                    break; /* one octet: it hangs up in the middle */
                }
            }
            if (len == 0) {
                (void)pause();
            }
            (void)close(fd);
        }
    }
    (void)close(listener);
    use_agent(place);
    return child;
}

/* As the key probe reports an encrypted file without its passphrase. */
static void talk_use_agent(struct talk *talk, const struct place *place, const char *name)
{
    talk_use_key(talk, place, name);
    spf_secret_free(talk->facts.key->login);
    talk->facts.key->login = NULL;
    talk->facts.key->usable = false;
    talk->facts.key->encrypted = true;
    talk->facts.key->in_agent = true;
}

START_TEST(the_agent_signs_with_this_key_alone)
{
    static const char *const kinds[] = {"ed25519", "rsa", "ecdsa"};
    struct place place;
    pid_t agent;

    place_open(&place);
    agent = start_agent(&place);
    /* six others come first: with each tried, the server would have had enough */
    for (int i = 0; i < 6; i++) {
        run("ssh-keygen -q -t ed25519 -N '' -f %s/other%d && ssh-add -q %s/other%d", place.dir, i,
            place.dir, i);
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        run("cd %s && ssh-keygen -q -t %s -N '' -f %s && ssh-add -q %s && "
            "cat %s.pub >> authorized_keys",
            place.dir, kinds[i], kinds[i], kinds[i], kinds[i]);
    }
    start_sshd(&place, "MaxAuthTries 2"); /* no room for a second key */
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct talk talk;

        talk_open(&talk, &place, "127.0.0.1", place.port);
        talk_use_agent(&talk, &place, kinds[i]);
        ask_up_to(&talk, SPF_GROUP_SESSION);
        ck_assert_int_eq(talk.facts.query->outcome, SPF_AUTH_ACCEPTED);
        ck_assert_msg(talk.facts.signature->outcome == SPF_AUTH_ACCEPTED, "%s: %s", kinds[i],
                      talk.facts.signature->error);
        ck_assert_str_eq(talk.facts.signature->algorithm,
                         strcmp(kinds[i], "rsa") == 0     ? "rsa-sha2-512"
                         : strcmp(kinds[i], "ecdsa") == 0 ? "ecdsa-sha2-nistp256"
                                                          : "ssh-ed25519");
        ck_assert_int_eq(talk.facts.session->outcome, SPF_ECHO_BACK);
        talk_close(&talk);
    }
    end(agent);
    place_close(&place);
}
END_TEST

START_TEST(a_refusal_is_told_as_without_an_agent)
{
    static const struct {
        const char *config;
        bool authorised;
        enum spf_auth_outcome query, signature;
    } cases[] = {
        {"", false, SPF_AUTH_REFUSED, 0},
        {"MaxAuthTries 1", false, SPF_AUTH_REFUSED, 0},
        {"AuthenticationMethods publickey,password", true, SPF_AUTH_ACCEPTED, SPF_AUTH_PARTIAL},
        {"PermitRootLogin no", true, SPF_AUTH_ACCEPTED, SPF_AUTH_REFUSED},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct place place;
        struct talk talk;
        pid_t agent;

        if (strstr(cases[i].config, "PermitRootLogin") != NULL && getuid() != 0) {
            continue; /* only root can be refused as root */
        }
        place_open(&place);
        agent = start_agent(&place);
        run("cd %s && ssh-keygen -q -t ed25519 -N '' -f key && ssh-add -q key && "
            "ssh-keygen -q -t ed25519 -N '' -f other && cp %s.pub authorized_keys",
            place.dir, cases[i].authorised ? "key" : "other");
        start_sshd(&place, cases[i].config);
        talk_open(&talk, &place, "127.0.0.1", place.port);
        talk_use_agent(&talk, &place, "key");
        ask_up_to(&talk, SPF_GROUP_QUERY);
        ck_assert_msg(talk.facts.query->outcome == cases[i].query, "%s: query %d", cases[i].config,
                      (int)talk.facts.query->outcome);
        if (cases[i].query == SPF_AUTH_ACCEPTED) {
            ask(&talk, SPF_GROUP_SIGNATURE);
            ck_assert_msg(talk.facts.signature->outcome == cases[i].signature, "%s: signature %d",
                          cases[i].config, (int)talk.facts.signature->outcome);
        }
        talk_close(&talk);
        end(agent);
        place_close(&place);
    }
}
END_TEST

/* Asks for the signature, which must fail as a group and say why. */
static void ask_in_vain(struct talk *talk, const char *why)
{
    int64_t end_ms = spf_now_ms() + UNIT_HANGS_MS;

    talk->there = false;
    spf_conversation_serve(talk->conversation, SPF_GROUP_SIGNATURE);
    while (!talk->there && spf_now_ms() < end_ms) {
        ck_assert_int_eq(spf_loop_turn(talk->inquiry.loop, end_ms).code, SPF_OK);
    }
    ck_assert(talk->there);
    ck_assert_int_eq(talk->failure.cause, SPF_KEY_ENCRYPTED);
    ck_assert_msg(strstr(talk->failure.text, why) != NULL, "%s", talk->failure.text);
}

START_TEST(an_agent_that_does_not_sign)
{
    static const uint8_t failure[] = {0, 0, 0, 1, 5}, huge[] = {0xff, 0xff, 0xff, 0xff, 14},
                         nothing[] = {0, 0, 0, 0}, junk[] = {0, 0, 0, 3, 14, 0xff, 0xff},
                         cut[] = {0};
    static const struct {
        const uint8_t *answer;
        size_t len;
        const char *why;
    } agents[] = {
        {failure, sizeof failure, "did not sign"}, {huge, sizeof huge, "did not sign"},
        {nothing, sizeof nothing, "did not sign"}, {junk, sizeof junk, "did not sign"},
        {cut, sizeof cut, "did not sign"},         {NULL, 0, "did not sign in time"},
    };
    struct place place;

    place_open(&place);
    run("cd %s && ssh-keygen -q -t ed25519 -N '' -f key && cp key.pub authorized_keys", place.dir);
    start_sshd(&place, "");
    for (size_t i = 0; i < sizeof agents / sizeof *agents; i++) {
        struct talk talk;
        pid_t agent;

        run("rm -f %s/agent", place.dir);
        agent = start_bad_agent(&place, agents[i].answer, agents[i].len);
        talk_open(&talk, &place, "127.0.0.1", place.port);
        talk_use_agent(&talk, &place, "key");
        ask_up_to(&talk, SPF_GROUP_QUERY);
        ck_assert_int_eq(talk.facts.query->outcome, SPF_AUTH_ACCEPTED);
        if (agents[i].len == 0) {
            talk.target.timeout_ms = 300;
        }
        ask_in_vain(&talk, agents[i].why);
        talk_close(&talk);
        end(agent);
    }
    run("rm -f %s/agent", place.dir);
    use_agent(&place); /* it went away meanwhile */
    {
        struct talk talk;

        talk_open(&talk, &place, "127.0.0.1", place.port);
        talk_use_agent(&talk, &place, "key");
        ask_up_to(&talk, SPF_GROUP_QUERY);
        ask_in_vain(&talk, "did not sign");
        talk_close(&talk);
    }
    (void)unsetenv("SSH_AUTH_SOCK");
    place_close(&place);
}
END_TEST

START_TEST(it_may_be_left_while_the_agent_thinks)
{
    struct place place;
    struct talk talk;
    pid_t agent;

    place_open(&place);
    run("cd %s && ssh-keygen -q -t ed25519 -N '' -f key && cp key.pub authorized_keys", place.dir);
    start_sshd(&place, "");
    agent = start_bad_agent(&place, NULL, 0);
    talk_open(&talk, &place, "127.0.0.1", place.port);
    talk_use_agent(&talk, &place, "key");
    ask_up_to(&talk, SPF_GROUP_QUERY);
    spf_conversation_serve(talk.conversation, SPF_GROUP_SIGNATURE);
    talk_close(&talk);
    end(agent);
    place_close(&place);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_agent_signs_with_this_key_alone,
        a_refusal_is_told_as_without_an_agent,
        an_agent_that_does_not_sign,
        it_may_be_left_while_the_agent_thinks,
        NULL,
    };

    (void)signal(SIGPIPE, SIG_IGN); /* as the program does */
    return unit_main("login agent", tests);
}
