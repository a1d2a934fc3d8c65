#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/wire.h"
#include "key/agent.h"
#include "login/agent_proxy.h"
#include "unit.h"

/* The agent that libssh is shown: what it is asked, and what the real one answers. */

#define SHOWN "AAAABXNob3du" /* the strings "shown" and "held" */
#define HELD  "AAAABGhlbGQ="

static const uint8_t shown_blob[] = {0, 0, 0, 5, 's', 'h', 'o', 'w', 'n'};
static const uint8_t held_blob[] = {0, 0, 0, 4, 'h', 'e', 'l', 'd'};

struct bench {
    char dir[64], path[100];
    struct spf_loop *loop;
    struct spf_agent_proxy *proxy;
    int visitor, listener, agent; /* the real agent's ends, and what it accepted */
};

static void bench_open(struct bench *bench, bool listens)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    *bench = (struct bench){.dir = "/tmp/agent-XXXXXX", .listener = -1, .agent = -1};
    ck_assert_ptr_nonnull(mkdtemp(bench->dir));
    (void)snprintf(bench->path, sizeof bench->path, "%s/agent", bench->dir);
    (void)memcpy(at.sun_path, bench->path, strlen(bench->path) + 1);
    if (listens) {
        bench->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(bind(bench->listener, (struct sockaddr *)&at, sizeof at), 0);
        ck_assert_int_eq(listen(bench->listener, 4), 0);
    }
    bench->loop = spf_loop_new();
    bench->proxy = spf_agent_proxy_new(bench->loop, bench->path, SHOWN, HELD);
    ck_assert_ptr_nonnull(bench->proxy);
    bench->visitor = spf_agent_proxy_take(bench->proxy);
    ck_assert_int_ge(bench->visitor, 0);
}

static void bench_close(struct bench *bench)
{
    spf_agent_proxy_free(bench->proxy);
    spf_loop_free(bench->loop);
    for (int *fd = &bench->visitor; fd <= &bench->agent; fd++) {
        if (*fd >= 0) {
            (void)close(*fd);
        }
    }
    (void)unlink(bench->path);
    (void)rmdir(bench->dir);
}

/* All that waits is done; nothing more is to come by itself. */
static void turn(struct bench *bench)
{
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(spf_loop_turn(bench->loop, spf_now_ms()).code, SPF_OK);
    }
}

static void say(int fd, const void *bytes, size_t len)
{
    ck_assert_int_eq(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* What has come by now, of at most size bytes; -1: nothing; 0: the end. */
static ssize_t heard(int fd, uint8_t *bytes, size_t size)
{
    return recv(fd, bytes, size, MSG_DONTWAIT);
}

/* A request to sign "data" with the key of this blob. Returns its length. */
static size_t sign_request(uint8_t *out, const uint8_t *blob, size_t len)
{
    const size_t body = 1 + 4 + len + 4 + 4 + 4;
    size_t at = 0;

    (void)memset(out, 0, 3);
    at = 3;
    out[at++] = (uint8_t)body;
    out[at++] = SPF_AGENT_SIGN_REQUEST;
    (void)memset(out + at, 0, 3);
    out[at + 3] = (uint8_t)len;
    (void)memcpy(out + at + 4, blob, len);
    at += 4 + len;
    (void)memcpy(out + at, "\0\0\0\4data\0\0\0\4", 12);
    return at + 12;
}

static void expect_failure(struct bench *bench)
{
    static const uint8_t failure[] = {0, 0, 0, 1, SPF_AGENT_FAILURE};
    uint8_t bytes[64];

    ck_assert_int_eq(heard(bench->visitor, bytes, sizeof bytes), (ssize_t)sizeof failure);
    ck_assert_mem_eq(bytes, failure, sizeof failure);
    ck_assert(spf_agent_proxy_answered(bench->proxy));
}

START_TEST(it_lists_the_one_key)
{
    static const uint8_t request[] = {0, 0, 0, 1, SPF_AGENT_REQUEST_IDENTITIES};
    uint8_t bytes[64];
    struct bench bench;

    bench_open(&bench, false);
    say(bench.visitor, request, 2); /* in two pieces */
    turn(&bench);
    ck_assert_int_eq(heard(bench.visitor, bytes, sizeof bytes), -1);
    say(bench.visitor, request + 2, sizeof request - 2);
    turn(&bench);
    ck_assert_int_eq(heard(bench.visitor, bytes, sizeof bytes),
                     4 + 1 + 4 + 4 + (ssize_t)sizeof shown_blob + 4);
    ck_assert_int_eq(bytes[4], SPF_AGENT_IDENTITIES_ANSWER);
    ck_assert_mem_eq(bytes + 13, shown_blob, sizeof shown_blob);
    ck_assert(!spf_agent_proxy_answered(bench.proxy));
    bench_close(&bench);
}
END_TEST

/* Anything else than the one key's signature is refused, and the real agent gets nothing of it. */
START_TEST(other_requests_are_refused)
{
    uint8_t other[64];
    const size_t other_len = sign_request(other, held_blob, sizeof held_blob);
    const struct {
        const void *bytes;
        size_t len;
    } cases[] = {
        {"\0\0\0\1\23", 5},                 /* REMOVE_ALL_IDENTITIES */
        {"\0\0\0\1\15", 5},                 /* a request to sign that says nothing more */
        {"\0\0\0\11\15\0\0\0\11shown", 13}, /* and one that is cut within its key */
        {other, other_len},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench bench;

        bench_open(&bench, true);
        say(bench.visitor, cases[i].bytes, cases[i].len);
        turn(&bench);
        expect_failure(&bench);
        ck_assert_int_eq(poll(&(struct pollfd){.fd = bench.listener, .events = POLLIN}, 1, 0), 0);
        bench_close(&bench);
    }
}
END_TEST

/* Lengths that no message has, and a visitor that goes: nobody is served any more. */
START_TEST(nonsense_shuts_it)
{
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {{"\0\0\0\0", 4}, {"\377\377\377\377\13", 5}, {"\0\1\0\0\13", 5}};
    uint8_t bytes[64];
    struct bench bench;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench_open(&bench, false);
        say(bench.visitor, cases[i].bytes, cases[i].len);
        turn(&bench);
        /* a reset, where some of it was not read */
        ck_assert(heard(bench.visitor, bytes, sizeof bytes) == 0 || errno == ECONNRESET);
        bench_close(&bench);
    }
    /* it is gone when the answer to each kind of request is ready */
    for (int i = 0; i < 2; i++) {
        bench_open(&bench, false);
        say(bench.visitor, i == 0 ? "\0\0\0\1\13" : "\0\0\0\1\23", 5);
        (void)close(bench.visitor);
        bench.visitor = -1;
        turn(&bench);
        bench_close(&bench);
    }
    /* it goes without having read an answer: a reset */
    bench_open(&bench, false);
    say(bench.visitor, "\0\0\0\1\13", 5);
    turn(&bench);
    (void)close(bench.visitor);
    bench.visitor = -1;
    turn(&bench);
    bench_close(&bench);
}
END_TEST

static void ask_to_sign(struct bench *bench)
{
    uint8_t request[64];
    uint8_t wanted[64];
    uint8_t got[64];
    const size_t wanted_len = sign_request(wanted, held_blob, sizeof held_blob);

    say(bench->visitor, request, sign_request(request, shown_blob, sizeof shown_blob));
    turn(bench);
    bench->agent = accept(bench->listener, NULL, NULL);
    ck_assert_int_ge(bench->agent, 0);
    ck_assert_int_eq(heard(bench->agent, got, sizeof got), (ssize_t)wanted_len);
    ck_assert_mem_eq(got, wanted, wanted_len); /* the same, with the key that the agent has */
}

START_TEST(the_agents_answer_is_handed_on_once)
{
    static const uint8_t answer[] = {0, 0, 0, 9, 14, 0, 0, 0, 4, 's', 'i', 'g', 'n'};
    uint8_t request[64];
    uint8_t bytes[64];
    struct bench bench;

    bench_open(&bench, true);
    ask_to_sign(&bench);
    ck_assert(!spf_agent_proxy_answered(bench.proxy));
    say(bench.agent, answer, 6);
    turn(&bench);
    ck_assert_int_eq(heard(bench.visitor, bytes, sizeof bytes), -1);
    say(bench.agent, answer + 6, sizeof answer - 6);
    turn(&bench);
    ck_assert(spf_agent_proxy_answered(bench.proxy));
    ck_assert_int_eq(heard(bench.visitor, bytes, sizeof bytes), (ssize_t)sizeof answer);
    ck_assert_mem_eq(bytes, answer, sizeof answer);
    /* a second signature is none of ours */
    say(bench.visitor, request, sign_request(request, shown_blob, sizeof shown_blob));
    turn(&bench);
    expect_failure(&bench);
    bench_close(&bench);
}
END_TEST

/* An agent that answers wrongly, goes, or is not there at all: a refusal, whatever it did. */
START_TEST(bad_agents_are_a_refusal)
{
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {
        {"", 0}, {"\0\0", 2}, {"\0\0\0\0", 4}, {"\0\0\0\11\16", 5}, {"\377\377\377\377\16", 5}};
    uint8_t request[64];
    struct bench bench;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench_open(&bench, true);
        ask_to_sign(&bench);
        say(bench.agent, cases[i].bytes, cases[i].len);
        (void)close(bench.agent);
        bench.agent = -1;
        turn(&bench);
        expect_failure(&bench);
        bench_close(&bench);
    }
    bench_open(&bench, false);
    say(bench.visitor, request, sign_request(request, shown_blob, sizeof shown_blob));
    turn(&bench);
    expect_failure(&bench);
    bench_close(&bench);
}
END_TEST

/* The visitor has gone while the agent thought. */
START_TEST(an_answer_for_nobody)
{
    struct bench bench;

    bench_open(&bench, true);
    ask_to_sign(&bench);
    say(bench.agent, "\0\0\0\1\16", 5);
    (void)close(bench.visitor);
    bench.visitor = -1;
    turn(&bench);
    bench_close(&bench);
}
END_TEST

START_TEST(keys_that_are_none)
{
    static const char *const bad[] = {NULL, "", "*"};
    struct spf_loop *loop = spf_loop_new();
    struct spf_agent_proxy *proxy;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_ptr_null(spf_agent_proxy_new(loop, "/nonexistent", bad[i], HELD));
        ck_assert_ptr_null(spf_agent_proxy_new(loop, "/nonexistent", SHOWN, bad[i]));
    }
    proxy = spf_agent_proxy_new(loop, "/nonexistent", SHOWN, HELD);
    ck_assert_ptr_nonnull(proxy);
    spf_agent_proxy_free(proxy); /* nobody took its other end */
    spf_agent_proxy_free(NULL);
    spf_loop_free(loop);
}
END_TEST

int main(void)
{
    return unit_main("login agent proxy",
                     (const TTest *const[]){it_lists_the_one_key, other_requests_are_refused,
                                            nonsense_shuts_it, the_agents_answer_is_handed_on_once,
                                            bad_agents_are_a_refusal, an_answer_for_nobody,
                                            keys_that_are_none, NULL});
}
