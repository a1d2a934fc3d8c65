#include "cli/putty_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/language.h"
#include "cli/ssh_options.h"
#include "key/agent.h"
#include "key/file.h"
#include "platform/sockets.h"

/* A PPK, or a public key whose private key the agent may have. *convertible: else puttygen makes a
 * PPK of it. */
static bool can_use(const char *path, bool *convertible)
{
    struct spf_key_facts key = {0};
    const bool can = !spf_key_file_read(path, NULL, &key, NULL) ||
                     (key.outcome == SPF_KEY_READ &&
                      (key.putty_accepts || strcmp(key.damage, "key-is-public") == 0));

    *convertible = !can && key.outcome == SPF_KEY_READ && (key.usable || key.openssh_accepts) &&
                   !spf_container_is_ppk(key.container);
    spf_shape_clear(&spf_key_shape, &key);
    return can;
}

static bool agent_holds_any(void)
{
    struct spf_agent_keys keys;
    const bool any = spf_agent_list(spf_agent_default(true), &keys) && keys.count > 0;

    spf_agent_keys_clear(&keys);
    return any;
}

static struct spf_error remark(struct spf_options *options, const char *path)
{
    char shown[300];
    char text[800];
    char both[1300];

    spf_clean(shown, sizeof shown, path, strlen(path));
    spf_format(text, sizeof text,
               _("PuTTY can't use %s as its key file: it goes on with the agent's keys"), shown);
    if (options->remark != NULL) {
        spf_format(both, sizeof both, "%s\n%s", options->remark, text);
    }
    options->remark = spf_options_keep(options, options->remark != NULL ? both : text);
    return options->remark != NULL ? spf_ok() : spf_no_memory();
}

/* Where PuTTY asks another agent than ssh: Pageant, on Windows. As ssh_config(5) quotes it. */
static struct spf_error name_agent(struct spf_options *options)
{
    const char *own = spf_agent_default(true);
    struct spf_error error = spf_ok();
    struct spf_buf option;

    if (options->putty_no_agent) {
        return spf_take_ssh_option(options, "IdentityAgent=none");
    }
    if (own == NULL || spf_same_text(own, spf_agent_default(false))) {
        return error;
    }
    spf_buf_init(&option, 2000);
    spf_buf_addstr(&option, "IdentityAgent=\"");
    for (const char *c = own; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            spf_buf_addch(&option, '\\');
        }
        spf_buf_addch(&option, *c);
    }
    spf_buf_addch(&option, '"');
    error = spf_buf_failed(&option) ? spf_no_memory() : spf_take_ssh_option(options, option.data);
    spf_buf_clear(&option);
    return error;
}

struct spf_error spf_putty_choose_keys(struct spf_options *options)
{
    struct spf_error error = spf_ok();
    bool convertible = false;

    if (options->command != SPF_COMMAND_RUN || !options->putty_cache || options->host == NULL ||
        options->ssh_config != NULL || options->key_dir != NULL || options->find_key != NULL ||
        options->transcript != NULL || options->replay != NULL || options->fix ||
        (options->selected & SPF_CHECKS_WITH_KEY) == 0) {
        return error;
    }
    if (options->key != NULL) {
        if (options->putty_no_agent || strcmp(options->key, "-") == 0 ||
            can_use(options->key, &convertible) || !agent_holds_any()) {
            return error;
        }
        error = remark(options, options->key);
        options->missing_key = convertible ? options->key : NULL;
        options->key = NULL;
    }
    options->ssh_config = "none";
    spf_options_repeat(options, "-F");
    spf_options_repeat(options, options->ssh_config);
    if (error.code == SPF_OK) {
        error = spf_take_ssh_option(options, "IdentityFile=none");
    }
    return error.code == SPF_OK ? name_agent(options) : error;
}
