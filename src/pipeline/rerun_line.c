#include <string.h>

#include "pipeline/command_lines.h"
#include "pipeline/slot_word.h"
#include "platform/shell.h"

const char *spf_usual_user(const struct spf_view *view)
{
    static const char *const users[][2] = {
        {"ubuntu", "ubuntu"},  {"debian", "debian"}, {"centos", "centos"},      {"rocky", "rocky"},
        {"alma", "almalinux"}, {"fedora", "fedora"}, {"red hat", "cloud-user"},
    };
    const struct spf_instance_facts *instance = view->facts->instance;

    if (strcmp(view->target->user, "root") != 0) {
        return "root";
    }
    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        if (spf_starts_with(instance->image, "m-") && !instance->login_as_non_root &&
            strcasestr(instance->os, users[i][0]) != NULL) {
            return users[i][1];
        }
    }
    return "ecs-user";
}

/*
 * The option that a template writes after {rerun} takes the place of the user's own. Does word
 * begin that one? getopt_long(3) lets a long name be cut where that is unambiguous.
 */
static bool is_replaced(const char *word, const char *follows)
{
    size_t len = strcspn(word, "=");
    size_t option = strcspn(follows, " =");

    if (word[0] != '-' || len < 2 || option == 0) {
        return false;
    }
    if (strncmp(follows, "-4", option) == 0) {
        return strcmp(word, "-4") == 0 || strcmp(word, "-6") == 0;
    }
    return len > 2 && len <= option && strncmp(word, follows, len) == 0;
}

static void add_other_options(struct spf_buf *buf, const struct spf_target *target,
                              const char *follows)
{
    const char *const *words = target->other_options;

    follows += strspn(follows, " ");
    for (; words != NULL && *words != NULL; words++) {
        if (is_replaced(*words, follows)) {
            if (strncmp(*words, "--", 2) == 0 && strchr(*words, '=') == NULL && words[1] != NULL) {
                words++; /* its value */
            }
            continue;
        }
        spf_buf_addch(buf, ' ');
        spf_buf_add_shell(buf, *words);
    }
}

/* Then they are all to be tried again. */
static bool has_choice_of_keys(const struct spf_view *view)
{
    return view->target->key_configured && view->facts->ssh_config->offers.count > 1;
}

/* The key of the line: another one, or the user's as given. */
static bool add_key(struct spf_buf *buf, const struct spf_view *view, unsigned changes)
{
    const struct spf_target *target = view->target;
    const char *path = target->key_path;

    if (changes & SPF_RERUN_WITH_COPY_AT_HOME) {
        spf_buf_addstr(buf, " --key ~/.ssh/login-key");
        return true;
    }
    if (changes & SPF_RERUN_WITH_NEXT_KEY) {
        path = view->results[SPF_CHECK_SSH_AUTH].next_key;
    } else if (changes & SPF_RERUN_WITH_MATCHING_KEY) {
        path = view->facts->found_key->path;
    } else if (path == NULL && target->key_dir != NULL) {
        spf_buf_addstr(buf, " --key-dir ");
        return spf_slot_add_word(buf, SPF_GRAMMAR_PATH, target->key_dir);
    } else if (path == NULL || (has_choice_of_keys(view) && strcmp(path, "-") != 0)) {
        return true;
    }
    if (path != NULL && path == target->key_path && strcmp(path, "-") == 0) {
        spf_buf_addstr(buf, " --key -");
        return !(changes & SPF_RERUN_WITH_KEY_IN_A_FILE);
    }
    spf_buf_addstr(buf, " --key ");
    return spf_slot_add_word(buf, SPF_GRAMMAR_PATH, path);
}

/* The search goes on with the next run, unless what it found is the key there. */
static bool add_search(struct spf_buf *buf, const struct spf_target *target, unsigned changes)
{
    if (target->find_key == NULL || target->instance_id == NULL ||
        changes & SPF_RERUN_WITH_MATCHING_KEY) {
        return true;
    }
    spf_buf_addstr(buf, " --find-key");
    if (target->find_key[0] == '\0') {
        return true;
    }
    spf_buf_addch(buf, '=');
    return spf_slot_add_word(buf, SPF_GRAMMAR_PATH, target->find_key);
}

static bool add_user(struct spf_buf *buf, const struct spf_view *view, unsigned changes)
{
    const struct spf_target *target = view->target;
    const char *user = target->user;

    if (changes & SPF_RERUN_AS_OTHER_USER) {
        user = spf_usual_user(view);
    }
    if (changes & SPF_RERUN_AS_CONSOLE_USER) {
        user = spf_console_user(view->facts->console, view->facts->key->sha256,
                                view->facts->key->md5, target->user);
    }
    if (user == NULL) {
        return false;
    }
    if (changes & SPF_RERUN_WITHOUT_USER ||
        (strcmp(user, "root") == 0 &&
         !(changes & SPF_RERUN_WITH_SSH_CONFIG && target->user_given) &&
         (target->ssh_config == NULL || user == target->user))) {
        return true;
    }
    spf_buf_addstr(buf, " -l ");
    return spf_slot_add_word(buf, SPF_GRAMMAR_USER, user);
}

bool spf_rerun_line(struct spf_buf *buf, const struct spf_view *view, unsigned changes,
                    const char *follows)
{
    const struct spf_target *target = view->target;
    const char *id = view->facts->instance->id;

    if ((changes & SPF_RERUN_WITHOUT_HOST && target->instance_id == NULL) ||
        (changes & SPF_RERUN_WITH_SSH_CONFIG && target->ssh_config != NULL)) {
        return false;
    }
    spf_buf_addstr(buf, "sshpreflight");
    if (target->instance_id != NULL) {
        spf_buf_addstr(buf, " --instance ");
        if (!spf_slot_add_word(buf, SPF_GRAMMAR_NAME, id[0] != '\0' ? id : target->instance_id)) {
            return false;
        }
    }
    if (target->host != NULL && !(changes & SPF_RERUN_WITHOUT_HOST)) {
        spf_buf_addstr(buf, " --host ");
        if (!spf_slot_add_word(buf, SPF_GRAMMAR_HOST,
                               target->alias != NULL ? target->alias : target->host)) {
            return false;
        }
    }
    if (!add_key(buf, view, changes) || !add_search(buf, target, changes)) {
        return false;
    }
    if (target->instance_id == NULL && target->host == NULL) {
        spf_buf_addstr(buf, " --only key"); /* the rest would need one of them */
    }
    add_other_options(buf, target, follows);
    if (changes & SPF_RERUN_WITH_SSH_CONFIG) {
        spf_buf_addstr(buf, " --ssh-config");
    }
    if (target->port != 22 || (changes & SPF_RERUN_WITH_SSH_CONFIG && target->port_given)) {
        spf_buf_addf(buf, " -p %u", (unsigned)target->port);
    }
    return add_user(buf, view, changes);
}
