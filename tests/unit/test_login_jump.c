#include "unit.h"

#include "base/text.h"
#include "login/jump_log.h"
#include "login/jump_words.h"
#include "login/mux.h"

/* What ssh -vv of OpenSSH 9.2 says on the way through a jump host. */
#define WAY  "debug1: Connecting to b [198.51.100.9] port 22.\r\ndebug1: Connection established.\r\n"
#define ON   SPF_JUMP_GOES_ON
#define LATE SPF_JUMP_LATE
#define OVER SPF_JUMP_OVER
#define INTO "Authenticated to b ([198.51.100.9]:22) using \"publickey\".\r\n"

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
        {WAY INTO, ON, false, 0, ""},
        {WAY INTO "debug2: channel 0: open confirm rwindow 2097152 rmax 32768\r\n", ON, true,
         SPF_TCP_OPEN, ""},
        {WAY INTO "channel 0: open failed: connect failed: Connection refused\r\n"
                  "stdio forwarding failed\r\n",
         ON, true, SPF_TCP_REFUSED, ""},
        {WAY INTO "channel 0: open failed: connect failed: Connection timed out\r\n", ON, true,
         SPF_TCP_SILENT, ""},
        {WAY INTO "channel 0: open failed: connect failed: No route to host\r\n", ON, true,
         SPF_TCP_UNREACHABLE, ""},
        {WAY INTO "channel 0: open failed: connect failed: Name or service not known\r\n", ON, true,
         SPF_TCP_UNRESOLVED, ""},
        {WAY INTO "channel 0: open failed: administratively prohibited: open failed\r\n", ON, true,
         SPF_TCP_JUMP_FORBIDS, ""},
        {WAY INTO, LATE, true, SPF_TCP_SILENT, ""},
        {WAY INTO "Connection to b closed by remote host.\r\n", OVER, true, SPF_TCP_JUMP_FAILED,
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
        {WAY INTO "channel 0: open failed: connect failed: \r\n", ON, true,
         SPF_TCP_JUMP_NO_CONNECTION, ""},
        {WAY INTO "channel 0: open failed: connect failed\r\n", ON, true,
         SPF_TCP_JUMP_NO_CONNECTION, ""},
        /* half a line */
        {WAY INTO "channel 0: open failed: conn", ON, false, 0, ""},
        /* a banner's words are no events */
        {WAY "You are Authenticated to b\r\nsee channel 0: open confirm\r\n", ON, false, 0, ""},
        {WAY "no channel 0: open failed: administratively prohibited\r\n" INTO, ON, false, 0, ""},
        /* a server cannot say so before it let us in */
        {WAY "channel 0: open failed: connect failed: Connection refused\r\n", ON, false, 0, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_tcp_facts facts = {.jump = "a@b"};
        bool decided = spf_jump_read(cases[i].text, strlen(cases[i].text), cases[i].end, &facts);

        ck_assert_msg(decided == cases[i].decided, "%s: decided %d", cases[i].text, decided);
        if (decided) {
            ck_assert_msg(facts.outcome == cases[i].outcome, "%s: outcome %d", cases[i].text,
                          (int)facts.outcome);
        }
        ck_assert_str_eq(facts.jump_cause, cases[i].cause);
        if (spf_starts_with(cases[i].text, WAY)) {
            ck_assert_str_eq(facts.jump_address, "198.51.100.9");
        }
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
    static const char cut[] = "Authenticated to open failed: \n";
    struct spf_tcp_facts facts = {0};

    ck_assert(!spf_jump_read(open_bracket, sizeof open_bracket - 1, SPF_JUMP_GOES_ON, &facts));
    ck_assert_str_eq(facts.jump_address, "");
    ck_assert(!spf_jump_read(cut, sizeof cut - 1, SPF_JUMP_GOES_ON, &facts));
}
END_TEST

/* By the reason code first, then by the server's words, case aside. */
START_TEST(a_channel_is_refused_for_a_reason)
{
    static const struct {
        const char *words;
        enum spf_tcp_outcome outcome;
    } cases[] = {
        /* OpenSSH */
        {"connect failed: Connection refused", SPF_TCP_REFUSED},
        {"connect failed: Connection timed out", SPF_TCP_SILENT},
        {"connect failed: No route to host", SPF_TCP_UNREACHABLE},
        {"connect failed: Network is unreachable", SPF_TCP_UNREACHABLE},
        {"connect failed: Temporary failure in name resolution", SPF_TCP_UNRESOLVED},
        {"administratively prohibited: open failed", SPF_TCP_JUMP_FORBIDS},
        /* AsyncSSH */
        {"connect failed: [Errno 111] Connect call failed ('127.0.0.1', 1)", SPF_TCP_REFUSED},
        {"connect failed: [Errno -2] Name or service not known", SPF_TCP_UNRESOLVED},
        {"administratively prohibited: Connection forwarding not permitted", SPF_TCP_JUMP_FORBIDS},
        /* Go's net package, as most servers on x/crypto hand it on */
        {"connect failed: dial tcp 127.0.0.1:1: connect: connection refused", SPF_TCP_REFUSED},
        {"connect failed: dial tcp: lookup nope.invalid: no such host", SPF_TCP_UNRESOLVED},
        {"connect failed: dial tcp 192.0.2.1:22: i/o timeout", SPF_TCP_SILENT},
        {"connect failed: dial tcp: lookup h on 192.0.2.53:53: read udp: connection refused",
         SPF_TCP_UNRESOLVED},
        /* a code says more than words behind it */
        {"administratively prohibited: connection refused by policy", SPF_TCP_JUMP_FORBIDS},
        {"unknown channel type: unknown channel", SPF_TCP_JUMP_FORBIDS},
        {"unknown channel type: Unsupported channel type requested", SPF_TCP_JUMP_FORBIDS},
        {"resource shortage: Connection refused", SPF_TCP_JUMP_NO_CONNECTION},
        /* Erlang */
        {"connect failed: Forwarding disabled", SPF_TCP_JUMP_FORBIDS},
        {"connect failed: Forwarded connection refused: econnrefused", SPF_TCP_REFUSED},
        {"connect failed: Forwarded connection refused: nxdomain", SPF_TCP_UNRESOLVED},
        {"connect failed: Forwarded connection refused: ehostunreach", SPF_TCP_UNREACHABLE},
        {"connect failed: Forwarded connection refused: etimedout", SPF_TCP_SILENT},
        /* Dropbear, npm ssh2: none */
        {"connect failed", SPF_TCP_JUMP_NO_CONNECTION},
        {"connect failed: ", SPF_TCP_JUMP_NO_CONNECTION},
        {"unknown reason: x", SPF_TCP_JUMP_NO_CONNECTION},
        {"", SPF_TCP_JUMP_NO_CONNECTION},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_msg(spf_jump_refusal("SomeSSH_1", cases[i].words) == cases[i].outcome, "%s: %d",
                      cases[i].words, (int)spf_jump_refusal("SomeSSH_1", cases[i].words));
    }
    /* AsyncSSH where connection_requested() is False; a closed port has the errno there */
    ck_assert_int_eq(spf_jump_refusal("AsyncSSH_2.10.1", "connect failed: Connection refused"),
                     SPF_TCP_JUMP_FORBIDS);
    /* npm ssh2 of 0.8.9 names itself so; 1.17 has the code 2 for what its program rejects */
    ck_assert_int_eq(spf_jump_refusal("ssh2js0.4.10srv", "administratively prohibited"),
                     SPF_TCP_JUMP_NO_CONNECTION);
    ck_assert_int_eq(spf_jump_refusal("ssh2js0.4.10srv", "administratively prohibited: "),
                     SPF_TCP_JUMP_NO_CONNECTION);
    ck_assert_int_eq(spf_jump_refusal("ssh2js1.17.0srv", "administratively prohibited"),
                     SPF_TCP_JUMP_FORBIDS);
}
END_TEST

/* As ssh -oLogVerbose=* marks them; since 10.1 with the program's name. */
#define OUTER(text)  "debug1: ssh.c:f():1 (pid=100): " text "\r\n"
#define MIDDLE(text) "debug1: ssh.c:f():1 (bin=ssh, pid=101): " text "\r\n"
#define INNER(text)  "debug1: ssh.c:f():1 (pid=102): " text "\r\n"
#define CHAIN                                                                      \
    OUTER("Reading configuration data x")                                          \
    OUTER("Executing proxy command: exec sh -c \"$SSHPREFLIGHT_HOP_2\" '[c]:22'")  \
    MIDDLE("Executing proxy command: exec sh -c \"$SSHPREFLIGHT_HOP_1\" '[b]:22'") \
    INNER("Connecting to a [192.0.2.1] port 22.") INNER("Authenticating to a:22 as 'me'")
#define REACHED(HOP, name) HOP("Authenticated to " name " (via proxy) using \"publickey\".")

START_TEST(the_hop_that_failed_is_named)
{
    static const struct {
        const char *text, *hop, *cause, *error;
    } cases[] = {
        {CHAIN INNER(
             "Offering public key: /k ED25519 SHA256:x agent") "sshconnect2.c:f():1 (pid=102): "
                                                               "me@a: Permission denied "
                                                               "(publickey).\r\n"
                                                               "kex.c:f():1 (pid=101): "
                                                               "kex_exchange_identification: "
                                                               "Connection closed by remote "
                                                               "host\r\n"
                                                               "kex.c:f():1 (pid=100): "
                                                               "kex_exchange_identification: "
                                                               "Connection closed by remote "
                                                               "host\r\n",
         "me@a", "auth-key-refused", "me@a: Permission denied (publickey)."},
        {CHAIN INNER("Offering public key: /k ED25519 SHA256:x explicit")
             INNER("Server accepts key: /k ED25519 SHA256:x explicit") "sshconnect2.c:f():1 "
                                                                       "(pid=102): me@a: "
                                                                       "Permission denied "
                                                                       "(publickey).\r\n",
         "me@a", "key-encrypted", "me@a: Permission denied (publickey)."},
        {CHAIN REACHED(INNER, "a") "channels.c:f():1 (pid=102): channel 0: open failed: connect "
                                   "failed: Connection refused\r\n"
                                   "kex.c:f():1 (pid=101): kex_exchange_identification: Connection "
                                   "closed by remote host\r\n",
         "me@a", "port-refused", "connect failed: Connection refused"},
        {CHAIN REACHED(INNER, "a")
             INNER("channel 0: open confirm rwindow 0 rmax 32768") "sshconnect.c:f():1 (bin=ssh, "
                                                                   "pid=101): Host key "
                                                                   "verification failed.\r\n",
         "b", "host-key-unknown", "Host key verification failed."},
        {CHAIN REACHED(INNER, "a") INNER("channel 0: open confirm rwindow 0 rmax 32768")
             REACHED(MIDDLE, "b") MIDDLE(
                 "channel 0: open confirm rwindow 0 rmax 32768") "sshconnect2.c:f():1 (pid=100): "
                                                                 "u@c: Permission denied "
                                                                 "(publickey).\r\n",
         "u@c:2200", "auth-key-refused", "u@c: Permission denied (publickey)."},
        {"Bad port '0'\r\n", "me@a", "", "Bad port '0'"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_tcp_facts facts = {.jump = "me@a,b,u@c:2200"};

        ck_assert(spf_jump_read(cases[i].text, strlen(cases[i].text), SPF_JUMP_OVER, &facts));
        ck_assert_int_eq(facts.outcome, SPF_TCP_JUMP_FAILED);
        ck_assert_str_eq(facts.jump_hop, cases[i].hop);
        ck_assert_str_eq(facts.jump_cause, cases[i].cause);
        ck_assert_str_eq(facts.error, cases[i].error);
        if (i == 0) {
            ck_assert_str_eq(facts.jump_login, "a:22 as 'me'");
            ck_assert_str_eq(facts.jump_keys, "/k ED25519 SHA256:x agent");
        }
    }
}
END_TEST

/* Only the marked lines of ssh itself are events, whatever a server has ssh print. */
START_TEST(what_a_server_says_is_no_event)
{
    static const char told[] = OUTER("Connecting to a [192.0.2.1] port 22.") OUTER(
        "Remote: Authenticated to x\ndebug2: channel 0: open confirm rwindow 0") "channel 0: open "
                                                                                 "confirm rwindow "
                                                                                 "0 rmax 0\r\n"
                                                                                 "Authenticated to "
                                                                                 "x\r\nchannel 0: "
                                                                                 "open failed: "
                                                                                 "administratively "
                                                                                 "prohibited: "
                                                                                 "no\r\n";
    struct spf_tcp_facts facts = {.jump = "a"};

    ck_assert(!spf_jump_read(told, sizeof told - 1, SPF_JUMP_GOES_ON, &facts));
}
END_TEST

/* Conch and Paramiko confirm a channel before they have connected. */
START_TEST(a_confirmation_proves_a_connection_or_not)
{
    static const struct {
        const char *software;
        bool unproven;
    } cases[] = {{"OpenSSH_9.2p1", false},
                 {"dropbear_2022.83", false},
                 {"paramiko_2.12.0", true},
                 {"Twisted_22.4.0", true},
                 {"Go", true}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_tcp_facts facts = {.jump = "a"};
        char text[1000];

        ck_assert(spf_format_whole(text, sizeof text,
                                   OUTER("Remote protocol version 2.0, remote software version %s")
                                       REACHED(OUTER, "a")
                                           OUTER("channel 0: open confirm rwindow 0 r"),
                                   cases[i].software));
        ck_assert(spf_jump_read(text, strlen(text), SPF_JUMP_GOES_ON, &facts));
        ck_assert_int_eq(facts.outcome, SPF_TCP_OPEN);
        ck_assert(facts.jump_unproven == cases[i].unproven);
    }
}
END_TEST

/* As 9.2 says it, and 8.4, which has no marks. */
#define MUX(text)      "debug2: mux.c:mux_master_process_stdio_fwd():977 (pid=9): " text "\n"
#define MUX_OLD(text)  "debug2: mux_master_process_stdio_fwd: " text "\n"
#define CHANNELS(text) "channels.c:channel_input_open_failure():3563 (pid=9): " text "\n"

START_TEST(a_master_says_why_it_was_refused)
{
    static const char log[] = MUX("channel 1: stdio fwd to web:22") MUX("channel_new: 2 control 1")
        MUX("channel 3: stdio fwd to 2001:db8::1:22") MUX("channel_new: 4 control 3") CHANNELS(
            "channel 4: open failed: connect failed: No route to host")
            CHANNELS("channel 2: open failed: connect failed: Connection refused") CHANNELS(
                "channel 2: open failed: connect failed: not its own any more")
                CHANNELS("channel 7: open failed: connect failed: nobody asked") MUX(
                    "channel 1: stdio fwd to db:22") MUX("channel_new: 2 control 1")
                    MUX_OLD("channel 5: stdio fwd to old:22") MUX_OLD(
                        "channel_new: 6 control 5") "channel 6: open failed: connect failed: \n"
                                                    "debug1: packet.c:f():1 (pid=9): Remote: "
                                                    "channel 1: stdio fwd to db:22\n"
                                                    "debug1: packet.c:f():1 (pid=9): Remote: "
                                                    "channel 2: open failed: by its own "
                                                    "word\n" CHANNELS(
                                                        "channel 99999999: open failed: x")
                                                        CHANNELS("channel x: open failed: x")
                                                            MUX("channel_new:  control ") MUX(
                                                                "channel_new: 99999999 control 1");
    struct spf_jump_channels channels = {0};

    spf_jump_channels_read(&channels, log, sizeof log - 1);
    ck_assert_str_eq(spf_jump_channels_refusal(&channels, "web", 22),
                     "connect failed: Connection refused");
    ck_assert_str_eq(spf_jump_channels_refusal(&channels, "2001:db8::1", 22),
                     "connect failed: No route to host");
    ck_assert_str_eq(spf_jump_channels_refusal(&channels, "old", 22), "connect failed");
    ck_assert_ptr_null(spf_jump_channels_refusal(&channels, "db", 22));
    ck_assert_ptr_null(spf_jump_channels_refusal(&channels, "web", 23));
    spf_jump_channels_clear(&channels);
}
END_TEST

START_TEST(a_login_that_stands)
{
    static const char way[] =
        WAY "debug1: Remote protocol version 2.0, remote software version AsyncSSH_2.10\r\n" INTO;
    static const char stands[] = "debug1: Entering interactive session.\r\n";
    struct spf_tcp_facts facts = {.jump = "a@b"};
    char software[64];
    char text[1000];

    ck_assert(!spf_jump_read_login(way, sizeof way - 1, &facts, software));
    ck_assert(!spf_jump_read_login(stands, sizeof stands - 1, &facts, software));
    spf_format(text, sizeof text, "%s%s", way, stands);
    ck_assert(spf_jump_read_login(text, strlen(text), &facts, software));
    ck_assert(!spf_jump_read_login(text, strlen(text) - 1, &facts, software));
    ck_assert_str_eq(facts.jump_address, "198.51.100.9");
    ck_assert_str_eq(software, "AsyncSSH_2.10");
    ck_assert(facts.jump_unproven);
    spf_jump_note_refusal(software, "connect failed: Connection refused", &facts);
    ck_assert_int_eq(facts.outcome, SPF_TCP_JUMP_FORBIDS);
    ck_assert_str_eq(facts.jump_hop, "a@b");
}
END_TEST

/* The packets of PROTOCOL.mux. */
START_TEST(a_control_socket_is_asked)
{
    static const uint8_t request[] = "\0\0\0\x08\0\0\0\x01\0\0\0\x04"
                                     "\0\0\0\x17\x10\0\0\x08\0\0\0\x01\0\0\0\0"
                                     "\0\0\0\x03"
                                     "web\0\0\x08\x98";
    static const uint8_t alive[] = "\0\0\0\x08\0\0\0\x01\0\0\0\x04"
                                   "\0\0\0\x08\x10\0\0\x04\0\0\0\x01";
    struct spf_secret *asked = spf_mux_ask_connection("web", 2200);

    ck_assert_uint_eq(spf_secret_len(asked), sizeof request - 1);
    ck_assert_mem_eq(spf_secret_text(asked), request, sizeof request - 1);
    spf_secret_free(asked);
    asked = spf_mux_ask_alive();
    ck_assert_uint_eq(spf_secret_len(asked), sizeof alive - 1);
    ck_assert_mem_eq(spf_secret_text(asked), alive, sizeof alive - 1);
    spf_secret_free(asked);
}
END_TEST

START_TEST(a_control_socket_answers)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum spf_mux_reply reply;
    } cases[] = {
        {"\0\0\0\x08\0\0\0\x01\0\0\0\x04", 12, SPF_MUX_HELLO},
        {"\0\0\0\x08\0\0\0\x01\0\0\0\x05", 12, SPF_MUX_STRANGE},
        {"\0\0\0\x0c\x80\0\0\x05\0\0\0\x01\0\0\x12\x34", 16, SPF_MUX_ALIVE},
        {"\0\0\0\x0c\x80\0\0\x06\0\0\0\x01\0\0\0\x02", 16, SPF_MUX_OPENED},
        {"\0\0\0\x0c\x80\0\0\x06\0\0\0\x02\0\0\0\x02", 16, SPF_MUX_STRANGE},
        {"\0\0\0\x28\x80\0\0\x03\0\0\0\x01\0\0\0\x1cSession open refused by peer", 44,
         SPF_MUX_REFUSED},
        /* what the master itself cannot do or may not, and a text that is longer than its packet */
        {"\0\0\0\x0e\x80\0\0\x03\0\0\0\x01\0\0\0\x02no", 18, SPF_MUX_STRANGE},
        {"\0\0\0\x0e\x80\0\0\x03\0\0\0\x01\0\0\0\x09no", 18, SPF_MUX_STRANGE},
        {"\0\0\0\x0e\x80\0\0\x02\0\0\0\x01\0\0\0\x02no", 18, SPF_MUX_STRANGE},
        {"\0\0\0\x08\x80\0\0\x01\0\0\0\x01", 12, SPF_MUX_STRANGE},
        {"\0\0\0\x04\0\0\0\x01", 8, SPF_MUX_STRANGE},
        {"\xff\xff\xff\xff", 4, SPF_MUX_STRANGE},
    };
    size_t taken;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_int_eq(spf_mux_read(cases[i].bytes, cases[i].len, &taken), cases[i].reply);
        ck_assert(taken == cases[i].len || cases[i].reply == SPF_MUX_STRANGE);
        for (size_t len = 0; len < 4; len++) {
            ck_assert_int_eq(spf_mux_read(cases[i].bytes, len, &taken), SPF_MUX_INCOMPLETE);
            ck_assert_uint_eq(taken, 0);
        }
    }
    ck_assert_int_eq(spf_mux_read(cases[3].bytes, 15, &taken), SPF_MUX_INCOMPLETE);
}
END_TEST

/* Ends of lines, marks and words that are nearly those of ssh: none of them is an event. */
START_TEST(marks_that_are_none)
{
    static const char *const texts[] = {
        WAY "debug4: Authenticated to b\r\n",
        WAY "debug1 Authenticated to b\r\n",
        WAY "debug1:Authenticated to b\r\n",
        WAY "debug1: f():\r\n",
        WAY "debug1: f(): \r\n",
        WAY "debug1: f(): x\r\n",
        WAY "debug1: f(): (pid=100 Authenticated to b\r\n",
        WAY "debug1: f(): (bin=ssh): Authenticated to b\r\n",
        WAY "debug1: f(): (pid=0): Authenticated to b\r\n",
        WAY "debug1: f(): (pid=-7): Authenticated to b\r\n",
        WAY "debug1: Connecting to b port 22.\r\n",
        WAY "debug1: Connecting to b [198.51.100.9 port 22.\r\n",
        WAY "debug1: Connecting to b [1234567890123456789012345678901234567890123456789012345678901"
            "234567890] port 22.\r\n",
        WAY "debug1: Remote protocol version 2.0, and no more\r\n",
        WAY "debug1: Offending key for b\r\n",
        WAY "channel 0\r\n",
        WAY "\r\r\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct spf_tcp_facts facts = {.jump = "b"};

        ck_assert_msg(!spf_jump_read(texts[i], strlen(texts[i]), SPF_JUMP_GOES_ON, &facts), "%s",
                      texts[i]);
        ck_assert_str_eq(facts.jump_address, "198.51.100.9");
        ck_assert_int_eq(facts.outcome, 0);
    }
}
END_TEST

/* More processes, hops and keys than are kept: what is kept stays right. */
START_TEST(more_than_is_kept)
{
    struct spf_tcp_facts facts = {.jump = "a,b,c,d,e,f,g,h,i,j"};
    struct spf_buf text;

    spf_buf_init(&text, 65536);
    for (int pid = 1; pid < 40; pid++) {
        spf_buf_addf(&text, "debug1: ssh.c:f():1 (pid=%d): Reading\r\n", pid);
    }
    /* names no hop, one that is beyond all, or ends where the number would stand */
    spf_buf_addstr(&text, "debug1: ssh.c:f():1 (pid=2): Executing proxy command: nc\r\n"
                          "debug1: ssh.c:f():1 (pid=3): Executing proxy command: "
                          "$SSHPREFLIGHT_HOP_9\r\n"
                          "debug1: ssh.c:f():1 (pid=4): Executing proxy command: "
                          "$SSHPREFLIGHT_HOP_");
    spf_buf_addstr(&text, "\r\n");
    for (int i = 0; i < 30; i++) {
        spf_buf_addf(
            &text,
            "debug1: ssh.c:f():1 (pid=2): Offering public key: /home/me/.ssh/key%d ED25519 "
            "SHA256:x\r\n",
            i);
    }
    spf_buf_addstr(&text, "ssh.c:f():1 (pid=99): lost\r\nno process's\r\n"
                          "ssh.c:f():1 (pid=2): me@a: Permission denied (publickey).\r\n");
    ck_assert(!spf_buf_failed(&text));
    ck_assert(spf_jump_read(text.data, text.len, SPF_JUMP_OVER, &facts));
    ck_assert_int_eq(facts.outcome, SPF_TCP_JUMP_FAILED);
    ck_assert_str_eq(facts.jump_hop, "a");
    ck_assert_str_eq(facts.jump_cause, "auth-key-refused");
    ck_assert(spf_starts_with(facts.jump_keys, "/home/me/.ssh/key0 ED25519 SHA256:x; "));
    ck_assert_uint_lt(strlen(facts.jump_keys), sizeof facts.jump_keys);
    ck_assert_ptr_null(strstr(facts.jump_keys, "key29"));
    spf_buf_clear(&text);
}
END_TEST

/* The hop before the last is refused the next one: by the server's words, as a cause of its own. */
START_TEST(a_hop_that_the_one_before_does_not_reach)
{
    static const struct {
        const char *words, *cause;
    } cases[] = {
        {"connect failed: Connection refused", "port-refused"},
        {"connect failed: Connection timed out", "port-silent"},
        {"connect failed: No route to host", "port-unreachable"},
        {"connect failed: Name or service not known", "host-unresolved"},
        {"administratively prohibited: open failed", "jump-forwarding-refused"},
        {"resource shortage: x", ""},
        {"connect failed: : : ", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_tcp_facts facts = {.jump = "me@a,b,u@c:2200"};
        char text[2000];

        ck_assert(spf_format_whole(text, sizeof text,
                                   CHAIN REACHED(INNER, "a") "channels.c:f():1 (pid=102): channel "
                                                             "0: open failed: %s\r\n",
                                   cases[i].words));
        ck_assert(spf_jump_read(text, strlen(text), SPF_JUMP_OVER, &facts));
        ck_assert_int_eq(facts.outcome, SPF_TCP_JUMP_FAILED);
        ck_assert_str_eq(facts.jump_hop, "me@a");
        ck_assert_str_eq(facts.jump_cause, cases[i].cause);
    }
}
END_TEST

/* Words that no catalogue has: the report repeats them, whoever said them. */
START_TEST(words_without_a_cause)
{
    static const struct {
        const char *text, *error, *cause;
    } cases[] = {
        {"bind 192.0.2.1: Cannot assign requested address\r\nlater words\r\n",
         "bind 192.0.2.1: Cannot assign requested address", ""},
        {WAY "a word of its own\r\n", "a word of its own", ""},
        {WAY "debug1: Server accepts key: k ED25519 SHA256:x\r\n", "", "key-encrypted"},
        {"Stdio forwarding request failed: x\r\n",
         "through the connection that is open there it refuses to forward", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_tcp_facts facts = {.jump = "b"};

        ck_assert(spf_jump_read(cases[i].text, strlen(cases[i].text), SPF_JUMP_OVER, &facts));
        ck_assert_str_eq(facts.error, cases[i].error);
        ck_assert_str_eq(facts.jump_cause, cases[i].cause);
    }
}
END_TEST

/* What a ProxyCommand says on standard error: its last line, or a cause that the catalogue knows.
 */
START_TEST(what_a_proxy_command_says)
{
    static const struct {
        const char *text, *error, *cause;
    } cases[] = {
        {"", "", ""},
        {"\r\n \t\n", "", ""},
        {"first\nlast \r\n\n", "last", ""},
        {"only", "only", ""},
        {"me@b: Permission denied (publickey).\r\n", "me@b: Permission denied (publickey).",
         "auth-key-refused"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_tcp_facts facts = {0};

        spf_proxy_read(cases[i].text, strlen(cases[i].text), &facts);
        ck_assert_str_eq(facts.error, cases[i].error);
        ck_assert_str_eq(facts.jump_cause, cases[i].cause);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {what_ssh_says_becomes_facts,
                                  unknown_key_and_chains,
                                  hostile_words,
                                  a_channel_is_refused_for_a_reason,
                                  the_hop_that_failed_is_named,
                                  what_a_server_says_is_no_event,
                                  a_confirmation_proves_a_connection_or_not,
                                  a_master_says_why_it_was_refused,
                                  a_login_that_stands,
                                  a_control_socket_is_asked,
                                  a_control_socket_answers,
                                  marks_that_are_none,
                                  more_than_is_kept,
                                  a_hop_that_the_one_before_does_not_reach,
                                  words_without_a_cause,
                                  what_a_proxy_command_says,
                                  NULL};

    return unit_main("login_jump", tests);
}
