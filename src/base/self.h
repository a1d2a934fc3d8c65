#ifndef SPF_BASE_SELF_H
#define SPF_BASE_SELF_H

#include <limits.h>
#include <stdbool.h>

/* The user who runs this, as the password database has him. */
struct spf_self {
    char name[256];
    char home[PATH_MAX];
};

/* False, and both empty: the database has no such user. From any thread. */
bool spf_self(struct spf_self *self);

#endif
