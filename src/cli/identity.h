#pragma once

#include "pipeline/target.h"
#include "platform/home.h"

/*
 * Which target of a list it is: all of its line that decides what is checked, as it was given and
 * not as a configuration makes it. Records and lines of ndjson have it, --resume and --baseline
 * find a target again by it, and two targets of one identity are asked once.
 */

/* A stable hash of texts: FNV-1a of 64 bits, with the end of each text. */
#define SPF_HASH_BEGIN UINT64_C(14695981039346656037)
uint64_t spf_hash_text(uint64_t hash, const char *text); /* NULL is "" */
uint64_t spf_hash_end(uint64_t hash);

/* What paths are relative to, and what stands for "~" in them. */
struct spf_place {
    struct spf_homes homes;
    char directory[PATH_MAX]; /* "": not known */
    bool known;
};
/* Finds them, the first time. */
void spf_place_find(struct spf_place *place);

/*
 * Never 0. No secret can be read from it. Paths are the same however they are spelled ("-F cfg",
 * "-F ./cfg"); files are not looked at. How long is waited and which checks are selected is not
 * part of it. region: whose instance it is; NULL: not given. Without memory a path counts as it is
 * spelled.
 */
uint64_t spf_target_identity(const struct spf_target *target, const char *region,
                             const struct spf_place *place);
