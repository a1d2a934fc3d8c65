#ifndef SPF_CLOUD_ALIYUN_ASK_H
#define SPF_CLOUD_ALIYUN_ASK_H

#include "cloud/aliyun/aliyun.h"
#include "cloud/aliyun/exchange.h"
#include "cloud/aliyun/fetch.h"
#include "cloud/aliyun/parse.h"

/*
 * One group being asked for one target, which takes one or more calls. An errand is one of these
 * calls: what to do with its reply, and a word to remember.
 */
struct spf_aliyun {
    struct spf_loop *loop;
    const struct spf_aliyun_options *options;
    struct spf_api *api; /* NULL until the first call */
    bool credentials_found;
    struct spf_credentials credentials;
    struct spf_credential_trail trail;
    struct spf_exchange *exchange; /* while it is under way; all asks for credentials wait for it */
    struct spf_exchange_options exchange_options;
    struct spf_ask *asks;
};

struct spf_ask;
struct spf_errand;

/* Exactly one of reply->body and reply->failure is there. */
typedef void spf_errand_done(struct spf_ask *ask, struct spf_errand *errand,
                             const struct spf_api_reply *reply);

struct spf_errand {
    struct spf_errand *next;
    struct spf_ask *ask;
    struct spf_api_call *call;
    spf_errand_done *done;
    char word[80]; /* a region, a group: whatever the call is about */
};

/* Where a list's pages have come to: see spf_ask_goes_on. */
struct spf_page_mark {
    char word[80];
    spf_errand_done *done; /* with the word: which list it is */
    char token[SPF_NEXT_SIZE];
    unsigned since, until; /* pages since the mark was set, and till it is set anew */
};

struct spf_ask {
    struct spf_ask *next;
    struct spf_aliyun *aliyun;
    struct spf_inquiry *inquiry;
    enum spf_group group;
    struct spf_errand *errands;
    /* the search for the instance: regions that are still to be asked */
    struct spf_region *regions;
    size_t region_count, next_region;
    bool searching;
    struct spf_fetch *fetch; /* of a lookup */
    SPF_LIST(struct spf_page_mark) marks;
    struct spf_failure failure; /* the first region's, when none gave an answer */
};

/*
 * Sends a call to the region's endpoint. If memory runs out the ask is finished with system-error:
 * the caller must then not touch it, which false says.
 */
bool spf_ask_call(struct spf_ask *ask, const char *product, const char *action, const char *region,
                  const struct spf_sign_pair *params, size_t count, const char *word,
                  spf_errand_done *done);

/*
 * Does the token lead to a page that the errand's list has not had? Tokens that go round in a
 * circle would be asked for until the time is up. Brent's way: a mark that is set anew after 1, 2,
 * 4, ... pages is met again within three rounds.
 */
SPF_MUST_USE struct spf_error spf_ask_goes_on(struct spf_ask *ask, const struct spf_errand *errand,
                                              const char *token);

/* Drops the calls that are under way; the ask stays. */
void spf_ask_drop_errands(struct spf_ask *ask);

/* Ends the ask: drops its errands, frees it, and tells the inquiry. failure NULL: the facts are
 * there. */
void spf_ask_finish(struct spf_ask *ask, const struct spf_failure *failure);
/* The same for a reply that could not be understood; an error of SPF_OK is success. */
void spf_ask_finish_parsed(struct spf_ask *ask, struct spf_error error, const char *action,
                           const char *request_id);

/* The client, made with the first call; NULL: no memory. */
struct spf_api *spf_ask_api(struct spf_aliyun *aliyun);

/* The starts of the longer asks. */
void spf_ask_credentials(struct spf_ask *ask);
void spf_ask_instance(struct spf_ask *ask);
void spf_ask_lookup(struct spf_ask *ask);
void spf_ask_rules(struct spf_ask *ask);
void spf_ask_membership(struct spf_ask *ask);
void spf_ask_gateway(struct spf_ask *ask);

#define SPF_COUNT(array) (sizeof(array) / sizeof *(array))

#endif
