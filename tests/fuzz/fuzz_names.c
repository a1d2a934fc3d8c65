#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/names_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_loopback(const void *owner, struct spf_bytes address)
{
    (void)owner;
    return spf_bytes_are(address, "127.0.0.1");
}

static unsigned lines_of(const char *text, size_t len)
{
    unsigned lines = 1;

    for (size_t i = 0; i < len; i++) {
        lines += text[i] == '\n';
    }
    return lines;
}

/* A hosts file, and the same bytes as the reply of a name server. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t question[12] = {0x12, 0x34};
    enum spf_lookup_outcome outcome = SPF_LOOKUP_SILENT;
    const char *said = NULL;
    unsigned line;

    line = spf_hosts_line((const char *)data, size, "web", is_loopback, NULL);
    if (line > lines_of((const char *)data, size)) {
        abort();
    }
    if (spf_name_reply_read(data, size, question, &outcome, &said) != (said != NULL)) {
        abort();
    }
    return 0;
}
