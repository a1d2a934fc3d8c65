#pragma once

#include "pipeline/check.h"

/*
 * What must come before what: the table's needs and the groups' inputs, with what a target changes
 * of them. Pure; what is said here of single checks and groups run.c does not know.
 */

/* What must hold before the check is judged: the table's needs, and an address for the port. */
spf_checks spf_check_needs(const struct spf_target *target, int check);

/*
 * The selected checks and what they need, directly or not, for this target: net.port needs an
 * address, which is given or the instance's; authentication at a given host waits for
 * cloud.address.
 */
spf_checks spf_checks_with_needs(const struct spf_target *target);

/* False: the check is about an instance, and none was given. */
bool spf_check_applies(const struct spf_target *target, int check);

/* May the ssh configuration change what the check is about? Then it waits for it. */
bool spf_check_may_be_configured(const struct spf_target *target, int check);

/* The groups that must be there before the group can be asked for. asked: before a configuration.
 */
spf_groups spf_group_inputs(const struct spf_target *target, const struct spf_target *asked,
                            int group);

/* Do the cloud's facts say that packets will be dropped, so that silence need not be waited out? */
bool spf_silence_is_explained(const struct spf_facts *facts, const struct spf_result *results);
