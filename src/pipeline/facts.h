#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/shape.h"
#include "cloud/facts.h"
#include "key/facts.h"
#include "login/facts.h"
#include "net/facts.h"
#include "openssh/algorithms.h"
#include "openssh/version.h"
#include "pipeline/finding.h"
#include "transcript/facts.h"

/*
 * All that can be known about one target, in groups. A group is asked for as a whole and arrives,
 * or fails, as a whole.
 */
enum spf_group {
    SPF_GROUP_LOCAL_ENVIRONMENT,  /* this machine: user, own addresses, routes, agent */
    SPF_GROUP_KEY,                /* the key file */
    SPF_GROUP_OPENSSH,            /* which ssh this machine has */
    SPF_GROUP_OPENSSH_ALGORITHMS, /* and which algorithms it has */
    SPF_GROUP_CREDENTIALS,        /* where the cloud credentials come from */
    SPF_GROUP_IDENTITY,           /* who they are (GetCallerIdentity) */
    SPF_GROUP_INSTANCE,
    SPF_GROUP_LOOKUP,      /* our address in the internet (--source-ip=lookup:URL) */
    SPF_GROUP_SSH_CONFIG,  /* what the user's ssh would use */
    SPF_GROUP_RULES,       /* of all security groups of the interface */
    SPF_GROUP_MEMBERSHIP,  /* what kind the groups are, and which ones we are in ourselves */
    SPF_GROUP_NETWORK_ACL, /* of the vSwitch */
    SPF_GROUP_GATEWAY,     /* what stands between the internet and the instance besides rules */
    SPF_GROUP_EVENTS,      /* what the provider does to the instance, or plans to */
    SPF_GROUP_IMAGE,       /* the one that the instance was made of */
    SPF_GROUP_ASSISTANT,   /* Cloud Assistant, the agent inside, and Session Manager with it */
    SPF_GROUP_KEY_PAIR,    /* the bound one */
    SPF_GROUP_FOUND_KEY,   /* the file that is the bound pair's private key (--find-key) */
    SPF_GROUP_CONSOLE,     /* what the last boot printed: host keys, authorised keys, trouble */
    SPF_GROUP_KNOWN_HOSTS, /* lines of known_hosts files that speak of the host */
    SPF_GROUP_TCP,
    SPF_GROUP_IDENTIFICATION, /* what the server said up to its SSH identification */
    SPF_GROUP_HANDSHAKE,      /* algorithms and the host key */
    SPF_GROUP_QUERY,          /* would this key do? (RFC 4252 section 7) */
    SPF_GROUP_SIGNATURE,
    SPF_GROUP_SESSION,
    SPF_GROUP_JUMP_INSTANCE,  /* the one that a jump host's public address belongs to */
    SPF_GROUP_HOST_KEY_AGAIN, /* the one that another connection was shown */
    SPF_GROUP_TRANSCRIPT,     /* what a pasted text says beside the other groups */
    SPF_GROUP_COUNT,
};

/* A set of groups, one bit each. */
typedef uint32_t spf_groups;
#define SPF_GROUP_BIT(group) ((spf_groups)1u << SPF_GROUP_##group)

#define SPF_CLOUD_GROUPS                                                                  \
    (SPF_GROUP_BIT(CREDENTIALS) | SPF_GROUP_BIT(IDENTITY) | SPF_GROUP_BIT(INSTANCE) |     \
     SPF_GROUP_BIT(LOOKUP) | SPF_GROUP_BIT(RULES) | SPF_GROUP_BIT(MEMBERSHIP) |           \
     SPF_GROUP_BIT(JUMP_INSTANCE) | SPF_GROUP_BIT(NETWORK_ACL) | SPF_GROUP_BIT(GATEWAY) | \
     SPF_GROUP_BIT(EVENTS) | SPF_GROUP_BIT(IMAGE) | SPF_GROUP_BIT(ASSISTANT) |            \
     SPF_GROUP_BIT(KEY_PAIR) | SPF_GROUP_BIT(CONSOLE))

/*
 * Why a group is unavailable: an error of ours, with the cause (always one of status unknown)
 * that a check which needed it reports. A value; its texts are clean (spf_clean).
 */
struct spf_failure {
    enum spf_finding cause;
    char text[384];      /* what exactly happened; "" if the cause says it all */
    char action[64];     /* the API action that was refused or failed, "ecs:DescribeInstances" */
    char code[96];       /* the API's error code */
    char request_id[64]; /* the API's; support asks for it */
    bool explicit_deny; /* of a refused permission: a policy forbids it, so a grant does not help */
    char denied_by[64]; /* its PolicyType: "SessionPolicy", "ControlPolicy"; "" not said */
    char denial[32];    /* its NoPermissionType: "ImplicitDeny", "ExplicitDeny"; "" not said */
};

enum spf_group_phase {
    SPF_ABSENT,
    SPF_ASKED,
    SPF_PRESENT,
    SPF_FAILED,
};

struct spf_group_state {
    enum spf_group_phase phase;
    bool asked;                /* else it failed with its inputs, or at the run's early end */
    int64_t asked_ms, done_ms; /* monotonic; 0 while not yet */
    const struct spf_failure *failure; /* when SPF_FAILED; the state's own */
};

/* The group's facts are there, or are not for this reason, which is copied. */
void spf_group_settle(struct spf_group_state *state, const struct spf_failure *failure);

/*
 * A group's facts take memory from when they are asked for, or written. Until then their pointer
 * leads to zeros that all share, in memory that cannot be written: readers need not ask. Whoever
 * writes gets the facts by spf_facts_group, or has been asked for them through a run.
 */
struct spf_facts {
    struct spf_group_state group[SPF_GROUP_COUNT];
    struct spf_local_environment_facts *local_environment;
    struct spf_key_facts *key;
    struct spf_openssh_facts *openssh;
    struct spf_openssh_algorithms_facts *openssh_algorithms;
    struct spf_known_hosts_facts *known_hosts;
    struct spf_tcp_facts *tcp;
    struct spf_identification_facts *identification;
    struct spf_handshake_facts *handshake;
    struct spf_query_facts *query;
    struct spf_signature_facts *signature;
    struct spf_session_facts *session;
    struct spf_host_key_again_facts *host_key_again;
    struct spf_ssh_config_facts *ssh_config;
    struct spf_found_key_facts *found_key;
    struct spf_transcript_facts *transcript;
    struct spf_credentials_facts *credentials;
    struct spf_identity_facts *identity;
    struct spf_instance_facts *instance;
    struct spf_lookup_facts *lookup;
    struct spf_rules_facts *rules;
    struct spf_membership_facts *membership;
    struct spf_jump_instance_facts *jump_instance;
    struct spf_acl_facts *network_acl;
    struct spf_gateway_facts *gateway;
    struct spf_events_facts *events;
    struct spf_image_facts *image;
    struct spf_assistant_facts *assistant;
    struct spf_key_pair_facts *key_pair;
    struct spf_console_facts *console;
};

/* How to find, name and copy a group's facts. Indexed by enum spf_group. */
struct spf_group_info {
    const char *name; /* "network-acl", in records */
    size_t offset;    /* of the pointer in struct spf_facts */
    const struct spf_shape *shape;
    spf_groups inputs; /* groups that must be present before it can be asked */
};
extern const struct spf_group_info spf_groups_info[SPF_GROUP_COUNT];

/* All groups are absent. Nothing else makes struct spf_facts of any memory. */
void spf_facts_init(struct spf_facts *facts);
/* The group's facts, to be written; they stay where they are until spf_facts_clear. NULL: no
 * memory. */
void *spf_facts_group(struct spf_facts *facts, enum spf_group group);
/* The same to be read, zeros where there are none. */
const void *spf_facts_read(const struct spf_facts *facts, enum spf_group group);
/*
 * Facts that are the same for many: made once, written, then shared with each of them and not
 * written any more. Whoever made them releases them, as does everybody's spf_facts_clear; takes
 * NULL. Shared and released in the loop's thread.
 */
void *spf_facts_new(enum spf_group group); /* zeroed; NULL: no memory */
void spf_facts_share(struct spf_facts *facts, enum spf_group group, const void *own);
void spf_facts_release(enum spf_group group, void *own);
bool spf_facts_have(const struct spf_facts *facts, enum spf_group group);
/* Frees what the group's facts own and zeroes them; they stay in place, for whoever still writes,
 * but for shared ones. */
void spf_facts_wipe(struct spf_facts *facts, enum spf_group group);
/* The same, and the group is absent again. */
void spf_facts_forget(struct spf_facts *facts, enum spf_group group);
/* Frees the groups with what they own: all are absent. Also takes facts that are all zero. */
void spf_facts_clear(struct spf_facts *facts);

/* Makes a failure; the text is cleaned and cut. */
struct spf_failure spf_failure(enum spf_finding cause, const char *fmt, ...) SPF_PRINTF(2, 3);
/* Of this program or its machine, not of what it asked: system-error. */
struct spf_failure spf_failure_ours(const char *text);
