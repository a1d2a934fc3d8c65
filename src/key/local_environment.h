#pragma once

#include "key/facts.h"

/* Looks at this machine; sends nothing, waits for nothing. What can't be seen is left empty. */
void spf_local_environment_look(struct spf_local_environment_facts *facts);
