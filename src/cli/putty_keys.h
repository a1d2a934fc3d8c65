#pragma once

#include "cli/options.h"

/*
 * With which keys a command of PuTTY's would log in (putty/ssh/userauth2-client.c): a file of -i
 * that it can use is the only key, be it that the agent signs with it. Without -i, and after a file
 * that it says it can't use, it offers what the agent holds, one by one; the options then say so as
 * an ssh would be told that has no configuration and no file. What is kept of it is the options'.
 */
SPF_MUST_USE struct spf_error spf_putty_choose_keys(struct spf_options *options);
