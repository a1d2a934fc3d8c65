#include "login_fixture.h"

#include "net/dial.h"

struct call {
    struct spf_loop *loop;
    struct spf_tcp_facts facts;
    bool there;
    int fd;
    struct spf_failure failure;
};

static void done(void *owner, int fd, const struct spf_failure *failure)
{
    struct call *call = owner;

    ck_assert(!call->there);
    call->there = true;
    call->fd = fd;
    if (failure != NULL) {
        call->failure = *failure;
    }
}

static void dial(struct call *call, const char *host, uint16_t port, int family,
                 unsigned timeout_ms, bool hurry)
{
    struct spf_destination destination = {
        .host = host, .port = port, .family = family, .timeout_ms = timeout_ms};
    struct spf_dial *dial;

    *call = (struct call){.loop = spf_loop_new(), .fd = -1};
    dial = spf_dial_new(call->loop, &destination, &call->facts, done, call);
    ck_assert_ptr_nonnull(dial);
    if (hurry) {
        spf_dial_expect_silence(dial);
    }
    for (int64_t end = spf_now_ms() + UNIT_HANGS_MS; !call->there && spf_now_ms() < end;) {
        ck_assert_int_eq(spf_loop_turn(call->loop, end).code, SPF_OK);
    }
    ck_assert(call->there);
    ck_assert_int_eq(call->failure.cause, SPF_NO_FINDING);
    spf_dial_free(dial);
}

static void hang_up(struct call *call)
{
    if (call->fd >= 0) {
        (void)close(call->fd);
    }
    spf_shape_clear(&spf_tcp_shape, &call->facts);
    spf_loop_free(call->loop);
}

START_TEST(open_and_refused)
{
    struct call call;
    uint16_t port;
    int listener = listen_somewhere(&port);

    dial(&call, "127.0.0.1", port, 0, 60000, false);
    ck_assert_int_eq(call.facts.outcome, SPF_TCP_OPEN);
    ck_assert_str_eq(call.facts.address, "127.0.0.1");
    ck_assert_str_eq(call.facts.own_address, "127.0.0.1");
    ck_assert_int_ge(call.fd, 0);
    hang_up(&call);

    (void)close(listener);
    dial(&call, "127.0.0.1", port, 0, 60000, false);
    ck_assert_int_eq(call.facts.outcome, SPF_TCP_REFUSED);
    ck_assert_str_eq(call.facts.error, "Connection refused");
    ck_assert_int_eq(call.fd, -1);
    ck_assert_int_lt(call.facts.elapsed_ms, 60000);
    hang_up(&call);
}
END_TEST

START_TEST(silent)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    struct call call;
    uint16_t port;
    int listener = listen_somewhere(&port);
    int filler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    /* A queue of one that is full: Linux then drops further SYNs. */
    ck_assert_int_eq(listen(listener, 0), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    ck_assert_int_eq(connect(filler, (struct sockaddr *)&address, len), 0);

    dial(&call, "127.0.0.1", port, 0, 700, false);
    ck_assert_int_eq(call.facts.outcome, SPF_TCP_SILENT);
    ck_assert_int_ge(call.facts.elapsed_ms, 690);
    ck_assert(!call.facts.cut_short);
    hang_up(&call);

    dial(&call, "127.0.0.1", port, 0, 150000, true);
    ck_assert_int_eq(call.facts.outcome, SPF_TCP_SILENT);
    ck_assert(call.facts.cut_short);
    ck_assert_int_ge(call.facts.elapsed_ms, SPF_DIAL_SHORT_MS - 10);
    ck_assert_int_lt(call.facts.elapsed_ms, 150000);
    hang_up(&call);
    (void)close(filler);
    (void)close(listener);
}
END_TEST

START_TEST(names_and_literals)
{
    struct call call;
    uint16_t port;
    int listener = listen_somewhere(&port); /* IPv4 only */

    dial(&call, "localhost", port, 0, 60000, false);
    ck_assert_str_eq(call.facts.name, "localhost");
    if (call.facts.outcome != SPF_TCP_UNRESOLVED || access("/etc/hosts", R_OK) == 0) {
        ck_assert_int_eq(call.facts.outcome, SPF_TCP_OPEN);
        ck_assert_str_eq(call.facts.address, "127.0.0.1");
    } /* else: a bare root of debootstrap knows no names at all */
    hang_up(&call);

    /* A label of 64 letters fits into no question to a name server: none is sent. */
    dial(&call, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.invalid", port, 0,
         5000, false);
    ck_assert_int_eq(call.facts.outcome, SPF_TCP_UNRESOLVED);
    ck_assert_str_ne(call.facts.error, "");
    hang_up(&call);

    dial(&call, "127.0.0.1", port, 6, 5000, false);
    ck_assert_int_eq(call.facts.outcome, SPF_TCP_UNRESOLVED);
    hang_up(&call);

    dial(&call, "[::1]", port, 0, 60000, false);
    ck_assert_str_eq(call.facts.address, "::1");
    ck_assert_int_ne(call.facts.outcome, SPF_TCP_OPEN);
    hang_up(&call);

    dial(&call, "::1%lo", port, 0, 60000, false);
    ck_assert_int_ne(call.facts.outcome, SPF_TCP_OPEN);
    hang_up(&call);
    (void)close(listener);
}
END_TEST

START_TEST(given_up)
{
    for (int turns = 0; turns < 3; turns++) {
        struct spf_destination destination = {.host = "localhost", .port = 1, .timeout_ms = 5000};
        struct call call = {.loop = spf_loop_new()};
        struct spf_dial *dial = spf_dial_new(call.loop, &destination, &call.facts, done, &call);

        for (int i = 0; i < turns; i++) {
            ck_assert_int_eq(spf_loop_turn(call.loop, spf_now_ms() + 5).code, SPF_OK);
        }
        spf_dial_free(dial);
        hang_up(&call);
    }
}
END_TEST

int main(void)
{
    return unit_main("net dial", (const TTest *const[]){open_and_refused, silent,
                                                        names_and_literals, given_up, NULL});
}
