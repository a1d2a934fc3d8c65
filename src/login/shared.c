#include "login/shared.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "login/placeholder.h"
#include "openssh/known_hosts_files.h"

struct spf_login_shared *spf_login_shared_new(void)
{
    struct spf_login_shared *shared = calloc(1, sizeof *shared);

    if (shared == NULL) {
        return NULL;
    }
    shared->placeholder[0] = shared->placeholder[1] = -1;
    shared->known_hosts = spf_known_hosts_cache_new();
    shared->pace = spf_pace_new();
    if (shared->known_hosts != NULL && shared->pace != NULL) {
        return shared;
    }
    spf_login_shared_free(shared);
    return NULL;
}

void spf_login_shared_free(struct spf_login_shared *shared)
{
    if (shared == NULL) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (shared->placeholder[i] >= 0) {
            (void)close(shared->placeholder[i]);
        }
    }
    if (shared->known_hosts != NULL) {
        spf_known_hosts_cache_leave(shared->known_hosts);
    }
    spf_jump_leave_all(&shared->jumps);
    spf_pace_free(shared->pace);
    free(shared);
}

int spf_login_shared_placeholder(struct spf_login_shared *shared, int *far_end)
{
    if (shared->placeholder[0] < 0 && !spf_placeholder_open(shared->placeholder)) {
        shared->placeholder[0] = shared->placeholder[1] = -1;
        return -1;
    }
    *far_end = shared->placeholder[1];
    return fcntl(shared->placeholder[0], F_DUPFD_CLOEXEC, 0);
}
