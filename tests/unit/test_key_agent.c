#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

#include "key/agent.h"

/* What an ssh-agent answers, and what is made of it. Each answers one connection. */
static const struct row {
    const char *name;
    const char *answer; /* octets; NULL: it never answers */
    size_t len;
    int keys; /* -1: that is no answer */
    bool holds;
} rows[] = {
#define ANSWER(octets) octets, sizeof octets - 1
    {"no key", ANSWER("\0\0\0\5\14\0\0\0\0"), 0, false},
    {"one key", ANSWER("\0\0\0\20\14\0\0\0\1\0\0\0\2kk\0\0\0\1c"), 1, true},
    {"another key", ANSWER("\0\0\0\20\14\0\0\0\1\0\0\0\2xx\0\0\0\1c"), 1, false},
    {"two keys", ANSWER("\0\0\0\30\14\0\0\0\2\0\0\0\1x\0\0\0\0\0\0\0\2kk\0\0\0\0"), 2, true},
    {"a failure", ANSWER("\0\0\0\1\5"), -1, false},
    {"another message", ANSWER("\0\0\0\5\16\0\0\0\0"), -1, false},
    {"more keys than it sends", ANSWER("\0\0\0\20\14\0\0\0\2\0\0\0\2kk\0\0\0\1c"), -1, false},
    {"4 thousand million keys", ANSWER("\0\0\0\20\14\377\377\377\377\0\0\0\2kk\0\0\0\1c"), -1,
     false},
    {"a key longer than the answer", ANSWER("\0\0\0\20\14\0\0\0\1\0\0\0\200kk\0\0\0\1c"), -1,
     false},
    {"no count", ANSWER("\0\0\0\3\14\0\0"), -1, false},
    {"nothing in it", ANSWER("\0\0\0\0"), -1, false},
    {"longer than OpenSSH's agent sends", ANSWER("\0\4\0\1\14"), -1, false},
    {"cut within the length", ANSWER("\0\0"), -1, false},
    {"cut within the keys", ANSWER("\0\0\0\20\14\0\0\0\1"), -1, false},
    {"hangs up", ANSWER(""), -1, false},
    {"hangs", NULL, 0, -1, false},
#undef ANSWER
};

struct agent {
    const struct row *row;
    int listener;
};

static void *serve(void *of)
{
    const struct agent *agent = of;
    int fd = accept(agent->listener, NULL, NULL);
    char request[64];

    if (agent->row->answer == NULL) {
        while (read(fd, request, sizeof request) > 0) { /* until the client has had enough */
            ;
        }
    } else if (read(fd, request, sizeof request) > 0 && agent->row->len > 0) {
        (void)!write(fd, agent->row->answer, agent->row->len);
    }
    (void)close(fd);
    return NULL;
}

/* An agent's socket in a directory of its own; *at is its address. */
static int listen_at(char dir[32], struct sockaddr_un *at)
{
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(dir, "/tmp/spf-agent-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    *at = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(at->sun_path, sizeof at->sun_path, "%s/agent", dir);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)at, sizeof *at), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    return listener;
}

START_TEST(an_answer_is_read_or_is_none)
{
    const struct row *row = &rows[_i];
    static const uint8_t blob[] = "kk";
    char dir[32];
    struct sockaddr_un at;
    struct agent agent = {row, listen_at(dir, &at)};
    struct spf_agent_keys keys;
    pthread_t thread;
    bool good;

    ck_assert_int_eq(pthread_create(&thread, NULL, serve, &agent), 0);
    good = spf_agent_list(at.sun_path, &keys);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_msg(good == (row->keys >= 0), "%s: %d", row->name, good);
    ck_assert_msg(keys.count == (size_t)(row->keys >= 0 ? row->keys : 0), "%s: %zu keys", row->name,
                  keys.count);
    ck_assert_msg(spf_agent_holds(&keys, (struct spf_bytes){blob, 2}) == row->holds, "%s",
                  row->name);
    ck_assert(!spf_agent_holds(&keys, (struct spf_bytes){blob, 0}));
    spf_agent_keys_clear(&keys);
    (void)close(agent.listener);
    (void)unlink(at.sun_path);
    (void)rmdir(dir);
}
END_TEST

START_TEST(no_agent_holds_no_key)
{
    struct spf_agent_keys keys;

    ck_assert(!spf_agent_list("", &keys));
    ck_assert(!spf_agent_list("/nonexistent/agent", &keys));
    ck_assert_int_eq(unsetenv("SSH_AUTH_SOCK"), 0);
    ck_assert(!spf_agent_list(NULL, &keys));
    ck_assert_uint_eq(keys.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("key_agent");
    TCase *tcase = unit_case(suite, "key_agent");

    tcase_add_loop_test(tcase, an_answer_is_read_or_is_none, 0, sizeof rows / sizeof *rows);
    tcase_add_test(tcase, no_agent_holds_no_key);
    return unit_run(suite);
}
