#include <string.h>
#include <strings.h>

#include "pipeline/command_lines.h"
#include "pipeline/slot_word.h"
#include "platform/shell.h"

#define VALUE_MAX 4096

const char *spf_address_of(const struct spf_view *view)
{
    const char *chosen = view->results[SPF_CHECK_CLOUD_ADDRESS].address;
    const struct spf_facts *facts = view->facts;

    if (spf_facts_have(facts, SPF_GROUP_TCP) && facts->tcp->address[0] != '\0') {
        return facts->tcp->address;
    }
    return chosen[0] != '\0' ? chosen : NULL;
}

const char *spf_host_of(const struct spf_view *view)
{
    return view->target->host != NULL ? view->target->host : spf_address_of(view);
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
        if (*p == '%') {
            spf_buf_addch(&option, '%');
        } else if (*p == '"' || *p == '\\') {
            spf_buf_addch(&option, '\\');
        }
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
    const struct spf_ssh_config_facts *config = view->facts->ssh_config;

    return view->target->ssh_config == NULL && spf_facts_have(view->facts, SPF_GROUP_SSH_CONFIG) &&
           (config->says[0] != '\0' || config->broken[0] != '\0' ||
            (strcmp(config->strict, "yes") == 0 &&
             view->results[SPF_CHECK_SSH_HOST_KEY].finding == SPF_HOST_KEY_UNKNOWN));
}

/* PubkeyAcceptedKeyTypes was the name before 8.5. */
static const char *present_name(const char *keyword, size_t *len)
{
    static const char old[] = "PubkeyAcceptedKeyTypes";
    static const char now[] = "PubkeyAcceptedAlgorithms";

    if (*len == strlen(old) && strncasecmp(keyword, old, *len) == 0) {
        *len = strlen(now);
        return now;
    }
    return keyword;
}

/* Does the line go on with "-o KEYWORD=", for the keyword of this word? Of several ssh takes the
 * first. */
static bool is_set_anew(const char *word, const char *follows)
{
    size_t len = strcspn(word, "= \t");
    const char *keyword = present_name(word, &len);

    for (const char *at = follows; (at = strstr(at, "-o ")) != NULL;) {
        at += strlen("-o ");
        if (strncasecmp(at, keyword, len) == 0 && at[len] == '=') {
            return true;
        }
    }
    return false;
}

/* -o of the command line, which lines to rerun repeat as well. */
static void add_ssh_options(struct spf_buf *buf, const struct spf_target *target,
                            const char *follows)
{
    const char *const *words = target->other_options;

    for (; words != NULL && *words != NULL; words++) {
        if (strcmp(words[0], "-o") != 0 || words[1] == NULL) {
            continue;
        }
        if (is_set_anew(words[1], follows)) {
            words++;
            continue;
        }
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
        if (*c == '%') {
            spf_buf_addch(list, '%');
        } else if (*c == '"' || *c == '\\') {
            spf_buf_addch(list, '\\');
        }
        spf_buf_addch(list, *c);
    }
    spf_buf_addstr(list, quoted ? "\"" : "");
}

/* The files of --known-hosts, which ssh would not read by itself, and none of the system's. */
static void add_known_hosts(struct spf_buf *buf, const struct spf_target *target)
{
    static const char name[] = "--known-hosts";
    const char *const *words = target->other_options;
    struct spf_buf list;
    struct spf_buf option;

    spf_buf_init(&list, VALUE_MAX);
    for (; words != NULL && *words != NULL; words++) {
        size_t len = strcspn(*words, "=");

        if (len < strlen("--kn") || strncmp(*words, name, len) != 0) {
            continue;
        }
        if ((*words)[len] == '=') {
            add_listed_file(&list, *words + len + 1);
        } else if (words[1] != NULL) {
            add_listed_file(&list, *++words);
        }
    }
    if (list.len > 0) {
        spf_buf_init(&option, VALUE_MAX + 32);
        spf_buf_addf(&option, "UserKnownHostsFile=%s", list.data);
        spf_buf_addstr(buf, " -o ");
        spf_buf_add_shell(buf, option.data);
        spf_buf_clear(&option);
        spf_buf_addstr(buf, " -o GlobalKnownHostsFile=/dev/null");
    }
    spf_buf_clear(&list);
}

bool spf_ssh_line(struct spf_buf *buf, const struct spf_view *view, const char *follows)
{
    const struct spf_target *target = view->target;

    spf_buf_addstr(buf, "ssh");
    if (must_pass_by_configuration(view)) {
        spf_buf_addstr(buf, " -F none");
    }
    if (target->key_path != NULL) {
        if (strcmp(target->key_path, "-") == 0) {
            return false;
        }
        add_identity(buf, target->key_path);
        /* Else ssh offers the agent's keys first, and may be cut off before it comes to this one.
         */
        if ((view->facts->local_environment->agent_running || view->facts->key->agent_keys > 0) &&
            strstr(follows, "IdentitiesOnly") == NULL) {
            spf_buf_addstr(buf, " -o IdentitiesOnly=yes");
        }
    }
    if (target->ssh_config != NULL && target->ssh_config[0] != '\0') {
        spf_buf_addstr(buf, " -F ");
        spf_buf_add_path(buf, target->ssh_config);
    }
    add_known_hosts(buf, target);
    add_ssh_options(buf, target, follows);
    if (target->jump != NULL && !target->jump_configured) {
        spf_buf_addstr(buf, " -J ");
        spf_buf_add_shell(buf, target->jump);
    } else if (target->jump == NULL && !target->jump_configured && target->ssh_config != NULL &&
               spf_facts_have(view->facts, SPF_GROUP_SSH_CONFIG)) {
        spf_buf_addstr(buf, " -J none"); /* it was asked for, over what the configuration has */
    }
    if (target->ssh_config != NULL ? target->port_given : target->port != 22) {
        spf_buf_addf(buf, " -p %u", (unsigned)target->port);
    }
    spf_buf_addch(buf, ' ');
    if (!spf_slot_add_word(buf, SPF_GRAMMAR_USER, target->user)) {
        return false;
    }
    spf_buf_addch(buf, '@');
    return spf_slot_add_word(buf, SPF_GRAMMAR_HOST,
                             target->alias != NULL ? target->alias : spf_host_of(view));
}
