#ifndef SPF_TESTS_UNIT_EVIDENCE_H
#define SPF_TESTS_UNIT_EVIDENCE_H

#include "base/json.h"
#include "pipeline/result.h"

/* An evidence member, the caller's; NULL if there is none. The program itself only writes evidence.
 */
static inline struct json_object *evidence_member(const struct spf_result *result, const char *name)
{
    struct json_object *evidence = spf_result_evidence(result);
    struct json_object *member = json_object_get(spf_json_get(evidence, name));

    json_object_put(evidence);
    return member;
}

/* Its text, borrowed; NULL if there is none or it is not a string. */
static inline const char *evidence_text(const struct spf_result *result, const char *name)
{
    struct json_object *member = evidence_member(result, name);
    const bool is_text = json_object_is_type(member, json_type_string);

    json_object_put(member);
    return is_text ? spf_notes_text(result->evidence, name) : NULL;
}

/* How many a list has. */
static inline size_t evidence_count(const struct spf_result *result, const char *name)
{
    struct json_object *member = evidence_member(result, name);
    const size_t count = spf_json_count(member);

    json_object_put(member);
    return count;
}

#endif
