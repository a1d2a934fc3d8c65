#include "platform/poller.h"

#include <poll.h>
#include <stdlib.h>

/* poll(2), whose array is kept by key. */
struct spf_poller {
    struct pollfd *entries;
    size_t count;
    size_t room;
};

struct spf_poller *spf_poller_new(void)
{
    return calloc(1, sizeof(struct spf_poller));
}

void spf_poller_free(struct spf_poller *poller)
{
    if (poller != NULL) {
        free(poller->entries);
    }
    free(poller);
}

bool spf_poller_set(struct spf_poller *poller, size_t key, int fd, short events)
{
    size_t room = poller->room > 0 ? poller->room : 8;
    struct pollfd *entries;

    while (room <= key) {
        room *= 2;
    }
    if (room > poller->room) {
        entries = realloc(poller->entries, room * sizeof *entries);
        if (entries == NULL) {
            return false;
        }
        poller->entries = entries;
        poller->room = room;
    }
    while (poller->count <= key) {
        poller->entries[poller->count++] = (struct pollfd){.fd = -1};
    }
    poller->entries[key] = (struct pollfd){.fd = fd, .events = events};
    while (poller->count > 0 && poller->entries[poller->count - 1].fd < 0) {
        poller->count--;
    }
    return true;
}

int spf_poller_wait(struct spf_poller *poller, int timeout_ms, struct spf_poller_event *events,
                    size_t max)
{
    size_t count = 0;

    if (poll(poller->entries, (nfds_t)poller->count, timeout_ms) < 0) {
        return -1;
    }
    for (size_t i = 0; i < poller->count && count < max; i++) {
        if (poller->entries[i].fd >= 0 && poller->entries[i].revents != 0) {
            events[count++] = (struct spf_poller_event){i, poller->entries[i].revents};
        }
    }
    return (int)count;
}
