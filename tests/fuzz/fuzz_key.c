#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "key/describe.h"
#include "key/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is handed over must be a key in order, and the same key. */
static void check_copy(const struct spf_secret *text, const struct spf_key_facts *of, bool login)
{
    struct spf_key_facts facts = {0};
    struct spf_secret *repaired = NULL;

    if (text == NULL) {
        return;
    }
    if (spf_key_read(spf_secret_view(text), spf_bytes_of(""), NULL, &facts, &repaired)) {
        assert(strcmp(facts.sha256, of->sha256) == 0);
        assert(!login || (facts.usable && facts.openssh_accepts));
    }
    spf_secret_free(repaired);
    spf_shape_clear(&spf_key_shape, &facts);
}

/* The whole reader: the first octet says how many of the last ones are the .pub file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spf_key_facts facts = {0};
    struct spf_secret *repaired = NULL;
    size_t pub = size > 0 ? data[0] : 0;
    char words[80];

    if (size == 0 || size > 1 << 16) {
        return 0;
    }
    data++;
    size--;
    pub = pub > size ? 0 : pub;
    if (spf_key_read((struct spf_bytes){data, size - pub},
                     (struct spf_bytes){data + size - pub, pub}, NULL, &facts, &repaired)) {
        spf_key_describe(&facts, words, sizeof words);
        assert(!facts.usable == (facts.login == NULL));
        assert(facts.damage[0] != '\0' || facts.openssh_accepts);
        check_copy(facts.login, &facts, true);
        check_copy(repaired, &facts, false);
    }
    spf_secret_free(repaired);
    spf_shape_clear(&spf_key_shape, &facts);
    return 0;
}
