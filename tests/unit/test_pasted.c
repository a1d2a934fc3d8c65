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
        /* -W and -J: what the jump host says of the target, or of forwarding as such */
        {"channel 0: open failed: administratively prohibited: open failed\n"
         "stdio forwarding failed\n"
         "kex_exchange_identification: Connection closed by remote host\n"
         "Connection closed by UNKNOWN port 65535",
         SPF_JUMP_FORWARDING_REFUSED, 0},
        {"channel 0: open failed: administratively prohibited: open failed", SPF_NO_FINDING,
         SPF_JUMP_FORWARDING_REFUSED},
        {"channel 0: open failed: connect failed: Connection refused\nstdio forwarding failed",
         SPF_PORT_REFUSED, 0},
        {"channel 0: open failed: connect failed: Name or service not known\n"
         "stdio forwarding failed",
         SPF_HOST_UNRESOLVED, 0},
        {"channel 0: open failed: connect failed: open failed", SPF_SESSION_REFUSED, 0},
        {"PTY allocation request failed on channel 0", SPF_SESSION_NO_PTY, 0},
        {"PTY allocation request failed on channel 0\nConnection to 127.0.0.1 closed.",
         SPF_SESSION_NO_PTY, 0},
        {"PTY allocation request failed on channel 0\nshell request failed on channel 0",
         SPF_SESSION_REFUSED, 0},
        {"Server refused to allocate pty", SPF_SESSION_NO_PTY, 0},
        {"Server refused our key", SPF_AUTH_KEY_REFUSED, SPF_KEY_PAIR_DIFFERENT},
        {"2026-11-22 20:00:00\tServer refused our key", SPF_AUTH_KEY_REFUSED,
         SPF_KEY_PAIR_DIFFERENT},
        {"Using username \"root\".\nServer refused our key\nroot@h's password:",
         SPF_AUTH_KEY_REFUSED, SPF_KEY_PAIR_DIFFERENT},
        {"Server refused public-key signature despite accepting key!", SPF_AUTH_LOGIN_REFUSED, 0},
        {"root@h's password:", SPF_NO_FINDING, SPF_KEY_PAIR_DIFFERENT},
        {"Bad owner or permissions on /home/u/.ssh/config", SPF_SSH_CONFIG_REFUSED, 0},
        {"/home/u/.ssh/config: line 1: Bad configuration option: foo", SPF_SSH_CONFIG_REFUSED, 0},
        {"/home/u/.ssh/config: terminating, 1 bad configuration options", SPF_SSH_CONFIG_REFUSED,
         0},
        {"sign_and_send_pubkey: signing failed for ED25519 \"k\" from agent: agent refused "
         "operation",
         SPF_AGENT_REFUSED_TO_SIGN, 0},
        {"sign_and_send_pubkey: signing failed for ED25519 \"k\" from agent: agent refused "
         "operation\nroot@h: Permission denied (publickey).",
         SPF_AGENT_REFUSED_TO_SIGN, 0},
        {"sign_and_send_pubkey: no mutual signature supported", SPF_AUTH_ALGORITHM_REFUSED, 0},
        {"debug1: send_pubkey_test: no mutual signature algorithm", SPF_AUTH_ALGORITHM_REFUSED, 0},
        {"Couldn't load private key (unable to open file)", SPF_KEY_MISSING, 0},
        {"Couldn't load private key (PuTTY key format too new)", SPF_KEY_PPK_VERSION_NEW, 0},
        {"Couldn't load this key (OpenSSH SSH-2 private key (new format))", SPF_PUTTY_NEEDS_PPK, 0},
        {"Unable to load key file \"four.ppk\" (PuTTY key format too new)", SPF_KEY_PPK_VERSION_NEW,
         0},
        {"Unable to load key file \"k.ppk\" (wrong passphrase)", SPF_KEY_PASSPHRASE_WRONG, 0},
        {"Unable to use key file \"k.pem\" (not a recognised key file format)", SPF_NO_FINDING,
         SPF_PUTTY_NEEDS_PPK},
        {"Unable to use key file \"k.pem\" (OpenSSH SSH-2 private key (new format))\n"
         "FATAL ERROR: Cannot answer interactive prompts in batch mode",
         SPF_PUTTY_NEEDS_PPK, 0},
        {"FATAL ERROR: Cannot answer interactive prompts in batch mode", SPF_NO_FINDING,
         SPF_AUTH_PUBLICKEY_DISABLED},
        {"It is required that your private key files are NOT accessible by others.",
         SPF_KEY_MODE_TOO_OPEN, 0},
        {"Load key \"k\": bad permissions", SPF_KEY_MODE_TOO_OPEN, 0},
        {"Permissions for 'k.pem' are too open.", SPF_KEY_MODE_TOO_OPEN, 0}, /* on Windows */
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

/* A key that is refused is not the end: the next one may be taken. */
START_TEST(later_key_may_be_taken)
{
    ck_assert(reads("Server refused our key\nOffer of public key accepted\nAccess granted"));
    ck_assert(pasted.logged_in);
    ck_assert(reads("sign_and_send_pubkey: no mutual signature supported\n"
                    "Authenticated to h ([127.0.0.1]:22) using \"publickey\"."));
    ck_assert(pasted.logged_in);
}
END_TEST

/* As PowerShell's > writes it, with and without a byte order mark, in either order. */
START_TEST(text_in_utf16)
{
    static const char said[] = "ssh : root@\xfc: Permission denied (publickey).\r\n"
                               "Load key \"k\": bad permissions\r\n";
    char wide[2 * sizeof said + 2];

    for (int big = 0; big < 2; big++) {
        for (size_t mark = 0; mark < 2; mark++) {
            size_t len = 0;

            if (mark != 0) {
                wide[len++] = (char)(big ? 0xfe : 0xff);
                wide[len++] = (char)(big ? 0xff : 0xfe);
            }
            for (size_t i = 0; i < sizeof said - 1; i++) {
                wide[len + (size_t)big] = said[i];
                wide[len + (size_t)!big] = '\0';
                len += 2;
            }
            ck_assert(spf_pasted_read(wide, len - 1, &pasted)); /* cut in a character, too */
            ck_assert_int_eq(pasted.cause, SPF_KEY_MODE_TOO_OPEN);
            ck_assert_str_eq(pasted.line, "Load key \"k\": bad permissions");
            ck_assert(spf_pasted_read(wide, 98, &pasted));
            ck_assert_str_eq(pasted.line, "ssh : root@\xc3\xbc: Permission denied (publickey).");
        }
    }
    ck_assert(!spf_pasted_read("\xff\xfe", 2, &pasted));
    ck_assert(!spf_pasted_read("\xff", 1, &pasted));
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
                                  later_key_may_be_taken,
                                  text_in_utf16,
                                  hostile_input,
                                  NULL};

    return unit_main("pasted", tests);
}
