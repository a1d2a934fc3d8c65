#ifndef SPF_KEY_SHELF_H
#define SPF_KEY_SHELF_H

#include "pipeline/inquiry.h"

/*
 * SPF_GROUP_KEY and SPF_GROUP_FOUND_KEY for any number of targets: a key file is read once, and its
 * passphrase tried once, however many of them use it; a directory is searched once for each key
 * pair. The shelf keeps the keys; an inquiry's login_key and certificate are borrowed from it.
 */
struct spf_key_shelf;

struct spf_key_shelf *spf_key_shelf_new(struct spf_loop *loop); /* NULL: no memory */
/* All login keys that were lent are gone; calls nothing any more. Takes NULL. */
void spf_key_shelf_free(struct spf_key_shelf *shelf);

/* Asks for a group of the inquiry's target; arrived is called once, at once or later. */
void spf_key_shelf_serve(struct spf_key_shelf *shelf, struct spf_inquiry *inquiry,
                         enum spf_group group);
/* Nothing is called for the inquiry and this group any more. */
void spf_key_shelf_cancel(struct spf_key_shelf *shelf, struct spf_inquiry *inquiry,
                          enum spf_group group);
/* Directories are to be searched again: nobody waits for one. */
void spf_key_shelf_forget_found(struct spf_key_shelf *shelf);

#endif
