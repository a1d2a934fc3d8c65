#include <string.h>

#include "base/text.h"
#include "cloud/aliyun/http/endpoint.h"
#include "cloud/aliyun/operation.h"
#include "platform/home.h"

/* The credentials: found once for all targets, and exchanged once where they must be. */

/* What a line of the aliyun CLI takes to be the same identity. */
static void tell_identity(const struct spf_aliyun *aliyun, const struct spf_credentials *found,
                          struct spf_credentials_facts *facts)
{
    const struct spf_credential_options *options = &aliyun->options->credentials;
    const char *path = options->config_path != NULL ? options->config_path : found->config_path;

    facts->identity = found->identity;
    facts->region_configured = found->region_configured;
    facts->beside_configuration = found->beside_configuration;
    facts->instance_cli =
        found->instance_cli || (found->id_variable != NULL && !found->beside_configuration);
    if (found->id_variable != NULL) {
        spf_copy(facts->id_variable, sizeof facts->id_variable, found->id_variable);
        spf_copy(facts->secret_variable, sizeof facts->secret_variable, found->secret_variable);
    }
    if (found->token_variable != NULL) {
        spf_copy(facts->token_variable, sizeof facts->token_variable, found->token_variable);
    }
    if (options->profile != NULL || !found->profile_is_usual) {
        spf_copy(facts->profile, sizeof facts->profile, found->profile_name);
    }
    if (path[0] != '\0') {
        spf_show_path(facts->config_path, sizeof facts->config_path, path);
    }
}

static void tell(struct spf_operation *operation)
{
    const struct spf_credentials *found = &operation->aliyun->credentials;
    struct spf_credentials_facts *facts = operation->inquiry->facts->credentials;
    const char *instance = operation->inquiry->target->instance_id;

    memcpy(facts->source, found->source, sizeof facts->source);
    spf_format(facts->access_key, sizeof facts->access_key, "%.8s", found->key.id);
    spf_copy(facts->passed_over, sizeof facts->passed_over, operation->aliyun->trail.useless);
    spf_copy(facts->beside, sizeof facts->beside, found->beside);
    tell_identity(operation->aliyun, found, facts);
    memcpy(facts->region, found->region, sizeof facts->region);
    memcpy(facts->region_source, found->region_source, sizeof facts->region_source);
    facts->region_guessed = found->region_guessed;
    if (facts->region[0] == '\0' && instance != NULL && spf_region_hint(instance)[0] != '\0') {
        spf_copy(facts->region, sizeof facts->region, spf_region_hint(instance));
        spf_copy(facts->region_source, sizeof facts->region_source, "the instance's id");
        facts->region_guessed = true;
    }
    spf_operation_finish(operation, NULL);
}

/* One that waits; finishing one may make its inquiry ask for more, so the list is read again each
 * time. */
static struct spf_operation *waiting(struct spf_aliyun *aliyun)
{
    struct spf_operation *operation = aliyun->operations;

    while (operation != NULL && operation->group != SPF_GROUP_CREDENTIALS) {
        operation = operation->next;
    }
    return operation;
}

static void tell_all(struct spf_aliyun *aliyun, const struct spf_failure *failure)
{
    struct spf_failure copy = {0};
    struct spf_operation *operation;

    aliyun->credentials_found = failure == NULL;
    if (failure != NULL) {
        copy = *failure;
        spf_credentials_clear(&aliyun->credentials);
        aliyun->trail = (struct spf_credential_trail){0}; /* the next round tries all again */
    }
    while ((operation = waiting(aliyun)) != NULL) {
        if (failure == NULL) {
            tell(operation);
        } else {
            spf_operation_finish(operation, &copy);
        }
    }
}

static void exchanged(void *owner, const struct spf_failure *failure);

/* The next source; true if its steps are under way, else all who wait have been told. */
static void try_next(struct spf_aliyun *aliyun)
{
    struct spf_failure failure = {.cause = SPF_SYSTEM_ERROR};

    if (!spf_credentials_find(&aliyun->options->credentials, &aliyun->trail, &aliyun->credentials,
                              &failure)) {
        tell_all(aliyun, &failure);
        return;
    }
    if (aliyun->credentials.step_count == 0) {
        tell_all(aliyun, NULL);
        return;
    }
    if (spf_aliyun_api(aliyun) != NULL) {
        aliyun->exchange = spf_exchange_start(aliyun->loop, aliyun->api, &aliyun->exchange_options,
                                              &aliyun->credentials, exchanged, aliyun);
    }
    if (aliyun->exchange == NULL) {
        tell_all(aliyun, &failure);
    }
}

static void exchanged(void *owner, const struct spf_failure *failure)
{
    struct spf_aliyun *aliyun = owner;

    aliyun->exchange = NULL;
    if (failure == NULL) {
        tell_all(aliyun, NULL);
        return;
    }
    /* That a machine has no role is no news where nobody said that it has one. */
    if (failure->cause == SPF_CREDENTIALS_MISSING) {
        spf_credentials_absent(&aliyun->trail, "instance's RAM role", failure->text);
    } else {
        spf_credentials_useless(&aliyun->trail, failure);
    }
    aliyun->trail.refused |= aliyun->credentials.identity == SPF_IDENTITY_PROFILE;
    spf_credentials_clear(&aliyun->credentials);
    try_next(aliyun);
}

void spf_operation_credentials(struct spf_operation *operation)
{
    struct spf_aliyun *aliyun = operation->aliyun;
    const struct spf_credential_options *options = &aliyun->options->credentials;

    if (aliyun->exchange != NULL) {
        return;
    }
    if (aliyun->credentials_found) {
        tell(operation);
        return;
    }
    aliyun->exchange_options = (struct spf_exchange_options){
        .metadata_url = options->metadata_url,
        .ca_file = aliyun->options->api.ca_file,
        .timeout_ms = operation->inquiry->target->timeout_ms,
        .wants_region = (operation->inquiry->target->selected & ~SPF_CHECK_BIT(CLOUD_ACCESS)) != 0};
    try_next(aliyun);
}
