#include "pipeline/run.h"

#include <string.h>

#include "base/text.h"

/*
 * The host: what HostName says. Where an instance was asked for and its address is not reached
 * directly, the address about which ssh was asked is the one to try: another one of the instance's
 * might have another way.
 */
static void set_host(const struct spf_target *asked, const struct spf_ssh_config_facts *config,
                     struct spf_target *target)
{
    bool proxied = asked->jump == NULL && spf_target_is_proxied(target);

    if (!spf_same_word(config->host, config->asked)) {
        target->alias = config->asked;
        target->host = config->host;
    } else if (asked->host == NULL && proxied) {
        target->host = config->asked;
    }
}

void spf_run_configure(struct spf_run *run)
{
    const struct spf_ssh_config_facts *config = &run->facts.ssh_config;
    const struct spf_target *asked = run->asked;
    struct spf_target *target = &run->configured;
    size_t files = 0;

    /* a record may say anything */
    if (asked->ssh_config == NULL || config->asked[0] == '\0' || config->host[0] == '\0' ||
        config->port < 1 || config->port > 65535 || config->user[0] == '\0')
        return;
    *target = *asked;
    target->user = config->user;
    target->port = (uint16_t)config->port;
    if (asked->family == 0)
        target->family = (int)config->family;
    target->jump_configured = asked->jump == NULL;
    target->jump = NULL; /* -J none takes away what the configuration has */
    if (config->jump[0] != '\0')
        target->jump = config->jump;
    else if (config->proxy_program[0] != '\0')
        target->proxy_command = config->proxy_command;
    if (config->identity_agent[0] != '\0')
        target->agent = strcmp(config->identity_agent, "none") == 0 ? "" : config->identity_agent;
    set_host(asked, config, target);
    if (asked->key_path == NULL) {
        target->key_path = spf_ssh_config_key(config, NULL);
        target->key_configured = true;
    }
    for (size_t i = 0; i < config->known_hosts.count && files < SPF_KNOWN_HOSTS_MAX; i++)
        run->known_hosts[files++] = config->known_hosts.items[i].path;
    run->known_hosts[files] = NULL;
    if (asked->known_hosts == NULL && files > 0)
        target->known_hosts = run->known_hosts;
    run->target = target;
}
