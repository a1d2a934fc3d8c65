#include "login_fixture.h"

/* libssh's capture knows IPv4 only; the placeholder socket makes it work all the same. */
START_TEST(over_ipv6)
{
    struct place place;
    struct talk talk;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool have_ipv6 = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;

    if (fd >= 0) {
        (void)close(fd);
    }
    if (!have_ipv6) {
        (void)printf("skipped: this machine has no ::1\n");
        return;
    }
    place_open(&place);
    run("ssh-keygen -q -t ed25519 -N '' -f %s/key", place.dir);
    run("cp %s/key.pub %s/authorized_keys", place.dir, place.dir);
    start_sshd(&place, "ListenAddress ::1");
    talk_open(&talk, &place, "[::1]", place.port);
    talk_use_key(&talk, &place, "key");
    ask_up_to(&talk, SPF_GROUP_SESSION);
    ck_assert_str_eq(talk.facts.tcp->address, "::1");
    ck_assert_int_eq(talk.facts.session->outcome, SPF_ECHO_BACK);
    ck_assert(talk.facts.session->options_seen);
    talk_close(&talk);
    place_close(&place);
}
END_TEST

int main(void)
{
    return unit_main("login over IPv6", (const TTest *const[]){over_ipv6, NULL});
}
