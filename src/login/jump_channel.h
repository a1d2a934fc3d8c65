#pragma once

#include "login/jump_parts.h"

/* The jump begins as one of many on a connection that they share. False: it goes alone, at once. */
SPF_MUST_USE bool spf_jump_begin_channel(struct spf_jump *jump);
