#pragma once

#include "cloud/aliyun/options.h"
#include "pipeline/inquiry.h"

/*
 * The probe of Alibaba Cloud: serves the groups credentials, identity, instance, rules, network ACL
 * and key pair of any number of targets with one client. It calls read-only actions alone and has
 * no opinion. libcurl is not touched before the first call.
 */
struct spf_aliyun;
/* NULL: no memory. */
struct spf_aliyun *spf_aliyun_new(struct spf_loop *loop, const struct spf_aliyun_options *options);
/*
 * From now on what several targets ask is asked once, and their instances, of which these ids are
 * known beforehand, a hundred at a time; what was learnt so before is asked again. ids are
 * borrowed. Nothing may be under way. False: no memory, and each target asks for itself.
 */
bool spf_aliyun_share(struct spf_aliyun *aliyun, const char *const *ids, size_t count);
/* What is under way is dropped. Takes NULL. */
void spf_aliyun_free(struct spf_aliyun *aliyun);

/* Asks for a group; inquiry->arrived is called once, at once or later. */
void spf_aliyun_serve(struct spf_aliyun *aliyun, struct spf_inquiry *inquiry, enum spf_group group);
/* Drops all that is asked for the inquiry; nothing is called for it any more. */
void spf_aliyun_cancel(struct spf_aliyun *aliyun, struct spf_inquiry *inquiry);
