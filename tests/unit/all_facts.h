#ifndef SPF_TESTS_UNIT_ALL_FACTS_H
#define SPF_TESTS_UNIT_ALL_FACTS_H

#include <stdlib.h>

#include "pipeline/facts.h"

/* Every group's facts have their memory, for tests to write to; of facts that are all zero. */
static inline void open_all(struct spf_facts *facts)
{
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if (spf_facts_group(facts, (enum spf_group)i) == NULL) {
            abort();
        }
    }
}

/* Absent ones but for the key, which is borrowed. */
static inline struct spf_facts facts_of_key(struct spf_key_facts *key)
{
    struct spf_facts facts;

    spf_facts_init(&facts);
    facts.group[SPF_GROUP_KEY].phase = SPF_PRESENT;
    facts.key = key;
    return facts;
}

#endif
