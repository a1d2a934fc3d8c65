#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cloud/aliyun/identity/program.h"
#include "unit.h"

/* A credential program that ends in each of its ways, or does not. */

struct outcome {
    int told;
    bool good;
    char output[100], error[300];
};

static void ended(void *owner, const struct spf_secret *output, const char *error)
{
    struct outcome *outcome = owner;

    outcome->told++;
    outcome->good = output != NULL;
    if (output != NULL) {
        spf_copy(outcome->output, sizeof outcome->output, spf_secret_text(output));
    }
    spf_copy(outcome->error, sizeof outcome->error, error);
}

static void run(const char *line, unsigned timeout_ms, struct outcome *outcome)
{
    struct spf_loop *loop = spf_loop_new();
    int64_t until = spf_now_ms() + UNIT_HANGS_MS;

    *outcome = (struct outcome){0};
    ck_assert_ptr_nonnull(spf_program_start(loop, line, timeout_ms, ended, outcome));
    while (outcome->told == 0 && spf_now_ms() < until) {
        ck_assert_int_eq(spf_loop_turn(loop, until).code, SPF_OK);
    }
    ck_assert_int_eq(outcome->told, 1);
    spf_loop_free(loop);
}

static char many_words[200], long_line[2000];

START_TEST(how_a_program_ends)
{
    static const struct {
        const char *line;
        unsigned timeout_ms;
        const char *output; /* NULL: an error */
        const char *error;
    } cases[] = {
        {"printf ok", UNIT_HANGS_MS, "ok", ""},
        {"sh -c ''", UNIT_HANGS_MS, "", ""},
        {"sh -c 'printf o; printf k >&2; printf k'", UNIT_HANGS_MS, "ok", ""},
        {"sh -c 'printf ok; exit 7'", UNIT_HANGS_MS, NULL, "sh failed (exit status 7)"},
        {"sh -c 'kill -9 $$'", UNIT_HANGS_MS, NULL, "sh was ended by signal 9"},
        {"sleep 600", 200, NULL, "sleep: no end within 200 ms"},
        {"sh -c 'exec >&-; exec sleep 600'", 5000, NULL, "sh was ended by signal 9"},
        {"sh -c 'sleep 600 & printf ok'", 200, NULL, "sh: no end within 200 ms"},
        {"head -c 70000 /dev/zero", UNIT_HANGS_MS, NULL, "head: more than 64 KiB of output"},
        {"head -c 65536 /dev/zero", UNIT_HANGS_MS, NULL, "head: more than 64 KiB of output"},
        {"no-such-program-anywhere x", UNIT_HANGS_MS, NULL, "no-such-program-anywhere: not found"},
        {"/nonexistent/program", UNIT_HANGS_MS, NULL, "/nonexistent/program"},
        {"", UNIT_HANGS_MS, NULL, "not a command line"},
        {many_words, UNIT_HANGS_MS, NULL, "not a command line"},
        {long_line, UNIT_HANGS_MS, NULL, "not a command line"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct outcome outcome;

        run(cases[i].line, cases[i].timeout_ms, &outcome);
        ck_assert_msg(outcome.good == (cases[i].output != NULL), "%s: %s", cases[i].line,
                      outcome.error);
        if (outcome.good) {
            ck_assert_str_eq(outcome.output, cases[i].output);
        } else {
            ck_assert_msg(strstr(outcome.error, cases[i].error) != NULL, "%s: %s", cases[i].line,
                          outcome.error);
        }
    }
}
END_TEST

/* A file that is no program although it may be run. */
START_TEST(a_file_that_is_no_program)
{
    char path[] = "/tmp/spf-program-XXXXXX";
    int fd = mkstemp(path);
    struct outcome outcome;

    ck_assert_int_eq(write(fd,
                           "\x7f"
                           "ELF",
                           4),
                     4);
    ck_assert_int_eq(fchmod(fd, 0700), 0);
    close(fd);
    run(path, UNIT_HANGS_MS, &outcome);
    ck_assert(!outcome.good);
    ck_assert_msg(strstr(outcome.error, path) != NULL, "%s", outcome.error);
    ck_assert_int_eq(chmod(path, 0600), 0);
    run(path, UNIT_HANGS_MS, &outcome);
    ck_assert(!outcome.good);
    unlink(path);
}
END_TEST

/* The program, whose process writes its number into a file, is killed with what waits for it. */
START_TEST(a_cancelled_program_is_killed)
{
    char path[] = "/tmp/spf-program-XXXXXX";
    int fd = mkstemp(path);
    struct spf_loop *loop = spf_loop_new();
    int64_t until = spf_now_ms() + UNIT_HANGS_MS;
    struct outcome outcome = {0};
    struct spf_program *program;
    char line[100];
    long pid = 0;

    close(fd);
    (void)snprintf(line, sizeof line, "sh -c 'echo $$ >%s; exec sleep 600'", path);
    program = spf_program_start(loop, line, UNIT_HANGS_MS, ended, &outcome);
    ck_assert_ptr_nonnull(program);
    while (pid == 0 && spf_now_ms() < until) {
        FILE *in = fopen(path, "r");

        if (fscanf(in, "%ld", &pid) != 1) {
            pid = 0;
        }
        fclose(in);
        ck_assert_int_eq(spf_loop_turn(loop, spf_now_ms() + 1).code, SPF_OK);
    }
    ck_assert_int_gt(pid, 0);
    spf_program_cancel(program);
    spf_loop_free(loop);
    while (kill((pid_t)pid, 0) == 0 && spf_now_ms() < until) {
        (void)usleep(1000);
    }
    ck_assert_int_eq(kill((pid_t)pid, 0), -1);
    ck_assert_int_eq(errno, ESRCH);
    ck_assert_int_eq(outcome.told, 0);
    unlink(path);
}
END_TEST

/* In the C library's place, for the program's own code: its worker comes to a halt where a test
 * wants to be ahead of it. */
enum halt { NO_HALT, BEFORE_THE_START, IN_THE_START, AFTER_THE_END };
static atomic_int halt_at;
static atomic_bool has_halted, was_cancelled;
static atomic_int started;  /* its process; 0: none */
static atomic_int reads_at; /* the descriptor that its worker closes last */
static atomic_int reaped;   /* its number, which may be another's from then on; 0: none */
static atomic_int signalled_late;

static void halt(enum halt here)
{
    /* Who cancels may have to wait until a start is over. */
    const int64_t until = spf_now_ms() + (here == IN_THE_START ? 200 : UNIT_HANGS_MS);

    if (atomic_load(&halt_at) != (int)here) {
        return;
    }
    atomic_store(&has_halted, true);
    while (!atomic_load(&was_cancelled) && spf_now_ms() < until) {
        (void)usleep(1000);
    }
}

int pipe2(int ends[2], int flags)
{
    int (*real)(int *, int);
    int status;

    *(void **)&real = dlsym(RTLD_NEXT, "pipe2");
    status = real(ends, flags);
    atomic_store(&reads_at, ends[0]);
    halt(BEFORE_THE_START);
    return status;
}

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const words[], char *const variables[])
{
    int (*real)(pid_t *, const char *, const posix_spawn_file_actions_t *,
                const posix_spawnattr_t *, char *const *, char *const *);
    int error;

    *(void **)&real = dlsym(RTLD_NEXT, "posix_spawn");
    error = real(pid, path, actions, attributes, words, variables);
    atomic_store(&started, error == 0 ? *pid : 0);
    halt(IN_THE_START);
    return error;
}

pid_t waitpid(pid_t pid, int *status, int options)
{
    pid_t (*real)(pid_t, int *, int);
    pid_t waited;

    *(void **)&real = dlsym(RTLD_NEXT, "waitpid");
    waited = real(pid, status, options);
    if (waited > 0 && waited == atomic_load(&started)) {
        atomic_store(&reaped, waited);
        halt(AFTER_THE_END);
    }
    return waited;
}

int kill(pid_t pid, int number)
{
    int (*real)(pid_t, int);

    *(void **)&real = dlsym(RTLD_NEXT, "kill");
    if (atomic_load(&reaped) > 0 && pid == -atomic_load(&reaped)) {
        atomic_fetch_add(&signalled_late, 1);
        errno = ESRCH;
        return -1;
    }
    return real(pid, number);
}

/* However late: what its worker has reaped is nobody's to signal. */
START_TEST(a_program_is_cancelled_when_it_has_ended)
{
    struct spf_loop *loop = spf_loop_new();
    int64_t until = spf_now_ms() + UNIT_HANGS_MS;
    struct outcome outcome = {0};
    struct spf_program *program;

    atomic_store(&has_halted, false);
    atomic_store(&was_cancelled, false);
    atomic_store(&reaped, 0);
    atomic_store(&signalled_late, 0);
    atomic_store(&halt_at, AFTER_THE_END);
    program = spf_program_start(loop, "true", UNIT_HANGS_MS, ended, &outcome);
    ck_assert_ptr_nonnull(program);
    while (!atomic_load(&has_halted) && spf_now_ms() < until) {
        (void)usleep(1000);
    }
    ck_assert(atomic_load(&has_halted));
    spf_program_cancel(program);
    atomic_store(&was_cancelled, true);
    while (fcntl(atomic_load(&reads_at), F_GETFD) != -1 && spf_now_ms() < until) {
        ck_assert_int_eq(spf_loop_turn(loop, spf_now_ms() + 1).code, SPF_OK);
    }
    ck_assert_int_eq(outcome.told, 0);
    ck_assert_int_eq(atomic_load(&signalled_late), 0);
    spf_loop_free(loop);
}
END_TEST

/* However early: the worker has not started it yet, or has, and has not come back to say so. */
START_TEST(a_program_is_cancelled_while_it_starts)
{
    struct spf_loop *loop = spf_loop_new();
    int64_t until = spf_now_ms() + UNIT_HANGS_MS;
    struct outcome outcome = {0};
    struct spf_program *program;

    atomic_store(&has_halted, false);
    atomic_store(&was_cancelled, false);
    atomic_store(&started, 0);
    atomic_store(&halt_at, _i);
    program = spf_program_start(loop, "sleep 600", UNIT_HANGS_MS, ended, &outcome);
    ck_assert_ptr_nonnull(program);
    while (!atomic_load(&has_halted) && spf_now_ms() < until) {
        (void)usleep(1000);
    }
    spf_program_cancel(program);
    atomic_store(&was_cancelled, true);
    while (fcntl(atomic_load(&reads_at), F_GETFD) != -1 && spf_now_ms() < until) {
        ck_assert_int_eq(spf_loop_turn(loop, spf_now_ms() + 1).code, SPF_OK);
    }
    ck_assert_int_eq(outcome.told, 0);
    if (_i == BEFORE_THE_START) {
        ck_assert_int_eq(atomic_load(&started), 0);
    } else {
        ck_assert_int_gt(atomic_load(&started), 0);
        ck_assert_int_eq(kill(atomic_load(&started), 0), -1);
        ck_assert_int_eq(errno, ESRCH);
    }
    ck_assert_int_lt(spf_now_ms(), until);
    spf_loop_free(loop);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("aliyun_program");
    TCase *tcase = unit_case(suite, "aliyun_program");

    for (size_t i = 0; i < 70; i++) {
        memcpy(many_words + 2 * i, "a ", 3);
    }
    memset(long_line, 'a', sizeof long_line - 1);
    tcase_add_test(tcase, how_a_program_ends);
    tcase_add_test(tcase, a_file_that_is_no_program);
    tcase_add_test(tcase, a_cancelled_program_is_killed);
    tcase_add_loop_test(tcase, a_program_is_cancelled_while_it_starts, BEFORE_THE_START,
                        IN_THE_START + 1);
    tcase_add_test(tcase, a_program_is_cancelled_when_it_has_ended);
    return unit_run(suite);
}
