#pragma once

#include "base/loop.h"
#include "base/pace.h"
#include "net/facts.h"
#include "pipeline/facts.h"

/*
 * One TCP connection, opened as ssh would: the addresses of the name one after the other in the
 * order of getaddrinfo(3) (RFC 6724), each outcome kept with the exact SO_ERROR.
 *
 * A name is looked up in a job of the loop (net/names.h), without a limit of its own, as with ssh;
 * a literal address, with or without brackets and scope id, needs none. Each address has
 * timeout_ms, as with ssh's ConnectTimeout.
 */
struct spf_destination {
    const char *host; /* name or literal */
    uint16_t port;
    int family; /* 0 either, 4, 6 */
    unsigned timeout_ms;
    struct spf_pace *pace; /* of connections to an address, which outlives it; NULL: at once */
};

struct spf_dial;

/*
 * The outcome, once, in the loop's thread: facts are filled. fd is -1 unless the outcome is open;
 * it then belongs to the callee, is non-blocking, close-on-exec and has TCP_NODELAY set. failure is
 * not NULL when we could not try at all (no memory, no descriptor). The dial may be freed here.
 */
typedef void spf_dialled(void *owner, int fd, const struct spf_failure *failure);

/* Starts at once; facts and owner outlive the dial. NULL: no memory. */
struct spf_dial *spf_dial_new(struct spf_loop *loop, const struct spf_destination *destination,
                              struct spf_tcp_facts *facts, spf_dialled *done, void *owner);

/* The cloud says that packets will be dropped: give up SPF_DIAL_SHORT_MS after the first SYN. */
#define SPF_DIAL_SHORT_MS 3000
void spf_dial_expect_silence(struct spf_dial *dial);

/* Cancels what is under way; done is not called any more. Takes NULL. */
void spf_dial_free(struct spf_dial *dial);
