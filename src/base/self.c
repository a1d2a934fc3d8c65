#include "base/self.h"

#include <pwd.h>
#include <unistd.h>

#include "base/text.h"

bool spf_self(struct spf_self *self)
{
    char text[16384];
    struct passwd entry, *found = NULL;

    *self = (struct spf_self){0};
    if (getpwuid_r(getuid(), &entry, text, sizeof text, &found) != 0 || found == NULL)
        return false;
    (void)spf_copy(self->name, sizeof self->name, found->pw_name);
    (void)spf_copy(self->home, sizeof self->home, found->pw_dir);
    return true;
}
