#include "heap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool heap_each_block(void (*see)(const char *from, const char *to, void *context), void *context)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[300];
    bool any = false;

    if (maps == NULL) {
        return false;
    }
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t from;
        uintptr_t to;

        if (strstr(line, "[heap]") != NULL &&
            sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) == 2) {
            see((const char *)from, (const char *)to, context);
            any = true;
        }
    }
    (void)fclose(maps);
    return any;
}
