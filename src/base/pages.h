#pragma once

#include <stddef.h>

/*
 * Zeroed memory of its own pages, for large structures of which little is written: only what is
 * written to takes memory, also where the heap would give a used piece and wipe all of it. NULL: no
 * memory.
 */
void *spf_pages_new(size_t size);
void spf_pages_free(void *pages, size_t size); /* takes NULL */
