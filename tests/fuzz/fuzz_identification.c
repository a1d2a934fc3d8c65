#include <stdint.h>
#include <stdlib.h>

#include "net/identification.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a server says first, in pieces: the first byte says how many bytes come at a time, and how
 * it ends. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spf_identification_facts facts = {0};
    struct spf_greeting greeting;
    size_t from = 1;
    size_t to = 1;
    size_t step;
    enum spf_greeting_end end;

    if (size == 0) {
        return 0;
    }
    step = (size_t)data[0] / 4 + 1;
    end = (enum spf_greeting_end)(1 + data[0] % 3);
    spf_greeting_init(&greeting, &facts);
    while (!greeting.decided && to < size) {
        to = to + step < size ? to + step : size;
        if (to - from > SPF_IDENTIFICATION_PEEK) {
            to = from + SPF_IDENTIFICATION_PEEK;
        }
        from +=
            spf_greeting_read(&greeting, (const char *)data + from, to - from, SPF_GREETING_OPEN);
        if (from > to) {
            abort();
        }
        if (to - from == SPF_IDENTIFICATION_PEEK && !greeting.decided) {
            abort(); /* it would wait for ever for what it cannot peek */
        }
    }
    if (!greeting.decided) {
        (void)spf_greeting_read(&greeting, (const char *)data + from, to - from, end);
    }
    if (!greeting.decided) {
        abort();
    }
    return 0;
}
