#include "login_fixture.h"

#include "net/path_mtu.h"

#define GREETING "SSH-2.0-unit\r\n"

/* A connection to a listener, and what a probe of its peer comes to. */
struct stalled {
    struct spf_loop *loop;
    int listener, fd;
    struct spf_flow flow;
    struct spf_path_mtu path;
    bool there;
};

static void done(void *owner)
{
    struct stalled *stalled = owner;

    ck_assert(!stalled->there);
    stalled->there = true;
}

/* 1448 bytes of ours were sent three times, and nobody acknowledged them. */
static void stall(struct stalled *stalled)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    uint16_t port;

    *stalled = (struct stalled){.loop = spf_loop_new(), .listener = listen_somewhere(&port)};
    address.sin_port = htons(port);
    stalled->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(stalled->fd, (struct sockaddr *)&address, sizeof address), 0);
    stalled->flow = (struct spf_flow){.known = true,
                                      .unacked = 1448,
                                      .retransmissions = 2,
                                      .headers = 52,
                                      .mss_out = 1448,
                                      .mss_offered = 1448};
}

static struct spf_path_probe *probe(struct stalled *stalled)
{
    return spf_path_probe_new(stalled->loop, stalled->fd, &stalled->flow, GREETING,
                              strlen(GREETING), &stalled->path, done, stalled);
}

static void wait_for_it(struct stalled *stalled)
{
    struct spf_path_probe *measuring = probe(stalled);

    ck_assert_ptr_nonnull(measuring);
    for (int64_t end = spf_now_ms() + UNIT_HANGS_MS; !stalled->there && spf_now_ms() < end;) {
        ck_assert_int_eq(spf_loop_turn(stalled->loop, end).code, SPF_OK);
    }
    ck_assert(stalled->there);
    spf_path_probe_free(measuring);
}

static void clear(struct stalled *stalled)
{
    if (stalled->listener >= 0) {
        (void)close(stalled->listener);
    }
    (void)close(stalled->fd);
    spf_loop_free(stalled->loop);
}

/* Loopback acknowledges segments of every size. */
START_TEST(every_size_passes)
{
    struct stalled stalled;

    stall(&stalled);
    wait_for_it(&stalled);
    ck_assert_int_eq(stalled.path.outcome, SPF_PATH_FINE);
    ck_assert_int_eq(stalled.path.probes, 1);
    ck_assert_str_eq(stalled.path.interface, "lo");
    clear(&stalled);
}
END_TEST

/* Loopback refuses before connect(2) returns: then there is nothing to wait for. */
START_TEST(no_new_connection)
{
    struct stalled stalled;

    stall(&stalled);
    (void)close(stalled.listener);
    stalled.listener = -1;
    ck_assert_ptr_null(probe(&stalled));
    ck_assert_int_eq(stalled.path.outcome, SPF_PATH_UNTRIED);
    clear(&stalled);
}
END_TEST

/* A server that never sends: nothing of the size of packets to us can be said. */
START_TEST(nothing_comes)
{
    struct stalled stalled;

    stall(&stalled);
    stalled.flow.unacked = 0;
    wait_for_it(&stalled);
    ck_assert(stalled.path.inwards);
    ck_assert_int_eq(stalled.path.outcome, SPF_PATH_CLOSED);
    clear(&stalled);
}
END_TEST

/* Each has nothing that a new connection could tell. */
START_TEST(not_worth_a_connection)
{
    static const struct spf_flow flows[] = {
        {.known = false, .unacked = 1448, .retransmissions = 2, .headers = 52, .mss_out = 1448},
        {.known = true, .unacked = 1448, .headers = 52, .mss_out = 1448},
        {.known = true, .unacked = 500, .retransmissions = 2, .headers = 52, .mss_out = 1448},
        {.known = true, .unacked = 32768, .retransmissions = 2, .headers = 52, .mss_out = 32768},
        {.known = true, .headers = 52, .mss_offered = 500},
    };
    struct stalled stalled;

    stall(&stalled);
    for (size_t i = 0; i < sizeof flows / sizeof *flows; i++) {
        stalled.flow = flows[i];
        ck_assert_msg(probe(&stalled) == NULL, "%zu", i);
        ck_assert_int_eq(stalled.path.outcome, SPF_PATH_UNTRIED);
    }
    clear(&stalled);
}
END_TEST

/* Who goes away before the end is not called back. */
START_TEST(freed_under_way)
{
    struct stalled stalled;

    stall(&stalled);
    spf_path_probe_free(probe(&stalled));
    ck_assert(!stalled.there);
    clear(&stalled);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {every_size_passes,      no_new_connection, nothing_comes,
                                  not_worth_a_connection, freed_under_way,   NULL};

    return unit_main("net path_mtu", tests);
}
