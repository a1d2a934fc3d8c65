#include "cloud/aliyun/share.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cloud/aliyun/http/errors.h"
#include "cloud/aliyun/share_about.h"
#include "cloud/aliyun/share_pairs.h"
#include "cloud/selection.h"

static void free_question(struct spf_question *question)
{
    struct spf_question **link = &question->share->questions;

    while (*link != question) {
        link = &(*link)->next;
    }
    *link = question->next;
    if (question->api_call != NULL) {
        spf_api_cancel(question->api_call);
    }
    for (size_t i = 0; i < question->ids.count; i++) {
        free(question->ids.items[i]);
    }
    for (size_t i = 0; i < question->waiting.count; i++) {
        question->waiting.items[i]->question = NULL;
    }
    free(question->ids.items);
    free(question->waiting.items);
    free(question->key);
    free(question->pair);
    json_object_put(question->body);
    free(question);
}

static struct spf_question *add_question(struct spf_share *share)
{
    struct spf_question *question = calloc(1, sizeof *question);

    if (question == NULL) {
        return NULL;
    }
    question->share = share;
    question->next = share->questions;
    share->questions = question;
    return question;
}

static bool wait_for(struct spf_question *question, struct spf_call *call)
{
    struct spf_call **place = SPF_APPEND(&question->waiting);

    if (place == NULL) {
        return false;
    }
    *place = call;
    call->question = question;
    return true;
}

static bool add_id(struct spf_question *question, const char *id)
{
    char *copy = strdup(id);
    char **place = copy != NULL ? SPF_APPEND(&question->ids) : NULL;

    if (place == NULL) {
        free(copy);
        return false;
    }
    *place = copy;
    return true;
}

void spf_share_drop(struct spf_call *call)
{
    struct spf_question *question = call->question;
    size_t kept = 0;

    if (question == NULL) {
        return;
    }
    for (size_t i = 0; i < question->waiting.count; i++) {
        if (question->waiting.items[i] != call) {
            question->waiting.items[kept++] = question->waiting.items[i];
        }
    }
    question->waiting.count = kept;
    call->question = NULL;
}

/* ---- answers ------------------------------------------------------------------------------ */

static void give(struct spf_question *question, struct spf_call *call)
{
    struct json_object *part = NULL;
    struct spf_api_reply reply = {.body = question->body,
                                  .failure = question->body == NULL ? &question->failure : NULL,
                                  .request_id = question->request_id,
                                  .date = question->date,
                                  .misplaced = question->misplaced};

    /* A reply without the list is not one about instances: each is given it as it came. */
    if (question->body != NULL && question->key == NULL && question->ids.count > 1 &&
        json_object_is_type(spf_about_list(&spf_abouts[question->what], question->body),
                            json_type_array)) {
        reply.body = part = spf_about_part(&spf_abouts[question->what], question->body, call->id);
    }
    if (reply.body == NULL && reply.failure == NULL) {
        question->failure = spf_failure(SPF_SYSTEM_ERROR, "out of memory");
        reply.failure = &question->failure;
    }
    call->question = NULL;
    question->given++;
    question->share->answer(call, &reply);
    json_object_put(part);
}

/* An answer may end other operations, whose calls then leave the list. */
static void answer_all(struct spf_question *question)
{
    while (question->waiting.count > 0) {
        give(question, question->waiting.items[--question->waiting.count]);
    }
}

/* One of many ids can be what the API dislikes: then each is asked about alone. Codes about keys
 * and tokens begin with the same words. */
static bool is_about_one_of_many(const struct spf_question *question)
{
    return question->body == NULL && question->ids.count > 1 &&
           question->failure.cause == SPF_API_ERROR &&
           (spf_starts_with(question->failure.code, "Invalid") ||
            spf_starts_with(question->failure.code, "MissingParameter"));
}

static void ask_alone(struct spf_question *question)
{
    while (question->waiting.count > 0) {
        struct spf_call *call = question->waiting.items[--question->waiting.count];
        struct spf_question *alone = add_question(question->share);

        call->question = NULL;
        if (alone == NULL || !add_id(alone, call->id) || !wait_for(alone, call)) {
            question->failure = spf_failure(SPF_SYSTEM_ERROR, "out of memory");
            give(question, call);
            continue;
        }
        alone->alone = true;
        alone->what = question->what;
        spf_copy(alone->region, sizeof alone->region, question->region);
    }
    spf_share_arm(question->share);
}

static void answered(void *owner, const struct spf_api_reply *reply)
{
    struct spf_question *question = owner;

    question->api_call = NULL;
    question->answered = true;
    question->body = json_object_get(reply->body);
    if (reply->failure != NULL) {
        question->failure = *reply->failure;
        if (spf_api_is_about_identity(reply->failure->cause)) {
            question->share->refused = *reply->failure;
        }
    }
    spf_copy(question->request_id, sizeof question->request_id, reply->request_id);
    question->date = reply->date;
    question->misplaced = reply->misplaced;
    if (is_about_one_of_many(question)) {
        ask_alone(question);
    } else {
        answer_all(question);
    }
    spf_share_arm(question->share); /* it may be used up */
}

/* ---- questions ---------------------------------------------------------------------------- */

static void cannot_ask(struct spf_question *question)
{
    question->sent = question->answered = true;
    if (question->failure.cause == SPF_NO_FINDING) {
        question->failure = spf_failure(SPF_SYSTEM_ERROR, "out of memory");
    }
    spf_share_arm(question->share);
}

static void send_request(struct spf_question *question, const struct spf_api_request *request)
{
    struct spf_share *share = question->share;
    struct spf_aliyun *aliyun = share->aliyun;

    question->sent = true;
    question->failure = share->refused; /* the API would say the same again */
    if (question->failure.cause == SPF_NO_FINDING && spf_aliyun_api(aliyun) != NULL) {
        question->api_call =
            spf_api_start(aliyun->api, request, &aliyun->credentials.key, answered, question);
    }
    if (question->api_call == NULL) {
        cannot_ask(question);
    }
}

static bool is_about(const struct spf_question *question, enum spf_about_what what,
                     const char *region)
{
    return question->key == NULL && question->what == what && strcmp(question->region, region) == 0;
}

static bool holds(const struct spf_question *question, enum spf_about_what what, const char *region,
                  const char *id)
{
    if (!is_about(question, what, region)) {
        return false;
    }
    for (size_t i = 0; i < question->ids.count; i++) {
        if (strcmp(question->ids.items[i], id) == 0) {
            return true;
        }
    }
    return false;
}

/* Others that will be asked about, too: for the region where all are looked for first. */
static void fill(struct spf_question *question)
{
    struct spf_share *share = question->share;

    if (question->alone || question->what != SPF_ABOUT_INSTANCE ||
        strcmp(question->region, share->aliyun->credentials.region) != 0) {
        return;
    }
    while (question->ids.count < spf_abouts[question->what].at_once &&
           share->next_expected < share->expected_count) {
        const char *id = share->expected[share->next_expected++];
        bool asked = false;

        for (const struct spf_question *other = share->questions; other != NULL && !asked;
             other = other->next) {
            asked = holds(other, question->what, question->region, id);
        }
        if (!asked && !add_id(question, id)) {
            return;
        }
    }
}

static void send_instances(struct spf_question *question, unsigned timeout_ms)
{
    const struct spf_about *about = &spf_abouts[question->what];
    struct spf_sign_pair params[SPF_ABOUT_MOST + 4] = {{"RegionId", question->region}};
    char names[SPF_ABOUT_MOST][20];
    char page[8];
    size_t count = 1;
    struct spf_buf list;

    fill(question);
    spf_buf_init(&list, 16384);
    for (size_t i = 0; i < question->ids.count; i++) {
        spf_buf_addf(&list, "%s\"%s\"", i == 0 ? "[" : ",", question->ids.items[i]);
        spf_format(names[i], sizeof names[i], "InstanceId.%zu", i + 1);
        if (about->ids == NULL) {
            params[count++] = (struct spf_sign_pair){names[i], question->ids.items[i]};
        }
    }
    spf_buf_addch(&list, ']');
    if (spf_buf_failed(&list)) { /* part of a list, or none, may be answered, too */
        spf_buf_clear(&list);
        cannot_ask(question);
        return;
    }
    spf_format(page, sizeof page, "%zu", about->at_once);
    if (about->ids != NULL) {
        params[count++] = (struct spf_sign_pair){about->ids, list.data};
    }
    if (about->also != NULL) {
        params[count++] = (struct spf_sign_pair){about->also, about->value};
    }
    if (question->ids.count > 1) {
        params[count++] = (struct spf_sign_pair){about->page, page};
    }
    send_request(question, &(struct spf_api_request){.product = "ecs",
                                                     .action = about->action,
                                                     .region = question->region,
                                                     .params = params,
                                                     .param_count = count,
                                                     .timeout_ms = timeout_ms});
    spf_buf_clear(&list);
}

/* All of it is needed no more: an instance's target asks about it once. */
static bool is_used_up(const struct spf_question *question)
{
    return question->key == NULL && question->answered && question->waiting.count == 0 &&
           question->given >= question->ids.count;
}

/* What has been gathered is sent, and what is known is reported. */
static void go_on(struct spf_watch *watch, short revents)
{
    struct spf_share *share = watch->owner;
    struct spf_question *next;

    (void)revents;
    watch->due_ms = 0;
    spf_loop_remove(share->aliyun->loop, watch);
    spf_share_ask_pairs(share);
    for (struct spf_question *question = share->questions; question != NULL; question = next) {
        if (question->key == NULL && !question->sent && question->waiting.count > 0) {
            send_instances(question,
                           question->waiting.items[0]->operation->inquiry->target->timeout_ms);
        }
        if (question->answered && question->waiting.count > 0) {
            answer_all(question); /* new questions are put at the front of the list */
        }
        next = question->next;
        if (is_used_up(question)) {
            free_question(question);
        }
    }
}

bool spf_share_instance(struct spf_share *share, struct spf_call *call, enum spf_about_what what,
                        const char *region, const char *id)
{
    struct spf_question *question = share->questions;
    struct spf_question *open = NULL;

    spf_copy(call->id, sizeof call->id, id);
    for (; question != NULL && !holds(question, what, region, id); question = question->next) {
        if (is_about(question, what, region) && !question->sent && !question->alone &&
            question->ids.count < spf_abouts[what].at_once) {
            open = question;
        }
    }
    if (question == NULL) {
        question = open != NULL ? open : add_question(share);
        if (question == NULL || !add_id(question, id)) {
            return false;
        }
        question->what = what;
        spf_copy(question->region, sizeof question->region, region);
    }
    spf_share_arm(share);
    return wait_for(question, call);
}

static bool add_ids(struct spf_question *question)
{
    struct json_object *list = spf_about_list(&spf_abouts[question->what], question->body);

    for (size_t i = 0; i < spf_json_count(list); i++) {
        if (!add_id(question, spf_json_text(spf_json_item(list, i), "InstanceId"))) {
            return false;
        }
    }
    return true;
}

void spf_share_know(struct spf_share *share, struct spf_listing *listing)
{
    for (size_t i = 0; i < listing->pages.count; i++) {
        struct spf_listed_page *page = &listing->pages.items[i];
        struct spf_question *question = add_question(share);

        if (question == NULL) {
            return;
        }
        question->what = SPF_ABOUT_INSTANCE;
        question->alone = question->sent = question->answered = true;
        question->body = page->body;
        page->body = NULL;
        question->date = page->date;
        spf_copy(question->region, sizeof question->region, page->region);
        spf_copy(question->request_id, sizeof question->request_id, page->request_id);
        if (!add_ids(question)) {
            free_question(question); /* each asks, then */
        }
    }
    listing->pages.count = 0;
}

void spf_listing_free(struct spf_listing *listing)
{
    if (listing == NULL) {
        return;
    }
    for (size_t i = 0; i < listing->pages.count; i++) {
        json_object_put(listing->pages.items[i].body);
    }
    free(listing->pages.items);
    free(listing);
}

bool spf_share_is_common(const struct spf_api_request *request)
{
    for (size_t i = 0; i < request->param_count; i++) {
        if (spf_starts_with(request->params[i].name, "InstanceId") ||
            spf_starts_with(request->params[i].name, "NetworkInterfaceId")) {
            return false;
        }
    }
    return true;
}

static char *key_of(const struct spf_api_request *request)
{
    struct spf_buf key;

    spf_buf_init(&key, 65536);
    spf_buf_addf(&key, "%s\n%s\n%s\n", request->product, request->action, request->region);
    for (size_t i = 0; i < request->param_count; i++) {
        spf_buf_addf(&key, "%s=%s\n", request->params[i].name, request->params[i].value);
    }
    return spf_buf_take(&key);
}

bool spf_share_call(struct spf_share *share, struct spf_call *call,
                    const struct spf_api_request *request)
{
    const bool is_pair = spf_share_is_pair(request);
    char *key = key_of(request);
    struct spf_question *question = share->questions;
    bool is_new;

    if (key == NULL) {
        return false;
    }
    while (question != NULL && (question->key == NULL || strcmp(question->key, key) != 0)) {
        question = question->next;
    }
    is_new = question == NULL;
    if (is_new) {
        question = add_question(share);
        if (question == NULL) {
            free(key);
            return false;
        }
        question->key = key;
    } else {
        free(key);
    }
    if (!wait_for(question, call) ||
        (is_new && is_pair && !spf_share_add_pair(question, request))) {
        if (is_new) { /* nobody sends it: who asks the same later must */
            free_question(question);
        }
        return false;
    }
    if (is_new && !is_pair) {
        send_request(question, request);
    } else if (question->answered) {
        spf_share_arm(share);
    }
    return true;
}

struct spf_share *spf_share_new(struct spf_aliyun *aliyun, const char *const *ids, size_t count,
                                spf_share_answer *answer)
{
    struct spf_share *share = calloc(1, sizeof *share);

    if (share == NULL) {
        return NULL;
    }
    share->aliyun = aliyun;
    share->answer = answer;
    share->expected = ids;
    share->expected_count = count;
    share->send = send_request;
    share->soon = (struct spf_watch){.fd = -1, .ready = go_on, .owner = share};
    return share;
}

void spf_share_free(struct spf_share *share)
{
    if (share == NULL) {
        return;
    }
    while (share->questions != NULL) {
        free_question(share->questions);
    }
    spf_share_forget_pairs(share);
    spf_loop_remove(share->aliyun->loop, &share->soon);
    free(share);
}
