#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "cloud/aliyun/http/sign.h"
#include "pipeline/facts.h"

/* From what came back instead of facts to the cause that a check reports. Pure. */
struct spf_api_outcome {
    const char *action;                 /* "ecs:DescribeInstances" */
    const struct spf_sign_pair *params; /* what was asked */
    size_t param_count;
    const char *string_to_sign; /* ours */
    long status;                /* HTTP; 0: no reply */
    struct json_object *body;   /* NULL: not JSON */
    const char *request_id;     /* of the reply's header; "" none */
    int64_t date, now;          /* the reply's Date and our clock then, seconds; date 0: none */
};

/*
 * True if the reply is one of success, to what was asked: an id or region that was sent and stands
 * in the reply is the same there, and a page does not lead to itself. Else *failure says what it
 * is.
 */
bool spf_api_judge(const struct spf_api_outcome *outcome, struct spf_failure *failure);

/* Is it about who calls, so that the same key gets the same answer to any request, anywhere? */
bool spf_api_is_about_identity(enum spf_finding cause);

/* Would the same request have a chance a little later? By code and status. */
bool spf_api_worth_retrying(const struct spf_api_outcome *outcome);

/* libcurl's verdict (a CURLcode) where no reply came; detail is its error buffer. */
struct spf_failure spf_api_transport_failure(int code, const char *detail, const char *action,
                                             const char *host);
bool spf_api_transport_worth_retrying(int code);
