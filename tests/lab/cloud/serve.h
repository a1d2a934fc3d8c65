/*
 * The HTTP(S) server. One thread per connection, all judging under one lock.
 */
#ifndef LAB_SERVE_H
#define LAB_SERVE_H

#include "world.h"

#include <stdint.h>

struct lab_serve_options {
    const struct lab_world *world; /* borrowed for the life of the process */
    uint16_t port;                 /* on 127.0.0.1; 0: any */
    const char *certificate;       /* PEM text, or NULL: plain HTTP */
    const char *private_key;       /* PEM text */
};

/* Starts to listen and returns the port; ends the program if it cannot. */
uint16_t lab_serve_start(const struct lab_serve_options *options);

#endif
