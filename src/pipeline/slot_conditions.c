#include "pipeline/slot_table.h"

#include <string.h>

#include "base/text.h"
#include "login/implementations.h"
#include "platform/files.h"
#include "platform/shell.h"

static bool is_repairable(const struct spf_slot_query *query)
{
    return query->view->facts->key->repairable;
}

static bool fix_tried(const struct spf_slot_query *query)
{
    return query->view->target->fix_tried;
}

static bool session_always(const struct spf_slot_query *query)
{
    return query->view->target->session == SPF_SESSION_ALWAYS;
}

static bool is_proxied(const struct spf_slot_query *query)
{
    return spf_target_is_proxied(query->view->target);
}

static bool is_direct(const struct spf_slot_query *query)
{
    return !is_proxied(query);
}

/* Another family can only help a name, and only where this machine connects. */
static bool tried_ipv6_of_a_name(const struct spf_slot_query *query)
{
    const struct spf_target *target = query->view->target;
    struct spf_ip ip;

    return target->host != NULL && !spf_target_is_proxied(target) &&
           !spf_ip_parse(target->host, &ip) &&
           spf_ip_parse(query->view->facts->tcp->address, &ip) && ip.family == 6;
}

/* It was an IPv6 address that did not answer, and an IPv4 address that did. */
static bool tried_ipv6_before(const struct spf_slot_query *query)
{
    const struct spf_tcp_facts *tcp = query->view->facts->tcp;

    for (size_t i = 0; i < tcp->before.count; i++) {
        if (strchr(tcp->before.items[i].address, ':') != NULL) {
            return strchr(tcp->address, ':') == NULL;
        }
    }
    return false;
}

/* Was the transcript printed by a client there, or the key read there, or are we there? */
static bool is_windows(const struct spf_slot_query *query)
{
    return query->view->facts->transcript->windows || query->view->facts->key->by_list ||
           !spf_shell_is_posix();
}

/* Does another program keep the key file from being read? */
static bool is_locked(const struct spf_slot_query *query)
{
    return strcmp(query->view->facts->key->error, SPF_FILE_LOCKED) == 0;
}

/* Is the server sshd, or did not say? */
static bool is_sshd(const struct spf_slot_query *query)
{
    return spf_is_sshd(query->view->facts->identification->software);
}

/* The server was asked about one key, not several in turn, unless one of them was given. */
static bool asked_one_key(const struct spf_slot_query *query)
{
    const struct spf_target *target = query->view->target;

    return (query->view->facts->query->asked.count == 0 || spf_target_has_typed_key(target)) &&
           !spf_ssh_config_skips(query->view->facts->ssh_config, target->key_path) &&
           (!target->from_transcript || target->key_path != NULL);
}

/* ssh can't use the file of the command's -i. */
static bool is_key_skipped(const struct spf_slot_query *query)
{
    return spf_ssh_config_skips(query->view->facts->ssh_config, query->view->target->key_path);
}

/* Whether ssh logs in is open, where it has keys that were not tried here. */
static bool is_auth_open(const struct spf_slot_query *query)
{
    return query->view->results[SPF_CHECK_SSH_AUTH].status == SPF_UNKNOWN;
}

static bool is_auth_decided(const struct spf_slot_query *query)
{
    return !is_auth_open(query);
}

/* Dropbear, by what it says of itself. */
static bool is_dropbear(const struct spf_slot_query *query)
{
    return spf_starts_with(query->view->facts->identification->software, "dropbear_");
}

/* Was a certificate offered, or would ssh offer one? */
static bool has_certificate(const struct spf_slot_query *query)
{
    const struct spf_facts *facts = query->view->facts;
    bool found = facts->query->of_certificate || facts->key->certificate[0] != '\0' ||
                 facts->transcript->certificate;

    for (size_t i = 0; i < facts->ssh_config->offers.count; i++) {
        found |= facts->ssh_config->offers.items[i].certificate[0] != '\0';
    }
    return found;
}

static bool is_certificate_unfit(const struct spf_slot_query *query)
{
    return query->result != NULL && query->result->certificate_unfit;
}

/* The certificate that was offered is one for all users, which TrustedUserCAKeys does not accept.
 */
static bool lacks_principals(const struct spf_slot_query *query)
{
    const struct spf_facts *facts = query->view->facts;

    return facts->query->of_certificate && facts->key->certificate[0] != '\0' &&
           !facts->key->certified.host && facts->key->certified.principals[0] == '\0';
}

/* ssh says of an RSA key that it does not use. */
static bool is_too_short_for_ssh(const struct spf_slot_query *query)
{
    return query->result != NULL && strstr(query->result->summary, "nvalid key length") != NULL;
}

/* An IPv6 address as a URL has it. */
static bool is_bracketed(const struct spf_slot_query *query)
{
    return query->view->target->host != NULL && query->view->target->host[0] == '[';
}

/* In PAM's words, or those of sshd's log. */
static bool account_expired(const struct spf_slot_query *query)
{
    return query->result != NULL && strstr(query->result->summary, "ccount") != NULL &&
           strstr(query->result->summary, "expired") != NULL;
}

/* pam_limits's words, live or in a transcript. */
static bool has_too_many_logins(const struct spf_slot_query *query)
{
    return query->view->facts->session->too_many_logins ||
           (query->result != NULL && strstr(query->result->summary, "too many logins") != NULL);
}

static bool is_root(const struct spf_slot_query *query)
{
    return strcmp(query->view->target->user, "root") == 0;
}

/* The session ended without a word. */
static bool ended_mutely(const struct spf_slot_query *query)
{
    return query->view->facts->session->output[0] == '\0';
}

/* sshd says so, where it is to change its root. */
static bool has_bad_chroot(const struct spf_slot_query *query)
{
    return query->result != NULL &&
           strstr(query->result->summary, "ownership or modes for chroot") != NULL;
}

static bool is_format(const struct spf_slot_query *query)
{
    const struct spf_facts *facts = query->view->facts;

    return spf_facts_have(facts, SPF_GROUP_KEY) &&
           strcmp(spf_container_name(facts->key->container), query->argument) == 0;
}

/* The key is PuTTY's, or the client of a pasted text is. */
static bool is_ppk(const struct spf_slot_query *query)
{
    const struct spf_facts *facts = query->view->facts;

    if (spf_starts_with(facts->transcript->client, "PuTTY_")) {
        return true;
    }
    return spf_facts_have(facts, SPF_GROUP_KEY) && spf_key_is_for_putty(facts->key);
}

/* The user's known_hosts is one that keeps nothing. */
static bool has_null_known_hosts(const struct spf_slot_query *query)
{
    const struct spf_ssh_config_facts *config = query->view->facts->ssh_config;

    return query->view->target->ssh_config != NULL && config->known_hosts.count > 0 &&
           config->known_hosts.items[0].path != NULL &&
           strcmp(config->known_hosts.items[0].path, "/dev/null") == 0;
}

/* The command that failed is one of PuTTY's, which keeps host keys of its own. */
static bool has_putty_cache(const struct spf_slot_query *query)
{
    return query->view->target->putty_cache;
}

static bool knows_source(const struct spf_slot_query *query)
{
    return (query->result != NULL && query->result->source_ip[0] != '\0') ||
           query->view->results[SPF_CHECK_CLOUD_SECURITY_GROUP].source_ip[0] != '\0' ||
           query->view->target->source_ip.family != 0;
}

/* Of a host alone no rules are evaluated, and behind a jump host they do not see us: nothing is
 * missing. */
static bool lacks_source(const struct spf_slot_query *query)
{
    return query->view->target->instance_id != NULL &&
           !spf_target_is_proxied(query->view->target) && !knows_source(query);
}

/* Is what failed at the jump host one of these causes? */
static bool jump_failed_by(const struct spf_slot_query *query)
{
    const char *cause = query->view->facts->tcp->jump_cause;
    char word[80];

    return cause[0] != '\0' && spf_format_whole(word, sizeof word, " %s ", cause) &&
           strstr(query->argument, word) != NULL;
}

/* Another key might be what it takes: ssh had none for it, or those that it had were refused. */
static bool jump_wants_key(const struct spf_slot_query *query)
{
    return spf_tcp_jump_lacked_key(query->view->facts->tcp) || jump_failed_by(query);
}

/* Would ssh-add take the key file? */
static bool is_addable(const struct spf_slot_query *query)
{
    const struct spf_facts *facts = query->view->facts;

    return !spf_facts_have(facts, SPF_GROUP_KEY) ||
           (facts->key->outcome == SPF_KEY_READ && facts->key->openssh_accepts);
}

/* All that the server wants besides the key is one more. */
static bool wants_second_key(const struct spf_slot_query *query)
{
    return strcmp(query->view->facts->signature->methods, "publickey") == 0;
}

static bool wants_other_factor(const struct spf_slot_query *query)
{
    return !wants_second_key(query);
}

/* It was no ssh, which has gone on with all its keys already. */
static bool is_not_typed(const struct spf_slot_query *query)
{
    return !query->view->target->openssh_typed;
}

static const struct spf_condition conditions[] = {
    {"repairable", is_repairable, NULL}, /* --fix would write a good copy of the key file */
    {"fix_tried", fix_tried, NULL},      /* --fix had its try */
    {"session_always", session_always, NULL},
    {"proxied", is_proxied, NULL},
    {"direct", is_direct, NULL},
    {"name_has_ipv6", tried_ipv6_of_a_name, NULL},
    {"name_had_ipv6", tried_ipv6_before, NULL},
    {"windows", is_windows, NULL},
    {"locked", is_locked, NULL},
    {"ppk", is_ppk, NULL},
    {"putty", has_putty_cache, NULL},
    {"null_known_hosts", has_null_known_hosts, NULL},
    {"sshd", is_sshd, NULL},
    {"dropbear", is_dropbear, NULL},
    {"one_key", asked_one_key, NULL},
    {"key_skipped", is_key_skipped, NULL},
    {"addable", is_addable, NULL},
    {"second_key", wants_second_key, NULL},
    {"other_factor", wants_other_factor, NULL},
    {"not_typed", is_not_typed, NULL},
    {"auth_open", is_auth_open, NULL},
    {"auth_decided", is_auth_decided, NULL},
    {"certificate", has_certificate, NULL},
    {"certificate_unfit", is_certificate_unfit, NULL},
    {"no_principals", lacks_principals, NULL},
    {"key_length", is_too_short_for_ssh, NULL},
    {"bracketed", is_bracketed, NULL},
    {"account_expired", account_expired, NULL},
    {"too_many_logins", has_too_many_logins, NULL},
    {"root", is_root, NULL},
    {"mute_end", ended_mutely, NULL},
    {"bad_chroot", has_bad_chroot, NULL},
    {"no_source_ip", lacks_source, NULL},
    {"format_dropbear", is_format, "dropbear"},
    {"format_gpg-agent", is_format, "gpg-agent"},
    {"format_ssh2-private", is_format, "ssh2-private"},
    {"format_jceks", is_format, "jceks"},
    {"format_jks", is_format, "jks"},
    {"format_jwk", is_format, "jwk"},
    {"format_msblob", is_format, "msblob"},
    {"format_pgp", is_format, "pgp"},
    {"format_pvk", is_format, "pvk"},
    {"format_xml", is_format, "xml"},
    {"jump_key", jump_wants_key,
     " auth-key-refused auth-too-many auth-algorithm-refused key-pair-different "},
    {"jump_identity", jump_failed_by, " host-key-changed host-key-revoked host-key-rebuilt "},
    {"jump_unknown", jump_failed_by, " host-key-unknown "},
    {"jump_asks", jump_failed_by,
     " key-encrypted auth-second-factor auth-publickey-disabled auth-key-refused "},
    {"jump_encrypted", jump_failed_by, " key-encrypted auth-key-refused "},
    {"jump_way", jump_failed_by,
     " port-refused port-silent port-unreachable port-reset host-unresolved "},
};

const struct spf_condition *spf_condition_named(const char *name)
{
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        if (strcmp(conditions[i].name, name) == 0) {
            return &conditions[i];
        }
    }
    return NULL;
}
