/* A record is hostile: reading it and serving every group from it must end well. */
#include <stdint.h>

#include "driver/record.h"

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    (void)inquiry;
    (void)group;
    (void)failure;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spf_record *record;

    if (spf_record_read((const char *)data, size, &record).code != SPF_OK)
        return 0;
    for (size_t i = 0; i < spf_record_count(record) && i < 4; i++) {
        struct spf_facts facts = {0};
        struct spf_inquiry inquiry = {
            .target = spf_record_target(record, i), .facts = &facts, .arrived = arrived};

        for (int group = 0; group < SPF_GROUP_COUNT; group++)
            spf_replay_serve(record, i, &inquiry, (enum spf_group)group);
        spf_facts_clear(&facts);
    }
    spf_record_free(record);
    return 0;
}
