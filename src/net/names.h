#pragma once

#include <stdint.h>
#include <sys/socket.h>

#include "base/loop.h"
#include "net/facts.h"

#define SPF_PLACES_MAX 16 /* of one name; ssh has no bound, a resolver's reply does */

struct spf_place {
    struct sockaddr_storage address;
    socklen_t len;
};

/* The addresses of a name in the order of getaddrinfo(3) (RFC 6724). */
struct spf_places {
    struct spf_place place[SPF_PLACES_MAX];
    size_t count;
};

/*
 * A name is looked up as ssh does it, by getaddrinfo(3) in a thread of its own, and without a limit
 * but the resolver's own (resolv.conf(5): timeout, attempts), which ssh waits for, too. Where no
 * name server gave an answer, each is asked once by itself (RFC 1035), for getaddrinfo(3) has one
 * error for all that may go wrong with one.
 */
struct spf_lookup {
    struct spf_job job; /* its owner is the asker's */
    char name[300];
    char port[8];
    int family; /* 0 either, 4, 6 */
    int error;  /* of getaddrinfo(3) */
    int errnum; /* of EAI_SYSTEM */
    struct spf_places places;
    struct spf_name_facts facts;
};

/* A literal address, without brackets: no I/O. False: it is none of that family. */
bool spf_places_of_literal(const char *literal, uint16_t port, int family,
                           struct spf_places *places);

/* Its numeric form, with its scope id where it has one; "" if there is none. */
void spf_place_name(const struct spf_place *place, char *out, size_t size);

/*
 * Submits the job; done gets &lookup->job in the loop's thread and need not free it. To forget it
 * is spf_loop_cancel. NULL: no memory.
 */
struct spf_lookup *spf_lookup_start(struct spf_loop *loop, const char *name, uint16_t port,
                                    int family, void (*done)(struct spf_job *job), void *owner);
