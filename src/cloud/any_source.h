#pragma once

#include <stdbool.h>

#include "base/ip.h"
#include "base/shape.h"

/*
 * A few addresses that stand for all: rules made of CIDR blocks cut the address space into ranges,
 * and treat every address of a range alike. So the first address of each range is enough to know
 * what the rules do to any source.
 */
struct spf_any_source {
    int family;
    bool internet; /* leave out those that cannot come from the internet */
    SPF_LIST(struct spf_ip) addresses;
};

/* Starts with the ranges that the address space itself has. False when memory ran out. */
bool spf_any_source_init(struct spf_any_source *any, int family, bool internet);
/* Takes a block's borders in; blocks of the other family, or of none, change nothing. */
bool spf_any_source_cut(struct spf_any_source *any, const struct spf_cidr *block);
void spf_any_source_clear(struct spf_any_source *any);

/* Could packets with this source come over the internet? Documentation blocks count as if. */
bool spf_ip_may_cross_internet(const struct spf_ip *ip);
