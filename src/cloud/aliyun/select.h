#pragma once

#include "cloud/aliyun/aliyun.h"
#include "cloud/aliyun/share.h"
#include "cloud/selection.h"

/* spf_cloud_select, on a loop that nothing else is in. */
SPF_MUST_USE
struct spf_error spf_aliyun_select(struct spf_aliyun *aliyun, const struct spf_selection *selection,
                                   spf_id_list *ids, struct spf_listing **listing);
