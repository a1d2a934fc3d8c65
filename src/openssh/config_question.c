#include "openssh/config_question.h"

#include "base/text.h"

static size_t add_target(const struct spf_ssh_question *question, const char **words, size_t count,
                         char port[8])
{
    const struct spf_target *target = question->target;
    const char *const *own = target->ssh_words;

    if (target->family != 0) {
        words[count++] = target->family == 4 ? "-4" : "-6";
    }
    if (target->jump != NULL) {
        words[count++] = "-J";
        words[count++] = target->jump;
    }
    if (spf_target_has_typed_key(target)) { /* and those of the configuration follow */
        words[count++] = "-i";
        words[count++] = target->key_path;
    }
    for (size_t i = 0;; i++) { /* of several users and ports the first counts */
        if (target->user_given && i == target->user_at) {
            words[count++] = "-l";
            words[count++] = target->user;
        }
        if (target->port_given && i == target->port_at) {
            spf_format(port, 8, "%u", (unsigned)target->port);
            words[count++] = "-p";
            words[count++] = port;
        }
        if (own == NULL || own[i] == NULL || count + 10 > SPF_SSH_WORDS_MAX) {
            break;
        }
        words[count++] = "-o";
        words[count++] = own[i];
    }
    words[count++] = "--";
    words[count++] = question->name;
    return count;
}

size_t spf_ssh_question_words(struct spf_ssh_question *question, const char *words[],
                              struct spf_child_environment *environment)
{
    const char *file = question->target->ssh_config;
    struct spf_jump_place *hop = &question->place;
    size_t count = 0;

    words[count++] = "ssh";
    if (file != NULL && file[0] != '\0') {
        words[count++] = "-F";
        words[count++] = file;
    }
    words[count++] = question->traced ? "-GTv" : "-GT";
    if (file == NULL) {
        words[count++] = "-oCanonicalizeHostname=no";
        spf_child_environment_add(environment, spf_child_no_shell());
    } else {
        spf_child_environment_add(environment, "LC_ALL=C");
    }
    if (question->hop == NULL) {
        count = add_target(question, words, count, question->port);
    } else {
        spf_jump_split(question->hop, hop);
        if (hop->user[0] != '\0') {
            words[count++] = "-l";
            words[count++] = hop->user;
        }
        if (hop->port[0] != '\0') {
            words[count++] = "-p";
            words[count++] = hop->port;
        }
        words[count++] = "--";
        words[count++] = hop->host;
    }
    return count;
}
