#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "login/offers.h"
#include "login/pcap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A capture file, as libssh writes it from what a hostile server sends. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spf_seen seen = {0};

    spf_seen_read(&seen, data, size);
    spf_seen_read(&seen, data, size);
    for (int i = 0; i < SPF_OFFER_LISTS; i++) {
        if (seen.server[i] != NULL && strlen(seen.server[i]) > SPF_NAMES_MAX) {
            abort();
        }
    }
    (void)spf_offers_judge(&seen);
    spf_seen_clear(&seen);
    return 0;
}
