#include "net/path_mtu.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "net/flow.h"

#define LOOK_MS    10   /* nothing wakes us for an acknowledgement */
#define LOST_MS    1500 /* a segment is sent again after 0.2, 0.6 and 1.4 s, and a round trip each */
#define STEPS      10   /* sizes tried by one connection */
#define PACKET_LEN 0x7ffcu /* 32 KiB with its length: more than is ever sent of it */

/* What one connection came to. */
struct trace {
    int64_t acked;   /* bytes that arrived */
    int64_t lost;    /* and of the segment that did not; 0: all arrived */
    int64_t packets; /* that had them */
};

struct spf_path_probe {
    struct spf_loop *loop;
    struct spf_watch watch;
    struct sockaddr_storage peer;
    socklen_t peer_len;
    char greeting[256];
    size_t greeting_len;
    struct spf_path_mtu *path;
    spf_path_probed *done;
    void *owner;
    int64_t headers;   /* of a packet */
    int64_t wait_ms;   /* for an acknowledgement, or for data to come */
    int64_t stuck_in;  /* bytes that had come when the first connection stood still */
    int64_t low, high; /* packets of low bytes pass; of high they do not */
    bool low_passed, high_lost;
    int64_t step, size; /* of the connection under way; size of the segment under way */
    int64_t sent, sent_ms;
    bool connected;
    struct trace trace[SPF_PATH_PROBES];
};

static void ready(struct spf_watch *watch, short revents);

void spf_path_abort_at_close(int fd)
{
    const struct linger none = {.l_onoff = 1};

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

static void hang_up(struct spf_path_probe *probe)
{
    spf_loop_remove(probe->loop, &probe->watch);
    if (probe->watch.fd >= 0) {
        spf_path_abort_at_close(probe->watch.fd);
        (void)close(probe->watch.fd);
    }
    probe->watch.fd = -1;
}

static void finish(struct spf_path_probe *probe, enum spf_path_outcome outcome)
{
    hang_up(probe);
    probe->path->outcome = outcome;
    if (outcome == SPF_PATH_LIMITED) {
        probe->path->passes = probe->low;
        probe->path->fails = probe->high;
    }
    probe->done(probe->owner);
}

/*
 * A cut by the number of bytes ends every connection within the packet that has that byte in it.
 * Whoever counts counts headers as well, and those packets that only acknowledge.
 */
static bool may_be_cut(const struct spf_path_probe *probe, int64_t *after)
{
    const int64_t without_data = 4 * probe->headers; /* more or less of them than in another one */
    int64_t least = 0;
    int64_t most = INT64_MAX;

    *after = 0;
    for (int64_t i = 0; i < probe->path->probes; i++) {
        const struct trace *trace = &probe->trace[i];
        const int64_t passed = trace->acked + (trace->packets - 1) * probe->headers;
        const int64_t sent = trace->acked + trace->lost + trace->packets * probe->headers;

        if (trace->lost == 0) {
            return false;
        }
        *after = trace->acked > *after ? trace->acked : *after;
        least = passed > least ? passed : least;
        most = sent + without_data < most ? sent + without_data : most;
    }
    return least < most;
}

static bool begin(struct spf_path_probe *probe)
{
    struct spf_path_mtu *path = probe->path;
    const int one = 1;
    int maxseg;
    int fd = socket(probe->peer.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return false;
    }
    probe->watch.fd = fd;
    probe->watch.events = POLLOUT;
    probe->watch.due_ms = spf_now_ms() + probe->wait_ms;
    probe->connected = false;
    probe->sent = 0;
    probe->size = probe->low;
    probe->step = (probe->high - probe->low + STEPS - 1) / STEPS;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (path->inwards) {
        /* the option counts without the room that timestamps take (RFC 6691) */
        probe->size = path->probes == 0 ? probe->low : (probe->low + probe->high) / 2;
        maxseg = (int)probe->size - (probe->peer.ss_family == AF_INET6 ? 60 : 40);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &maxseg, sizeof maxseg);
    }
    path->probes++;
    return (connect(fd, (struct sockaddr *)&probe->peer, probe->peer_len) == 0 ||
            errno == EINPROGRESS) &&
           spf_loop_add(probe->loop, &probe->watch);
}

/* The connection came to its end; another one, or all that there is to know. */
static void conclude(struct spf_path_probe *probe)
{
    const bool more = probe->path->probes < SPF_PATH_PROBES && probe->high - probe->low > 1;

    hang_up(probe);
    /* the second connection also tells a limit from a cut */
    if ((more || (!probe->path->inwards && probe->path->probes == 1)) && begin(probe)) {
        return;
    }
    if (!probe->low_passed && probe->path->inwards) {
        finish(probe, SPF_PATH_CLOSED);
    } else if (!probe->path->inwards && may_be_cut(probe, &probe->path->cut_after)) {
        finish(probe, SPF_PATH_CUT);
    } else {
        finish(probe, probe->low_passed ? SPF_PATH_LIMITED : SPF_PATH_CLOSED);
    }
}

static void send_segment(struct spf_path_probe *probe)
{
    /* of an SSH packet: its length, 4 bytes of padding, SSH_MSG_IGNORE; the rest says nothing */
    static const unsigned char head[] = {0, 0, PACKET_LEN >> 8, PACKET_LEN & 0xff, 4, 2};
    unsigned char bytes[SPF_PADDING_MAX] = {0};
    int64_t len = probe->size - probe->headers;

    if (len > (int64_t)sizeof bytes) {
        len = sizeof bytes;
    }
    if (probe->sent == 0) {
        memcpy(bytes, probe->greeting, probe->greeting_len);
        memcpy(bytes + probe->greeting_len, head, sizeof head);
    }
    if (send(probe->watch.fd, bytes, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT) != len) {
        finish(probe, SPF_PATH_CLOSED);
        return;
    }
    probe->sent += len;
    probe->trace[probe->path->probes - 1].packets++;
    probe->sent_ms = spf_now_ms();
    probe->watch.events = 0;
    probe->watch.due_ms = probe->sent_ms + LOOK_MS;
}

/* The segment under way arrived: the next size, or this connection has shown what it can. */
static void arrived(struct spf_path_probe *probe)
{
    struct trace *trace = &probe->trace[probe->path->probes - 1];

    trace->acked = probe->sent;
    if (probe->size > probe->low || !probe->low_passed) {
        probe->low = probe->size;
        probe->low_passed = true;
    }
    if (probe->size >= probe->high) {
        finish(probe, SPF_PATH_FINE); /* what was lost before passes now */
        return;
    }
    if (probe->size + probe->step >= probe->high && probe->high_lost) {
        conclude(probe);
        return;
    }
    probe->size += probe->step;
    if (probe->size > probe->high) {
        probe->size = probe->high;
    }
    send_segment(probe);
}

static void lost(struct spf_path_probe *probe, int64_t unacked)
{
    struct trace *trace = &probe->trace[probe->path->probes - 1];

    trace->acked = probe->sent - unacked;
    trace->lost = unacked;
    if (probe->size <= SPF_PATH_LEAST) {
        probe->path->cut_after = trace->acked;
        finish(probe, trace->acked > 0 ? SPF_PATH_CUT : SPF_PATH_CLOSED);
        return;
    }
    if (probe->size > probe->low) {
        probe->high = probe->size;
        probe->high_lost = true;
    }
    conclude(probe);
}

static void look_outwards(struct spf_path_probe *probe)
{
    int unacked = 0;

    if (ioctl(probe->watch.fd, SIOCOUTQ, &unacked) != 0) {
        finish(probe, SPF_PATH_CLOSED);
        return;
    }
    probe->watch.due_ms = spf_now_ms() + LOOK_MS;
    if (unacked == 0) {
        arrived(probe);
    } else if (spf_now_ms() >= probe->sent_ms + probe->wait_ms) {
        lost(probe, unacked);
    }
}

static void look_inwards(struct spf_path_probe *probe)
{
    struct spf_flow flow = {0};

    spf_flow_read(probe->watch.fd, &flow);
    probe->watch.due_ms = spf_now_ms() + LOOK_MS;
    if (flow.bytes_in > probe->stuck_in) {
        probe->low = probe->size;
        probe->low_passed = true;
        conclude(probe);
    } else if (spf_now_ms() >= probe->sent_ms + probe->wait_ms) {
        if (probe->size > probe->low) {
            probe->high = probe->size;
        }
        if (probe->low_passed) {
            conclude(probe);
        } else {
            finish(probe, SPF_PATH_CLOSED);
        }
    }
}

static void connected(struct spf_path_probe *probe)
{
    probe->connected = true;
    if (!probe->path->inwards) {
        send_segment(probe);
        return;
    }
    (void)!send(probe->watch.fd, probe->greeting, probe->greeting_len, MSG_NOSIGNAL | MSG_DONTWAIT);
    probe->sent_ms = spf_now_ms();
    probe->watch.events = 0;
    probe->watch.due_ms = probe->sent_ms + LOOK_MS;
}

static void ready(struct spf_watch *watch, short revents)
{
    struct spf_path_probe *probe = watch->owner;
    int error = 0;
    socklen_t len = sizeof error;

    if ((revents & (POLLERR | POLLHUP)) != 0 || (!probe->connected && revents == 0) ||
        getsockopt(watch->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
        finish(probe, SPF_PATH_CLOSED);
    } else if (!probe->connected) {
        connected(probe);
    } else if (probe->path->inwards) {
        look_inwards(probe);
    } else {
        look_outwards(probe);
    }
}

void spf_path_name_interface(int fd, struct spf_path_mtu *path)
{
    struct sockaddr_storage own = {0};
    socklen_t len = sizeof own;
    struct ifaddrs *list = NULL;
    const bool v4 = getsockname(fd, (struct sockaddr *)&own, &len) == 0 && own.ss_family == AF_INET;

    if (getifaddrs(&list) != 0) {
        return;
    }
    for (const struct ifaddrs *at = list; at != NULL && path->interface[0] == '\0';
         at = at->ifa_next) {
        if (at->ifa_addr == NULL || at->ifa_addr->sa_family != own.ss_family) {
            continue;
        }
        if (v4 ? ((struct sockaddr_in *)at->ifa_addr)->sin_addr.s_addr ==
                     ((struct sockaddr_in *)&own)->sin_addr.s_addr
               : memcmp(&((struct sockaddr_in6 *)at->ifa_addr)->sin6_addr,
                        &((struct sockaddr_in6 *)&own)->sin6_addr, sizeof(struct in6_addr)) == 0) {
            spf_copy(path->interface, sizeof path->interface, at->ifa_name);
        }
    }
    freeifaddrs(list);
}

/* Sets what is looked for and between which sizes; false: nothing that new connections could tell.
 */
static bool plan(struct spf_path_probe *probe, const struct spf_flow *flow)
{
    const int64_t largest = flow->unacked < flow->mss_out ? flow->unacked : flow->mss_out;

    probe->headers = flow->headers;
    probe->low = SPF_PATH_LEAST;
    probe->high = flow->headers + largest;
    probe->stuck_in = flow->bytes_in;
    probe->wait_ms = LOST_MS + 4 * flow->rtt_us / 1000;
    if (flow->unacked > 0) {
        return flow->retransmissions > 0 && probe->high > SPF_PATH_LEAST &&
               largest <= SPF_PADDING_MAX;
    }
    probe->path->inwards = true;
    probe->high = flow->headers + flow->mss_offered;
    return probe->high > SPF_PATH_LEAST;
}

struct spf_path_probe *spf_path_probe_new(struct spf_loop *loop, int stalled,
                                          const struct spf_flow *flow, const char *greeting,
                                          size_t greeting_len, struct spf_path_mtu *path,
                                          spf_path_probed *done, void *owner)
{
    struct spf_path_probe *probe = calloc(1, sizeof *probe);

    *path = (struct spf_path_mtu){0};
    if (probe == NULL) {
        return NULL;
    }
    probe->loop = loop;
    probe->path = path;
    probe->done = done;
    probe->owner = owner;
    probe->watch = (struct spf_watch){.fd = -1, .ready = ready, .owner = probe};
    probe->peer_len = sizeof probe->peer;
    if (flow->known && greeting_len < sizeof probe->greeting && plan(probe, flow) &&
        getpeername(stalled, (struct sockaddr *)&probe->peer, &probe->peer_len) == 0) {
        memcpy(probe->greeting, greeting, greeting_len);
        probe->greeting_len = greeting_len;
        spf_path_name_interface(stalled, path);
        if (begin(probe)) {
            return probe;
        }
    }
    *path = (struct spf_path_mtu){0};
    spf_path_probe_free(probe);
    return NULL;
}

void spf_path_probe_free(struct spf_path_probe *probe)
{
    if (probe == NULL) {
        return;
    }
    hang_up(probe);
    free(probe);
}
