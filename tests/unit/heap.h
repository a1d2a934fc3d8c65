#ifndef SPF_TESTS_HEAP_H
#define SPF_TESTS_HEAP_H

#include <stdbool.h>

/*
 * Calls see for each readable part of this process's heap, freed memory included. False: the
 * system did not say where the heap is.
 */
bool heap_each_block(void (*see)(const char *from, const char *to, void *context), void *context);

#endif
