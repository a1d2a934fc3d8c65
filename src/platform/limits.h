#pragma once

#include <stddef.h>

#include "base/error.h"

/*
 * Makes room within this process's own limits (getrlimit(2)): soft limits on open files and on the
 * stack are raised as far as the hard ones allow, and threads get a stack that does not depend on
 * them. SPF_ERR_SYS names the limit that is too low to go on: running into it in the middle would
 * look like a fault of the network or of the cloud. Once, at start, before there are threads.
 */
SPF_MUST_USE struct spf_error spf_limits_prepare(void);

/*
 * So many targets may be under way at once, of those wanted, at least one: the limit on open files
 * is raised as far as it may be, and the others wait.
 */
size_t spf_limits_jobs(size_t wanted);
