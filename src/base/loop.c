#include "base/loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "platform/poller.h"

#define EVENTS_AT_ONCE 256

/* A watch's place; its number is the poller's key. */
struct entry {
    struct spf_watch *watch; /* NULL: a gap */
    int64_t due_ms;          /* while it is in the heap */
    size_t heap_slot;        /* its place there, from 1 on; 0: it is not there */
    unsigned turn;           /* in which it was last called */
    bool broken;             /* its descriptor cannot be waited for; reported in the next turn */
};

/*
 * What happens costs its callback and a step in the heap of timers, however many watches there are:
 * a turn looks at none that has nothing to say.
 */
struct spf_loop {
    struct spf_poller *poller;
    unsigned turn;
    struct entry *entries;
    size_t count, room;
    size_t *heap; /* entries by due_ms, the first one due on top */
    size_t heap_count;
    /* Entries without a watch. One that was left in this turn may still have an event in line, and
     * is used again only in the next: those are at the end. */
    size_t *gaps;
    size_t gap_count, usable_gaps;
    size_t *due; /* of this turn */
    struct spf_jobs *jobs;
    struct spf_watch wake; /* that jobs have finished */
};

static void jobs_finished(struct spf_watch *watch, short revents)
{
    struct spf_loop *loop = watch->owner;

    (void)revents;
    spf_jobs_finish(loop->jobs);
}

struct spf_loop *spf_loop_new(void)
{
    struct spf_loop *loop = calloc(1, sizeof *loop);

    if (loop == NULL) {
        return NULL;
    }
    loop->poller = spf_poller_new();
    loop->jobs = spf_jobs_new();
    if (loop->poller != NULL && loop->jobs != NULL) {
        loop->wake = (struct spf_watch){.fd = spf_jobs_wake(loop->jobs),
                                        .events = POLLIN,
                                        .ready = jobs_finished,
                                        .owner = loop};
        if (spf_loop_add(loop, &loop->wake)) {
            return loop;
        }
    }
    spf_loop_free(loop);
    return NULL;
}

void spf_loop_free(struct spf_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    for (size_t i = 0; i < loop->count; i++) {
        if (loop->entries[i].watch != NULL) {
            loop->entries[i].watch->slot = 0;
        }
    }
    spf_poller_free(loop->poller);
    free(loop->entries);
    free(loop->heap);
    free(loop->gaps);
    free(loop->due);
    spf_jobs_free(loop->jobs);
    free(loop);
}

/* Puts the entry at the place of the heap, from 0 on. */
static void settle(struct spf_loop *loop, size_t place, size_t index)
{
    loop->heap[place] = index;
    loop->entries[index].heap_slot = place + 1;
}

static int64_t due_at(const struct spf_loop *loop, size_t place)
{
    return loop->entries[loop->heap[place]].due_ms;
}

/* An entry that may be too early or too late at its place goes to where it belongs. */
static void sift(struct spf_loop *loop, size_t place)
{
    const size_t index = loop->heap[place];
    const int64_t due_ms = loop->entries[index].due_ms;

    for (size_t above; place > 0 && due_at(loop, above = (place - 1) / 2) > due_ms; place = above) {
        settle(loop, place, loop->heap[above]);
    }
    for (size_t below; (below = 2 * place + 1) < loop->heap_count; place = below) {
        below += below + 1 < loop->heap_count && due_at(loop, below + 1) < due_at(loop, below);
        if (due_at(loop, below) >= due_ms) {
            break;
        }
        settle(loop, place, loop->heap[below]);
    }
    settle(loop, place, index);
}

/* due_ms 0: never. */
static void set_due(struct spf_loop *loop, size_t index, int64_t due_ms)
{
    struct entry *entry = &loop->entries[index];
    const size_t place = entry->heap_slot - 1;

    if (due_ms == 0 && entry->heap_slot == 0) {
        return;
    }
    if (due_ms == 0) {
        entry->heap_slot = 0;
        if (place == --loop->heap_count) {
            return;
        }
        settle(loop, place, loop->heap[loop->heap_count]);
        sift(loop, place);
        return;
    }
    if (entry->heap_slot > 0 && entry->due_ms == due_ms) {
        return;
    }
    entry->due_ms = due_ms;
    if (entry->heap_slot == 0) {
        settle(loop, loop->heap_count++, index);
    }
    sift(loop, entry->heap_slot - 1);
}

/* Takes over what the watch waits for. */
static bool look_at(struct spf_loop *loop, size_t index)
{
    struct entry *entry = &loop->entries[index];

    entry->broken = !spf_poller_set(loop->poller, index, entry->watch->fd, entry->watch->events);
    set_due(loop, index, entry->broken ? 1 : entry->watch->due_ms);
    return !entry->broken;
}

/* Makes *list one of room members. */
static bool widen(size_t **list, size_t room)
{
    size_t *wider = realloc(*list, room * sizeof *wider);

    if (wider != NULL) {
        *list = wider;
    }
    return wider != NULL;
}

static bool grow(struct spf_loop *loop)
{
    size_t room = loop->room > 0 ? loop->room * 2 : 8;
    struct entry *entries = realloc(loop->entries, room * sizeof *entries);

    if (entries == NULL) {
        return false;
    }
    loop->entries = entries;
    if (!widen(&loop->heap, room) || !widen(&loop->gaps, room) || !widen(&loop->due, room)) {
        return false;
    }
    loop->room = room;
    return true;
}

bool spf_loop_add(struct spf_loop *loop, struct spf_watch *watch)
{
    size_t index;

    if (watch->slot != 0) {
        spf_loop_update(loop, watch);
        return true;
    }
    if (loop->usable_gaps > 0) {
        index = loop->gaps[--loop->usable_gaps];
        loop->gaps[loop->usable_gaps] = loop->gaps[--loop->gap_count];
    } else if (loop->count < loop->room || grow(loop)) {
        index = loop->count++;
    } else {
        return false;
    }
    loop->entries[index] = (struct entry){.watch = watch};
    watch->slot = index + 1;
    if (look_at(loop, index)) {
        return true;
    }
    spf_loop_remove(loop, watch);
    return false;
}

void spf_loop_update(struct spf_loop *loop, struct spf_watch *watch)
{
    if (watch->slot != 0) {
        (void)look_at(loop, watch->slot - 1);
    }
}

void spf_loop_remove(struct spf_loop *loop, struct spf_watch *watch)
{
    const size_t index = watch->slot - 1;

    if (watch->slot == 0) {
        return;
    }
    (void)!spf_poller_set(loop->poller, index, -1, 0);
    set_due(loop, index, 0);
    loop->entries[index].watch = NULL;
    loop->gaps[loop->gap_count++] = index;
    watch->slot = 0;
}

bool spf_loop_submit(struct spf_loop *loop, struct spf_job *job)
{
    return spf_jobs_submit(loop->jobs, job);
}

/* The watch may have been removed meanwhile; what it waits for from now on is looked at again. */
static void call(struct spf_loop *loop, size_t index, short revents)
{
    struct spf_watch *watch = loop->entries[index].watch;

    if (watch == NULL) {
        return;
    }
    loop->entries[index].turn = loop->turn;
    watch->ready(watch, revents);
    if (loop->entries[index].watch != NULL) {
        (void)look_at(loop, index);
    }
}

/* Those whose time has come, each once, though one may be due again at once. */
static void call_due(struct spf_loop *loop)
{
    const int64_t now = spf_now_ms();
    size_t count = 0;

    while (loop->heap_count > 0 && due_at(loop, 0) <= now) {
        loop->due[count] = loop->heap[0];
        set_due(loop, loop->due[count++], 0);
    }
    for (size_t i = 0; i < count; i++) {
        const struct entry *entry = &loop->entries[loop->due[i]];
        const struct spf_watch *watch = entry->watch;

        if (watch == NULL || entry->heap_slot > 0) {
            continue; /* gone, or put off by another's callback */
        }
        if (entry->turn != loop->turn &&
            (entry->broken || (watch->due_ms != 0 && watch->due_ms <= now))) {
            call(loop, loop->due[i], entry->broken ? POLLNVAL : 0);
        } else {
            (void)look_at(loop, loop->due[i]);
        }
    }
}

struct spf_error spf_loop_turn(struct spf_loop *loop, int64_t until_ms)
{
    struct spf_poller_event events[EVENTS_AT_ONCE];
    const int64_t now = spf_now_ms();
    int64_t left;
    int count;

    loop->turn++;
    loop->usable_gaps = loop->gap_count;
    if (loop->heap_count > 0 && due_at(loop, 0) < until_ms) {
        until_ms = due_at(loop, 0);
    }
    left = until_ms > now ? until_ms - now : 0;
    count =
        spf_poller_wait(loop->poller, left < INT_MAX ? (int)left : INT_MAX, events, EVENTS_AT_ONCE);
    if (count < 0) { /* a signal: the caller looks at its flag */
        return errno == EINTR ? spf_ok() : spf_error_sys(errno, "poll");
    }
    for (int i = 0; i < count; i++) {
        call(loop, events[i].key, events[i].revents);
    }
    call_due(loop);
    return spf_ok();
}
