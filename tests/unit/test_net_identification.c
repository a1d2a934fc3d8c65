#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/identification.h"
#include "net/listen.h"
#include "unit.h"

struct said {
    const char *bytes;
    size_t len;
    enum spf_greeting_end end;
    enum spf_identification_outcome outcome;
    const char *line, *software, *before, *protocol;
};

#define SAID(text, ...)                    \
    {                                      \
        text, sizeof text - 1, __VA_ARGS__ \
    }

static const struct said cases[] = {
    SAID("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", SPF_GREETING_OPEN, SPF_IDENTIFIED,
         "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3", "OpenSSH_9.2p1 Debian-2+deb12u3", "", ""),
    SAID("SSH-2.0-dropbear_2022.83\r\n\x00\x00\x01", SPF_GREETING_OPEN, SPF_IDENTIFIED,
         "SSH-2.0-dropbear_2022.83", "dropbear_2022.83", "", ""),
    SAID("SSH-2.0-tinyssh_noversion\n", SPF_GREETING_OPEN, SPF_IDENTIFIED,
         "SSH-2.0-tinyssh_noversion", "tinyssh_noversion", "", ""),
    SAID("SSH-1.99-Cisco-1.25\n", SPF_GREETING_OPEN, SPF_IDENTIFIED, "SSH-1.99-Cisco-1.25",
         "Cisco-1.25", "", ""),
    SAID("welcome\r\nto the jungle\r\nSSH-2.0-x\r\n", SPF_GREETING_OPEN, SPF_IDENTIFIED,
         "SSH-2.0-x", "x", "welcome / to the jungle", ""),
    SAID("SSH-1.5-Old\n", SPF_GREETING_OPEN, SPF_IDENTIFICATION_SSH1, "SSH-1.5-Old", "Old", "", ""),
    SAID("SSH-2.0\r\n", SPF_GREETING_OPEN, SPF_IDENTIFICATION_INVALID, "SSH-2.0", "", "", ""),
    SAID("SSH-2.0-\r\n", SPF_GREETING_OPEN, SPF_IDENTIFICATION_INVALID, "SSH-2.0-", "", "", ""),
    SAID("SSH-two-x\r\n", SPF_GREETING_OPEN, SPF_IDENTIFICATION_INVALID, "SSH-two-x", "", "", ""),
    SAID("SSH-2.0-a\x1b[31mb\r\n", SPF_GREETING_OPEN, SPF_IDENTIFICATION_INVALID,
         "SSH-2.0-a\\x1b[31mb", "", "", ""),
    SAID("SSH-2.0-half", SPF_GREETING_CLOSED, SPF_IDENTIFICATION_INVALID, "SSH-2.0-half", "", "",
         ""),
    SAID("", SPF_GREETING_CLOSED, SPF_IDENTIFICATION_CLOSED, "", "", "", ""),
    SAID("", SPF_GREETING_RESET, SPF_IDENTIFICATION_RESET, "", "", "", ""),
    SAID("", SPF_GREETING_TIMEOUT, SPF_IDENTIFICATION_SILENT, "", "", "", ""),
    SAID("Exceeded MaxStartups\r\n", SPF_GREETING_CLOSED, SPF_IDENTIFICATION_CLOSED, "", "",
         "Exceeded MaxStartups", ""),
    SAID("Not allowed at this time\r\n", SPF_GREETING_RESET, SPF_IDENTIFICATION_RESET, "", "",
         "Not allowed at this time", ""),
    SAID("You are not welcome\n", SPF_GREETING_TIMEOUT, SPF_IDENTIFICATION_SILENT, "", "",
         "You are not welcome", ""),
    SAID("HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n", SPF_GREETING_OPEN,
         SPF_IDENTIFICATION_OTHER, "", "", "HTTP/1.1 400 Bad Request", "HTTP"),
    SAID("\x15\x03\x03\x00\x02\x02\x46", SPF_GREETING_OPEN, SPF_IDENTIFICATION_OTHER, "", "",
         "\\x15\\x03\\x03\\x00\\x02\\x02F", "TLS"),
    SAID("\x03\x00\x00\x0b\x06\xd0", SPF_GREETING_OPEN, SPF_IDENTIFICATION_OTHER, "", "", NULL,
         "RDP"),
    SAID("220 mail.example ESMTP Postfix\r\n", SPF_GREETING_OPEN, SPF_IDENTIFICATION_OTHER, "", "",
         "220 mail.example ESMTP Postfix", "SMTP"),
    SAID("220 (vsFTPd 3.0.3)\r\n", SPF_GREETING_OPEN, SPF_IDENTIFICATION_OTHER, "", "",
         "220 (vsFTPd 3.0.3)", "FTP"),
    SAID("J\x00\x00\x00\x0a"
         "8.0.36\x00",
         SPF_GREETING_OPEN, SPF_IDENTIFICATION_OTHER, "", "", NULL, "MySQL"),
    SAID("RFB 003.008\n", SPF_GREETING_OPEN, SPF_IDENTIFICATION_OTHER, "", "", "RFB 003.008",
         "VNC"),
    SAID("\x01\x02\x03junk", SPF_GREETING_CLOSED, SPF_IDENTIFICATION_OTHER, "", "",
         "\\x01\\x02\\x03junk", ""),
};

static void compare(const struct said *said, const struct spf_identification_facts *facts)
{
    ck_assert_msg(facts->outcome == said->outcome, "\"%s\": outcome %d", said->bytes,
                  (int)facts->outcome);
    ck_assert_str_eq(facts->line, said->line);
    ck_assert_str_eq(facts->software, said->software);
    if (said->before != NULL) {
        ck_assert_str_eq(facts->before, said->before);
    }
    ck_assert_str_eq(facts->protocol, said->protocol);
}

START_TEST(what_servers_say_first)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_identification_facts facts = {0};
        struct spf_greeting greeting;

        spf_greeting_init(&greeting, &facts);
        (void)spf_greeting_read(&greeting, cases[i].bytes, cases[i].len, cases[i].end);
        ck_assert_msg(greeting.decided, "\"%s\"", cases[i].bytes);
        compare(&cases[i], &facts);
    }
}
END_TEST

/* One more byte at a time, as slow servers do; what is taken is gone from the next look. */
START_TEST(byte_by_byte)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_identification_facts facts = {0};
        struct spf_greeting greeting;
        size_t from = 0;

        spf_greeting_init(&greeting, &facts);
        for (size_t to = 0; to <= cases[i].len && !greeting.decided; to++) {
            from +=
                spf_greeting_read(&greeting, cases[i].bytes + from, to - from, SPF_GREETING_OPEN);
        }
        if (!greeting.decided) {
            (void)spf_greeting_read(&greeting, cases[i].bytes + from, cases[i].len - from,
                                    cases[i].end);
        }
        ck_assert_msg(greeting.decided, "\"%s\"", cases[i].bytes);
        ck_assert_msg(facts.outcome == cases[i].outcome, "\"%s\": outcome %d", cases[i].bytes,
                      (int)facts.outcome);
        ck_assert_str_eq(facts.protocol, cases[i].protocol);
    }
}
END_TEST

START_TEST(the_identification_stays_in_the_socket)
{
    static const char bytes[] = "one\r\ntwo\nSSH-2.0-x\r\nrest";
    struct spf_identification_facts facts = {0};
    struct spf_greeting greeting;

    spf_greeting_init(&greeting, &facts);
    ck_assert_uint_eq(spf_greeting_read(&greeting, bytes, strlen(bytes), SPF_GREETING_OPEN),
                      strlen("one\r\ntwo\n"));
}
END_TEST

START_TEST(lines_without_end)
{
    struct spf_identification_facts facts = {0};
    struct spf_greeting greeting;
    char flood[SPF_IDENTIFICATION_PEEK];
    unsigned lines = 0;

    spf_greeting_init(&greeting, &facts);
    for (; !greeting.decided && lines < 5000; lines++) {
        ck_assert_uint_eq(spf_greeting_read(&greeting, "spam\n", 5, SPF_GREETING_OPEN), 5);
    }
    ck_assert_uint_eq(lines, 1024);
    ck_assert_int_eq(facts.outcome, SPF_IDENTIFICATION_OTHER);

    memset(flood, 'x', sizeof flood);
    spf_greeting_init(&greeting, &facts);
    (void)spf_greeting_read(&greeting, flood, sizeof flood, SPF_GREETING_OPEN);
    ck_assert(greeting.decided);
    ck_assert_int_eq(facts.outcome, SPF_IDENTIFICATION_OTHER);

    memcpy(flood, "SSH-2.0-", 8);
    spf_greeting_init(&greeting, &facts);
    (void)spf_greeting_read(&greeting, flood, sizeof flood - 1, SPF_GREETING_OPEN);
    ck_assert(!greeting.decided);
    (void)spf_greeting_read(&greeting, flood, sizeof flood, SPF_GREETING_OPEN);
    ck_assert(greeting.decided);
    ck_assert_int_eq(facts.outcome, SPF_IDENTIFICATION_INVALID);

    /* ssh takes 8192 bytes (tried with 9.2), without CR LF or LF */
    flood[8193] = '\n';
    spf_greeting_init(&greeting, &facts);
    (void)spf_greeting_read(&greeting, flood, 8194, SPF_GREETING_OPEN);
    ck_assert(greeting.decided);
    ck_assert_int_eq(facts.outcome, SPF_IDENTIFICATION_INVALID);
    flood[8192] = '\r';
    spf_greeting_init(&greeting, &facts);
    (void)spf_greeting_read(&greeting, flood, 8194, SPF_GREETING_OPEN);
    ck_assert_int_eq(facts.outcome, SPF_IDENTIFIED);
    flood[8192] = '\n';
    spf_greeting_init(&greeting, &facts);
    (void)spf_greeting_read(&greeting, flood, 8193, SPF_GREETING_OPEN);
    ck_assert_int_eq(facts.outcome, SPF_IDENTIFIED);
}
END_TEST

/* Two ends of a connection over loopback. */
static void connect_ends(int ends[2])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    ends[0] = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(ends[0], (struct sockaddr *)&at, sizeof at), 0);
    ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    ck_assert_int_ge(ends[1], 0);
    (void)close(listener);
}

static void say(const int ends[2], const char *text, int events)
{
    struct pollfd poller = {.fd = ends[0], .events = (short)events};

    if (text != NULL) {
        ck_assert_int_eq(send(ends[1], text, strlen(text), 0), (int)strlen(text));
    }
    ck_assert_int_eq(poll(&poller, 1, UNIT_HANGS_MS), 1);
}

/*
 * Linux may wake us although there is no more than what is known, where memory for sockets runs
 * short: that is no end, and from then on the clock says when to look.
 */
START_TEST(a_wake_up_without_news)
{
    struct spf_identification_facts facts = {0};
    struct spf_listener listener;
    bool again;
    int ends[2];

    connect_ends(ends);
    spf_listener_init(&listener, ends[0], &facts);
    ck_assert(!spf_listen(&listener, false));
    say(ends, "SSH-2.0", POLLIN);
    ck_assert(!spf_listen(&listener, true));
    ck_assert_int_eq(spf_listen_events(&listener, &again), POLLIN);
    ck_assert(!again);
    ck_assert(!spf_listen(&listener, true)); /* nothing new */
    ck_assert_int_ne(spf_listen_events(&listener, &again), POLLIN);
    ck_assert(again);
    if (_i == 0) { /* the rest comes */
        say(ends, "-x\r\n", POLLIN);
        while (!spf_listen(&listener, false)) {
            (void)poll(NULL, 0, 1);
        }
        ck_assert_int_eq(facts.outcome, SPF_IDENTIFIED);
    } else { /* or the end */
        (void)close(ends[1]);
        say(ends, NULL, POLLRDHUP);
        ck_assert(spf_listen(&listener, true));
        ck_assert_int_eq(facts.outcome, SPF_IDENTIFICATION_INVALID); /* cut */
    }
    (void)close(ends[0]);
    if (_i == 0) {
        (void)close(ends[1]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net identification");
    TCase *tcase = unit_case(suite, "net identification");

    tcase_add_test(tcase, what_servers_say_first);
    tcase_add_test(tcase, byte_by_byte);
    tcase_add_test(tcase, the_identification_stays_in_the_socket);
    tcase_add_test(tcase, lines_without_end);
    tcase_add_loop_test(tcase, a_wake_up_without_news, 0, 2);
    return unit_run(suite);
}
