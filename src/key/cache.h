#pragma once

#include "pipeline/inquiry.h"

/*
 * SPF_GROUP_KEY and SPF_GROUP_FOUND_KEY for any number of targets: a key file is read once, and its
 * passphrase tried once, however many of them use it; a directory is searched once for each key
 * pair, but its files are read once for all. The cache keeps the keys; an inquiry's login_key and
 * certificate are borrowed from it.
 */
struct spf_key_cache;

struct spf_key_cache *spf_key_cache_new(struct spf_loop *loop); /* NULL: no memory */
/* All login keys that were lent are gone; calls nothing any more. Takes NULL. */
void spf_key_cache_free(struct spf_key_cache *cache);

/* Asks for a group of the inquiry's target; arrived is called once, at once or later. */
void spf_key_cache_serve(struct spf_key_cache *cache, struct spf_inquiry *inquiry,
                         enum spf_group group);
/* Nothing is called for the inquiry and this group any more. */
void spf_key_cache_cancel(struct spf_key_cache *cache, struct spf_inquiry *inquiry,
                          enum spf_group group);
/* Directories are to be searched again: nobody waits for one. */
void spf_key_cache_forget_found(struct spf_key_cache *cache);
