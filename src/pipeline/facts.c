#include "pipeline/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pages.h"

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

/* What the pointers of absent groups lead to. */
static const union {
    struct spf_local_environment_facts local_environment;
    struct spf_key_facts key;
    struct spf_openssh_facts openssh;
    struct spf_openssh_algorithms_facts openssh_algorithms;
    struct spf_known_hosts_facts known_hosts;
    struct spf_tcp_facts tcp;
    struct spf_identification_facts identification;
    struct spf_handshake_facts handshake;
    struct spf_query_facts query;
    struct spf_signature_facts signature;
    struct spf_session_facts session;
    struct spf_host_key_again_facts host_key_again;
    struct spf_ssh_config_facts ssh_config;
    struct spf_found_key_facts found_key;
    struct spf_transcript_facts transcript;
    struct spf_credentials_facts credentials;
    struct spf_identity_facts identity;
    struct spf_instance_facts instance;
    struct spf_lookup_facts lookup;
    struct spf_rules_facts rules;
    struct spf_membership_facts membership;
    struct spf_jump_instance_facts jump_instance;
    struct spf_acl_facts network_acl;
    struct spf_gateway_facts gateway;
    struct spf_events_facts events;
    struct spf_image_facts image;
    struct spf_assistant_facts assistant;
    struct spf_key_pair_facts key_pair;
    struct spf_console_facts console;
} nothing;

/* The pointers are of as many types as there are groups; all of them look alike (POSIX). */
static void *get(const struct spf_facts *facts, enum spf_group group)
{
    void *own;

    memcpy(&own, (const char *)facts + spf_groups_info[group].offset, sizeof own);
    return own;
}

static void set(struct spf_facts *facts, enum spf_group group, const void *own)
{
    memcpy((char *)facts + spf_groups_info[group].offset, &own, sizeof own);
}

static bool is_own(const void *own)
{
    return own != NULL && own != &nothing;
}

/* A group's facts with how many have them. */
struct value {
    size_t users;
    _Alignas(max_align_t) char facts[];
};

/* Of the largest little is written: they are pages of their own (base/pages.h). */
#define LARGE 8192

static struct value *value_of(const void *own)
{
    return (struct value *)(void *)((char *)(uintptr_t)own - offsetof(struct value, facts));
}

void *spf_facts_new(enum spf_group group)
{
    const size_t size = sizeof(struct value) + spf_groups_info[group].shape->size;
    struct value *value = size > LARGE ? spf_pages_new(size) : calloc(1, size);

    if (value == NULL) {
        return NULL;
    }
    value->users = 1;
    return value->facts;
}

void spf_facts_release(enum spf_group group, void *own)
{
    const struct spf_shape *shape = spf_groups_info[group].shape;
    const size_t size = sizeof(struct value) + shape->size;

    if (!is_own(own) || --value_of(own)->users > 0) {
        return;
    }
    spf_shape_clear(shape, own);
    if (size > LARGE) {
        spf_pages_free(value_of(own), size);
    } else {
        free(value_of(own));
    }
}

void spf_facts_share(struct spf_facts *facts, enum spf_group group, const void *own)
{
    value_of(own)->users++;
    spf_facts_release(group, get(facts, group));
    set(facts, group, own);
}

void spf_facts_init(struct spf_facts *facts)
{
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        facts->group[i] = (struct spf_group_state){0};
        set(facts, (enum spf_group)i, &nothing);
    }
}

void *spf_facts_group(struct spf_facts *facts, enum spf_group group)
{
    void *own = get(facts, group);

    if (!is_own(own) && (own = spf_facts_new(group)) != NULL) {
        set(facts, group, own);
    }
    return own;
}

const void *spf_facts_read(const struct spf_facts *facts, enum spf_group group)
{
    return get(facts, group);
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

void spf_facts_wipe(struct spf_facts *facts, enum spf_group group)
{
    void *own = get(facts, group);

    if (is_own(own) && value_of(own)->users > 1) { /* not ours alone */
        spf_facts_release(group, own);
        set(facts, group, &nothing);
    } else if (is_own(own)) {
        spf_shape_clear(spf_groups_info[group].shape, own);
    }
}

void spf_facts_forget(struct spf_facts *facts, enum spf_group group)
{
    spf_facts_wipe(facts, group);
    drop_failure(&facts->group[group]);
    facts->group[group] = (struct spf_group_state){0};
}

void spf_facts_clear(struct spf_facts *facts)
{
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        spf_facts_release((enum spf_group)i, get(facts, (enum spf_group)i));
        set(facts, (enum spf_group)i, &nothing);
        drop_failure(&facts->group[i]);
        facts->group[i] = (struct spf_group_state){0};
    }
}
