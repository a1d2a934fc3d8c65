#ifndef SPF_CLOUD_EVERYBODY_H
#define SPF_CLOUD_EVERYBODY_H

#include <stdbool.h>

#include "base/ip.h"
#include "base/shape.h"

/*
 * A few addresses that stand for all: rules made of CIDR blocks cut the address space into ranges,
 * and treat every address of a range alike. So the first address of each range is enough to know
 * what the rules do to any source.
 */
struct spf_everybody {
    int family;
    bool internet; /* leave out those that cannot come from the internet */
    SPF_LIST(struct spf_ip) addresses;
};

/* Starts with the ranges that the address space itself has. False when memory ran out. */
bool spf_everybody_init(struct spf_everybody *everybody, int family, bool internet);
/* Takes a block's borders in; blocks of the other family, or of none, change nothing. */
bool spf_everybody_cut(struct spf_everybody *everybody, const struct spf_cidr *block);
void spf_everybody_clear(struct spf_everybody *everybody);

/* Could packets with this source come over the internet? Documentation blocks count as if. */
bool spf_ip_may_cross_internet(const struct spf_ip *ip);

#endif
