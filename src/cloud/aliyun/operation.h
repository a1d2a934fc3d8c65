#pragma once

#include "cloud/aliyun/client.h"

/*
 * Sends a call to the region's endpoint. If memory runs out the operation is finished with
 * system-error: the caller must then not touch it, which false says.
 */
bool spf_operation_call(struct spf_operation *operation, const char *product, const char *action,
                        const char *region, const struct spf_sign_pair *params, size_t count,
                        const char *word, spf_call_done *done);

/* There is a share. The region is the call's word. */
bool spf_operation_call_instance(struct spf_operation *operation, enum spf_about_what what,
                                 const char *region, const char *id, spf_call_done *done);

/* Ends the call, and tells its operation what came of it: a share answers so. */
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

/* Takes the operation out of the probe and frees it, without a word to its inquiry. */
void spf_operation_drop(struct spf_operation *operation);
/* Ends the operation: drops its calls, frees it, and reports to the inquiry. failure NULL: the
 * facts are there. */
void spf_operation_finish(struct spf_operation *operation, const struct spf_failure *failure);
/* The same for a reply that could not be understood; an error of SPF_OK is success. */
void spf_operation_finish_parsed(struct spf_operation *operation, struct spf_error error,
                                 const char *action, const char *request_id);

/* The starts of the longer operations. */
void spf_operation_credentials(struct spf_operation *operation);
void spf_operation_instance(struct spf_operation *operation);
void spf_operation_lookup(struct spf_operation *operation);
/* What was told is asked again. all: also what has not been, and nobody waits for it any more. */
void spf_lookups_forget(struct spf_aliyun *aliyun, bool all);
void spf_operation_rules(struct spf_operation *operation);
void spf_operation_membership(struct spf_operation *operation);
void spf_operation_jump_instance(struct spf_operation *operation);
void spf_operation_gateway(struct spf_operation *operation);
