#include "cloud/aliyun/operation.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cloud/aliyun/share.h"

static void drop_call(struct spf_call *call)
{
    struct spf_call **link = &call->operation->calls;

    while (*link != call) {
        link = &(*link)->next;
    }
    *link = call->next;
    if (call->api_call != NULL) {
        spf_api_cancel(call->api_call);
    }
    spf_share_drop(call);
    free(call);
}

void spf_operation_drop_calls(struct spf_operation *operation)
{
    while (operation->calls != NULL) {
        drop_call(operation->calls);
    }
}

void spf_operation_drop(struct spf_operation *operation)
{
    struct spf_operation **link = &operation->aliyun->operations;

    while (*link != operation) {
        link = &(*link)->next;
    }
    *link = operation->next;
    spf_operation_drop_calls(operation);
    if (operation->leave != NULL) {
        operation->leave(operation);
    }
    free(operation->regions);
    free(operation->marks.items);
    free(operation);
}

struct spf_error spf_operation_goes_on(struct spf_operation *operation, const struct spf_call *call,
                                       const char *token)
{
    struct spf_page_mark *mark = NULL;

    for (size_t i = 0; mark == NULL && i < operation->marks.count; i++) {
        if (strcmp(operation->marks.items[i].word, call->word) == 0 &&
            operation->marks.items[i].done == call->done) {
            mark = &operation->marks.items[i];
        }
    }
    if (mark == NULL) {
        if ((mark = SPF_APPEND(&operation->marks)) == NULL) {
            return spf_no_memory();
        }
        spf_copy(mark->word, sizeof mark->word, call->word);
        mark->done = call->done;
    }
    if (strcmp(mark->token, token) == 0) {
        return spf_error(SPF_ERR_INVALID, "the pages of %s go round in a circle", call->word);
    }
    if (mark->since++ == mark->until) {
        spf_copy(mark->token, sizeof mark->token, token);
        mark->until = 2 * mark->until + 1;
        mark->since = 0;
    }
    return spf_ok();
}

void spf_operation_finish(struct spf_operation *operation, const struct spf_failure *failure)
{
    struct spf_inquiry *inquiry = operation->inquiry;
    enum spf_group group = operation->group;
    struct spf_failure copy = {0};

    if (failure != NULL) {
        copy = *failure;
        /* What came before the failure is half of the facts: nobody must take it for the whole. */
        spf_facts_wipe(inquiry->facts, group);
    }
    spf_operation_drop(operation);
    inquiry->arrived(inquiry, group, failure != NULL ? &copy : NULL);
}

void spf_operation_finish_parsed(struct spf_operation *operation, struct spf_error error,
                                 const char *action, const char *request_id)
{
    struct spf_failure failure;

    if (error.code == SPF_OK) {
        spf_operation_finish(operation, NULL);
        return;
    }
    failure = spf_failure(error.code == SPF_ERR_NOMEM ? SPF_SYSTEM_ERROR : SPF_API_REPLY_INVALID,
                          "%s: %s", action, error.text);
    spf_copy(failure.action, sizeof failure.action, action);
    spf_copy(failure.request_id, sizeof failure.request_id, request_id);
    spf_operation_finish(operation, &failure);
}

void spf_operation_answer(struct spf_call *call, const struct spf_api_reply *reply)
{
    struct spf_call copy = *call;

    call->api_call = NULL;
    drop_call(call);
    copy.next = NULL;
    copy.done(copy.operation, &copy, reply);
}

static void call_done(void *owner, const struct spf_api_reply *reply)
{
    spf_operation_answer(owner, reply);
}

static struct spf_call *add_call(struct spf_operation *operation, const char *word,
                                 spf_call_done *done)
{
    struct spf_call *call = calloc(1, sizeof *call);

    if (call == NULL) {
        return NULL;
    }
    call->operation = operation;
    call->done = done;
    call->next = operation->calls;
    operation->calls = call;
    spf_copy(call->word, sizeof call->word, word);
    return call;
}

static bool start(struct spf_aliyun *aliyun, struct spf_call *call,
                  const struct spf_api_request *request)
{
    if (aliyun->share != NULL && spf_share_is_common(request)) {
        return spf_share_call(aliyun->share, call, request);
    }
    if (spf_aliyun_api(aliyun) != NULL) {
        call->api_call =
            spf_api_start(aliyun->api, request, &aliyun->credentials.key, call_done, call);
    }
    return call->api_call != NULL;
}

static bool give_up(struct spf_operation *operation)
{
    const struct spf_failure no_memory = {.cause = SPF_SYSTEM_ERROR};

    spf_operation_finish(operation, &no_memory);
    return false;
}

bool spf_operation_call(struct spf_operation *operation, const char *product, const char *action,
                        const char *region, const struct spf_sign_pair *params, size_t count,
                        const char *word, spf_call_done *done)
{
    const struct spf_api_request request = {.product = product,
                                            .action = action,
                                            .region = region,
                                            .params = params,
                                            .param_count = count,
                                            .timeout_ms = operation->inquiry->target->timeout_ms};
    struct spf_call *call = add_call(operation, word, done);

    return (call != NULL && start(operation->aliyun, call, &request)) || give_up(operation);
}

bool spf_operation_call_instance(struct spf_operation *operation, enum spf_about_what what,
                                 const char *region, const char *id, spf_call_done *done)
{
    struct spf_call *call = add_call(operation, region, done);

    return (call != NULL && spf_share_instance(operation->aliyun->share, call, what, region, id)) ||
           give_up(operation);
}
