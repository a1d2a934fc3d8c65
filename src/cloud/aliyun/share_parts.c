#include "cloud/aliyun/share_parts.h"

#include "base/clock.h"

void spf_share_arm(struct spf_share *share)
{
    share->soon.due_ms = spf_now_ms();
    /* Without a place in the loop nothing is answered, and the deadline says so. */
    (void)!spf_loop_add(share->aliyun->loop, &share->soon);
}
