#pragma once

#include "cloud/address.h"
#include "pipeline/check.h"

/* What the judges of rules and of network ACLs share: the way that packets take. */
struct spf_path {
    struct spf_address dialled;
    struct spf_ip source; /* family 0: not known */
    enum spf_source_kind source_kind;
    bool internet; /* the packets come over the internet */
    uint16_t port; /* as the rules see it: behind a NAT gateway it may be another one */
};

/*
 * The address that is dialled and where we come from. Where no address can be dialled (a foreign
 * host, a private address only), the path is the one from the internet, for which rules are
 * written. True if facts are missing; *opinion is then what to return.
 */
SPF_MUST_USE
bool spf_path_lacks(const struct spf_view *view, struct spf_path *path,
                    struct spf_opinion *opinion);

/* The same, and the group as well. */
SPF_MUST_USE
bool spf_path_or_lacks(const struct spf_view *view, enum spf_group group, struct spf_path *path,
                       struct spf_opinion *opinion);

/*
 * source_ip, where it comes from (source_from), source_cidr ("203.0.113.7/32") and source_option,
 * the API's parameter for such a block.
 */
void spf_note_source(struct spf_result *result, const struct spf_view *view,
                     const struct spf_path *path);

/* "203.0.113.7", with who says so where it was looked up; "everybody" where it is not known. */
void spf_source_words(char *out, size_t size, const struct spf_view *view,
                      const struct spf_path *path);

/* The conclusion where it depends on a source that is not known; says why a lookup did not help. */
struct spf_opinion spf_source_unknown(enum spf_finding finding, const struct spf_view *view,
                                      struct spf_result *result);
