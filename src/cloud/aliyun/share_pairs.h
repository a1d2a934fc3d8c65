#pragma once

#include "cloud/aliyun/share_parts.h"

/*
 * Key pairs can only be asked for one by one, or listed fifty at a time. Who asks
 * for one by its name waits until it is known how many do.
 */
bool spf_share_is_pair(const struct spf_api_request *request);
/* False: no memory. */
SPF_MUST_USE bool spf_share_add_pair(struct spf_question *question,
                                     const struct spf_api_request *request);
/* Answers what is known of those that wait, and asks for the others. */
void spf_share_ask_pairs(struct spf_share *share);
void spf_share_forget_pairs(struct spf_share *share);
