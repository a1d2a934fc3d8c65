#pragma once

#include "base/text.h"
#include "cloud/facts.h"
#include "cloud/selection.h"
#include "pipeline/inquiry.h"

/*
 * The cloud's room, as the command line and the driver see it: one probe that serves the groups of
 * SPF_CLOUD_GROUPS, and what an option needs to know of it. cloud.c alone says whose cloud that is.
 *
 * The room knows what can be known of an instance (facts.h), what it means (a *_check.c for each
 * check; address.h and rules.h evaluate for them), and, below a vendor's directory, how it is
 * learnt. Facts and checks include base and pipeline alone and belong to the core; a vendor's
 * directory includes them, and nobody includes it but cloud.c. An API action is called where its
 * group is served (aliyun/aliyun.c), its reply read in a parse_*.c there, its grant listed in
 * aliyun/policy.c; the cause that follows is concluded by a check here.
 */
struct spf_cloud;

#define SPF_CLOUD_ENDPOINTS_MAX 16

/* All borrowed for the probe's life; NULL: not given. */
struct spf_cloud_options {
    const char *profile, *config_path, *region;
    bool inside;                  /* call the endpoints that are reached from inside a VPC */
    const char *ca_file;          /* NULL: the system's */
    const char *const *endpoints; /* [PRODUCT=]URL, each taken by spf_cloud_endpoint_check */
    size_t endpoint_count;
    /* A line for each attempt: method host action status request-id ms. NULL: none. */
    void (*trace)(void *owner, const char *line);
    void *trace_owner;
    struct spf_listing *listing; /* instances that need not be asked about once more; NULL */
};

/* One client for any number of targets. Nothing is read or called before the first group is asked
 * for. NULL: no memory. */
struct spf_cloud *spf_cloud_new(struct spf_loop *loop, const struct spf_cloud_options *options);
/*
 * From now on what several targets ask is asked once, and their instances, of which these ids are
 * known beforehand, many at a time; what was learnt so before is asked again. ids are borrowed.
 * Nothing may be under way. False: no memory, and each target asks for itself.
 */
bool spf_cloud_share(struct spf_cloud *cloud, const char *const *ids, size_t count);
/* What is under way is dropped. Takes NULL. */
void spf_cloud_free(struct spf_cloud *cloud);
/* Asks for a group; inquiry->arrived is called once, at once or later. */
void spf_cloud_serve(struct spf_cloud *cloud, struct spf_inquiry *inquiry, enum spf_group group);
/* Drops all that is asked for the inquiry; nothing is called for it any more. */
void spf_cloud_cancel(struct spf_cloud *cloud, struct spf_inquiry *inquiry);

/*
 * The ids of those that the selection fits, in the API's order, and *listing, which is the caller's
 * (NULL without memory). Runs a loop of its own, and returns
 * when it is done. SPF_ERR_SYS, with a sentence for a person, where the cloud could not be asked;
 * SPF_ERR_USAGE where no region is known.
 */
SPF_MUST_USE
struct spf_error spf_cloud_select(const struct spf_cloud_options *options,
                                  const struct spf_selection *selection, spf_id_list *ids,
                                  struct spf_listing **listing);

/* Is the text an endpoint, [PRODUCT=]URL? SPF_ERR_USAGE says what is wrong. */
SPF_MUST_USE struct spf_error spf_cloud_endpoint_check(const char *text);
/* Can the URL be asked for our address? SPF_ERR_USAGE says what is wrong. host receives its host,
 * for people. */
SPF_MUST_USE struct spf_error spf_cloud_lookup_check(const char *url, char *host, size_t size);

/*
 * The least-privilege policy for a set of checks, as JSON with a line feed at its end: every action
 * that the probe may call for them and that needs a grant. console: the console is read in any
 * case. False when memory ran out.
 */
SPF_MUST_USE bool spf_cloud_policy(spf_checks checks, bool console, struct spf_buf *out);

/* Calls name for each profile of the configuration file with the value of that member ("name",
 * "region_id"), in the file's order; never where there is no such file. */
void spf_cloud_profiles(const char *config_path, const char *member,
                        void (*name)(void *owner, const char *value), void *owner);
