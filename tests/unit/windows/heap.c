#include "heap.h"

#include <windows.h>

enum { HEAPS_MAX = 64 };

/* Free blocks as well: HeapWalk names them without PROCESS_HEAP_ENTRY_BUSY. */
static bool walk(HANDLE heap, void (*see)(const char *from, const char *to, void *context),
                 void *context)
{
    PROCESS_HEAP_ENTRY entry = {0};
    bool any = false;

    if (!HeapLock(heap)) {
        return false;
    }
    while (HeapWalk(heap, &entry)) {
        if ((entry.wFlags & (PROCESS_HEAP_REGION | PROCESS_HEAP_UNCOMMITTED_RANGE)) == 0) {
            see(entry.lpData, (const char *)entry.lpData + entry.cbData, context);
            any = true;
        }
    }
    (void)HeapUnlock(heap);
    return any;
}

/* malloc's is not always the process's own. */
bool heap_each_block(void (*see)(const char *from, const char *to, void *context), void *context)
{
    HANDLE heaps[HEAPS_MAX];
    const DWORD count = GetProcessHeaps(HEAPS_MAX, heaps);
    bool any = false;

    for (DWORD i = 0; i < count && i < HEAPS_MAX; i++) {
        any |= walk(heaps[i], see, context);
    }
    return any;
}
