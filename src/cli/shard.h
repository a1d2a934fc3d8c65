#pragma once

#include "cli/options.h"

/*
 * --shard: one of so many parts of the targets, for an engine that runs many processes on many
 * machines. "3/10"; "auto/10", where the engine says which; "auto", where it says how many, too.
 * SPF_ERR_USAGE says what is missing.
 */
SPF_MUST_USE
struct spf_error spf_shard_parse(const char *text, unsigned *index, unsigned *count);

/* The part that a target is in, from 1: by what it is alone, so that no order of a list and no
 * other target changes it. */
unsigned spf_shard_of(const struct spf_target *target, unsigned count);

/* What the part comes of. */
uint64_t spf_shard_hash(const struct spf_target *target);
