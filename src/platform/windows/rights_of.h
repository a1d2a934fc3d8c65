#ifndef SPF_PLATFORM_WINDOWS_RIGHTS_OF_H
#define SPF_PLATFORM_WINDOWS_RIGHTS_OF_H

#include <stdbool.h>

/* For the files of this directory. */

/* Leaves a file's access list with this user (to read, and to change who may) and nobody else. */
bool spf_rights_close(void *handle);

/* A security descriptor for a new file that is this user's alone; to be freed with LocalFree. NULL:
 * it could not be made, and the file gets what its directory passes on. */
void *spf_rights_of_own(void);

#endif
