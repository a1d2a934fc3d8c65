#include "net/connect_error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

enum spf_tcp_outcome spf_tcp_outcome_of(int errnum)
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

void spf_icmp_want(int fd, int wanted)
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

void spf_icmp_note(int fd, int errnum, struct spf_tcp_facts *facts)
{
    char bytes[256] __attribute__((aligned(8)));
    char from[64];
    struct msghdr message = {.msg_control = bytes, .msg_controllen = sizeof bytes};

    if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
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

bool spf_lacks_port(const struct spf_place *place)
{
    int fd = socket(place->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool has_address =
        fd >= 0 && connect(fd, (const struct sockaddr *)&place->address, place->len) == 0;

    if (fd >= 0) {
        close(fd);
    }
    return has_address;
}

bool spf_is_loopback(int fd, int family)
{
    int mtu = 0;
    socklen_t len = sizeof mtu;

    return getsockopt(fd, family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP,
                      family == AF_INET6 ? IPV6_MTU : IP_MTU, &mtu, &len) == 0 &&
           mtu >= 65535;
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

int64_t spf_syn_limit_s(void)
{
    const int64_t again = setting("/proc/sys/net/ipv4/tcp_syn_retries");

    if (again < 1 || again > 16) {
        return 0;
    }
    return (2 << again) - 1 + setting("/proc/sys/net/ipv4/tcp_syn_linear_timeouts");
}
