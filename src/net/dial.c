#include "net/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
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

static enum spf_tcp_outcome outcome_of(int errnum)
{
    switch (errnum) {
    case 0:
    case ECONNRESET: /* a reset that answers the SYN is ECONNREFUSED: this came after it was open */
    case ECONNABORTED:
    case EPIPE:
        return SPF_TCP_OPEN;
    case ECONNREFUSED:
        return SPF_TCP_REFUSED;
    case ETIMEDOUT:
        return SPF_TCP_SILENT;
    case EACCES:
    case EPERM:
        return SPF_TCP_FORBIDDEN;
    default: /* EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, EADDRNOTAVAIL, EAFNOSUPPORT, EINVAL … */
        return SPF_TCP_UNREACHABLE;
    }
}

/*
 * Asks for the ICMP message that ends a connection attempt, and, with 0, no longer for any: on an
 * open connection it would turn a passing trouble into its end (ip(7)).
 */
static void want_icmp(int fd, int wanted)
{
    (void)setsockopt(fd, SOL_IP, IP_RECVERR, &wanted, sizeof wanted);
    (void)setsockopt(fd, SOL_IPV6, IPV6_RECVERR, &wanted, sizeof wanted);
}

/* RFC 792 and 1812: net, host or communication administratively prohibited, and its precedence;
 * RFC 4443. */
static bool is_policy(const struct sock_extended_err *error)
{
    if (error->ee_origin == SO_EE_ORIGIN_ICMP6) {
        return error->ee_type == 1 &&
               (error->ee_code == 1 || error->ee_code == 5 || error->ee_code == 6);
    }
    return error->ee_type == 3 && (error->ee_code == 9 || error->ee_code == 10 ||
                                   (error->ee_code >= 13 && error->ee_code <= 15));
}

/*
 * Who ended the attempt, and whether it was a rule: connect(2) tells neither (EHOSTUNREACH, and
 * for a firewall's REJECT ECONNREFUSED). Linux 5.8 and later keep it (tcp_ipv4.c, tcp_v4_err).
 */
static void note_icmp(struct spf_dial *dial, int errnum)
{
    struct spf_tcp_facts *facts = dial->facts;
    char bytes[256] __attribute__((aligned(8)));
    char from[64];
    struct msghdr message = {.msg_control = bytes, .msg_controllen = sizeof bytes};

    if (recvmsg(dial->watch.fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
        return;
    }
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part != NULL;
         part = CMSG_NXTHDR(&message, part)) {
        struct {
            struct sock_extended_err error;
            struct sockaddr_in6 from; /* of either family */
        } said = {0};
        struct spf_place place = {.len = sizeof said.from};
        size_t len = part->cmsg_len - CMSG_LEN(0);

        memcpy(&said, CMSG_DATA(part), len < sizeof said ? len : sizeof said);
        if (said.error.ee_origin != SO_EE_ORIGIN_ICMP &&
            said.error.ee_origin != SO_EE_ORIGIN_ICMP6) {
            continue;
        }
        memcpy(&place.address, &said.from, sizeof said.from);
        if (place.address.ss_family == AF_INET) {
            place.len = sizeof(struct sockaddr_in);
        }
        spf_place_name(&place, from, sizeof from);
        spf_copy(facts->icmp_from, sizeof facts->icmp_from, from);
        facts->icmp_type = said.error.ee_type;
        facts->icmp_code = said.error.ee_code;
        /* "port unreachable" by another machine is a firewall's word, not the host's */
        if (is_policy(&said.error) ||
            (errnum == ECONNREFUSED && strcmp(from, facts->address) != 0)) {
            facts->outcome = SPF_TCP_FORBIDDEN;
        }
        spf_format(facts->error, sizeof facts->error, "ICMP from %s: %s", from,
                   is_policy(&said.error) ? "administratively prohibited" : strerror(errnum));
    }
}

/* EADDRNOTAVAIL is "no port left" or "no address of this family": a datagram's socket needs only
 * the address. Nothing is sent. */
static bool lacks_port(const struct spf_place *place)
{
    int fd = socket(place->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool has_address =
        fd >= 0 && connect(fd, (const struct sockaddr *)&place->address, place->len) == 0;

    if (fd >= 0) {
        close(fd);
    }
    return has_address;
}

/* Does the way there end in this machine? No other link's packets are as large. */
static bool is_loopback(int fd, int family)
{
    int mtu = 0;
    socklen_t len = sizeof mtu;

    return getsockopt(fd, family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP,
                      family == AF_INET6 ? IPV6_MTU : IP_MTU, &mtu, &len) == 0 &&
           mtu >= 65535;
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

static int64_t setting(const char *path)
{
    char text[16] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;

    if (fd >= 0) {
        (void)close(fd);
    }
    return len > 0 ? strtoll(text, NULL, 10) : 0;
}

/*
 * How long a plain ssh waits for an answer to its SYN: it is sent again after 1, 2, 4 ... s (RFC
 * 6298), since Linux 6.5 at first each second (ip-sysctl.rst, tcp_syn_retries,
 * tcp_syn_linear_timeouts).
 */
static int64_t syn_limit_s(void)
{
    const int64_t again = setting("/proc/sys/net/ipv4/tcp_syn_retries");

    if (again < 1 || again > 16) {
        return 0;
    }
    return (2 << again) - 1 + setting("/proc/sys/net/ipv4/tcp_syn_linear_timeouts");
}

/* Notes how the present address ended. */
static void note_outcome(struct spf_dial *dial, int errnum, bool local)
{
    const struct spf_place *place = &dial->places.place[dial->next - 1];
    struct spf_tcp_facts *facts = dial->facts;

    facts->outcome = outcome_of(errnum);
    facts->reset = facts->outcome == SPF_TCP_OPEN && errnum != 0;
    facts->local = local && errnum != 0;
    facts->elapsed_ms = spf_now_ms() - dial->syn_ms;
    spf_copy(facts->error, sizeof facts->error, errnum ? strerror(errnum) : "");
    facts->no_port = local && errnum == EADDRNOTAVAIL && lacks_port(place);
    if (dial->watch.fd < 0) {
        return;
    }
    note_own_address(dial);
    if (facts->outcome == SPF_TCP_SILENT) {
        sample_drops(dial);
        facts->syn_limit_s = syn_limit_s();
        if (is_loopback(dial->watch.fd,
                        place->address.ss_family)) { /* what is dropped here is the
                                                       SYN, by the server's filter */
            facts->drops.syns_discarded = 0;
            facts->drops.late = false;
        }
    }
    if (errnum != 0 && !local) {
        note_icmp(dial, errnum);
    }
    want_icmp(dial->watch.fd, 0);
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
    want_icmp(dial->watch.fd, 1);
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
        spf_loop_cancel(dial->loop, &dial->lookup->job);
    }
    spf_loop_remove(dial->loop, &dial->watch);
    if (dial->watch.fd >= 0) {
        close(dial->watch.fd);
    }
    free(dial);
}
