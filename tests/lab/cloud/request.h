/*
 * One call as it came over the wire, with names and values unencoded.
 */
#ifndef LAB_REQUEST_H
#define LAB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

struct lab_pair {
    char *name;
    char *value;
};

/* A growing list of name-value pairs; owns its strings. All zero is an empty list. */
struct lab_pairs {
    struct lab_pair *item;
    size_t count;
};

struct lab_request {
    const char *method;       /* borrowed from the HTTP library */
    char *path;               /* what precedes '?', as sent */
    struct lab_pairs headers; /* names in lower case, values trimmed at both ends */
    struct lab_pairs query;   /* from the URL */
    struct lab_pairs form;    /* from a body of application/x-www-form-urlencoded */
    char *body;               /* NUL-terminated; NULL if there was none */
    size_t body_size;
    unsigned long connection; /* counts the TCP connections of this server from 1 */
};

/* Appends copies; out of memory ends the program, as everywhere in the lab. */
void lab_pairs_add(struct lab_pairs *pairs, const char *name, const char *value);

/* The value of the first pair of that name, or NULL. Borrowed. */
const char *lab_pairs_get(const struct lab_pairs *pairs, const char *name);

/* Decodes "a=b&c=%20" into pairs ('+' is a space). False if an escape is malformed. */
bool lab_pairs_decode(struct lab_pairs *pairs, const char *text);

void lab_pairs_clear(struct lab_pairs *pairs);

struct lab_request *lab_request_new(const char *method, const char *uri, unsigned long connection);
void lab_request_free(struct lab_request *request);

/* A parameter of the action: from the query, else from the form. NULL if absent. Borrowed. */
const char *lab_request_param(const struct lab_request *request, const char *name);

/* Reports and ends the program: the lab has nothing better to do when memory is gone. */
void *lab_need(void *memory);

#endif
