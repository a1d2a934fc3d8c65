#include "cloud/aliyun/identity/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cloud/aliyun/identity/words.h"
#include "platform/child.h"

#define OUTPUT_MAX ((size_t)64 << 10)
#define WORDS_MAX  64

struct spf_program {
    struct spf_job job;
    struct spf_loop *loop;
    spf_program_done *done;
    void *owner;
    unsigned timeout_ms;
    pthread_mutex_t lock; /* of the two: the loop's thread may end what the worker starts */
    bool cancelled;       /* it is not started any more */
    pid_t group;          /* of the running program; 0 none */
    char line[1100];
    char *words[WORDS_MAX + 1]; /* into line */
    char path[4096];
    struct spf_secret *output;
    char error[200];
};

static bool is_trusted(const char *path, char *why, size_t size)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        spf_format(why, size, "%s: %s", path, strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        spf_format(why, size, "%s is not a regular file", path);
    } else if (st.st_uid != geteuid() && st.st_uid != 0) {
        spf_format(why, size, "%s belongs to somebody else, so it is not run", path);
    } else if (st.st_mode & 022) {
        spf_format(why, size, "%s can be written by others, so it is not run", path);
    } else {
        return true;
    }
    return false;
}

/* -1: program->error says why. */
static pid_t start(struct spf_program *program, int out)
{
    /* As the CLI does: what is secret in it is the program's, and may be what it needs. */
    struct spf_child_environment environment = spf_child_environment(true);
    pid_t pid;

    pid = spf_child_start(&(struct spf_child_program){.path = program->path,
                                                      .words = (const char *const *)program->words,
                                                      .environment = &environment,
                                                      .fds = {-1, out, -1}});
    if (pid < 0) {
        spf_format(program->error, sizeof program->error, "%s: %s", program->words[0],
                   strerror(errno));
    }
    spf_child_environment_clear(&environment);
    return pid;
}

/* One that is cancelled meanwhile is killed as soon as there is a process to kill. */
static pid_t start_unless_cancelled(struct spf_program *program, int out)
{
    pid_t pid;

    (void)pthread_mutex_lock(&program->lock);
    pid = program->cancelled ? -1 : start(program, out);
    program->group = pid > 0 ? pid : 0;
    (void)pthread_mutex_unlock(&program->lock);
    return pid;
}

/* Reads until the end, the bound or the limit. */
static void collect(struct spf_program *program, int in, int64_t until)
{
    size_t len = 0;

    for (;;) {
        struct pollfd poller = {.fd = in, .events = POLLIN};
        int64_t left = until - spf_now_ms();
        ssize_t got;

        if (left <= 0 || poll(&poller, 1, (int)left) == 0) {
            spf_format(program->error, sizeof program->error, "%s: no end within %u ms",
                       program->words[0], program->timeout_ms);
            break;
        }
        got = read(in, spf_secret_bytes(program->output) + len, OUTPUT_MAX - len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        len += (size_t)got;
        if (len == OUTPUT_MAX) {
            spf_format(program->error, sizeof program->error, "%s: more than 64 KiB of output",
                       program->words[0]);
            break;
        }
    }
    spf_secret_truncate(program->output, len);
}

/* As the aliyun CLI does, whatever a program has printed: the end of its output and of itself are
 * waited for, and a status that is not 0 is an error. */
static void finish(struct spf_program *program, pid_t pid, int64_t until)
{
    bool cut_short = program->error[0] != '\0';
    int64_t left = cut_short ? 0 : until - spf_now_ms();
    int status;

    spf_child_await(pid, left > 0 ? (unsigned)left : 0);
    (void)pthread_mutex_lock(&program->lock);
    program->group = 0; /* from here on its number can become another's */
    (void)pthread_mutex_unlock(&program->lock);
    status = spf_child_wait(&pid, 0);
    if (cut_short || status == 0 || status == SPF_CHILD_STATUS_LOST) {
        return;
    }
    if (WIFEXITED(status)) {
        spf_format(program->error, sizeof program->error, "%s failed (exit status %d)",
                   program->words[0], WEXITSTATUS(status));
    } else {
        spf_format(program->error, sizeof program->error, "%s was ended by signal %d",
                   program->words[0], WTERMSIG(status));
    }
}

static void work(struct spf_job *job)
{
    struct spf_program *program = job->owner;
    int64_t until = spf_now_ms() + program->timeout_ms;
    int ends[2];
    pid_t pid;

    program->output = spf_secret_alloc(OUTPUT_MAX);
    if (program->output == NULL || pipe2(ends, O_CLOEXEC) != 0) {
        spf_copy(program->error, sizeof program->error, "out of memory or descriptors");
        return;
    }
    pid = start_unless_cancelled(program, ends[1]);
    (void)close(ends[1]);
    if (pid > 0) {
        collect(program, ends[0], until);
        finish(program, pid, until);
    }
    (void)close(ends[0]);
}

static void job_done(struct spf_job *job)
{
    struct spf_program *program = job->owner;

    program->done(program->owner, program->error[0] == '\0' ? program->output : NULL,
                  program->error);
}

static void release(struct spf_job *job)
{
    struct spf_program *program = job->owner;

    spf_secret_free(program->output);
    (void)pthread_mutex_destroy(&program->lock);
    free(program);
}

/* A program that may not be run is reported by a job that has nothing to do. */
static void no_work(struct spf_job *job)
{
    (void)job;
}

struct spf_program *spf_program_start(struct spf_loop *loop, const char *command_line,
                                      unsigned timeout_ms, spf_program_done *done, void *owner)
{
    struct spf_program *program = calloc(1, sizeof *program);

    if (program == NULL) {
        return NULL;
    }
    (void)pthread_mutex_init(&program->lock, NULL);
    program->loop = loop;
    program->done = done;
    program->owner = owner;
    program->timeout_ms = timeout_ms;
    program->job =
        (struct spf_job){.work = work, .done = job_done, .release = release, .owner = program};
    if (!spf_copy_whole(program->line, sizeof program->line, command_line) ||
        !spf_command_words(program->line, program->words, WORDS_MAX)) {
        spf_copy(program->error, sizeof program->error, "not a command line");
    } else if (!spf_child_find(program->words[0], program->path, sizeof program->path)) {
        spf_format(program->error, sizeof program->error, "%s: not found", program->words[0]);
    } else {
        (void)is_trusted(program->path, program->error, sizeof program->error);
    }
    if (program->error[0] != '\0') {
        program->job.work = no_work;
    }
    return spf_loop_submit(loop, &program->job) ? program : NULL;
}

void spf_program_cancel(struct spf_program *program)
{
    /* Its worker may not live to do it: the process ends soon after the round. */
    (void)pthread_mutex_lock(&program->lock);
    program->cancelled = true;
    if (program->group > 0) {
        spf_child_kill(program->group);
    }
    (void)pthread_mutex_unlock(&program->lock);
    spf_job_cancel(&program->job);
}
