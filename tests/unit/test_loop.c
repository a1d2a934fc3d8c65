#include "unit.h"

#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"

static struct spf_loop *loop;
static int fired;

static void turn_until(int want)
{
    int64_t until = spf_now_ms() + UNIT_HANGS_MS;

    while (fired < want && spf_now_ms() < until)
        ck_assert_int_eq(spf_loop_turn(loop, until).code, SPF_OK);
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

static struct spf_watch late[20];

/* Removes everybody, itself too, in the middle of a turn. */
static void remove_all(struct spf_watch *watch, short revents)
{
    (void)watch;
    ck_assert_int_eq(revents, 0);
    fired++;
    for (int i = 0; i < 20; i++)
        spf_loop_remove(loop, &late[i]);
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
    for (int i = 0; i < 100; i++)
        (void)submit(&released);
    turn_until(100);
    ck_assert_int_eq(released, 100);
    spf_loop_cancel(loop, &submit(&released)->job);
    (void)submit(&released);
    while (released < 102)
        ck_assert_int_eq(spf_loop_turn(loop, spf_now_ms() + 1000).code, SPF_OK);
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
    if (read(gate[0], &c, 1) < 0)
        abort();
}

START_TEST(a_running_job_outlives_the_loop)
{
    int released = 0;
    struct counted *counted = calloc(1, sizeof *counted);

    fired = 0;
    ck_assert_int_eq(pipe(gate), 0);
    loop = spf_loop_new();
    counted->job = (struct spf_job){.work = wait_at_gate, .done = done, .release = release};
    counted->released = &released;
    ck_assert(spf_loop_submit(loop, &counted->job));
    while (!__atomic_load_n(&at_gate, __ATOMIC_SEQ_CST))
        (void)poll(NULL, 0, 1);
    ck_assert(!spf_loop_abandoned());
    spf_loop_free(loop);
    ck_assert(spf_loop_abandoned()); /* this process must not run exit(3)'s handlers any more */
    ck_assert_int_eq(write(gate[1], "g", 1), 1);
    while (__atomic_load_n(&released, __ATOMIC_SEQ_CST) == 0)
        (void)poll(NULL, 0, 1);
    ck_assert_int_eq(fired, 0);
}
END_TEST

int main(void)
{
    return unit_main("loop",
                     (const TTest *const[]){descriptors_and_timers, a_callback_may_remove_any_watch,
                                            jobs_come_back_or_are_cancelled,
                                            a_running_job_outlives_the_loop, NULL});
}
