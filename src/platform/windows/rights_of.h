#pragma once

#include <stdbool.h>

/* For the files of this directory. */

/* Leaves a file's access list with this user (to read, or to do anything; and to change who may)
 * and nobody else. */
bool spf_rights_close(void *handle, bool to_read);

/* What of a file's rights a mode would say: it belongs to none of those whom ssh trusts, or others
 * may change it. False: neither, or who may do what cannot be found out. */
struct spf_rights_told {
    bool foreign, writable;
};
struct spf_rights_told spf_rights_tell(void *handle);

/* Does this user own a pipe? */
bool spf_rights_own(void *pipe);

/* A security descriptor for a new file that is this user's alone; to be freed with LocalFree. NULL:
 * it could not be made, and the file gets what its directory passes on. */
void *spf_rights_of_own(void);
