#include "cloud/aliyun/ask.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void drop_errand(struct spf_errand *errand)
{
    struct spf_errand **link = &errand->ask->errands;

    while (*link != errand)
        link = &(*link)->next;
    *link = errand->next;
    if (errand->call != NULL)
        spf_api_cancel(errand->call);
    free(errand);
}

void spf_ask_drop_errands(struct spf_ask *ask)
{
    while (ask->errands != NULL)
        drop_errand(ask->errands);
}

/* Takes the ask out of the probe and frees it. */
static void drop_ask(struct spf_ask *ask)
{
    struct spf_ask **link = &ask->aliyun->asks;

    while (*link != ask)
        link = &(*link)->next;
    *link = ask->next;
    spf_ask_drop_errands(ask);
    if (ask->fetch != NULL)
        spf_fetch_cancel(ask->fetch);
    free(ask->regions);
    free(ask->marks.items);
    free(ask);
}

struct spf_error spf_ask_goes_on(struct spf_ask *ask, const struct spf_errand *errand,
                                 const char *token)
{
    struct spf_page_mark *mark = NULL;

    for (size_t i = 0; mark == NULL && i < ask->marks.count; i++)
        if (strcmp(ask->marks.items[i].word, errand->word) == 0 &&
            ask->marks.items[i].done == errand->done)
            mark = &ask->marks.items[i];
    if (mark == NULL) {
        if ((mark = SPF_APPEND(&ask->marks)) == NULL)
            return spf_error(SPF_ERR_NOMEM, "out of memory");
        (void)spf_copy(mark->word, sizeof mark->word, errand->word);
        mark->done = errand->done;
    }
    if (strcmp(mark->token, token) == 0)
        return spf_error(SPF_ERR_INVALID, "the pages of %s go round in a circle", errand->word);
    if (mark->since++ == mark->until) {
        (void)spf_copy(mark->token, sizeof mark->token, token);
        mark->until = 2 * mark->until + 1;
        mark->since = 0;
    }
    return spf_ok();
}

void spf_ask_finish(struct spf_ask *ask, const struct spf_failure *failure)
{
    struct spf_inquiry *inquiry = ask->inquiry;
    enum spf_group group = ask->group;
    struct spf_failure copy = {0};

    if (failure != NULL) {
        copy = *failure;
        /* What came before the failure is half of the facts: nobody must take it for the whole. */
        spf_shape_clear(spf_groups_info[group].shape, spf_facts_group(inquiry->facts, group));
    }
    drop_ask(ask);
    inquiry->arrived(inquiry, group, failure != NULL ? &copy : NULL);
}

void spf_ask_finish_parsed(struct spf_ask *ask, struct spf_error error, const char *action,
                           const char *request_id)
{
    struct spf_failure failure;

    if (error.code == SPF_OK) {
        spf_ask_finish(ask, NULL);
        return;
    }
    failure = spf_failure(error.code == SPF_ERR_NOMEM ? SPF_SYSTEM_ERROR : SPF_API_REPLY_INVALID,
                          "%s: %s", action, error.text);
    (void)spf_copy(failure.action, sizeof failure.action, action);
    (void)spf_copy(failure.request_id, sizeof failure.request_id, request_id);
    spf_ask_finish(ask, &failure);
}

static void errand_done(void *owner, const struct spf_api_reply *reply)
{
    struct spf_errand *errand = owner, copy = *errand;

    errand->call = NULL;
    drop_errand(errand);
    copy.next = NULL;
    copy.done(copy.ask, &copy, reply);
}

struct spf_api *spf_ask_api(struct spf_aliyun *aliyun)
{
    if (aliyun->api == NULL)
        aliyun->api = spf_api_new(aliyun->loop, &aliyun->options->api);
    /* The credentials were found before the first call, and with them where to call. */
    if (aliyun->api != NULL)
        spf_api_places(aliyun->api)->configured = &aliyun->credentials.places;
    return aliyun->api;
}

bool spf_ask_call(struct spf_ask *ask, const char *product, const char *action, const char *region,
                  const struct spf_sign_pair *params, size_t count, const char *word,
                  spf_errand_done *done)
{
    const struct spf_failure no_memory = {.cause = SPF_SYSTEM_ERROR};
    struct spf_api_request request = {.product = product,
                                      .action = action,
                                      .region = region,
                                      .params = params,
                                      .param_count = count,
                                      .timeout_ms = ask->inquiry->target->timeout_ms};
    struct spf_aliyun *aliyun = ask->aliyun;
    struct spf_errand *errand = calloc(1, sizeof *errand);

    if (errand != NULL) {
        errand->ask = ask;
        errand->done = done;
        errand->next = ask->errands;
        ask->errands = errand;
        (void)spf_copy(errand->word, sizeof errand->word, word);
        if (spf_ask_api(aliyun) != NULL)
            errand->call =
                spf_api_start(aliyun->api, &request, &aliyun->credentials.key, errand_done, errand);
        if (errand->call != NULL)
            return true;
    }
    spf_ask_finish(ask, &no_memory);
    return false;
}

struct spf_aliyun *spf_aliyun_new(struct spf_loop *loop, const struct spf_aliyun_options *options)
{
    struct spf_aliyun *aliyun = calloc(1, sizeof *aliyun);

    if (aliyun == NULL)
        return NULL;
    aliyun->loop = loop;
    aliyun->options = options;
    return aliyun;
}

void spf_aliyun_free(struct spf_aliyun *aliyun)
{
    if (aliyun == NULL)
        return;
    while (aliyun->asks != NULL)
        drop_ask(aliyun->asks);
    if (aliyun->exchange != NULL)
        spf_exchange_cancel(aliyun->exchange);
    spf_api_free(aliyun->api);
    spf_credentials_clear(&aliyun->credentials);
    free(aliyun);
}

void spf_aliyun_cancel(struct spf_aliyun *aliyun, struct spf_inquiry *inquiry)
{
    struct spf_ask *ask = aliyun->asks, *next;

    for (; ask != NULL; ask = next) {
        next = ask->next;
        if (ask->inquiry == inquiry)
            drop_ask(ask);
    }
}
