#include "cloud/ranges.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void spf_block_set(struct spf_block *block, const char *text)
{
    *block = (struct spf_block){0};
    spf_clean(block->text, sizeof block->text, text, strlen(text));
    (void)spf_cidr_parse(block->text, &block->cidr);
}

static bool parse_ports(const char *text, int *first, int *last)
{
    char *end;
    long a;
    long b;

    if (strcmp(text, "-1/-1") == 0 || strcmp(text, "-1") == 0) {
        *first = 0;
        *last = 65535;
        return true;
    }
    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    a = b = strtol(text, &end, 10);
    if (*end == '/') {
        if (!isdigit((unsigned char)end[1])) {
            return false;
        }
        b = strtol(end + 1, &end, 10);
    }
    if (*end != '\0' || b > 65535 || a > b) {
        return false;
    }
    *first = (int)a;
    *last = (int)b;
    return true;
}

void spf_ports_set(struct spf_ports *ports, const char *text)
{
    *ports = (struct spf_ports){0};
    spf_clean(ports->text, sizeof ports->text, text, strlen(text));
    ports->understood = parse_ports(ports->text, &ports->first, &ports->last);
}
