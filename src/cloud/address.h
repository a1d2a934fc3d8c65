#pragma once

#include <stdbool.h>

#include "cloud/facts.h"
#include "pipeline/facts.h"
#include "pipeline/target.h"

/*
 * Which address of the instance to dial, and from which address we come. Pure: instance facts, this
 * machine's interfaces (the local environment, when it is there) and the command line decide. The
 * API's label decides what is public, never the number.
 */

/*
 * The address to dial: the host given, if it is a literal of the instance's; without a host by
 * --address: auto takes an elastic or public one, else IPv6 if this machine has a global route,
 * else a private one if it lies in a network of ours. -4 and -6 leave the other family out. False:
 * none.
 */
bool spf_cloud_dial_address(const struct spf_target *target, const struct spf_facts *facts,
                            struct spf_address *out);

/*
 * The address whose rules are judged: that one; where a foreign host is given the one to which a
 * NAT gateway forwards it, or the one that would be dialled without it; else some public one,
 * behind which stands the primary interface.
 */
struct spf_address spf_cloud_judged_address(const struct spf_target *target,
                                            const struct spf_facts *facts);

/* The interface that has the address; NULL: the primary, of which no more is known. Borrowed. */
const struct spf_interface *spf_cloud_interface(const struct spf_instance_facts *instance,
                                                const struct spf_address *address);
/* Its vSwitch. Borrowed. */
const char *spf_cloud_vswitch(const struct spf_instance_facts *instance,
                              const struct spf_address *address);

/* The instance's address record for an address; NULL if it is not the instance's. Borrowed. */
const struct spf_address *spf_cloud_owns(const struct spf_instance_facts *instance,
                                         const struct spf_ip *ip);

/* The address that is being tried: the host if it is a literal, else what connect(2) was given. */
bool spf_cloud_tried_address(const struct spf_target *target, const struct spf_facts *facts,
                             struct spf_ip *out);

/*
 * Where a NAT gateway forwards the port of its public address, if that is one of the instance's
 * private ones: *inside is its port. NULL: there is no such entry, or the gateway is not known.
 */
const struct spf_forward *spf_cloud_forward(const struct spf_target *target,
                                            const struct spf_facts *facts, uint16_t *inside);

/* Has the instance an address of the class that could be dialled? */
bool spf_cloud_has_class(const struct spf_instance_facts *instance, enum spf_address_class class);

/* Where rules will see us come from. */
enum spf_source_kind {
    SPF_SOURCE_GIVEN,            /* --source-ip */
    SPF_SOURCE_OWN,              /* an address of our own interface */
    SPF_SOURCE_SEEN,             /* by the server, whose session told it */
    SPF_SOURCE_LOOKED_UP,        /* by the service of --source-ip=lookup: */
    SPF_SOURCE_NOT_YET,          /* our end of the connection will tell: the TCP group */
    SPF_SOURCE_NOT_ASKED,        /* that service will: the lookup group */
    SPF_SOURCE_OF_JUMP_INSTANCE, /* the instance that is the jump host: the group of that name */
    SPF_SOURCE_UNKNOWN,
};

/* Is it known that the first jump host is reached by a public IPv4 address? */
bool spf_cloud_jump_is_public(const struct spf_facts *facts);

/*
 * For packets to `dialled`: the address given or, over the internet, looked up; else our own if
 * packets keep it on the way: a public one towards the internet, any one towards a private address;
 * else what the server has seen. Wants the local environment to be present.
 */
enum spf_source_kind spf_cloud_source(const struct spf_target *target,
                                      const struct spf_facts *facts,
                                      const struct spf_address *dialled, struct spf_ip *out);

/* "public", "elastic", "ipv6", "private" */
const char *spf_address_class_name(enum spf_address_class class);

/* May the host that is tried be an address of the instance that could not be read? Then of which
 * interface it is is not known. */
bool spf_cloud_judged_in_doubt(const struct spf_target *target, const struct spf_facts *facts);
