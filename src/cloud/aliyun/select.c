#include "cloud/aliyun/select.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/language.h"
#include "base/text.h"
#include "cloud/aliyun/operation.h"

#define TAGS_MAX 20 /* the API's limit */

/* A selection on its way: an inquiry that has no target of its own. */
struct quest {
    struct spf_inquiry inquiry; /* first: arrived() finds the quest by it */
    const struct spf_selection *selection;
    struct spf_target target;
    struct spf_facts facts;
    struct spf_loop *loop;
    struct spf_aliyun *aliyun;
    spf_id_list *ids;
    struct spf_listing *listing;
    bool done, stopped;
    struct spf_failure failure; /* cause SPF_NO_FINDING: none */
};

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    struct quest *quest = (struct quest *)inquiry;

    quest->done = true;
    (void)group;
    if (failure != NULL) {
        quest->failure = *failure;
    }
}

static bool ask_page(struct spf_operation *operation, const char *next);

static struct spf_error take_ids(struct json_object *reply, spf_id_list *ids)
{
    struct json_object *list = spf_json_path(reply, "Instances.Instance");

    if (!json_object_is_type(list, json_type_array)) {
        return spf_error(SPF_ERR_INVALID, _("the API's reply has no Instances"));
    }
    for (size_t i = 0; i < spf_json_count(list); i++) {
        const char *text = spf_json_text(spf_json_item(list, i), "InstanceId");
        struct spf_id *id = text[0] != '\0' ? SPF_APPEND(ids) : NULL;

        if (text[0] != '\0' && id == NULL) {
            return spf_no_memory();
        }
        if (id != NULL) {
            spf_clean(id->id, sizeof id->id, text, strlen(text));
        }
    }
    return spf_ok();
}

/* A page that cannot be kept is asked for again, by the ids. */
static void keep_page(struct quest *quest, const struct spf_api_reply *reply)
{
    struct spf_listed_page *page =
        quest->listing != NULL ? SPF_APPEND(&quest->listing->pages) : NULL;

    if (page == NULL) {
        return;
    }
    spf_copy(page->region, sizeof page->region, quest->facts.credentials->region);
    spf_copy(page->request_id, sizeof page->request_id, reply->request_id);
    page->date = reply->date;
    page->body = json_object_get(reply->body);
}

static void page_done(struct spf_operation *operation, struct spf_call *call,
                      const struct spf_api_reply *reply)
{
    struct quest *quest = (struct quest *)operation->inquiry;
    const char *next;
    struct spf_error error;

    if (reply->failure != NULL) {
        spf_operation_finish(operation, reply->failure);
        return;
    }
    error = take_ids(reply->body, quest->ids);
    if (error.code == SPF_OK) {
        keep_page(quest, reply);
    }
    next = spf_json_text(reply->body, "NextToken");
    if (error.code == SPF_OK && next[0] != '\0') {
        error = spf_operation_goes_on(operation, call, next);
    }
    if (error.code != SPF_OK || next[0] == '\0') {
        spf_operation_finish_parsed(operation, error, "ecs:DescribeInstances", reply->request_id);
    } else {
        (void)ask_page(operation, next);
    }
}

static bool ask_page(struct spf_operation *operation, const char *next)
{
    const struct quest *quest = (struct quest *)operation->inquiry;
    const struct spf_selection *selection = quest->selection;
    const char *region = quest->facts.credentials->region;
    struct spf_sign_pair params[5 + 2 * TAGS_MAX] = {
        {"RegionId", region},
        {"MaxResults", "100"},
        {"AdditionalAttributes.1", "NETWORK_PRIMARY_ENI_IP"}};
    char names[2 * TAGS_MAX][20];
    char keys[TAGS_MAX][140];
    size_t count = 3;

    for (size_t i = 0; selection->tags != NULL && selection->tags[i] != NULL && i < TAGS_MAX; i++) {
        const char *equals = strchr(selection->tags[i], '=');
        size_t len = strcspn(selection->tags[i], "=");

        spf_format(keys[i], sizeof keys[i], "%.*s", (int)len, selection->tags[i]);
        spf_format(names[2 * i], sizeof names[0], "Tag.%zu.Key", i + 1);
        spf_format(names[2 * i + 1], sizeof names[0], "Tag.%zu.Value", i + 1);
        params[count++] = (struct spf_sign_pair){names[2 * i], keys[i]};
        if (equals != NULL) {
            params[count++] = (struct spf_sign_pair){names[2 * i + 1], equals + 1};
        }
    }
    if (selection->vpc != NULL) {
        params[count++] = (struct spf_sign_pair){"VpcId", selection->vpc};
    }
    if (next[0] != '\0') {
        params[count++] = (struct spf_sign_pair){"NextToken", next};
    }
    return spf_operation_call(operation, "ecs", "DescribeInstances", region, params, count, "",
                              page_done);
}

static void list_instances(struct quest *quest)
{
    struct spf_operation *operation = calloc(1, sizeof *operation);

    if (operation == NULL) {
        quest->failure = spf_failure(SPF_SYSTEM_ERROR, "out of memory");
        quest->done = true;
        return;
    }
    operation->aliyun = quest->aliyun;
    operation->inquiry = &quest->inquiry;
    operation->group = SPF_GROUP_INSTANCE;
    operation->next = quest->aliyun->operations;
    quest->aliyun->operations = operation;
    (void)ask_page(operation, "");
}

static void stop(struct spf_watch *watch, short revents)
{
    struct quest *quest = watch->owner;

    (void)revents;
    quest->stopped = true;
    spf_loop_remove(quest->loop, watch);
}

/* Until what was asked has come. */
static struct spf_error await(struct quest *quest)
{
    while (!quest->done && !quest->stopped && spf_now_ms() < quest->selection->deadline_ms) {
        struct spf_error error = spf_loop_turn(quest->loop, quest->selection->deadline_ms);

        if (error.code != SPF_OK) {
            return error;
        }
    }
    if (quest->stopped) {
        return spf_error(SPF_ERR_SYS, _("interrupted before the instances were known"));
    }
    if (!quest->done) {
        return spf_error(SPF_ERR_SYS, _("the instances were not known in time (--deadline)"));
    }
    if (quest->failure.cause != SPF_NO_FINDING) {
        return spf_error(SPF_ERR_SYS, _("the instances cannot be listed: %s%s%s [%s]"),
                         quest->failure.action, quest->failure.action[0] != '\0' ? ": " : "",
                         quest->failure.text, spf_findings[quest->failure.cause].id);
    }
    return spf_ok();
}

static struct spf_error go(struct quest *quest)
{
    struct spf_error error;

    spf_aliyun_serve(quest->aliyun, &quest->inquiry, SPF_GROUP_CREDENTIALS);
    error = await(quest);
    if (error.code != SPF_OK) {
        return error;
    }
    if (quest->facts.credentials->region[0] == '\0') {
        return spf_usage("say in which region: --region ID");
    }
    quest->done = false;
    list_instances(quest);
    return await(quest);
}

struct spf_error spf_aliyun_select(struct spf_aliyun *aliyun, const struct spf_selection *selection,
                                   spf_id_list *ids, struct spf_listing **listing)
{
    struct spf_error error = spf_no_memory();
    const struct spf_credential_options *credentials = &aliyun->options->credentials;
    struct quest *quest = calloc(1, sizeof *quest);
    struct spf_watch stopper = {
        .fd = selection->stop_fd, .events = POLLIN, .ready = stop, .owner = quest};

    if (quest == NULL) {
        return error;
    }
    spf_facts_init(&quest->facts);
    if (spf_facts_group(&quest->facts, SPF_GROUP_CREDENTIALS) == NULL) {
        free(quest);
        return error;
    }
    quest->selection = selection;
    quest->ids = ids;
    quest->listing = *listing = calloc(1, sizeof **listing);
    quest->loop = aliyun->loop;
    quest->aliyun = aliyun;
    quest->target = (struct spf_target){.selected = SPF_ALL_CHECKS,
                                        .timeout_ms = selection->timeout_ms,
                                        .profile = credentials->profile,
                                        .config_path = credentials->config_path};
    quest->inquiry = (struct spf_inquiry){
        .target = &quest->target, .facts = &quest->facts, .loop = quest->loop, .arrived = arrived};
    if (selection->stop_fd < 0 || spf_loop_add(quest->loop, &stopper)) {
        error = go(quest);
    }
    spf_loop_remove(quest->loop, &stopper);
    spf_aliyun_cancel(aliyun, &quest->inquiry);
    spf_facts_clear(&quest->facts);
    free(quest);
    return error;
}
