#include "report/title.h"

#include <string.h>

#include "base/text.h"

void spf_asked_title(struct spf_buf *buf, const struct spf_target *target)
{
    const char *host = target->alias != NULL ? target->alias : target->host;

    if (target->instance_id != NULL) {
        spf_buf_add_clean(buf, target->instance_id, strlen(target->instance_id), 100);
        return;
    }
    if (host == NULL) { /* the key alone */
        host = target->key_path != NULL ? target->key_path : "this machine";
        spf_buf_add_clean(buf, host, strlen(host), 300);
        return;
    }
    spf_buf_add_clean(buf, target->user, strlen(target->user), 100);
    spf_buf_addch(buf, '@');
    spf_buf_add_clean(buf, host, strlen(host), 300);
    if (target->port != 22) {
        spf_buf_addf(buf, " port %u", (unsigned)target->port);
    }
}

void spf_target_title(struct spf_buf *buf, const struct spf_run *run)
{
    const char *name = run->facts.instance->name;
    const char *account = run->target->account_name != NULL ? run->target->account_name : "";

    spf_asked_title(buf, run->target);
    if (run->target->instance_id == NULL || (name[0] == '\0' && account[0] == '\0')) {
        return;
    }
    spf_buf_addstr(buf, " (");
    spf_buf_add_clean(buf, name, strlen(name), 130);
    spf_buf_addstr(buf, name[0] != '\0' && account[0] != '\0' ? ", " : "");
    spf_buf_add_clean(buf, account, strlen(account), 150);
    spf_buf_addch(buf, ')');
}
