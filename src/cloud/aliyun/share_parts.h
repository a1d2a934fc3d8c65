#pragma once

#include "cloud/aliyun/client.h"

/* What the files of the share share. */

/* A request, whoever waits for its reply, and the reply. */
struct spf_question {
    struct spf_question *next;
    struct spf_share *share;
    char *key; /* its words; NULL: instances by their ids, and then */
    enum spf_about_what what;
    char region[80];
    char *pair; /* the name of the key pair that it asks for in the region; NULL */
    SPF_LIST(char *) ids;
    struct spf_api_call *api_call;
    SPF_LIST(struct spf_call *) waiting;
    bool alone, sent, answered; /* alone: nothing is added to its ids */
    struct json_object *body;   /* NULL: it failed */
    struct spf_failure failure;
    char request_id[64];
    int64_t date;
    bool misplaced;
    size_t given; /* so many have been told */
};

struct spf_share {
    struct spf_aliyun *aliyun;
    void (*answer)(struct spf_call *call, const struct spf_api_reply *reply);
    struct spf_question *questions;
    const char *const *expected;
    size_t expected_count, next_expected;
    struct spf_pair_list *pairs; /* by region */
    void (*send)(struct spf_question *question, const struct spf_api_request *request);
    struct spf_watch soon;      /* there is something to send, or to answer that is known */
    struct spf_failure refused; /* the credentials, by the API's word; cause none: they are not */
};

/* What is to be sent, or is known, is looked for in the loop's next turn. */
void spf_share_arm(struct spf_share *share);
