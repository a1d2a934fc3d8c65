#include "unit.h"

#include "base/text.h"
#include "login/echo.h"

/* What comes back of the echo, and what is kept of what comes instead. */

/* %W the joined word, %Q as it was sent, %D the dots, %0 a zero byte. */
static size_t fill(const struct spf_echo *echo, const char *pattern, char *out, size_t size)
{
    struct spf_buf buf;
    size_t len;

    spf_buf_init(&buf, size);
    for (const char *at = pattern; *at != '\0'; at++) {
        if (*at != '%') {
            spf_buf_addch(&buf, *at);
            continue;
        }
        switch (*++at) {
        case 'W':
            spf_buf_addstr(&buf, echo->word);
            break;
        case 'Q':
            spf_buf_addstr(&buf, echo->quoted);
            break;
        case 'D':
            spf_buf_addstr(&buf, "....................");
            break;
        default:
            spf_buf_addch(&buf, '\0');
            break;
        }
    }
    ck_assert(!spf_buf_failed(&buf));
    len = buf.len;
    memcpy(out, buf.data, len);
    spf_buf_clear(&buf);
    return len;
}

START_TEST(what_is_an_answer)
{
    static const struct {
        const char *text, *more; /* NULL: it is none */
    } cases[] = {
        {"%W /root %D\n", "/root"},
        {"%W\n", ""},
        {"%W", ""},
        {"%W %D\n", ""}, /* the variable is empty */
        {"%W ..\n", ".."},
        {"%W x", "x"},
        {"%W x................ %D\n", "x................"},
        {"a title%W /h\r\n", "/h"},
        {"\"%W /h\n", "/h"},
        {"echo %W\n", NULL},
        {"x: 'echo' '%W /h\n", NULL},
        {"[\"echo\",\"%W\n", NULL},
        {"cho %W /h\n", "/h"},
        {"%0%W /h\n", "/h"},
        {"echo %W and %W /r %D\n", "/r"},
        {"%Q /home/x %D\n", "/home/x"}, /* cmd.exe knows no such quotes */
        {"hello\n%Q\n", ""},
        {"%Q", ""},
        {"x%Q\n", NULL},
        {"%Qx\n", NULL},
        {"", NULL},
        {"sshpreflight\n", NULL},
    };
    struct spf_echo echo;

    ck_assert(spf_echo_init(&echo, "OpenSSH_9.2", false, false, 1460));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1000];
        char more[64];
        const size_t len = fill(&echo, cases[i].text, text, sizeof text);
        const bool found = spf_echo_answers(&echo, text, len, more, sizeof more);

        ck_assert_msg(found == (cases[i].more != NULL), "%s: %d", cases[i].text, found);
        if (found) {
            ck_assert_msg(strcmp(more, cases[i].more) == 0, "%s: %s", cases[i].text, more);
        }
    }
}
END_TEST

START_TEST(who_else_may_log_in)
{
    static const struct {
        const char *text, *name; /* NULL: it does not say */
    } cases[] = {
        {"Please login as the user \"ecs-user\" rather than the user \"root\".", "ecs-user"},
        {"please login as the user \"a\"", "a"},
        {"Please login as the user ubuntu rather than bob", "ubuntu"},
        {"Please login as the user  rather than bob", NULL},
        {"Please login as the user ubuntu", NULL},
        {"Please login as the user \"\" rather", NULL},
        {"Please login as the user \"no end", NULL},
        {"Please login as the user \"0123456789012345\" rather", NULL},
        {"Please login as a user", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[16] = "";

        ck_assert_msg(spf_echo_other_user(cases[i].text, name, sizeof name) ==
                          (cases[i].name != NULL),
                      "%s", cases[i].text);
        ck_assert_str_eq(name, cases[i].name != NULL ? cases[i].name : "");
    }
}
END_TEST

/* The request fills a packet of this path, and a shell that puts no home in takes nothing away. */
START_TEST(the_command_fills_a_packet)
{
    static const size_t sizes[] = {0, 100, 1460, SPF_ECHO_DOTS_MAX, 65536};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct spf_echo echo;
        struct spf_echo other;

        ck_assert(spf_echo_init(&echo, "", false, i % 2 == 0, sizes[i]));
        ck_assert(spf_echo_init(&other, "", false, false, sizes[i]));
        ck_assert_str_ne(echo.word, other.word);
        ck_assert_uint_ge(strlen(echo.command),
                          sizes[i] < SPF_ECHO_DOTS_MAX ? sizes[i] : SPF_ECHO_DOTS_MAX);
        ck_assert_uint_lt(strlen(echo.command), sizeof echo.command);
        ck_assert((strstr(echo.command, "$SSH_CONNECTION") != NULL) == (i % 2 == 0));
        ck_assert_ptr_null(strstr(echo.command, echo.word)); /* what repeats it has no word */
    }
}
END_TEST

START_TEST(what_becomes_of_what_was_heard)
{
    static const struct {
        enum spf_link_state state;
        const char *heard;
        bool withheld, forced, errors, peer;
        enum spf_session_outcome outcome;
        const char *output, *address;
        bool shell, noise;
    } cases[] = {
        {SPF_LINK_DONE, "", true, true, false, false, SPF_ECHO_WITHHELD, "", "", false, false},
        {SPF_LINK_DONE, "", true, false, false, false, SPF_ECHO_OPENED, "", "", false, false},
        {SPF_LINK_REFUSED, "", true, false, false, false, SPF_ECHO_REFUSED, "", "", false, false},
        {SPF_LINK_ENDED, "x", false, false, false, false, SPF_ECHO_CLOSED, "x", "", false, false},
        {SPF_LINK_LOCAL, "", false, false, false, false, SPF_ECHO_REFUSED, "", "", false, false},
        {SPF_LINK_DONE, "a b....c %D", false, false, false, false, SPF_ECHO_OTHER, "a b....c ...",
         "", false, false},
        {SPF_LINK_DONE, "%W /root %D\n", false, false, false, false, SPF_ECHO_BACK, "", "", true,
         false},
        {SPF_LINK_DONE, "%W $HOME %D\n", false, false, false, false, SPF_ECHO_BACK, "", "", false,
         false},
        {SPF_LINK_DONE, "%W\n", false, false, false, true, SPF_ECHO_BACK, "", "", false, false},
        {SPF_LINK_DONE, "%W 192.0.2.7 1 2 %D\n", false, false, false, true, SPF_ECHO_BACK, "",
         "192.0.2.7", true, false},
        {SPF_LINK_DONE, "hello\n%W /root %D\n", false, false, false, false, SPF_ECHO_BACK, "hello",
         "", true, true},
        {SPF_LINK_DONE, "hello\n%W /root %D\n", false, false, true, false, SPF_ECHO_BACK, "", "",
         true, false},
        {SPF_LINK_DONE, "hello\n%Q $HOME %D\n", false, false, false, false, SPF_ECHO_BACK, "", "",
         false, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_session_facts facts = {0};
        struct spf_echo echo;

        ck_assert(spf_echo_init(&echo, "", false, cases[i].peer, 1460));
        echo.withheld = cases[i].withheld;
        echo.forced_command = cases[i].forced;
        echo.errors = cases[i].errors;
        echo.len = fill(&echo, cases[i].heard, echo.heard, sizeof echo.heard);
        spf_echo_finish(&echo, cases[i].state, &facts);
        ck_assert_msg(facts.outcome == cases[i].outcome, "case %zu: %d", i, (int)facts.outcome);
        ck_assert_str_eq(facts.output, cases[i].output);
        ck_assert_str_eq(facts.peer, cases[i].address);
        ck_assert_msg(facts.noise == cases[i].noise, "case %zu", i);
        ck_assert_msg(facts.shell == cases[i].shell, "case %zu", i);
    }
}
END_TEST

/* Sentences of sshd, PAM and cloud-init that mean something. */
START_TEST(sentences_that_mean_something)
{
    static const char user[] =
        "Please login as the user \"ecs-user\" rather than the user \"root\".";
    static const struct {
        const char *heard;
        bool sftp, logins;
        const char *user;
    } cases[] = {
        {"This service allows sftp connections only.\n", true, false, ""},
        {"There were too many logins for 'root'.\n", false, true, ""},
        {user, false, false, "ecs-user"},
        {"hello\n", false, false, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_session_facts facts = {0};
        struct spf_echo echo;

        ck_assert(spf_echo_init(&echo, "", false, false, 1460));
        echo.len = fill(&echo, cases[i].heard, echo.heard, sizeof echo.heard);
        spf_echo_give_up(&echo, &facts);
        ck_assert_int_eq(facts.outcome, SPF_ECHO_TIMEOUT);
        ck_assert(facts.sftp == cases[i].sftp);
        ck_assert(facts.too_many_logins == cases[i].logins);
        ck_assert_str_eq(facts.other_user, cases[i].user);
    }
}
END_TEST

/* Of much the end is kept, from the beginning of a line where there is one. */
START_TEST(the_end_of_much_is_kept)
{
    struct spf_session_facts facts = {0};
    struct spf_echo echo;

    ck_assert(spf_echo_init(&echo, "", false, false, 1460));
    memset(echo.heard, 'x', 2000);
    echo.len = 2000;
    spf_echo_finish(&echo, SPF_LINK_DONE, &facts);
    ck_assert_int_eq(facts.output[0], 'x');
    memcpy(echo.heard + 1900, "\nthe last line", 14);
    echo.len = 1914;
    spf_echo_finish(&echo, SPF_LINK_DONE, &facts);
    ck_assert_str_eq(facts.output, "the last line");
}
END_TEST

int main(void)
{
    return unit_main("login echo", (const TTest *const[]){what_is_an_answer, who_else_may_log_in,
                                                          the_command_fills_a_packet,
                                                          what_becomes_of_what_was_heard,
                                                          sentences_that_mean_something,
                                                          the_end_of_much_is_kept, NULL});
}
