#pragma once

#include "cloud/aliyun/http/fetch.h"
#include "cloud/aliyun/identity/exchange.h"
#include "cloud/aliyun/options.h"
#include "cloud/aliyun/parse.h"
#include "pipeline/inquiry.h"

/* What the probe holds: the client of the API, and what is under way. */
struct spf_aliyun {
    struct spf_loop *loop;
    const struct spf_aliyun_options *options;
    struct spf_api *api; /* NULL until the first call */
    bool credentials_found;
    struct spf_credentials credentials;
    struct spf_credential_trail trail;
    struct spf_exchange
        *exchange; /* while it is under way; all operations for credentials wait for it */
    struct spf_exchange_options exchange_options;
    struct spf_operation *operations;
    struct spf_lookup *lookups; /* of this round, where several ask (lookup.c) */
    struct spf_share *share;    /* NULL: nobody else asks the same (share.h) */
};

/* The client, made with the first call; NULL: no memory. */
struct spf_api *spf_aliyun_api(struct spf_aliyun *aliyun);

/*
 * One group being asked for one target, which takes one or more calls. A call is one of them: what
 * to do with its reply, and a word to remember.
 */
struct spf_operation;
struct spf_call;

/* Exactly one of reply->body and reply->failure is there. */
typedef void spf_call_done(struct spf_operation *operation, struct spf_call *call,
                           const struct spf_api_reply *reply);

struct spf_call {
    struct spf_call *next;
    struct spf_operation *operation;
    struct spf_api_call *api_call;
    struct spf_question
        *question; /* which others may ask, too (share.h); NULL: a call of its own */
    char id[80];   /* the instance that it is about; "" */
    spf_call_done *done;
    char word[80]; /* a region, a group: whatever the call is about */
};

/* Where a list's pages have come to: see spf_operation_goes_on. */
struct spf_page_mark {
    char word[80];
    spf_call_done *done; /* with the word: which list it is */
    char token[SPF_NEXT_SIZE];
    unsigned since, until; /* pages since the mark was set, and till it is set again */
};

struct spf_operation {
    struct spf_operation *next;
    struct spf_aliyun *aliyun;
    struct spf_inquiry *inquiry;
    enum spf_group group;
    struct spf_call *calls;
    /* the search for the instance: regions that are still to be asked */
    struct spf_region *regions;
    size_t region_count;
    size_t next_region;
    bool searching;
    struct spf_lookup *lookup; /* that it waits for; NULL */
    /* The operation ends: it waits no more for what its start has asked for elsewhere. NULL: none
     */
    void (*leave)(struct spf_operation *operation);
    SPF_LIST(struct spf_page_mark) marks;
    struct spf_failure failure; /* the first region's, when none gave an answer */
};

/* What is asked of an instance by its id, alone or together with others that are asked about. */
enum spf_about_what {
    SPF_ABOUT_INSTANCE,  /* DescribeInstances */
    SPF_ABOUT_STATUS,    /* DescribeInstancesFullStatus */
    SPF_ABOUT_ASSISTANT, /* DescribeCloudAssistantStatus */
};
#define SPF_COUNT(array) (sizeof(array) / sizeof *(array))
