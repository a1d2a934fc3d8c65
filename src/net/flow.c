#include "net/flow.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/text.h"

#define IPV4_HEADERS 40 /* IP's and TCP's, without options */
#define IPV6_HEADERS 60
#define TIMESTAMPS   12 /* the option of RFC 7323, padded, in every segment */

static int64_t headers_of(int fd)
{
    int domain = AF_INET;
    socklen_t len = sizeof domain;

    (void)getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
    return domain == AF_INET6 ? IPV6_HEADERS : IPV4_HEADERS;
}

void spf_flow_read(int fd, struct spf_flow *flow)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof info;
    int64_t options;
    int unacked = 0;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 ||
        ioctl(fd, SIOCOUTQ, &unacked) != 0) {
        return;
    }
    options = info.tcpi_options & TCPI_OPT_TIMESTAMPS ? TIMESTAMPS : 0;
    *flow = (struct spf_flow){
        .known = true,
        .bytes_out = (int64_t)(info.tcpi_bytes_sent - info.tcpi_bytes_retrans),
        .bytes_in = (int64_t)info.tcpi_bytes_received,
        .segments_out = info.tcpi_segs_out,
        .segments_in = info.tcpi_segs_in,
        .unacked = unacked,
        .retransmissions = info.tcpi_total_retrans,
        .backoff = info.tcpi_backoff,
        .out_of_order = info.tcpi_rcv_ooopack,
        .rtt_us = info.tcpi_rtt,
        .quiet_ms = info.tcpi_last_data_recv,
        .headers = headers_of(fd) + options,
        .mss_out = info.tcpi_snd_mss,
        .mss_in = info.tcpi_rcv_mss,
        .mss_offered = info.tcpi_advmss, /* without options, as the others */
    };
}

void spf_flow_read_stalled(int fd, struct spf_flow *flow)
{
    int errnum = 0;
    socklen_t len = sizeof errnum;

    spf_flow_read(fd, flow);
    if (flow->known && getsockopt(fd, SOL_SOCKET, SO_ERROR, &errnum, &len) == 0 && errnum != 0) {
        spf_copy(flow->icmp_error, sizeof flow->icmp_error, strerror(errnum));
    }
}
