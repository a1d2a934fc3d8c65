#ifndef SPF_CLOUD_ALIYUN_OPERATION_H
#define SPF_CLOUD_ALIYUN_OPERATION_H

#include "cloud/aliyun/aliyun.h"
#include "cloud/aliyun/http/fetch.h"
#include "cloud/aliyun/identity/exchange.h"
#include "cloud/aliyun/parse.h"

/*
 * One group being asked for one target, which takes one or more calls. An call is one of these
 * calls: what to do with its reply, and a word to remember.
 */
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
    SPF_LIST(struct spf_page_mark) marks;
    struct spf_failure failure; /* the first region's, when none gave an answer */
};

/*
 * Sends a call to the region's endpoint. If memory runs out the operation is finished with
 * system-error: the caller must then not touch it, which false says.
 */
bool spf_operation_call(struct spf_operation *operation, const char *product, const char *action,
                        const char *region, const struct spf_sign_pair *params, size_t count,
                        const char *word, spf_call_done *done);

/* What is asked of an instance by its id, alone or together with others that are asked about. */
enum spf_about_what {
    SPF_ABOUT_INSTANCE,  /* DescribeInstances */
    SPF_ABOUT_STATUS,    /* DescribeInstancesFullStatus */
    SPF_ABOUT_ASSISTANT, /* DescribeCloudAssistantStatus */
};
/* There is a share. The region is the call's word. */
bool spf_operation_call_instance(struct spf_operation *operation, enum spf_about_what what,
                                 const char *region, const char *id, spf_call_done *done);

/* Ends the call, and tells its operation what came of it. */
void spf_operation_answer(struct spf_call *call, const struct spf_api_reply *reply);

/*
 * Does the token lead to a page that the call's list has not had? Tokens that go round in a
 * circle would be asked for until the time is up. Brent's way: a mark that is set again after 1, 2,
 * 4, ... pages is met again within three rounds.
 */
SPF_MUST_USE struct spf_error spf_operation_goes_on(struct spf_operation *operation,
                                                    const struct spf_call *call, const char *token);

/* Drops the calls that are under way; the operation stays. */
void spf_operation_drop_calls(struct spf_operation *operation);

/* Ends the operation: drops its calls, frees it, and reports to the inquiry. failure NULL: the
 * facts are there. */
void spf_operation_finish(struct spf_operation *operation, const struct spf_failure *failure);
/* The same for a reply that could not be understood; an error of SPF_OK is success. */
void spf_operation_finish_parsed(struct spf_operation *operation, struct spf_error error,
                                 const char *action, const char *request_id);

/* The client, made with the first call; NULL: no memory. */
struct spf_api *spf_operation_api(struct spf_aliyun *aliyun);

/* The starts of the longer operations. */
void spf_operation_credentials(struct spf_operation *operation);
void spf_operation_instance(struct spf_operation *operation);
void spf_operation_lookup(struct spf_operation *operation);
/* It waits for its lookup no more. */
void spf_operation_drop_lookup(struct spf_operation *operation);
/* What was told is asked again. all: also what has not been, and nobody waits for it any more. */
void spf_lookups_forget(struct spf_aliyun *aliyun, bool all);
void spf_operation_rules(struct spf_operation *operation);
void spf_operation_membership(struct spf_operation *operation);
void spf_operation_jump_instance(struct spf_operation *operation);
void spf_operation_gateway(struct spf_operation *operation);

#define SPF_COUNT(array) (sizeof(array) / sizeof *(array))

#endif
