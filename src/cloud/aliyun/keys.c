#include <string.h>

#include "base/text.h"
#include "cloud/aliyun/ask.h"
#include "cloud/aliyun/endpoint.h"

/* The credentials: found once for all targets, and exchanged once where they must be. */

static void tell(struct spf_ask *ask)
{
    const struct spf_credentials *found = &ask->aliyun->credentials;
    struct spf_credentials_facts *facts = &ask->inquiry->facts->credentials;
    const char *instance = ask->inquiry->target->instance_id;

    memcpy(facts->source, found->source, sizeof facts->source);
    (void)spf_format(facts->access_key, sizeof facts->access_key, "%.8s", found->key.id);
    memcpy(facts->region, found->region, sizeof facts->region);
    memcpy(facts->region_source, found->region_source, sizeof facts->region_source);
    if (facts->region[0] == '\0' && instance != NULL && spf_region_hint(instance)[0] != '\0') {
        (void)spf_copy(facts->region, sizeof facts->region, spf_region_hint(instance));
        (void)spf_copy(facts->region_source, sizeof facts->region_source, "the instance's id");
        facts->region_guessed = true;
    }
    spf_ask_finish(ask, NULL);
}

/* One that waits; finishing one may make its inquiry ask for more, so the list is read anew each
 * time. */
static struct spf_ask *waiting(struct spf_aliyun *aliyun)
{
    struct spf_ask *ask = aliyun->asks;

    while (ask != NULL && ask->group != SPF_GROUP_CREDENTIALS)
        ask = ask->next;
    return ask;
}

static void exchanged(void *owner, const struct spf_failure *failure)
{
    struct spf_aliyun *aliyun = owner;
    struct spf_failure copy = {0};
    struct spf_ask *ask;

    aliyun->exchange = NULL;
    aliyun->credentials_found = failure == NULL;
    if (failure != NULL) {
        copy = *failure;
        spf_credentials_clear(&aliyun->credentials);
    }
    while ((ask = waiting(aliyun)) != NULL) {
        if (failure == NULL)
            tell(ask);
        else
            spf_ask_finish(ask, &copy);
    }
}

void spf_ask_credentials(struct spf_ask *ask)
{
    struct spf_failure failure = {.cause = SPF_SYSTEM_ERROR};
    struct spf_aliyun *aliyun = ask->aliyun;
    const struct spf_credential_options *options = &aliyun->options->credentials;

    if (aliyun->exchange != NULL)
        return;
    if (aliyun->credentials_found) {
        tell(ask);
        return;
    }
    if (!spf_credentials_find(options, &aliyun->credentials, &failure)) {
        spf_ask_finish(ask, &failure);
        return;
    }
    if (aliyun->credentials.step_count == 0) {
        aliyun->credentials_found = true;
        tell(ask);
        return;
    }
    aliyun->exchange_options =
        (struct spf_exchange_options){.metadata_url = options->metadata_url,
                                      .ca_file = aliyun->options->api.ca_file,
                                      .timeout_ms = ask->inquiry->target->timeout_ms};
    if (spf_ask_api(aliyun) != NULL)
        aliyun->exchange = spf_exchange_start(aliyun->loop, aliyun->api, &aliyun->exchange_options,
                                              &aliyun->credentials, exchanged, aliyun);
    if (aliyun->exchange == NULL)
        spf_ask_finish(ask, &failure);
}
