#include "net/facts.h"

#include <string.h>

#include "base/names.h"

static const char *tcp_outcome(unsigned value)
{
    switch ((enum spf_tcp_outcome)value) {
        SPF_NAME(SPF_TCP_OPEN, "open");
        SPF_NAME(SPF_TCP_REFUSED, "refused");
        SPF_NAME(SPF_TCP_SILENT, "silent");
        SPF_NAME(SPF_TCP_UNREACHABLE, "unreachable");
        SPF_NAME(SPF_TCP_RESET, "reset");
        SPF_NAME(SPF_TCP_UNRESOLVED, "unresolved");
        SPF_NAME(SPF_TCP_FORBIDDEN, "forbidden");
        SPF_NAME(SPF_TCP_JUMP_FAILED, "jump-failed");
        SPF_NAME(SPF_TCP_JUMP_FORBIDS, "jump-forbids");
        SPF_NAME(SPF_TCP_JUMP_NO_CONNECTION, "jump-no-connection");
        SPF_NAME(SPF_TCP_PROXY_FAILED, "proxy-failed");
    }
    return NULL;
}

static const char *identification_outcome(unsigned value)
{
    switch ((enum spf_identification_outcome)value) {
        SPF_NAME(SPF_IDENTIFIED, "identified");
        SPF_NAME(SPF_IDENTIFICATION_SILENT, "silent");
        SPF_NAME(SPF_IDENTIFICATION_CLOSED, "closed");
        SPF_NAME(SPF_IDENTIFICATION_RESET, "reset");
        SPF_NAME(SPF_IDENTIFICATION_SSH1, "ssh-1");
        SPF_NAME(SPF_IDENTIFICATION_INVALID, "invalid");
        SPF_NAME(SPF_IDENTIFICATION_OTHER, "other");
    }
    return NULL;
}

static const char *path_outcome(unsigned value)
{
    switch ((enum spf_path_outcome)value) {
        SPF_NAME(SPF_PATH_UNTRIED, "untried");
        SPF_NAME(SPF_PATH_LIMITED, "limited");
        SPF_NAME(SPF_PATH_CUT, "cut");
        SPF_NAME(SPF_PATH_FINE, "fine");
        SPF_NAME(SPF_PATH_CLOSED, "closed");
    }
    return NULL;
}

static const struct spf_field flow_fields[] = {
    SPF_SHAPE_BOOL(struct spf_flow, known),
    SPF_SHAPE_NUMBER(struct spf_flow, bytes_out),
    SPF_SHAPE_NUMBER(struct spf_flow, bytes_in),
    SPF_SHAPE_NUMBER(struct spf_flow, segments_out),
    SPF_SHAPE_NUMBER(struct spf_flow, segments_in),
    SPF_SHAPE_NUMBER(struct spf_flow, unacked),
    SPF_SHAPE_NUMBER(struct spf_flow, retransmissions),
    SPF_SHAPE_NUMBER(struct spf_flow, backoff),
    SPF_SHAPE_NUMBER(struct spf_flow, out_of_order),
    SPF_SHAPE_NUMBER(struct spf_flow, rtt_us),
    SPF_SHAPE_NUMBER(struct spf_flow, quiet_ms),
    SPF_SHAPE_NUMBER(struct spf_flow, headers),
    SPF_SHAPE_NUMBER(struct spf_flow, mss_out),
    SPF_SHAPE_NUMBER(struct spf_flow, mss_in),
    SPF_SHAPE_NUMBER(struct spf_flow, mss_offered),
    SPF_SHAPE_TEXT(struct spf_flow, icmp_error),
};
const struct spf_shape spf_flow_shape = SPF_SHAPE(struct spf_flow, flow_fields);

static const struct spf_field path_fields[] = {
    SPF_SHAPE_ENUM(struct spf_path_mtu, outcome, path_outcome),
    SPF_SHAPE_BOOL(struct spf_path_mtu, inwards),
    SPF_SHAPE_NUMBER(struct spf_path_mtu, passes),
    SPF_SHAPE_NUMBER(struct spf_path_mtu, fails),
    SPF_SHAPE_NUMBER(struct spf_path_mtu, cut_after),
    SPF_SHAPE_NUMBER(struct spf_path_mtu, probes),
    SPF_SHAPE_TEXT(struct spf_path_mtu, interface),
};
const struct spf_shape spf_path_mtu_shape = SPF_SHAPE(struct spf_path_mtu, path_fields);

static const struct spf_field tcp_attempt_fields[] = {
    SPF_SHAPE_TEXT(struct spf_tcp_attempt, address),
    SPF_SHAPE_TEXT(struct spf_tcp_attempt, error),
    SPF_SHAPE_NUMBER(struct spf_tcp_attempt, elapsed_ms),
    SPF_SHAPE_BOOL(struct spf_tcp_attempt, silent),
    SPF_SHAPE_BOOL(struct spf_tcp_attempt, local),
};
const struct spf_shape spf_tcp_attempt_shape =
    SPF_SHAPE(struct spf_tcp_attempt, tcp_attempt_fields);

static const char *lookup_outcome(unsigned value)
{
    switch ((enum spf_lookup_outcome)value) {
        SPF_NAME(SPF_LOOKUP_ANSWERED, "answered");
        SPF_NAME(SPF_LOOKUP_SILENT, "silent");
        SPF_NAME(SPF_LOOKUP_FAILED, "failed");
        SPF_NAME(SPF_LOOKUP_REFUSED, "refused");
        SPF_NAME(SPF_LOOKUP_UNREACHABLE, "unreachable");
    }
    return NULL;
}

static const struct spf_field lookup_fields[] = {
    SPF_SHAPE_ENUM(struct spf_name_facts, outcome, lookup_outcome),
    SPF_SHAPE_TEXT(struct spf_name_facts, servers),
    SPF_SHAPE_TEXT(struct spf_name_facts, search),
    SPF_SHAPE_TEXT(struct spf_name_facts, hosts_line),
};
const struct spf_shape spf_name_shape = SPF_SHAPE(struct spf_name_facts, lookup_fields);

static const struct spf_field drop_fields[] = {
    SPF_SHAPE_NUMBER(struct spf_drop_facts, retransmissions),
    SPF_SHAPE_NUMBER(struct spf_drop_facts, unsent),
    SPF_SHAPE_NUMBER(struct spf_drop_facts, reverse),
    SPF_SHAPE_NUMBER(struct spf_drop_facts, syns_discarded),
    SPF_SHAPE_NUMBER(struct spf_drop_facts, discarded_apart),
    SPF_SHAPE_BOOL(struct spf_drop_facts, late),
};
const struct spf_shape spf_drop_shape = SPF_SHAPE(struct spf_drop_facts, drop_fields);

static const struct spf_field tcp_fields[] = {
    SPF_SHAPE_ENUM(struct spf_tcp_facts, outcome, tcp_outcome),
    SPF_SHAPE_TEXT(struct spf_tcp_facts, name),
    SPF_SHAPE_TEXT(struct spf_tcp_facts, address),
    SPF_SHAPE_TEXT(struct spf_tcp_facts, own_address),
    SPF_SHAPE_TEXT(struct spf_tcp_facts, error),
    SPF_SHAPE_BOOL(struct spf_tcp_facts, local),
    SPF_SHAPE_TEXT(struct spf_tcp_facts, icmp_from),
    SPF_SHAPE_NUMBER(struct spf_tcp_facts, icmp_type),
    SPF_SHAPE_NUMBER(struct spf_tcp_facts, icmp_code),
    SPF_SHAPE_STRUCT(struct spf_tcp_facts, lookup, &spf_name_shape),
    SPF_SHAPE_STRUCT(struct spf_tcp_facts, drops, &spf_drop_shape),
    SPF_SHAPE_NUMBER(struct spf_tcp_facts, own_port),
    SPF_SHAPE_BOOL(struct spf_tcp_facts, reset),
    SPF_SHAPE_NUMBER(struct spf_tcp_facts, syn_limit_s),
    SPF_SHAPE_BOOL(struct spf_tcp_facts, no_port),
    SPF_SHAPE_NUMBER(struct spf_tcp_facts, elapsed_ms),
    SPF_SHAPE_NUMBER(struct spf_tcp_facts, resolve_ms),
    SPF_SHAPE_BOOL(struct spf_tcp_facts, cut_short),
    SPF_SHAPE_TEXT(struct spf_tcp_facts, jump),
    SPF_SHAPE_TEXT(struct spf_tcp_facts, jump_address),
    SPF_SHAPE_TEXT(struct spf_tcp_facts, jump_cause),
    SPF_SHAPE_TEXT(struct spf_tcp_facts, jump_hop),
    SPF_SHAPE_TEXT(struct spf_tcp_facts, jump_login),
    SPF_SHAPE_TEXT(struct spf_tcp_facts, jump_known_hosts_line),
    SPF_SHAPE_TEXT(struct spf_tcp_facts, jump_keys),
    SPF_SHAPE_BOOL(struct spf_tcp_facts, jump_key_unknown),
    SPF_SHAPE_TEXT(struct spf_tcp_facts, proxy),
    SPF_SHAPE_LIST(struct spf_tcp_facts, before, &spf_tcp_attempt_shape),
};
const struct spf_shape spf_tcp_shape = SPF_SHAPE(struct spf_tcp_facts, tcp_fields);

bool spf_tcp_jump_lacked_key(const struct spf_tcp_facts *tcp)
{
    const char *methods = strstr(tcp->error, "Permission denied (");

    return tcp->outcome == SPF_TCP_JUMP_FAILED && tcp->jump_hop[0] != '\0' &&
           tcp->jump_keys[0] == '\0' && methods != NULL && strstr(methods, "publickey") != NULL;
}

static const struct spf_field identification_fields[] = {
    SPF_SHAPE_ENUM(struct spf_identification_facts, outcome, identification_outcome),
    SPF_SHAPE_TEXT(struct spf_identification_facts, line),
    SPF_SHAPE_TEXT(struct spf_identification_facts, software),
    SPF_SHAPE_TEXT(struct spf_identification_facts, before),
    SPF_SHAPE_TEXT(struct spf_identification_facts, protocol),
    SPF_SHAPE_TEXT(struct spf_identification_facts, error),
    SPF_SHAPE_NUMBER(struct spf_identification_facts, elapsed_ms),
    SPF_SHAPE_STRUCT(struct spf_identification_facts, flow, &spf_flow_shape),
    SPF_SHAPE_TEXT(struct spf_identification_facts, proxy_says),
};
const struct spf_shape spf_identification_shape =
    SPF_SHAPE(struct spf_identification_facts, identification_fields);
