#include "login/conversation_parts.h"

#include "net/flow.h"

#define USUAL_MSS 1460 /* of Ethernet: where the connection is not ours to ask, or is loopback */

/*
 * ssh fills its packets, and so do scp and a screen full of text. A network path that loses large
 * packets without a word (RFC 2923 section 2.1) lets our small ones pass: what does not carry a
 * full-size one says nothing about it.
 */
size_t spf_conversation_full_size(const struct spf_conversation *talk)
{
    struct spf_flow flow = {0};

    spf_flow_read(talk->fd, &flow);
    return flow.known && flow.mss_out <= SPF_PADDING_MAX ? (size_t)flow.mss_out : USUAL_MSS;
}

/* With the request that goes out anyway: its answer says that this arrived, too. */
void spf_conversation_pad(struct spf_conversation *talk)
{
    if (!talk->padded) {
        spf_link_pad(talk->link, spf_conversation_full_size(talk));
    }
    talk->padded = true;
}

void spf_conversation_keep_flow(const struct spf_conversation *talk, struct spf_ending *ending)
{
    spf_flow_read(talk->fd, &ending->flow);
}

static void measured(void *owner)
{
    struct spf_conversation *talk = owner;

    spf_path_probe_free(talk->probe);
    talk->probe = NULL;
    spf_conversation_arrive(talk, NULL);
}

/* A later packet of the server's came and an earlier, larger one did not, however often it was
 * sent. */
static bool loses_large_ones(const struct spf_flow *flow)
{
    return flow->known && flow->unacked == 0 && flow->out_of_order > 0 &&
           flow->mss_in < flow->mss_offered;
}

bool spf_conversation_measure(struct spf_conversation *talk, struct spf_ending *ending)
{
    const bool nothing_came = talk->step == SPF_GROUP_HANDSHAKE && ending->last_message[0] == '\0';
    const struct spf_flow *flow = &ending->flow;
    const char *greeting;
    size_t len;

    spf_flow_read_stalled(talk->fd, &ending->flow);
    if (flow->unacked > 0) {
        spf_path_abort_at_close(talk->fd);
    }
    if (loses_large_ones(flow)) {
        ending->path = (struct spf_path_mtu){.outcome = SPF_PATH_LIMITED,
                                             .inwards = true,
                                             .passes = flow->headers + flow->mss_in,
                                             .fails = flow->headers + flow->mss_offered};
        spf_path_name_interface(talk->fd, &ending->path);
        return false;
    }
    if (!flow->known || (flow->unacked == 0 && !nothing_came)) {
        return false;
    }
    greeting = spf_link_identification(talk->link, &len);
    talk->probe = spf_path_probe_new(talk->inquiry->loop, talk->fd, flow, greeting, len,
                                     &ending->path, measured, talk);
    if (talk->probe != NULL) {
        spf_loop_remove(talk->inquiry->loop, &talk->watch);
    }
    return talk->probe != NULL;
}
