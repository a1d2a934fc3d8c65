#pragma once

#include "cloud/aliyun/client.h"

/* How instances are asked about by their ids, and where each is in the reply. */
struct spf_about {
    const char *action;
    const char *ids;          /* a JSON list in one parameter; NULL: InstanceId.1, .2, ... */
    size_t at_once;           /* the API's limits on ids and on a page */
    const char *page;         /* its parameter, of that size */
    const char *also, *value; /* one more; NULL: none */
    const char *outer, *inner;
};
extern const struct spf_about spf_abouts[]; /* by enum spf_about_what */

#define SPF_ABOUT_MOST 100 /* of at_once */

/* The reply's list; NULL: it has none. */
struct json_object *spf_about_list(const struct spf_about *about, struct json_object *body);
/* Of a reply about many instances the part about one: the list, with it alone or empty. A new
 * object; NULL: no memory. */
struct json_object *spf_about_part(const struct spf_about *about, struct json_object *body,
                                   const char *id);
