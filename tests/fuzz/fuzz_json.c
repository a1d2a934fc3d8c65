#include <assert.h>
#include <string.h>

#include "base/json.h"

/* Any bytes as JSON: what is read can be written and read again, to the same; and Go reads it, too.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct json_object *json = spf_json_parse(text, size);
    struct json_object *as_go = spf_json_parse_as_go(text, size);

    assert(json == NULL || as_go != NULL);
    if (json != NULL) {
        const char *written = json_object_to_json_string(json);
        struct json_object *again = spf_json_parse(written, strlen(written));

        assert(again != NULL && json_object_equal(json, again));
        json_object_put(again);
    }
    json_object_put(json);
    json_object_put(as_go);
    return 0;
}
