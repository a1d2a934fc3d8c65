#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"

static struct spf_loop *loop;
static int fired;

static void turn_until(int want)
{
    int64_t until = spf_now_ms() + UNIT_HANGS_MS;

    while (fired < want && spf_now_ms() < until) {
        ck_assert_int_eq(spf_loop_turn(loop, until).code, SPF_OK);
    }
    ck_assert_int_eq(fired, want);
}

static void read_one(struct spf_watch *watch, short revents)
{
    char c;

    ck_assert(revents & POLLIN);
    ck_assert_int_eq(read(watch->fd, &c, 1), 1);
    fired++;
}

START_TEST(descriptors_and_timers)
{
    struct spf_watch watch = {.events = POLLIN, .ready = read_one};
    int ends[2];

    fired = 0;
    loop = spf_loop_new();
    ck_assert_int_eq(pipe(ends), 0);
    watch.fd = ends[0];
    ck_assert(spf_loop_add(loop, &watch));
    ck_assert_int_eq(write(ends[1], "ab", 2), 2);
    turn_until(2);
    spf_loop_remove(loop, &watch);
    spf_loop_remove(loop, &watch);
    ck_assert_int_eq(write(ends[1], "c", 1), 1);
    ck_assert_int_eq(spf_loop_turn(loop, spf_now_ms() + 20).code, SPF_OK);
    ck_assert_int_eq(fired, 2);
    spf_loop_free(loop);
    (void)close(ends[0]);
    (void)close(ends[1]);
}
END_TEST

static void count(struct spf_watch *watch, short revents)
{
    (void)watch;
    ck_assert(revents & (POLLIN | POLLHUP));
    fired++;
}

/* Two may look at one descriptor, and a file is always ready, as poll(2) has it. */
START_TEST(descriptors_of_every_kind)
{
    struct spf_watch one = {.events = POLLIN, .ready = count};
    struct spf_watch other = one;
    struct spf_watch file = one;
    int ends[2];

    fired = 0;
    loop = spf_loop_new();
    ck_assert_int_eq(pipe(ends), 0);
    one.fd = other.fd = ends[0];
    file.fd = open("/proc/self/exe", O_RDONLY);
    ck_assert_int_ge(file.fd, 0);
    ck_assert(spf_loop_add(loop, &one) && spf_loop_add(loop, &other));
    ck_assert_int_eq(write(ends[1], "a", 1), 1);
    ck_assert_int_eq(spf_loop_turn(loop, spf_now_ms() + UNIT_HANGS_MS).code, SPF_OK);
    ck_assert_int_eq(fired, 2);
    spf_loop_remove(loop, &one);
    ck_assert_int_eq(spf_loop_turn(loop, spf_now_ms() + UNIT_HANGS_MS).code, SPF_OK);
    ck_assert_int_eq(fired, 3);
    spf_loop_remove(loop, &other);
    ck_assert(spf_loop_add(loop, &file));
    ck_assert_int_eq(spf_loop_turn(loop, spf_now_ms() + UNIT_HANGS_MS).code, SPF_OK);
    ck_assert_int_eq(fired, 4);
    spf_loop_free(loop);
    (void)close(ends[0]);
    (void)close(ends[1]);
    (void)close(file.fd);
}
END_TEST

/* A descriptor that is closed and opened again under its number is another one; events and the
 * descriptor itself may change while the watch is in the loop. */
START_TEST(descriptors_may_change)
{
    struct spf_watch watch = {.ready = count};
    int first[2];
    int second[2];

    fired = 0;
    loop = spf_loop_new();
    ck_assert_int_eq(pipe(first), 0);
    ck_assert_int_eq(pipe(second), 0);
    ck_assert_int_eq(write(first[1], "a", 1), 1);
    ck_assert_int_eq(write(second[1], "b", 1), 1);
    watch.fd = first[0];
    ck_assert(spf_loop_add(loop, &watch));
    ck_assert_int_eq(spf_loop_turn(loop, spf_now_ms() + 20).code, SPF_OK);
    ck_assert_int_eq(fired, 0); /* not asked for */
    watch.events = POLLIN;
    spf_loop_update(loop, &watch);
    turn_until(1);
    watch.fd = second[0];
    spf_loop_update(loop, &watch);
    turn_until(2);
    spf_loop_remove(loop, &watch);
    ck_assert_int_eq(dup2(first[0], second[0]), second[0]);
    ck_assert(spf_loop_add(loop, &watch));
    turn_until(3);
    spf_loop_free(loop);
    for (int i = 0; i < 2; i++) {
        (void)close(first[i]);
        (void)close(second[i]);
    }
}
END_TEST

#define TIMERS 500

static struct spf_watch timers[TIMERS];
static int64_t last_due_ms;

/* Each is called when it is due and not before, the earlier one first. */
static void in_time(struct spf_watch *watch, short revents)
{
    ck_assert_int_eq(revents, 0);
    ck_assert_int_ge(spf_now_ms(), watch->due_ms);
    ck_assert_int_ge(watch->due_ms, last_due_ms);
    last_due_ms = watch->due_ms;
    spf_loop_remove(loop, watch);
    fired++;
}

START_TEST(timers_in_their_order)
{
    const int64_t now = spf_now_ms();
    uint32_t random = 1;
    int left = TIMERS;

    fired = 0;
    last_due_ms = 0;
    loop = spf_loop_new();
    for (int i = 0; i < TIMERS; i++) {
        random = random * 1103515245 + 12345;
        timers[i] = (struct spf_watch){
            .fd = -1, .due_ms = now + (int64_t)(random >> 16) % 90 + 10, .ready = in_time};
        ck_assert(spf_loop_add(loop, &timers[i]));
    }
    for (int i = 0; i < TIMERS; i += 3) { /* earlier, later, never, or gone */
        timers[i].due_ms = i % 2 ? now + 5 : now + 120;
        spf_loop_update(loop, &timers[i]);
        if (i % 4 == 0) {
            spf_loop_remove(loop, &timers[i]);
        } else if (i % 5 == 0) {
            timers[i].due_ms = 0; /* without an update */
        }
        left -= i % 4 == 0 || i % 5 == 0;
    }
    turn_until(left);
    ck_assert_int_eq(spf_loop_turn(loop, spf_now_ms() + 30).code, SPF_OK);
    ck_assert_int_eq(fired, left);
    spf_loop_free(loop);
}
END_TEST

static struct spf_watch late[20];

/* Removes all of them, itself too, in the middle of a turn. */
static void remove_all(struct spf_watch *watch, short revents)
{
    (void)watch;
    ck_assert_int_eq(revents, 0);
    fired++;
    for (int i = 0; i < 20; i++) {
        spf_loop_remove(loop, &late[i]);
    }
}

START_TEST(a_callback_may_remove_any_watch)
{
    fired = 0;
    loop = spf_loop_new();
    for (int i = 0; i < 20; i++) {
        late[i] = (struct spf_watch){.fd = -1, .due_ms = spf_now_ms(), .ready = remove_all};
        ck_assert(spf_loop_add(loop, &late[i]));
    }
    turn_until(1);
    ck_assert_int_eq(spf_loop_turn(loop, spf_now_ms()).code, SPF_OK);
    ck_assert_int_eq(fired, 1);
    spf_loop_free(loop);
}
END_TEST

struct counted {
    struct spf_job job;
    int *released;
};

static void work(struct spf_job *job)
{
    (void)job;
}

static void done(struct spf_job *job)
{
    (void)job;
    fired++;
}

static void release(struct spf_job *job)
{
    struct counted *counted = (struct counted *)job;

    (void)__atomic_add_fetch(counted->released, 1, __ATOMIC_SEQ_CST);
    free(counted);
}

static struct counted *submit(int *released)
{
    struct counted *counted = calloc(1, sizeof *counted);

    counted->job = (struct spf_job){.work = work, .done = done, .release = release};
    counted->released = released;
    ck_assert(spf_loop_submit(loop, &counted->job));
    return counted;
}

START_TEST(jobs_come_back_or_are_cancelled)
{
    int released = 0;

    fired = 0;
    loop = spf_loop_new();
    for (int i = 0; i < 100; i++) {
        (void)submit(&released);
    }
    turn_until(100);
    ck_assert_int_eq(released, 100);
    spf_job_cancel(&submit(&released)->job);
    (void)submit(&released);
    while (released < 102) {
        ck_assert_int_eq(spf_loop_turn(loop, spf_now_ms() + 1000).code, SPF_OK);
    }
    ck_assert_int_eq(fired, 101);
    spf_loop_free(loop);
}
END_TEST

static int gate[2];

static bool at_gate;

static void wait_at_gate(struct spf_job *job)
{
    char c;

    (void)job;
    __atomic_store_n(&at_gate, true, __ATOMIC_SEQ_CST);
    if (read(gate[0], &c, 1) < 0) {
        abort();
    }
}

/* In the C library's place, for our own code: who waits is woken, and looks no second time. */
static int naps;

int nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)__atomic_add_fetch(&naps, 1, __ATOMIC_SEQ_CST);
    return clock_nanosleep(CLOCK_MONOTONIC, 0, time, left) == 0 ? 0 : -1;
}

static bool sleeps(pid_t thread)
{
    char path[64];
    char state = '?';
    FILE *file;

    (void)snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)thread);
    file = fopen(path, "re");
    if (file == NULL || fscanf(file, "%*d (%*[^)]) %c", &state) != 1) {
        abort();
    }
    (void)fclose(file);
    return state == 'S';
}

/* Once that thread waits. */
static void *open_gate(void *waiter)
{
    while (!sleeps(*(pid_t *)waiter)) {
        (void)poll(NULL, 0, 1);
    }
    if (write(gate[1], "g", 1) != 1) {
        abort();
    }
    return NULL;
}

START_TEST(a_running_job_outlives_the_loop)
{
    pid_t self = gettid();
    pthread_t opener;
    int released = 0;
    struct counted *counted = calloc(1, sizeof *counted);

    fired = 0;
    ck_assert_int_eq(pipe(gate), 0);
    loop = spf_loop_new();
    counted->job =
        (struct spf_job){.work = wait_at_gate, .done = done, .release = release, .computes = true};
    counted->released = &released;
    ck_assert(spf_loop_submit(loop, &counted->job));
    while (!__atomic_load_n(&at_gate, __ATOMIC_SEQ_CST)) {
        (void)poll(NULL, 0, 1);
    }
    ck_assert(!spf_jobs_abandoned());
    spf_loop_free(loop);
    ck_assert(spf_jobs_abandoned()); /* this process must not run exit(3)'s handlers any more */
    spf_jobs_wait_for_computing(0);
    ck_assert_int_eq(__atomic_load_n(&released, __ATOMIC_SEQ_CST), 0);
    ck_assert_int_eq(pthread_create(&opener, NULL, open_gate, &self), 0);
    naps = 0;
    spf_jobs_wait_for_computing(UNIT_HANGS_MS / 1000); /* unless it has waited for it */
    ck_assert_int_eq(__atomic_load_n(&naps, __ATOMIC_SEQ_CST), 0);
    ck_assert_int_eq(pthread_join(opener, NULL), 0);
    ck_assert_int_eq(__atomic_load_n(&released, __ATOMIC_SEQ_CST), 1);
    ck_assert_int_eq(fired, 0);
}
END_TEST

/* Threads of this process. */
static int count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int threads = 0;

    ck_assert_ptr_nonnull(tasks);
    for (const struct dirent *task; (task = readdir(tasks)) != NULL;) {
        threads += task->d_name[0] != '.';
    }
    (void)closedir(tasks);
    return threads;
}

/* What is done when the loop goes is released with it, and its thread is gone. */
START_TEST(a_result_that_nobody_collects)
{
    const int threads = count_threads();
    int released = 0;

    fired = 0;
    loop = spf_loop_new();
    (void)submit(&released);
    (void)submit(&released);
    while (count_threads() > threads) { /* until they are worked off */
        (void)poll(NULL, 0, 1);
    }
    ck_assert_int_eq(released, 0);
    spf_loop_free(loop);
    ck_assert_int_eq(released, 2);
    ck_assert_int_eq(fired, 0);
    ck_assert(!spf_jobs_abandoned());
}
END_TEST

int main(void)
{
    return unit_main("loop",
                     (const TTest *const[]){
                         descriptors_of_every_kind, descriptors_may_change, timers_in_their_order,
                         descriptors_and_timers, a_callback_may_remove_any_watch,
                         jobs_come_back_or_are_cancelled, a_result_that_nobody_collects,
                         a_running_job_outlives_the_loop, NULL});
}
