/*
 * Actions that list the items of one section of a region: filters, and both kinds of pages.
 */
#ifndef LAB_LIST_H
#define LAB_LIST_H

#include "action.h"

enum lab_match {
    LAB_MATCH_EXACT,
    LAB_MATCH_WILDCARD,   /* '*' stands for any text */
    LAB_MATCH_JSON_ARRAY, /* the parameter is a JSON array in one string; any element may fit */
    LAB_MATCH_TAGS,       /* Name.1.Key, Name.1.Value, ...; all must fit */
    LAB_MATCH_NUMBERED,   /* the parameter is Name.1, Name.2, ...; any may fit */
};

struct lab_filter {
    const char *param;
    const char *field; /* of the item; dots go into objects and lists */
    enum lab_match match;
};

struct lab_list {
    const char *section;              /* in the region */
    const char *outer;                /* the reply is {outer: {inner: [...]}} */
    const char *inner;                /**/
    const struct lab_filter *filters; /* ended by a row without a param */
    long page_size_max;               /* of PageNumber pages; 0: it has none */
    long token_min, token_max;        /* of MaxResults; token_max 0: it has no NextToken pages */
    long default_size;
};

/*
 * Adds the list and the members that tell of pages to the reply. Items are copies, so that the
 * caller may edit them. False if a parameter was wrong; then the error is in reply.
 */
bool lab_list_serve(const struct lab_list *list, const struct lab_call *call,
                    struct lab_reply *reply);

/*
 * Cuts one page by MaxResults and NextToken out of all (a list; borrowed): a new list, and the
 * NextToken in the reply. NULL if a parameter was wrong; then the error is in reply.
 */
struct json_object *lab_list_token_page(const struct lab_call *call, struct json_object *all,
                                        long min, long max, long default_size,
                                        struct lab_reply *reply);

/* A copy of the item that the caller owns. */
struct json_object *lab_copy(struct json_object *item);

#endif
