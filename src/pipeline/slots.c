#include "pipeline/slots.h"

#include "pipeline/aliyun_line.h"

#include <stdio.h>
#include <string.h>

#include "login/implementations.h"

#define VALUE_MAX 4096

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/* Names of values that are whole command lines, quoted when they were put together. */
static bool is_line(const char *name)
{
    /* legacy_options: of names that the check itself has */
    return strcmp(name, "ssh") == 0 || spf_starts_with(name, "rerun") ||
           strcmp(name, "windows_key") == 0 || strcmp(name, "legacy_options") == 0 ||
           strcmp(name, "aliyun") == 0;
}

/* Options that a line of the aliyun CLI may need, each behind a blank. */
static bool is_identity(const char *name)
{
    return strcmp(name, "as") == 0 || spf_starts_with(name, "as_");
}

static bool is_path(const char *name)
{
    size_t len = strlen(name);

    return strcmp(name, "key") == 0 || (len > 5 && strcmp(name + len - 5, "_file") == 0);
}

/* A path that is one word between double quotes, in cmd as in PowerShell. */
static bool fits_windows(const char *path)
{
    return path != NULL && *path != '\0' && *path != '-' &&
           path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "\\/:._~ ()-")] == '\0';
}

/* Does the value consist of letters, digits and `more`, and begin with none of `not_first`? */
static bool made_of(const char *value, const char *more, const char *not_first)
{
    if (*value == '\0' || strchr(not_first, *value) != NULL)
        return false;
    for (; *value != '\0'; value++) {
        if (strchr(letters, *value) == NULL && strchr(more, *value) == NULL)
            return false;
    }
    return true;
}

static bool fits(const char *name, const char *value)
{
    struct spf_ip ip;

    if ((strcmp(name, "host") == 0 || strcmp(name, "address") == 0) && spf_ip_parse(value, &ip))
        return true; /* ::1 begins with a colon */
    if (strcmp(name, "user") == 0)
        return made_of(value, "._-", "-.0123456789");
    if (strcmp(name, "known_hosts_name") == 0)
        return made_of(value, "._:[]-", "-");
    return made_of(value, "_.:/@-", "-.:/@");
}

/* The address that was or would be tried: connect(2)'s, else the one cloud.address chose. */
static const char *address_of(const struct spf_view *view)
{
    const struct spf_facts *facts = view->facts;

    if (spf_facts_have(facts, SPF_GROUP_TCP) && facts->tcp.address[0] != '\0')
        return facts->tcp.address;
    return spf_evidence_text(&view->results[SPF_CHECK_CLOUD_ADDRESS], "address");
}

static const char *host_of(const struct spf_view *view)
{
    return view->target->host != NULL ? view->target->host : address_of(view);
}

/*
 * Who else could be meant. The cloud's images log in as root, or as ecs-user where that was chosen;
 * somebody's own image ("m-…") has the user that its distribution's cloud images come with.
 */
static const char *other_user(const struct spf_view *view)
{
    static const char *const users[][2] = {
        {"ubuntu", "ubuntu"},  {"debian", "debian"}, {"centos", "centos"},      {"rocky", "rocky"},
        {"alma", "almalinux"}, {"fedora", "fedora"}, {"red hat", "cloud-user"},
    };
    const struct spf_instance_facts *instance = &view->facts->instance;

    if (strcmp(view->target->user, "root") != 0)
        return "root";
    for (size_t i = 0; i < sizeof users / sizeof *users; i++)
        if (spf_starts_with(instance->image, "m-") && !instance->login_as_non_root &&
            strcasestr(instance->os, users[i][0]) != NULL)
            return users[i][1];
    return "ecs-user";
}

/* The instance's image where it is one without cloud-init, or one that has ecs-user and root is
 * tried; else NULL. */
static const char *image_that(const char *name, const struct spf_view *view)
{
    const struct spf_image_facts *image = &view->facts->image;
    bool it_is = strcmp(name, "image_without_cloud_init") == 0
                     ? image->without_cloud_init
                     : strcmp(name, "image_with_ecs_user") == 0 && image->login_as_non_root &&
                           strcmp(view->target->user, "root") == 0;

    return spf_facts_have(view->facts, SPF_GROUP_IMAGE) && it_is ? view->facts->instance.image
                                                                 : NULL;
}

/* A word of an ssh or sshpreflight command line; false if the value has not the form of its slot.
 */
static bool add_word(struct spf_buf *buf, const char *name, const char *value)
{
    if (value == NULL)
        return false;
    if (is_path(name)) {
        spf_buf_add_path(buf, value);
        return true;
    }
    if (!fits(name, value))
        return false;
    spf_buf_add_shell(buf, value);
    return true;
}

/*
 * The key file as ssh takes it. ssh expands % sequences in the name (ssh_config(5), TOKENS), but
 * looks for the file of -i before it does: only the option can name a file with a % in it.
 */
static void add_identity(struct spf_buf *buf, const char *path)
{
    struct spf_buf option;

    if (strchr(path, '%') == NULL) {
        spf_buf_addstr(buf, " -i ");
        spf_buf_add_path(buf, path);
        return;
    }
    spf_buf_init(&option, VALUE_MAX);
    spf_buf_addstr(&option, "IdentityFile=\"");
    for (const char *p = path; *p != '\0'; p++) {
        if (*p == '%')
            spf_buf_addch(&option, '%');
        else if (*p == '"' || *p == '\\')
            spf_buf_addch(&option, '\\');
        spf_buf_addch(&option, *p);
    }
    spf_buf_addch(&option, '"');
    spf_buf_addstr(buf, " -o ");
    spf_buf_add_shell(buf, option.data);
    spf_buf_clear(&option);
}

/* Would ssh with its configuration do something else than was checked without it? */
static bool must_pass_by_configuration(const struct spf_view *view)
{
    const struct spf_ssh_config_facts *config = &view->facts->ssh_config;

    return view->target->ssh_config == NULL && spf_facts_have(view->facts, SPF_GROUP_SSH_CONFIG) &&
           (config->says[0] != '\0' || config->broken[0] != '\0' ||
            (strcmp(config->strict, "yes") == 0 &&
             view->results[SPF_CHECK_SSH_HOST_KEY].finding == SPF_HOST_KEY_UNKNOWN));
}

/* -o of the command line, which lines to rerun repeat as well. */
static void add_ssh_options(struct spf_buf *buf, const struct spf_target *target)
{
    const char *const *words = target->other_options;

    for (; words != NULL && *words != NULL; words++) {
        if (strcmp(words[0], "-o") != 0 || words[1] == NULL)
            continue;
        spf_buf_addstr(buf, " -o ");
        spf_buf_add_shell(buf, *++words);
    }
}

/* One file of a list as ssh_config(5) quotes it; ssh expands % sequences in it. */
static void add_listed_file(struct spf_buf *list, const char *path)
{
    bool quoted = strpbrk(path, " \t\"\\") != NULL;

    spf_buf_addf(list, "%s%s", list->len > 0 ? " " : "", quoted ? "\"" : "");
    for (const char *c = path; *c != '\0'; c++) {
        if (*c == '%')
            spf_buf_addch(list, '%');
        else if (*c == '"' || *c == '\\')
            spf_buf_addch(list, '\\');
        spf_buf_addch(list, *c);
    }
    spf_buf_addstr(list, quoted ? "\"" : "");
}

/* The files of --known-hosts, which ssh would not read by itself. */
static void add_known_hosts(struct spf_buf *buf, const struct spf_target *target)
{
    static const char name[] = "--known-hosts";
    const char *const *words = target->other_options;
    struct spf_buf list, option;

    spf_buf_init(&list, VALUE_MAX);
    for (; words != NULL && *words != NULL; words++) {
        size_t len = strcspn(*words, "=");

        if (len < strlen("--kn") || strncmp(*words, name, len) != 0)
            continue;
        if ((*words)[len] == '=')
            add_listed_file(&list, *words + len + 1);
        else if (words[1] != NULL)
            add_listed_file(&list, *++words);
    }
    if (list.len > 0) {
        spf_buf_init(&option, VALUE_MAX + 32);
        spf_buf_addf(&option, "UserKnownHostsFile=%s", list.data);
        spf_buf_addstr(buf, " -o ");
        spf_buf_add_shell(buf, option.data);
        spf_buf_clear(&option);
    }
    spf_buf_clear(&list);
}

/* behind: what the template goes on with. */
static bool add_ssh(struct spf_buf *buf, const struct spf_view *view, const char *behind)
{
    const struct spf_target *target = view->target;

    spf_buf_addstr(buf, "ssh");
    if (must_pass_by_configuration(view))
        spf_buf_addstr(buf, " -F none");
    if (target->key_path != NULL) {
        if (strcmp(target->key_path, "-") == 0)
            return false;
        add_identity(buf, target->key_path);
        /* Else ssh offers the agent's keys first, and may be cut off before it comes to this one.
         */
        if ((view->facts->surroundings.agent_running || view->facts->key.agent_keys > 0) &&
            strstr(behind, "IdentitiesOnly") == NULL)
            spf_buf_addstr(buf, " -o IdentitiesOnly=yes");
    }
    if (target->ssh_config != NULL && target->ssh_config[0] != '\0') {
        spf_buf_addstr(buf, " -F ");
        spf_buf_add_path(buf, target->ssh_config);
    }
    add_known_hosts(buf, target);
    add_ssh_options(buf, target);
    if (target->jump != NULL && !target->jump_configured) {
        spf_buf_addstr(buf, " -J ");
        spf_buf_add_shell(buf, target->jump);
    } else if (target->jump == NULL && !target->jump_configured && target->ssh_config != NULL &&
               spf_facts_have(view->facts, SPF_GROUP_SSH_CONFIG)) {
        spf_buf_addstr(buf, " -J none"); /* it was asked for, over what the configuration has */
    }
    if (target->ssh_config != NULL ? target->port_given : target->port != 22)
        spf_buf_addf(buf, " -p %u", (unsigned)target->port);
    spf_buf_addch(buf, ' ');
    if (!add_word(buf, "user", target->user))
        return false;
    spf_buf_addch(buf, '@');
    return add_word(buf, "host", target->alias != NULL ? target->alias : host_of(view));
}

static bool is_from_stdin(const struct spf_target *target)
{
    return target->key_path != NULL && strcmp(target->key_path, "-") == 0;
}

/*
 * The option that a template writes behind {rerun} takes the place of the user's own. Does word
 * begin that one? getopt_long(3) lets a long name be cut where that is unambiguous.
 */
static bool is_replaced(const char *word, const char *behind)
{
    size_t len = strcspn(word, "="), option = strcspn(behind, " =");

    if (word[0] != '-' || len < 2 || option == 0)
        return false;
    if (strncmp(behind, "-4", option) == 0)
        return strcmp(word, "-4") == 0 || strcmp(word, "-6") == 0;
    return len > 2 && len <= option && strncmp(word, behind, len) == 0;
}

/* Then they are all to be tried again. */
static bool has_choice_of_keys(const struct spf_view *view)
{
    return view->target->key_configured && view->facts->ssh_config.offers.count > 1;
}

static void add_other_options(struct spf_buf *buf, const struct spf_target *target,
                              const char *behind)
{
    const char *const *words = target->other_options;

    behind += strspn(behind, " ");
    for (; words != NULL && *words != NULL; words++) {
        if (is_replaced(*words, behind)) {
            if (strncmp(*words, "--", 2) == 0 && strchr(*words, '=') == NULL && words[1] != NULL)
                words++; /* its value */
            continue;
        }
        spf_buf_addch(buf, ' ');
        spf_buf_add_shell(buf, *words);
    }
}

/* behind: what the template goes on with. */
static bool add_rerun(struct spf_buf *buf, const struct spf_view *view, const char *name,
                      const char *behind)
{
    const struct spf_target *target = view->target;
    const char *user = target->user;
    bool with_configuration = strcmp(name, "rerun_with_ssh_config") == 0;
    bool with_next_key = strcmp(name, "rerun_with_next_key_file") == 0;

    if ((strcmp(name, "rerun_without_host") == 0 && target->instance_id == NULL) ||
        (with_configuration && target->ssh_config != NULL))
        return false;
    spf_buf_addstr(buf, "sshpreflight");
    if (target->instance_id != NULL) {
        spf_buf_addstr(buf, " --instance ");
        if (!add_word(buf, "instance",
                      view->facts->instance.id[0] != '\0' ? view->facts->instance.id
                                                          : target->instance_id))
            return false;
    }
    if (target->host != NULL && strcmp(name, "rerun_without_host") != 0) {
        spf_buf_addstr(buf, " --host ");
        if (!add_word(buf, "host", target->alias != NULL ? target->alias : target->host))
            return false;
    }
    if (strcmp(name, "rerun_with_matching_key_file") == 0 || with_next_key) {
        spf_buf_addstr(buf, " --key ");
        if (!add_word(buf, "key",
                      with_next_key
                          ? spf_evidence_text(&view->results[SPF_CHECK_SSH_AUTH], "next_key_file")
                          : view->facts->found_key.path))
            return false;
    } else if (strcmp(name, "rerun_with_home_copy_file") == 0) {
        spf_buf_addstr(buf, " --key ~/.ssh/login-key");
    } else if (is_from_stdin(target)) {
        if (strcmp(name, "rerun_with_file") == 0)
            return false;
        spf_buf_addstr(buf, " --key -");
    } else if (target->key_path != NULL && !has_choice_of_keys(view)) {
        spf_buf_addstr(buf, " --key ");
        (void)add_word(buf, "key", target->key_path);
    }
    if (target->instance_id == NULL && target->host == NULL)
        spf_buf_addstr(buf, " --only key"); /* the rest would need one of them */
    add_other_options(buf, target, behind);
    if (with_configuration)
        spf_buf_addstr(buf, " --ssh-config");
    if (target->port != 22 || (with_configuration && target->port_given))
        spf_buf_addf(buf, " -p %u", (unsigned)target->port);
    if (strcmp(name, "rerun_as_other_user") == 0)
        user = other_user(view);
    if (strcmp(name, "rerun_as_console_user") == 0) {
        user = spf_evidence_text(&view->results[SPF_CHECK_CLOUD_INSTANCE], "console_user");
        if (user == NULL)
            return false;
    }
    if (strcmp(name, "rerun_without_user") == 0 ||
        (strcmp(user, "root") == 0 && !(with_configuration && target->user_given) &&
         (target->ssh_config == NULL || user == target->user)))
        return true;
    spf_buf_addstr(buf, " -l ");
    return add_word(buf, "user", user);
}

/* What helps against a limit that was met: least, or twice as much as it was. */
static unsigned more_than(unsigned seconds, unsigned least, unsigned most)
{
    if (seconds < least)
        return least;
    return seconds > most / 2 ? most : 2 * seconds;
}

/* The value of a slot as text; NULL if there is none. A value that must be made is made in scratch.
 * behind: what follows the slot in its template.
 */
static const char *value_of(const char *name, const char *behind, const struct spf_view *view,
                            const struct spf_result *result, struct spf_buf *scratch)
{
    const struct spf_target *target = view->target;
    struct json_object *member = NULL;
    char ip[SPF_IP_TEXT_SIZE];

    if (result != NULL && json_object_object_get_ex(result->evidence, name, &member) &&
        (json_object_is_type(member, json_type_string) ||
         json_object_is_type(member, json_type_int)))
        return json_object_get_string(member);

    if (strcmp(name, "key") == 0)
        return target->key_path;
    if (strcmp(name, "windows") == 0)
        return view->facts->transcript.windows ? "yes" : NULL;
    if (strcmp(name, "windows_key") == 0)
        return view->facts->transcript.windows && fits_windows(target->key_path) ? target->key_path
                                                                                 : NULL;
    if (strcmp(name, "user") == 0)
        return target->user;
    if (strcmp(name, "sshd") == 0)
        return spf_is_sshd(view->facts->identification.software) ? "sshd" : NULL;
    if (strcmp(name, "guest") == 0)
        return spf_implementation_of(view->facts->identification.software)->guest;
    if (strcmp(name, "usual_user") == 0)
        return other_user(view);
    if (spf_starts_with(name, "image_"))
        return image_that(name, view);
    if (strcmp(name, "host") == 0)
        return host_of(view);
    if (strcmp(name, "fix_untried") == 0)
        return target->fix_tried ? NULL : "yes";
    if (strcmp(name, "fix_tried") == 0)
        return target->fix_tried ? "yes" : NULL;
    if (strcmp(name, "session_always") == 0)
        return target->session == SPF_SESSION_ALWAYS ? "always" : NULL;
    if (strcmp(name, "given_host") == 0)
        return target->alias != NULL ? target->alias : target->host;
    if (strcmp(name, "address") == 0)
        return address_of(view);
    /* What was given may be its name; what a command takes is the id. */
    if (strcmp(name, "instance") == 0)
        return view->facts->instance.id[0] != '\0' ? view->facts->instance.id : target->instance_id;
    if (strcmp(name, "asked_region") == 0)
        return view->facts->credentials.region[0] != '\0' ? view->facts->credentials.region
                                                          : "cn-hangzhou";
    if (strcmp(name, "region") == 0)
        return view->facts->instance.region[0] != '\0' ? view->facts->instance.region : NULL;
    if (strcmp(name, "ssh_config_unused") == 0)
        return spf_evidence_text(&view->results[SPF_CHECK_NET_PORT], name);
    if (strcmp(name, "started") == 0 || spf_starts_with(name, "console_") ||
        spf_starts_with(name, "event_"))
        return spf_evidence_text(&view->results[SPF_CHECK_CLOUD_INSTANCE], name);
    if (strcmp(name, "port") == 0) {
        spf_buf_addf(scratch, "%u", (unsigned)target->port);
        return scratch->data;
    }
    if (strcmp(name, "source_ip") == 0 || strcmp(name, "source_cidr") == 0) {
        const char *source =
            spf_evidence_text(&view->results[SPF_CHECK_CLOUD_SECURITY_GROUP], "source_ip");

        spf_ip_format(&target->source_ip, ip);
        if (source == NULL && ip[0] == '\0')
            return NULL;
        spf_buf_addstr(scratch, source != NULL ? source : ip);
        if (strcmp(name, "source_cidr") == 0)
            spf_buf_addstr(scratch, strchr(scratch->data, ':') != NULL ? "/128" : "/32");
        return scratch->data;
    }
    if (strcmp(name, "known_hosts_name") == 0 && target->ssh_config != NULL &&
        view->facts->ssh_config.host_key_alias[0] != '\0')
        return view->facts->ssh_config.host_key_alias;
    if (strcmp(name, "known_hosts_name") == 0 && host_of(view) != NULL) {
        spf_buf_addf(scratch, target->port == 22 ? "%s" : "[%s]:%u", host_of(view),
                     (unsigned)target->port);
        return scratch->data;
    }
    if (strcmp(name, "ssh") == 0)
        return add_ssh(scratch, view, behind) ? scratch->data : NULL;
    if (strcmp(name, "longer_timeout") == 0) {
        spf_buf_addf(scratch, "%u", more_than(target->timeout_ms / 1000, 60, 3600));
        return scratch->data;
    }
    if (strcmp(name, "longer_deadline") == 0) {
        spf_buf_addf(scratch, "%u", more_than(target->deadline_s, 120, 86400));
        return scratch->data;
    }
    if (strcmp(name, "aliyun") == 0)
        return spf_aliyun_line(scratch, view) ? scratch->data : NULL;
    if (spf_starts_with(name, "rerun"))
        return add_rerun(scratch, view, name, behind) ? scratch->data : NULL;
    return NULL;
}

/* What did not work at the jump host, by what the catalogue has for it. */
static const struct {
    const char *name, *causes;
} jump_failures[] = {
    {"jump_key", " auth-key-refused auth-too-many auth-algorithm-refused key-pair-different "},
    {"jump_identity", " host-key-changed host-key-revoked host-key-rebuilt "},
    {"jump_unknown", " host-key-unknown "},
    {"jump_asks", " key-encrypted auth-second-factor auth-publickey-disabled auth-key-refused "},
    {"jump_encrypted", " key-encrypted auth-key-refused "},
    {"jump_way", " port-refused port-silent port-unreachable port-reset host-unresolved "},
};

static const char *jump_failure(const char *name, const struct spf_result *result)
{
    const char *cause = result != NULL ? spf_evidence_text(result, "jump_cause") : NULL;
    char word[80];

    for (size_t i = 0; cause != NULL && i < sizeof jump_failures / sizeof *jump_failures; i++) {
        if (strcmp(name, jump_failures[i].name) == 0 &&
            spf_format(word, sizeof word, " %s ", cause) &&
            strstr(jump_failures[i].causes, word) != NULL)
            return cause;
    }
    return NULL;
}

/* Another family can only help a name, and only where this machine connects. */
static bool tried_ipv6_of_a_name(const struct spf_view *view)
{
    const struct spf_target *target = view->target;
    struct spf_ip ip;

    return target->host != NULL && !spf_target_is_proxied(target) &&
           !spf_ip_parse(target->host, &ip) && spf_ip_parse(view->facts->tcp.address, &ip) &&
           ip.family == 6;
}

/* {?name} stands for nothing, where it holds. */
static bool holds(const char *condition, const struct spf_view *view,
                  const struct spf_result *result)
{
    struct spf_buf scratch;
    bool known;

    if (strcmp(condition, "repairable") == 0 || strcmp(condition, "not_repairable") == 0)
        return view->facts->key.repairable == (condition[0] == 'r');
    if (spf_starts_with(condition, "format_")) {
        const char *format = result != NULL ? spf_evidence_text(result, "format") : NULL;

        return format != NULL && strcmp(condition + strlen("format_"), format) == 0;
    }
    if (strcmp(condition, "proxied") == 0 || strcmp(condition, "direct") == 0)
        return spf_target_is_proxied(view->target) == (condition[0] == 'p');
    if (strcmp(condition, "name_has_ipv6") == 0)
        return tried_ipv6_of_a_name(view);
    if (strcmp(condition, "windows") == 0)
        return view->facts->transcript.windows;
    if (strcmp(condition, "account_expired") == 0) /* PAM's words, or sshd's log's */
        return result != NULL && strstr(result->summary, "ccount") != NULL &&
               strstr(result->summary, "expired") != NULL;
    if (strcmp(condition, "sshd") == 0)
        return spf_is_sshd(view->facts->identification.software);
    if (strcmp(condition, "one_key") == 0)
        return view->facts->query.asked.count == 0;
    if (!spf_starts_with(condition, "no_"))
        return jump_failure(condition, result) != NULL;
    /* Of a host alone no rules are judged, and behind a jump host they do not see us: nothing is
     * missing. */
    if (strcmp(condition, "no_source_ip") == 0 &&
        (view->target->instance_id == NULL || spf_target_is_proxied(view->target)))
        return false;
    spf_buf_init(&scratch, VALUE_MAX);
    known = value_of(condition + 3, "", view, result, &scratch) != NULL;
    spf_buf_clear(&scratch);
    return !known;
}

/* Between backquotes, where a sentence shows something to type? */
static bool in_code(const struct spf_buf *buf)
{
    bool inside = false;

    for (size_t i = 0; i < buf->len; i++)
        inside ^= buf->data[i] == '`';
    return inside;
}

static bool expand_one(struct spf_buf *buf, const char *name, const char *behind,
                       enum spf_slot_use use, const struct spf_view *view,
                       const struct spf_result *result)
{
    struct spf_buf scratch;
    const char *value;
    bool good;

    if (name[0] == '?')
        return holds(name + 1, view, result);
    if (is_identity(name))
        return use == SPF_SLOT_TEXT || spf_aliyun_options(buf, name, view);
    spf_buf_init(&scratch, VALUE_MAX);
    value = value_of(name, behind, view, result, &scratch);
    good = value != NULL && value[0] != '\0' && !spf_buf_failed(&scratch);
    if (strcmp(name, "key") == 0 && is_from_stdin(view->target)) {
        value = "the key from standard input"; /* which no command can name */
        good = use == SPF_SLOT_TEXT;
    }
    if (good && strcmp(value, SPF_UNNAMED_USER) == 0 && in_code(buf))
        value = "USER";
    if (good && use == SPF_SLOT_TEXT)
        spf_buf_add_clean(buf, value, strlen(value), VALUE_MAX);
    else if (good && is_line(name))
        spf_buf_addstr(buf, value);
    else if (good)
        good = add_word(buf, name, value);
    spf_buf_clear(&scratch);
    return good;
}

bool spf_slots_expand(struct spf_buf *buf, const char *template, enum spf_slot_use use,
                      const struct spf_view *view, const struct spf_result *result)
{
    size_t before = buf->len;
    char name[40];

    while (*template != '\0') {
        size_t plain = strcspn(template, "{");
        size_t len;

        spf_buf_add(buf, template, plain);
        template += plain;
        if (*template == '\0')
            break;
        len = strcspn(template, "}");
        if (template[len] == '\0' || len - 1 >= sizeof name)
            break; /* the catalogue's test finds such a template */
        memcpy(name, template + 1, len - 1);
        name[len - 1] = '\0';
        template += len + 1;
        if (!expand_one(buf, name, template, use, view, result)) {
            if (before < buf->len)
                buf->data[buf->len = before] = '\0';
            return false;
        }
    }
    return !spf_buf_failed(buf);
}
