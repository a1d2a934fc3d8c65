#include "net/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/shortage.h"
#include "base/text.h"
#include "net/connect_error.h"
#include "net/flow.h"
#include "net/names.h"
#include "net/own_drops.h"

/* Before the first SYN is sent again (1 s): from then on drops are counted. */
#define UNANSWERED_MS 500
struct spf_dial {
    struct spf_loop *loop;
    struct spf_tcp_facts *facts;
    spf_dialled *done;
    void *owner;
    struct spf_lookup *lookup; /* while it runs */
    struct spf_watch watch;
    struct spf_pace *pace;
    struct spf_places places;
    size_t next;
    unsigned timeout_ms;
    int64_t started_ms;   /* of the look-up */
    int64_t first_syn_ms; /* 0: none yet */
    int64_t syn_ms;       /* of the address being tried */
    bool hurried;
    int64_t end_ms;             /* of the address being tried */
    struct spf_own_watch drops; /* while no answer comes */
};

static void note_own_address(struct spf_dial *dial)
{
    struct spf_place own = {.len = sizeof own.address};

    if (getsockname(dial->watch.fd, (struct sockaddr *)&own.address, &own.len)) {
        return;
    }
    spf_place_name(&own, dial->facts->own_address, sizeof dial->facts->own_address);
    dial->facts->own_port =
        ntohs(own.address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own.address)->sin6_port
                                                : ((struct sockaddr_in *)&own.address)->sin_port);
}

static void finish(struct spf_dial *dial, const struct spf_failure *failure)
{
    int fd = dial->watch.fd;

    spf_loop_remove(dial->loop, &dial->watch);
    dial->watch.fd = -1;
    if (fd >= 0 &&
        (failure != NULL || dial->facts->outcome != SPF_TCP_OPEN || dial->facts->reset)) {
        close(fd);
        fd = -1;
    }
    dial->done(dial->owner, fd, failure);
}

static void fail_system(struct spf_dial *dial, int errnum, const char *what)
{
    struct spf_failure failure = spf_failure(SPF_SYSTEM_ERROR, "%s: %s", what, strerror(errnum));

    finish(dial, &failure);
}

/* No answer came by now: do our packets leave, and do the answers get past our own kernel? */
static void sample_drops(struct spf_dial *dial)
{
    struct spf_flow flow = {0};

    if (!dial->drops.running) {
        spf_own_watch_begin(&dial->drops);
    }
    spf_flow_read(dial->watch.fd, &flow);
    spf_own_watch_sample(&dial->drops, flow.retransmissions, &dial->facts->drops);
}

/* Notes how the present address ended. */
static void note_outcome(struct spf_dial *dial, int errnum, bool local)
{
    const struct spf_place *place = &dial->places.place[dial->next - 1];
    struct spf_tcp_facts *facts = dial->facts;

    facts->outcome = spf_tcp_outcome_of(errnum);
    facts->reset = facts->outcome == SPF_TCP_OPEN && errnum != 0;
    facts->local = local && errnum != 0;
    facts->elapsed_ms = spf_now_ms() - dial->syn_ms;
    spf_copy(facts->error, sizeof facts->error, errnum ? strerror(errnum) : "");
    facts->no_port = local && errnum == EADDRNOTAVAIL && spf_lacks_port(place);
    if (dial->watch.fd < 0) {
        return;
    }
    note_own_address(dial);
    if (facts->outcome == SPF_TCP_SILENT) {
        sample_drops(dial);
        facts->syn_limit_s = spf_syn_limit_s();
        if (spf_is_loopback(dial->watch.fd,
                            place->address.ss_family)) { /* what is dropped here is the
                                                           SYN, by the server's filter */
            facts->drops.syns_discarded = 0;
            facts->drops.late = false;
        }
    }
    if (errnum != 0 && !local) {
        spf_icmp_note(dial->watch.fd, errnum, facts);
    }
    spf_icmp_want(dial->watch.fd, 0);
}

static bool remember_attempt(struct spf_dial *dial)
{
    struct spf_tcp_facts *facts = dial->facts;
    struct spf_tcp_attempt *attempt = SPF_APPEND(&facts->before);

    if (attempt == NULL) {
        return false;
    }
    spf_copy(attempt->address, sizeof attempt->address, facts->address);
    spf_copy(attempt->error, sizeof attempt->error, facts->error);
    attempt->elapsed_ms = facts->elapsed_ms;
    attempt->silent = facts->outcome == SPF_TCP_SILENT;
    attempt->local = facts->local;
    return true;
}

static void look_again(struct spf_dial *dial, int64_t due_ms)
{
    dial->watch.due_ms = due_ms < dial->end_ms ? due_ms : dial->end_ms;
}

static void set_timeout(struct spf_dial *dial)
{
    dial->end_ms = dial->syn_ms + dial->timeout_ms;
    if (dial->hurried && dial->end_ms > dial->first_syn_ms + SPF_DIAL_SHORT_MS) {
        dial->end_ms = dial->first_syn_ms + SPF_DIAL_SHORT_MS;
    }
    look_again(dial, dial->drops.running ? spf_now_ms() + SPF_OWN_SAMPLE_MS
                                         : dial->syn_ms + UNANSWERED_MS);
}

/*
 * Starts connecting to the next address. Returns 0 when it is under way or done, else the errno of
 * an attempt that ended before a packet left.
 */
static int start(struct spf_dial *dial)
{
    const struct spf_place *place = &dial->places.place[dial->next++];
    int one = 1;

    spf_place_name(place, dial->facts->address, sizeof dial->facts->address);
    dial->drops.running = false;
    dial->facts->drops = (struct spf_drop_facts){0};
    dial->facts->icmp_from[0] = '\0';
    dial->syn_ms = spf_now_ms();
    if (!dial->first_syn_ms) {
        dial->first_syn_ms = dial->syn_ms;
    }
    dial->watch.fd =
        socket(place->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (dial->watch.fd < 0) {
        return errno;
    }
    (void)setsockopt(dial->watch.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    spf_icmp_want(dial->watch.fd, 1);
    if (connect(dial->watch.fd, (const struct sockaddr *)&place->address, place->len) &&
        errno != EINPROGRESS) {
        return errno;
    }
    return 0;
}

static void try_next(struct spf_dial *dial);
static void ready(struct spf_watch *watch, short revents);

/* The present address ended with errnum: the connection is there, the next address is tried, or
 * that was all. */
static void conclude_address(struct spf_dial *dial, int errnum, bool local)
{
    note_outcome(dial, errnum, local);
    if (dial->facts->outcome == SPF_TCP_OPEN || dial->next == dial->places.count ||
        dial->facts->cut_short) {
        finish(dial, NULL);
        return;
    }
    spf_loop_remove(dial->loop, &dial->watch);
    if (dial->watch.fd >= 0) {
        close(dial->watch.fd);
    }
    dial->watch.fd = -1;
    if (remember_attempt(dial)) {
        try_next(dial);
    } else {
        fail_system(dial, ENOMEM, "connect");
    }
}

static void connect_next(struct spf_dial *dial)
{
    int errnum = start(dial);

    if (spf_errno_is_shortage(errnum)) {
        fail_system(dial, errnum, "socket");
        return;
    }
    if (errnum) {
        conclude_address(dial, errnum, true);
        return;
    }
    set_timeout(dial);
    dial->watch.events = POLLOUT;
    if (!spf_loop_add(dial->loop, &dial->watch)) {
        fail_system(dial, ENOMEM, "connect");
    }
}

static void turn_came(struct spf_watch *watch, short revents)
{
    struct spf_dial *dial = watch->owner;

    (void)revents;
    spf_loop_remove(dial->loop, watch);
    watch->ready = ready;
    watch->due_ms = 0;
    connect_next(dial);
}

/* When the next address may be connected to. The ports of this machine are servers of their own, or
 * the ends of tunnels to such. */
static int64_t turn_of(const struct spf_dial *dial, int64_t now_ms)
{
    struct sockaddr_storage key = dial->places.place[dial->next].address;
    struct sockaddr_in *v4 = (struct sockaddr_in *)&key;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&key;

    if (dial->pace == NULL) {
        return now_ms;
    }
    if (key.ss_family == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24 != IN_LOOPBACKNET) {
        v4->sin_port = 0;
    }
    if (key.ss_family == AF_INET6 && !IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr)) {
        v6->sin6_port = 0;
    }
    return spf_pace_take(dial->pace, &key, (size_t)dial->places.place[dial->next].len, now_ms);
}

static void try_next(struct spf_dial *dial)
{
    const int64_t now_ms = spf_now_ms();
    const int64_t due_ms = turn_of(dial, now_ms);

    if (due_ms <= now_ms) {
        connect_next(dial);
        return;
    }
    dial->watch.ready = turn_came;
    dial->watch.events = 0;
    dial->watch.due_ms = due_ms;
    if (!spf_loop_add(dial->loop, &dial->watch)) {
        fail_system(dial, ENOMEM, "connect");
    }
}

static void unresolved(struct spf_dial *dial, const char *why)
{
    dial->facts->outcome = SPF_TCP_UNRESOLVED;
    spf_clean(dial->facts->error, sizeof dial->facts->error, why, strlen(why));
    finish(dial, NULL);
}

static void resolved(struct spf_job *job)
{
    struct spf_lookup *lookup = (struct spf_lookup *)job;
    struct spf_dial *dial = job->owner;

    dial->lookup = NULL;
    dial->facts->resolve_ms = spf_now_ms() - dial->started_ms;
    dial->facts->lookup = lookup->facts;
    if (lookup->error == EAI_SYSTEM || lookup->error == EAI_MEMORY) {
        fail_system(dial, lookup->error == EAI_MEMORY ? ENOMEM : lookup->errnum, "getaddrinfo");
    } else if (lookup->error || lookup->places.count == 0) {
        unresolved(dial, gai_strerror(lookup->error ? lookup->error : EAI_NONAME));
    } else {
        dial->places = lookup->places;
        try_next(dial);
    }
}

static void timed_out(struct spf_dial *dial)
{
    dial->facts->cut_short =
        dial->hurried && spf_now_ms() >= dial->first_syn_ms + SPF_DIAL_SHORT_MS;
    conclude_address(dial, ETIMEDOUT, false);
}

static void ready(struct spf_watch *watch, short revents)
{
    struct spf_dial *dial = watch->owner;
    int errnum = 0;
    socklen_t len = sizeof errnum;

    if (!revents && spf_now_ms() < dial->end_ms) {
        sample_drops(dial);
        look_again(dial, dial->drops.running ? spf_now_ms() + SPF_OWN_SAMPLE_MS : dial->end_ms);
        return;
    }
    if (!revents) {
        timed_out(dial);
        return;
    }
    if (getsockopt(watch->fd, SOL_SOCKET, SO_ERROR, &errnum, &len) == 0) {
        conclude_address(dial, errnum, false);
    } else {
        fail_system(dial, errno, "getsockopt");
    }
}

/* "[::1]" and "::1" are the same to every user of this tool. */
static void copy_host(char *out, size_t size, const char *host)
{
    size_t len = strlen(host);

    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        spf_format(out, size, "%.*s", (int)(len - 2), host + 1);
    } else {
        spf_copy(out, size, host);
    }
}

/* The first step, from a timer that is due at once, so that done is never called inside
 * spf_dial_new. */
static void begin(struct spf_watch *watch, short revents)
{
    struct spf_dial *dial = watch->owner;

    (void)revents;
    spf_loop_remove(dial->loop, watch);
    watch->ready = ready;
    watch->due_ms = 0;
    try_next(dial);
}

struct spf_dial *spf_dial_new(struct spf_loop *loop, const struct spf_destination *destination,
                              struct spf_tcp_facts *facts, spf_dialled *done, void *owner)
{
    struct spf_dial *dial = calloc(1, sizeof *dial);
    char host[300];

    if (dial == NULL) {
        return NULL;
    }
    dial->loop = loop;
    dial->facts = facts;
    dial->done = done;
    dial->owner = owner;
    dial->timeout_ms = destination->timeout_ms;
    dial->pace = destination->pace;
    dial->started_ms = spf_now_ms();
    dial->watch = (struct spf_watch){.fd = -1, .ready = ready, .owner = dial};

    copy_host(host, sizeof host, destination->host);
    if (spf_places_of_literal(host, destination->port, destination->family, &dial->places)) {
        dial->watch.ready = begin;
        dial->watch.due_ms = dial->started_ms;
        if (spf_loop_add(loop, &dial->watch)) {
            return dial;
        }
    } else {
        spf_copy(facts->name, sizeof facts->name, host);
        dial->lookup =
            spf_lookup_start(loop, host, destination->port, destination->family, resolved, dial);
        if (dial->lookup != NULL) {
            return dial;
        }
    }
    spf_dial_free(dial);
    return NULL;
}

void spf_dial_expect_silence(struct spf_dial *dial)
{
    dial->hurried = true;
    if (!dial->first_syn_ms || !dial->watch.due_ms) {
        return;
    }
    set_timeout(dial);
    spf_loop_update(dial->loop, &dial->watch);
}

void spf_dial_free(struct spf_dial *dial)
{
    if (dial == NULL) {
        return;
    }
    if (dial->lookup != NULL) {
        spf_job_cancel(&dial->lookup->job);
    }
    spf_loop_remove(dial->loop, &dial->watch);
    if (dial->watch.fd >= 0) {
        close(dial->watch.fd);
    }
    free(dial);
}
