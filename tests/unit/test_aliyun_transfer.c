#include "unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cloud/aliyun/http/fetch.h"

/* One curl_multi in the loop, where a socket cannot be waited for. */

static int adds_to_fail;

/* In the C library's place, for everything that is linked into this program. */
int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    if (operation == EPOLL_CTL_ADD && adds_to_fail > 0) {
        adds_to_fail--;
        errno = ENOSPC; /* fs.epoll.max_user_watches */
        return -1;
    }
    return (int)syscall(SYS_epoll_ctl, epoll, operation, fd, event);
}

/* A listener whose connections are never answered. */
static int listen_silently(char *url, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    spf_format(url, size, "https://127.0.0.1:%u/", (unsigned)ntohs(address.sin_port));
    return fd;
}

/* libcurl ends a transfer before its first byte where there are no certificates to trust, and a
 * bare system has none. */
static void make_authority(char *path)
{
    char command[300];
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    spf_format(command, sizeof command,
               "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=lab "
               "-keyout /dev/null -out %s 2>/dev/null",
               path);
    ck_assert_int_eq(system(command), 0);
}

struct answer {
    int count;
    char error[CURL_ERROR_SIZE];
};

static void keep(void *owner, long status, const struct spf_secret *reply, const char *error)
{
    struct answer *answer = owner;

    (void)reply;
    ck_assert_int_eq(status, 0);
    answer->count++;
    spf_copy(answer->error, sizeof answer->error, error);
}

/* Turns the loop until a transfer has sent its first byte, of TLS. One that ended before it has
 * left its connection in the listener's line. */
static void wait_for_hello(struct spf_loop *loop, int listener)
{
    const int64_t end = spf_now_ms() + UNIT_HANGS_MS;
    int peer = -1;
    ssize_t got = 0;
    char byte;

    while (got != 1 && spf_now_ms() < end) {
        ck_assert_int_eq(spf_loop_turn(loop, spf_now_ms() + 10).code, SPF_OK);
        if (peer < 0) {
            peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        }
        got = peer >= 0 ? recv(peer, &byte, 1, 0) : -1;
        if (peer >= 0 && (got >= 0 || errno != EAGAIN)) {
            (void)close(peer);
            peer = -1;
        }
    }
    ck_assert_int_eq(got, 1);
}

/* The second waits for the first one's connection, and has none of its own when that one cannot be
 * heard: both end, with what ran out, and the next one begins afresh. */
START_TEST(a_socket_that_cannot_be_waited_for)
{
    char url[64];
    char authority[] = "/tmp/spf-transfer-XXXXXX";
    int listener = listen_silently(url, sizeof url);
    const struct spf_fetch_request request = {.method = "GET",
                                              .url = url,
                                              .ca_file = authority,
                                              .timeout_ms = UNIT_HANGS_MS,
                                              .direct = true};
    struct spf_loop *loop = spf_loop_new();
    struct spf_transfers *transfers = spf_transfers_new(loop);
    struct answer answers[3] = {0};
    struct spf_fetch *fetches[3];

    make_authority(authority);
    for (int i = 0; i < 2; i++) {
        fetches[i] = spf_fetch_start(transfers, &request, keep, &answers[i]);
        ck_assert_ptr_nonnull(fetches[i]);
    }
    adds_to_fail = 1;
    for (int64_t end = spf_now_ms() + UNIT_HANGS_MS;
         (answers[0].count == 0 || answers[1].count == 0) && spf_now_ms() < end;) {
        ck_assert_int_eq(spf_loop_turn(loop, end).code, SPF_OK);
    }
    ck_assert_int_eq(adds_to_fail, 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(answers[i].count, 1);
        ck_assert_str_eq(answers[i].error, curl_easy_strerror(CURLE_OUT_OF_MEMORY));
    }

    fetches[2] = spf_fetch_start(transfers, &request, keep, &answers[2]);
    ck_assert_ptr_nonnull(fetches[2]);
    wait_for_hello(loop, listener);
    ck_assert_int_eq(answers[2].count, 0);
    spf_fetch_cancel(fetches[2]);
    spf_transfers_free(transfers);
    spf_loop_free(loop);
    (void)close(listener);
    (void)unlink(authority);
}
END_TEST

int main(void)
{
    return unit_main("aliyun transfer",
                     (const TTest *const[]){a_socket_that_cannot_be_waited_for, NULL});
}
