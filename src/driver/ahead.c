#include "driver/ahead.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cloud/address.h"
#include "driver/address_cache.h"
#include "login/conversation.h"
#include "login/second_look.h"

static bool remembers(const struct spf_task *task)
{
    const struct spf_driver_options *options = task->shared->options;

    return options->remembers && options->transcript == NULL && !task->run->replayed &&
           task->run->said == NULL && task->run->asked->instance_id != NULL;
}

/* Is the instance's own address the one to connect to, whatever the user's ssh would do? */
static bool is_direct(const struct spf_target *target)
{
    return target->host == NULL && target->ssh_config == NULL && !spf_target_is_proxied(target);
}

/* Credentials and places to call; of a session's key the id changes with each session. */
static void add_scope(const struct spf_task *task, struct spf_buf *scope)
{
    const struct spf_credentials_facts *found = task->run->facts.credentials;
    const unsigned account = task->run->target->account;
    const struct spf_cloud_options *cloud = &task->shared->options->accounts[account]->cloud;

    spf_buf_addf(scope, "%s\n%s\n%s\n%s\n", found->source, found->profile, found->config_path,
                 strncmp(found->access_key, "STS.", 4) == 0 ? "" : found->access_key);
    for (size_t i = 0; i < cloud->endpoint_count; i++) {
        spf_buf_addf(scope, "%s\n", cloud->endpoints[i]);
    }
}

/* The address cache of the task's credentials, opened when it is first asked for; NULL: none. */
static struct spf_address_cache *cache_of(const struct spf_task *task)
{
    struct spf_driver_shared *shared = task->shared;
    struct spf_address_cache *cache = NULL;
    struct spf_address_cache **place;
    struct spf_buf scope;

    spf_buf_init(&scope, 32768);
    add_scope(task, &scope);
    for (size_t i = 0; cache == NULL && i < shared->address_caches.count; i++) {
        if (spf_address_cache_is_about(shared->address_caches.items[i], scope.data)) {
            cache = shared->address_caches.items[i];
        }
    }
    if (cache == NULL && !spf_buf_failed(&scope) &&
        (place = SPF_APPEND(&shared->address_caches)) != NULL) {
        cache = *place = spf_address_cache_new(scope.data);
        if (cache == NULL) {
            shared->address_caches.count--;
        }
    }
    spf_buf_clear(&scope);
    return cache;
}

/* Which of its addresses is asked for. */
static void name_way(const struct spf_target *target, char way[8])
{
    static const char *const kinds[] = {[SPF_ADDRESS_AUTO] = "auto",
                                        [SPF_ADDRESS_PUBLIC] = "public",
                                        [SPF_ADDRESS_PRIVATE] = "inside",
                                        [SPF_ADDRESS_IPV6] = "ipv6"};

    spf_format(way, 8, "%s%s", kinds[target->address],
               target->family == 4   ? "4"
               : target->family == 6 ? "6"
                                     : "");
}

void spf_ahead_begin(struct spf_task *task)
{
    const struct spf_address_cache *cache = remembers(task) ? cache_of(task) : NULL;
    const struct spf_target *target = task->run->asked;
    const struct spf_cached_address *found;
    char way[8];

    if (cache == NULL) {
        return;
    }
    name_way(target, way);
    found = spf_address_cache_find(cache, target->instance_id, way);
    if (found == NULL) {
        return;
    }
    spf_copy(task->recalled.region, sizeof task->recalled.region, found->region);
    spf_copy(task->recalled.address, sizeof task->recalled.address, found->address);
    spf_copy(task->recalled.host_key, sizeof task->recalled.host_key, found->host_key);
    task->inquiry.expected_region = task->recalled.region;
    task->ahead = is_direct(target) && spf_run_expects(task->run, SPF_CHECK_NET_PORT);
    if (task->ahead) {
        task->inquiry.expected_address = task->recalled.address;
    }
}

spf_groups spf_ahead_wants(struct spf_task *task)
{
    const struct spf_facts *facts = &task->run->facts;

    if (!task->ahead) {
        return 0;
    }
    /* They are part of which address it is. */
    if (!spf_facts_have(facts, SPF_GROUP_LOCAL_ENVIRONMENT)) {
        return facts->group[SPF_GROUP_LOCAL_ENVIRONMENT].phase == SPF_ABSENT
                   ? SPF_GROUP_BIT(LOCAL_ENVIRONMENT)
                   : 0;
    }
    return spf_run_foresees(task->run, task->recalled.host_key);
}

void spf_ahead_drop(struct spf_task *task)
{
    task->inquiry.expected_address = NULL;
    if (!task->ahead) {
        return;
    }
    task->ahead = false;
    spf_second_look_free(task->second_look);
    task->second_look = NULL;
    spf_conversation_free(task->conversation);
    task->conversation = NULL;
    spf_run_forget_foreseen(task->run);
}

void spf_ahead_confirm(struct spf_task *task)
{
    struct spf_address address;
    char text[SPF_IP_TEXT_SIZE] = "";

    if (!task->ahead) {
        return;
    }
    if (spf_cloud_dial_address(task->run->target, &task->run->facts, &address)) {
        spf_ip_format(&address.ip, text);
    }
    if (strcmp(text, task->recalled.address) != 0) {
        spf_ahead_drop(task);
    }
    task->ahead = false;
    task->inquiry.expected_address = NULL;
}

void spf_ahead_learn(struct spf_task *task)
{
    const struct spf_run *run = task->run;
    const struct spf_instance_facts *instance = run->facts.instance;
    struct spf_cached_address now = {.seen = spf_utc_now()};
    struct spf_address_cache *cache;
    struct spf_address address;

    if (!remembers(task) || !spf_facts_have(&run->facts, SPF_GROUP_INSTANCE) ||
        !spf_facts_have(&run->facts, SPF_GROUP_CREDENTIALS) || !is_direct(run->asked) ||
        (cache = cache_of(task)) == NULL) {
        return;
    }
    if (instance->search != SPF_INSTANCE_FOUND) {
        spf_address_cache_forget(cache, run->asked->instance_id);
        return;
    }
    if (!spf_cloud_dial_address(run->asked, &run->facts, &address)) {
        return;
    }
    name_way(run->asked, now.way);
    spf_ip_format(&address.ip, now.address);
    if (spf_facts_have(&run->facts, SPF_GROUP_HANDSHAKE) &&
        run->facts.handshake->outcome == SPF_SHAKE_DONE) {
        spf_copy(now.host_key, sizeof now.host_key, run->facts.handshake->host_key_sha256);
    }
    if (spf_copy_whole(now.instance, sizeof now.instance, instance->id) &&
        spf_copy_whole(now.region, sizeof now.region, instance->region)) {
        spf_address_cache_learn(cache, &now);
    }
}

void spf_ahead_save(struct spf_driver_shared *shared)
{
    for (size_t i = 0; i < shared->address_caches.count; i++) {
        spf_address_cache_save(shared->address_caches.items[i]);
    }
}

void spf_ahead_forget_all(struct spf_driver_shared *shared)
{
    for (size_t i = 0; i < shared->address_caches.count; i++) {
        spf_address_cache_free(shared->address_caches.items[i]);
    }
    free(shared->address_caches.items);
}
