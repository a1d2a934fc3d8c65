#include "pipeline/configure.h"

#include <string.h>

#include "base/text.h"
#include "cloud/key_pair.h"

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

/* Of the keys that ssh would offer: the one that the server accepted, else the bound pair's, else
 * the first. */
static const struct spf_ssh_offer *choose(const struct spf_facts *facts)
{
    const struct spf_ssh_config_facts *config = facts->ssh_config;
    const int64_t accepted =
        spf_facts_have(facts, SPF_GROUP_QUERY) ? spf_query_accepted(facts->query) : -1;
    const struct spf_ssh_offer *first = NULL;

    if (accepted >= 0 && (uint64_t)accepted < config->offers.count) {
        return &config->offers.items[accepted];
    }
    for (size_t i = 0; config->offers.items != NULL && i < config->offers.count; i++) {
        const struct spf_ssh_offer *offer = &config->offers.items[i];

        if (!spf_ssh_offer_is_askable(offer)) {
            continue;
        }
        if (spf_facts_have(facts, SPF_GROUP_KEY_PAIR) &&
            spf_key_pair_is(facts->key_pair, offer->blob)) {
            return offer;
        }
        if (first == NULL) {
            first = offer;
        }
    }
    return first == NULL && config->offers.count > 0 ? config->offers.items : first;
}

/* Is it another key than the one of -i, and may it log in in its place, or use up what the server
 * allows before that one? */
static bool is_beside(const struct spf_ssh_offer *offer, const struct spf_ssh_offer *typed)
{
    return offer != typed && spf_ssh_offer_is_askable(offer) &&
           !(offer->skipped && typed->skipped) && !spf_same_text(offer->blob, typed->blob);
}

/*
 * ssh's -i: the offer of that file, if ssh would offer others beside it. NULL: there is none, or of
 * a type that only ssh has.
 */
static const struct spf_ssh_offer *typed_among_others(const struct spf_run *run)
{
    const struct spf_ssh_config_facts *config = run->facts.ssh_config;
    const struct spf_ssh_offer *typed = NULL;
    bool others = false;

    for (size_t i = 0; config->offers.items != NULL && i < config->offers.count; i++) {
        const struct spf_ssh_offer *offer = &config->offers.items[i];

        if (typed == NULL && offer->certificate[0] == '\0' &&
            strcmp(offer->path, run->asked->key_path) == 0) {
            typed = offer;
        }
    }
    for (size_t i = 0; typed != NULL && i < config->offers.count; i++) {
        others |= is_beside(&config->offers.items[i], typed);
    }
    return others && !typed->beyond_us ? typed : NULL;
}

/* The one that the server accepted, else the one that was given. */
static const struct spf_ssh_offer *choose_typed(const struct spf_run *run)
{
    const struct spf_ssh_config_facts *config = run->facts.ssh_config;
    const struct spf_ssh_offer *typed = typed_among_others(run);
    const int64_t accepted =
        spf_facts_have(&run->facts, SPF_GROUP_QUERY) ? spf_query_accepted(run->facts.query) : -1;

    return typed != NULL && accepted >= 0 && (uint64_t)accepted < config->offers.count
               ? &config->offers.items[accepted]
               : typed;
}

#define OF_FILE (SPF_CHECK_BIT(KEY_FILE) | SPF_CHECK_BIT(KEY_MODE) | SPF_CHECK_BIT(KEY_FORMAT))

static void forget_results(struct spf_run *run, spf_checks checks)
{
    checks &= run->active;

    if (run->target->instance_id == NULL) {
        checks &= ~SPF_CLOUD_CHECKS;
    }
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        if (checks >> i & 1) {
            spf_result_clear(&run->results[i]);
            spf_result_init(&run->results[i]);
        }
    }
}

/* What was found out about another key is of no use. */
static void forget_key(struct spf_run *run)
{
    forget_results(run, OF_FILE | SPF_CHECK_BIT(CLOUD_KEY_PAIR) | SPF_CHECK_BIT(SSH_AUTH) |
                            SPF_CHECK_BIT(SSH_SESSION));
    spf_facts_forget(&run->facts, SPF_GROUP_KEY);
}

static void choose_key(struct spf_run *run)
{
    const bool typed = spf_target_has_typed_key(run->asked);
    const struct spf_ssh_offer *offer = typed ? choose_typed(run) : choose(&run->facts);
    const size_t place =
        offer != NULL ? (size_t)(offer - run->facts.ssh_config->offers.items) + 1 : 0;

    run->configured.offer = offer;
    if (offer != NULL) {
        run->configured.key_path = offer->path[0] != '\0' ? offer->path : NULL;
        if (!spf_same_text(run->configured.key_path, run->asked->key_path)) {
            run->configured.key_file = NULL; /* the prompt's look was at another one */
        }
    }
    /* the file that was given was read without any choice */
    if (run->offer_read != place && !(typed && run->offer_read == 0)) {
        forget_key(run);
    }
    run->offer_read = place;
}

static void use_found_key(struct spf_run *run)
{
    if (run->asked->key_dir == NULL || !spf_facts_have(&run->facts, SPF_GROUP_FOUND_KEY) ||
        run->facts.found_key->path[0] == '\0') {
        return;
    }
    if (run->target == run->asked) {
        run->configured = *run->asked;
    }
    run->configured.key_path = run->facts.found_key->path;
    run->target = &run->configured;
}

static void configure(struct spf_run *run)
{
    const struct spf_ssh_config_facts *config = run->facts.ssh_config;
    const struct spf_target *asked = run->asked;
    struct spf_target *target = &run->configured;
    size_t files = 0;

    /* a record may say anything */
    if (asked->ssh_config == NULL || config->asked[0] == '\0' || config->host[0] == '\0' ||
        config->port < 1 || config->port > 65535 || config->user[0] == '\0') {
        return;
    }
    *target = *asked;
    target->user = config->user;
    target->port = (uint16_t)config->port;
    if (asked->family == 0) {
        target->family = (int)config->family;
    }
    target->jump_configured = asked->jump == NULL;
    target->jump = NULL; /* -J none takes away what the configuration has */
    if (config->jump[0] != '\0') {
        target->jump = config->jump;
    } else if (config->proxy_program[0] != '\0') {
        target->proxy_command = config->proxy_command;
    }
    if (config->identity_agent[0] != '\0') {
        target->agent = spf_ssh_config_agent(config);
    }
    set_host(asked, config, target);
    if (asked->key_path == NULL && asked->key_dir == NULL) {
        target->key_path = spf_ssh_config_key(config, NULL);
        target->key_configured = true;
        choose_key(run);
    } else if (spf_target_has_typed_key(asked)) {
        choose_key(run);
    }
    for (size_t i = 0; i < config->known_hosts.count && files < SPF_KNOWN_HOSTS_MAX; i++) {
        if (config->known_hosts.items[i].path != NULL) {
            run->known_hosts[files++] = config->known_hosts.items[i].path;
        }
    }
    run->known_hosts[files] = NULL;
    if (asked->known_hosts == NULL && files > 0) {
        target->known_hosts = run->known_hosts;
    }
    run->target = target;
}

void spf_run_reconfigure(struct spf_run *run, enum spf_group group)
{
    if (group == SPF_GROUP_SSH_CONFIG) {
        configure(run);
    } else if ((group == SPF_GROUP_KEY_PAIR || group == SPF_GROUP_QUERY) &&
               (run->target->key_configured || run->target->offer != NULL)) {
        choose_key(run);
    }
    /* how grave it is that ssh goes on without a file is known by the answer to the other keys */
    if (group == SPF_GROUP_QUERY && run->facts.ssh_config->skipped.count > 0) {
        forget_results(run, OF_FILE);
    }
    if (group == SPF_GROUP_SSH_CONFIG || group == SPF_GROUP_FOUND_KEY) {
        use_found_key(run);
    }
}
