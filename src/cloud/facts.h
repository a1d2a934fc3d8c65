#pragma once

#include "base/ip.h"
#include "base/shape.h"
#include "cloud/ranges.h"

/*
 * What a cloud can say about an instance, in no vendor's language. Times are seconds since the
 * epoch, 0 for none. Empty text means that the cloud did not say.
 */
struct spf_id {
    char id[80];
};
extern const struct spf_shape spf_id_shape;

/* How a line of the aliyun CLI acts as the identity that was used here. */
enum spf_cli_identity {
    SPF_IDENTITY_UNKNOWN,     /* of an old record */
    SPF_IDENTITY_PROFILE,     /* of its configuration file */
    SPF_IDENTITY_ENVIRONMENT, /* keys in variables that it reads */
    SPF_IDENTITY_TERRAFORM,   /* keys in variables of Terraform, which it does not read */
    SPF_IDENTITY_OIDC,        /* of the environment */
    SPF_IDENTITY_MACHINE,     /* the role of the instance that this runs on */
    SPF_IDENTITY_URI,         /* of the environment */
    SPF_IDENTITY_ELSEWHERE,   /* it cannot: it does not read the SDKs' file */
};

struct spf_credentials_facts {
    char source[200]; /* "environment variable ALIBABA_CLOUD_ACCESS_KEY_ID", "profile "default" of
                         …" */
    char passed_over[256]; /* sources before it that were there but of no use; "" none */
    char beside[256];      /* sources that are there as well and were not used; "" none */
    char access_key[16];   /* its id, cut to 8 characters */
    enum spf_cli_identity identity;
    char profile[100];         /* that a line of the CLI must name; "" none */
    char config_path[200];     /* that it must name; "" the usual one. Home is "~" */
    bool region_configured;    /* the CLI finds a region by itself */
    bool beside_configuration; /* a configuration file is there that must be ignored */
    bool instance_cli;         /* so does ali-instance-cli, which knows fewer sources */
    /* Where a key of the environment is, by name; "" it is not there. */
    char id_variable[40], secret_variable[40], token_variable[40];
    char region[40];        /* where to ask first; "" if nothing says it */
    char region_source[80]; /* "--region", "profile", "environment …", "the instance's id" */
    bool region_guessed;    /* nobody named it */
};
extern const struct spf_shape spf_credentials_shape;

struct spf_identity_facts {
    char account[64];
    char principal[200];
};
extern const struct spf_shape spf_identity_shape;

enum spf_instance_state {
    SPF_STATE_RUNNING,
    SPF_STATE_PENDING,
    SPF_STATE_STARTING,
    SPF_STATE_STOPPING,
    SPF_STATE_STOPPED,
    SPF_STATE_OTHER,
};

enum spf_instance_search {
    SPF_INSTANCE_FOUND,
    SPF_INSTANCE_NOWHERE, /* every region that was asked answered, and none has it */
    SPF_INSTANCE_REGION_UNKNOWN,
    SPF_INSTANCE_SEVERAL, /* the name that was given is that of several */
};

/* By the API's label, never by the number. */
enum spf_address_class {
    SPF_CLASS_PUBLIC,  /* static public IPv4 */
    SPF_CLASS_ELASTIC, /* EIP */
    SPF_CLASS_IPV6,
    SPF_CLASS_PRIVATE,
};

struct spf_address {
    enum spf_address_class class;
    struct spf_ip ip;
    int64_t bandwidth; /* Mbit/s towards the internet; 0 none, -1 not known */
    char interface_id[80];
    struct spf_ip private_ip; /* what rules see as the destination: the private address behind it */
};
extern const struct spf_shape spf_address_shape;

/* A network interface with what is its own: security groups belong to interfaces, not instances. */
struct spf_interface {
    char id[80];
    char vswitch[80];
    bool primary;
    SPF_LIST(struct spf_id) security_groups;
    bool groups_in_doubt; /* the list could not be understood whole */
};

struct spf_lock {
    char reason[64]; /* "financial", "security", "recycling" */
    char message[200];
};

struct spf_instance_facts {
    enum spf_instance_search search;
    int64_t seen;      /* when the cloud said all this */
    int64_t clock_off; /* the cloud's clock less ours then, in seconds; 0 if it did not say */
    char request_id[64];
    char id[80], name[140], region[40], zone[40];
    SPF_LIST(struct spf_id) regions_asked;  /* with a definite answer */
    SPF_LIST(struct spf_id) regions_failed; /* refused, or without an answer */
    bool every_region_asked; /* regions_asked holds all the cloud has for this account */
    bool region_was_given;   /* by --region: no other region was asked */
    char region_hint[40];    /* what the id's form suggests; "" nothing */
    enum spf_instance_state state;
    char state_name[32];           /* the API's word */
    bool stopped_releases_address; /* economical mode */
    bool windows;
    bool prepaid;
    bool spot;              /* may be reclaimed at any time */
    bool classic;           /* not in a VPC */
    bool metadata_disabled; /* the guest cannot read its key from the metadata service */
    int64_t expires, started, created, auto_release;
    char os[140];
    bool login_as_non_root; /* the image supports a user other than root */
    char image[80];
    SPF_LIST(struct spf_lock) locks;
    SPF_LIST(struct spf_address) addresses;
    SPF_LIST(struct spf_id) security_groups; /* of the primary interface */
    SPF_LIST(struct spf_id) several;         /* the ids of those that have the name */
    bool groups_in_doubt;                    /* its list of groups could not be understood whole */
    bool addresses_in_doubt;                 /* a member that names addresses, likewise */
    char state_doubt[40]; /* a member that says what state it is in, likewise; "" none */
    SPF_LIST(struct spf_interface) interfaces; /* empty: only the primary is known of */
    char interface_id[80];                     /* the primary */
    char vpc[80];
    char vswitch[80];
    char key_pair[140];     /* "": none bound */
    bool key_pair_in_doubt; /* its name could not be understood */
};
extern const struct spf_shape spf_instance_shape;

/* What a service in the internet, asked only on demand, says of the address that we have there. */
struct spf_lookup_facts {
    char service[280]; /* its host */
    struct spf_ip address;
};
extern const struct spf_shape spf_lookup_shape;

enum spf_policy {
    SPF_POLICY_ACCEPT,
    SPF_POLICY_DROP,
};

/* One ingress rule of a security group, as the API gave it; the evaluation is rules.h's. */
struct spf_rule {
    char id[80];
    char group[80];
    enum spf_policy policy;
    int64_t priority;       /* 1 first … 100 */
    char protocol[16];      /* "TCP", "ALL", "6" */
    struct spf_ports ports; /* "" when a list is named */
    char port_list[80];
    struct spf_ports source_ports; /* "" any */
    struct spf_block source;       /* IPv4 or IPv6; "" when another source is named */
    char source_group[80];
    char source_prefix_list[80];
    struct spf_block destination; /* of our own private address; "" any */
    char network[16];             /* classic network only: "internet" or "intranet"; "" any */
    char description[140];
    char source_owner[80]; /* the account of the source group, number or name; "" not said */
    /* What of it could not be understood: it may then be either, any (1-110), or match or not. */
    bool policy_in_doubt, priority_in_doubt, match_in_doubt;
    char doubt[160]; /* the first of these, in words: "its Priority is 5.0"; "" nothing */
};
extern const struct spf_shape spf_rule_shape;

struct spf_group_of_rules {
    char id[80];
    char name[140];
    bool inner_accept;   /* members reach each other over private addresses, whatever the rules */
    bool inner_in_doubt; /* whether they do could not be understood */
};

/* A prefix list or port list that rules name. Not resolved: it could not be read, and why. */
struct spf_named_list {
    char id[80];
    bool resolved;
    char error[200];
    char doubt[160]; /* an entry that could not be understood, in words; "" none */
    SPF_LIST(struct spf_block) blocks; /* of a prefix list */
    SPF_LIST(struct spf_ports) ports;  /* of a port list */
};

struct spf_rules_facts {
    char interface_id[80]; /* whose groups these are */
    SPF_LIST(struct spf_group_of_rules) groups;
    SPF_LIST(struct spf_rule) rules; /* of all groups, in no order */
    SPF_LIST(struct spf_named_list) prefix_lists;
    SPF_LIST(struct spf_named_list) port_lists;
};
extern const struct spf_shape spf_rules_shape;

struct spf_kind_of_group {
    char id[80];
    char type[24]; /* "basic", "enterprise"; "" not known */
    bool managed;  /* by a service: its rules cannot be edited */
};

/* What only some answers need: of what kind the groups are, and in which groups we are ourselves.
 */
struct spf_membership_facts {
    SPF_LIST(struct spf_kind_of_group) groups;
    bool peer_known;     /* an interface with our own private address was seen; its groups are: */
    char peer_owner[32]; /* the account that it belongs to, its number; "" not said */
    SPF_LIST(struct spf_id) peer_groups;
};
extern const struct spf_shape spf_membership_shape;

/* The instance in the same region that has the jump host's public address. */
struct spf_jump_instance_facts {
    char id[80];              /* "": there is none that can be read */
    char vpc[80];             /* where it is */
    struct spf_ip private_ip; /* of the interface that has the public address */
};
extern const struct spf_shape spf_jump_instance_shape;

struct spf_acl_entry {
    char id[80];
    char name[140];
    enum spf_policy policy;
    char protocol[16];
    struct spf_ports ports;
    struct spf_block cidr;
    bool ipv6;
    bool policy_in_doubt, match_in_doubt; /* as with struct spf_rule */
    char doubt[160];
};
extern const struct spf_shape spf_acl_entry_shape;

struct spf_acl_facts {
    bool bound; /* the vSwitch has one */
    char id[80], name[140], vswitch[80];
    char route_table[80];                   /* that of the vSwitch */
    struct spf_block vswitch_cidr;          /* between its members the ACL does not apply */
    SPF_LIST(struct spf_acl_entry) ingress; /* in order: the first match decides */
    SPF_LIST(struct spf_acl_entry) egress;
};
extern const struct spf_shape spf_acl_shape;

/* What the provider does to the instance, or plans to. */
struct spf_event {
    char id[80], type[64]; /* "SystemMaintenance.Reboot" */
    char state[24];        /* "Scheduled", "Executing" */
    char reason[140];
    int64_t not_before;
};
struct spf_events_facts {
    char health[24]; /* the API's word; no more than a hint */
    SPF_LIST(struct spf_event) events;
};
extern const struct spf_shape spf_events_shape;
/* The first that is under way, or due by now (seconds since the epoch); NULL: none. */
const struct spf_event *spf_event_now(const struct spf_events_facts *facts, int64_t now);

/* The image of the instance, as far as it says who can log in (DescribeImages). */
struct spf_image_facts {
    bool known;              /* it is in the account's or the provider's list */
    bool without_cloud_init; /* IsSupportCloudinit is false: no key pair is ever installed */
    bool login_as_non_root;  /* LoginAsNonRootSupported: ecs-user could be chosen */
};
extern const struct spf_shape spf_image_shape;

/* The agent inside the instance, which reaches out by itself (DescribeCloudAssistantStatus). */
struct spf_assistant_facts {
    bool connected;       /* it sent a sign of life within two minutes */
    bool session_manager; /* and its version can open a session */
};
extern const struct spf_shape spf_assistant_shape;

/* A port of a NAT gateway's public address that leads to a private one (DNAT). */
struct spf_forward {
    char id[80];
    char gateway[80];
    char ports[16]; /* outside: "22", "20/30", "any" */
    char inside_ports[16];
    char protocol[16];    /* "tcp", "udp", "any" */
    struct spf_ip inside; /* the private address */
};

/*
 * What stands between the internet and the instance besides rules. Asked only where a public
 * address is not the instance's, or is silent although the rules allow.
 */
struct spf_gateway_facts {
    struct spf_ip address; /* the public address that this is about */
    bool elastic_known;    /* it is an elastic IP of this account, and this is about it: */
    char elastic_id[80], bound_to[80], bound_type[40];
    char lock[64];        /* "" none; "financial" and the like */
    bool cut_through;     /* the interface has the address itself: no network ACL applies */
    int64_t bandwidth;    /* Mbit/s; -1 not known */
    bool vpc_known;       /* the VPC was asked about: */
    bool gateway_mode;    /* internet traffic passes only by way of an IPv4 gateway */
    char gateway[80];     /* "": it has none */
    bool routes_known;    /* the vSwitch's route table was asked for its default route: */
    char default_hop[40]; /* the type of its next hop; "" there is no such route */
    char route_table[80];
    SPF_LIST(struct spf_forward) forwards; /* of the address, if it is a NAT gateway's */
    bool ipv6_known;                       /* it is an IPv6 address of this account, and: */
    char ipv6_id[80];
    char ipv6_gateway[80];
    int64_t ipv6_bandwidth; /* towards the internet, Mbit/s; 0 none, -1 not understood */
    bool in_doubt;          /* a part of what was asked could not be understood */
    bool egress_only_known; /* the gateway's egress-only rules were listed: */
    char egress_only[80];   /* the one for the address; "": none */
};
extern const struct spf_shape spf_gateway_shape;

struct spf_key_pair_facts {
    bool bound;
    char name[140];
    bool found;       /* the pair still exists */
    char *public_key; /* "ssh-rsa AAAA…", without a comment; NULL if the cloud gave none */
    char fingerprint[80];
    int64_t created;
};
extern const struct spf_shape spf_key_pair_shape;

/* A host key that the instance printed to its console while booting. */
struct spf_console_host_key {
    char algorithm[64]; /* "ssh-ed25519"; for a fingerprint line ssh-keygen(1)'s word, "ED25519" */
    char sha256[64];    /* "SHA256:…" */
};

/* A key that cloud-init said it had authorised. */
struct spf_console_authorized {
    char user[64];
    char algorithm[64];
    char fingerprint[64]; /* "SHA256:…", or "MD5:aa:…"; "" for "none at all" */
};

/* A line that reports trouble, and what kind: "kernel panic", "disk full". */
struct spf_console_trouble {
    char kind[40];
    char line[200];
};

/*
 * What the console shows of the last boot, as facts; never its text. Whoever can write to the
 * console can write all of this: it proves a host key only as far as the guest itself is trusted.
 */
struct spf_console_facts {
    int64_t updated;
    bool boot_seen; /* the boot's beginning is there, so nothing of it is missing */
    SPF_LIST(struct spf_console_host_key) host_keys;
    SPF_LIST(struct spf_console_authorized) authorized;
    SPF_LIST(struct spf_console_trouble) trouble;
};
extern const struct spf_shape spf_console_shape;
/*
 * Does the console show that this boot authorised the key of these fingerprints for the user (NULL:
 * for anybody)?
 */
bool spf_console_authorizes(const struct spf_console_facts *console, const char *sha256,
                            const char *md5, const char *user);
/* The user for whom it does, if that is another one than asked; else NULL. */
const char *spf_console_user(const struct spf_console_facts *console, const char *sha256,
                             const char *md5, const char *asked);
