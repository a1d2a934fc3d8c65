#include <assert.h>

#include "base/json.h"
#include "cloud/rules.h"

/* Rules as a record has them, evaluated for one source and for any source, which must agree. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_object *json = spf_json_parse((const char *)data, size);
    struct spf_rules_facts facts = {0};
    struct spf_rules_question question = {.port = 22, .family = 4};
    struct spf_rules_decision decision;
    struct spf_rules_any_source any;

    if (json != NULL && spf_shape_read(&spf_rules_shape, json, &facts).code == SPF_OK &&
        facts.rules.count < 200) {
        (void)spf_ip_parse("192.0.2.7", &question.source);
        decision = spf_rules_decide(&facts, &question);
        if (spf_rules_for_any_source(&facts, &question, &any)) {
            assert(decision.answer != SPF_RULES_ACCEPT || any.accepts_some);
            assert(decision.answer != SPF_RULES_DROP || any.denies_some);
            assert(decision.answer != SPF_RULES_NO_MATCH || any.denies_some);
            assert(decision.answer != SPF_RULES_UNCERTAIN || any.uncertain_for_some);
        }
        spf_shape_clear(&spf_rules_shape, &facts);
    }
    json_object_put(json);
    return 0;
}
