#include "login_fixture.h"

/* Servers that no real one is: what they say instead of SSH, and how they fall silent. */

enum manner {
    SAYS_AND_CLOSES,
    SAYS_AND_RESETS, /* closes with our bytes unread, as sshd does under MaxStartups */
    SAYS_AND_STAYS,
    ANSWERS_AND_CLOSES, /* waits for our line first */
    SAYS_FOR_EVER,
    DRIPS, /* a byte every 20 ms */
};

struct fake {
    const char *bytes;
    enum manner manner;
};

static void write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t wrote = send(fd, bytes, len, MSG_NOSIGNAL);

        if (wrote < 0) {
            _exit(0);
        }
        bytes += wrote;
        len -= (size_t)wrote;
    }
}

static void behave(int fd, const struct fake *fake)
{
    char ignored[256];

    switch (fake->manner) {
    case SAYS_AND_RESETS:
        (void)!recv(fd, ignored, 1, 0); /* the rest stays unread: close(2) resets */
        write_all(fd, fake->bytes, strlen(fake->bytes));
        return;
    case ANSWERS_AND_CLOSES:
        (void)!recv(fd, ignored, sizeof ignored, 0);
        write_all(fd, fake->bytes, strlen(fake->bytes));
        return;
    case SAYS_AND_CLOSES:
        write_all(fd, fake->bytes, strlen(fake->bytes));
        (void)shutdown(fd, SHUT_WR);
        while (recv(fd, ignored, sizeof ignored, 0) > 0)
            ;
        return;
    case SAYS_AND_STAYS:
        write_all(fd, fake->bytes, strlen(fake->bytes));
        break;
    case SAYS_FOR_EVER:
        for (;;) {
            write_all(fd, fake->bytes, strlen(fake->bytes));
        }
    case DRIPS:
        for (const char *byte = fake->bytes; *byte != '\0'; byte++) {
            write_all(fd, byte, 1);
            (void)poll(NULL, 0, 20);
        }
        break;
    }
    (void)pause();
}

/* Somebody else's connection, who looks for a server at a port that was another's a moment ago: it
 * says nothing, and stays. */
static int come_first(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void start_fake(struct place *place, const struct fake *fake)
{
    int listener = listen_somewhere(&place->port);

    place->server = fork();
    if (place->server == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGTERM, SIG_DFL); /* check's own handler would end the test */
        (void)signal(SIGCHLD, SIG_IGN);
        for (;;) {
            int fd = accept(listener, NULL, NULL);

            if (fork() == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)close(listener);
                behave(fd, fake);
                _exit(0);
            }
            (void)close(fd);
        }
    }
    (void)close(listener);
}

START_TEST(before_the_identification)
{
    static const struct {
        struct fake fake;
        enum spf_identification_outcome outcome;
        const char *before;
    } cases[] = {
        {{"", SAYS_AND_CLOSES}, SPF_IDENTIFICATION_CLOSED, ""},
        {{"", SAYS_AND_RESETS}, SPF_IDENTIFICATION_RESET, ""},
        {{"", SAYS_AND_STAYS}, SPF_IDENTIFICATION_SILENT, ""},
        {{"Exceeded MaxStartups\r\n", SAYS_AND_CLOSES},
         SPF_IDENTIFICATION_CLOSED,
         "Exceeded MaxStartups"},
        {{"Not allowed at this time\r\n", SAYS_AND_RESETS},
         SPF_IDENTIFICATION_RESET,
         "Not allowed at this time"},
        {{"go away", SAYS_AND_CLOSES}, SPF_IDENTIFICATION_CLOSED, "go away"},
        {{"HTTP/1.1 400 Bad Request\r\n\r\n", ANSWERS_AND_CLOSES},
         SPF_IDENTIFICATION_OTHER,
         "HTTP/1.1 400 Bad Request"},
        {{"spam and eggs\n", SAYS_FOR_EVER}, SPF_IDENTIFICATION_OTHER, NULL},
        {{"xxxxxxxxxxxxxxxx", SAYS_FOR_EVER}, SPF_IDENTIFICATION_OTHER, NULL},
        {{"SSH-1.5-Old\n", SAYS_AND_STAYS}, SPF_IDENTIFICATION_SSH1, ""},
        {{"hello\nSSH-2.0-slow\r\n", DRIPS}, SPF_IDENTIFIED, "hello"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct spf_identification_facts *facts;
        struct place place;
        struct talk talk;
        int stranger;

        place_open(&place);
        start_fake(&place, &cases[i].fake);
        stranger = come_first(place.port);
        talk_open(&talk, &place, "127.0.0.1", place.port);
        if (cases[i].outcome == SPF_IDENTIFICATION_SILENT) {
            talk.target.timeout_ms = 1000;
        }
        ask_up_to(&talk, SPF_GROUP_IDENTIFICATION);
        facts = talk.facts.identification;
        /* A reset may overtake the bytes before it. */
        ck_assert_msg(facts->outcome == cases[i].outcome, "case %zu: %d", i, (int)facts->outcome);
        if (cases[i].before != NULL) {
            ck_assert_str_eq(facts->before, cases[i].before);
        }
        talk_close(&talk);
        place_close(&place);
        (void)close(stranger);
    }
}
END_TEST

START_TEST(after_the_identification)
{
    static const struct {
        struct fake fake;
        enum spf_handshake_outcome outcome;
        enum spf_ending_kind ending, or ;
    } cases[] = {
        {{"SSH-2.0-x\r\n", SAYS_AND_STAYS},
         SPF_SHAKE_TIMEOUT,
         SPF_ENDING_SILENCE,
         SPF_ENDING_SILENCE},
        {{"SSH-2.0-x\r\n", SAYS_AND_CLOSES},
         SPF_SHAKE_FAILED,
         SPF_ENDING_CLOSED,
         SPF_ENDING_CLOSED},
        {{"SSH-2.0-x\r\nthis is no packet at all", SAYS_AND_STAYS},
         SPF_SHAKE_FAILED,
         SPF_ENDING_NO_PACKET,
         SPF_ENDING_NO_PACKET},
        {{"SSH-2.0-x\r\n", ANSWERS_AND_CLOSES},
         SPF_SHAKE_FAILED,
         SPF_ENDING_CLOSED,
         SPF_ENDING_RESET},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct place place;
        struct talk talk;
        int stranger;

        place_open(&place);
        start_fake(&place, &cases[i].fake);
        stranger = come_first(place.port);
        talk_open(&talk, &place, "127.0.0.1", place.port);
        if (cases[i].outcome == SPF_SHAKE_TIMEOUT) {
            talk.target.timeout_ms = 1000;
        }
        ask_up_to(&talk, SPF_GROUP_HANDSHAKE);
        ck_assert_msg(talk.facts.handshake->outcome == cases[i].outcome, "case %zu: %d %s", i,
                      (int)talk.facts.handshake->outcome, talk.facts.handshake->error);
        ck_assert_msg(talk.facts.handshake->ending.kind == cases[i].ending ||
                          talk.facts.handshake->ending.kind == cases[i].or
                      , "case %zu: ending %d", i, (int)talk.facts.handshake->ending.kind);
        /* Whatever is asked of a connection that has ended is answered, too. */
        *talk.facts.key = (struct spf_key_facts){.algorithm = "ssh-ed25519", .usable = true};
        talk.facts.key->public_blob =
            strdup("AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f");
        ask(&talk, SPF_GROUP_QUERY);
        ck_assert_int_ne(talk.facts.query->outcome, SPF_AUTH_ACCEPTED);
        ck_assert_int_ne(talk.facts.query->outcome, SPF_AUTH_REFUSED);
        talk_close(&talk);
        place_close(&place);
        (void)close(stranger);
    }
}
END_TEST

/* Nothing may be lost or leaked when the owner gives up in the middle. */
START_TEST(given_up_at_any_moment)
{
    struct place place;

    place_open(&place);
    start_sshd(&place, "");
    for (int turns = 0; turns < 12; turns++) {
        struct talk talk;
        int group = SPF_GROUP_KNOWN_HOSTS;

        talk_open(&talk, &place, "localhost", place.port);
        talk.there = true;
        for (int i = 0; i < turns; i++) {
            if (talk.there && group <= SPF_GROUP_HANDSHAKE) {
                talk.there = false;
                spf_conversation_serve(talk.conversation, (enum spf_group)group++);
            }
            ck_assert_int_eq(spf_loop_turn(talk.inquiry.loop, spf_now_ms() + 20).code, SPF_OK);
        }
        talk_close(&talk);
    }
    place_close(&place);
}
END_TEST

int main(void)
{
    return unit_main("login fakes",
                     (const TTest *const[]){before_the_identification, after_the_identification,
                                            given_up_at_any_moment, NULL});
}
