#pragma once

#include "pipeline/inquiry.h"

/*
 * SPF_GROUP_KEY and SPF_GROUP_FOUND_KEY for any number of targets: a key file is read once, and its
 * passphrase tried once, however many of them use it; a directory is searched once for each key
 * pair, but its files are read once for all. Both happen in worker threads, for a network file
 * system or a key derivation may block.
 */
struct spf_key_cache;

struct spf_key_cache *spf_key_cache_new(struct spf_loop *loop); /* NULL: no memory */
/* Calls nothing any more; work that still runs is abandoned and wipes what it holds. Before its
 * loop goes. Takes NULL. */
void spf_key_cache_free(struct spf_key_cache *cache);

/* Asks for a group of the inquiry's target; arrived is called once, at once or later, but not any
 * more for what the inquiry asked of this group before: that was about another key. */
void spf_key_cache_serve(struct spf_key_cache *cache, struct spf_inquiry *inquiry,
                         enum spf_group group);
/* Nothing is called for the inquiry and this group any more. */
void spf_key_cache_cancel(struct spf_key_cache *cache, struct spf_inquiry *inquiry,
                          enum spf_group group);
/* Directories are to be searched again: nobody waits for one. */
void spf_key_cache_forget_found(struct spf_key_cache *cache);
