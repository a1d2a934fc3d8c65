#pragma once

#include <stdbool.h>

#include "base/ip.h"

/*
 * Texts of the API that name a range, beside what they mean. They are read once, when the reply or
 * the record arrives; whoever compares thousands of rules reads no text. Set them only with these
 * functions, so that text and meaning agree.
 */
struct spf_block {
    char text[64];        /* a CIDR block or a lone address, as the API wrote it; "" none */
    struct spf_cidr cidr; /* family 0: there is no text, or it is no block; it then holds nothing */
};

struct spf_ports {
    char text[16];   /* "22/22", "22", "-1/-1" (all); "" none */
    bool understood; /* the text is one of these, and means: */
    int first;
    int last;
};

/* A text that does not fit is cut, as all text from outside is. */
void spf_block_set(struct spf_block *block, const char *text);
void spf_ports_set(struct spf_ports *ports, const char *text);
