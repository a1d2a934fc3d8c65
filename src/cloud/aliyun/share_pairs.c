#include "cloud/aliyun/share_pairs.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cloud/aliyun/http/errors.h"

#define PAGE_SIZE  50 /* the API's limit */
#define WORTH_MORE 3  /* a list of unknown length is begun for more names than these */

/* The key pairs of a region, as far as they were listed. */
struct spf_pair_list {
    struct spf_pair_list *next;
    struct spf_share *share;
    char region[80];
    struct spf_api_call *api_call; /* the next page; NULL: none is under way */
    SPF_LIST(struct json_object *) pages;
    size_t page_count; /* by the last page; 0: unknown */
    bool useless;      /* it cannot be listed here */
};

static const char *param(const struct spf_api_request *request, const char *name)
{
    for (size_t i = 0; i < request->param_count; i++) {
        if (strcmp(request->params[i].name, name) == 0) {
            return request->params[i].value;
        }
    }
    return NULL;
}

bool spf_share_is_pair(const struct spf_api_request *request)
{
    return strcmp(request->action, "DescribeKeyPairs") == 0 &&
           param(request, "KeyPairName") != NULL;
}

bool spf_share_add_pair(struct spf_question *question, const struct spf_api_request *request)
{
    question->pair = strdup(param(request, "KeyPairName"));
    spf_copy(question->region, sizeof question->region, request->region);
    spf_share_arm(question->share);
    return question->pair != NULL;
}

static struct spf_pair_list *list_for(struct spf_share *share, const char *region)
{
    struct spf_pair_list *list = share->pairs;

    while (list != NULL && strcmp(list->region, region) != 0) {
        list = list->next;
    }
    if (list != NULL || (list = calloc(1, sizeof *list)) == NULL) {
        return list;
    }
    list->share = share;
    spf_copy(list->region, sizeof list->region, region);
    list->next = share->pairs;
    share->pairs = list;
    return list;
}

/* The page that has this name; NULL: none so far. */
static struct json_object *page_with(const struct spf_pair_list *list, const char *name)
{
    for (size_t i = 0; i < list->pages.count; i++) {
        struct json_object *pairs = spf_json_path(list->pages.items[i], "KeyPairs.KeyPair");

        for (size_t k = 0; k < spf_json_count(pairs); k++) {
            if (strcmp(spf_json_text(spf_json_item(pairs, k), "KeyPairName"), name) == 0) {
                return list->pages.items[i];
            }
        }
    }
    return NULL;
}

static bool is_open(const struct spf_question *question, const char *region)
{
    return question->pair != NULL && !question->sent && question->waiting.count > 0 &&
           strcmp(question->region, region) == 0;
}

/* Those of the region that no page has, once the others are answered. */
static size_t answer_listed(const struct spf_pair_list *list)
{
    size_t left = 0;

    for (struct spf_question *question = list->share->questions; question != NULL;
         question = question->next) {
        struct json_object *page;

        if (!is_open(question, list->region)) {
            continue;
        }
        page = page_with(list, question->pair);
        if (page == NULL) {
            left++;
            continue;
        }
        question->sent = question->answered = true;
        question->body = json_object_get(page);
        spf_copy(question->request_id, sizeof question->request_id,
                 spf_json_text(page, "RequestId"));
    }
    return left;
}

static void ask_by_name(struct spf_question *question)
{
    const struct spf_sign_pair params[] = {{"RegionId", question->region},
                                           {"KeyPairName", question->pair},
                                           {"IncludePublicKey", "true"}};

    question->share->send(
        question,
        &(struct spf_api_request){
            .product = "ecs",
            .action = "DescribeKeyPairs",
            .region = question->region,
            .params = params,
            .param_count = sizeof params / sizeof *params,
            .timeout_ms = question->waiting.items[0]->operation->inquiry->target->timeout_ms});
}

static void listed(void *owner, const struct spf_api_reply *reply)
{
    struct spf_pair_list *list = owner;
    const struct json_object *total =
        reply->body != NULL ? spf_json_get(reply->body, "TotalCount") : NULL;
    struct json_object **page;

    list->api_call = NULL;
    if (reply->failure != NULL && spf_api_is_about_identity(reply->failure->cause)) {
        list->share->refused = *reply->failure;
    }
    if (!json_object_is_type(total, json_type_int) ||
        !json_object_is_type(spf_json_path(reply->body, "KeyPairs.KeyPair"), json_type_array) ||
        (page = SPF_APPEND(&list->pages)) == NULL) {
        list->useless = true;
    } else {
        const int64_t count = json_object_get_int64(total);

        *page = json_object_get(reply->body);
        list->page_count = count > 0 ? (size_t)(count + PAGE_SIZE - 1) / PAGE_SIZE : 1;
    }
    spf_share_arm(list->share);
}

static void ask_for_page(struct spf_pair_list *list, unsigned timeout_ms)
{
    struct spf_aliyun *aliyun = list->share->aliyun;
    char number[24];
    const struct spf_sign_pair params[] = {{"RegionId", list->region},
                                           {"IncludePublicKey", "true"},
                                           {"PageNumber", number},
                                           {"PageSize", "50"}};
    const struct spf_api_request request = {.product = "ecs",
                                            .action = "DescribeKeyPairs",
                                            .region = list->region,
                                            .params = params,
                                            .param_count = sizeof params / sizeof *params,
                                            .timeout_ms = timeout_ms};

    spf_format(number, sizeof number, "%zu", list->pages.count + 1);
    if (spf_aliyun_api(aliyun) != NULL) {
        list->api_call =
            spf_api_start(aliyun->api, &request, &aliyun->credentials.key, listed, list);
    }
    list->useless = list->api_call == NULL;
}

/* Would the next page save calls? So many names are left. What a list lacks is asked for by name
 * all the same: a grant may be for some key pairs only. */
static bool is_worth(const struct spf_pair_list *list, size_t left)
{
    if (list->useless || list->share->refused.cause != SPF_NO_FINDING) {
        return false;
    }
    return list->page_count == 0 ? left > WORTH_MORE
                                 : list->pages.count < list->page_count &&
                                       left > list->page_count - list->pages.count;
}

static void ask_in(struct spf_share *share, const struct spf_question *first)
{
    struct spf_pair_list *list = list_for(share, first->region);
    const unsigned timeout_ms = first->waiting.items[0]->operation->inquiry->target->timeout_ms;

    if (list != NULL && list->api_call == NULL && is_worth(list, answer_listed(list))) {
        ask_for_page(list, timeout_ms);
    }
    if (list != NULL && list->api_call != NULL) {
        return;
    }
    for (struct spf_question *question = share->questions; question != NULL;
         question = question->next) {
        if (is_open(question, first->region)) {
            ask_by_name(question);
        }
    }
}

static bool is_listing(const struct spf_share *share, const char *region)
{
    for (const struct spf_pair_list *list = share->pairs; list != NULL; list = list->next) {
        if (list->api_call != NULL && strcmp(list->region, region) == 0) {
            return true;
        }
    }
    return false;
}

void spf_share_ask_pairs(struct spf_share *share)
{
    for (const struct spf_question *question = share->questions; question != NULL;
         question = question->next) {
        if (is_open(question, question->region) && !is_listing(share, question->region)) {
            ask_in(share, question);
        }
    }
}

void spf_share_forget_pairs(struct spf_share *share)
{
    while (share->pairs != NULL) {
        struct spf_pair_list *list = share->pairs;

        share->pairs = list->next;
        if (list->api_call != NULL) {
            spf_api_cancel(list->api_call);
        }
        for (size_t i = 0; i < list->pages.count; i++) {
            json_object_put(list->pages.items[i]);
        }
        free(list->pages.items);
        free(list);
    }
}
