#include "cli/accounts.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/ssh_options.h"
#include "cli/target_lines.h"
#include "cloud/instance_word.h"

/* What is the same for all accounts. */
static void complete(struct spf_account *account, const struct spf_round *round,
                     const struct spf_options *options)
{
    struct spf_cloud_options *cloud = &account->cloud;

    cloud->config_path = options->config_path;
    cloud->inside = options->vpc_endpoints != 0;
    cloud->ca_file = options->ca_file;
    cloud->endpoints = options->endpoints;
    cloud->endpoint_count = options->endpoint_count;
    cloud->trace = options->verbose > 0 ? round->trace : NULL;
    cloud->trace_owner = round->trace_owner;
}

/* --tag env=prod --vpc vpc-1, as it was given. */
static void add_selection(struct spf_buf *buf, const struct spf_options *options)
{
    spf_buf_addstr(buf, options->all ? "--all" : "");
    for (size_t i = 0; options->tags[i] != NULL; i++) {
        spf_buf_addf(buf, "%s--tag %s", buf->len > 0 ? " " : "", options->tags[i]);
    }
    if (options->vpc != NULL) {
        spf_buf_addf(buf, "%s--vpc %s", buf->len > 0 ? " " : "", options->vpc);
    }
}

/* "--region cn-hangzhou --profile prod", as far as they are given. */
static char *name_of(const struct spf_account *account)
{
    const char *const pairs[][2] = {{spf_region_word, account->cloud.region},
                                    {spf_profile_word, account->cloud.profile}};
    struct spf_buf name;

    spf_buf_init(&name, 400);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (pairs[i][1] != NULL) {
            spf_buf_addf(&name, "%s%s ", name.len > 0 ? " " : "", pairs[i][0]);
            spf_buf_add_clean(&name, pairs[i][1], strlen(pairs[i][1]), 150);
        }
    }
    return spf_buf_take(&name);
}

/* The instances chosen so far: two profiles may be the same account's. */
struct chosen {
    void *known; /* tsearch(3)'s tree of ids, which the targets own */
    size_t count;
};

static int compare_ids(const void *one, const void *other)
{
    return strcmp(one, other);
}

static void nothing(void *key)
{
    (void)key;
}

static struct spf_error add_chosen(struct spf_round *round, const struct spf_options *options,
                                   unsigned place, const char *id, struct chosen *chosen)
{
    const char *copy;

    if (tfind(id, &chosen->known, compare_ids) != NULL) {
        return spf_ok();
    }
    if (!spf_targets_own(&round->targets, id, &copy) ||
        tsearch(copy, &chosen->known, compare_ids) == NULL) {
        return spf_no_memory();
    }
    chosen->count++;
    return spf_targets_add_instance(&round->targets, options, place, copy);
}

static struct spf_error select_in(struct spf_round *round, const struct spf_options *options,
                                  unsigned place, int stop_fd, struct chosen *chosen)
{
    struct spf_account *account = round->targets.accounts.items[place];
    const struct spf_selection selection = {
        .tags = options->tags,
        .vpc = options->vpc,
        .timeout_ms = options->timeout_s * 1000,
        .deadline_ms = spf_now_ms() + (int64_t)options->deadline_s * 1000,
        .stop_fd = stop_fd,
    };
    spf_id_list ids = {0};
    struct spf_error error;

    complete(account, round, options);
    error = spf_cloud_select(&account->cloud, &selection, &ids, &account->cloud.listing);
    for (size_t i = 0; error.code == SPF_OK && i < ids.count; i++) {
        error = add_chosen(round, options, place, ids.items[i].id, chosen);
    }
    free(ids.items);
    return error;
}

/* The accounts that were asked, and what became of it. */
struct tour {
    struct chosen chosen;
    size_t asked, failed;
    struct spf_error first; /* of those that failed */
};

static struct spf_error visit(struct spf_round *round, const struct spf_options *options,
                              size_t profile, size_t region, int stop_fd, struct tour *tour)
{
    unsigned place;
    struct spf_error error = spf_account_of(&round->targets, options->regions[region],
                                            options->profiles[profile], &place);

    if (error.code != SPF_OK) {
        return error;
    }
    error = select_in(round, options, place, stop_fd, &tour->chosen);
    tour->asked++;
    if (error.code != SPF_ERR_SYS && error.code != SPF_ERR_USAGE) {
        return error;
    }
    if (tour->failed++ == 0) {
        tour->first = error;
    }
    return spf_targets_leave_out(&round->targets, name_of(round->targets.accounts.items[place]),
                                 error.text);
}

static struct spf_error judge_tour(const struct tour *tour, const struct spf_options *options)
{
    struct spf_error error;
    struct spf_buf said;

    if (tour->failed == tour->asked) {
        return tour->first;
    }
    if (tour->chosen.count > 0 || tour->failed > 0) {
        return spf_ok();
    }
    spf_buf_init(&said, 150);
    add_selection(&said, options);
    error =
        tour->asked == 1
            ? spf_usage("no instance of the region is selected by %s", said.data)
            : spf_usage("no instance of these regions and profiles is selected by %s", said.data);
    spf_buf_clear(&said);
    return error;
}

struct spf_error spf_accounts_select(struct spf_round *round, const struct spf_options *options,
                                     int stop_fd)
{
    struct spf_error error;
    struct tour tour = {0};
    size_t profile = 0;

    do {
        size_t region = 0;

        do {
            error = visit(round, options, profile, region, stop_fd, &tour);
        } while (error.code == SPF_OK && options->regions[region] != NULL &&
                 options->regions[++region] != NULL);
    } while (error.code == SPF_OK && options->profiles[profile] != NULL &&
             options->profiles[++profile] != NULL);
    tdestroy(tour.chosen.known, nothing);
    return error.code == SPF_OK ? judge_tour(&tour, options) : error;
}

/* What tells one account from the others of the run, for people. */
static struct spf_error name_accounts(struct spf_targets *targets, const char **names)
{
    const struct spf_account *first = targets->accounts.items[0];
    bool by_region = false;
    bool by_profile = false;

    for (size_t i = 1; i < targets->accounts.count; i++) {
        const struct spf_cloud_options *cloud = &targets->accounts.items[i]->cloud;

        by_region |= !spf_same_text(cloud->region, first->cloud.region);
        by_profile |= !spf_same_text(cloud->profile, first->cloud.profile);
    }
    for (size_t i = 0; (by_region || by_profile) && i < targets->accounts.count; i++) {
        const struct spf_cloud_options *cloud = &targets->accounts.items[i]->cloud;
        const char *region = by_region && cloud->region != NULL ? cloud->region : "";
        const char *profile = by_profile && cloud->profile != NULL ? cloud->profile : "";
        char name[200];

        spf_format(name, sizeof name, "%s%s%s", region,
                   region[0] != '\0' && profile[0] != '\0' ? ", " : "", profile);
        if (name[0] != '\0' && !spf_targets_own(targets, name, &names[i])) {
            return spf_no_memory();
        }
    }
    return spf_ok();
}

struct spf_error spf_accounts_ready(struct spf_round *round, const struct spf_options *options)
{
    struct spf_targets *targets = &round->targets;
    const char *names[SPF_ACCOUNTS_MAX] = {NULL};
    struct spf_error error = targets->accounts.count > 1 ? name_accounts(targets, names) : spf_ok();

    if (error.code != SPF_OK) {
        return error;
    }
    for (size_t i = 0; i < targets->accounts.count; i++) {
        complete(targets->accounts.items[i], round, options);
    }
    for (size_t i = 0; i < targets->list.count; i++) {
        struct spf_target *target = targets->list.items[i];
        struct spf_account *account = targets->accounts.items[target->account];
        enum spf_instance_word kind;
        const char **place;

        target->account_name = names[target->account];
        if (target->instance_id == NULL ||
            spf_instance_word(target->instance_id, &kind, NULL).code != SPF_OK ||
            kind != SPF_WORD_ID) {
            continue;
        }
        place = SPF_APPEND(&account->instances);
        if (place == NULL) {
            return spf_no_memory();
        }
        *place = target->instance_id;
    }
    return spf_ok();
}
