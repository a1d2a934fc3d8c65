#pragma once

#include "cloud/aliyun/client.h"

/*
 * One call for all who ask the same. What several targets have in common (a security group, a
 * prefix list, a vSwitch, a key pair) is asked about once in a run, instances a hundred at a time,
 * and key pairs fifty where that is fewer calls. An operation sees nothing of it: its call is
 * answered as if it had been sent.
 */
struct spf_share;

/* How a call gets its reply; may end other calls. */
typedef void spf_share_answer(struct spf_call *call, const struct spf_api_reply *reply);

/* ids: instances that are going to be asked about, borrowed for the share's life. NULL: no memory.
 */
struct spf_share *spf_share_new(struct spf_aliyun *aliyun, const char *const *ids, size_t count,
                                spf_share_answer *answer);
/* What is under way is dropped. Takes NULL. */
void spf_share_free(struct spf_share *share);

/* Pages of instances that were listed: what they say is the answer to whoever asks for one of them.
 */
struct spf_listed_page {
    char region[80];
    char request_id[64];
    int64_t date;
    struct json_object *body; /* owned */
};
struct spf_listing {
    SPF_LIST(struct spf_listed_page) pages;
};
/* Takes over the pages, once. */
void spf_share_know(struct spf_share *share, struct spf_listing *listing);

/* May somebody else ask the same? Nobody does about an instance's own things. */
bool spf_share_is_common(const struct spf_api_request *request);

/*
 * Answers the call with the reply to a request of the same words, which is sent if nobody has sent
 * it. Never answers before it returns. False: no memory.
 */
SPF_MUST_USE bool spf_share_call(struct spf_share *share, struct spf_call *call,
                                 const struct spf_api_request *request);

/* The same of what an action reports one instance, and of many in a call. */
SPF_MUST_USE bool spf_share_instance(struct spf_share *share, struct spf_call *call,
                                     enum spf_about_what what, const char *region, const char *id);

/* The call is not to be answered any more. */
void spf_share_drop(struct spf_call *call);
