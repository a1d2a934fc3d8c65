#include "login_fixture.h"

/* Servers other than OpenSSH's, where they are installed; and sshd over IPv6. */

static void make_key(const struct place *place, const char *kind)
{
    run("ssh-keygen -q -t %s -N '' -f %s/%s && cat %s/%s.pub >> %s/authorized_keys", kind,
        place->dir, kind, place->dir, kind, place->dir);
}

static bool installed(const char *path)
{
    if (access(path, X_OK) == 0)
        return true;
    (void)printf("skipped: there is no %s\n", path);
    return false;
}

static uint16_t free_port(void)
{
    uint16_t port;

    (void)close(listen_somewhere(&port));
    return port;
}

/* Dropbear 2022 takes authorized_keys from the user's home only, so the query is refused here. */
START_TEST(dropbear)
{
    struct place place;
    struct talk talk;
    char *port, *host;

    if (!installed("/usr/sbin/dropbear") || !installed("/usr/bin/dropbearkey"))
        return;
    place_open(&place);
    make_key(&place, "rsa");
    place.port = free_port();
    port = text_of("127.0.0.1:%u", (unsigned)place.port);
    host = text_of("%s/host", place.dir);
    run("dropbearkey -t ed25519 -f %s >/dev/null 2>&1", host);
    place.server = fork();
    if (place.server == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGTERM, SIG_DFL);
        (void)execl("/usr/sbin/dropbear", "dropbear", "-F", "-E", "-s", "-r", host, "-p", port,
                    (char *)NULL);
        _exit(127);
    }
    wait_for_port(place.port);

    talk_open(&talk, &place, "127.0.0.1", place.port);
    talk_use_key(&talk, &place, "rsa");
    ask_up_to(&talk, SPF_GROUP_QUERY);
    ck_assert_ptr_nonnull(strstr(talk.facts.identification.software, "dropbear"));
    ck_assert_int_eq(talk.facts.handshake.outcome, SPF_SHAKE_DONE);
    ck_assert_int_eq(talk.facts.query.outcome, SPF_AUTH_REFUSED);
    ck_assert_str_eq(talk.facts.query.methods, "publickey");
    ck_assert_ptr_nonnull(strstr(talk.facts.query.algorithm, "rsa-sha2-"));
    talk_close(&talk);
    free(port);
    free(host);
    place_close(&place);
}
END_TEST

/* TinySSH speaks on its standard input: it knows Ed25519 only. */
START_TEST(tinyssh)
{
    static const char *const kinds[] = {"ed25519", "rsa"};
    struct place place;

    if (!installed("/usr/sbin/tinysshd") || !installed("/usr/sbin/tinysshd-makekey"))
        return;
    place_open(&place);
    run("tinysshd-makekey -q %s/keys", place.dir);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int listener = listen_somewhere(&place.port);
        struct talk talk;

        make_key(&place, kinds[i]);
        place.server = fork();
        if (place.server == 0) {
            char *keys = text_of("%s/keys", place.dir);
            int fd = accept(listener, NULL, NULL);

            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            (void)signal(SIGTERM, SIG_DFL);
            (void)dup2(fd, 0);
            (void)dup2(fd, 1);
            (void)execl("/usr/sbin/tinysshd", "tinysshd", "-q", keys, (char *)NULL);
            _exit(127);
        }
        (void)close(listener);
        talk_open(&talk, &place, "127.0.0.1", place.port);
        talk_use_key(&talk, &place, kinds[i]);
        ask_up_to(&talk, SPF_GROUP_QUERY);
        ck_assert_ptr_nonnull(strstr(talk.facts.identification.software, "tinyssh"));
        ck_assert_int_eq(talk.facts.handshake.outcome, SPF_SHAKE_DONE);
        if (i == 0) {
            /* it says yes to any key of its kind, and judges only the signature */
            ck_assert_int_eq(talk.facts.query.outcome, SPF_AUTH_ACCEPTED);
            ask(&talk, SPF_GROUP_SIGNATURE);
            ck_assert_int_eq(talk.facts.signature.outcome, SPF_AUTH_REFUSED);
        } else {
            ck_assert_int_eq(talk.facts.query.outcome, SPF_AUTH_LOCAL_REFUSAL);
        }
        talk_close(&talk);
        (void)kill(place.server, SIGTERM);
        (void)waitpid(place.server, NULL, 0);
        place.server = 0;
    }
    place_close(&place);
}
END_TEST

/* libssh's capture knows IPv4 only; the stand-in makes it work all the same. */
START_TEST(over_ipv6)
{
    struct place place;
    struct talk talk;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool have_ipv6 = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;

    if (fd >= 0)
        (void)close(fd);
    if (!have_ipv6) {
        (void)printf("skipped: this machine has no ::1\n");
        return;
    }
    place_open(&place);
    make_key(&place, "ed25519");
    start_sshd(&place, "ListenAddress ::1");
    talk_open(&talk, &place, "[::1]", place.port);
    talk_use_key(&talk, &place, "ed25519");
    ask_up_to(&talk, SPF_GROUP_SESSION);
    ck_assert_str_eq(talk.facts.tcp.address, "::1");
    ck_assert(talk.facts.signature.capture);
    ck_assert_int_eq(talk.facts.session.outcome, SPF_ECHO_BACK);
    ck_assert(talk.facts.session.options_seen);
    talk_close(&talk);
    place_close(&place);
}
END_TEST

int main(void)
{
    return unit_main("login servers", (const TTest *const[]){dropbear, tinyssh, over_ipv6, NULL});
}
