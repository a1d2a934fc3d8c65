#include "pipeline/facts.h"

#include <stdio.h>
#include <stdlib.h>

#define GROUP(symbol, group_name, member, group_shape, ...) \
    [SPF_GROUP_##                                           \
        symbol] = {group_name, offsetof(struct spf_facts, member), &(group_shape), __VA_ARGS__}

/*
 * Inputs are what a probe must have in its hands before it can ask. What the TCP group
 * and the ssh configuration need, an address or a name, is given or comes with the instance: that
 * depends on the target and is decided in run.c.
 */
const struct spf_group_info spf_groups_info[SPF_GROUP_COUNT] = {
    /* the word of records that are older than the name */
    GROUP(LOCAL_ENVIRONMENT, "surroundings", local_environment, spf_local_environment_shape, 0),
    GROUP(KEY, "key", key, spf_key_shape, 0),
    GROUP(OPENSSH, "openssh", openssh, spf_openssh_shape, 0),
    GROUP(OPENSSH_ALGORITHMS, "openssh-algorithms", openssh_algorithms,
          spf_openssh_algorithms_shape, 0),
    GROUP(CREDENTIALS, "credentials", credentials, spf_credentials_shape, 0),
    GROUP(IDENTITY, "identity", identity, spf_identity_shape, SPF_GROUP_BIT(CREDENTIALS)),
    GROUP(INSTANCE, "instance", instance, spf_instance_shape, SPF_GROUP_BIT(CREDENTIALS)),
    GROUP(LOOKUP, "lookup", lookup, spf_lookup_shape, SPF_GROUP_BIT(INSTANCE)),
    GROUP(SSH_CONFIG, "ssh-config", ssh_config, spf_ssh_config_shape, 0),
    GROUP(RULES, "rules", rules, spf_rules_shape, SPF_GROUP_BIT(INSTANCE)),
    GROUP(MEMBERSHIP, "membership", membership, spf_membership_shape, SPF_GROUP_BIT(RULES)),
    GROUP(NETWORK_ACL, "network-acl", network_acl, spf_acl_shape, SPF_GROUP_BIT(INSTANCE)),
    GROUP(GATEWAY, "gateway", gateway, spf_gateway_shape, SPF_GROUP_BIT(INSTANCE)),
    GROUP(EVENTS, "events", events, spf_events_shape, SPF_GROUP_BIT(INSTANCE)),
    GROUP(IMAGE, "image", image, spf_image_shape, SPF_GROUP_BIT(INSTANCE)),
    GROUP(ASSISTANT, "assistant", assistant, spf_assistant_shape, SPF_GROUP_BIT(INSTANCE)),
    GROUP(KEY_PAIR, "key-pair", key_pair, spf_key_pair_shape, SPF_GROUP_BIT(INSTANCE)),
    GROUP(FOUND_KEY, "found-key", found_key, spf_found_key_shape, SPF_GROUP_BIT(KEY_PAIR)),
    GROUP(CONSOLE, "console", console, spf_console_shape, SPF_GROUP_BIT(INSTANCE)),
    GROUP(KNOWN_HOSTS, "known-hosts", known_hosts, spf_known_hosts_shape, 0),
    GROUP(TCP, "tcp", tcp, spf_tcp_shape, 0),
    GROUP(IDENTIFICATION, "identification", identification, spf_identification_shape,
          SPF_GROUP_BIT(TCP)),
    GROUP(HANDSHAKE, "handshake", handshake, spf_handshake_shape,
          SPF_GROUP_BIT(IDENTIFICATION) | SPF_GROUP_BIT(KNOWN_HOSTS)),
    GROUP(QUERY, "query", query, spf_query_shape, SPF_GROUP_BIT(HANDSHAKE) | SPF_GROUP_BIT(KEY)),
    GROUP(SIGNATURE, "signature", signature, spf_signature_shape, SPF_GROUP_BIT(QUERY)),
    GROUP(SESSION, "session", session, spf_session_shape, SPF_GROUP_BIT(SIGNATURE)),
    GROUP(JUMP_INSTANCE, "jump-instance", jump_instance, spf_jump_instance_shape,
          SPF_GROUP_BIT(INSTANCE) | SPF_GROUP_BIT(TCP)),
    GROUP(HOST_KEY_AGAIN, "host-key-again", host_key_again, spf_host_key_again_shape,
          SPF_GROUP_BIT(HANDSHAKE)),
    GROUP(TRANSCRIPT, "transcript", transcript, spf_transcript_shape, 0),
};

void *spf_facts_group(struct spf_facts *facts, enum spf_group group)
{
    return (char *)facts + spf_groups_info[group].offset;
}

bool spf_facts_have(const struct spf_facts *facts, enum spf_group group)
{
    return facts->group[group].phase == SPF_PRESENT;
}

static const struct spf_failure no_memory = {.cause = SPF_SYSTEM_ERROR, .text = "out of memory"};

/* Failures are rare and large: a group without one does not pay for it. */
static void drop_failure(struct spf_group_state *state)
{
    if (state->failure != &no_memory) {
        free((struct spf_failure *)(uintptr_t)state->failure);
    }
    state->failure = NULL;
}

void spf_group_settle(struct spf_group_state *state, const struct spf_failure *failure)
{
    struct spf_failure *copy = NULL;

    if (failure != NULL && (copy = malloc(sizeof *copy)) != NULL) {
        *copy = *failure; /* which may be the one that is dropped */
    }
    drop_failure(state);
    state->phase = failure == NULL ? SPF_PRESENT : SPF_FAILED;
    state->failure = failure == NULL ? NULL : copy != NULL ? copy : &no_memory;
}

void spf_group_forget(struct spf_group_state *state)
{
    drop_failure(state);
    *state = (struct spf_group_state){0};
}

void spf_facts_clear(struct spf_facts *facts)
{
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        spf_shape_clear(spf_groups_info[i].shape, spf_facts_group(facts, (enum spf_group)i));
        drop_failure(&facts->group[i]);
    }
    *facts = (struct spf_facts){0};
}
