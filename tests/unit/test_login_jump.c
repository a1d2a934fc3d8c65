#include "unit.h"

#include "base/text.h"
#include "login/jump.h"

/* What ssh -vv of OpenSSH 9.2 says on the way through a jump host. */
#define WAY  "debug1: Connecting to b [198.51.100.9] port 22.\r\ndebug1: Connection established.\r\n"
#define ON   SPF_JUMP_GOES_ON
#define LATE SPF_JUMP_LATE
#define OVER SPF_JUMP_OVER
#define IN   "Authenticated to b ([198.51.100.9]:22) using \"publickey\".\r\n"

START_TEST(what_ssh_says_becomes_facts)
{
    static const struct {
        const char *text;
        enum spf_jump_end end;
        bool decided;
        enum spf_tcp_outcome outcome;
        const char *cause;
    } cases[] = {
        {"", ON, false, 0, ""},
        {WAY, ON, false, 0, ""},
        {WAY IN, ON, false, 0, ""},
        {WAY IN "debug2: channel 0: open confirm rwindow 2097152 rmax 32768\r\n", ON, true,
         SPF_TCP_OPEN, ""},
        {WAY IN "channel 0: open failed: connect failed: Connection refused\r\n"
                "stdio forwarding failed\r\n",
         ON, true, SPF_TCP_REFUSED, ""},
        {WAY IN "channel 0: open failed: connect failed: Connection timed out\r\n", ON, true,
         SPF_TCP_SILENT, ""},
        {WAY IN "channel 0: open failed: connect failed: No route to host\r\n", ON, true,
         SPF_TCP_UNREACHABLE, ""},
        {WAY IN "channel 0: open failed: connect failed: Name or service not known\r\n", ON, true,
         SPF_TCP_UNRESOLVED, ""},
        {WAY IN "channel 0: open failed: administratively prohibited: open failed\r\n", ON, true,
         SPF_TCP_JUMP_FORBIDS, ""},
        {WAY IN, LATE, true, SPF_TCP_SILENT, ""},
        {WAY IN "Connection to b closed by remote host.\r\n", OVER, true, SPF_TCP_JUMP_FAILED,
         "session-refused"},
        {WAY, LATE, true, SPF_TCP_JUMP_FAILED, ""},
        {WAY, OVER, true, SPF_TCP_JUMP_FAILED, ""},
        {"ssh: Could not resolve hostname b: Name or service not known\r\n", OVER, true,
         SPF_TCP_JUMP_FAILED, "host-unresolved"},
        {WAY "Host key verification failed.\r\n", OVER, true, SPF_TCP_JUMP_FAILED,
         "host-key-unknown"},
        {WAY "debug1: Authentications that can continue: publickey\r\n"
             "debug1: Offering public key: k ED25519 SHA256:x agent\r\n"
             "a@b: Permission denied (publickey).\r\n",
         OVER, true, SPF_TCP_JUMP_FAILED, "auth-key-refused"},
        {"debug1: mux_client_request_stdio_fwd: master session id: 2\r\n", ON, true, SPF_TCP_OPEN,
         ""},
        {"Stdio forwarding request failed: Session open refused by peer", OVER, true,
         SPF_TCP_JUMP_FAILED, ""},
        /* a server cannot say so before it let us in */
        {WAY "channel 0: open failed: connect failed: Connection refused\r\n", ON, false, 0, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_tcp_facts facts = {.jump = "a@b"};
        bool decided = spf_jump_read(cases[i].text, strlen(cases[i].text), cases[i].end, &facts);

        ck_assert_msg(decided == cases[i].decided, "%s: decided %d", cases[i].text, decided);
        if (decided)
            ck_assert_msg(facts.outcome == cases[i].outcome, "%s: outcome %d", cases[i].text,
                          (int)facts.outcome);
        ck_assert_str_eq(facts.jump_cause, cases[i].cause);
        if (spf_starts_with(cases[i].text, WAY))
            ck_assert_str_eq(facts.jump_address, "198.51.100.9");
    }
}
END_TEST

START_TEST(unknown_key_and_chains)
{
    static const char text[] = WAY "Warning: Permanently added 'b' (ED25519) to the list of known "
                                   "hosts.\r\n";
    struct spf_tcp_facts facts = {.jump = "a@b"};

    ck_assert(!spf_jump_read(text, sizeof text - 1, SPF_JUMP_GOES_ON, &facts));
    ck_assert(facts.jump_key_unknown);
    facts = (struct spf_tcp_facts){.jump = "a@b,c@d"};
    ck_assert(!spf_jump_read(text, sizeof text - 1, SPF_JUMP_GOES_ON, &facts));
    ck_assert_str_eq(facts.jump_address, "");
}
END_TEST

START_TEST(hostile_words)
{
    static const char open_bracket[] = "Connecting to [";
    static const char cut[] = "Authenticated to open failed: ";
    struct spf_tcp_facts facts = {0};

    ck_assert(!spf_jump_read(open_bracket, sizeof open_bracket - 1, SPF_JUMP_GOES_ON, &facts));
    ck_assert_str_eq(facts.jump_address, "");
    ck_assert(spf_jump_read(cut, sizeof cut - 1, SPF_JUMP_GOES_ON, &facts));
    ck_assert_int_eq(facts.outcome, SPF_TCP_JUMP_FORBIDS);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {what_ssh_says_becomes_facts, unknown_key_and_chains,
                                  hostile_words, NULL};

    return unit_main("login_jump", tests);
}
