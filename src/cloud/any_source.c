#include "cloud/any_source.h"

#include <stdlib.h>
#include <string.h>

/* RFC 6890's blocks that no router of the internet forwards; what follows a block is a range, too.
 */
static const struct spf_cidr not_internet[] = {
    {{4, {0}}, 8},         {{4, {10}}, 8},        {{4, {100, 64}}, 10},
    {{4, {127}}, 8},       {{4, {169, 254}}, 16}, {{4, {172, 16}}, 12},
    {{4, {192, 168}}, 16}, {{4, {224}}, 3},       {{6, {0}}, 3}, /* ::/3 */
    {{6, {0x40}}, 2},      {{6, {0x80}}, 1},
};

bool spf_ip_may_cross_internet(const struct spf_ip *ip)
{
    for (size_t i = 0; i < sizeof not_internet / sizeof *not_internet; i++) {
        if (spf_cidr_holds(&not_internet[i], ip)) {
            return false;
        }
    }
    return ip->family != 0;
}

static bool add(struct spf_any_source *any, const struct spf_ip *ip)
{
    struct spf_ip *slot;

    if (any->internet && !spf_ip_may_cross_internet(ip)) {
        return true;
    }
    slot = SPF_APPEND(&any->addresses);
    if (slot == NULL) {
        return false;
    }
    *slot = *ip;
    return true;
}

/* The first address of the block and the first one after it. */
bool spf_any_source_cut(struct spf_any_source *any, const struct spf_cidr *block)
{
    struct spf_ip ip;
    size_t octets;
    unsigned carry = 1;

    if (block->ip.family != any->family) {
        return true;
    }
    ip = block->ip;
    octets = ip.family == 4 ? 4 : 16;
    for (size_t i = 0; i < octets; i++) {
        unsigned kept = block->bits > 8 * i ? block->bits - 8 * (unsigned)i : 0;

        if (kept < 8) {
            ip.octets[i] &= (uint8_t)(0xff00u >> kept);
        }
    }
    if (!add(any, &ip)) {
        return false;
    }

    for (size_t i = octets; i-- > 0;) {
        unsigned kept = block->bits > 8 * i ? block->bits - 8 * (unsigned)i : 0;
        unsigned sum = kept >= 8 ? ip.octets[i] + carry : (ip.octets[i] | (0xffu >> kept)) + carry;

        ip.octets[i] = (uint8_t)sum;
        carry = sum >> 8;
    }
    return carry != 0 || add(any, &ip); /* nothing comes after the last block */
}

bool spf_any_source_init(struct spf_any_source *any, int family, bool internet)
{
    const struct spf_cidr all = {{(uint8_t)family, {0}}, 0};

    memset(any, 0, sizeof *any);
    any->family = family;
    any->internet = internet;
    if (!spf_any_source_cut(any, &all)) {
        return false;
    }
    if (!internet) {
        return true;
    }
    for (size_t i = 0; i < sizeof not_internet / sizeof *not_internet; i++) {
        if (!spf_any_source_cut(any, &not_internet[i])) {
            return false;
        }
    }
    return true;
}

void spf_any_source_clear(struct spf_any_source *any)
{
    free(any->addresses.items);
    memset(any, 0, sizeof *any);
}
