#ifndef SPF_TESTS_UNIT_EVIDENCE_H
#define SPF_TESTS_UNIT_EVIDENCE_H

#include "pipeline/result.h"

/* The text of an evidence member, borrowed; NULL if there is none or it is not a string. The
 * program itself only writes evidence. */
static inline const char *evidence_text(const struct spf_result *result, const char *name)
{
    struct json_object *member = NULL;

    if (!json_object_object_get_ex(result->evidence, name, &member) ||
        !json_object_is_type(member, json_type_string)) {
        return NULL;
    }
    return json_object_get_string(member);
}

#endif
