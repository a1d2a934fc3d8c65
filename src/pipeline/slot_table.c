#include "pipeline/slot_table.h"

#include <string.h>

#include "base/clock.h"
#include "base/language.h"
#include "login/implementations.h"
#include "pipeline/aliyun_line.h"
#include "pipeline/command_lines.h"
#include "pipeline/config_said.h"

/* Takes the place of "" where there is nothing. */
static const char *known(const char *value)
{
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* What the result is about: mostly the key that was evaluated. */
static const char *key_path(const struct spf_slot_query *query)
{
    return query->result != NULL && query->result->about != NULL ? query->result->about
                                                                 : query->view->target->key_path;
}

static const char *key(const struct spf_slot_query *query)
{
    const char *path = key_path(query);

    if (path == NULL && query->view->target->from_transcript && query->use == SPF_SLOT_TEXT) {
        return SPF_UNNAMED_KEY;
    }
    if (path == NULL || strcmp(path, "-") != 0) {
        return path;
    }
    /* which no command can name */
    return query->use == SPF_SLOT_TEXT ? _("the key from standard input") : NULL;
}

/* The bytes that a word between double quotes may have, in cmd as in PowerShell, which takes U+201C
 * to U+201E for such a quote as well. */
static bool stays_in_quotes(const char *word)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "\\/:._~ ()-+@,=#&'";

    for (const char *at = word; *at != '\0'; at++) {
        if (((unsigned char)*at < 0x80 && strchr(allowed, *at) == NULL) ||
            (strncmp(at, "\xe2\x80", 2) == 0 && at[2] >= '\x9c' && at[2] <= '\x9e')) {
            return false;
        }
    }
    return spf_is_clean(word) &&
           word[strlen(word) - 1] != '\\'; /* which would hold the quote back */
}

/* On Windows, as one word between double quotes. */
static const char *windows_key(const struct spf_slot_query *query)
{
    const char *path = key_path(query);

    return path != NULL && *path != '\0' && *path != '-' && stays_in_quotes(path) ? path : NULL;
}

static const char *user(const struct spf_slot_query *query)
{
    return query->view->target->user;
}

static const char *usual_user(const struct spf_slot_query *query)
{
    return spf_usual_user(query->view);
}

static const char *host(const struct spf_slot_query *query)
{
    return spf_host_of(query->view);
}

static const char *given_host(const struct spf_slot_query *query)
{
    const struct spf_target *target = query->view->target;

    return target->alias != NULL ? target->alias : target->host;
}

static const char *address(const struct spf_slot_query *query)
{
    const char *found = spf_address_of(query->view);

    return found != NULL || !query->view->target->from_transcript ? found
                                                                  : query->view->target->host;
}

static const char *port(const struct spf_slot_query *query)
{
    spf_buf_addf(query->scratch, "%u", (unsigned)query->view->target->port);
    return query->scratch->data;
}

static const char *known_hosts_name(const struct spf_slot_query *query)
{
    const struct spf_target *target = query->view->target;
    const char *alias = query->view->facts->ssh_config->host_key_alias;
    const char *name = spf_host_of(query->view);

    if (target->ssh_config != NULL && alias[0] != '\0') {
        return alias;
    }
    if (name == NULL) {
        return NULL;
    }
    spf_buf_addf(query->scratch, target->port == 22 ? "%s" : "[%s]:%u", name,
                 (unsigned)target->port);
    return query->scratch->data;
}

/* The first file of --known-hosts, which the line for ssh names as well; NULL: it was not given. */
static const char *given_known_hosts(const struct spf_target *target)
{
    static const char name[] = "--known-hosts";
    const char *const *words = target->other_options;

    for (; words != NULL && *words != NULL; words++) {
        const size_t len = strcspn(*words, "=");

        if (len >= strlen("--kn") && strncmp(*words, name, len) == 0) {
            return (*words)[len] == '=' ? *words + len + 1 : words[1];
        }
    }
    return NULL;
}

/* Where ssh learns new host keys, by --known-hosts or a configuration that is used; else
 * ~/.ssh/known_hosts. */
static const char *known_hosts_file(const struct spf_slot_query *query)
{
    const struct spf_ssh_config_facts *config = query->view->facts->ssh_config;
    const bool used = query->view->target->ssh_config != NULL && config->known_hosts.count > 0;

    const char *given = given_known_hosts(query->view->target);

    return given != NULL ? given : used ? config->known_hosts.items[0].path : NULL;
}

/* What was given may be its name; what a command takes is the id. */
static const char *instance(const struct spf_slot_query *query)
{
    const char *id = query->view->facts->instance->id;

    return id[0] != '\0' ? id : query->view->target->instance_id;
}

static const char *region(const struct spf_slot_query *query)
{
    return known(query->view->facts->instance->region);
}

static const char *asked_region(const struct spf_slot_query *query)
{
    const char *configured = query->view->facts->credentials->region;

    return configured[0] != '\0' ? configured : "cn-hangzhou";
}

static const char *started(const struct spf_slot_query *query)
{
    const struct spf_instance_facts *facts = query->view->facts->instance;
    char text[SPF_UTC_SIZE];

    if (facts->search != SPF_INSTANCE_FOUND || facts->started <= 0) {
        return NULL;
    }
    spf_utc_format(facts->started, text);
    spf_buf_addstr(query->scratch, text);
    return query->scratch->data;
}

enum { IMAGE_WITHOUT_CLOUD_INIT, IMAGE_WITH_ECS_USER };

/* The instance's image where it is one without cloud-init, or one that has ecs-user and root is
 * tried. */
static const char *image_that(const struct spf_slot_query *query)
{
    const struct spf_facts *facts = query->view->facts;
    const struct spf_image_facts *image = facts->image;
    bool it_is = query->option == IMAGE_WITHOUT_CLOUD_INIT
                     ? image->without_cloud_init
                     : image->login_as_non_root && strcmp(query->view->target->user, "root") == 0;

    return spf_facts_have(facts, SPF_GROUP_IMAGE) && it_is ? facts->instance->image : NULL;
}

enum { EVENT_TYPE, EVENT_STATE };

/* Of what the provider does to the instance just now. */
static const char *event(const struct spf_slot_query *query)
{
    const struct spf_facts *facts = query->view->facts;
    const struct spf_event *now = spf_event_now(facts->events, facts->instance->seen);

    if (now == NULL) {
        return NULL;
    }
    return known(query->option == EVENT_TYPE ? now->type : now->state);
}

static const char *console_says(const struct spf_slot_query *query)
{
    const struct spf_console_facts *console = query->view->facts->console;

    return console->trouble.count > 0 ? known(console->trouble.items[0].line) : NULL;
}

static const char *console_user(const struct spf_slot_query *query)
{
    const struct spf_facts *facts = query->view->facts;

    return spf_console_user(facts->console, facts->key->sha256, facts->key->md5,
                            query->view->target->user);
}

enum { BARE_ADDRESS, WITH_PREFIX };

/* The address that the rules were evaluated for, else the one given. */
static const char *source(const struct spf_slot_query *query)
{
    const char *judged = query->view->results[SPF_CHECK_CLOUD_SECURITY_GROUP].source_ip;
    char given[SPF_IP_TEXT_SIZE];
    struct spf_buf *text = query->scratch;

    spf_ip_format(&query->view->target->source_ip, given);
    spf_buf_addstr(text, judged[0] != '\0' ? judged : given);
    if (text->len == 0) {
        return NULL;
    }
    if (query->option == WITH_PREFIX) {
        spf_buf_addstr(text, strchr(text->data, ':') != NULL ? "/128" : "/32");
    }
    return text->data;
}

/* What the user's ssh configuration has for the host, where it was not to be used. */
static const char *ssh_config_unused(const struct spf_slot_query *query)
{
    const struct spf_view *view = query->view;

    return view->target->ssh_config == NULL && spf_facts_have(view->facts, SPF_GROUP_SSH_CONFIG) &&
                   spf_facts_have(view->facts, SPF_GROUP_TCP)
               ? known(view->facts->ssh_config->says)
               : NULL;
}

static const char *hosts_line(const struct spf_slot_query *query)
{
    return known(query->view->facts->tcp->lookup.hosts_line);
}

static const char *guest(const struct spf_slot_query *query)
{
    return spf_implementation_of(query->view->facts->identification->software)->guest;
}

/* What helps against a limit that was met: least, or twice as much as it was. */
static const char *more_than(const struct spf_slot_query *query, unsigned seconds, unsigned least,
                             unsigned most)
{
    seconds = seconds < least ? least : seconds > most / 2 ? most : 2 * seconds;
    spf_buf_addf(query->scratch, "%u", seconds);
    return query->scratch->data;
}

static const char *longer_timeout(const struct spf_slot_query *query)
{
    return more_than(query, query->view->target->timeout_ms / 1000, 60, 3600);
}

static const char *longer_deadline(const struct spf_slot_query *query)
{
    return more_than(query, query->view->target->deadline_s, 120, 86400);
}

static const char *ssh(const struct spf_slot_query *query)
{
    return spf_ssh_line(query->scratch, query->view, query->follows) ? query->scratch->data : NULL;
}

static const char *config_said(const struct spf_slot_query *query)
{
    return spf_config_said(query->view, (enum spf_config_said)query->option, query->scratch);
}

static const char *rerun(const struct spf_slot_query *query)
{
    return spf_rerun_line(query->scratch, query->view, query->option, query->follows)
               ? query->scratch->data
               : NULL;
}

static const char *aliyun(const struct spf_slot_query *query)
{
    return spf_aliyun_line(query->scratch, query->view) ? query->scratch->data : NULL;
}

static const char *session_line(const struct spf_slot_query *query)
{
    return spf_session_line(query->scratch, query->view) ? query->scratch->data : NULL;
}

static const char *as(const struct spf_slot_query *query)
{
    return spf_aliyun_options(query->scratch, (enum spf_aliyun_as)query->option, query->view)
               ? query->scratch->data
               : NULL;
}

#define RERUN "sshpreflight --instance ID --key KEY"

/* clang-format off */
static const struct spf_slot slots[] = {
    /* What was asked. */
    {"key",                      SPF_GRAMMAR_PATH,       key,               0, NULL},
    {"windows_key",              SPF_GRAMMAR_LINE,       windows_key,       0, NULL},
    {"user",                     SPF_GRAMMAR_USER,       user,              0, NULL},
    {"usual_user",               SPF_GRAMMAR_NAME,       usual_user,        0, "ecs-user"},
    {"host",                     SPF_GRAMMAR_HOST,       host,              0, NULL},
    {"given_host",               SPF_GRAMMAR_NAME,       given_host,        0, "HOST"},
    {"address",                  SPF_GRAMMAR_HOST,       address,           0, NULL},
    {"port",                     SPF_GRAMMAR_NAME,       port,              0, NULL},
    {"known_hosts_name",         SPF_GRAMMAR_KNOWN_HOST, known_hosts_name,  0, "HOST"},
    {"known_hosts_file",         SPF_GRAMMAR_PATH,       known_hosts_file,  0, NULL},
    {"instance",                 SPF_GRAMMAR_NAME,       instance,          0, NULL},
    /* What was found out, whichever check a template belongs to. */
    {"region",                   SPF_GRAMMAR_NAME,       region,            0, NULL},
    {"asked_region",             SPF_GRAMMAR_NAME,       asked_region,      0, "REGION"},
    {"started",                  SPF_GRAMMAR_NAME,       started,           0, NULL},
    {"image_without_cloud_init", SPF_GRAMMAR_NAME,       image_that,        IMAGE_WITHOUT_CLOUD_INIT, NULL},
    {"image_with_ecs_user",      SPF_GRAMMAR_NAME,       image_that,        IMAGE_WITH_ECS_USER, NULL},
    {"event_type",               SPF_GRAMMAR_NAME,       event,             EVENT_TYPE, NULL},
    {"event_state",              SPF_GRAMMAR_NAME,       event,             EVENT_STATE, NULL},
    {"console_says",             SPF_GRAMMAR_NAME,       console_says,      0, NULL},
    {"console_user",             SPF_GRAMMAR_NAME,       console_user,      0, NULL},
    {"source_ip",                SPF_GRAMMAR_NAME,       source,            BARE_ADDRESS, NULL},
    {"source_cidr",              SPF_GRAMMAR_NAME,       source,            WITH_PREFIX, NULL},
    {"ssh_config_unused",        SPF_GRAMMAR_NAME,       ssh_config_unused, 0, NULL},
    {"hosts_line",               SPF_GRAMMAR_NAME,       hosts_line,        0, "/etc/hosts:LINE"},
    /* where keys, configuration and log of this server are; none of sshd's: the catalogue has it */
    {"guest",                    SPF_GRAMMAR_NAME,       guest,             0, NULL},
    {"longer_timeout",           SPF_GRAMMAR_NAME,       longer_timeout,    0, "60"},
    {"longer_deadline",          SPF_GRAMMAR_NAME,       longer_deadline,   0, "120"},
    /* Lines. The aliyun CLI's acts, with the options {as} at its end, as the identity used here. */
    {"ssh",                      SPF_GRAMMAR_LINE,       ssh,               0, "ssh -i KEY USER@HOST"},
    {"aliyun",                   SPF_GRAMMAR_LINE,       aliyun,            0, "aliyun"},
    {"session_line",             SPF_GRAMMAR_LINE,       session_line,      0, "ali-instance-cli session"},
    {"as",                       SPF_GRAMMAR_OPTIONS,    as,                SPF_ALIYUN_AS_IDENTITY, ""},
    {"as_profile",               SPF_GRAMMAR_OPTIONS,    as,                SPF_ALIYUN_AS_PROFILE, ""},
    {"as_config",                SPF_GRAMMAR_OPTIONS,    as,                SPF_ALIYUN_AS_CONFIG, ""},
    {"rerun",                    SPF_GRAMMAR_LINE,       rerun,             0, RERUN},
    {"rerun_without_host",       SPF_GRAMMAR_LINE,       rerun,             SPF_RERUN_WITHOUT_HOST, RERUN},
    {"rerun_without_user",       SPF_GRAMMAR_LINE,       rerun,             SPF_RERUN_WITHOUT_USER, RERUN},
    {"rerun_with_file",          SPF_GRAMMAR_LINE,       rerun,             SPF_RERUN_WITH_KEY_IN_A_FILE, RERUN},
    {"rerun_as_other_user",      SPF_GRAMMAR_LINE,       rerun,             SPF_RERUN_AS_OTHER_USER, RERUN " -l USER"},
    {"rerun_as_console_user",    SPF_GRAMMAR_LINE,       rerun,             SPF_RERUN_AS_CONSOLE_USER,
     RERUN " -l CONSOLE_USER"},
    {"rerun_with_ssh_config",    SPF_GRAMMAR_LINE,       rerun,             SPF_RERUN_WITH_SSH_CONFIG,
     "sshpreflight HOST --key KEY --ssh-config"},
    {"rerun_with_next_key_file", SPF_GRAMMAR_LINE,       rerun,             SPF_RERUN_WITH_NEXT_KEY,
     "sshpreflight HOST --key NEXT_KEY"},
    {"rerun_with_matching_key_file", SPF_GRAMMAR_LINE,   rerun,             SPF_RERUN_WITH_MATCHING_KEY,
     "sshpreflight --instance ID --key FILE"},
    {"rerun_with_home_copy_file", SPF_GRAMMAR_LINE,      rerun,             SPF_RERUN_WITH_COPY_AT_HOME,
     "sshpreflight --instance ID --key ~/.ssh/login-key"},
    /* Evidence of the check that the template belongs to. */
#define EVIDENCE(name)         {name, SPF_GRAMMAR_NAME, NULL, 0, NULL}
#define EVIDENCE_AS(name, plain) {name, SPF_GRAMMAR_NAME, NULL, 0, plain}
#define EVIDENCE_FILE(name)    {name, SPF_GRAMMAR_PATH, NULL, 0, NULL}
    EVIDENCE("acl"), EVIDENCE("action"), EVIDENCE("address_lock"), EVIDENCE("agent_keys"),
    EVIDENCE("ahead_priority"), EVIDENCE("allowed_source"), EVIDENCE("auto_release"),
    EVIDENCE_FILE("certificate_file"), EVIDENCE("clock_off_s"), EVIDENCE("code"),
    EVIDENCE("cut_after"), EVIDENCE_AS("detail", "..."), EVIDENCE_FILE("dir_file"), EVIDENCE("doubt"),
    EVIDENCE("egress_only_rule"), EVIDENCE("error"), EVIDENCE("expires"),
    EVIDENCE("financial_lock"), EVIDENCE("fingerprint_sha256"), EVIDENCE("first_address"), EVIDENCE("first_drop"),
    EVIDENCE("first_drop_group"), EVIDENCE_AS("forbidden_action", "ACTION"), EVIDENCE("gateway"),
    EVIDENCE("group"), EVIDENCE("interface"), EVIDENCE("ipv6_address_id"),
    EVIDENCE("ipv6_gateway"), EVIDENCE("jump"), EVIDENCE("key_to_find"), EVIDENCE("kind"),
    EVIDENCE("known_hosts_line"), EVIDENCE_AS("legacy", "ALGORITHM"), EVIDENCE("legacy_cipher"),
    {"control_dir", SPF_GRAMMAR_PATH, config_said, SPF_SAID_CONTROL_DIR, "DIRECTORY"},
    {"config_open", SPF_GRAMMAR_PATH, config_said, SPF_SAID_OPEN_FILE, "~/.ssh/config"},
    {"config_file", SPF_GRAMMAR_PATH, config_said, SPF_SAID_FILE, "~/.ssh/config"},
    {"config_line", SPF_GRAMMAR_NAME, config_said, SPF_SAID_LINE, "LINE"},
    {"config_word", SPF_GRAMMAR_NAME, config_said, SPF_SAID_WORD, "what ssh says of it"},
    {"own_options", SPF_GRAMMAR_LINE, NULL, 0, "-o Ciphers=+ALGORITHM"},
    EVIDENCE("own_typed"), EVIDENCE("own_keyword"),
    {"legacy_options", SPF_GRAMMAR_LINE, NULL, 0, "-o KexAlgorithms=+ALGORITHM -o Ciphers=+ALGORITHM …"},
    EVIDENCE("line"), EVIDENCE("lock"), EVIDENCE_FILE("matching_key_file"), EVIDENCE_FILE("matching_public_key_file"),
    EVIDENCE("may_dislike"), EVIDENCE("mode"), EVIDENCE("next_fingerprint"),
    EVIDENCE_AS("mode_fixed", "it is mounted read-only, or keeps no modes"), EVIDENCE("mss"),
    EVIDENCE("mtu"), EVIDENCE("name"), EVIDENCE_FILE("next_key_file"), EVIDENCE("next_methods"),
    EVIDENCE_FILE("skipped_key_file"),
    EVIDENCE("open_group"), EVIDENCE_AS("open_in", "GROUP"), EVIDENCE("open_rule"), EVIDENCE("os"),
    EVIDENCE("other_lock"), EVIDENCE("other_region"), EVIDENCE("other_user"), EVIDENCE("owner"),
    {"pin_line", SPF_GRAMMAR_PATH, NULL, 0, NULL}, EVIDENCE("planned_event"), EVIDENCE("ppk_version"),
    EVIDENCE("proxy_command"), EVIDENCE("request_id"), EVIDENCE("route_table"), EVIDENCE("rule"),
    EVIDENCE_FILE("searched_file"), EVIDENCE("security_lock"),
    EVIDENCE_AS("session_action", "ACTION"), EVIDENCE("several"), EVIDENCE("several_count"),
    EVIDENCE("several_name"), EVIDENCE("signature_algorithm"),
    EVIDENCE_AS("source_option", "SourceCidrIp"), EVIDENCE("spot_lock"),
    EVIDENCE("ssh_config_error"), EVIDENCE("state"), EVIDENCE("tried"),
    EVIDENCE_AS("ungranted_action", "ACTION"), EVIDENCE("usable_type"), EVIDENCE("waited_s"),
};
/* clang-format on */

const struct spf_slot *spf_slot_named(const char *name)
{
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        if (strcmp(slots[i].name, name) == 0) {
            return &slots[i];
        }
    }
    return NULL;
}
