#include "net/flow_words.h"

#include "base/json_build.h"
#include "base/language.h"
#include "base/text.h"

static struct json_object *number(int64_t value)
{
    return spf_json_integer(value);
}

void spf_flow_note(struct spf_result *result, const struct spf_flow *flow)
{
    struct json_object *list;

    if (!flow->known || (list = spf_json_object()) == NULL) {
        return;
    }
    spf_json_add(list, "bytes_out", number(flow->bytes_out));
    spf_json_add(list, "bytes_in", number(flow->bytes_in));
    spf_json_add(list, "segments_out", number(flow->segments_out));
    spf_json_add(list, "segments_in", number(flow->segments_in));
    spf_json_add(list, "largest_packet_out", number(flow->headers + flow->mss_out));
    spf_json_add(list, "largest_packet_in", number(flow->headers + flow->mss_in));
    spf_json_add(list, "retransmissions", number(flow->retransmissions));
    spf_json_add(list, "unacknowledged_bytes", number(flow->unacked));
    spf_json_add(list, "out_of_order", number(flow->out_of_order));
    spf_json_add(list, "last_data_ms_ago", number(flow->quiet_ms));
    spf_json_add(list, "backoff", number(flow->backoff));
    spf_json_add(list, "round_trip_us", number(flow->rtt_us));
    if (flow->icmp_error[0] != '\0') {
        spf_json_add(list, "icmp_error", spf_clean_json(flow->icmp_error));
    }
    spf_note_json(result, "tcp", list);
}

const char *spf_flow_untried(const struct spf_flow *flow)
{
    /* no link is as large as loopback's packets: what passes there says nothing */
    return flow->known && flow->mss_in < flow->mss_offered && flow->mss_offered <= SPF_PADDING_MAX
               ? "; full-size packets to us were not tried"
               : "";
}

/* How often it was sent in all. */
static long long sent_times(const struct spf_flow *flow)
{
    return (long long)flow->retransmissions + 1;
}

void spf_flow_explain(const struct spf_flow *flow, bool new_one_works, char *out, size_t size)
{
    out[0] = '\0';
    if (!flow->known) {
        return;
    }
    if (flow->unacked == 0) {
        spf_format(out, size,
                   _("; its system has acknowledged all that we sent, so it is the server that "
                     "is slow, or its answer that is lost on the way"));
    } else if (flow->icmp_error[0] != '\0') {
        spf_format(out, size,
                   _("; %lld bytes of ours are not acknowledged, and a router answers them by "
                     "ICMP: %s"),
                   (long long)flow->unacked, flow->icmp_error);
    } else if (flow->retransmissions == 0) {
        return;
    } else if (new_one_works) {
        spf_format(out, size,
                   _("; %lld bytes of ours are lost (sent %lld times), though a new connection "
                     "carries packets of every size: a firewall on the way has forgotten this "
                     "connection, or filters it"),
                   (long long)flow->unacked, sent_times(flow));
    } else {
        spf_format(out, size,
                   _("; %lld bytes of ours are not acknowledged (sent %lld times): they, or the "
                     "answers, are lost on the way"),
                   (long long)flow->unacked, sent_times(flow));
    }
}
