#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/language.h"
#include "base/secret.h"
#include "openssh/file_transfer.h"

enum spf_check_id {
    SPF_CHECK_KEY_FILE,
    SPF_CHECK_KEY_MODE,
    SPF_CHECK_KEY_FORMAT,
    SPF_CHECK_CLOUD_ACCESS,
    SPF_CHECK_CLOUD_INSTANCE,
    SPF_CHECK_CLOUD_ADDRESS,
    SPF_CHECK_CLOUD_SECURITY_GROUP,
    SPF_CHECK_CLOUD_NETWORK_ACL,
    SPF_CHECK_CLOUD_KEY_PAIR,
    SPF_CHECK_NET_PORT,
    SPF_CHECK_SSH_BANNER,
    SPF_CHECK_SSH_HANDSHAKE,
    SPF_CHECK_SSH_HOST_KEY,
    SPF_CHECK_SSH_AUTH,
    SPF_CHECK_SSH_SESSION,
    SPF_CHECK_COUNT,
};

/* A set of checks, one bit each. */
typedef uint32_t spf_checks;
#define SPF_CHECK_BIT(check) ((spf_checks)1u << SPF_CHECK_##check)
#define SPF_ALL_CHECKS       (((spf_checks)1u << SPF_CHECK_COUNT) - 1)
#define SPF_CLOUD_CHECKS                                                                          \
    (SPF_CHECK_BIT(CLOUD_ACCESS) | SPF_CHECK_BIT(CLOUD_INSTANCE) | SPF_CHECK_BIT(CLOUD_ADDRESS) | \
     SPF_CHECK_BIT(CLOUD_SECURITY_GROUP) | SPF_CHECK_BIT(CLOUD_NETWORK_ACL) |                     \
     SPF_CHECK_BIT(CLOUD_KEY_PAIR))

enum spf_address_choice {
    SPF_ADDRESS_AUTO,
    SPF_ADDRESS_PUBLIC,
    SPF_ADDRESS_PRIVATE,
    SPF_ADDRESS_IPV6,
};

enum spf_session_mode {
    SPF_SESSION_AUTO,
    SPF_SESSION_ALWAYS,
    SPF_SESSION_NEVER,
};

struct spf_ssh_offer;

/* What was asked. Strings are borrowed from the caller of the driver, who keeps them for the run.
 */
struct spf_target {
    /* which target of a list it is (cli/identity.h); 0: not known, as of an old record */
    uint64_t identity;
    const char *instance_id; /* NULL: only a host */
    const char *host;        /* as given; NULL: the instance's address */
    const char *alias;       /* as given, where the ssh configuration made host of it; NULL */
    const char *user;
    const char *jump; /* jump hosts, [user@]host[:port] in the order passed, between commas; NULL */
    /* a program that connects (ssh_config(5), ProxyCommand), run in place of a connection; NULL.
     * "" in a replay: there was one. Only from the ssh configuration. */
    const char *proxy_command;
    /* the user's ssh configuration, to be used: NULL not at all, "" the usual files */
    const char *ssh_config;
    /* options of ssh_config(5) given on the command line (-o), which ssh is asked with; NULL, or a
     * NULL-terminated list. Not recorded: a ProxyCommand may hold a secret. So many of them precede
     * the user and the port that were given. */
    const char *const *ssh_words;
    size_t user_at;
    size_t port_at;
    bool jump_configured; /* jump is the ssh configuration's */
    /* they stand on the command line, so that a configuration does not count */
    bool user_given;
    bool port_given;
    /* what is evaluated is a pasted text: nothing connects to the host, and this machine's own key
     * file, agent and known_hosts are not looked at */
    bool from_transcript;
    const char *key_path; /* as given; "-" standard input; NULL none */
    /* of the failed command: a file that ssh or PuTTY says it can't use, and goes on without; NULL.
     * Not recorded: once the ssh configuration is known, it has it */
    const char *missing_key;
    bool key_configured; /* no key was given: it is one that ssh would take */
    /* of those that ssh would offer, the one that is checked, key_path's or the agent's; NULL.
     * Where a key was given: only if ssh would offer others beside it */
    const struct spf_ssh_offer *offer;
    const char *agent; /* the socket of the ssh-agent; NULL that of SSH_AUTH_SOCK, "" none */
    uint16_t port;
    int family; /* 0 either, 4, 6: -4 and -6 */
    enum spf_address_choice address;
    struct spf_ip source_ip;   /* family 0: not given */
    const char *source_lookup; /* https URL of a service that tells our address; NULL: none */
    enum spf_session_mode session;
    enum spf_file_transfer transfer; /* what the failed command needs of a session */
    bool no_openssh;                 /* it is PuTTY's or WinSCP's */
    bool openssh_typed;              /* it is ssh's, or one that runs ssh */
    bool putty_cache;                /* it looks host keys up in PuTTY's cache, not known_hosts */
    bool putty_batch;                /* and where one is not there, it asks nobody */
    spf_checks selected;             /* the checks to run, with what they need */
    unsigned timeout_ms;             /* each network step */
    unsigned deadline_s;             /* of the round; only for what is said about it */
    const char *const
        *known_hosts; /* NULL: the user's and the system's; else a NULL-terminated list */
    struct spf_secret *key_text;   /* the key's bytes when key_path is "-" */
    struct spf_secret *passphrase; /* NULL: none was given */
    /* what the prompt saw at key_path; NULL or not looked at: it is read when it is wanted */
    const struct spf_key_file *key_file;
    bool console;   /* read the console in any case */
    bool fix_tried; /* --fix has done what it can: what is left it cannot repair */
    const char
        *find_key; /* the directory to look for the bound pair's key in; "" ~/.ssh; NULL: don't */
    const char *key_dir; /* the directory whose file for the bound pair is the key; NULL: none. Once
                            that is found, it is key_path. */
    const char *profile, *config_path; /* of --profile and --config-path; NULL: not given */
    const char *account_name; /* for people, where the run has several: "cn-hangzhou, prod" */
    unsigned
        account; /* whose instance it is: its place among the driver's accounts; not recorded */
    /* Words of the command line that lines to rerun repeat (--region …); NULL, or a NULL-terminated
     * list */
    const char *const *other_options;
};

/* An identity as records and reports have it: 16 digits of lower-case hex. */
#define SPF_IDENTITY_SIZE 17
char *spf_identity_format(uint64_t identity, char out[SPF_IDENTITY_SIZE]); /* out */
/* 0: none, as of NULL or of a text that no identity is. */
uint64_t spf_identity_parse(const char *text);

/* For a user, host or key file that a transcript does not name: readable in a sentence, and no
 * value that fits a command. */
#define SPF_UNNAMED_USER N_("the user")
#define SPF_UNNAMED_HOST N_("the server")
#define SPF_UNNAMED_KEY  N_("the key file")

/* The key is that of an ssh's -i, beside which ssh offers those of its agent and configuration. */
static inline bool spf_target_has_typed_key(const struct spf_target *target)
{
    return target->openssh_typed && !target->key_configured && target->ssh_config != NULL &&
           target->key_path != NULL && target->key_path[0] != '\0' && target->key_text == NULL &&
           !target->from_transcript;
}

/* Where the bound pair's key is looked for, "" ~/.ssh; NULL: nowhere. */
static inline const char *spf_target_key_dir(const struct spf_target *target)
{
    return target->key_dir != NULL ? target->key_dir : target->find_key;
}

/* Somebody else connects for us, so that what we know of our own way there does not count. */
static inline bool spf_target_is_proxied(const struct spf_target *target)
{
    return target->jump != NULL || target->proxy_command != NULL;
}
