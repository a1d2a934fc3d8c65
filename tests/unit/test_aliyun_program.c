#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
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

int main(void)
{
    for (size_t i = 0; i < 70; i++) {
        memcpy(many_words + 2 * i, "a ", 3);
    }
    memset(long_line, 'a', sizeof long_line - 1);
    return unit_main("aliyun_program",
                     (const TTest *const[]){how_a_program_ends, a_file_that_is_no_program,
                                            a_cancelled_program_is_killed, NULL});
}
