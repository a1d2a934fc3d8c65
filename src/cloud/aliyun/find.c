#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cloud/aliyun/http/endpoint.h"
#include "cloud/aliyun/http/errors.h"
#include "cloud/aliyun/operation.h"
#include "cloud/aliyun/parse.h"
#include "cloud/any_source.h"
#include "cloud/instance_word.h"

/*
 * Where is the instance? First the region that is given, configured or suggested by the id; if it
 * is not there and the region was not given, all regions of the account, some at a time.
 */
#define REGIONS_AT_ONCE 8
#define REGIONS_MAX     200

static void region_done(struct spf_operation *operation, struct spf_call *call,
                        const struct spf_api_reply *reply);

/* A filter of DescribeInstances with a list of one. No word that is asked for has characters that
 * JSON would escape. */
static bool ask_by(struct spf_operation *operation, const char *region, const char *filter,
                   bool list, spf_call_done *done)
{
    const char *word = operation->inquiry->target->instance_id;
    char value[400];
    const struct spf_sign_pair params[] = {{"RegionId", region},
                                           {filter, value},
                                           {"AdditionalAttributes.1", "NETWORK_PRIMARY_ENI_IP"}};

    spf_format(value, sizeof value, list ? "[\"%s\"]" : "%s", word);
    return spf_operation_call(operation, "ecs", "DescribeInstances", region, params,
                              SPF_COUNT(params), region, done);
}

/* No elastic IP of that number in the region: is it an instance's own public one? */
static void elastic_done(struct spf_operation *operation, struct spf_call *call,
                         const struct spf_api_reply *reply)
{
    if (reply->failure == NULL &&
        spf_json_count(spf_json_path(reply->body, "Instances.Instance")) == 0) {
        (void)ask_by(operation, call->word, "PublicIpAddresses", true, region_done);
    } else {
        region_done(operation, call, reply);
    }
}

static bool ask_region(struct spf_operation *operation, const char *region)
{
    enum spf_instance_word kind = SPF_WORD_ID;
    struct spf_ip ip;

    (void)!spf_instance_word(operation->inquiry->target->instance_id, &kind, &ip).code;
    if (kind == SPF_WORD_ID && operation->aliyun->share != NULL) {
        return spf_operation_call_instance(operation, SPF_ABOUT_INSTANCE, region,
                                           operation->inquiry->target->instance_id, region_done);
    }
    if (kind == SPF_WORD_ID) {
        return ask_by(operation, region, "InstanceIds", true, region_done);
    }
    if (kind == SPF_WORD_NAME) {
        return ask_by(operation, region, "InstanceName", false, region_done);
    }
    if (ip.family == 6) {
        return ask_by(operation, region, "Ipv6Address.1", false, region_done);
    }
    if (!spf_ip_may_cross_internet(&ip)) {
        return ask_by(operation, region, "PrivateIpAddresses", true, region_done);
    }
    return ask_by(operation, region, "EipAddresses", true, elastic_done);
}

static void remember(void *list, const char *region)
{
    struct spf_id *id = spf_list_append(list, sizeof *id);

    if (id != NULL) {
        spf_copy(id->id, sizeof id->id, region);
    }
}

/* Everything that could be asked has answered or failed, and the instance is nowhere. */
static void conclude(struct spf_operation *operation)
{
    struct spf_instance_facts *facts = operation->inquiry->facts->instance;

    if (facts->regions_asked.count == 0 && operation->failure.cause != SPF_NO_FINDING) {
        spf_operation_finish(operation, &operation->failure);
        return;
    }
    facts->search = SPF_INSTANCE_NOWHERE;
    facts->every_region_asked = operation->searching && facts->regions_failed.count == 0;
    spf_operation_finish(operation, NULL);
}

static bool holds(const struct spf_id *ids, size_t count, const char *region)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(ids[i].id, region) == 0) {
            return true;
        }
    }
    return false;
}

static struct spf_region *region_of(struct spf_operation *operation, const char *id)
{
    for (size_t i = 0; i < operation->region_count; i++) {
        if (strcmp(operation->regions[i].id, id) == 0) {
            return &operation->regions[i];
        }
    }
    return NULL;
}

/* Is there another place to ask the region at, by the API's own word? Once each. */
static bool learn(struct spf_operation *operation, const char *id)
{
    struct spf_region *region = region_of(operation, id);

    if (region == NULL || region->learned) {
        return false;
    }
    region->learned = true;
    return spf_endpoint_cache_learn(spf_api_endpoints(operation->aliyun->api), id,
                                    region->endpoint);
}

static void forget_failure(struct spf_instance_facts *facts, const char *region)
{
    for (size_t i = 0; i < facts->regions_failed.count; i++) {
        if (strcmp(facts->regions_failed.items[i].id, region) == 0) {
            facts->regions_failed.items[i] =
                facts->regions_failed.items[--facts->regions_failed.count];
        }
    }
}

/* The region was asked before the search: it has answered, or there is no other place for it. */
static bool is_settled(struct spf_operation *operation, const char *region)
{
    struct spf_instance_facts *facts = operation->inquiry->facts->instance;

    if (holds(facts->regions_asked.items, facts->regions_asked.count, region)) {
        return true;
    }
    if (!holds(facts->regions_failed.items, facts->regions_failed.count, region)) {
        return false;
    }
    if (!learn(operation, region)) {
        return true;
    }
    forget_failure(facts, region);
    return false;
}

/* Keeps as many regions under way as may be; false if the operation is gone. */
static bool ask_more_regions(struct spf_operation *operation)
{
    size_t under_way = 0;

    for (const struct spf_call *call = operation->calls; call != NULL; call = call->next) {
        under_way++;
    }
    while (operation->next_region < operation->region_count && under_way < REGIONS_AT_ONCE) {
        const char *region = operation->regions[operation->next_region++].id;

        if (is_settled(operation, region)) {
            continue;
        }
        if (!ask_region(operation, region)) {
            return false;
        }
        under_way++;
    }
    return true;
}

/* The region that the id suggests goes first. */
static void order_regions(struct spf_operation *operation)
{
    struct spf_region *hint =
        region_of(operation, operation->inquiry->facts->instance->region_hint);

    if (hint != NULL) {
        struct spf_region first = *hint;

        *hint = operation->regions[0];
        operation->regions[0] = first;
    }
    if (operation->region_count > REGIONS_MAX) {
        operation->region_count = REGIONS_MAX;
    }
}

/* The region that was given could not be asked where its name says: is there such a region? */
static void given_region(struct spf_operation *operation)
{
    const char *region = operation->inquiry->facts->credentials->region;

    if (region_of(operation, region) == NULL) {
        operation->inquiry->facts->instance->search = SPF_INSTANCE_REGION_UNKNOWN;
        spf_operation_finish(operation, NULL);
    } else if (learn(operation, region)) {
        (void)ask_region(operation, region);
    } else {
        spf_operation_finish(operation, &operation->failure);
    }
}

static void regions_done(struct spf_operation *operation, struct spf_call *call,
                         const struct spf_api_reply *reply)
{
    struct spf_instance_facts *facts = operation->inquiry->facts->instance;
    struct spf_error error;

    (void)call;
    if (reply->failure != NULL) {
        /* Where one region has answered, that answer stands; without any there is nothing to tell.
         */
        if (operation->failure.cause == SPF_NO_FINDING) {
            operation->failure = *reply->failure;
        }
        operation->searching = false;
        conclude(operation);
        return;
    }
    error = spf_parse_regions(reply->body, &operation->regions, &operation->region_count);
    if (error.code != SPF_OK) {
        spf_operation_finish_parsed(operation, error, "ecs:DescribeRegions", reply->request_id);
        return;
    }
    if (facts->region_was_given) {
        given_region(operation);
        return;
    }
    order_regions(operation);
    operation->searching = true;
    if (ask_more_regions(operation) && operation->calls == NULL) {
        conclude(operation);
    }
}

static bool ask_for_regions(struct spf_operation *operation, const char *from)
{
    return spf_operation_call(operation, "ecs", "DescribeRegions", from, NULL, 0, "", regions_done);
}

/*
 * The first region could not be asked where its name says. Another place may know of it, or another
 * region have the instance, unless the user chose the one place where all are asked. A region that
 * was given and merely is silent is no riddle.
 */
static bool may_be_elsewhere(const struct spf_operation *operation,
                             const struct spf_api_reply *reply)
{
    bool given = operation->inquiry->facts->instance->region_was_given;

    /* The client last: what ran out before the first call has left none. */
    return !operation->searching && operation->regions == NULL &&
           (reply->misplaced || (!given && reply->failure->cause == SPF_API_UNREACHABLE)) &&
           !spf_endpoint_cache_fixed(spf_api_endpoints(operation->aliyun->api));
}

static void region_failed(struct spf_operation *operation, const char *region,
                          const struct spf_api_reply *reply)
{
    struct spf_instance_facts *facts = operation->inquiry->facts->instance;
    const struct spf_failure *failure = reply->failure;

    /* The first failure tells best: it is the one of the likeliest region. */
    if (operation->failure.cause == SPF_NO_FINDING) {
        operation->failure = *failure;
    }
    remember(&facts->regions_failed, region);
    if (may_be_elsewhere(operation, reply)) {
        ask_for_regions(operation, "");
    } else if (!operation->searching || failure->cause == SPF_SYSTEM_ERROR ||
               spf_api_is_about_identity(failure->cause)) { /* another region would say the same */
        spf_operation_finish(operation, failure);
    } else if (reply->misplaced && learn(operation, region)) {
        forget_failure(facts, region);
        ask_region(operation, region);
    } else if (ask_more_regions(operation) && operation->calls == NULL) {
        conclude(operation);
    }
}

/* A refusal leaves the primary interface, which DescribeInstances has told all about; what the
 * others have is then not known. */
static void interfaces_done(struct spf_operation *operation, struct spf_call *call,
                            const struct spf_api_reply *reply)
{
    struct spf_error error = spf_ok();

    (void)call;
    if (reply->failure == NULL) {
        error = spf_parse_interfaces(reply->body, operation->inquiry->facts->instance);
    } else {
        operation->inquiry->facts->instance->addresses_in_doubt = true;
    }
    spf_operation_finish_parsed(operation, error, "ecs:DescribeNetworkInterfaces",
                                reply->request_id);
}

/*
 * Groups and elastic IPs of secondary interfaces are not in DescribeInstances. They matter if
 * the given host may be one of these addresses, or if the primary has no public one.
 */
static bool needs_interfaces(const struct spf_operation *operation)
{
    const struct spf_instance_facts *facts = operation->inquiry->facts->instance;
    const char *host = operation->inquiry->target->host;
    bool secondary = false;
    struct spf_ip ip;

    for (size_t i = 0; i < facts->addresses.count; i++) {
        secondary |= strcmp(facts->addresses.items[i].interface_id, facts->interface_id) != 0;
    }
    if (!secondary) {
        return false;
    }
    if (host == NULL) {
        return facts->addresses.items[0].class == SPF_CLASS_PRIVATE;
    }
    for (size_t i = 0; spf_ip_parse(host, &ip) && i < facts->addresses.count; i++) {
        if (spf_ip_equal(&facts->addresses.items[i].ip, &ip) &&
            strcmp(facts->addresses.items[i].interface_id, facts->interface_id) == 0) {
            return false;
        }
    }
    return true;
}

static void found(struct spf_operation *operation)
{
    const struct spf_instance_facts *facts = operation->inquiry->facts->instance;

    if (needs_interfaces(operation)) {
        const struct spf_sign_pair params[] = {
            {"RegionId", facts->region}, {"InstanceId", facts->id}, {"MaxResults", "100"}};

        /* The other regions that were asked at the same time do not matter any more. */
        spf_operation_drop_calls(operation);
        spf_operation_call(operation, "ecs", "DescribeNetworkInterfaces", facts->region, params,
                           SPF_COUNT(params), "", interfaces_done);
    } else {
        spf_operation_finish(operation, NULL);
    }
}

static void region_done(struct spf_operation *operation, struct spf_call *call,
                        const struct spf_api_reply *reply)
{
    struct spf_instance_facts *facts = operation->inquiry->facts->instance;
    struct spf_error error;

    if (reply->failure != NULL) {
        /* A configured region that does not exist is no reason not to look elsewhere. */
        if (reply->failure->cause == SPF_REGION_UNKNOWN && !facts->region_was_given &&
            !operation->searching) {
            ask_for_regions(operation, "");
        } else {
            region_failed(operation, call->word, reply);
        }
        return;
    }
    facts->seen = reply->date > 0 ? reply->date : spf_utc_now();
    facts->clock_off = reply->date > 0 ? reply->date - spf_utc_now() : 0;
    spf_copy(facts->region, sizeof facts->region, call->word);
    error = spf_parse_instance(reply->body, operation->inquiry->target->instance_id, facts);
    if (error.code != SPF_OK) {
        spf_operation_finish_parsed(operation, error, "ecs:DescribeInstances", reply->request_id);
        return;
    }
    remember(&facts->regions_asked, call->word);
    if (facts->search == SPF_INSTANCE_FOUND) {
        found(operation);
    } else if (facts->search == SPF_INSTANCE_SEVERAL || facts->region_was_given) {
        spf_operation_finish(operation, NULL);
    } else if (!operation->searching) {
        ask_for_regions(operation, call->word);
    } else if (ask_more_regions(operation) && operation->calls == NULL) {
        conclude(operation);
    }
}

void spf_operation_instance(struct spf_operation *operation)
{
    const struct spf_credentials_facts *credentials = operation->inquiry->facts->credentials;
    struct spf_instance_facts *facts = operation->inquiry->facts->instance;
    const char *id = operation->inquiry->target->instance_id;
    enum spf_instance_word kind;
    struct spf_error error;

    error = spf_instance_word(id, &kind, NULL);
    if (error.code != SPF_OK) {
        const struct spf_failure failure = spf_failure(SPF_INSTANCE_WORD_INVALID, "%s", error.text);

        spf_operation_finish(operation, &failure);
        return;
    }
    facts->region_was_given = operation->aliyun->options->credentials.region != NULL;
    spf_copy(facts->region_hint, sizeof facts->region_hint, spf_region_hint(id));
    if (!facts->region_was_given && operation->inquiry->expected_region != NULL) {
        ask_region(operation, operation->inquiry->expected_region);
    } else if (credentials->region[0] != '\0') {
        ask_region(operation, credentials->region);
    } else {
        ask_for_regions(operation, "");
    }
}
