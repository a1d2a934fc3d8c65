#include "net/own_drops.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define FILE_MAX 16384
#define REPLY_SAMPLES \
    3 /* of SPF_OWN_SAMPLE_MS: an answer to a SYN that comes at all is there by then */
#define LATE_MS     (2 * SPF_OWN_SAMPLE_MS)
#define COUNTER_MAX (INT64_MAX >> 16) /* sums and differences of such stay in range */

/* The whole file, which the kernel writes at once, as text. */
static bool read_file(const char *path, char *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t got = 0;

    if (fd < 0) {
        return false;
    }
    while (len < FILE_MAX - 1 && (got = read(fd, text + len, FILE_MAX - 1 - len)) > 0) {
        len += (size_t)got;
    }
    (void)close(fd);
    text[len] = '\0';
    return got >= 0;
}

static int64_t counter(const char *text)
{
    const long long value = strtoll(text, NULL, 10);

    return value < 0 ? 0 : value < COUNTER_MAX ? value : COUNTER_MAX;
}

/* A line of names, "Ip: Forwarding DefaultTTL …", is followed by one of their values. 0 where there
 * is no such name. */
static int64_t value_of(const char *text, const char *group, const char *name)
{
    const size_t group_len = strlen(group);
    const size_t name_len = strlen(name);
    const char *names = text;
    const char *values;

    while (strncmp(names, group, group_len) != 0) {
        names = strchr(names, '\n');
        if (names == NULL) {
            return 0;
        }
        names++;
    }
    values = strchr(names, '\n');
    if (values == NULL || strncmp(++values, group, group_len) != 0) {
        return 0;
    }
    for (;;) {
        size_t len;

        names += strcspn(names, " \n");
        values += strcspn(values, " \n");
        if (*names != ' ' || *values != ' ') {
            return 0;
        }
        names++;
        values++;
        len = strcspn(names, " \n");
        if (len == name_len && memcmp(names, name, len) == 0) {
            return counter(values);
        }
    }
}

/* "Ip6InReceives   \t16252", a line each. */
static int64_t value6_of(const char *text, const char *name)
{
    const size_t len = strlen(name);

    for (const char *line = text; line != NULL && *line != '\0';) {
        if (strncmp(line, name, len) == 0 && (line[len] == ' ' || line[len] == '\t')) {
            return counter(line + len);
        }
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    return 0;
}

static bool read_drops(struct spf_own_drops *drops)
{
    static const char *const elsewhere[] = {"InHdrErrors",     "InAddrErrors", "ForwDatagrams",
                                            "InUnknownProtos", "InDiscards",   "ReasmReqds"};
    static const char *const not_for_us[] = {"InNoRoutes", "InTruncatedPkts", "InMcastPkts",
                                             "InBcastPkts"};
    static const char *const elsewhere6[] = {
        "Ip6InHdrErrors", "Ip6InTooBigErrors",   "Ip6InNoRoutes",      "Ip6InAddrErrors",
        "Ip6InMcastPkts", "Ip6InUnknownProtos",  "Ip6InTruncatedPkts", "Ip6InDiscards",
        "Ip6ReasmReqds",  "Ip6OutForwDatagrams",
    };
    char text[FILE_MAX];

    if (!read_file("/proc/self/net/netstat", text)) {
        return false;
    }
    drops->unsent = value_of(text, "TcpExt:", "TCPRetransFail");
    drops->reverse = value_of(text, "TcpExt:", "IPReversePathFilter");
    drops->discarded = -drops->reverse;
    for (size_t i = 0; i < sizeof not_for_us / sizeof *not_for_us; i++) {
        drops->discarded -= value_of(text, "IpExt:", not_for_us[i]);
    }
    if (!read_file("/proc/self/net/snmp", text)) {
        return false;
    }
    drops->discarded += value_of(text, "Ip:", "InReceives") - value_of(text, "Ip:", "InDelivers") +
                        value_of(text, "Ip:", "ReasmOKs");
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        drops->discarded -= value_of(text, "Ip:", elsewhere[i]);
    }
    if (!read_file("/proc/self/net/snmp6", text)) { /* no IPv6 here */
        return true;
    }
    drops->discarded += value6_of(text, "Ip6InReceives") - value6_of(text, "Ip6InDelivers") +
                        value6_of(text, "Ip6ReasmOKs");
    for (size_t i = 0; i < sizeof elsewhere6 / sizeof *elsewhere6; i++) {
        drops->discarded -= value6_of(text, elsewhere6[i]);
    }
    return true;
}

void spf_own_watch_begin(struct spf_own_watch *watch)
{
    *watch = (struct spf_own_watch){0};
    watch->running = read_drops(&watch->first);
    watch->last = watch->first;
}

void spf_own_watch_count(struct spf_own_watch *watch, const struct spf_own_drops *now,
                         int64_t now_ms, int64_t retransmissions, struct spf_drop_facts *facts)
{
    int64_t discarded = now->discarded - watch->last.discarded;

    if (watch->sampled_ms == 0) {
        watch->began_late = retransmissions > 0;
    } else {
        watch->late |= now_ms - watch->sampled_ms > LATE_MS;
    }
    watch->sampled_ms = now_ms;
    if (retransmissions > watch->retransmissions) {
        watch->retransmissions = retransmissions;
        watch->after_syn = REPLY_SAMPLES;
        /* the server's own timer may be a moment ahead of ours, and the counters of TCP_INFO */
        watch->hit = watch->apart > 0;
        facts->syns_discarded += watch->hit;
        facts->discarded_apart -= watch->apart;
    }
    watch->apart = 0;
    facts->unsent = now->unsent - watch->first.unsent;
    facts->reverse = now->reverse - watch->first.reverse;
    if (discarded > 0 && watch->after_syn > 0) {
        facts->syns_discarded += !watch->hit;
        watch->hit = true;
    } else if (discarded > 0) {
        facts->discarded_apart += discarded;
        watch->apart = discarded;
    }
    watch->after_syn -= watch->after_syn > 0;
    watch->last = *now;
    facts->late = watch->began_late || ((watch->late || (watch->after_syn > 0 && !watch->hit)) &&
                                        (facts->syns_discarded > 0 || facts->discarded_apart > 0 ||
                                         facts->unsent > 0 || facts->reverse > 0));
}

void spf_own_watch_sample(struct spf_own_watch *watch, int64_t retransmissions,
                          struct spf_drop_facts *facts)
{
    struct spf_own_drops now;

    facts->retransmissions = retransmissions;
    if (watch->running && read_drops(&now)) {
        spf_own_watch_count(watch, &now, spf_now_ms(), retransmissions, facts);
    }
}
