#include "platform/poller.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 256

/* What the kernel knows of a key. */
struct entry {
    int fd;      /* -1: nothing is waited for */
    int watched; /* a copy of fd where another key has the same; -1: the kernel does not know it */
    short events;
};

struct spf_poller {
    int epoll;
    struct entry *entries;
    size_t room;
    size_t files; /* of them are regular files, which epoll(7) does not take */
};

/* The same bits by Linux's ABI, so that neither needs a translation. */
_Static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR &&
                   EPOLLHUP == POLLHUP,
               "poll(2) and epoll(7) number events alike");

struct spf_poller *spf_poller_new(void)
{
    struct spf_poller *poller = calloc(1, sizeof *poller);

    if (poller == NULL) {
        return NULL;
    }
    poller->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (poller->epoll >= 0) {
        return poller;
    }
    free(poller);
    return NULL;
}

static bool is_file(const struct entry *entry)
{
    return entry->fd >= 0 && entry->watched < 0;
}

static void forget(struct spf_poller *poller, struct entry *entry)
{
    poller->files -= is_file(entry);
    /* Its owner may have closed it already, and then the kernel has forgotten it. */
    if (entry->watched >= 0) {
        (void)epoll_ctl(poller->epoll, EPOLL_CTL_DEL, entry->watched, NULL);
    }
    if (entry->watched >= 0 && entry->watched != entry->fd) {
        (void)close(entry->watched);
    }
    *entry = (struct entry){.fd = -1, .watched = -1};
}

void spf_poller_free(struct spf_poller *poller)
{
    if (poller == NULL) {
        return;
    }
    for (size_t i = 0; i < poller->room; i++) {
        forget(poller, &poller->entries[i]);
    }
    (void)close(poller->epoll);
    free(poller->entries);
    free(poller);
}

static bool grow(struct spf_poller *poller, size_t key)
{
    size_t room = poller->room > 0 ? poller->room : 8;
    struct entry *entries;

    while (room <= key) {
        room *= 2;
    }
    entries = realloc(poller->entries, room * sizeof *entries);
    if (entries == NULL) {
        return false;
    }
    for (size_t i = poller->room; i < room; i++) {
        entries[i] = (struct entry){.fd = -1, .watched = -1};
    }
    poller->entries = entries;
    poller->room = room;
    return true;
}

/* epoll(7) takes each descriptor but once: another key's is watched through a copy. */
static bool add(struct spf_poller *poller, struct entry *entry, int fd, struct epoll_event *event)
{
    int watched = fd;

    if (epoll_ctl(poller->epoll, EPOLL_CTL_ADD, fd, event) != 0) {
        if (errno == EPERM) {
            watched = -1;
        } else {
            watched = errno == EEXIST ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
            if (watched < 0) {
                return false;
            }
            if (epoll_ctl(poller->epoll, EPOLL_CTL_ADD, watched, event) != 0) {
                (void)close(watched);
                return false;
            }
        }
    }
    *entry = (struct entry){.fd = fd, .watched = watched, .events = (short)event->events};
    poller->files += is_file(entry);
    return true;
}

bool spf_poller_set(struct spf_poller *poller, size_t key, int fd, short events)
{
    struct epoll_event event = {.events = (uint32_t)(unsigned short)events, .data.u64 = key};
    struct entry *entry;

    if (key >= poller->room && (fd < 0 || !grow(poller, key))) {
        return fd < 0;
    }
    entry = &poller->entries[key];
    if (entry->fd == fd && entry->events == events) {
        return true;
    }
    if (entry->fd == fd && entry->watched >= 0 &&
        epoll_ctl(poller->epoll, EPOLL_CTL_MOD, entry->watched, &event) == 0) {
        entry->events = events;
        return true;
    }
    forget(poller, entry);
    return fd < 0 || add(poller, entry, fd, &event);
}

/* poll(2) calls a file ready for whatever is asked. */
static int take_files(const struct spf_poller *poller, struct spf_poller_event *events, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < poller->room && count < max; i++) {
        const struct entry *entry = &poller->entries[i];

        if (is_file(entry) && entry->events != 0) {
            events[count++] = (struct spf_poller_event){i, entry->events};
        }
    }
    return (int)count;
}

int spf_poller_wait(struct spf_poller *poller, int timeout_ms, struct spf_poller_event *events,
                    size_t max)
{
    struct epoll_event got[EVENTS_AT_ONCE];
    int files = poller->files > 0 ? take_files(poller, events, max) : 0;
    int count;

    max -= (size_t)files;
    if (max == 0) {
        return files;
    }
    count = epoll_wait(poller->epoll, got, (int)(max < EVENTS_AT_ONCE ? max : EVENTS_AT_ONCE),
                       files > 0 ? 0 : timeout_ms);
    if (count < 0) {
        return files > 0 ? files : -1;
    }
    for (int i = 0; i < count; i++) {
        events[files + i] =
            (struct spf_poller_event){(size_t)got[i].data.u64, (short)got[i].events};
    }
    return files + count;
}
