#include "unit.h"

#include "diagnosis/pasted.h"

static struct spf_pasted pasted;

static bool reads(const char *text)
{
    return spf_pasted_read(text, strlen(text), &pasted);
}

static bool suggests(enum spf_finding cause)
{
    for (size_t i = 0; i < pasted.count; i++) {
        if (pasted.candidates[i] == cause)
            return true;
    }
    return false;
}

/* Lines as the clients of Debian 12 and their predecessors print them. */
START_TEST(one_line_names_its_cause)
{
    static const struct {
        const char *text;
        enum spf_finding cause;     /* or SPF_NO_FINDING, */
        enum spf_finding candidate; /* and then the first of them */
    } cases[] = {
        {"ssh: Could not resolve hostname nowhere: Name or service not known", SPF_HOST_UNRESOLVED,
         0},
        {"ssh: connect to host 203.0.113.9 port 22: Connection timed out", SPF_PORT_SILENT,
         SPF_SG_NO_RULE},
        {"ssh: connect to host 203.0.113.9 port 22: Operation timed out\r", SPF_PORT_SILENT,
         SPF_SG_NO_RULE},
        {"ssh: connect to host h port 22: Connection refused", SPF_PORT_REFUSED, 0},
        {"ssh: connect to host h port 22: No route to host", SPF_PORT_UNREACHABLE, 0},
        {"ssh: connect to host h port 22: Permission denied", SPF_PORT_UNREACHABLE, 0},
        {"Connection timed out during banner exchange\n"
         "Connection to 127.0.0.1 port 2222 timed out",
         SPF_SSH_SILENT, 0},
        {"kex_exchange_identification: read: Connection reset by peer\n"
         "Connection reset by 127.0.0.1 port 22",
         SPF_NO_FINDING, SPF_SSH_CLOSED_EARLY},
        {"debug1: kex_exchange_identification: banner line 0: Exceeded MaxStartups\n"
         "kex_exchange_identification: Connection closed by remote host",
         SPF_SSH_BUSY, 0},
        {"Protocol major versions differ: 2 vs. 1", SPF_SSH_TOO_OLD, 0},
        {"Unable to negotiate with 10.0.0.1 port 22: no matching host key type found. Their offer: "
         "ssh-rsa",
         SPF_HANDSHAKE_NO_COMMON_HOST_KEY, 0},
        {"Unable to negotiate with 10.0.0.1 port 22: no matching cipher found. Their offer: "
         "aes128-cbc",
         SPF_HANDSHAKE_NO_COMMON_CIPHER, 0},
        {"Host key verification failed.", SPF_NO_FINDING, SPF_HOST_KEY_UNKNOWN},
        {"@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n"
         "Host key verification failed.",
         SPF_HOST_KEY_CHANGED, SPF_HOST_KEY_REBUILT},
        {"root@h: Permission denied (publickey).", SPF_NO_FINDING, SPF_KEY_PAIR_DIFFERENT},
        {"root@h: Permission denied (password,keyboard-interactive).", SPF_NO_FINDING,
         SPF_AUTH_PUBLICKEY_DISABLED},
        {"root@h: Permission denied (gssapi-keyex,publickey).", SPF_NO_FINDING,
         SPF_KEY_PAIR_DIFFERENT},
        {"Load key \"k\": error in libcrypto\nroot@h: Permission denied (publickey).",
         SPF_NO_FINDING, SPF_KEY_NO_FINAL_NEWLINE},
        {"Permissions 0644 for 'k' are too open.\nLoad key \"k\": bad permissions\n"
         "root@h: Permission denied (publickey).",
         SPF_KEY_MODE_TOO_OPEN, 0},
        {"Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures\n"
         "Disconnected from 10.0.0.1 port 22",
         SPF_AUTH_TOO_MANY, SPF_AGENT_KEYS_TOO_MANY},
        {"Please login as the user \"ecs-user\" rather than the user \"root\".",
         SPF_SESSION_OTHER_USER, 0},
        {"Connection closed by 10.0.0.1 port 22", SPF_NO_FINDING, SPF_HANDSHAKE_FAILED},
        {"FATAL ERROR: Network error: Connection refused", SPF_PORT_REFUSED, 0},
        {"Using username \"root\".\nServer refused our key\n"
         "FATAL ERROR: No supported authentication methods available (server sent: publickey)",
         SPF_AUTH_KEY_REFUSED, SPF_KEY_PAIR_DIFFERENT},
        {"FATAL ERROR: No supported authentication methods available (server sent: password)",
         SPF_NO_FINDING, SPF_AUTH_PUBLICKEY_DISABLED},
        {"FATAL ERROR: Couldn't agree a host key algorithm (available: ssh-dss)",
         SPF_HANDSHAKE_NO_COMMON_HOST_KEY, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_msg(reads(cases[i].text), "%s: not known", cases[i].text);
        ck_assert_msg(pasted.cause == cases[i].cause, "%s: %s", cases[i].text,
                      pasted.cause != SPF_NO_FINDING ? spf_findings[pasted.cause].id : "no cause");
        ck_assert_msg(pasted.candidates[0] == cases[i].candidate, "%s: first %d", cases[i].text,
                      (int)pasted.candidates[0]);
        ck_assert(!pasted.logged_in);
        ck_assert_str_ne(pasted.line, "");
    }
}
END_TEST

/* With -v the clients say how far it had come, and "Permission denied" falls apart. */
START_TEST(verbose_output_tells_refusals_apart)
{
#define OFFER                                                \
    "debug1: Authentications that can continue: publickey\n" \
    "debug1: Offering public key: k ED25519 SHA256:x explicit\n"
    static const struct {
        const char *text;
        enum spf_finding cause;
    } cases[] = {
        {OFFER "debug1: Authentications that can continue: publickey\n"
               "root@h: Permission denied (publickey).",
         SPF_AUTH_KEY_REFUSED},
        {OFFER "debug1: Server accepts key: k ED25519 SHA256:x explicit\n"
               "root@h: Permission denied (publickey).",
         SPF_AUTH_LOGIN_REFUSED},
        /* TinySSH accepts any key of its kind until it is to be used */
        {"debug1: Remote protocol version 2.0, remote software version tinyssh_20230101-1\n" OFFER
         "debug1: Server accepts key: k ED25519 SHA256:x explicit\n"
         "root@h: Permission denied (publickey).",
         SPF_AUTH_KEY_REFUSED},
        {OFFER "Authenticated using \"publickey\" with partial success.\n"
               "debug1: Authentications that can continue: password\n"
               "root@h: Permission denied (password).",
         SPF_AUTH_SECOND_FACTOR},
        {"debug1: Authentications that can continue: password,keyboard-interactive\n"
         "root@h: Permission denied (password,keyboard-interactive).",
         SPF_AUTH_PUBLICKEY_DISABLED},
        {OFFER "sign_and_send_pubkey: no mutual signature supported\n"
               "root@h: Permission denied (publickey).",
         SPF_AUTH_ALGORITHM_REFUSED},
        {"debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2\n"
         "Connection closed by 10.0.0.1 port 22",
         SPF_HANDSHAKE_FAILED},
        {"debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2\n" OFFER
         "Connection closed by 10.0.0.1 port 22",
         SPF_AUTH_DISCONNECTED},
        {"debug1: Offering public key: a ED25519 SHA256:x agent\n"
         "debug1: Offering public key: b ED25519 SHA256:y agent\n"
         "Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures",
         SPF_AGENT_KEYS_TOO_MANY},
        {OFFER "Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures",
         SPF_AUTH_KEY_REFUSED},
        {OFFER "debug1: Server accepts key: k ED25519 SHA256:x explicit\n"
               "Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures",
         SPF_AUTH_LOGIN_REFUSED},
        /* the first address did not answer, the second let us in and refused the key */
        {"debug1: Connecting to h [::1] port 22.\n"
         "debug1: connect to address ::1 port 22: Connection refused\n"
         "debug1: Connecting to h [127.0.0.1] port 22.\n" OFFER
         "root@h: Permission denied (publickey).",
         SPF_AUTH_KEY_REFUSED},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_msg(reads(cases[i].text), "%s: not known", cases[i].text);
        ck_assert_msg(pasted.cause == cases[i].cause, "%s: %s", cases[i].text,
                      pasted.cause != SPF_NO_FINDING ? spf_findings[pasted.cause].id : "no cause");
    }
}
END_TEST

START_TEST(bare_denial_is_never_certain)
{
    ck_assert(reads("root@h: Permission denied (publickey)."));
    ck_assert_int_eq(pasted.cause, SPF_NO_FINDING);
    ck_assert(suggests(SPF_AUTH_LOGIN_REFUSED));
    ck_assert(suggests(SPF_USER_NOT_OF_IMAGE));
    ck_assert(suggests(SPF_KEY_ENCRYPTED));
}
END_TEST

START_TEST(login_that_worked)
{
    ck_assert(reads("Authenticated to h ([127.0.0.1]:22) using \"publickey\"."));
    ck_assert(pasted.logged_in);
    ck_assert_int_eq(pasted.cause, SPF_NO_FINDING);
    ck_assert(reads("Authenticated to h ([127.0.0.1]:22) using \"publickey\".\n"
                    "This account is currently not available."));
    ck_assert(!pasted.logged_in);
    ck_assert_int_eq(pasted.cause, SPF_SESSION_NO_SHELL);
}
END_TEST

START_TEST(hostile_input)
{
    static char huge[3 * 1024 * 1024];

    ck_assert(!reads(""));
    ck_assert(!reads("\n\r\n\r"));
    ck_assert(!reads("good morning"));
    memset(huge, 'x', sizeof huge);
    ck_assert(!spf_pasted_read(huge, sizeof huge, &pasted));
    memset(huge, '\0', sizeof huge);
    memcpy(huge + 1000, "Exceeded MaxStartups", 20);
    ck_assert(spf_pasted_read(huge, sizeof huge, &pasted));
    ck_assert_int_eq(pasted.cause, SPF_SSH_BUSY);
    ck_assert(reads("\x1b]0;x\x07 h: Permission denied (publickey).\x1b[2J"));
    ck_assert(strchr(pasted.line, '\x1b') == NULL);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {one_line_names_its_cause,
                                  verbose_output_tells_refusals_apart,
                                  bare_denial_is_never_certain,
                                  login_that_worked,
                                  hostile_input,
                                  NULL};

    return unit_main("pasted", tests);
}
