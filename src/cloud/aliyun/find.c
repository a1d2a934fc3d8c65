#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cloud/aliyun/ask.h"
#include "cloud/aliyun/endpoint.h"
#include "cloud/aliyun/parse.h"
#include "cloud/everybody.h"
#include "cloud/instance_word.h"

/*
 * Where is the instance? First the region that is given, configured or suggested by the id; if it
 * is not there and the region was not given, all regions of the account, some at a time.
 */
#define REGIONS_AT_ONCE 8
#define REGIONS_MAX     200

static void region_done(struct spf_ask *ask, struct spf_errand *errand,
                        const struct spf_api_reply *reply);

/* A filter of DescribeInstances with a list of one. No word that is asked for has characters that
 * JSON would escape. */
static bool ask_by(struct spf_ask *ask, const char *region, const char *filter, bool list,
                   spf_errand_done *done)
{
    const char *word = ask->inquiry->target->instance_id;
    struct spf_buf value;
    bool ok;

    spf_buf_init(&value, 400);
    spf_buf_addf(&value, list ? "[\"%s\"]" : "%s", word);
    {
        const struct spf_sign_pair params[] = {
            {"RegionId", region},
            {filter, value.data},
            {"AdditionalAttributes.1", "NETWORK_PRIMARY_ENI_IP"}};

        ok = spf_ask_call(ask, "ecs", "DescribeInstances", region, params, SPF_COUNT(params),
                          region, done);
    }
    spf_buf_clear(&value);
    return ok;
}

/* No elastic address of that number in the region: is it an instance's own public one? */
static void elastic_done(struct spf_ask *ask, struct spf_errand *errand,
                         const struct spf_api_reply *reply)
{
    if (reply->failure == NULL &&
        spf_json_count(spf_json_path(reply->body, "Instances.Instance")) == 0)
        (void)ask_by(ask, errand->word, "PublicIpAddresses", true, region_done);
    else
        region_done(ask, errand, reply);
}

static bool ask_region(struct spf_ask *ask, const char *region)
{
    enum spf_instance_word kind = SPF_WORD_ID;
    struct spf_ip ip;

    (void)!spf_instance_word(ask->inquiry->target->instance_id, &kind, &ip).code;
    if (kind == SPF_WORD_ID)
        return ask_by(ask, region, "InstanceIds", true, region_done);
    if (kind == SPF_WORD_NAME)
        return ask_by(ask, region, "InstanceName", false, region_done);
    if (ip.family == 6)
        return ask_by(ask, region, "Ipv6Address.1", false, region_done);
    if (!spf_ip_may_cross_internet(&ip))
        return ask_by(ask, region, "PrivateIpAddresses", true, region_done);
    return ask_by(ask, region, "EipAddresses", true, elastic_done);
}

static void remember(void *list, const char *region)
{
    struct spf_id *id = spf_list_append(list, sizeof *id);

    if (id != NULL)
        (void)spf_copy(id->id, sizeof id->id, region);
}

/* Everything that could be asked has answered or failed, and the instance is nowhere. */
static void conclude(struct spf_ask *ask)
{
    struct spf_instance_facts *facts = &ask->inquiry->facts->instance;

    if (facts->regions_asked.count == 0 && ask->failure.cause != SPF_NO_FINDING) {
        spf_ask_finish(ask, &ask->failure);
        return;
    }
    facts->search = SPF_INSTANCE_NOWHERE;
    facts->every_region_asked = ask->searching && facts->regions_failed.count == 0;
    spf_ask_finish(ask, NULL);
}

static bool holds(const struct spf_id *ids, size_t count, const char *region)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(ids[i].id, region) == 0)
            return true;
    return false;
}

static struct spf_region *region_of(struct spf_ask *ask, const char *id)
{
    for (size_t i = 0; i < ask->region_count; i++)
        if (strcmp(ask->regions[i].id, id) == 0)
            return &ask->regions[i];
    return NULL;
}

/* Is there another place to ask the region at, by the API's own word? Once each. */
static bool learn(struct spf_ask *ask, const char *id)
{
    struct spf_region *region = region_of(ask, id);

    if (region == NULL || region->learned)
        return false;
    region->learned = true;
    return spf_places_learn(spf_api_places(ask->aliyun->api), id, region->endpoint);
}

static void forget_failure(struct spf_instance_facts *facts, const char *region)
{
    for (size_t i = 0; i < facts->regions_failed.count; i++)
        if (strcmp(facts->regions_failed.items[i].id, region) == 0)
            facts->regions_failed.items[i] =
                facts->regions_failed.items[--facts->regions_failed.count];
}

/* The region was asked before the search: it has answered, or there is no other place for it. */
static bool is_settled(struct spf_ask *ask, const char *region)
{
    struct spf_instance_facts *facts = &ask->inquiry->facts->instance;

    if (holds(facts->regions_asked.items, facts->regions_asked.count, region))
        return true;
    if (!holds(facts->regions_failed.items, facts->regions_failed.count, region))
        return false;
    if (!learn(ask, region))
        return true;
    forget_failure(facts, region);
    return false;
}

/* Keeps as many regions under way as may be; false if the ask is gone. */
static bool ask_more_regions(struct spf_ask *ask)
{
    size_t under_way = 0;

    for (const struct spf_errand *errand = ask->errands; errand != NULL; errand = errand->next)
        under_way++;
    while (ask->next_region < ask->region_count && under_way < REGIONS_AT_ONCE) {
        const char *region = ask->regions[ask->next_region++].id;

        if (is_settled(ask, region))
            continue;
        if (!ask_region(ask, region))
            return false;
        under_way++;
    }
    return true;
}

/* The region that the id suggests goes first. */
static void order_regions(struct spf_ask *ask)
{
    struct spf_region *hint = region_of(ask, ask->inquiry->facts->instance.region_hint);

    if (hint != NULL) {
        struct spf_region first = *hint;

        *hint = ask->regions[0];
        ask->regions[0] = first;
    }
    if (ask->region_count > REGIONS_MAX)
        ask->region_count = REGIONS_MAX;
}

/* The region that was given could not be asked where its name says: is there such a region? */
static void given_region(struct spf_ask *ask)
{
    const char *region = ask->inquiry->facts->credentials.region;

    if (region_of(ask, region) == NULL) {
        ask->inquiry->facts->instance.search = SPF_INSTANCE_REGION_UNKNOWN;
        spf_ask_finish(ask, NULL);
    } else if (learn(ask, region)) {
        (void)ask_region(ask, region);
    } else {
        spf_ask_finish(ask, &ask->failure);
    }
}

static void regions_done(struct spf_ask *ask, struct spf_errand *errand,
                         const struct spf_api_reply *reply)
{
    struct spf_instance_facts *facts = &ask->inquiry->facts->instance;
    struct spf_error error;

    (void)errand;
    if (reply->failure != NULL) {
        /* Where one region has answered, that answer stands; without any there is nothing to tell.
         */
        if (ask->failure.cause == SPF_NO_FINDING)
            ask->failure = *reply->failure;
        ask->searching = false;
        conclude(ask);
        return;
    }
    error = spf_parse_regions(reply->body, &ask->regions, &ask->region_count);
    if (error.code != SPF_OK) {
        spf_ask_finish_parsed(ask, error, "ecs:DescribeRegions", reply->request_id);
        return;
    }
    if (facts->region_was_given) {
        given_region(ask);
        return;
    }
    order_regions(ask);
    ask->searching = true;
    if (ask_more_regions(ask) && ask->errands == NULL)
        conclude(ask);
}

/* Would another region say the same? Then there is no point in asking it. */
static bool is_about_identity(enum spf_finding cause)
{
    switch (cause) {
    case SPF_ACCESS_KEY_UNKNOWN:
    case SPF_ACCESS_KEY_INACTIVE:
    case SPF_ACCESS_KEY_SECRET_WRONG:
    case SPF_TOKEN_EXPIRED:
    case SPF_TOKEN_INVALID:
    case SPF_CLOCK_SKEW:
    case SPF_SYSTEM_ERROR:
        return true;
    default:
        return false;
    }
}

static bool ask_for_regions(struct spf_ask *ask, const char *from)
{
    return spf_ask_call(ask, "ecs", "DescribeRegions", from, NULL, 0, "", regions_done);
}

/*
 * The first region could not be asked where its name says. Another place may know of it, or another
 * region have the instance, unless the user chose the one place where all are asked. A region that
 * was given and merely is silent is no riddle.
 */
static bool may_be_elsewhere(const struct spf_ask *ask, const struct spf_api_reply *reply)
{
    bool given = ask->inquiry->facts->instance.region_was_given;

    return !ask->searching && ask->regions == NULL &&
           !spf_places_fixed(spf_api_places(ask->aliyun->api)) &&
           (reply->misplaced || (!given && reply->failure->cause == SPF_API_UNREACHABLE));
}

static void region_failed(struct spf_ask *ask, const char *region,
                          const struct spf_api_reply *reply)
{
    struct spf_instance_facts *facts = &ask->inquiry->facts->instance;
    const struct spf_failure *failure = reply->failure;

    /* The first failure tells best: it is the one of the likeliest region. */
    if (ask->failure.cause == SPF_NO_FINDING)
        ask->failure = *failure;
    remember(&facts->regions_failed, region);
    if (may_be_elsewhere(ask, reply)) {
        ask_for_regions(ask, "");
    } else if (!ask->searching || is_about_identity(failure->cause)) {
        spf_ask_finish(ask, failure);
    } else if (reply->misplaced && learn(ask, region)) {
        forget_failure(facts, region);
        ask_region(ask, region);
    } else if (ask_more_regions(ask) && ask->errands == NULL)
        conclude(ask);
}

/* A refusal leaves the primary interface, which DescribeInstances has told all about. */
static void interfaces_done(struct spf_ask *ask, struct spf_errand *errand,
                            const struct spf_api_reply *reply)
{
    struct spf_error error = spf_ok();

    (void)errand;
    if (reply->failure == NULL)
        error = spf_parse_interfaces(reply->body, &ask->inquiry->facts->instance);
    spf_ask_finish_parsed(ask, error, "ecs:DescribeNetworkInterfaces", reply->request_id);
}

/*
 * Groups and elastic addresses of secondary interfaces are not in DescribeInstances. They matter if
 * the given host may be one of these addresses, or if the primary has no public one.
 */
static bool needs_interfaces(const struct spf_ask *ask)
{
    const struct spf_instance_facts *facts = &ask->inquiry->facts->instance;
    const char *host = ask->inquiry->target->host;
    bool secondary = false;
    struct spf_ip ip;

    for (size_t i = 0; i < facts->addresses.count; i++)
        secondary |= strcmp(facts->addresses.items[i].interface_id, facts->interface_id) != 0;
    if (!secondary)
        return false;
    if (host == NULL)
        return facts->addresses.items[0].class == SPF_CLASS_PRIVATE;
    for (size_t i = 0; spf_ip_parse(host, &ip) && i < facts->addresses.count; i++)
        if (spf_ip_equal(&facts->addresses.items[i].ip, &ip) &&
            strcmp(facts->addresses.items[i].interface_id, facts->interface_id) == 0)
            return false;
    return true;
}

static void found(struct spf_ask *ask)
{
    const struct spf_instance_facts *facts = &ask->inquiry->facts->instance;

    if (needs_interfaces(ask)) {
        const struct spf_sign_pair params[] = {
            {"RegionId", facts->region}, {"InstanceId", facts->id}, {"MaxResults", "100"}};

        /* The other regions that were asked at the same time do not matter any more. */
        spf_ask_drop_errands(ask);
        spf_ask_call(ask, "ecs", "DescribeNetworkInterfaces", facts->region, params,
                     SPF_COUNT(params), "", interfaces_done);
    } else {
        spf_ask_finish(ask, NULL);
    }
}

static void region_done(struct spf_ask *ask, struct spf_errand *errand,
                        const struct spf_api_reply *reply)
{
    struct spf_instance_facts *facts = &ask->inquiry->facts->instance;
    struct spf_error error;

    if (reply->failure != NULL) {
        /* A configured region that does not exist is no reason not to look elsewhere. */
        if (reply->failure->cause == SPF_REGION_UNKNOWN && !facts->region_was_given &&
            !ask->searching)
            ask_for_regions(ask, "");
        else
            region_failed(ask, errand->word, reply);
        return;
    }
    facts->seen = reply->date > 0 ? reply->date : spf_utc_now();
    facts->clock_off = reply->date > 0 ? reply->date - spf_utc_now() : 0;
    (void)spf_copy(facts->region, sizeof facts->region, errand->word);
    error = spf_parse_instance(reply->body, ask->inquiry->target->instance_id, facts);
    if (error.code != SPF_OK) {
        spf_ask_finish_parsed(ask, error, "ecs:DescribeInstances", reply->request_id);
        return;
    }
    remember(&facts->regions_asked, errand->word);
    if (facts->search == SPF_INSTANCE_FOUND)
        found(ask);
    else if (facts->search == SPF_INSTANCE_SEVERAL || facts->region_was_given)
        spf_ask_finish(ask, NULL);
    else if (!ask->searching)
        ask_for_regions(ask, errand->word);
    else if (ask_more_regions(ask) && ask->errands == NULL)
        conclude(ask);
}

void spf_ask_instance(struct spf_ask *ask)
{
    const struct spf_credentials_facts *credentials = &ask->inquiry->facts->credentials;
    struct spf_instance_facts *facts = &ask->inquiry->facts->instance;
    const char *id = ask->inquiry->target->instance_id;
    enum spf_instance_word kind;
    struct spf_error error;

    error = spf_instance_word(id, &kind, NULL);
    if (error.code != SPF_OK) {
        const struct spf_failure failure = spf_failure(SPF_INSTANCE_WORD_INVALID, "%s", error.text);

        spf_ask_finish(ask, &failure);
        return;
    }
    facts->region_was_given = ask->aliyun->options->credentials.region != NULL;
    (void)spf_copy(facts->region_hint, sizeof facts->region_hint, spf_region_hint(id));
    if (credentials->region[0] != '\0')
        ask_region(ask, credentials->region);
    else
        ask_for_regions(ask, "");
}
