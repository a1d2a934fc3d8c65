#ifndef SPF_KEY_SURROUNDINGS_H
#define SPF_KEY_SURROUNDINGS_H

#include "key/facts.h"

/* Looks at this machine; sends nothing, waits for nothing. What can't be seen is left empty. */
void spf_surroundings_look(struct spf_surroundings_facts *facts);

#endif
